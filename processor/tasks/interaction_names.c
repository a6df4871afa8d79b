#include "tasks/interaction_names.h"

#include <stdlib.h>
#include <string.h>

void names_init(struct names *n, const struct leaf_dict *dict) {
    *n = (struct names){.dict = dict};
    table_init(&n->tenants, 0);
}

void names_deinit(struct names *n) {
    free(n->leaves);
    free(n->firsts);
    free(n->places);
    table_deinit(&n->tenants);
    *n = (struct names){0};
}

static void know(struct names *n, uint32_t leaf) {
    if (leaf < n->place_count)
        return;
    uint32_t count = n->place_count == 0 ? 64 : n->place_count;
    while (count <= leaf)
        count *= 2;
    n->places = realloc(n->places, count * sizeof(*n->places));
    CHECK(n->places);
    memset(n->places + n->place_count, 0, (count - n->place_count) * sizeof(*n->places));
    n->place_count = count;
}

static bool is_of_tenant(const void *context, uint32_t place, const void *key) {
    const struct names *n = context;
    return slice_equal(leaf_dict_at(n->dict, n->leaves[place])->tenant, *(const struct slice *)key);
}

static uint32_t first_of_tenant(struct names *n, uint32_t place) {
    struct slice tenant = leaf_dict_at(n->dict, n->leaves[place])->tenant;
    uint64_t hash = slice_hash(tenant, 0);
    uint32_t first = table_find(&n->tenants, hash, is_of_tenant, n, &tenant);
    if (first != TABLE_NONE)
        return first;
    table_insert(&n->tenants, hash, place);
    return place;
}

static void make_room(struct names *n) {
    if (n->count < n->capacity)
        return;
    n->capacity = n->capacity == 0 ? 64 : n->capacity * 2;
    n->leaves = realloc(n->leaves, n->capacity * sizeof(*n->leaves));
    n->firsts = realloc(n->firsts, n->capacity * sizeof(*n->firsts));
    CHECK(n->leaves && n->firsts);
}

void names_add(struct names *n, uint32_t leaf) {
    CHECK(leaf != LEAF_NONE);
    know(n, leaf);
    make_room(n);
    n->leaves[n->count] = leaf;
    n->firsts[n->count] = first_of_tenant(n, n->count);
    n->count++;
    if (n->places[leaf] == 0)
        n->places[leaf] = n->count;
}

uint32_t names_place(struct names *n, uint32_t leaf) {
    if (leaf >= n->place_count || n->places[leaf] == 0)
        names_add(n, leaf);
    return n->places[leaf] - 1;
}

void names_rename(struct names *n, const struct leaf_dict *dict, const uint32_t *leaves) {
    n->dict = dict;
    if (n->place_count > 0)
        memset(n->places, 0, n->place_count * sizeof(*n->places));
    for (uint32_t place = 0; place < n->count; place++) {
        n->leaves[place] = leaves[place];
        know(n, leaves[place]);
        if (n->places[leaves[place]] == 0)
            n->places[leaves[place]] = place + 1;
    }
}
