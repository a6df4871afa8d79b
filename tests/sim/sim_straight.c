#include <stdlib.h>

#include "base/check.h"
#include "codec/report_codec.h"
#include "sim_oracle.h"
#include "tasks/tenant_task.h"

static const struct contract_set *contracts_of(const struct sim_world *w,
                                               const struct sim_change *c) {
    int version = sim_load_version(c->name);
    CHECK(version >= 0);
    return &w->contracts.versions[version].set;
}

static const struct contract_set *first_contracts(const struct sim_world *w, int32_t partition) {
    const struct sim_changes *all = &w->parts.broker.changes[partition];
    return all->count ? contracts_of(w, &all->of[0]) : &w->contracts.versions[0].set;
}

void sim_straight_init(struct sim_straight *s, const struct sim_world *w, int32_t partition) {
    *s = (struct sim_straight){0};
    const struct sim_settings *settings = &w->history->settings;
    s->task = tenant_task_new(
        &(struct tenant_task_options){.partition = partition,
                                      .live = true,
                                      .publish_all = settings->publish_all,
                                      .lateness_ms = SIM_LATENESS_MS,
                                      .max_source_lag_ms = 30 * SECOND_MS,
                                      .max_alert_age_ms = 15 * MINUTE_MS,
                                      .scope_limit = 500,
                                      .contracts = first_contracts(w, partition)});
    s->reader = report_reader_new();
    sim_load_framing(&s->framing);
    buf_init(&s->bytes);
    buf_init(&s->scratch);
}

void sim_straight_deinit(struct sim_straight *s) {
    tenant_task_free(s->task);
    report_reader_free(s->reader);
    buf_deinit(&s->bytes);
    buf_deinit(&s->scratch);
    free(s->effects);
}

static struct sim_effect *add(struct sim_straight *s, enum epoch_topic topic, struct slice key) {
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 64;
        s->effects = realloc(s->effects, s->capacity * sizeof *s->effects);
        CHECK(s->effects);
    }
    struct sim_effect *e = &s->effects[s->count++];
    *e = (struct sim_effect){.topic = topic, .at = s->bytes.size, .key_size = key.size};
    buf_put(&s->bytes, key.at, key.size);
    return e;
}

static enum epoch_topic topic_of(enum alert_kind kind) {
    switch (alert_kind_topic(kind)) {
    case ALERT_TOPIC_SLA: return OUTPUT_ALERTS_SLA;
    case ALERT_TOPIC_DEMAND: return OUTPUT_ALERTS_DEMAND;
    case ALERT_TOPIC_QUALITY: return OUTPUT_ALERTS_QUALITY;
    default: return OUTPUT_ALERTS_OPERATIONS;
    }
}

/* Written twice, with 0 and 1 for the wall time: where they differ it stands, in one byte. */
static void take_alert(void *context, const struct alert *alert) {
    struct sim_straight *s = context;
    struct sim_effect *e = add(s, topic_of(alert->kind), alert->alert_key);
    size_t from = s->bytes.size;
    records_put_alert(&s->framing.of[SCHEMA_ALERT], alert, 0, &s->bytes);
    e->size = s->bytes.size - from;
    buf_reset(&s->scratch);
    records_put_alert(&s->framing.of[SCHEMA_ALERT], alert, 1, &s->scratch);
    CHECK(s->scratch.size == e->size);
    while (s->bytes.at[from + e->emitted_at] == s->scratch.at[e->emitted_at])
        e->emitted_at++;
}

static void take_kpi(void *context, const struct kpi *kpi) {
    struct sim_straight *s = context;
    struct sim_effect *e = add(s, OUTPUT_KPIS, kpi->tenant);
    size_t from = s->bytes.size;
    records_put_kpi(&s->framing.of[SCHEMA_KPI_SNAPSHOT], kpi, &s->bytes);
    e->size = s->bytes.size - from;
}

static void take_audit(void *context, const struct audit *audit) {
    struct sim_straight *s = context;
    struct sim_effect *e = add(s, OUTPUT_AUDIT, audit->tenant);
    size_t from = s->bytes.size;
    records_put_audit(&s->framing.of[SCHEMA_AUDIT], audit, &s->bytes);
    e->size = s->bytes.size - from;
}

static void take_fact(void *context, const struct fact *fact) {
    (void)context;
    (void)fact;
    UNREACHABLE("a tenant task tells no facts");
}

static void take_letter(void *context, const struct dead_letter *letter) {
    (void)context;
    (void)letter;
    UNREACHABLE("a tenant task writes no dead letters");
}

/* Those that are due before the record at this offset; they are steps with effects. */
static void change_contracts(struct sim_straight *s, struct sim_world *w, int32_t partition,
                             size_t offset, struct outbox *out) {
    const struct sim_changes *all = &w->parts.broker.changes[partition];
    if (s->change == 0)
        s->change = 1; /* it began with the first */
    for (; s->change < all->count && all->of[s->change].offset <= (int64_t)offset; s->change++)
        tenant_task_change_contracts(s->task, contracts_of(w, &all->of[s->change]), out);
}

void sim_straight_run(struct sim_straight *s, struct sim_world *w, int32_t partition, size_t end,
                      sim_straight_report_fn *told, void *context) {
    struct sim_log *log = sim_broker_input(&w->parts.broker, INPUT_TENANT_LOG, partition);
    struct outbox out = {.context = s,
                         .fact = take_fact,
                         .dead_letter = take_letter,
                         .alert = take_alert,
                         .kpi = take_kpi,
                         .audit = take_audit};
    for (; s->next < end && !*w->violation; s->next++) {
        const struct sim_record *r = sim_broker_read(&w->parts.broker, log, s->next);
        struct report report;
        struct err err;
        change_contracts(s, w, partition, s->next, &out);
        if (!r)
            continue;
        if (!report_reader_read(s->reader, r->value, &report, &err)) {
            sim_world_violation(w, "tenant-log-%d, offset %zu: %s", (int)partition, s->next,
                                err.text);
            return;
        }
        tenant_task_apply(s->task, &report, r->log_at, &out);
        told(context, &report);
    }
    change_contracts(s, w, partition, s->next, &out);
}

bool sim_straight_equals(const struct sim_straight *s, const struct sim_effect *e, struct slice key,
                         struct slice value) {
    struct slice own_key = {s->bytes.at + e->at, e->key_size};
    struct slice own = {own_key.at + own_key.size, e->size};
    if (!slice_equal(own_key, key))
        return false;
    if (!e->emitted_at)
        return slice_equal(own, value);
    size_t skip = 1;
    while (e->emitted_at + skip <= value.size && value.at[e->emitted_at + skip - 1] & 0x80)
        skip++;
    return value.size == own.size - 1 + skip && memcmp(own.at, value.at, e->emitted_at) == 0 &&
           memcmp(own.at + e->emitted_at + 1, value.at + e->emitted_at + skip,
                  own.size - e->emitted_at - 1) == 0;
}
