/* Random histories of interactions, and the effects of a task in an order that can be compared. */
#pragma once

#include "base/buf.h"
#include "base/rng.h"
#include "tasks/interaction_kit.h"

#define HISTORY_MAX 160
#define HISTORY_IDS 6

struct history_record {
    struct event event;
    char event_id[32];
    char interaction_id[64];
    int64_t log_at;
    bool tick;
};

struct history {
    struct history_record records[HISTORY_MAX];
    size_t count;
};

/* What a task said, in bytes: facts and dead letters in their order, sums by (names, pane). */
struct effects {
    struct buf said;
    struct delta_table *deltas;
};

static inline int64_t history_step(struct rng *r) {
    static const int64_t steps[] = {0, 0, 1, 700, 5 * S, 15 * S, 25 * S, 90 * S, 400 * S};
    return steps[rng_below(r, sizeof(steps) / sizeof(steps[0]))];
}

/* Mostly a plausible next event, sometimes anything. */
static inline enum event_type history_type(struct rng *r, enum event_type last) {
    static const enum event_type likely[][4] = {
        {EVENT_CREATED, EVENT_QUEUED, EVENT_QUEUED, EVENT_ANSWERED},
        {EVENT_ANSWERED, EVENT_ANSWERED, EVENT_ABANDONED, EVENT_DISCONNECTED},
        {EVENT_HOLD_START, EVENT_TRANSFERRED, EVENT_DISCONNECTED, EVENT_AGENT_MESSAGE},
        {EVENT_HOLD_END, EVENT_HOLD_END, EVENT_DISCONNECTED, EVENT_WRAP_START},
        {EVENT_WRAP_START, EVENT_RESOLVED, EVENT_CLOSED, EVENT_QUEUED},
        {EVENT_WRAP_END, EVENT_WRAP_END, EVENT_RESOLVED, EVENT_STATUS_CHANGED},
        {EVENT_REOPENED, EVENT_CANCELLED, EVENT_MERGED, EVENT_CUSTOMER_MESSAGE},
    };
    if (rng_below(r, 8) == 0)
        return (enum event_type)rng_below(r, EVENT_TYPE_COUNT);
    if (rng_below(r, 10) == 0)
        return EVENT_RECORD_SNAPSHOT;
    size_t row = 0;
    switch (last) {
    case EVENT_CREATED:
    case EVENT_TRANSFERRED: row = 0; break;
    case EVENT_QUEUED: row = 1; break;
    case EVENT_ANSWERED:
    case EVENT_HOLD_END:
    case EVENT_AGENT_MESSAGE: row = 2; break;
    case EVENT_HOLD_START: row = 3; break;
    case EVENT_DISCONNECTED: row = 4; break;
    case EVENT_WRAP_START: row = 5; break;
    case EVENT_RESOLVED:
    case EVENT_CLOSED: row = 6; break;
    default: break;
    }
    return likely[row][rng_below(r, 4)];
}

/* Of what is written there are many turns. */
static inline enum event_type history_written(struct rng *r, enum event_type last) {
    static const enum event_type turns[] = {
        EVENT_CUSTOMER_MESSAGE, EVENT_CUSTOMER_MESSAGE, EVENT_AGENT_MESSAGE, EVENT_AGENT_MESSAGE,
        EVENT_STATUS_CHANGED,   EVENT_PRIORITY_CHANGED, EVENT_RESOLVED,      EVENT_REOPENED,
        EVENT_BOT_MESSAGE,      EVENT_QUEUED,
    };
    if (last == EVENT_UNKNOWN && rng_below(r, 4) != 0)
        return EVENT_CREATED;
    return last == EVENT_RESOLVED && rng_below(r, 2) == 0
               ? EVENT_REOPENED
               : turns[rng_below(r, sizeof(turns) / sizeof(turns[0]))];
}

static inline void history_dress(struct rng *r, struct event *ev) {
    static const char *const queues[] = {"sales", "support"};
    static const char *const reasons[] = {"", "", "refund", "delivery"};
    static const char *const statuses[] = {"open", "pending_customer", "on_hold", ""};
    static const int64_t measured[] = {0, 3 * S, 18 * S, 22 * S, 40 * S};
    ev->queue = slice_of(queues[rng_below(r, 2)]);
    if (ev->type != EVENT_QUEUED && ev->type != EVENT_CREATED && rng_below(r, 2) == 0)
        ev->queue = (struct slice){0};
    ev->contact_reason = slice_of(reasons[rng_below(r, 4)]);
    ev->channel = rng_below(r, 5) == 0 ? CHANNEL_UNKNOWN : ev->channel;
    ev->direction = (uint8_t)(rng_below(r, 12) == 0 ? DIRECTION_OUTBOUND : rng_below(r, 2));
    ev->priority = (uint8_t)rng_below(r, PRIORITY_COUNT);
    ev->end_cause = (uint8_t)(rng_below(r, 3) == 0 ? rng_below(r, END_CAUSE_COUNT) : 0);
    ev->author = (uint8_t)rng_below(r, AUTHOR_COUNT);
    ev->is_public = rng_below(r, 5) != 0;
    ev->status = slice_of(statuses[rng_below(r, 4)]);
    if (rng_below(r, 6) == 0)
        ev->queue_wait_ms = measured[rng_below(r, 5)];
    if (rng_below(r, 6) == 0)
        ev->hold_ms = measured[rng_below(r, 5)];
    if (rng_below(r, ev->type == EVENT_RECORD_SNAPSHOT ? 2 : 9) == 0)
        ev->talk_ms = measured[rng_below(r, 5)];
    if (rng_below(r, 4) == 0)
        ev->source_seq = (int64_t)rng_below(r, 50);
    if (rng_below(r, 4) == 0)
        ev->source = SLICE("crm");
}

/* How long after the event its record was written: mostly at once, sometimes very late. */
static inline int64_t history_delay(struct rng *r) {
    switch (rng_below(r, 10)) {
    case 0: return (int64_t)rng_below(r, 60) * S;
    case 1: return (int64_t)rng_below(r, 400) * S;
    case 2: return -(int64_t)rng_below(r, 70) * S;
    case 3: return rng_below(r, 8) == 0 ? 30 * HOUR_MS : 2 * HOUR_MS;
    default: return (int64_t)rng_below(r, 300);
    }
}

static inline void history_add(struct history *h, const struct history_record *record) {
    if (h->count < HISTORY_MAX)
        h->records[h->count++] = *record;
}

static inline int history_by_log(const void *left, const void *right) {
    const struct history_record *a = left, *b = right;
    if (a->log_at != b->log_at)
        return a->log_at < b->log_at ? -1 : 1;
    int order = strcmp(a->event_id, b->event_id);
    return order != 0 ? order : (int)a->event.revision - (int)b->event.revision;
}

/* Two of three interactions are in a journey, and some events do not say so. */
static inline struct slice history_journey(unsigned id, size_t event) {
    static const char *const journeys[] = {"", "journey-a", "journey-b"};
    return slice_of((id * 7 + event * 5) % 6 == 0 ? "" : journeys[id % 3]);
}

/* The events of one interaction, with repeats and revisions. */
static inline void history_tell(struct history *h, struct rng *r, unsigned id, int64_t from_at) {
    static const uint8_t channels[] = {CHANNEL_VOICE, CHANNEL_VOICE, CHANNEL_EMAIL, CHANNEL_CHAT};
    uint8_t channel = channels[rng_below(r, 4)];
    enum event_type last = EVENT_UNKNOWN;
    int64_t at = from_at;
    bool written = channel != CHANNEL_VOICE && rng_below(r, 3) != 0;
    size_t events = 2 + rng_below(r, written ? 14 : 9);
    for (size_t k = 0; k < events; k++) {
        at += history_step(r);
        last = written ? history_written(r, last) : history_type(r, last);
        struct history_record record = {.event = kit_event(last, at - T0)};
        record.event.channel = channel;
        snprintf(record.interaction_id, sizeof(record.interaction_id), "%s%u",
                 id % 3 == 0 ? "longer-than-what-lies-in-the-record-itself-" : "i", id);
        snprintf(record.event_id, sizeof(record.event_id), "%u-%zu", id, k);
        history_dress(r, &record.event);
        record.event.journey_id = history_journey(id, k);
        record.event.agent = k % 3 ? SLICE("ann") : SLICE("bob");
        record.log_at = at + history_delay(r);
        history_add(h, &record);
        if (rng_below(r, 5) == 0) {
            record.log_at += (int64_t)rng_below(r, 500) * S;
            history_add(h, &record);
        }
        if (rng_below(r, 8) == 0) { /* a file that is read again: it may have been forgotten */
            struct history_record again = record;
            again.log_at += (int64_t)rng_below(r, 26 * 60) * MINUTE_MS;
            history_add(h, &again);
        }
        if (rng_below(r, 10) == 0) {
            record.event.revision = 1 + (int32_t)rng_below(r, 2);
            record.event.event_at += (int64_t)rng_below(r, 40) * S - 20 * S;
            record.log_at += (int64_t)rng_below(r, 100) * S;
            history_add(h, &record);
        }
    }
}

static inline void history_make(struct history *h, struct rng *r) {
    h->count = 0;
    size_t ids = 1 + rng_below(r, HISTORY_IDS);
    for (unsigned id = 0; id < ids; id++)
        history_tell(h, r, id, T0 + (int64_t)rng_below(r, 200) * S);
    size_t ticks = rng_below(r, 12);
    for (size_t k = 0; k < ticks; k++) {
        struct history_record tick = {.tick = true};
        tick.log_at = T0 + (int64_t)rng_below(r, rng_below(r, 4) == 0 ? 100000 : 2000) * S;
        history_add(h, &tick);
    }
    qsort(h->records, h->count, sizeof(*h->records), history_by_log);
}

static inline void effects_fact(void *context, const struct fact *f) {
    struct effects *e = context;
    const int64_t numbers[] = {f->contract_version, f->clock,     f->instance,  f->kind,
                               f->voided_kind,      f->at,        f->opened_at, f->deadline_at,
                               f->target_ms,        f->elapsed_ms};
    buf_put_slice(&e->said, f->interaction_id);
    buf_put_slice(&e->said, f->rule);
    for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
        buf_put_zigzag(&e->said, numbers[k]);
}

static inline void effects_journey(void *context, const struct journey_row *row) {
    struct effects *e = context;
    const struct journey_part *p = &row->member.part;
    const int64_t numbers[] = {row->gone,   p->began_at,  p->ended_at, row->member.resolved_at,
                               p->wait_ms,  p->handle_ms, p->visits,   p->legs,
                               p->transfers};
    buf_put_u64(&e->said, p->journey);
    buf_put_u64(&e->said, row->member.interaction);
    for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
        buf_put_zigzag(&e->said, numbers[k]);
}

static inline void effects_effort(void *context, const struct effort_row *row) {
    struct effects *e = context;
    buf_put_u64(&e->said, row->leg.agent);
    buf_put_u64(&e->said, row->leg.interaction);
    buf_put_zigzag(&e->said, row->leg.started_at);
    buf_put_zigzag(&e->said, row->leg.ended_at);
    buf_put_u8(&e->said, row->gone);
}

static inline void effects_miss(void *context, const struct miss *m) {
    struct effects *e = context;
    buf_put_slice(&e->said, m->interaction_id);
    buf_put_u8(&e->said, (uint8_t)m->kind);
    buf_put_u8(&e->said, m->gone);
    buf_put_zigzag(&e->said, m->at);
    buf_put_zigzag(&e->said, m->queued_at);
    buf_put_zigzag(&e->said, m->wait_ms);
}

static inline void effects_letter(void *context, const struct dead_letter *l) {
    struct effects *e = context;
    buf_put_u8(&e->said, (uint8_t)l->reason);
    buf_put_slice(&e->said, l->detail);
    buf_put_slice(&e->said, l->place.key);
    buf_put_slice(&e->said, l->place.value);
    buf_put_slice(&e->said, l->place.topic);
    buf_put_zigzag(&e->said, l->place.offset);
    buf_put_zigzag(&e->said, l->at);
}

static inline void effects_init(struct effects *e) {
    buf_init(&e->said);
    e->deltas = delta_table_new();
}

static inline void effects_deinit(struct effects *e) {
    buf_deinit(&e->said);
    delta_table_free(e->deltas);
}

static inline struct outbox effects_outbox(struct effects *e) {
    return (struct outbox){.context = e,
                           .deltas = e->deltas,
                           .fact = effects_fact,
                           .dead_letter = effects_letter,
                           .alert = kit_alert,
                           .kpi = kit_kpi,
                           .journey = effects_journey,
                           .effort = effects_effort,
                           .miss = effects_miss};
}

static inline void effects_put_row(struct buf *b, const struct leaf_dict *leaves,
                                   const struct delta_row *row) {
    const struct leaf *leaf = leaf_dict_at(leaves, row->leaf);
    struct delta_row none = {.leaf = row->leaf, .pane_at = row->pane_at};
    if (memcmp(row, &none, sizeof(none)) == 0)
        return; /* taken back to nothing */
    buf_put_format(b, "%.*s/%.*s %.*s %d %d %d pane %lld:", SLICE_ARG(leaf->site),
                   SLICE_ARG(leaf->queue), SLICE_ARG(leaf->reason), leaf->channel, leaf->priority,
                   leaf->direction, (long long)(row->pane_at - T0));
    for (enum counter c = 0; c < COUNTER_SOURCE_COUNT; c++) {
        if (row->counters[c] != 0)
            buf_put_format(b, " %s=%lld", counter_name(c), (long long)row->counters[c]);
    }
    const int64_t *levels = &row->levels[0][0][0];
    for (size_t k = 0; k < sizeof(row->levels) / sizeof(*levels); k++) {
        if (levels[k] != 0)
            buf_put_format(b, " level%zu=%lld", k, (long long)levels[k]);
    }
    buf_put_format(b, "\n");
}

/* Rows by names and pane, without those that came to nothing. */
static inline void effects_sums(const struct effects *e, struct leaf_dict *leaves, struct buf *b) {
    size_t count = delta_table_rows(e->deltas);
    uint32_t *order = calloc(count + 1, sizeof(*order));
    CHECK(order);
    delta_table_order(e->deltas, leaves, order);
    for (size_t k = 0; k < count; k++)
        effects_put_row(b, leaves, delta_table_at(e->deltas, order[k]));
    free(order);
}

static inline void history_apply(struct interaction_task *task, const struct history *h, size_t k,
                                 struct outbox *out) {
    const struct history_record *record = &h->records[k];
    if (record->tick) {
        interaction_task_tick(task, record->log_at, out);
        return;
    }
    struct event ev = record->event;
    ev.event_id = slice_of(record->event_id);
    ev.interaction_id = slice_of(record->interaction_id);
    struct record_place place = {.topic = SLICE("interactions"),
                                 .offset = (int64_t)k,
                                 .log_at = record->log_at,
                                 .key = ev.interaction_id,
                                 .value = SLICE("value"),
                                 .schema_id = 1};
    interaction_task_apply(task, &place, &ev, out);
}

/* The task goes through bytes and comes back as another one. */
static inline struct interaction_task *history_reload(struct interaction_task *task,
                                                      const struct interaction_task_options *o,
                                                      uint64_t seed) {
    struct buf bytes;
    struct err err = {""};
    buf_init(&bytes);
    interaction_task_save(task, &bytes);
    interaction_task_free(task);
    task = interaction_task_new(o);
    if (!interaction_task_load(task, buf_slice(&bytes), &err))
        fail_msg("FLOORWALKER_SEED=%llu: not read back: %s", (unsigned long long)seed, err.text);
    buf_deinit(&bytes);
    return task;
}
