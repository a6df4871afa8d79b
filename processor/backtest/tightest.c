#include "backtest/tightest.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/instant.h"

void tightest_init(struct tightest *t, bool at_least, int64_t hold_ms) {
    *t = (struct tightest){.at_least = at_least, .hold_ms = hold_ms, .since_at = INSTANT_NONE};
}

void tightest_deinit(struct tightest *t) {
    free(t->best);
}

static bool is_better(const struct tightest *t, double value, double than) {
    return t->at_least ? value >= than : value <= than;
}

static struct tightest_step *step_at(const struct tightest *t, size_t index) {
    return &t->best[(t->first + index) & (t->capacity - 1)];
}

static void grow(struct tightest *t) {
    size_t capacity = t->capacity ? t->capacity * 2 : 4; /* a power of two */
    struct tightest_step *best = calloc(capacity, sizeof(*best));
    CHECK(best);
    for (size_t i = 0; i < t->count; i++)
        best[i] = *step_at(t, i);
    free(t->best);
    t->best = best;
    t->first = 0;
    t->capacity = capacity;
}

/* Returns the best of the last `hold`. The best come first; who is behind a better one that stays
 * longer is never the best again. */
static double push(struct tightest *t, int64_t at, double value) {
    while (t->count > 0 && is_better(t, value, step_at(t, t->count - 1)->value))
        t->count--;
    if (t->count == t->capacity)
        grow(t);
    *step_at(t, t->count++) = (struct tightest_step){at, value};
    while (t->best[t->first].at < at - t->hold_ms) {
        t->first = (t->first + 1) & (t->capacity - 1);
        t->count--;
    }
    return t->best[t->first].value;
}

void tightest_step(struct tightest *t, int64_t at, bool thin, double value) {
    if (thin) {
        t->since_at = INSTANT_NONE;
        t->count = 0;
        return;
    }
    if (t->since_at == INSTANT_NONE)
        t->since_at = at;
    double best = t->hold_ms > 0 ? push(t, at, value) : value;
    if (at - t->since_at < t->hold_ms)
        return;
    if (!t->known || is_better(t, t->value, best))
        t->value = best;
    t->known = true;
}
