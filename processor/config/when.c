#include "config/when.h"

/* UNKNOWN stands first in each enum and is nothing that a contract can name. */
const char *when_channel_word(size_t index) {
    return index + 1 < CHANNEL_COUNT ? channel_name((enum channel)(index + 1)) : NULL;
}

const char *when_priority_word(size_t index) {
    return index + 1 < PRIORITY_COUNT ? priority_name((enum priority)(index + 1)) : NULL;
}

const char *when_direction_word(size_t index) {
    return index + 1 < DIRECTION_COUNT ? direction_name((enum direction)(index + 1)) : NULL;
}

static const char *dimension_word(size_t index) {
#define DIMENSION_WORD(symbol, name) name,
    static const char *const words[] = {SCOPE_DIMENSIONS(DIMENSION_WORD) NULL};
    return words[index];
}

static void read_bits(struct reader *r, const struct tree_node *node, const char *kind,
                      reader_word_fn *words, uint32_t *bits) {
    for (const struct tree_node *n = reader_first(r, node); n; n = reader_next(node, n)) {
        size_t index;
        if (reader_word(r, n, kind, words, &index))
            *bits |= 1u << (index + 1);
    }
}

static void read_values(struct reader *r, const struct tree_node *node,
                        struct match_values *values) {
    size_t room = node->kind == TREE_LIST ? tree_count(node) : 1;
    values->values = arena_get(r->arena, room, sizeof(*values->values));
    for (const struct tree_node *n = reader_first(r, node); n; n = reader_next(node, n)) {
        if (reader_text(r, n, &values->values[values->count]))
            values->count++;
    }
}

static void not_empty(struct reader *r, const struct tree_node *node) {
    if (node->kind == TREE_LIST && !node->first)
        reader_fault(r, node->line, "leave the key out: then any fits", "%s: [] fits nothing",
                     node->key.at);
}

#define READ_VALUES(dimension)                                                                     \
    static void read_##dimension(struct reader *r, const struct tree_node *n, void *target) {      \
        not_empty(r, n);                                                                           \
        read_values(r, n, &((struct match *)target)->dimension);                                   \
    }
READ_VALUES(vendor)
READ_VALUES(site)
READ_VALUES(queue)

static void read_channel(struct reader *r, const struct tree_node *n, void *target) {
    not_empty(r, n);
    read_bits(r, n, "channel", when_channel_word, &((struct match *)target)->channels);
}

static void read_priority(struct reader *r, const struct tree_node *n, void *target) {
    not_empty(r, n);
    read_bits(r, n, "priority", when_priority_word, &((struct match *)target)->priorities);
}

static void read_direction(struct reader *r, const struct tree_node *n, void *target) {
    not_empty(r, n);
    read_bits(r, n, "direction", when_direction_word, &((struct match *)target)->directions);
}

void when_read(struct reader *r, const struct tree_node *node, struct match *match) {
    static const struct reader_key keys[] = {
        {"vendor", read_vendor, false},
        {"site", read_site, false},
        {"queue", read_queue, false},
        {"channel", read_channel, false},
        {"priority", read_priority, false},
        {"direction", read_direction, false},
        {NULL, NULL, false},
    };
    (void)reader_map(r, node, keys, match);
}

void when_read_per(struct reader *r, const struct tree_node *node, uint32_t *mask) {
    *mask = 0;
    for (const struct tree_node *n = reader_first(r, node); n; n = reader_next(node, n)) {
        size_t index;
        if (!reader_word(r, n, "dimension", dimension_word, &index))
            continue;
        if (index == SCOPE_AGENT)
            reader_unsupported(r, n->line, "judge per queue or site", "per: agent");
        else if (*mask & SCOPE_BIT(index))
            reader_fault(r, n->line, "name it once", "per names %s twice", n->text.at);
        else
            *mask |= SCOPE_BIT(index);
    }
}
