#include "core/page_budget.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define SECOND_MOST (INSTANT_MAX / SECOND_MS / 2)
#define PAGES_MOST INT32_MAX

void page_budget_deinit(struct page_budget *p) {
    free(p->seconds);
    *p = (struct page_budget){0};
}

static int64_t second_of(const struct page_budget *p, int64_t at) {
    int64_t second = instant_floor(at, SECOND_MS) / SECOND_MS;
    int64_t last = p->count > 0 ? p->seconds[p->count - 1].second : second;
    return second > last ? second : last;
}

/* Those that are an hour old, counted from the end of their second. */
static void forget(struct page_budget *p, int64_t second) {
    size_t past = 0;
    while (past < p->count && p->seconds[past].second <= second - PAGE_BUDGET_SECONDS)
        p->pages -= p->seconds[past++].pages;
    p->count -= past;
    if (past > 0)
        memmove(p->seconds, p->seconds + past, p->count * sizeof(*p->seconds));
}

static void append(struct page_budget *p, int64_t second, int64_t pages) {
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 16;
        p->seconds = realloc(p->seconds, p->capacity * sizeof(*p->seconds));
        CHECK(p->seconds);
    }
    p->seconds[p->count++] = (struct page_second){second, pages};
    p->pages += pages;
}

bool page_budget_take(struct page_budget *p, int64_t at, int64_t limit) {
    int64_t second = second_of(p, at);
    forget(p, second);
    if (p->pages >= limit)
        return false;
    if (p->count == 0 || p->seconds[p->count - 1].second != second) {
        append(p, second, 1);
        return true;
    }
    p->seconds[p->count - 1].pages++;
    p->pages++;
    return true;
}

int64_t page_budget_free_at(const struct page_budget *p, int64_t limit) {
    int64_t pages = p->pages;
    if (limit <= 0)
        return INSTANT_MAX;
    for (size_t i = 0; pages >= limit; i++) {
        pages -= p->seconds[i].pages;
        if (pages < limit)
            return (p->seconds[i].second + PAGE_BUDGET_SECONDS) * SECOND_MS;
    }
    return INSTANT_NONE;
}

void page_budget_save(const struct page_budget *p, struct buf *b) {
    buf_put_varint(b, p->count);
    for (size_t i = 0; i < p->count; i++) {
        buf_put_zigzag(b, p->seconds[i].second);
        buf_put_varint(b, (uint64_t)p->seconds[i].pages);
    }
}

/* After those that are there, within an hour of the first, and nothing that sums could leave. */
static bool is_sound(const struct page_budget *p, int64_t second, uint64_t pages) {
    bool known = second > -SECOND_MOST && second < SECOND_MOST && pages > 0 && pages <= PAGES_MOST;
    if (!known || p->count == 0)
        return known;
    return second > p->seconds[p->count - 1].second &&
           second < p->seconds[0].second + PAGE_BUDGET_SECONDS;
}

void page_budget_load(struct page_budget *p, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    if (count > PAGE_BUDGET_SECONDS)
        cursor_fail(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        int64_t second = cursor_zigzag(c);
        uint64_t pages = cursor_varint(c);
        if (is_sound(p, second, pages))
            append(p, second, (int64_t)pages);
        else
            cursor_fail(c);
    }
}
