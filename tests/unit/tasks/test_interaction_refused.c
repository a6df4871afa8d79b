/* Is what cannot be used counted for its site, in the 10 s in which that was found, once? */
#include "interaction_kit.h"

#include "base/property.h"
#include "tasks/interaction_feeds.h"

#define ROWS_MAX 400

struct rows {
    struct {
        char site[16];
        int64_t from_at;
        struct report_feed sum;
    } at[ROWS_MAX];
    size_t count;
};

static struct report_feed *row_of(struct rows *rows, struct slice site, int64_t heard_at) {
    int64_t from_at = instant_floor(heard_at, 10 * S);
    size_t i = 0;
    while (i < rows->count &&
           (!slice_equal(slice_of(rows->at[i].site), site) || rows->at[i].from_at != from_at))
        i++;
    if (i == rows->count) {
        assert_true(rows->count++ < ROWS_MAX && site.size < sizeof(rows->at[i].site));
        memset(&rows->at[i], 0, sizeof(rows->at[i]));
        if (site.size > 0)
            memcpy(rows->at[i].site, site.at, site.size);
        rows->at[i].from_at = from_at;
        rows->at[i].sum.mute = true;
        rows->at[i].sum.lead_ms = INT64_MIN;
    }
    return &rows->at[i].sum;
}

/* As the tenant's task adds them up. */
static void take_rows(struct kit *k, struct rows *rows) {
    const struct report_feed *feeds;
    size_t count = interaction_task_take_feeds(k->task, &feeds);
    for (size_t i = 0; i < count; i++) {
        assert_true(slice_equal(feeds[i].tenant, SLICE("acme")));
        struct report_feed *sum = row_of(rows, feeds[i].site, feeds[i].heard_at);
        sum->records += feeds[i].records;
        for (int r = 0; r < DEAD_REASON_COUNT; r++)
            sum->refused[r] += feeds[i].refused[r];
        if (feeds[i].mute)
            continue;
        sum->mute = false;
        sum->heard_at = feeds[i].heard_at > sum->heard_at ? feeds[i].heard_at : sum->heard_at;
        sum->lead_ms = feeds[i].lead_ms > sum->lead_ms ? feeds[i].lead_ms : sum->lead_ms;
    }
}

static int64_t refused_of(const struct report_feed *f) {
    int64_t refused = 0;
    for (int r = 0; r < DEAD_REASON_COUNT; r++)
        refused += f->refused[r];
    return refused;
}

/* The step there would find silence if only what came right after it were told. */
static void what_comes_at_a_step_is_told_beside_what_follows(void **state) {
    struct kit *k = *state;
    const struct report_feed *feeds;
    int64_t at = 2 * DAY_MS;
    const int64_t after_ms[] = {0, 40, 9000};
    assert_int_equal((T0 + at) % (10 * S), 0);
    for (size_t i = 0; i < 3; i++)
        kit_apply_at(k, kit_event(EVENT_QUEUED, at), at + after_ms[i]);
    assert_int_equal(interaction_task_take_feeds(k->task, &feeds), 2);
    assert_true(feeds[0].heard_at == T0 + at && feeds[0].records == 1);
    assert_true(feeds[1].heard_at == T0 + at + 9000 && feeds[1].records == 2);
}

static void more_sites_than_are_noted_are_counted(void **state) {
    (void)state;
    uint64_t left_out = 0;
    struct feeds feeds;
    feeds_init(&feeds, &left_out);
    for (int i = 0; i < FEEDS_MAX + 3; i++) {
        char site[16];
        snprintf(site, sizeof(site), "s%d", i);
        feeds_hear(&feeds, SLICE("acme"), slice_of(site), T0, T0);
    }
    const struct report_feed *told;
    assert_int_equal(left_out, 3);
    assert_int_equal(feeds_take(&feeds, &told), FEEDS_MAX);
    feeds_hear(&feeds, SLICE("acme"), SLICE("one more"), T0, T0);
    assert_int_equal(left_out, 3);
    assert_int_equal(feeds_take(&feeds, &told), 1);
    feeds_deinit(&feeds);
}

/* Whether there is an index of them or not. */
static void a_site_is_noted_once_in_a_step_among_few_and_many(void **state) {
    (void)state;
    uint64_t left_out = 0;
    struct feeds feeds;
    feeds_init(&feeds, &left_out);
    for (int sites = 1; sites < 3 * (int)FEEDS_FEW; sites++) {
        for (int i = 0; i < 3 * sites; i++) {
            char site[16];
            snprintf(site, sizeof(site), "s%d", i % sites);
            feeds_hear(&feeds, SLICE("acme"), slice_of(site), T0 + 1 + i, T0);
            feeds_hear(&feeds, SLICE("acme"), slice_of(site), T0 + MINUTE_MS + 1 + i, T0);
        }
        const struct report_feed *told;
        assert_int_equal(feeds_take(&feeds, &told), 2 * sites);
        for (int k = 0; k < 2 * sites; k++)
            assert_int_equal(told[k].records, 3);
    }
    feeds_deinit(&feeds);
}

static void records_count_where_they_come(void **state) {
    struct kit *k = *state;
    struct rows rows = {0};
    int64_t at = 2 * DAY_MS;
    kit_apply_at(k, kit_event(EVENT_QUEUED, at), at);
    kit_apply_at(k, kit_event(EVENT_QUEUED, at - DAY_MS - MINUTE_MS), at + S);
    kit_apply_at(k, kit_event(EVENT_QUEUED, at + HOUR_MS), at + 2 * S);
    struct event bad = kit_event(EVENT_QUEUED, at);
    bad.queue = (struct slice){NULL, 0};
    kit_apply_at(k, bad, at + 3 * S);
    take_rows(k, &rows);
    assert_int_equal(rows.count, 1);
    struct report_feed *f = row_of(&rows, SLICE("main"), T0 + at);
    assert_int_equal(f->records, 4);
    assert_int_equal(refused_of(f), 3);
    assert_true(f->refused[DEAD_TOO_LATE] == 1 && f->refused[DEAD_FUTURE] == 1 &&
                f->refused[DEAD_INVALID] == 1);
    assert_int_equal(f->heard_at, T0 + at + 2 * S); /* the invalid one is no sign of life */
    assert_int_equal(k->letters.count, 3);
}

static void what_names_no_site_or_nobody(void **state) {
    struct kit *k = *state;
    struct rows rows = {0};
    struct event bad = kit_event(EVENT_QUEUED, 0);
    bad.site = (struct slice){NULL, 0};
    kit_apply_at(k, bad, S);
    bad.tenant = (struct slice){NULL, 0};
    kit_apply_at(k, bad, S);
    const struct record_place place = {.log_at = T0 + S};
    const struct record_sender nobody = {{NULL, 0}, {NULL, 0}};
    const struct record_sender known = {SLICE("acme"), SLICE("annex")};
    interaction_task_reject(k->task, &place, &nobody, DEAD_UNDECODABLE, SLICE("?"), &k->out);
    interaction_task_reject(k->task, &place, &known, DEAD_INVALID, SLICE("?"), &k->out);
    assert_int_equal(k->letters.count, 4);
    take_rows(k, &rows);
    assert_int_equal(rows.count, 2);
    struct report_feed *f = row_of(&rows, (struct slice){NULL, 0}, T0 + S);
    assert_true(f->mute && f->records == 1 && refused_of(f) == 1);
    f = row_of(&rows, SLICE("annex"), T0 + S);
    assert_true(f->mute && f->records == 1 && f->refused[DEAD_INVALID] == 1);
    take_rows(k, &rows);
    assert_int_equal(rows.count, 2);
}

/* Which is known when `reorder` has passed, whatever lets time pass. */
static void an_impossible_move_counts_when_it_is_known(void **state) {
    struct kit *k = *state;
    struct rows rows = {0};
    kit_apply_at(k, kit_event(EVENT_HOLD_END, 0), 0);
    take_rows(k, &rows);
    kit_tick(k, HOUR_MS);
    assert_int_equal(k->letters.count, 1);
    take_rows(k, &rows);
    assert_int_equal(rows.count, 2);
    struct report_feed *f = row_of(&rows, SLICE("main"), T0);
    assert_true(!f->mute && f->records == 1 && refused_of(f) == 0);
    f = row_of(&rows, SLICE("main"), T0 + 5 * MINUTE_MS + 1);
    assert_true(f->mute && f->records == 0 && f->refused[DEAD_IMPOSSIBLE_MOVE] == 1);
}

static void what_a_partition_is_full_for(void **state) {
    struct kit *k = *state;
    struct rows rows = {0};
    interaction_task_free(k->task);
    k->options.open_limit = 1;
    k->task = interaction_task_new(&k->options);
    kit_say(k, EVENT_QUEUED, 0);
    struct event ev = kit_event(EVENT_QUEUED, S);
    ev.interaction_id = SLICE("second");
    kit_apply(k, ev);
    take_rows(k, &rows);
    struct report_feed *f = row_of(&rows, SLICE("main"), T0);
    assert_true(f->records == 2 && f->refused[DEAD_TOO_LARGE] == 1);
}

static void what_was_told_by_another_is_forgotten(void **state) {
    struct kit *k = *state;
    struct rows rows = {0};
    kit_apply_at(k, kit_event(EVENT_QUEUED, 0), 0);
    interaction_task_forget_feeds(k->task);
    take_rows(k, &rows);
    assert_int_equal(rows.count, 0);
    kit_apply_at(k, kit_event(EVENT_ANSWERED, S), S);
    take_rows(k, &rows);
    assert_int_equal(row_of(&rows, SLICE("main"), T0)->records, 1);
}

static void play(struct kit *k, uint64_t seed, uint64_t reports, struct rows *rows) {
    static const char *const sites[] = {"main", "annex", ""};
    static const enum event_type types[] = {EVENT_QUEUED, EVENT_ANSWERED, EVENT_HOLD_END,
                                            EVENT_DISCONNECTED};
    struct rng r, cut;
    rng_init(&r, seed);
    rng_init(&cut, seed);
    int64_t at = 2 * DAY_MS;
    k->next_id = 0;
    for (int i = 0; i < 120; i++) {
        char id[16];
        snprintf(id, sizeof(id), "i%d", (int)rng_below(&r, 30));
        struct event ev = kit_event(types[rng_below(&r, 4)],
                                    rng_below(&r, 8) ? at : (int64_t)rng_below(&r, 3) * DAY_MS);
        ev.interaction_id = slice_of(id);
        ev.site = slice_of(sites[rng_below(&r, 12) ? rng_below(&r, 2) : 2]);
        kit_apply_at(k, ev, at);
        at += (int64_t)rng_below(&r, 9000);
        if (rng_below(&cut, reports) == 0)
            take_rows(k, rows);
        kit_forget(&k->facts);
    }
    kit_tick(k, at + HOUR_MS);
    take_rows(k, rows);
}

static void reports_cut_anywhere_come_to_the_same(void **state) {
    (void)state;
    uint64_t first = property_first_seed();
    int64_t refused = 0;
    static struct rows rows[2];
    for (uint64_t seed = first; seed < first + 40; seed++) {
        for (int i = 0; i < 2; i++) {
            struct kit k;
            kit_init(&k);
            memset(&rows[i], 0, sizeof(rows[i]));
            play(&k, seed, i ? 4 : UINT32_MAX, &rows[i]);
            kit_deinit(&k);
        }
        REQUIRE(seed, rows[0].count == rows[1].count);
        for (size_t i = 0; i < rows[0].count; i++) {
            const struct report_feed *a = &rows[0].at[i].sum;
            const struct report_feed *b = row_of(&rows[1], slice_of(rows[0].at[i].site),
                                                 rows[0].at[i].from_at);
            REQUIRE(seed, a->records == b->records && a->mute == b->mute &&
                              a->heard_at == b->heard_at && a->lead_ms == b->lead_ms);
            REQUIRE(seed, memcmp(a->refused, b->refused, sizeof(a->refused)) == 0);
            refused += refused_of(a);
        }
    }
    assert_true(refused > 400);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
    const struct CMUnitTest tests[] = {
        CASE(what_comes_at_a_step_is_told_beside_what_follows),
        CASE(records_count_where_they_come),
        CASE(what_names_no_site_or_nobody),
        CASE(an_impossible_move_counts_when_it_is_known),
        CASE(what_a_partition_is_full_for),
        CASE(what_was_told_by_another_is_forgotten),
        cmocka_unit_test(more_sites_than_are_noted_are_counted),
        cmocka_unit_test(a_site_is_noted_once_in_a_step_among_few_and_many),
        cmocka_unit_test(reports_cut_anywhere_come_to_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
