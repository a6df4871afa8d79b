#include "core/match.h"

static bool holds_value(const struct match_values *any_of, struct slice value) {
    for (size_t i = 0; i < any_of->count; i++) {
        if (slice_equal(any_of->values[i], value))
            return true;
    }
    return any_of->count == 0;
}

static bool holds_bit(uint32_t any_of, unsigned value) {
    return any_of == 0 || (any_of & (1u << value)) != 0;
}

const char *match_miss(const struct match *m, const struct leaf *leaf) {
    unsigned direction = leaf->direction == DIRECTION_UNKNOWN ? DIRECTION_INBOUND : leaf->direction;
    return !holds_bit(m->channels, leaf->channel)      ? "channel"
           : !holds_bit(m->priorities, leaf->priority) ? "priority"
           : !holds_bit(m->directions, direction)      ? "direction"
           : !holds_value(&m->vendor, leaf->vendor)    ? "vendor"
           : !holds_value(&m->site, leaf->site)        ? "site"
           : !holds_value(&m->queue, leaf->queue)      ? "queue"
                                                       : NULL;
}

bool match_leaf(const struct match *m, const struct leaf *leaf) {
    return match_miss(m, leaf) == NULL;
}

bool match_leaf_anywhere(const struct match *m, const struct leaf *leaf) {
    unsigned direction = leaf->direction == DIRECTION_UNKNOWN ? DIRECTION_INBOUND : leaf->direction;
    return holds_bit(m->channels, leaf->channel) && holds_bit(m->directions, direction) &&
           holds_value(&m->vendor, leaf->vendor) && holds_value(&m->site, leaf->site);
}

/* In whatever order they are written. */
static bool same_values(const struct match_values *a, const struct match_values *b) {
    if ((a->count == 0) != (b->count == 0))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!holds_value(b, a->values[i]))
            return false;
    for (size_t i = 0; i < b->count; i++)
        if (!holds_value(a, b->values[i]))
            return false;
    return true;
}

bool match_equal(const struct match *a, const struct match *b) {
    return a->channels == b->channels && a->priorities == b->priorities &&
           a->directions == b->directions && same_values(&a->vendor, &b->vendor) &&
           same_values(&a->site, &b->site) && same_values(&a->queue, &b->queue);
}

static bool covers_value(const struct match_values *any_of, const struct scope *s,
                         enum scope_dimension d) {
    return !(s->mask & SCOPE_BIT(d)) || holds_value(any_of, s->values[d]);
}

static bool covers_channel(uint32_t any_of, const struct scope *s) {
    if (any_of == 0 || !(s->mask & SCOPE_BIT(SCOPE_CHANNEL)))
        return true;
    for (unsigned c = 0; c < CHANNEL_COUNT; c++) {
        if (slice_equal(s->values[SCOPE_CHANNEL], slice_of(channel_name((enum channel)c))))
            return holds_bit(any_of, c);
    }
    return false;
}

static bool covers_priority(uint32_t any_of, const struct scope *s) {
    if (any_of == 0 || !(s->mask & SCOPE_BIT(SCOPE_PRIORITY)))
        return true;
    for (unsigned p = 0; p < PRIORITY_COUNT; p++) {
        if (slice_equal(s->values[SCOPE_PRIORITY], slice_of(priority_name((enum priority)p))))
            return holds_bit(any_of, p);
    }
    return false;
}

bool match_covers_scope(const struct match *m, const struct scope *s) {
    return covers_value(&m->vendor, s, SCOPE_VENDOR) && covers_value(&m->site, s, SCOPE_SITE) &&
           covers_value(&m->queue, s, SCOPE_QUEUE) && covers_channel(m->channels, s) &&
           covers_priority(m->priorities, s);
}
