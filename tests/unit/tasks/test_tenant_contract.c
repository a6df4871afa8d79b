/* Contracts change under a tenant task: what both count alike goes on, what is judged no more ends
 * with the reason, and a task that was saved and loaded says and knows the same. */
#include "tasks/tenant_state.h"
#include "tenant_history.h"

#define HISTORIES 120
#define REPORTS 30
#define SETS 8
#define LATER_AT (instant_floor(FIXTURE_START, MINUTE_MS) + 4 * MINUTE_MS)

struct set {
    struct contract acme;
    struct objective objectives[FIXTURE_OBJECTIVES];
    struct clock_rule clocks[1];
    struct demand_rule demands[1];
    struct contract versions[2]; /* acme, and what follows it */
    struct objective later[FIXTURE_OBJECTIVES];
    struct contract_set contracts;
};

/* Another name, another T, other hours of the day: what judges from LATER_AT on. */
static void add_version(struct set *s) {
    struct contract *next = &s->versions[1];
    s->versions[0] = *next = s->acme;
    memcpy(s->later, s->objectives, sizeof(s->later));
    next->objectives = s->later;
    next->identity = 100;
    next->version++;
    next->effective_at = LATER_AT;
    s->later[0].within_ms = 60000;
    s->later[2].target = s->later[2].clear = 1000;
    s->later[1].name = SLICE("voice-60-later");
    s->later[4].per = SCOPE_BIT(SCOPE_VENDOR) | SCOPE_BIT(SCOPE_SITE);
}

/* The fixture's contract, and what may become of it; 0 and 1 say the same in other words. */
static void make_set(struct set *s, size_t which) {
    s->contracts = fixture_contracts(&s->acme);
    memcpy(s->objectives, fixture_objectives, sizeof(s->objectives));
    memcpy(s->clocks, fixture_clocks, sizeof(s->clocks));
    memcpy(s->demands, fixture_demands, sizeof(s->demands));
    s->acme.objectives = s->objectives;
    s->acme.clocks = s->clocks;
    s->acme.demands = s->demands;
    s->acme.identity = which + 1;
    switch (which) {
    case 2:
        s->objectives[0].target = s->objectives[0].clear = 0.3;
        s->objectives[0].hold_ms = 0;
        s->objectives[2].window = WINDOW_30M;
        s->objectives[3].window = WINDOW_COUNT + PERIOD_MONTH;
        s->objectives[4].window = WINDOW_24H;
        break;
    case 3:
        s->objectives[0].within_ms = 10000;
        s->objectives[1].per = SCOPE_BIT(SCOPE_QUEUE) | SCOPE_BIT(SCOPE_PRIORITY);
        s->demands[0].min_excess = 1;
        break;
    case 4:
        s->objectives[0].name = SLICE("voice-renamed");
        s->acme.objective_count = 2;
        s->acme.week_starts = 3;
        s->acme.demand_count = 0;
        break;
    case 5: s->contracts.count = 0; break;
    case 6: s->acme.name = SLICE("acme-2"); break;
    case 7: add_version(s); break;
    default: break;
    }
}

static struct set *make_sets(void) {
    struct set *sets = calloc(SETS, sizeof(*sets));
    assert_non_null(sets);
    for (size_t s = 0; s < SETS; s++) {
        make_set(&sets[s], s);
        sets[s].contracts.contracts = &sets[s].acme;
        sets[7].contracts.contracts = sets[7].versions;
        sets[7].contracts.count = 2;
        contract_set_link(&sets[7].contracts);
    }
    return sets;
}

struct played {
    struct tenant_task_options options;
    struct tenant_task *task;
    struct collected effects;
    struct outbox out;
};

static void played_init(struct played *p, const struct set *set, bool publish_all) {
    p->options = task_options(&set->contracts, publish_all);
    p->task = tenant_task_new(&p->options);
    collected_init(&p->effects);
    p->out = collected_outbox(&p->effects);
}

static void played_deinit(struct played *p) {
    tenant_task_free(p->task);
    collected_deinit(&p->effects);
}

static void change(struct played *p, const struct set *set) {
    p->options.contracts = &set->contracts;
    tenant_task_change_contracts(p->task, &set->contracts, &p->out);
}

static void reload(struct played *p, uint64_t seed) {
    struct buf bytes;
    struct err err;
    buf_init(&bytes);
    tenant_task_save(p->task, &bytes);
    tenant_task_free(p->task);
    p->task = tenant_task_new(&p->options);
    if (!tenant_task_load(p->task, buf_slice(&bytes), &err))
        fail_msg("load: %s, seed %llu", err.text, (unsigned long long)seed);
    buf_deinit(&bytes);
}

static void expect_same_effects(const struct played *a, const struct played *b, uint64_t seed) {
    if (!slice_equal(buf_slice(&a->effects.alerts), buf_slice(&b->effects.alerts)))
        fail_msg("alerts differ, seed %llu", (unsigned long long)seed);
    if (a->effects.kpi_digest != b->effects.kpi_digest)
        fail_msg("figures differ, seed %llu", (unsigned long long)seed);
}

static void expect_same(const struct played *a, const struct played *b, uint64_t seed) {
    struct buf x, y;
    buf_init(&x);
    buf_init(&y);
    tenant_task_save(a->task, &x);
    tenant_task_save(b->task, &y);
    expect_same_effects(a, b, seed);
    if (!slice_equal(buf_slice(&a->effects.audits), buf_slice(&b->effects.audits)))
        fail_msg("audit trails differ, seed %llu", (unsigned long long)seed);
    if (!slice_equal(buf_slice(&x), buf_slice(&y)))
        fail_msg("saved bytes differ, seed %llu", (unsigned long long)seed);
    buf_deinit(&x);
    buf_deinit(&y);
}

static void a_change_after_a_load_is_as_one_without(void **state) {
    (void)state;
    struct set *sets = make_sets();
    struct history *h = calloc(1, sizeof(*h));
    size_t alerts = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct played straight, split;
        played_init(&straight, &sets[0], seed % 16 == 0);
        played_init(&split, &sets[0], seed % 16 == 0);
        struct fixture_report r;
        struct rng dice;
        rng_init(&dice, seed + 1000000);
        history_init(h, &(struct run_options){.seed = seed});
        for (int i = 0; i < REPORTS && next_report(h, &r); i++) {
            tenant_task_apply(straight.task, &r.report, h->log_at, &straight.out);
            tenant_task_apply(split.task, &r.report, h->log_at, &split.out);
            if (rng_below(&dice, 3) == 0)
                reload(&split, seed);
            if (rng_below(&dice, 8) > 0)
                continue;
            size_t to = rng_below(&dice, SETS);
            change(&straight, &sets[to]);
            change(&split, &sets[to]);
            expect_same(&straight, &split, seed);
        }
        expect_same(&straight, &split, seed);
        alerts += straight.effects.alert_count;
        played_deinit(&straight);
        played_deinit(&split);
    }
    assert_true(alerts > HISTORIES / 4);
    free(h);
    free(sets);
}

static void a_change_that_says_the_same_changes_nothing(void **state) {
    (void)state;
    struct set *sets = make_sets();
    struct history *h = calloc(1, sizeof(*h));
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct played one, other;
        played_init(&one, &sets[0], true);
        played_init(&other, &sets[0], true);
        struct fixture_report r;
        history_init(h, &(struct run_options){.seed = seed});
        for (int i = 0; next_report(h, &r); i++) {
            tenant_task_apply(one.task, &r.report, h->log_at, &one.out);
            tenant_task_apply(other.task, &r.report, h->log_at, &other.out);
            if (i % 50 == 7)
                change(&other, &sets[i % 100 == 7]);
        }
        expect_same_effects(&one, &other, seed); /* the trail tells that there were others */
        assert_true(one.effects.alert_count > 0);
        assert_true(other.effects.audits.size > one.effects.audits.size);
        played_deinit(&one);
        played_deinit(&other);
    }
    free(h);
    free(sets);
}

/* ---- one tenant, one site, one queue: calls that nobody answers in time ---- */

/* Ten calls of leaf 0, all late by 20 s and by 60 s, in the ten minutes before; time passes on. */
static int64_t late_calls(struct played *p, int64_t from_at, int minutes) {
    struct fixture_report r;
    for (int m = 0; m < minutes; m++) {
        int64_t at = from_at + m * MINUTE_MS;
        fixture_report_init(&r);
        for (int i = 0; i < 6; i++)
            fixture_add(&r, &(struct fact_row){.pane_at = at + i * 10 * SECOND_MS,
                                               .kind = 1,
                                               .which = LEVEL_LATE,
                                               .threshold_ms = 20000,
                                               .value = 1});
        fixture_clock(&r, 0, 1, at + MINUTE_MS, false);
        tenant_task_apply(p->task, &r.report, at + MINUTE_MS, &p->out);
    }
    return from_at + minutes * MINUTE_MS;
}

static bool says(const struct played *p, const char *what) {
    struct buf b;
    buf_init(&b);
    buf_put(&b, p->effects.alerts.at, p->effects.alerts.size);
    buf_put_u8(&b, 0);
    bool found = strstr(b.at, what) != NULL;
    buf_deinit(&b);
    return found;
}

static void forget(struct played *p) {
    buf_reset(&p->effects.alerts);
}

#define KEY "acme|acme-support|voice-80-20|objective_breach|site=north/queue=billing||"

static void expect_firing(struct played *p) {
    assert_true(says(p, KEY " 1 firing"));
    forget(p);
}

static void an_episode_goes_on_under_another_target(void **state) {
    (void)state;
    struct set *sets = make_sets();
    struct played p;
    played_init(&p, &sets[0], false);
    int64_t at = late_calls(&p, FIXTURE_START, 10);
    expect_firing(&p);
    change(&p, &sets[1]);
    assert_int_equal(p.effects.alerts.size, 0);
    sets[2].objectives[0].target = sets[2].objectives[0].clear = 0.0;
    change(&p, &sets[2]);
    assert_int_equal(p.effects.alerts.size, 0);
    late_calls(&p, at, 1);
    assert_true(says(&p, KEY " 3 resolved"));
    played_deinit(&p);
    free(sets);
}

static struct buf summaries;

static void note_summary(void *context, const struct alert *a) {
    collect_alert(context, a);
    buf_put(&summaries, a->summary.at, a->summary.size);
}

static void a_rule_that_is_gone_is_voided_with_the_reason(void **state) {
    (void)state;
    struct set *sets = make_sets();
    struct played p;
    played_init(&p, &sets[0], false);
    int64_t at = late_calls(&p, FIXTURE_START, 10);
    expect_firing(&p);
    buf_init(&summaries);
    p.out.alert = note_summary;
    change(&p, &sets[4]); /* it has another name now */
    assert_true(says(&p, KEY " 3 voided"));
    buf_put_u8(&summaries, 0);
    assert_non_null(strstr(summaries.at, "The contract changed"));
    buf_deinit(&summaries);
    p.out.alert = collect_alert;
    forget(&p);
    late_calls(&p, at, 10);
    assert_true(says(&p, "|voice-renamed|objective_breach|site=north/queue=billing|| 1 firing"));
    assert_false(says(&p, "|voice-80-20|"));
    played_deinit(&p);
    free(sets);
}

static void another_threshold_starts_to_count(void **state) {
    (void)state;
    struct set *sets = make_sets();
    struct played p;
    played_init(&p, &sets[0], false);
    int64_t at = late_calls(&p, FIXTURE_START, 10);
    expect_firing(&p);
    change(&p, &sets[3]); /* within 10 s: nothing is known of it as yet */
    assert_true(says(&p, KEY " 3 voided"));
    forget(&p);
    late_calls(&p, at, 10);
    assert_false(says(&p, "|voice-80-20|"));
    change(&p, &sets[0]);
    forget(&p);
    late_calls(&p, at + 10 * MINUTE_MS, 10);
    assert_true(says(&p, KEY " 1 firing"));
    played_deinit(&p);
    free(sets);
}

static void a_tenant_comes_and_goes(void **state) {
    (void)state;
    struct set *sets = make_sets();
    struct played p;
    played_init(&p, &sets[5], false);
    int64_t at = late_calls(&p, FIXTURE_START, 10);
    assert_true(says(&p, "acme||no-contract|config|all|| 1 firing"));
    forget(&p);
    change(&p, &sets[0]);
    assert_true(says(&p, "acme||no-contract|config|all|| 2 resolved"));
    forget(&p);
    at = late_calls(&p, at, 10);
    expect_firing(&p);
    change(&p, &sets[5]);
    assert_true(says(&p, KEY " 3 voided"));
    forget(&p);
    late_calls(&p, at, 1);
    assert_true(says(&p, "acme||no-contract|config|all|| 1 firing"));
    played_deinit(&p);
    free(sets);
}

static void an_item_whose_clock_was_replaced_is_resolved(void **state) {
    (void)state;
    struct set *sets = make_sets();
    struct played p;
    played_init(&p, &sets[0], false);
    struct fixture_report r;
    fixture_report_init(&r);
    fixture_fact(&r, "i1", FACT_BREACHED, FIXTURE_START);
    fixture_fact(&r, "i1", FACT_REPLACED, FIXTURE_START + 1000);
    tenant_task_apply(p.task, &r.report, FIXTURE_START, &p.out);
    assert_true(says(&p, "|item_breach|vendor=v1/site=north/queue=billing/channel=voice/"
                         "priority=normal|i1|1 2 resolved"));
    played_deinit(&p);
    free(sets);
}

/* ---- the audit trail ---- */

static bool trail_says(const struct played *p, const char *text) {
    struct slice all = buf_slice(&p->effects.audits);
    return all.size > 0 && memmem(all.at, all.size, text, strlen(text)) != NULL;
}

/* Each record names the hash of the one before it, over saving and loading too. */
static void expect_chain(const struct played *p, size_t records) {
    struct slice all = buf_slice(&p->effects.audits);
    char last[33] = "";
    const char *at = all.at;
    for (size_t n = 1; n <= records; n++) {
        long long seq;
        char prev[33] = "", hash[33];
        int end;
        assert_true(at < all.at + all.size);
        assert_int_equal(sscanf(at, "acme %lld %n", &seq, &end), 1);
        assert_int_equal(seq, n);
        const char *arrow = strchr(at + end, '>');
        memcpy(prev, at + end, (size_t)(arrow - at - end));
        assert_string_equal(prev, last);
        assert_int_equal(sscanf(arrow, ">%32s", hash), 1);
        assert_string_not_equal(hash, last);
        strcpy(last, hash);
        at = strchr(at, '\n') + 1;
    }
    assert_ptr_equal(at, all.at + all.size);
}

static void a_change_is_told_in_the_audit_trail(void **state) {
    (void)state;
    struct set *sets = make_sets();
    struct played p;
    played_init(&p, &sets[0], false);
    int64_t at = late_calls(&p, FIXTURE_START, 2);
    change(&p, &sets[1]);
    assert_true(trail_says(&p, "contracts contract_changed acme-support 3: acme-support version 3 "
                               "in place of acme-support version 3: nothing that is counted or "
                               "judged changed\n"));
    reload(&p, 0);
    change(&p, &sets[4]);
    assert_true(trail_says(&p, "objective voice-renamed added, objective voice-80-20 gone, "));
    assert_true(trail_says(&p, "demand rule queue-demand gone, week_starts changed\n"));
    late_calls(&p, at, 1);
    change(&p, &sets[5]);
    assert_true(trail_says(&p, "contract_changed  0: no contract in place of acme-support version "
                               "3: clock answer gone, objective voice-renamed gone"));
    change(&p, &sets[5]);
    expect_chain(&p, 3);
    played_deinit(&p);
    free(sets);
}

static void a_version_is_told_when_it_is_announced_and_when_it_holds(void **state) {
    (void)state;
    struct set *sets = make_sets();
    struct played p;
    sets[7].versions[0].identity = sets[0].acme.identity;
    played_init(&p, &sets[0], false);
    late_calls(&p, LATER_AT - 3 * MINUTE_MS, 2);
    change(&p, &sets[7]);
    assert_true(trail_says(&p, "contracts contract_scheduled acme-support 3: what follows "
                               "acme-support version 3 changed, version 4 from "));
    reload(&p, 0);
    late_calls(&p, LATER_AT - MINUTE_MS, 2);
    struct buf line;
    buf_init(&line);
    buf_put_format(&line, " %lld calendar contract_changed acme-support 4: ", (long long)LATER_AT);
    buf_put_u8(&line, 0);
    assert_true(trail_says(&p, line.at));
    buf_deinit(&line);
    expect_chain(&p, 2);
    played_deinit(&p);
    free(sets);
}

/* ---- versions beside each other ---- */

/* Sums of leaf 0 that a source tells at its clock, which is ahead of another one's. */
static void tell(struct played *p, int64_t at, enum level_counter which, int64_t within_ms,
                 int64_t value, int64_t clock, int64_t other_clock) {
    struct fixture_report r;
    fixture_report_init(&r);
    r.leaves[0].reason = SLICE("refund");
    fixture_add(&r, &(struct fact_row){.pane_at = instant_floor(at, DELTA_PANE_MS),
                                       .kind = 1,
                                       .which = (uint8_t)which,
                                       .threshold_ms = within_ms,
                                       .value = value});
    fixture_clock(&r, 0, 2, clock, false);
    fixture_clock(&r, 1, 2, other_clock, false);
    tenant_task_apply(p->task, &r.report, clock, &p->out);
}

static void what_a_fast_source_counts_under_the_next_version_is_not_lost(void **state) {
    (void)state;
    for (int reloads = 0; reloads < 2; reloads++) {
        struct set *sets = make_sets();
        struct played p;
        played_init(&p, &sets[7], false);
        int64_t before = LATER_AT - 60000;
        tell(&p, before, LEVEL_ANSWERED_IN, 20000, 6, before, before);
        size_t leaves = p.task->leaves.count;
        /* An hour of the version that comes, while the other source stands still. */
        for (int m = 0; m < 60; m++)
            tell(&p, LATER_AT + m * MINUTE_MS, LEVEL_LATE, 60000, 1, LATER_AT + HOUR_MS, before);
        assert_false(says(&p, "objective_breach"));
        if (reloads)
            reload(&p, 0);
        tell(&p, LATER_AT + HOUR_MS, LEVEL_LATE, 60000, 1, LATER_AT + HOUR_MS,
             LATER_AT + 20 * MINUTE_MS);
        /* T is 60 s from there on: pending when five of it are in, FIRING a minute later. */
        struct buf line;
        buf_init(&line);
        buf_put_format(&line, KEY " 1 firing objective_breach %lld",
                       (long long)LATER_AT + 4 * MINUTE_MS + 70000);
        buf_put_u8(&line, 0);
        assert_true(says(&p, line.at));
        assert_int_equal(p.task->leaves.count, leaves); /* what was held apart is of the same */
        buf_deinit(&line);
        played_deinit(&p);
        free(sets);
    }
}

/* Up to its instant the old one judges, at the very step too; what it had open ends there. */
static void a_version_takes_over_after_the_step_of_its_instant(void **state) {
    (void)state;
    struct set *sets = make_sets();
    struct played p;
    played_init(&p, &sets[7], false);
    int64_t from = LATER_AT - 4 * MINUTE_MS;
    late_calls(&p, from, 3);
    expect_firing(&p);
    tell(&p, LATER_AT, LEVEL_LATE, 20000, 1, LATER_AT - 1, LATER_AT - 1);
    assert_false(says(&p, "voided"));
    assert_false(tenant_task_lost_track(p.task));
    tell(&p, LATER_AT, LEVEL_LATE, 20000, 1, LATER_AT, LATER_AT);
    assert_true(says(&p, KEY " 2 voided"));
    assert_true(tenant_task_lost_track(p.task)); /* the view is to be shown anew */
    forget(&p);
    /* Its own T is another one: what is counted by the old says nothing. */
    late_calls(&p, LATER_AT, 3);
    assert_false(says(&p, KEY));
    played_deinit(&p);
    free(sets);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_after_a_load_is_as_one_without),
        cmocka_unit_test(a_change_that_says_the_same_changes_nothing),
        cmocka_unit_test(an_episode_goes_on_under_another_target),
        cmocka_unit_test(a_rule_that_is_gone_is_voided_with_the_reason),
        cmocka_unit_test(another_threshold_starts_to_count),
        cmocka_unit_test(a_tenant_comes_and_goes),
        cmocka_unit_test(an_item_whose_clock_was_replaced_is_resolved),
        cmocka_unit_test(a_change_is_told_in_the_audit_trail),
        cmocka_unit_test(a_version_is_told_when_it_is_announced_and_when_it_holds),
        cmocka_unit_test(what_a_fast_source_counts_under_the_next_version_is_not_lost),
        cmocka_unit_test(a_version_takes_over_after_the_step_of_its_instant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
