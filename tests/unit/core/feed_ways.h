/* A judge of feeds hears the same news in two ways, and must say and keep the same. */
#pragma once

#include "base/buf.h"
#include "base/property.h"
#include "judge_fixture.h"

/* All the news through a new state of the judge; its bytes in the end. `lazy`: far ahead, the
 * newest first, due steps alone, and with restarts; else every step, each record as it comes. */
typedef void feed_ways_run(struct judge_fixture *f, const void *news, bool lazy, struct buf *state);

static inline void feed_ways_new_book(struct judge_fixture *f) {
    episode_book_free(f->ctx.book);
    f->ctx.book = episode_book_new(f->ctx.tenant, EPISODE_OPEN_LIMIT);
}

/* Both alerts' ids are of different books. */
static inline bool feed_ways_same(const struct alert *a, const struct alert *b) {
    return a->transition == b->transition && a->condition_at == b->condition_at &&
           a->opened_at == b->opened_at && a->resolved_at == b->resolved_at &&
           a->observed == b->observed && a->numerator == b->numerator && a->sample == b->sample;
}

/* What either way said is the same; how much that was. The fixture's book is new afterwards. */
static inline size_t feed_ways_check(struct judge_fixture *f, uint64_t seed, feed_ways_run *run,
                                     const void *news) {
    struct buf eager, lazy;
    buf_init(&eager);
    buf_init(&lazy);
    f->count = 0;
    run(f, news, false, &eager);
    size_t said = f->count;
    feed_ways_new_book(f);
    struct judge_fixture other = *f;
    other.said += said;
    other.count = 0;
    other.out.context = &other;
    other.ctx.out = &other.out;
    run(&other, news, true, &lazy);
    REQUIRE(seed, other.count == said);
    for (size_t i = 0; i < said; i++)
        REQUIRE(seed, feed_ways_same(&f->said[i].a, &other.said[i].a));
    REQUIRE(seed, slice_equal(buf_slice(&eager), buf_slice(&lazy)));
    feed_ways_new_book(f);
    buf_deinit(&eager);
    buf_deinit(&lazy);
    return said;
}
