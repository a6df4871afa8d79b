/* The law: saved bytes and effects depend only on the records in their order. Many short histories,
 * each played straight and played with saving and loading between its records; and steps that are
 * passed over are those that would have done nothing. */
#include "tenant_history.h"

#define HISTORIES 4000
#define REPORTS 5
#define STEPPED_HISTORIES 30
#define STEPPED_REPORTS 40

struct outcome {
    struct buf bytes;
    struct collected effects;
};

static void outcome_init(struct outcome *o) {
    buf_init(&o->bytes);
    collected_init(&o->effects);
}

static void outcome_deinit(struct outcome *o) {
    buf_deinit(&o->bytes);
    collected_deinit(&o->effects);
}

static struct tenant_task *
load_again(struct tenant_task *t, const struct tenant_task_options *options, struct buf *bytes) {
    struct err err;
    buf_reset(bytes);
    tenant_task_save(t, bytes);
    tenant_task_free(t);
    t = tenant_task_new(options);
    if (!tenant_task_load(t, buf_slice(bytes), &err))
        fail_msg("%s", err.text);
    return t;
}

static void play(uint64_t seed, bool split, const struct contract_set *set, struct history *h,
                 struct outcome *o) {
    struct tenant_task_options options = task_options(set, seed % 16 == 0);
    options.live = seed % 3 == 0;
    options.until_end = seed % 2 == 0;
    struct tenant_task *t = tenant_task_new(&options);
    struct outbox out = collected_outbox(&o->effects);
    struct fixture_report r;
    struct rng dice;
    rng_init(&dice, seed + 1000000);
    history_init(h, &(struct run_options){.seed = seed});
    for (int i = 0; i < REPORTS && next_report(h, &r); i++) {
        tenant_task_apply(t, &r.report, h->log_at, &out);
        if (split && rng_below(&dice, 3) == 0)
            t = load_again(t, &options, &o->bytes);
    }
    buf_reset(&o->bytes);
    tenant_task_save(t, &o->bytes);
    tenant_task_free(t);
}

static void splits_change_neither_bytes_nor_effects(void **state) {
    (void)state;
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    struct history *h = calloc(1, sizeof(*h));
    size_t effects = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct outcome straight, split;
        outcome_init(&straight);
        outcome_init(&split);
        play(seed, false, &set, h, &straight);
        play(seed, true, &set, h, &split);
        if (!slice_equal(buf_slice(&straight.bytes), buf_slice(&split.bytes)) ||
            !slice_equal(buf_slice(&straight.effects.alerts), buf_slice(&split.effects.alerts)) ||
            straight.effects.kpi_digest != split.effects.kpi_digest)
            fail_msg("a split changes what is said or known, seed %llu", (unsigned long long)seed);
        effects += straight.effects.kpi_count + straight.effects.alert_count;
        outcome_deinit(&straight);
        outcome_deinit(&split);
    }
    assert_true(effects > 10 * HISTORIES);
    free(h);
}

/* What the report says comes first, then the clock goes to where it says in steps of 10 s; what was
 * loaded, which is every fourth, judges everything at its first step. */
static struct tenant_task *step_to(struct tenant_task *t, const struct tenant_task_options *options,
                                   struct fixture_report *r, int64_t log_at, struct outcome *o) {
    struct outbox out = collected_outbox(&o->effects);
    int64_t clock = r->clocks[1].clock, at = tenant_task_clock(t);
    r->report.clock_count = 0;
    tenant_task_apply(t, &r->report, log_at, &out);
    while (at < clock) {
        at = at + DELTA_PANE_MS < clock ? at + DELTA_PANE_MS : clock;
        fixture_report_init(r);
        fixture_clock(r, 0, 2, at, false);
        fixture_clock(r, 1, 2, at, false);
        tenant_task_apply(t, &r->report, log_at, &out);
        if (at / DELTA_PANE_MS % 4 == 0)
            t = load_again(t, options, &o->bytes);
    }
    return t;
}

static void play_steps(uint64_t seed, bool each, const struct contract_set *set, struct history *h,
                       struct outcome *o) {
    struct tenant_task_options options = task_options(set, false);
    options.judge_only = true;
    options.max_alert_age_ms = 100 * DAY_MS; /* how late an alert is depends on when time is told */
    struct tenant_task *t = tenant_task_new(&options);
    struct outbox out = collected_outbox(&o->effects);
    struct fixture_report r;
    history_init(h, &(struct run_options){.seed = seed});
    for (int i = 0; i < STEPPED_REPORTS && next_report(h, &r); i++) {
        if (i % 5 == 0) /* nothing happens for a while */
            h->now = r.clocks[1].clock += 12 * MINUTE_MS;
        r.clocks[0].clock = r.clocks[1].clock;
        if (each && i > 0)
            t = step_to(t, &options, &r, h->log_at, o);
        else
            tenant_task_apply(t, &r.report, h->log_at, &out);
    }
    buf_reset(&o->bytes);
    tenant_task_save(t, &o->bytes);
    tenant_task_free(t);
}

/* Objectives that breach, clear, wait and grow thin all the time. Demand is judged at each step. */
static void make_lively(struct contract *acme, struct objective *objectives) {
    memcpy(objectives, fixture_objectives, sizeof(fixture_objectives));
    for (size_t i = 0; i < FIXTURE_OBJECTIVES; i++) {
        struct objective *o = &objectives[i];
        o->min_sample = 1 + (int64_t)i % 2;
        if (o->window < WINDOW_COUNT)
            o->window = i == 0 ? WINDOW_1M : WINDOW_5M;
    }
    acme->objectives = objectives;
    acme->demand_count = 0;
    acme->feed_silent_after_ms = 3 * MINUTE_MS;
    acme->clear_hold_ms = 40 * SECOND_MS;
}

static void steps_that_are_passed_over_would_have_done_nothing(void **state) {
    (void)state;
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    struct objective objectives[FIXTURE_OBJECTIVES];
    make_lively(&acme, objectives);
    struct history *h = calloc(1, sizeof(*h));
    size_t alerts = 0;
    for (uint64_t seed = 1; seed <= STEPPED_HISTORIES; seed++) {
        struct outcome straight, stepped;
        outcome_init(&straight);
        outcome_init(&stepped);
        /* What is kept of an end is when it was told, which is not the same here. */
        acme.quiet_ms = seed % 2 ? 2 * MINUTE_MS : 0;
        play_steps(seed, false, &set, h, &straight);
        play_steps(seed, true, &set, h, &stepped);
        if ((acme.quiet_ms == 0 &&
             !slice_equal(buf_slice(&straight.bytes), buf_slice(&stepped.bytes))) ||
            !slice_equal(buf_slice(&straight.effects.alerts), buf_slice(&stepped.effects.alerts)))
            fail_msg("a step that is passed over matters, seed %llu", (unsigned long long)seed);
        alerts += straight.effects.alert_count;
        outcome_deinit(&straight);
        outcome_deinit(&stepped);
    }
    assert_true(alerts > 10 * STEPPED_HISTORIES);
    free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_change_neither_bytes_nor_effects),
        cmocka_unit_test(steps_that_are_passed_over_would_have_done_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
