#include <stdlib.h>

#include "base/check.h"
#include "sim_oracle.h"
#include "tasks/tenant_task.h"

/* Fields that say when or by whom, not what. */
static bool is_moment(struct slice name) {
    return slice_equal(name, SLICE("as_of")) || slice_equal(name, SLICE("lag_ms")) ||
           slice_equal(name, SLICE("writer"));
}

/* What stands in the JSON of an alert or an objective before the moments in it: an alert's
 * emitted_at is wall time, and an objective that did not change is not written again. */
static struct slice lasting(struct slice value) {
    static const char *const moments[] = {",\"emitted_at\":", ",\"window_end_at\":"};
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        const char *at = value.size ? memmem(value.at, value.size, moments[i], strlen(moments[i]))
                                    : NULL;
        if (at)
            value.size = (size_t)(at - value.at);
    }
    return value;
}

static bool is_minutes(struct slice key) {
    return key.size > 18 && memcmp(key.at + 9, ":minutes:", 9) == 0;
}

static void compare_entry(struct sim_world *w, const struct sim_redis_entry *should,
                          const struct sim_redis_entry *is, bool back) {
    for (size_t i = 0; i < should->count; i++) {
        struct slice name = should->fields[i].name;
        if (is_moment(name))
            continue;
        bool same_place = is && i < is->count && slice_equal(is->fields[i].name, name);
        struct slice value = same_place ? is->fields[i].value : sim_redis_value(is, name);
        if (value.at && slice_equal(value, should->fields[i].value))
            continue;
        if (!value.at || !slice_equal(lasting(should->fields[i].value), lasting(value))) {
            sim_world_violation(w, "%.*s, field %.*s: %s has %.*s, %s %.*s", SLICE_ARG(should->key),
                                SLICE_ARG(name), back ? "Redis" : "a straight run",
                                SLICE_ARG(should->fields[i].value),
                                back ? "a straight run" : "Redis", value.at ? (int)value.size : 7,
                                value.at ? value.at : "nothing");
            return;
        }
    }
}

void sim_shown_compare(struct sim_world *w, struct sim_straight *runs) {
    struct sim_redis *is = &w->parts.redis, should;
    sim_redis_init(&should);
    struct view_batch *batch = view_batch_new();
    for (int32_t p = 0; p < w->history->settings.partitions[INPUT_TENANT_LOG]; p++) {
        view_batch_begin(batch, true, w->now_at);
        struct view view = view_batch_view(batch, SLICE("straight"));
        tenant_task_show(runs[p].task, true, &view);
        view_batch_seal(batch);
        for (size_t i = 0; i < view_batch_count(batch); i++) {
            struct view_command c = view_batch_at(batch, i);
            sim_redis_apply(&should, 0, &c, 1);
        }
        view_batch_reset(batch);
    }
    for (size_t i = 0; i < should.count && !*w->violation; i++)
        compare_entry(w, &should.entries[i], sim_redis_find(is, should.entries[i].key), false);
    for (size_t i = 0; i < is->count && !*w->violation; i++)
        if (!is_minutes(is->entries[i].key))
            compare_entry(w, &is->entries[i], sim_redis_find(&should, is->entries[i].key), true);
    view_batch_free(batch);
    sim_redis_deinit(&should);
}
