/* snapshot: a state comes back whole from its chunks, or is refused with the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "codec/snapshot.h"

#define RECORDS_MAX 16

struct records {
    struct buf values[RECORDS_MAX];
    size_t count;
};

static void fill(struct buf *state, size_t size, uint64_t seed) {
    struct rng rng;
    rng_init(&rng, seed);
    buf_reset(state);
    for (size_t i = 0; i < size; i++)
        buf_put_u8(state, (uint8_t)rng_next(&rng));
}

static struct snapshot_pointer write_all(struct slice task, uint64_t number, int64_t offset,
                                         struct slice state, struct records *r) {
    struct snapshot_pointer p = {
        .number = number, .offset = offset, .place = 0, .chunks = snapshot_chunk_count(state.size)};
    for (uint32_t i = 0; i < p.chunks; i++) {
        assert_true(r->count < RECORDS_MAX);
        buf_init(&r->values[r->count]);
        snapshot_put_chunk(task, &p, i, state, &r->values[r->count]);
        assert_true(r->values[r->count++].size <= SNAPSHOT_CHUNK_MAX);
    }
    return p;
}

static bool read_all(struct slice task, const struct snapshot_pointer *p, const struct records *r,
                     struct buf *state, struct err *err) {
    struct snapshot_reader reader;
    snapshot_reader_init(&reader, task, p);
    for (size_t i = r->count; i-- > 0;) /* any order will do */
        snapshot_reader_take(&reader, buf_slice(&r->values[i]));
    bool whole = snapshot_reader_is_whole(&reader);
    bool good = whole && snapshot_unpack(buf_slice(&reader.packed), p, state, err);
    if (!whole)
        snapshot_reader_explain(&reader, err);
    snapshot_reader_deinit(&reader);
    return good;
}

static void forget(struct records *r) {
    for (size_t i = 0; i < r->count; i++)
        buf_deinit(&r->values[i]);
    r->count = 0;
}

static void test_states_of_many_sizes_come_back(void **unused) {
    (void)unused;
    static const size_t sizes[] = {0,
                                   1,
                                   1000,
                                   SNAPSHOT_PIECE - 1,
                                   SNAPSHOT_PIECE,
                                   SNAPSHOT_PIECE + 1,
                                   3 * SNAPSHOT_PIECE + 17};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf state, back;
        buf_init(&state);
        buf_init(&back);
        fill(&state, sizes[i], i + 1);
        struct records r = {.count = 0};
        /* Chunks of other tasks and of an older number stand between ours. */
        write_all(SLICE("interactions-4"), 9, 77, SLICE("another"), &r);
        write_all(SLICE("interactions-3"), 8, 70, SLICE("older"), &r);
        struct snapshot_pointer p = write_all(SLICE("interactions-3"), 9, 77, buf_slice(&state),
                                              &r);
        struct err err;
        assert_true(read_all(SLICE("interactions-3"), &p, &r, &back, &err));
        assert_true(slice_equal(buf_slice(&state), buf_slice(&back)));
        forget(&r);
        buf_deinit(&state);
        buf_deinit(&back);
    }
}

static void test_any_flipped_bit_is_noticed(void **unused) {
    (void)unused;
    struct buf state, back;
    buf_init(&state);
    buf_init(&back);
    fill(&state, 300, 5);
    struct records r = {.count = 0};
    struct snapshot_pointer p = write_all(SLICE("t"), 3, 10, buf_slice(&state), &r);
    struct err err;
    for (size_t at = 0; at < r.values[0].size; at++) {
        r.values[0].at[at] ^= 0x10;
        assert_false(read_all(SLICE("t"), &p, &r, &back, &err));
        r.values[0].at[at] ^= 0x10;
    }
    assert_true(read_all(SLICE("t"), &p, &r, &back, &err));
    forget(&r);
    buf_deinit(&state);
    buf_deinit(&back);
}

static void test_missing_chunk_and_wrong_pointer_are_refused(void **unused) {
    (void)unused;
    struct buf state, back;
    buf_init(&state);
    buf_init(&back);
    fill(&state, 3 * SNAPSHOT_PIECE, 6);
    struct records r = {.count = 0};
    struct snapshot_pointer p = write_all(SLICE("t"), 3, 10, buf_slice(&state), &r);
    struct err err;
    r.count--;
    assert_false(read_all(SLICE("t"), &p, &r, &back, &err));
    assert_string_equal(err.text, "snapshot 3 is not whole: 2 of 3 chunks were found");
    r.count++;
    p.offset = 11;
    assert_false(read_all(SLICE("t"), &p, &r, &back, &err));
    assert_non_null(strstr(err.text, "number 3 at offset 10, not number 3 at offset 11"));
    forget(&r);
    buf_deinit(&state);
    buf_deinit(&back);
}

static void test_another_version_is_refused(void **unused) {
    (void)unused;
    struct buf state, back;
    buf_init(&state);
    buf_init(&back);
    fill(&state, 300, 7);
    struct records r = {.count = 0};
    struct snapshot_pointer p = write_all(SLICE("t"), 3, 10, buf_slice(&state), &r);
    struct err err;
    r.values[0].at[0] = 1;
    assert_false(read_all(SLICE("t"), &p, &r, &back, &err));
    assert_non_null(strstr(err.text, "another version"));
    forget(&r);
    buf_deinit(&state);
    buf_deinit(&back);
}

static void test_a_chunk_says_at_which_offset_it_was_taken(void **unused) {
    (void)unused;
    struct records r = {.count = 0};
    struct buf state;
    buf_init(&state);
    fill(&state, 2 * SNAPSHOT_PIECE, 3);
    write_all(SLICE("interactions-3"), 7, 4711, buf_slice(&state), &r);
    for (size_t i = 0; i < r.count; i++) {
        struct slice value = buf_slice(&r.values[i]);
        assert_int_equal(snapshot_chunk_offset(SLICE("interactions-3"), value), 4711);
        assert_int_equal(snapshot_chunk_offset(SLICE("interactions-30"), value), -1);
        r.values[i].at[value.size - 1] ^= 1;
        assert_int_equal(snapshot_chunk_offset(SLICE("interactions-3"), value), -1);
    }
    forget(&r);
    buf_deinit(&state);
}

static void test_keys_name_task_slot_and_chunk(void **unused) {
    (void)unused;
    struct buf key;
    buf_init(&key);
    snapshot_put_key(SLICE("tenant-log-12"), 7, 2, &key);
    assert_true(slice_equal(buf_slice(&key), SLICE("tenant-log-12/1/2")));
    buf_deinit(&key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_of_many_sizes_come_back),
        cmocka_unit_test(test_any_flipped_bit_is_noticed),
        cmocka_unit_test(test_missing_chunk_and_wrong_pointer_are_refused),
        cmocka_unit_test(test_another_version_is_refused),
        cmocka_unit_test(test_a_chunk_says_at_which_offset_it_was_taken),
        cmocka_unit_test(test_keys_name_task_slot_and_chunk),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
