/* The oldest of each leaf beside a search through all that is there: in order and out of it, many
 * at one instant, and under other ids. */
#include "base/property.h"
#include "core/leaf.h"
#include "tasks/interaction_gauges.h"

#define MOST 400
#define LEAVES 2

struct floor {
    uint64_t seed;
    struct rng rng;
    struct contract_set contracts;
    struct leaf_dict *dict;
    struct gauges gauges;
    struct gauge_standing stands[MOST];
    size_t count;
    int64_t told[LEAVES][GAUGE_KINDS];
};

static void open_floor(struct floor *f, uint64_t seed) {
    *f = (struct floor){.seed = seed};
    rng_init(&f->rng, seed);
    contract_init_default(&f->contracts.fallback);
    f->dict = leaf_dict_new(&f->contracts, 10);
    leaf_dict_intern(f->dict, &(struct leaf){.queue = SLICE("a")});
    leaf_dict_intern(f->dict, &(struct leaf){.queue = SLICE("b")});
    gauges_init(&f->gauges, f->dict);
    for (size_t leaf = 0; leaf < LEAVES; leaf++)
        for (size_t kind = 0; kind < GAUGE_KINDS; kind++)
            f->told[leaf][kind] = INSTANT_NONE;
}

static void close_floor(struct floor *f) {
    gauges_deinit(&f->gauges);
    leaf_dict_free(f->dict);
}

/* Mostly later than all, a few long ago, some at the same instant. */
static void come(struct floor *f, int64_t now) {
    if (f->count == MOST)
        return;
    int64_t at = rng_below(&f->rng, 10) == 0 ? (int64_t)rng_below(&f->rng, 50) : now;
    struct gauge_standing nowhere = gauges_nowhere(), to = nowhere;
    for (size_t kind = 0; kind < GAUGE_KINDS; kind++) {
        to.leaf[kind] = rng_below(&f->rng, 4) == 0 ? LEAF_NONE
                                                   : (uint32_t)rng_below(&f->rng, LEAVES);
        to.at[kind] = at;
    }
    gauges_move(&f->gauges, &nowhere, &to);
    f->stands[f->count++] = to;
}

static void go(struct floor *f) {
    if (f->count == 0)
        return;
    size_t which = rng_below(&f->rng, 3) == 0 ? 0 : rng_below(&f->rng, f->count);
    struct gauge_standing nowhere = gauges_nowhere();
    gauges_move(&f->gauges, &f->stands[which], &nowhere);
    for (f->count--; which < f->count; which++)
        f->stands[which] = f->stands[which + 1];
}

static int64_t oldest(const struct floor *f, size_t leaf, size_t kind) {
    int64_t at = INSTANT_NONE;
    for (size_t k = 0; k < f->count; k++) {
        const struct gauge_standing *s = &f->stands[k];
        if (s->leaf[kind] == leaf && (at == INSTANT_NONE || s->at[kind] < at))
            at = s->at[kind];
    }
    return at;
}

static void take(struct floor *f) {
    const struct gauge *told;
    size_t count = gauges_take(&f->gauges, &told);
    for (size_t k = 0; k < count; k++) {
        f->told[told[k].leaf][GAUGE_WAITING] = told[k].oldest_waiting_at;
        f->told[told[k].leaf][GAUGE_OPEN] = told[k].oldest_open_at;
    }
    for (size_t leaf = 0; leaf < LEAVES; leaf++)
        for (size_t kind = 0; kind < GAUGE_KINDS; kind++)
            REQUIRE(f->seed, f->told[leaf][kind] == oldest(f, leaf, kind));
}

/* The leaves change places: what stands there stands elsewhere now. */
static void rename_leaves(struct floor *f) {
    const uint32_t ids[LEAVES] = {1, 0};
    gauges_rename(&f->gauges, f->dict, ids, LEAVES);
    for (size_t k = 0; k < f->count; k++)
        for (size_t kind = 0; kind < GAUGE_KINDS; kind++)
            if (f->stands[k].leaf[kind] != LEAF_NONE)
                f->stands[k].leaf[kind] = ids[f->stands[k].leaf[kind]];
    for (size_t kind = 0; kind < GAUGE_KINDS; kind++) {
        int64_t at = f->told[0][kind];
        f->told[0][kind] = f->told[1][kind];
        f->told[1][kind] = at;
    }
}

static void the_oldest_is_told(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 20; seed++) {
        struct floor f;
        open_floor(&f, seed);
        for (int64_t turn = 0; turn < 2000; turn++) {
            bool fills = turn / 500 % 2 == 0;
            if (rng_below(&f.rng, 10) < (fills ? 7 : 3))
                come(&f, turn / 4);
            else
                go(&f);
            if (rng_below(&f.rng, 5) == 0)
                take(&f);
            if (turn % 700 == 699)
                rename_leaves(&f);
        }
        while (f.count > 0)
            go(&f);
        take(&f);
        close_floor(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_oldest_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
