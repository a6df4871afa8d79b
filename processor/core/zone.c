#include "core/zone.h"

/* Index of the change that is in force at `at`; there is at least one. */
static size_t change_at(const struct zone *z, int64_t at) {
    size_t low = 0;
    size_t high = z->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (z->changes[middle].from_at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int32_t zone_offset_ms(const struct zone *z, int64_t at) {
    return z->count == 0 ? 0 : z->changes[change_at(z, at)].offset_ms;
}

static int64_t local_floor(const struct zone *z, size_t change, int64_t at, int64_t step_ms) {
    return instant_floor(at + z->changes[change].offset_ms, step_ms);
}

int64_t zone_floor(const struct zone *z, int64_t at, int64_t step_ms) {
    if (z->count == 0)
        return instant_floor(at, step_ms);

    for (size_t i = change_at(z, at);; i--) {
        int64_t local = local_floor(z, i, at, step_ms);
        int64_t from_at = z->changes[i].from_at;
        if (i == 0 || local - z->changes[i].offset_ms >= from_at)
            return local - z->changes[i].offset_ms;
        /* The clock jumped forward over the multiple: what it stands for begins at the jump. */
        if (local_floor(z, i - 1, from_at - 1, step_ms) < local)
            return from_at;
        at = from_at - 1;
    }
}
