/* Do rows that wait still say the same when those of one pane have become one? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "core/cell.h"
#include "core/delta.h"

#define PANES 70000 /* more than two bytes tell apart */
#define KEYS 12

static int64_t sums[PANES][KEYS];

static void add(struct cell_waiting *w, uint32_t pane, const struct pane_entry *entries,
                size_t count) {
    struct buf packed;
    buf_init(&packed);
    pane_pack(entries, count, &packed);
    cell_waiting_add(w, (int64_t)pane * DELTA_PANE_MS, buf_slice(&packed));
    buf_deinit(&packed);
}

static void add_random(struct cell_waiting *w, struct rng *r, uint64_t panes) {
    uint32_t pane = (uint32_t)rng_below(r, panes);
    struct pane_entry entries[KEYS];
    size_t count = 0;
    for (uint32_t key = 0; key < KEYS; key++) {
        if (rng_below(r, 3) != 0)
            continue;
        entries[count++] = (struct pane_entry){key, (int64_t)rng_below(r, 9) - 4};
        sums[pane][key] += entries[count - 1].value;
    }
    add(w, pane, entries, count);
}

/* Takes what each row says off the sums, so that nothing is left of them. */
static void take_off(const struct cell_waiting *w, uint64_t seed) {
    for (size_t i = 0; i < w->count; i++) {
        const struct cell_row *row = &w->rows[i];
        if (i > 0 && w->rows[i - 1].pane_at > row->pane_at)
            fail_msg("row %zu is not in its place, seed %llu", i, (unsigned long long)seed);
        struct pane_reader reader = pane_read_packed(cell_waiting_packed(w, i));
        for (struct pane_entry e; pane_next(&reader, &e);)
            sums[row->pane_at / DELTA_PANE_MS][e.key] -= e.value;
    }
    for (size_t pane = 0; pane < PANES; pane++)
        for (size_t key = 0; key < KEYS; key++)
            if (sums[pane][key] != 0)
                fail_msg("key %zu of pane %zu, seed %llu", key, pane, (unsigned long long)seed);
}

static void panes_have_the_same_sums(void **state) {
    (void)state;
    static const uint64_t spans[] = {1, 5, 300, PANES};
    struct tally t;
    struct pane_scratch scratch;
    tally_init(&t, KEYS);
    pane_scratch_init(&scratch);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct rng r;
        rng_init(&r, seed);
        struct cell_waiting w;
        cell_waiting_init(&w);
        uint64_t rows = rng_below(&r, 2) ? rng_below(&r, 20) : rng_below(&r, 2000);
        for (uint64_t i = 0; i < rows; i++) {
            add_random(&w, &r, spans[seed % 4]);
            if (rng_below(&r, 500) == 0)
                cell_waiting_merge(&w, &t, &scratch);
        }
        cell_waiting_merge(&w, &t, &scratch);
        assert_true(tally_is_empty(&t));
        take_off(&w, seed);
        cell_waiting_deinit(&w);
    }
    pane_scratch_deinit(&scratch);
    tally_deinit(&t);
}

/* A window that a gauge's change came into is shown again, even when another took it back. */
static void changes_of_gauges_are_not_lost(void **state) {
    (void)state;
    struct tally t;
    struct pane_scratch scratch;
    struct cell_waiting w;
    int64_t gauges[CELL_GAUGES] = {0};
    tally_init(&t, KEYS);
    pane_scratch_init(&scratch);
    cell_waiting_init(&w);
    add(&w, 1, &(struct pane_entry){1, 1}, 1);
    add(&w, 1, &(struct pane_entry){1, -1}, 1);
    add(&w, 2, &(struct pane_entry){CELL_GAUGES, 1}, 1);
    add(&w, 2, &(struct pane_entry){CELL_GAUGES, -1}, 1);
    cell_waiting_merge(&w, &t, &scratch);
    assert_int_equal(w.count, 3);
    assert_true(cell_sums_gauges(gauges, cell_waiting_packed(&w, 0)));
    assert_int_equal(cell_waiting_lower(&w, 2 * DELTA_PANE_MS), 2);
    assert_int_equal(cell_waiting_packed(&w, 2).size, 0); /* something came all the same */
    cell_waiting_deinit(&w);
    pane_scratch_deinit(&scratch);
    tally_deinit(&t);
}

#define ROWS 200000

/* Of two cells that take the same rows one is looked at often, the other at the end alone. */
static void what_waits_is_bounded(void **state) {
    (void)state;
    struct cell_shape shape = {.windows = {{MINUTE_MS, DELTA_PANE_MS}, {HOUR_MS, MINUTE_MS}},
                               .window_count = 2,
                               .fine_ms = 2 * MINUTE_MS,
                               .minute_ms = HOUR_MS + CELL_COARSE_MS,
                               .keep_ms = 2 * HOUR_MS,
                               .counters = CELL_ALL_COUNTERS};
    struct cell_scratch scratch;
    struct buf seldom_bytes, often_bytes;
    cell_scratch_init(&scratch);
    buf_init(&seldom_bytes);
    buf_init(&often_bytes);
    struct cell *seldom = cell_new(&shape, &scratch), *often = cell_new(&shape, &scratch);
    struct rng r;
    rng_init(&r, 1);
    int64_t at = DAY_MS;
    cell_advance(seldom, at);
    cell_advance(often, at);
    for (size_t i = 0; i < ROWS; i++) {
        if (i % 100 == 0)
            at += DELTA_PANE_MS;
        struct pane_entry e = {(uint32_t)rng_below(&r, KEYS), 1};
        struct buf packed;
        buf_init(&packed);
        pane_pack(&e, 1, &packed);
        int64_t back_ms = (int64_t)rng_below(&r, i % 9 == 0 ? HOUR_MS : MINUTE_MS);
        int64_t pane_at = instant_floor(at - back_ms, DELTA_PANE_MS);
        assert_true(cell_add(seldom, at, pane_at, buf_slice(&packed)));
        assert_true(cell_add(often, at, pane_at, buf_slice(&packed)));
        buf_deinit(&packed);
        if (i % 50 == 0)
            cell_advance(often, at);
        assert_true(seldom->waiting.packed.size <= 4096 + seldom->packed_bytes / 2);
    }
    cell_advance(seldom, at);
    cell_advance(often, at);
    cell_save(seldom, &seldom_bytes);
    cell_save(often, &often_bytes);
    assert_true(slice_equal(buf_slice(&seldom_bytes), buf_slice(&often_bytes)));
    for (size_t w = 0; w < shape.window_count; w++)
        assert_memory_equal(seldom->windows[w].sums.dense, often->windows[w].sums.dense,
                            cell_shape_dense(&shape) * sizeof(int64_t));
    buf_deinit(&seldom_bytes);
    buf_deinit(&often_bytes);
    cell_free(seldom);
    cell_free(often);
    cell_scratch_deinit(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panes_have_the_same_sums),
        cmocka_unit_test(changes_of_gauges_are_not_lost),
        cmocka_unit_test(what_waits_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
