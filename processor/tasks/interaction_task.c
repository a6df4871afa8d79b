#include "tasks/interaction_task.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "tasks/interaction_parts.h"

#define NEAR_MOST 512u /* records whose memory is brought near at a time */

static struct wheel_node *timer_of(void *context, uint32_t handle) {
    struct interaction_task *t = context;
    return &record_at(&t->store, handle)->timer;
}

/* Before their timers fire one after the other, each in memory of its own. */
static void bring_near(void *context, const uint32_t *handles, size_t count) {
    const struct interaction_task *t = context;
    if (count > NEAR_MOST)
        return; /* the last would push out the first */
    for (size_t k = 0; k < count; k++)
        __builtin_prefetch(record_at(&t->store, handles[k]));
    for (size_t k = 0; k < count; k++)
        record_prefetch(&t->store, record_at(&t->store, handles[k]));
}

static uint32_t graves_limit(uint32_t open_limit) {
    uint64_t limit = (uint64_t)open_limit * GRAVES_PER_RECORD;
    return limit < INT32_MAX ? (uint32_t)limit : INT32_MAX;
}

struct interaction_task *interaction_task_new(const struct interaction_task_options *options) {
    struct interaction_task *t = calloc(1, sizeof(*t));
    CHECK(t);
    t->options = *options;
    record_store_init(&t->store, options->leaves);
    t->wheel = wheel_new(timer_of, bring_near, t);
    gauges_init(&t->gauges, options->leaves);
    feeds_init(&t->feeds, &t->counts.feeds_left_out);
    graves_init(&t->graves, graves_limit(options->open_limit));
    t->clock = t->newest_log_at = INSTANT_NONE;
    closed_init(t);
    contracts_look_ahead(t);
    return t;
}

void interaction_task_free(struct interaction_task *t) {
    if (!t)
        return;
    wheel_free(t->wheel);
    gauges_deinit(&t->gauges);
    feeds_deinit(&t->feeds);
    graves_deinit(&t->graves);
    record_store_deinit(&t->store);
    ledger_facts_deinit(&t->told);
    ledger_facts_deinit(&t->holds);
    free(t->topic);
    free(t);
}

static int compare_due(const void *left, const void *right, void *context) {
    const struct record_store *s = context;
    return record_compare(s, record_at(s, *(const uint32_t *)left),
                          record_at(s, *(const uint32_t *)right));
}

static void go_to(struct interaction_task *t, int64_t clock) {
    if (clock > t->clock)
        t->clock = clock;
}

static void fire(struct interaction_task *t, uint32_t *due, size_t count, struct outbox *out) {
    if (count > 1)
        qsort_r(due, count, sizeof(*due), compare_due, &t->store);
    for (size_t k = 0; k < count; k++)
        change_on_timer(t, due[k], out);
    t->counts.timers += count;
}

static void forget_first(struct interaction_task *t) {
    closed_bring_near(t);
    change_drop(t, t->closed.first);
    t->counts.timers++;
}

/* Timers fire one by one, each at its own instant, ties by name; then what is forgotten at that
 * instant goes, which nothing but a grave can tell. */
static void pass_timers(struct interaction_task *t, int64_t clock, struct outbox *out) {
    for (;;) {
        int64_t forgets_at = settle_forgets_at(t), due_at;
        uint32_t *due;
        size_t count = wheel_take_instant(t->wheel, forgets_at < clock ? forgets_at : clock,
                                          &due_at, &due);
        if (count == 0 && forgets_at > clock)
            break;
        go_to(t, count > 0 ? due_at : forgets_at);
        if (count > 0)
            fire(t, due, count, out);
        else
            forget_first(t);
    }
    t->clock = clock;
}

/* A contract that comes into force does so at its own instant, after what fell due before. */
static void pass_time(struct interaction_task *t, int64_t clock, struct outbox *out) {
    if (clock <= t->clock)
        return;
    while (t->effective_at <= clock) {
        pass_timers(t, t->effective_at, out);
        interaction_task_change_contracts(t, t->store.leaves, out);
    }
    pass_timers(t, clock, out);
    graves_forget(&t->graves, clock - t->options.lateness_ms);
}

static void hear_log(struct interaction_task *t, int64_t log_at, struct outbox *out) {
    if (log_at > t->newest_log_at)
        t->newest_log_at = log_at;
    pass_time(t, log_at - t->options.grace_ms, out);
}

static void hear_topic(struct interaction_task *t, struct slice topic) {
    if (t->topic || topic.size == 0)
        return;
    t->topic = (char *)(uintptr_t)slice_copy(topic).at;
}

void interaction_task_tick(struct interaction_task *t, int64_t log_at, struct outbox *out) {
    hear_log(t, log_at, out);
}

void interaction_task_reject(struct interaction_task *t, const struct record_place *place,
                             const struct record_sender *sender, enum dead_letter_reason reason,
                             struct slice detail, struct outbox *out) {
    hear_topic(t, place->topic);
    hear_log(t, place->log_at, out);
    feeds_refuse(&t->feeds, sender->tenant, sender->site, place->log_at, reason, false);
    letter_send(t, place, reason, detail, out);
}

void interaction_task_finish(struct interaction_task *t, int64_t final_clock, struct outbox *out) {
    pass_time(t, final_clock, out);
    t->ended = true;
}

static bool too_late(const struct interaction_task *t, const struct event *ev, struct err *err) {
    char event_at[32], clock[32], limit[32];
    instant_format(ev->event_at, event_at);
    instant_format(t->clock, clock);
    duration_format(t->options.lateness_ms, limit);
    return err_set(err,
                   "event_at is %s, more than `lateness` (%s) before the clock, %s: its figures "
                   "are final",
                   event_at, limit, clock);
}

static bool in_the_future(const struct interaction_task *t, const struct record_place *place,
                          const struct event *ev, struct err *err) {
    char event_at[32], log_at[32], limit[32];
    instant_format(ev->event_at, event_at);
    instant_format(place->log_at, log_at);
    duration_format(t->options.max_skew_ms, limit);
    return err_set(err,
                   "event_at is %s, more than `max_skew` (%s) after the record was written at "
                   "%s: the sender's clock is wrong",
                   event_at, limit, log_at);
}

static bool time_is_possible(const struct interaction_task *t, const struct record_place *place,
                             const struct event *ev, enum dead_letter_reason *reason,
                             struct err *err) {
    if (ev->event_at < t->clock - t->options.lateness_ms) {
        *reason = DEAD_TOO_LATE;
        return too_late(t, ev, err);
    }
    if (ev->event_at > place->log_at + t->options.max_skew_ms) {
        *reason = DEAD_FUTURE;
        return in_the_future(t, place, ev, err);
    }
    return true;
}

/* Makes room for one more: of the closed interactions the one whose last event is oldest goes. */
static bool has_room(struct interaction_task *t) {
    if (t->store.records.used < t->options.open_limit)
        return true;
    uint32_t oldest = closed_oldest(t);
    if (oldest == RECORD_NONE)
        return false;
    change_drop(t, oldest);
    return true;
}

static void refuse_open(struct interaction_task *t, const struct record_place *place,
                        const struct event *ev, struct outbox *out) {
    char detail[200];
    int size = snprintf(detail, sizeof(detail),
                        "this partition keeps its %u open interactions already; raise "
                        "limits.open_interactions or use more partitions",
                        t->options.open_limit);
    t->counts.refused_open++;
    feeds_refuse(&t->feeds, ev->tenant, ev->site, place->log_at, DEAD_TOO_LARGE, true);
    letter_send(t, place, DEAD_TOO_LARGE, (struct slice){detail, (size_t)size}, out);
}

/* The leaf that the interaction's last event said: the next one mostly says it too. */
static uint32_t last_leaf(const struct interaction_task *t, const struct record *r) {
    if (record_is_warm(r) && record_recent(&t->store, r)->count > 0)
        return tail_last_leaf(&t->store, record_recent(&t->store, r));
    return record_head(&t->store, r).leaf;
}

static void take_event(struct interaction_task *t, const struct record_place *place,
                       const struct event *ev, struct outbox *out) {
    uint64_t hash = ev->hash != 0 ? ev->hash : record_hash(ev->tenant, ev->interaction_id);
    if (graves_hold(&t->graves, (struct grave_name){hash, ev->tenant, ev->interaction_id},
                    ev->event_at)) {
        t->counts.duplicates++;
        t->counts.after_burial++;
        return;
    }
    uint32_t handle = record_find(&t->store, hash, ev->tenant, ev->interaction_id);
    uint32_t leaf = LEAF_NONE;
    if (handle != RECORD_NONE)
        leaf = last_leaf(t, record_at(&t->store, handle));
    struct moment m;
    moment_of_event(ev, place->offset, t->store.leaves, leaf, t->clock, &m);
    if (handle == RECORD_NONE) {
        if (!has_room(t)) {
            refuse_open(t, place, ev, out);
            return;
        }
        handle = record_add(&t->store, hash, m.leaf, ev->interaction_id);
    }
    uint64_t journey = ev->journey_id.size > 0 ? journey_identity(ev->tenant, ev->journey_id) : 0;
    change_by_event(t, handle, &m, journey, place, out);
    change_finish(t, handle, out);
}

void interaction_task_apply(struct interaction_task *t, const struct record_place *place,
                            const struct event *event, struct outbox *out) {
    CHECK(event->interaction_id.size > 0); /* else nobody looked whether it is valid */
    hear_topic(t, place->topic);
    hear_log(t, place->log_at, out);
    feeds_hear(&t->feeds, event->tenant, event->site, place->log_at, event->event_at);
    struct err err; /* written only when something is wrong */
    enum dead_letter_reason reason;
    if (time_is_possible(t, place, event, &reason, &err)) {
        take_event(t, place, event, out);
        return;
    }
    feeds_refuse(&t->feeds, event->tenant, event->site, place->log_at, reason, true);
    letter_send(t, place, reason, slice_of(err.text), out);
}

_Static_assert(INTERACTION_EXPECT_MAX == RECORD_EXPECT_MAX, "one batch is one batch below");

void interaction_task_expect(const struct interaction_task *t, struct event *events, size_t count) {
    uint64_t hashes[INTERACTION_EXPECT_MAX];
    CHECK(count <= INTERACTION_EXPECT_MAX);
    for (size_t k = 0; k < count; k++)
        hashes[k] = events[k].hash = record_hash(events[k].tenant, events[k].interaction_id);
    record_expect(&t->store, hashes, count);
}

int64_t interaction_task_clock(const struct interaction_task *t) {
    return t->clock;
}

bool interaction_task_ended(const struct interaction_task *t) {
    return t->ended;
}

int64_t interaction_task_newest_log_at(const struct interaction_task *t) {
    return t->newest_log_at;
}

int64_t interaction_task_next_due(const struct interaction_task *t) {
    int64_t due_at = wheel_next_due(t->wheel), forgets_at = settle_forgets_at(t);
    if (forgets_at < due_at)
        due_at = forgets_at;
    return t->effective_at < due_at ? t->effective_at : due_at;
}

size_t interaction_task_take_gauges(struct interaction_task *t, const struct gauge **gauges) {
    return gauges_take(&t->gauges, gauges);
}

size_t interaction_task_take_feeds(struct interaction_task *t, const struct report_feed **feeds) {
    return feeds_take(&t->feeds, feeds);
}

void interaction_task_forget_feeds(struct interaction_task *t) {
    const struct report_feed *told;
    (void)feeds_take(&t->feeds, &told);
}

size_t interaction_task_open(const struct interaction_task *t) {
    return t->open;
}

const struct interaction_task_counts *interaction_task_counts(const struct interaction_task *t) {
    return &t->counts;
}
