#include "tasks/interaction_parts.h"

#include <stdlib.h>

#include "base/check.h"

/* Folds the tail's first instant into the base, in silence: it was told when it came. */
static void settle_instant(struct interaction_task *t, struct record *r, struct interaction *base,
                           struct moment *moments, uint32_t count, struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    struct fold fold = {.leaves = t->store.leaves, .ledger.sign = 1};
    enum phase phase = base->phase;
    fold_instant(&fold, base, moments, count);
    for (uint32_t k = 0; k < count; k++) {
        struct kept *kept = tail_take_kept(n, &moments[k]);
        if (moments[k].outcome == MOMENT_IMPOSSIBLE)
            letter_impossible(t, r, phase, &moments[k], kept, out);
        free(kept);
    }
}

void settle_first_instant(struct interaction_task *t, struct record *r, struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    struct interaction base;
    uint32_t count = moments_first_instant(t->after, tail_read(&t->store, n, t->after));
    record_read(&t->store, r, &base);
    settle_instant(t, r, &base, t->after, count, out);
    tail_remove_first(&t->store, n, count);
    record_write(&t->store, r, &base);
    recent_look(&t->store, n, &base);
}

/* Everything up to the horizon, which the base then is folded to. */
static void settle_some(struct interaction_task *t, struct record *r, int64_t horizon_at,
                        struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    struct interaction base;
    uint32_t count = tail_read(&t->store, n, t->after), from = 0;
    record_read(&t->store, r, &base);
    while (from < count && t->after[from].event_at < horizon_at) {
        uint32_t first = moments_first_instant(&t->after[from], count - from);
        settle_instant(t, r, &base, &t->after[from], first, out);
        from += first;
    }
    struct fold fold = {.leaves = t->store.leaves, .ledger.sign = 1};
    fold_time(&fold, &base, horizon_at);
    tail_remove_first(&t->store, n, from);
    record_write(&t->store, r, &base);
    recent_look(&t->store, n, &base);
}

static int64_t newest_at(const struct recent *n) {
    return n->count == 0 || n->now.fired_at > n->last_at ? n->now.fired_at : n->last_at;
}

/* Settling piece by piece costs as much for each event as the event itself. So a tail waits until
 * all of it is older than `reorder`, when what is now is what the base becomes; but not longer than
 * as much again, and not with an impossible event, which is to be said at its time. */
static int64_t settles_by_events(const struct interaction_task *t, const struct recent *n) {
    int64_t reorder_ms = t->options.reorder_ms;
    if (n->impossible)
        return n->first_at + reorder_ms;
    int64_t all_at = newest_at(n) + reorder_ms;
    return n->count > 0 && n->first_at + 2 * reorder_ms < all_at ? n->first_at + 2 * reorder_ms
                                                                 : all_at;
}

/* A site that was cut off sends what happened hours ago, in order: its events wait for each other
 * as long as those of today do, counted from when they were heard of. */
static int64_t settles_at(const struct interaction_task *t, const struct recent *n) {
    int64_t at = settles_by_events(t, n), heard_at = n->now.heard_at;
    if (heard_at == INSTANT_NONE || at > heard_at + t->options.reorder_ms)
        return at;
    return heard_at + t->options.reorder_ms;
}

bool settle_until(struct interaction_task *t, struct record *r, int64_t horizon_at,
                  struct interaction *base, struct outbox *out) {
    struct recent *n = record_recent(&t->store, r);
    if (settles_at(t, n) - t->options.reorder_ms >= horizon_at)
        return false;
    if (n->count > 0 && newest_at(n) < horizon_at && !n->impossible && !n->kept) {
        interaction_copy(base, &n->now);
        record_write(&t->store, r, base);
        tail_remove_first(&t->store, n, n->count);
        record_cool(&t->store, r);
        return true;
    }
    settle_some(t, r, horizon_at, out);
    /* A change of contracts lets the base run ahead of the horizon: only what is due tells. */
    if (n->count == 0 && n->base_next_at >= t->clock)
        record_cool(&t->store, r);
    return false;
}

static int64_t kept_from(const struct interaction_task *t, int64_t silent_from, int64_t kept_ms) {
    return silent_from + (kept_ms < t->options.reorder_ms ? t->options.reorder_ms : kept_ms);
}

static int64_t kept_until(const struct interaction_task *t, const struct interaction *i) {
    return kept_from(t, interaction_silent_from(i),
                     i->resolved_at != INSTANT_NONE ? RESOLVED_KEPT_MS : CLOSED_KEPT_MS);
}

bool settle_is_in_order(const struct interaction *now) {
    return now->resolved_at == INSTANT_NONE && interaction_silent_from(now) == now->last_at;
}

int64_t settle_forgets_at(const struct interaction_task *t) {
    if (t->closed.first == RECORD_NONE)
        return INSTANT_MAX;
    return kept_from(t, t->closed.oldest_at, CLOSED_KEPT_MS) + 1;
}

/* A deadline passes when the clock is beyond it, and so does the end of `reorder`. */
int64_t settle_due_at(const struct interaction_task *t, const struct record *r,
                      const struct interaction *now) {
    int64_t next_at;
    if (record_is_warm(r)) {
        const struct recent *n = record_recent(&t->store, r);
        int64_t settled_at = settles_at(t, n);
        next_at = settled_at < n->next_at ? settled_at : n->next_at;
    } else if (interaction_is_open(now)) {
        struct fold fold = {.leaves = t->store.leaves};
        next_at = fold_next_at(&fold, now);
    } else {
        next_at = kept_until(t, now);
    }
    return next_at == INSTANT_MAX ? INSTANT_MAX : next_at + 1;
}
