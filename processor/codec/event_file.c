#include "codec/event_file.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/cursor.h"
#include "codec/container.h"
#include "codec/plan.h"
#include "codec/schema_text.h"

#define LOG_TIME_FIELD "log_at" /* the first field of what `floorwalker export` wrote */

struct event_file {
    struct container *container;
    struct plan *plan;
    struct container_block block;
    struct slice rest;  /* of the block's bytes */
    uint64_t left;      /* of its records */
    int64_t count;      /* records read */
    bool has_log_times; /* as the first field */
};

static bool is_event(const struct schema_node *root, struct err *err) {
    const char *wanted = schema_name(SCHEMA_INTERACTION_EVENT);
    if (root->kind == SCHEMA_KIND_RECORD && slice_equal(root->name, slice_of(wanted)))
        return true;
    struct slice name = root->name.size ? root->name : slice_of(schema_kind_name(root->kind));
    return err_set(err, "its records are %.*s; %s is read",
                   (int)(name.size < 120 ? name.size : 120), name.at, wanted);
}

static bool starts_with_log_time(const struct schema_node *root) {
    return root->field_count > 0 && slice_equal(root->fields[0].name, SLICE(LOG_TIME_FIELD)) &&
           root->fields[0].type->kind == SCHEMA_KIND_LONG;
}

static bool compile(struct event_file *f, struct err *err) {
    struct schema_tree *theirs = schema_tree_new(container_schema(f->container), err);
    if (!theirs)
        return false;
    struct schema_tree *ours = schema_tree_new(schema_text(SCHEMA_INTERACTION_EVENT), NULL);
    CHECK(ours);
    bool right = is_event(schema_tree_root(theirs), err);
    if (right) {
        f->has_log_times = starts_with_log_time(schema_tree_root(theirs));
        f->plan = plan_new(theirs, ours);
    }
    schema_tree_free(ours);
    schema_tree_free(theirs);
    return right;
}

struct event_file *event_file_new(struct slice file, struct err *err) {
    struct event_file *f = calloc(1, sizeof(*f));
    CHECK(f);
    f->container = container_new(file, err);
    if (f->container && compile(f, err))
        return f;
    event_file_free(f);
    return NULL;
}

void event_file_free(struct event_file *f) {
    if (!f)
        return;
    container_free(f->container);
    plan_free(f->plan);
    free(f);
}

bool event_file_is_plain(const struct event_file *f) {
    return container_is_plain(f->container);
}

int64_t event_file_count(const struct event_file *f) {
    return f->count;
}

static enum event_file_result torn(const struct event_file *f, struct err *err) {
    (void)err_wrap(err, "block at byte %zu", f->block.at);
    return EVENT_FILE_TORN;
}

/* To the next block that holds records. */
static enum event_file_result next_block(struct event_file *f, struct err *err) {
    while (f->left == 0) {
        if (f->rest.size > 0) {
            (void)err_set(err, "%zu bytes after its last record", f->rest.size);
            return torn(f, err);
        }
        switch (container_next(f->container, &f->block, err)) {
        case CONTAINER_BLOCK: break;
        case CONTAINER_END: return EVENT_FILE_END;
        case CONTAINER_TORN: return EVENT_FILE_TORN;
        }
        f->rest = f->block.data;
        f->left = f->block.count;
    }
    return EVENT_FILE_EVENT;
}

static enum event_file_result reject(struct event_file_fault *fault,
                                     enum dead_letter_reason reason) {
    fault->reason = reason;
    return EVENT_FILE_REJECT;
}

enum event_file_result event_file_next(struct event_file *f, struct event *ev, int64_t *log_at,
                                       struct event_file_fault *fault) {
    enum event_file_result found = f->left > 0 ? EVENT_FILE_EVENT : next_block(f, &fault->detail);
    if (found != EVENT_FILE_EVENT)
        return found;
    struct cursor head = cursor_of(f->rest);
    int64_t said_at = f->has_log_times ? cursor_zigzag(&head) : INSTANT_NONE;
    f->left--;
    f->count++;
    enum plan_result result = plan_run_next(f->plan, &f->rest, ev, &fault->detail);
    if (result == PLAN_UNDECODABLE)
        return torn(f, &fault->detail);
    *log_at = f->has_log_times ? said_at : ev->event_at;
    if (result == PLAN_INVALID || !event_is_valid(ev, &fault->detail))
        return reject(fault, DEAD_INVALID);
    return EVENT_FILE_EVENT;
}
