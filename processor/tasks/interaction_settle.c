#include "tasks/interaction_parts.h"

#include <stdlib.h>

#include "base/check.h"

/* Folds the tail's first instant into the base, in silence: it was told when it came. */
void settle_first_instant(struct interaction_task *t, struct record *r, struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    struct fold fold = {.leaves = t->store.leaves, .ledger.sign = 1};
    uint32_t count = tail_first_instant(n);
    enum phase phase = r->base.phase;
    fold_instant(&fold, &r->base, n->tail, count);
    for (uint32_t k = 0; k < count; k++) {
        struct kept *kept = tail_take_kept(n, &n->tail[k]);
        if (n->tail[k].outcome == MOMENT_IMPOSSIBLE)
            letter_impossible(t, r, phase, &n->tail[k], kept, out);
        free(kept);
    }
    tail_remove_first(n, count);
}

void settle_until(struct interaction_task *t, struct record *r, int64_t horizon_at,
                  struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    if (r->base.phase == PHASE_NEW && n->count > 0 && n->tail[0].event_at >= horizon_at)
        return; /* the common case: all of it is recent */
    while (n->count > 0 && n->tail[0].event_at < horizon_at)
        settle_first_instant(t, r, out);
    struct fold fold = {.leaves = t->store.leaves, .ledger.sign = 1};
    fold_time(&fold, &r->base, horizon_at);
    if (n->count == 0 && n->now.fired_at == r->base.fired_at)
        record_cool(&t->store, r);
}

static int64_t kept_until(const struct interaction_task *t, const struct interaction *i) {
    int64_t kept_ms = i->resolved_at != INSTANT_NONE ? RESOLVED_KEPT_MS : CLOSED_KEPT_MS;
    if (kept_ms < t->options.reorder_ms)
        kept_ms = t->options.reorder_ms;
    return i->last_at + kept_ms;
}

/* A deadline passes when the clock is beyond it, and so does the end of `reorder`. */
int64_t settle_due_at(const struct interaction_task *t, const struct record *r) {
    struct fold fold = {.leaves = t->store.leaves};
    const struct interaction *now = record_now(&t->store, r);
    int64_t next_at = fold_next_at(&fold, now);
    const struct recent *n = record_recent(&t->store, r);
    if (n) {
        int64_t oldest_at = n->count > 0 ? n->tail[0].event_at : n->now.fired_at;
        int64_t settles_at = oldest_at + t->options.reorder_ms;
        if (settles_at < next_at)
            next_at = settles_at;
    } else if (!interaction_is_open(now)) {
        next_at = kept_until(t, now);
    }
    return next_at == INSTANT_MAX ? INSTANT_MAX : next_at + 1;
}
