#include "core/miss.h"

/* Who gives up in time is missing from these levels, and no case of the others. */
static bool counts_abandoned(enum level_variant variant) {
    return variant == VARIANT_ANSWERED_OF_OFFERED || variant == VARIANT_SHORT_EXCLUDED;
}

bool miss_is_of(const struct miss *m, const struct objective *o, int64_t within_ms) {
    switch (o->metric) {
    case METRIC_SERVICE_LEVEL:
        if (m->kind == MISS_LATE)
            return m->wait_ms == within_ms;
        return m->kind == MISS_ABANDONED && m->wait_ms <= within_ms && counts_abandoned(o->variant);
    case METRIC_ABANDON_RATE: return m->kind == MISS_ABANDONED;
    case METRIC_ATTAINMENT: return m->kind == MISS_CLOCK;
    default: return false;
    }
}

bool miss_is_wanted(const struct miss *m, const struct leaf *leaf) {
    const struct contract *c = leaf->contract;
    for (size_t i = 0; i < c->objective_count; i++) {
        const struct objective *o = &c->objectives[i];
        int64_t within_ms = o->within_ms > 0 ? o->within_ms : m->wait_ms;
        if (miss_is_of(m, o, within_ms) && match_leaf(&o->when, leaf))
            return true;
    }
    return false;
}
