/* The law over changes of contracts: a task that is saved under one contract, loaded under it and
 * changed again at the same place has the bytes and the effects of one that never stopped; and
 * what is counted under each threshold is never less than nothing. FLOORWALKER_SEED and
 * FLOORWALKER_HISTORIES repeat a failure and shorten or lengthen the run. */
#include "history.h"

#define HISTORIES_DEFAULT 4000
#define SETS 10

/* The kit's contract, and what may become of it. */
struct set {
    struct contract contract;
    struct clock_rule clocks[KIT_CLOCKS];
    struct objective objectives[2];
    struct contract versions[2]; /* the contract, and what follows it */
    struct clock_rule later_clocks[KIT_CLOCKS];
    struct objective later_objectives[2];
    struct contract_set contracts;
    struct leaf_dict *leaves;
};

struct run {
    struct interaction_task_options options;
    struct interaction_task *task;
    struct effects effects[SETS]; /* sums under each set; what was said stands in the first */
    struct outbox out;
    size_t set;
};

/* Open from 06:00 to 23:00 UTC on the days of the histories. */
static struct calendar_span open_spans[] = {
    {1699941600, 1700002800, 0}, {1700028000, 1700089200, 61200}, {1700114400, 1700175600, 122400}};
static struct calendar_day open_days[] = {
    {19675, 1699941600}, {19676, 1700028000}, {19677, 1700114400}};
static const struct calendar open_hours = {
    .spans = open_spans, .count = 3, .days = open_days, .day_count = 3};
static const struct clock_days one_day = {.count = 1, .warnings = {{.share = 0.01}}};

/* In the middle of the histories another version takes over. */
static void add_version(struct set *s) {
    struct contract *later = &s->versions[1];
    s->versions[0] = *later = s->contract;
    memcpy(s->later_clocks, s->clocks, sizeof(s->clocks));
    memcpy(s->later_objectives, s->objectives, sizeof(s->objectives));
    later->clocks = s->later_clocks;
    later->objectives = s->later_objectives;
    later->identity = 100;
    later->version++;
    later->effective_at = T0 + 2 * MINUTE_MS;
    s->later_clocks[0].target_ms = 25 * S;
    s->later_clocks[2].name = SLICE("reply-later");
    s->later_objectives[0].within_ms = 10 * S;
    s->contracts = (struct contract_set){.contracts = s->versions, .count = 2};
    contract_init_default(&s->contracts.fallback);
    contract_set_link(&s->contracts);
}

static void make_set(struct set *s, const struct kit *k, size_t which) {
    s->contract = k->contract;
    memcpy(s->clocks, k->clocks, sizeof(s->clocks));
    memcpy(s->objectives, k->objectives, sizeof(s->objectives));
    s->contract.clocks = s->clocks;
    s->contract.objectives = s->objectives;
    s->contract.identity = which + 1;
    s->contract.is_default = false;
    s->contract.version = (int32_t)which + 1;
    s->contracts = (struct contract_set){.contracts = &s->contract, .count = 1};
    contract_init_default(&s->contracts.fallback);
    switch (which) {
    case 1: s->objectives[1].within_ms = 5 * S; break;
    case 2:
        s->clocks[0].target_ms = 10 * S;
        s->clocks[0].warnings[0].elapsed_ms = 8 * S;
        s->objectives[0].within_ms = 60 * S;
        s->contract.short_abandon_ms = 15 * S;
        s->clocks[3].days = &one_day;
        s->clocks[3].calendar = &open_hours;
        s->clocks[3].target_ms = 0;
        s->clocks[3].warning_count = 1;
        break;
    case 3:
        s->clocks[0].name = SLICE("pick-up");
        s->clocks[5].name = SLICE("next-one");
        s->clocks[6].pause_on = 1u << STATUS_PENDING_CUSTOMER;
        break;
    case 4: s->contract.clock_count = 0; break;
    case 5: s->contracts.count = 0; break;
    case 6:
        s->contract.name = SLICE("acme-2");
        s->contract.ageing_ms[CHANNEL_VOICE] = 2 * MINUTE_MS;
        break;
    case 7: s->contract.clock_count = 4; break; /* no conversations: records are smaller */
    case 8:
        for (size_t c = 4; c < s->contract.clock_count; c++) {
            s->clocks[c].when.priorities = 1u << PRIORITY_URGENT;
            s->clocks[c].target_ms *= 2;
            s->clocks[c].on_reopen = (enum on_reopen)(c % 4);
        }
        break;
    case 9: add_version(s); break;
    default: break;
    }
    s->leaves = leaf_dict_new(&s->contracts, 20000);
}

static void run_init(struct run *run, const struct kit *k, const struct set *sets, size_t set) {
    *run = (struct run){.options = k->options, .set = set};
    run->options.leaves = sets[set].leaves;
    run->task = interaction_task_new(&run->options);
    for (size_t s = 0; s < SETS; s++)
        effects_init(&run->effects[s]);
    run->out = effects_outbox(&run->effects[0]);
    run->out.deltas = run->effects[set].deltas;
}

static void run_deinit(struct run *run) {
    interaction_task_free(run->task);
    for (size_t s = 0; s < SETS; s++)
        effects_deinit(&run->effects[s]);
}

static void run_change(struct run *run, const struct set *sets, size_t to) {
    run->set = to;
    run->options.leaves = sets[to].leaves;
    run->out.deltas = run->effects[to].deltas;
    interaction_task_change_contracts(run->task, sets[to].leaves, &run->out);
}

static void expect_same(uint64_t seed, size_t at, const char *what, const struct buf *a,
                        const struct buf *b) {
    if (!slice_equal(buf_slice(a), buf_slice(b)))
        fail_msg("FLOORWALKER_SEED=%llu, record %zu: %s differ", (unsigned long long)seed, at,
                 what);
}

static void expect_same_runs(uint64_t seed, size_t at, const struct set *sets, const struct run *a,
                             const struct run *b) {
    struct buf x, y;
    buf_init(&x);
    buf_init(&y);
    expect_same(seed, at, "facts or dead letters", &a->effects[0].said, &b->effects[0].said);
    for (size_t s = 0; s < SETS; s++) {
        effects_sums(&a->effects[s], sets[s].leaves, &x);
        effects_sums(&b->effects[s], sets[s].leaves, &y);
    }
    expect_same(seed, at, "sums", &x, &y);
    buf_reset(&x);
    buf_reset(&y);
    interaction_task_save(a->task, &x);
    interaction_task_save(b->task, &y);
    expect_same(seed, at, "saved bytes", &x, &y);
    buf_deinit(&x);
    buf_deinit(&y);
}

/* Over all sets and leaves: what was counted under one threshold, by kind of event. */
static int64_t counted(const struct run *run, const struct set *sets, int64_t within_ms,
                       enum attribution by, enum level_counter c) {
    int64_t sum = 0;
    for (size_t s = 0; s < SETS; s++) {
        const struct delta_table *deltas = run->effects[s].deltas;
        for (size_t i = 0; i < delta_table_rows(deltas); i++) {
            const struct delta_row *row = delta_table_at(deltas, i);
            const struct leaf *leaf = leaf_dict_at(sets[s].leaves, row->leaf);
            for (size_t t = 0; t < leaf->threshold_count; t++)
                sum += leaf->thresholds_ms[t] == within_ms ? row->levels[by][t][c] : 0;
        }
    }
    return sum;
}

static void expect_no_debt(uint64_t seed, const struct run *run, const struct set *sets) {
    static const int64_t thresholds[] = {5 * S, 10 * S, 20 * S, 30 * S, 60 * S};
    for (size_t t = 0; t < sizeof(thresholds) / sizeof(thresholds[0]); t++) {
        for (int by = 0; by < ATTRIBUTION_COUNT; by++) {
            for (int c = 0; c < LEVEL_COUNT; c++) {
                int64_t sum = counted(run, sets, thresholds[t], (enum attribution)by,
                                      (enum level_counter)c);
                if (sum < 0)
                    fail_msg("FLOORWALKER_SEED=%llu: %lld of level counter %d within %lld ms",
                             (unsigned long long)seed, (long long)sum, c, (long long)thresholds[t]);
            }
        }
    }
}

static void one_history(const struct kit *k, const struct set *sets, struct history *h,
                        uint64_t seed) {
    struct rng r;
    rng_init(&r, seed);
    history_make(h, &r);
    struct run straight, pieces;
    size_t set = rng_below(&r, SETS);
    run_init(&straight, k, sets, set);
    run_init(&pieces, k, sets, set);
    uint64_t rarely = 1 + rng_below(&r, 6), changes = 4 + rng_below(&r, 30);
    for (size_t i = 0; i < h->count; i++) {
        if (rng_below(&r, changes) == 0) {
            size_t to = rng_below(&r, SETS);
            run_change(&straight, sets, to);
            if (rng_below(&r, 2) == 0)
                pieces.task = history_reload(pieces.task, &pieces.options, seed);
            run_change(&pieces, sets, to);
            expect_same_runs(seed, i, sets, &straight, &pieces);
        }
        history_apply(straight.task, h, i, &straight.out);
        if (rng_below(&r, rarely) == 0)
            pieces.task = history_reload(pieces.task, &pieces.options, seed);
        history_apply(pieces.task, h, i, &pieces.out);
    }
    interaction_task_finish(straight.task, T0 + 400 * DAY_MS, &straight.out);
    interaction_task_finish(pieces.task, T0 + 400 * DAY_MS, &pieces.out);
    expect_same_runs(seed, h->count, sets, &straight, &pieces);
    expect_no_debt(seed, &straight, sets);
    assert_int_equal(interaction_task_open(straight.task), 0);
    run_deinit(&straight);
    run_deinit(&pieces);
}

static void changed_after_a_load_is_as_changed_without(void **state) {
    (void)state;
    const char *seed = getenv("FLOORWALKER_SEED"), *count = getenv("FLOORWALKER_HISTORIES");
    uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
    uint64_t histories = count ? strtoull(count, NULL, 10) : seed ? 1 : HISTORIES_DEFAULT;
    print_message("FLOORWALKER_SEED=%llu FLOORWALKER_HISTORIES=%llu\n", (unsigned long long)first,
                  (unsigned long long)histories);
    struct kit *k = calloc(1, sizeof(*k));
    struct history *h = calloc(1, sizeof(*h));
    struct set *sets = calloc(SETS, sizeof(*sets));
    CHECK(k && h && sets);
    kit_init(k);
    kit_conversation(k);
    for (size_t s = 0; s < SETS; s++)
        make_set(&sets[s], k, s);
    for (uint64_t n = 0; n < histories; n++)
        one_history(k, sets, h, first + n);
    for (size_t s = 0; s < SETS; s++)
        leaf_dict_free(sets[s].leaves);
    kit_deinit(k);
    free(sets);
    free(k);
    free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_after_a_load_is_as_changed_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
