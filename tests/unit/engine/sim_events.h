/* What the simulated log is told: calls, as a site would send them; and what an engine makes of it.
 */
#pragma once

#include "base/rng.h"
#include "sim_ports.h"

#define EVENT_SCHEMA 7

static const char event_schema[] =
    "{\"type\":\"record\",\"name\":\"InteractionEvent\",\"namespace\":\"floorwalker.v1\","
    "\"fields\":[{\"name\":\"event_id\",\"type\":\"string\"},"
    "{\"name\":\"tenant_id\",\"type\":\"string\"},{\"name\":\"site_id\",\"type\":\"string\"},"
    "{\"name\":\"event_at\",\"type\":\"long\"},{\"name\":\"interaction_id\",\"type\":\"string\"},"
    "{\"name\":\"queue_id\",\"type\":\"string\"},{\"name\":\"type\",\"type\":{\"type\":\"enum\","
    "\"name\":\"InteractionType\",\"symbols\":[\"QUEUED\",\"ANSWERED\",\"ABANDONED\","
    "\"DISCONNECTED\"]}}]}";

enum { QUEUED, ANSWERED, ABANDONED, DISCONNECTED };

static inline void put_text(struct buf *b, const char *text) {
    buf_put_zigzag(b, (int64_t)strlen(text));
    buf_put(b, text, strlen(text));
}

static inline void send_event_to(struct sim *s, int32_t partition, int64_t at, int number, int type,
                                 const char *queue) {
    struct buf b;
    buf_init(&b);
    frame_put(&(struct frame){.kind = FRAME_ID, .schema_id = EVENT_SCHEMA}, &b);
    char event[32], interaction[32];
    snprintf(event, sizeof event, "e%d-%d", number, type);
    snprintf(interaction, sizeof interaction, "i%d", number);
    put_text(&b, event);
    put_text(&b, "acme");
    put_text(&b, "main");
    buf_put_zigzag(&b, at);
    put_text(&b, interaction);
    put_text(&b, queue);
    buf_put_zigzag(&b, type);
    sim_append(s, INPUT_INTERACTIONS, partition, at, slice_of(interaction), buf_slice(&b));
    buf_deinit(&b);
}

static inline void send_event(struct sim *s, int32_t partition, int64_t at, int number, int type) {
    send_event_to(s, partition, at, number, type, "sales");
}

static inline struct engine *start(struct sim *s, bool live, bool until_end) {
    struct engine *e = sim_start(s, live, until_end);
    engine_add_schema(e, EVENT_SCHEMA, slice_of(event_schema));
    return e;
}

struct planned {
    int64_t at;
    int32_t partition;
    int number, type;
};

static inline int compare_planned(const void *a, const void *b) {
    const struct planned *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->number != y->number ? x->number - y->number : x->type - y->type;
}

/* Calls over an hour, answered or abandoned, spread over the partitions, sent as they happen. */
static inline void send_calls(struct sim *s, uint64_t seed, int count) {
    struct rng rng;
    rng_init(&rng, seed);
    struct planned *plan = calloc((size_t)count * 3, sizeof *plan);
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        int64_t at = 3600000 + (int64_t)i * 3600000 / count;
        int32_t partition = (int32_t)rng_below(&rng, (uint64_t)s->partitions);
        plan[size++] = (struct planned){at, partition, i, QUEUED};
        int64_t end_at = at + (int64_t)rng_below(&rng, 40000);
        bool answered = rng_below(&rng, 4) > 0;
        plan[size++] = (struct planned){end_at, partition, i, answered ? ANSWERED : ABANDONED};
        if (answered)
            plan[size++] = (struct planned){end_at + (int64_t)rng_below(&rng, 200000), partition, i,
                                            DISCONNECTED};
    }
    qsort(plan, size, sizeof *plan, compare_planned);
    for (size_t i = 0; i < size; i++)
        send_event(s, plan[i].partition, plan[i].at, plan[i].number, plan[i].type);
    free(plan);
}

static inline size_t outputs_of(const struct sim *s, enum epoch_topic topic) {
    size_t count = 0;
    for (size_t i = 0; i < s->output_count; i++)
        count += s->outputs[i].topic == topic;
    return count;
}

static inline void run_to_end(struct sim *s, struct engine *e) {
    for (int i = 0; i < 1000 && !engine_is_done(e) && !engine_failure(e); i++)
        sim_run(s, e, 100);
    assert_null(engine_failure(e));
    assert_true(engine_is_done(e));
}

static inline uint64_t metric_named(const struct engine *e, const char *name) {
    struct buf text;
    buf_init(&text);
    engine_write_metrics(e, &text);
    buf_put_u8(&text, 0);
    char line[160];
    snprintf(line, sizeof line, "\nfloorwalker_%s ", name);
    const char *at = strstr(text.at, line);
    assert_non_null(at);
    uint64_t value = (uint64_t)strtod(at + strlen(line), NULL);
    buf_deinit(&text);
    return value;
}

static inline uint64_t metric_of(const struct engine *e, const char *name) {
    char total[128];
    snprintf(total, sizeof total, "%s_total", name);
    return metric_named(e, total);
}

static inline void stop(struct sim *s, struct engine *e) {
    engine_stop(e);
    for (int i = 0; i < 100 && !engine_is_clean(e); i++)
        sim_run(s, e, 100);
    assert_true(engine_is_clean(e));
    engine_free(e);
}
