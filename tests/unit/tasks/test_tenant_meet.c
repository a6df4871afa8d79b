/* Do the lists that are over the longest go, as if all were looked at, without looking at all? */
#include "tasks/tenant_meet.h"

#include "base/instant.h"
#include "base/property.h"

#define LIMIT 200u
#define KEYS 500u

struct item {
    uint64_t key;
    int64_t ended_at; /* INSTANT_NONE: it is open */
};

/* The oracle: what is there, and until when. */
struct model {
    struct bands lists;
    bool there[KEYS];
    int64_t ended_at[KEYS];
};

static size_t looked; /* at how many lists */

static int64_t over_at(const struct bands *b, uint64_t key) {
    struct item item;
    looked++;
    if (bands_read(b, key, &item, 1) == 0 || item.ended_at == INSTANT_NONE)
        return INSTANT_MAX;
    return item.ended_at;
}

static void put(struct model *m, struct tenant_over *o, uint64_t key, int64_t ended_at) {
    struct item item = {key, ended_at};
    bands_write(&m->lists, key, &item, 1);
    tenant_meet_written(o, &m->lists, key, over_at);
    if (key < KEYS) {
        m->there[key] = true;
        m->ended_at[key] = ended_at;
    }
}

static uint64_t oldest_over(const struct model *m) {
    uint64_t oldest = KEYS;
    for (uint64_t key = 0; key < KEYS; key++)
        if (m->there[key] && m->ended_at[key] != INSTANT_NONE &&
            (oldest == KEYS || m->ended_at[key] < m->ended_at[oldest]))
            oldest = key;
    return oldest;
}

static void make_room(struct model *m, struct tenant_over *o, uint64_t seed) {
    size_t left = bands_items(&m->lists), dropped = 0;
    for (uint64_t key; left > LIMIT - LIMIT / 8 && (key = oldest_over(m)) < KEYS; left--) {
        m->there[key] = false;
        dropped++;
    }
    REQUIRE(seed, tenant_meet_make_room(o, &m->lists, LIMIT, over_at) == dropped);
    REQUIRE(seed, bands_items(&m->lists) == left);
    for (uint64_t key = 0; key < KEYS; key++) {
        struct item item;
        REQUIRE(seed, (bands_read(&m->lists, key, &item, 1) == 1) == m->there[key]);
    }
}

static void one_history(uint64_t seed) {
    struct rng r;
    rng_init(&r, seed);
    struct model *m = calloc(1, sizeof(*m));
    struct tenant_over *o = calloc(1, sizeof(*o));
    assert_true(m && o);
    bands_init(&m->lists, sizeof(struct item));
    uint64_t open_of = 1 + rng_below(&r, 40); /* all of them but one in so many */
    for (int step = 0; step < 3000; step++) {
        uint64_t key = rng_below(&r, KEYS);
        if (rng_below(&r, 1000) == 0)
            memset(o, 0, sizeof(*o)); /* a restart: nothing is known of them */
        if (!m->there[key] && bands_items(&m->lists) >= LIMIT)
            make_room(m, o, seed);
        if (!m->there[key] && bands_items(&m->lists) >= LIMIT)
            continue;
        bool open = rng_below(&r, open_of) > 0;
        put(m, o, key, open ? INSTANT_NONE : (int64_t)rng_below(&r, 5000));
        if (rng_below(&r, 800) == 0) /* more of them than are kept in mind */
            for (int again = 0; again < 2 * TENANT_OVER_MAX; again++)
                put(m, o, key, again);
    }
    bands_deinit(&m->lists);
    free(o);
    free(m);
}

static void those_that_are_over_the_longest_go(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 50; seed++)
        one_history(seed);
}

/* A further one, again and again, where next to nothing is over. */
static void nobody_looks_at_all_for_each_that_comes(void **state) {
    (void)state;
    struct model *m = calloc(1, sizeof(*m));
    struct tenant_over *o = calloc(1, sizeof(*o));
    assert_true(m && o);
    bands_init(&m->lists, sizeof(struct item));
    for (uint64_t key = KEYS; key < KEYS + 20000; key++)
        put(m, o, key, INSTANT_NONE);
    looked = 0;
    for (uint64_t k = 0; k < 10000; k++) {
        size_t dropped = tenant_meet_make_room(o, &m->lists, 20000, over_at);
        assert_int_equal(dropped, k % 10 == 1);
        if (k % 10 == 0) /* one is over: it goes for the next one that comes */
            put(m, o, KEYS + k, (int64_t)k);
        else if (dropped > 0)
            put(m, o, KEYS + k - 1, INSTANT_NONE);
    }
    assert_in_range(looked, 20000, 20000 + 10000);
    bands_deinit(&m->lists);
    free(o);
    free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_are_over_the_longest_go),
        cmocka_unit_test(nobody_looks_at_all_for_each_that_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
