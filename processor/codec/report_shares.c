#include "codec/report_shares.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

void report_shares_init(struct report_shares *s, int32_t partitions) {
    CHECK(partitions > 0);
    *s = (struct report_shares){.partitions = partitions};
    s->first = calloc((size_t)partitions + 2, sizeof(*s->first));
    CHECK(s->first);
}

void report_shares_deinit(struct report_shares *s) {
    free(s->first);
    free(s->numbers);
}

static void make_room(struct report_shares *s, size_t count) {
    if (count <= s->room)
        return;
    s->room = count * 2;
    s->numbers = realloc(s->numbers, s->room * sizeof(*s->numbers));
    CHECK(s->numbers);
}

/* While they are put, next[p] is where the next one of partition p goes: where it ends, in the end,
 * and the one after it begins. */
void report_shares_make(struct report_shares *s, const int32_t *partition_of, size_t count) {
    uint32_t *next = s->first + 1;
    make_room(s, count);
    memset(s->first, 0, ((size_t)s->partitions + 2) * sizeof(*s->first));
    for (size_t i = 0; i < count; i++)
        next[partition_of[i] + 1]++;
    for (int32_t p = 0; p < s->partitions; p++)
        next[p + 1] += next[p];
    for (size_t i = 0; i < count; i++)
        s->numbers[next[partition_of[i]]++] = (uint32_t)i;
}
