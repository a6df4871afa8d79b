/* Outboxes: what tasks say goes into the open epoch, or nowhere while they catch up. */
#include "engine/engine_state.h"

static enum epoch_topic topic_of(enum alert_kind kind) {
    switch (alert_kind_topic(kind)) {
    case ALERT_TOPIC_SLA: return OUTPUT_ALERTS_SLA;
    case ALERT_TOPIC_DEMAND: return OUTPUT_ALERTS_DEMAND;
    case ALERT_TOPIC_QUALITY: return OUTPUT_ALERTS_QUALITY;
    case ALERT_TOPIC_OPERATIONS:
    case ALERT_TOPIC_COUNT: break;
    }
    return OUTPUT_ALERTS_OPERATIONS;
}

static void put_key(struct engine *e, enum epoch_topic topic, struct slice key) {
    struct buf *b = epoch_begin(e->open, topic, -1);
    if (key.size)
        buf_put(b, key.at, key.size);
    epoch_key_done(e->open);
}

static void live_alert(void *context, const struct alert *alert) {
    struct engine *e = context;
    put_key(e, topic_of(alert->kind), alert->alert_key);
    records_put_alert(&e->options.framing.of[SCHEMA_ALERT], alert, e->wall_at, &e->open->bytes);
    epoch_record_done(e->open);
    e->counts.alerts[alert->kind][alert->transition]++;
}

static void live_kpi(void *context, const struct kpi *kpi) {
    struct engine *e = context;
    put_key(e, OUTPUT_KPIS, kpi->tenant);
    records_put_kpi(&e->options.framing.of[SCHEMA_KPI_SNAPSHOT], kpi, &e->open->bytes);
    epoch_record_done(e->open);
    e->counts.kpis++;
}

static void live_audit(void *context, const struct audit *audit) {
    struct engine *e = context;
    put_key(e, OUTPUT_AUDIT, audit->tenant);
    records_put_audit(&e->options.framing.of[SCHEMA_AUDIT], audit, &e->open->bytes);
    epoch_record_done(e->open);
}

static void live_command(void *context, const struct command *command) {
    struct engine *e = context;
    report_writer_command(e->writer, command);
}

static void live_forecast(void *context, const struct forecast *forecast) {
    struct engine *e = context;
    report_writer_forecast(e->writer, forecast);
}

static void silent_forecast(void *context, const struct forecast *forecast) {
    (void)context;
    (void)forecast;
}

static void silent_command(void *context, const struct command *command) {
    (void)context;
    (void)command;
}

static void live_dead_letter(void *context, const struct dead_letter *letter) {
    struct engine *e = context;
    put_key(e, OUTPUT_DEAD_LETTERS, (struct slice){NULL, 0});
    records_put_dead_letter(&e->options.framing.of[SCHEMA_DEAD_LETTER], letter, &e->open->bytes);
    epoch_record_done(e->open);
    e->counts.dead_letters[letter->reason]++;
}

static void live_fact(void *context, const struct fact *fact) {
    struct engine *e = context;
    report_writer_fact(e->writer, fact);
}

static void live_journey(void *context, const struct journey_row *row) {
    struct engine *e = context;
    e->counts.rows_left_out += !report_writer_journey(e->writer, row);
}

static void live_effort(void *context, const struct effort_row *row) {
    struct engine *e = context;
    e->counts.rows_left_out += !report_writer_effort(e->writer, row);
}

static void live_miss(void *context, const struct miss *miss) {
    struct engine *e = context;
    report_writer_miss(e->writer, miss);
}

static void silent_fact(void *context, const struct fact *fact) {
    (void)context;
    (void)fact;
}

static void silent_alert(void *context, const struct alert *alert) {
    (void)context;
    (void)alert;
}

static void silent_kpi(void *context, const struct kpi *kpi) {
    (void)context;
    (void)kpi;
}

static void silent_dead_letter(void *context, const struct dead_letter *letter) {
    (void)context;
    (void)letter;
}

void engine_effects_init(struct engine *e) {
    e->live = (struct outbox){.context = e,
                              .deltas = e->deltas,
                              .fact = live_fact,
                              .dead_letter = live_dead_letter,
                              .alert = live_alert,
                              .kpi = live_kpi,
                              .audit = live_audit,
                              .journey = live_journey,
                              .effort = live_effort,
                              .miss = live_miss,
                              .command = live_command,
                              .forecast = live_forecast};
    e->silent = (struct outbox){.context = e,
                                .deltas = e->silent_deltas,
                                .fact = silent_fact,
                                .dead_letter = silent_dead_letter,
                                .alert = silent_alert,
                                .kpi = silent_kpi,
                                .command = silent_command,
                                .forecast = silent_forecast};
}
