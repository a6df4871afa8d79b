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

/* A day's worth of changes around it is all that can matter: offsets are below one day. */
int64_t zone_instant(const struct zone *z, int64_t local_ms, bool last) {
    if (z->count == 0)
        return local_ms;
    int64_t found = INSTANT_NONE;
    size_t end = change_at(z, local_ms + DAY_MS);
    for (size_t i = change_at(z, local_ms - DAY_MS); i <= end; i++) {
        int64_t at = local_ms - z->changes[i].offset_ms;
        int64_t until_at = i + 1 < z->count ? z->changes[i + 1].from_at : INSTANT_MAX;
        if (at >= until_at)
            continue;
        if (at < z->changes[i].from_at) /* jumped over, unless it was shown before the change */
            return found == INSTANT_NONE ? z->changes[i].from_at : found;
        found = at;
        if (!last)
            return found;
    }
    return found;
}
