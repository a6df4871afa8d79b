/* How often people were paged within the last hour. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "base/instant.h"

/* Counted by the second: a page counts for at least an hour and at most a second longer. */
struct page_second {
    int64_t second; /* of the epoch */
    int64_t pages;
};

struct page_budget {
    struct page_second *seconds; /* owned; ascending, at most PAGE_BUDGET_SECONDS */
    size_t count, capacity;
    int64_t pages; /* of all of them */
};

#define PAGE_BUDGET_SECONDS 3601

void page_budget_deinit(struct page_budget *p);

/* One page at `at`, or at the instant of the last one where that is later. False: within the hour
 * before it there were `limit` already, and none is taken. */
bool page_budget_take(struct page_budget *p, int64_t at, int64_t limit);

/* When there is room for one more; INSTANT_NONE: at once, INSTANT_MAX: never. */
int64_t page_budget_free_at(const struct page_budget *p, int64_t limit);

/* Canonical bytes; load goes into one that is empty, and the cursor tells. */
void page_budget_save(const struct page_budget *p, struct buf *b);
void page_budget_load(struct page_budget *p, struct cursor *c);
