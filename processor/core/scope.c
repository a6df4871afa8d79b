#include "core/scope.h"

#define SCOPE_NAME_ROW(symbol, name) name,

static const char *const dimension_names[] = {SCOPE_DIMENSIONS(SCOPE_NAME_ROW)};

struct scope scope_of_leaf(const struct leaf *leaf, uint32_t mask) {
    struct scope s = {.mask = mask};
    if (mask & SCOPE_BIT(SCOPE_VENDOR))
        s.values[SCOPE_VENDOR] = leaf->vendor;
    if (mask & SCOPE_BIT(SCOPE_SITE))
        s.values[SCOPE_SITE] = leaf->site;
    if (mask & SCOPE_BIT(SCOPE_QUEUE))
        s.values[SCOPE_QUEUE] = leaf->queue;
    if (mask & SCOPE_BIT(SCOPE_CHANNEL))
        s.values[SCOPE_CHANNEL] = slice_of(channel_name((enum channel)leaf->channel));
    if (mask & SCOPE_BIT(SCOPE_PRIORITY))
        s.values[SCOPE_PRIORITY] = slice_of(priority_name((enum priority)leaf->priority));
    return s;
}

struct scope scope_of_site(struct slice site) {
    struct scope scope = {.mask = site.size > 0 ? SCOPE_BIT(SCOPE_SITE) : 0};
    scope.values[SCOPE_SITE] = site;
    return scope;
}

/* Bytes that need no percent sign. */
static const bool stands_for_itself[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['_'] = true,
    ['.'] = true,         ['-'] = true,         ['~'] = true};

void scope_encode(struct slice value, struct buf *b) {
    static const char hex[] = "0123456789ABCDEF";
    size_t from = 0; /* what stands for itself and is not yet written */
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (stands_for_itself[c])
            continue;
        buf_put(b, value.at + from, i - from);
        buf_put(b, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
        from = i + 1;
    }
    if (from < value.size)
        buf_put(b, value.at + from, value.size - from);
}

void scope_format(const struct scope *s, struct buf *b) {
    if (s->mask == 0)
        buf_put(b, "all", 3);
    bool first = true;
    for (unsigned d = 0; d < SCOPE_DIMENSION_COUNT; d++) {
        if (!(s->mask & SCOPE_BIT(d)))
            continue;
        if (!first)
            buf_put_u8(b, '/');
        first = false;
        buf_put(b, dimension_names[d], strlen(dimension_names[d]));
        buf_put_u8(b, '=');
        scope_encode(s->values[d], b);
    }
}

bool scope_parse_dimension(struct slice name, enum scope_dimension *dimension) {
    for (unsigned d = 0; d < SCOPE_DIMENSION_COUNT; d++) {
        if (!slice_equal(name, slice_of(dimension_names[d])))
            continue;
        *dimension = (enum scope_dimension)d;
        return true;
    }
    return false;
}

bool scope_equal(const struct scope *a, const struct scope *b) {
    return scope_compare(a, b) == 0;
}

uint64_t scope_hash(const struct scope *s, uint64_t seed) {
    uint64_t hash = slice_hash((struct slice){(const char *)&s->mask, sizeof(s->mask)}, seed);
    for (unsigned d = 0; d < SCOPE_DIMENSION_COUNT; d++) {
        if (s->mask & SCOPE_BIT(d))
            hash = slice_hash(s->values[d], hash);
    }
    return hash;
}

int scope_compare(const struct scope *a, const struct scope *b) {
    if (a->mask != b->mask)
        return a->mask < b->mask ? -1 : 1;
    for (unsigned d = 0; d < SCOPE_DIMENSION_COUNT; d++) {
        int order = a->mask & SCOPE_BIT(d) ? slice_compare(a->values[d], b->values[d]) : 0;
        if (order != 0)
            return order;
    }
    return 0;
}
