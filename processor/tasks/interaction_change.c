#include "tasks/interaction_parts.h"

#include "base/check.h"

static struct fold fold_for(struct interaction_task *t, struct outbox *out, int32_t sign,
                            struct ledger_facts *facts) {
    ledger_facts_reset(facts);
    return (struct fold){.leaves = t->store.leaves,
                         .ledger = {.deltas = out->deltas, .facts = facts, .sign = sign}};
}

static void count_in(struct interaction_task *t, const struct gauge_standing *stood, bool was_open,
                     const struct interaction *now) {
    if (!t->options.without_ages) {
        struct gauge_standing stands = gauges_standing(now);
        gauges_move(&t->gauges, stood, &stands);
    }
    bool open = interaction_is_open(now);
    if (open != was_open)
        t->open += open ? 1 : (size_t)-1;
}

void change_follow(struct interaction_task *t, const struct record *r, const struct standing *stood,
                   const struct interaction *now, struct outbox *out) {
    count_in(t, &stood->ages, stood->open, now);
    journey_follow(t, r, &stood->journey, now, out);
}

void change_appear(struct interaction_task *t, const struct interaction *now) {
    struct gauge_standing nowhere = gauges_nowhere();
    count_in(t, &nowhere, false, now);
}

/* What has settled adds to the journey what is still known of it, what is in the tail all of it. */
static void name_journey(struct interaction_task *t, struct record *r, uint64_t journey) {
    struct recent *n = record_recent(&t->store, r);
    struct interaction base;
    record_read(&t->store, r, &base);
    fold_name_journey(&base, journey);
    record_write(&t->store, r, &base);
    interaction_copy(&n->now, &base);
    struct fold silent = {.leaves = t->store.leaves, .ledger.sign = 1};
    uint32_t count = tail_read(&t->store, n, t->after);
    n->plain = fold_all(&silent, &n->now, t->after, count, t->clock);
    recent_look_ahead(&t->store, n);
}

/* The first one that is named stands. */
static void hear_journey(struct interaction_task *t, struct record *r, uint64_t journey) {
    uint64_t known = record_recent(&t->store, r)->now.journey.journey;
    if (known == 0)
        name_journey(t, r, journey);
    else
        t->counts.other_journeys += known != journey;
}

/* What a fold wrote beside its counts. */
static void tell_holds(struct interaction_task *t, const struct record *r, struct outbox *out) {
    if (t->holds.count > 0)
        facts_tell(&t->holds, t->store.leaves, record_id(&t->store, r), out);
    if (t->holds.span_count > 0)
        efforts_tell(t, r, &t->holds, out);
    if (t->holds.miss_count > 0)
        misses_tell(&t->holds, t->store.leaves, record_id(&t->store, r), out);
}

/* The common case: the event follows all that is known, and no timer has gone past it. Returns
 * what became of it. */
static enum moment_outcome append(struct interaction_task *t, struct record *r, struct moment *m,
                                  struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    bool same_instant = n->count > 0 && n->last_at == m->event_at;
    struct fold fold = fold_for(t, out, 1, &t->holds);
    if (n->next_at < m->event_at)
        fold_time(&fold, &n->now, m->event_at);
    enum moment_outcome outcome = fold_event_alone(&fold, &n->now, m);
    m->outcome = (uint8_t)outcome;
    tail_append(&t->store, n, m);
    n->plain = outcome == MOMENT_EFFECT && (n->plain || !same_instant);
    recent_look_ahead(&t->store, n);
    if (n->next_at < t->clock)
        n->next_at = fold_time(&fold, &n->now, t->clock);
    t->counts.aged_out += fold.aged;
    tell_holds(t, r, out);
    return outcome;
}

/* Older than what waits to be sorted; only news from a site that was cut off. */
static bool is_late(const struct interaction_task *t, const struct moment *m) {
    return t->clock != INSTANT_NONE && m->event_at < t->clock - t->options.reorder_ms;
}

/* Takes back what base and the old tail contributed, and contributes anew. */
static void restate(struct interaction_task *t, struct record *r, uint32_t before_count,
                    uint32_t after_count, bool late, struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    struct interaction then;
    record_read(&t->store, r, &then);
    interaction_copy(&n->now, &then);
    if (late) {
        n->now.heard_at = t->clock;
        record_write(&t->store, r, &n->now);
        recent_look(&t->store, n, &n->now);
    }
    struct fold back = fold_for(t, out, -1, &t->told);
    efforts_begin(&t->told, &then);
    fold_all(&back, &then, t->before, before_count, t->clock);

    struct fold anew = fold_for(t, out, 1, &t->holds);
    efforts_begin(&t->holds, &n->now);
    n->plain = fold_all(&anew, &n->now, t->after, after_count, t->clock);
    recent_look_ahead(&t->store, n);
    tail_write(&t->store, n, t->after, after_count);
    facts_correct(&t->told, &t->holds, t->store.leaves, record_id(&t->store, r), out);
    efforts_correct(t, r, &t->told, &t->holds, out);
    misses_correct(&t->told, &t->holds, t->store.leaves, record_id(&t->store, r), out);
    t->counts.restated++;
}

static enum moment_outcome insert(struct interaction_task *t, struct record *r,
                                  const struct moment *m, struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    if (n->count > 0 && m->event_at < n->last_at)
        t->counts.out_of_order++;
    uint32_t before_count = tail_read(&t->store, n, t->before), after_count = 0;
    for (uint32_t k = 0; k < before_count; k++) {
        if (t->before[k].identity != m->identity)
            t->after[after_count++] = t->before[k];
    }
    moments_insert(t->after, after_count++, m);
    restate(t, r, before_count, after_count, is_late(t, m), out);
    for (uint32_t k = 0; k < after_count; k++) {
        if (t->after[k].identity == m->identity)
            return t->after[k].outcome;
    }
    UNREACHABLE("the moment that was just inserted");
}

static bool is_repeat(struct interaction_task *t, const uint64_t *known, const struct moment *m) {
    struct moment there;
    unpack_moment(&t->store.names, known, &there);
    t->counts.revisions += m->revision > there.revision;
    t->counts.revisions_old += m->revision < there.revision;
    return m->revision <= there.revision;
}

static void count_record(struct interaction_task *t, const struct moment *m,
                         enum moment_outcome outcome) {
    if (m->type != EVENT_RECORD_SNAPSHOT)
        return;
    if (outcome == MOMENT_EFFECT)
        t->counts.records++;
    else
        t->counts.records_old++;
}

static void take(struct interaction_task *t, struct record *r, struct moment *m,
                 const struct record_place *place, struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    const uint64_t *known = tail_find(&t->store, n, m->identity);
    if (known && is_repeat(t, known, m)) {
        t->counts.duplicates++;
        return;
    }
    t->counts.events++;
    /* A tail that is full forgets its oldest early. */
    if (n->count == MOMENTS_MAX) {
        settle_first_instant(t, r, out);
        known = tail_find(&t->store, n, m->identity);
    }
    bool next = !known && !is_late(t, m) && tail_is_next(&t->store, n, m);
    enum moment_outcome outcome = next ? append(t, r, m, out) : insert(t, r, m, out);
    count_record(t, m, outcome);
    if (outcome == MOMENT_IMPOSSIBLE)
        tail_keep(n, m, place);
}

void change_by_event(struct interaction_task *t, uint32_t handle, struct moment *m,
                     uint64_t journey, const struct record_place *place, struct outbox *out) {
    closed_remove(t, handle);
    struct record *r = record_at(&t->store, handle);
    struct recent *n = record_warm(&t->store, r);
    struct standing stood = change_standing(t, &n->now);
    if (journey != 0)
        hear_journey(t, r, journey);
    take(t, r, m, place, out);
    change_follow(t, r, &stood, &n->now, out);
}

static void change_by_time(struct interaction_task *t, struct record *r, uint32_t handle,
                           struct outbox *out) {
    struct fold fold = fold_for(t, out, 1, &t->holds);
    closed_remove(t, handle);
    struct recent *n = record_warm(&t->store, r);
    struct standing stood = change_standing(t, &n->now);
    n->next_at = fold_time(&fold, &n->now, t->clock);
    t->counts.aged_out += fold.aged;
    tell_holds(t, r, out);
    change_follow(t, r, &stood, &n->now, out);
}

/* Once its last event is too late to be taken again, nothing is left to be told apart. */
static void bury(struct interaction_task *t, struct grave_name name, int64_t last_at) {
    int64_t from_at = t->clock - t->options.lateness_ms;
    graves_forget(&t->graves, from_at);
    if (last_at != INSTANT_NONE && last_at >= from_at)
        t->counts.graves_lost += graves_bury(&t->graves, name, last_at);
}

void change_drop(struct interaction_task *t, uint32_t handle) {
    const struct record *r = record_at(&t->store, handle);
    struct record_names names = record_names(&t->store, r);
    struct grave_name name = {.tenant = leaf_dict_at(t->store.leaves, names.tenant_leaf)->tenant,
                              .id = names.id};
    name.hash = record_hash(name.tenant, name.id);
    closed_remove(t, handle);
    bury(t, name, record_head(&t->store, r).last_at);
    wheel_disarm(t->wheel, handle);
    record_drop(&t->store, handle, name.hash);
}

void change_arm(struct interaction_task *t, uint32_t handle, int64_t due_at) {
    if (due_at == INSTANT_MAX)
        wheel_disarm(t->wheel, handle);
    else
        wheel_arm(t->wheel, handle, due_at);
}

/* Nothing is left of it that is worth a record. */
static bool is_forgotten(const struct interaction_task *t, const struct record *r,
                         const struct interaction *now, int64_t due_at) {
    return !record_is_warm(r) &&
           (now->phase == PHASE_NEW || (!interaction_is_open(now) && due_at <= t->clock));
}

/* With what it is now. */
static void finish(struct interaction_task *t, uint32_t handle, const struct interaction *now) {
    const struct record *r = record_at(&t->store, handle);
    int64_t due_at = settle_due_at(t, r, now);
    if (is_forgotten(t, r, now, due_at)) {
        change_drop(t, handle);
        return;
    }
    CHECK(due_at > t->clock);
    bool closed = !record_is_warm(r) && !interaction_is_open(now);
    bool in_order = closed && settle_is_in_order(now);
    change_arm(t, handle, in_order ? INSTANT_MAX : due_at);
    if (closed)
        closed_add(t, handle, now->last_at, in_order);
}

void change_finish(struct interaction_task *t, uint32_t handle, struct outbox *out) {
    struct record *r = record_at(&t->store, handle);
    if (record_is_warm(r)) {
        int64_t due_at = settle_due_at(t, r, &record_recent(&t->store, r)->now);
        if (due_at > t->clock) {
            change_arm(t, handle, due_at);
            return;
        }
    }
    int64_t horizon_at = t->clock - t->options.reorder_ms;
    struct interaction base;
    const struct interaction *now = &base;
    bool known = record_is_warm(r) && settle_until(t, r, horizon_at, &base, out);
    if (record_is_warm(r))
        now = &record_recent(&t->store, r)->now;
    else if (!known)
        record_read(&t->store, r, &base);
    finish(t, handle, now);
}

void change_on_timer(struct interaction_task *t, uint32_t handle, struct outbox *out) {
    struct record *r = record_at(&t->store, handle);
    const struct fold fold = {.leaves = t->store.leaves};
    bool warm = record_is_warm(r);
    struct interaction base;
    if (!warm)
        record_read(&t->store, r, &base);
    int64_t next_at = warm ? record_recent(&t->store, r)->next_at : fold_next_at(&fold, &base);
    if (next_at < t->clock)
        change_by_time(t, r, handle, out);
    if (warm || next_at < t->clock)
        change_finish(t, handle, out);
    else
        finish(t, handle, &base);
}
