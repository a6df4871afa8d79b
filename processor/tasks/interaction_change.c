#include "tasks/interaction_parts.h"

#include "base/check.h"

static struct fold fold_for(struct interaction_task *t, struct outbox *out, int32_t sign,
                            struct ledger_facts *facts) {
    facts->count = 0;
    return (struct fold){.leaves = t->store.leaves,
                         .ledger = {.deltas = out->deltas, .facts = facts, .sign = sign}};
}

/* The common case: the event follows all that is known, and no timer has gone past it. */
static void append(struct interaction_task *t, struct record *r, const struct moment *m,
                   struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    bool same_instant = n->count > 0 && n->tail[n->count - 1].event_at == m->event_at;
    uint32_t at = tail_insert(n, m); /* may move the tail */
    struct moment *place = &n->tail[at];
    struct fold fold = fold_for(t, out, 1, &t->holds);
    place->outcome = (uint8_t)fold_event(&fold, &n->now, place);
    n->plain = place->outcome == MOMENT_EFFECT && (n->plain || !same_instant);
    fold_time(&fold, &n->now, t->clock);
    t->counts.aged_out += fold.aged;
    if (t->holds.count > 0)
        facts_tell(&t->holds, t->store.leaves, record_id(r), out);
}

/* Takes back what base and the old tail contributed, and contributes anew. */
static void restate(struct interaction_task *t, struct record *r, uint32_t before_count,
                    struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    struct interaction then = r->base;
    struct fold back = fold_for(t, out, -1, &t->told);
    fold_all(&back, &then, t->before, before_count, t->clock);

    struct fold anew = fold_for(t, out, 1, &t->holds);
    n->now = r->base;
    n->plain = fold_all(&anew, &n->now, n->tail, n->count, t->clock);
    facts_correct(&t->told, &t->holds, t->store.leaves, record_id(r), out);
    t->counts.restated++;
}

static uint32_t remember_tail(struct interaction_task *t, const struct recent *n) {
    memcpy(t->before, n->tail, n->count * sizeof(*n->tail));
    return n->count;
}

static void insert(struct interaction_task *t, struct record *r, const struct moment *m,
                   uint32_t replaces, struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    uint32_t before_count = remember_tail(t, n);
    if (n->count > 0 && m->event_at < n->tail[n->count - 1].event_at)
        t->counts.out_of_order++;
    if (replaces != TAIL_NONE)
        tail_remove(n, replaces);
    tail_insert(n, m);
    restate(t, r, before_count, out);
}

void change_by_event(struct interaction_task *t, uint32_t handle, const struct moment *m,
                     const struct record_place *place, struct outbox *out) {
    struct record *r = record_at(&t->store, handle);
    struct recent *n = record_warm(&t->store, r);
    uint32_t known = tail_find(n, m->identity);
    if (known != TAIL_NONE && m->revision <= n->tail[known].revision) {
        t->counts.duplicates++;
        return;
    }
    t->counts.events++;
    /* A tail that is full forgets its oldest early. */
    if (n->count == MOMENTS_MAX) {
        settle_first_instant(t, r, out);
        known = tail_find(n, m->identity);
    }
    if (known == TAIL_NONE && tail_is_next(n, m))
        append(t, r, m, out);
    else
        insert(t, r, m, known, out);
    uint32_t at = tail_find(n, m->identity);
    if (n->tail[at].outcome == MOMENT_IMPOSSIBLE)
        tail_keep(n, m, place);
}

void change_by_time(struct interaction_task *t, uint32_t handle, struct outbox *out) {
    struct record *r = record_at(&t->store, handle);
    struct fold fold = fold_for(t, out, 1, &t->holds);
    if (fold_next_at(&fold, record_now(&t->store, r)) >= t->clock)
        return;
    struct recent *n = record_warm(&t->store, r);
    fold_time(&fold, &n->now, t->clock);
    t->counts.aged_out += fold.aged;
    facts_tell(&t->holds, t->store.leaves, record_id(r), out);
}

static void count_open(struct interaction_task *t, struct record *r, bool open) {
    if (open != r->open)
        t->open += open ? 1 : (size_t)-1;
    r->open = open;
}

/* Once its last event is too late to be taken again, nothing is left to be told apart. */
static void bury(struct interaction_task *t, const struct record *r) {
    int64_t from_at = t->clock - t->options.lateness_ms;
    graves_forget(&t->graves, from_at);
    if (r->base.phase == PHASE_NEW || r->base.last_at < from_at)
        return;
    struct grave_name name = {r->hash, record_tenant(&t->store, r), record_id(r)};
    t->counts.graves_lost += graves_bury(&t->graves, name, r->base.last_at);
}

void change_drop(struct interaction_task *t, uint32_t handle) {
    bury(t, record_at(&t->store, handle));
    count_open(t, record_at(&t->store, handle), false);
    wheel_disarm(t->wheel, handle);
    gauges_remove(&t->gauges, handle);
    closed_remove(t, handle);
    record_drop(&t->store, handle);
}

void change_link(struct interaction_task *t, uint32_t handle, int64_t due_at) {
    struct record *r = record_at(&t->store, handle);
    gauges_update(&t->gauges, handle);
    count_open(t, r, interaction_is_open(record_now(&t->store, r)));
    if (r->timer.slot != WHEEL_NONE && r->timer.due_at == due_at)
        return;
    wheel_disarm(t->wheel, handle);
    if (due_at != INSTANT_MAX)
        wheel_arm(t->wheel, handle, due_at);
}

void change_finish(struct interaction_task *t, uint32_t handle, struct outbox *out) {
    struct record *r = record_at(&t->store, handle);
    closed_remove(t, handle);
    if (r->recent != POOL_NONE)
        settle_until(t, r, t->clock - t->options.reorder_ms, out);
    int64_t due_at = settle_due_at(t, r);
    bool forgotten = r->recent == POOL_NONE &&
                     (r->base.phase == PHASE_NEW ||
                      (!interaction_is_open(&r->base) && due_at <= t->clock));
    if (forgotten) {
        change_drop(t, handle);
        return;
    }
    CHECK(due_at > t->clock);
    change_link(t, handle, due_at);
    closed_update(t, handle);
}
