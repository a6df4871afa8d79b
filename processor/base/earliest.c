#include "base/earliest.h"

#include <string.h>

#include "base/check.h"

/* Where an instant stands or would stand: behind all that are later. */
static size_t place_of(const struct earliest *e, int64_t at) {
    size_t place = e->count;
    while (place > 0 && e->at[place - 1] < at)
        place--;
    return place;
}

/* Puts it in its place; the latest gives way when there is no room. */
static void insert(struct earliest *e, int64_t at) {
    size_t place = place_of(e, at);
    if (e->count < EARLIEST_KEPT) {
        memmove(e->at + place + 1, e->at + place, (e->count - place) * sizeof(e->at[0]));
        e->at[place] = at;
        e->count++;
        return;
    }
    memmove(e->at, e->at + 1, (place - 1) * sizeof(e->at[0]));
    e->at[place - 1] = at;
}

void earliest_add(struct earliest *e, int64_t at, size_t others) {
    bool all_kept = e->count == others && others < EARLIEST_KEPT;
    if (all_kept || (e->count > 0 && at < e->at[0]))
        insert(e, at);
}

void earliest_remove(struct earliest *e, int64_t at) {
    if (e->count == 0 || at > e->at[0])
        return;
    size_t place = place_of(e, at);
    CHECK(place > 0 && e->at[place - 1] == at);
    e->count--;
    memmove(e->at + place - 1, e->at + place, (e->count - (place - 1)) * sizeof(e->at[0]));
}

void earliest_reset(struct earliest *e) {
    e->count = 0;
}

void earliest_offer(struct earliest *e, int64_t at) {
    if (e->count < EARLIEST_KEPT || at < e->at[0])
        insert(e, at);
}

int64_t earliest_next(const struct earliest *e) {
    CHECK(e->count > 0);
    return e->at[e->count - 1];
}
