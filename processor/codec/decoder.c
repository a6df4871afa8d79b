#include "codec/decoder.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/table.h"
#include "codec/canonical.h"
#include "codec/command_slots.h"
#include "codec/forecast_slots.h"
#include "codec/frame.h"
#include "codec/plan.h"
#include "codec/schema_text.h"

/* X(topic, record, what it becomes) */
#define TOPIC_RECORDS(X)                                                                           \
    X("interactions", "InteractionEvent", USE_EVENT)                                               \
    X("interactions", "SurveyResponse", USE_OTHER)                                                 \
    X("interactions", "Tick", USE_TICK)                                                            \
    X("tenants", "AlertCommand", USE_COMMAND)                                                      \
    X("tenants", "ForecastInterval", USE_FORECAST)                                                 \
    X("tenants", "KnownIssueEvent", USE_OTHER)                                                     \
    X("tenants", "GovernanceEvent", USE_OTHER)                                                     \
    X("tenants", "SecurityEvent", USE_OTHER)                                                       \
    X("tenants", "Tick", USE_TICK)

enum use { USE_EVENT, USE_COMMAND, USE_FORECAST, USE_TICK, USE_OTHER, USE_REFUSED, USE_MISSING };

struct topic_record {
    const char *topic, *record;
    enum use use;
};

#define TOPIC_RECORD(topic, record, use) {topic, SCHEMA_NAMESPACE record, use},
static const struct topic_record topic_records[] = {TOPIC_RECORDS(TOPIC_RECORD)};
#define TOPIC_RECORD_COUNT (sizeof(topic_records) / sizeof(topic_records[0]))

/* One writer's schema, by id or by fingerprint. */
struct writer {
    enum frame_kind kind;
    uint64_t key; /* the id, or the fingerprint */
    enum use use;
    struct plan *plan;              /* USE_EVENT, USE_COMMAND, USE_FORECAST */
    enum dead_letter_reason reason; /* USE_REFUSED */
    struct err why;                 /* USE_REFUSED */
    int64_t until_at;               /* USE_MISSING */
};

struct decoder {
    struct slice topic; /* owned */
    struct schema_tree *reader, *command_reader, *forecast_reader;
    struct writer **writers;
    size_t writer_count;
    size_t missing_count; /* of them USE_MISSING: they give way when the table is full */
    struct table table;
    struct writer *last; /* most records in a row are of one writer */
};

struct writer_key {
    enum frame_kind kind;
    uint64_t key;
};

static uint64_t hash_of(struct writer_key key) {
    uint64_t words[2] = {key.kind, key.key};
    uint64_t hash = slice_hash((struct slice){(const char *)words, sizeof(words)}, 0);
    return hash ? hash : 1;
}

static bool writer_is(const struct writer *w, struct writer_key key) {
    return w->kind == key.kind && w->key == key.key;
}

static bool same_writer(const void *context, uint32_t handle, const void *key) {
    const struct decoder *d = context;
    return writer_is(d->writers[handle], *(const struct writer_key *)key);
}

static struct writer *find_writer(struct decoder *d, struct writer_key key) {
    if (d->last && writer_is(d->last, key))
        return d->last;
    uint32_t handle = table_find(&d->table, hash_of(key), same_writer, d, &key);
    if (handle == TABLE_NONE)
        return NULL;
    d->last = d->writers[handle];
    return d->last;
}

static bool is_full(const struct decoder *d) {
    return d->writer_count == DECODER_SCHEMAS_MAX && d->missing_count == 0;
}

/* A place for one more: a new one, or that of an id which the registry did not know. */
static uint32_t make_place(struct decoder *d) {
    if (d->writer_count < DECODER_SCHEMAS_MAX) {
        d->writers[d->writer_count] = calloc(1, sizeof(struct writer));
        CHECK(d->writers[d->writer_count]);
        return (uint32_t)d->writer_count++;
    }
    uint32_t handle = 0;
    while (d->writers[handle]->use != USE_MISSING)
        handle++;
    const struct writer *w = d->writers[handle];
    table_remove(&d->table, hash_of((struct writer_key){w->kind, w->key}), handle);
    return handle;
}

/* The writer with this key, emptied if it was there; NULL when the table is full. */
static struct writer *make_writer(struct decoder *d, struct writer_key key) {
    struct writer *w = find_writer(d, key);
    if (!w && is_full(d))
        return NULL;
    if (!w) {
        uint32_t handle = make_place(d);
        table_insert(&d->table, hash_of(key), handle);
        w = d->writers[handle];
    }
    d->missing_count -= w->use == USE_MISSING;
    plan_free(w->plan);
    *w = (struct writer){.kind = key.kind, .key = key.key};
    return w;
}

struct decoder *decoder_new(struct slice topic) {
    struct decoder *d = calloc(1, sizeof(*d));
    CHECK(d);
    d->writers = calloc(DECODER_SCHEMAS_MAX, sizeof(*d->writers));
    CHECK(d->writers);
    d->topic = slice_copy(topic);
    d->reader = schema_tree_new(schema_text(SCHEMA_INTERACTION_EVENT), NULL);
    d->command_reader = schema_tree_new(schema_text(SCHEMA_ALERT_COMMAND), NULL);
    d->forecast_reader = schema_tree_new(schema_text(SCHEMA_FORECAST), NULL);
    CHECK(d->reader && d->command_reader && d->forecast_reader);
    table_init(&d->table, 16);
    return d;
}

void decoder_free(struct decoder *d) {
    if (!d)
        return;
    for (size_t i = 0; i < d->writer_count; i++) {
        plan_free(d->writers[i]->plan);
        free(d->writers[i]);
    }
    free(d->writers);
    free((char *)(uintptr_t)d->topic.at);
    table_deinit(&d->table);
    schema_tree_free(d->reader);
    schema_tree_free(d->command_reader);
    schema_tree_free(d->forecast_reader);
    free(d);
}

static const struct topic_record *topic_record(const struct decoder *d, struct slice name) {
    for (size_t i = 0; i < TOPIC_RECORD_COUNT; i++) {
        if (slice_equal(d->topic, slice_of(topic_records[i].topic)) &&
            slice_equal(name, slice_of(topic_records[i].record)))
            return &topic_records[i];
    }
    return NULL;
}

static void refuse_record(const struct decoder *d, struct writer *w,
                          const struct schema_node *root) {
    struct slice name = root->name.size ? root->name : slice_of(schema_kind_name(root->kind));
    struct buf expected;
    buf_init(&expected);
    for (size_t i = 0; i < TOPIC_RECORD_COUNT; i++) {
        if (slice_equal(d->topic, slice_of(topic_records[i].topic)))
            buf_put_format(&expected, "%s%s", expected.size ? ", " : "", topic_records[i].record);
    }
    w->use = USE_REFUSED;
    w->reason = DEAD_INVALID;
    err_set(&w->why, "wrong record %.*s on topic " SLICE_FMT "; expected " SLICE_FMT,
            (int)(name.size < 120 ? name.size : 120), name.at, SLICE_ARG(d->topic),
            expected.size ? (int)expected.size : 4, expected.size ? expected.at : "none");
    buf_deinit(&expected);
}

static void use_schema(struct decoder *d, struct writer *w, const struct schema_tree *tree) {
    const struct schema_node *root = schema_tree_root(tree);
    const struct topic_record *row = root->kind == SCHEMA_KIND_RECORD ? topic_record(d, root->name)
                                                                      : NULL;
    if (!row) {
        refuse_record(d, w, root);
        return;
    }
    w->use = row->use;
    if (row->use == USE_EVENT)
        w->plan = plan_new(tree, d->reader);
    else if (row->use == USE_COMMAND)
        w->plan = plan_new_into(&command_slots, tree, d->command_reader);
    else if (row->use == USE_FORECAST)
        w->plan = plan_new_into(&forecast_slots, tree, d->forecast_reader);
}

static bool add(struct decoder *d, struct writer_key key, struct slice json, struct err *err) {
    struct writer *w = make_writer(d, key);
    if (!w)
        return err_set(err, "topic " SLICE_FMT " has more than %d writers' schemas",
                       SLICE_ARG(d->topic), DECODER_SCHEMAS_MAX);
    struct schema_tree *tree = schema_tree_new(json, &w->why);
    if (!tree) {
        w->use = USE_REFUSED;
        w->reason = DEAD_UNKNOWN_SCHEMA;
        return err_set(err, "%s", w->why.text);
    }
    use_schema(d, w, tree);
    schema_tree_free(tree);
    return true;
}

bool decoder_add_schema(struct decoder *d, int32_t schema_id, struct slice json, struct err *err) {
    return add(d, (struct writer_key){FRAME_ID, (uint32_t)schema_id}, json, err) ||
           err_wrap(err, "schema id %d", schema_id);
}

bool decoder_add_file_schema(struct decoder *d, struct slice json, struct err *err) {
    struct writer_key key = {.kind = FRAME_FINGERPRINT};
    return canonical_fingerprint(json, &key.key, err) && add(d, key, json, err);
}

void decoder_add_missing(struct decoder *d, int32_t schema_id, int64_t until_at) {
    struct writer *w = make_writer(d, (struct writer_key){FRAME_ID, (uint32_t)schema_id});
    if (!w)
        return; /* asked for again with the next record, and refused then as well */
    w->use = USE_MISSING;
    w->until_at = until_at;
    d->missing_count++;
}

size_t decoder_schema_count(const struct decoder *d) {
    return d->writer_count;
}

static enum decode_result reject(struct decode_fault *fault, enum dead_letter_reason reason) {
    fault->reason = reason;
    fault->sender = (struct record_sender){0};
    return DECODE_REJECT;
}

static enum decode_result without_writer(const struct frame *frame, bool asked, bool full,
                                         struct decode_fault *fault) {
    if (frame->kind == FRAME_FINGERPRINT)
        err_set(&fault->detail, "no schema file has the fingerprint %016llx",
                (unsigned long long)frame->fingerprint);
    else if (asked)
        err_set(&fault->detail, "the schema registry does not know the id %d", frame->schema_id);
    else if (full)
        err_set(&fault->detail, "the id %d is beyond the %d schemas that a topic may have",
                frame->schema_id, DECODER_SCHEMAS_MAX);
    else
        return DECODE_NEED_SCHEMA;
    return reject(fault, DEAD_UNKNOWN_SCHEMA);
}

static enum decode_result result_of_plan(enum plan_result result, struct decode_fault *fault) {
    return reject(fault, result == PLAN_UNDECODABLE ? DEAD_UNDECODABLE : DEAD_INVALID);
}

static bool key_is(struct slice key, struct slice id, const char *field, struct err *err) {
    if (slice_equal(key, id))
        return true;
    if (!key.at)
        return err_set(err, "the record has no key; it must be the %s", field);
    return err_set(err, "the record's key \"%.*s\" is not its %s \"%.*s\"",
                   (int)(key.size < 100 ? key.size : 100), key.at, field,
                   (int)(id.size < 100 ? id.size : 100), id.at);
}

static enum decode_result decode_event(const struct writer *w, struct slice key, struct slice body,
                                       struct event *ev, struct decode_fault *fault) {
    enum plan_result result = plan_run(w->plan, body, ev, &fault->detail);
    if (result != PLAN_DECODED)
        return result_of_plan(result, fault);
    if (event_is_valid(ev, &fault->detail) &&
        key_is(key, ev->interaction_id, "interaction_id", &fault->detail))
        return DECODED_EVENT;
    enum decode_result rejected = reject(fault, DEAD_INVALID);
    fault->sender = (struct record_sender){ev->tenant, ev->site};
    return rejected;
}

static enum decode_result decode_command(const struct writer *w, struct slice key,
                                         struct slice body, struct command_record *command,
                                         struct decode_fault *fault) {
    enum plan_result result = plan_run_into(w->plan, body, command, &fault->detail);
    if (result != PLAN_DECODED)
        return result_of_plan(result, fault);
    if (!command_record_complete(command, &fault->detail) ||
        !key_is(key, command->command.tenant, "tenant_id", &fault->detail))
        return reject(fault, DEAD_INVALID);
    return DECODED_COMMAND;
}

static enum decode_result decode_forecast(const struct writer *w, struct slice key,
                                          struct slice body, struct forecast_record *forecast,
                                          struct decode_fault *fault) {
    enum plan_result result = plan_run_into(w->plan, body, forecast, &fault->detail);
    if (result != PLAN_DECODED)
        return result_of_plan(result, fault);
    if (!forecast_record_complete(forecast, &fault->detail) ||
        !key_is(key, forecast->forecast.tenant, "tenant_id", &fault->detail))
        return reject(fault, DEAD_INVALID);
    return DECODED_FORECAST;
}

/* The writer of a record, and where its body is; NULL: *result says why not. */
static const struct writer *writer_of(struct decoder *d, struct slice value, int64_t now_at,
                                      struct frame *frame, struct decode_fault *fault,
                                      enum decode_result *result) {
    fault->schema_id = -1;
    if (value.size > DECODER_RECORD_MAX) {
        err_set(&fault->detail, "the record has %zu bytes; at most %zu are read", value.size,
                DECODER_RECORD_MAX);
        *result = reject(fault, DEAD_TOO_LARGE);
        return NULL;
    }
    if (!frame_parse(value, frame, &fault->detail)) {
        *result = reject(fault, DEAD_UNDECODABLE);
        return NULL;
    }
    fault->schema_id = frame->schema_id;
    bool by_id = frame->kind == FRAME_ID;
    const struct writer *w = find_writer(
        d,
        (struct writer_key){frame->kind, by_id ? (uint32_t)frame->schema_id : frame->fingerprint});
    if (w && w->use != USE_MISSING)
        return w;
    bool asked = w && now_at < w->until_at;
    *result = without_writer(frame, asked, !w && is_full(d), fault);
    return NULL;
}

static enum decode_result decode_rest(const struct writer *w, struct decode_fault *fault) {
    switch (w->use) {
    case USE_TICK: return DECODED_TICK;
    case USE_OTHER: return DECODED_OTHER;
    default: fault->detail = w->why; return reject(fault, w->reason);
    }
}

enum decode_result decoder_decode(struct decoder *d, struct slice key, struct slice value,
                                  int64_t now_at, struct event *ev, struct decode_fault *fault) {
    struct frame frame;
    enum decode_result result;
    const struct writer *w = writer_of(d, value, now_at, &frame, fault, &result);
    if (!w)
        return result;
    if (w->use == USE_EVENT)
        return decode_event(w, key, frame.body, ev, fault);
    return decode_rest(w, fault);
}

enum decode_result decoder_decode_tenant(struct decoder *d, struct slice key, struct slice value,
                                         int64_t now_at, struct tenant_record *record,
                                         struct decode_fault *fault) {
    struct frame frame;
    enum decode_result result;
    const struct writer *w = writer_of(d, value, now_at, &frame, fault, &result);
    if (!w)
        return result;
    if (w->use == USE_COMMAND)
        return decode_command(w, key, frame.body, &record->command, fault);
    if (w->use == USE_FORECAST)
        return decode_forecast(w, key, frame.body, &record->forecast, fault);
    return decode_rest(w, fault);
}
