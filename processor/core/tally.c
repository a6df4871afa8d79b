#include "core/tally.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/check.h"

void tally_init(struct tally *t, uint32_t key_limit) {
    t->values = calloc(key_limit, sizeof(*t->values));
    t->touched = calloc(key_limit / 64 + 1, sizeof(*t->touched));
    t->used = 0;
    CHECK(t->values && t->touched);
}

void tally_deinit(struct tally *t) {
    free(t->values);
    free(t->touched);
    *t = (struct tally){0};
}

void tally_reset(struct tally *t) {
    for (uint32_t key = 0; tally_next(t, &key); key++)
        t->values[key] = 0;
    memset(t->touched, 0, t->used * sizeof(*t->touched));
    t->used = 0;
}

void tally_packed(struct tally *t, struct slice packed, int sign) {
    struct pane_reader reader = pane_read_packed(packed);
    struct pane_entry e;
    while (pane_next(&reader, &e))
        tally_add(t, e.key, sign * e.value);
}

void tally_merge(struct tally *t, const struct tally *other, int sign) {
    for (uint32_t key = 0; tally_next(other, &key); key++)
        tally_add(t, key, sign * other->values[key]);
}

size_t tally_count(const struct tally *t, uint32_t from, uint32_t to) {
    size_t count = 0;
    size_t end = to / 64 < t->used ? to / 64 : t->used;
    for (size_t word = from / 64; word < end; word++)
        count += bits_count(t->touched[word]);
    return count;
}
