/* What happens at the limits, and is everything that is judged wired to its judge? */
#include "tenant_stage.h"

static void a_scope_past_the_limit_counts_in_its_parents(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    s.options.scope_limit = 8;
    stage_raise(&s);
    count(&s, 0, FIXTURE_START, COUNTER_OFFERED, 1);
    pass(&s, FIXTURE_START + 5000);
    assert_int_equal(tenant_task_scopes(s.task), 8);
    assert_int_equal(said(&s, "data_quality"), 0);
    count(&s, 3, FIXTURE_START, COUNTER_OFFERED, 1);
    pass(&s, FIXTURE_START + 60000);
    assert_int_equal(tenant_task_scopes(s.task), 8);
    assert_int_equal(tenant_task_counts(s.task)->refused_scopes, 4);
    assert_int_equal(said(&s, "firing data_quality"), 1);

    /* Also of a tenant that came too late to have any scope, and after a restart. */
    count(&s, 5, FIXTURE_START + 60000, COUNTER_OFFERED, 1);
    pass(&s, FIXTURE_START + 120000);
    assert_int_equal(said(&s, "firing data_quality"), 2);
    struct buf bytes;
    struct err err;
    buf_init(&bytes);
    tenant_task_save(s.task, &bytes);
    tenant_task_free(s.task);
    s.task = tenant_task_new(&s.options);
    assert_true(tenant_task_load(s.task, buf_slice(&bytes), &err));
    assert_int_equal(tenant_task_scopes(s.task), 8);
    count(&s, 3, FIXTURE_START + 60000, COUNTER_OFFERED, 1);
    pass(&s, FIXTURE_START + 180000);
    assert_int_equal(said(&s, "firing data_quality"), 2);
    buf_deinit(&bytes);
    stage_deinit(&s);
}

static void a_tenant_without_a_contract_is_told_once(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    for (int64_t i = 1; i < 5; i++) {
        count(&s, 5, FIXTURE_START + i * 30000, COUNTER_OFFERED, 1);
        pass(&s, FIXTURE_START + i * 30000);
    }
    assert_int_equal(said(&s, "firing config"), 1);
    assert_int_equal(tenant_task_open_alerts(s.task), 1);
    stage_deinit(&s);
}

static void facts_become_item_alerts_at_once(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    fixture_fact(&s.r, "call-1", FACT_AT_RISK, FIXTURE_START);
    pass(&s, INSTANT_NONE); /* no clock yet: alerts do not wait for it */
    assert_int_equal(said(&s, "firing item_at_risk"), 1);
    fixture_fact(&s.r, "call-1", FACT_BREACHED, FIXTURE_START + 1000);
    pass(&s, FIXTURE_START);
    assert_int_equal(said(&s, "resolved item_at_risk"), 1);
    assert_int_equal(said(&s, "firing item_breach"), 1);
    fixture_fact(&s.r, "call-1", FACT_ENDED, FIXTURE_START + 2000);
    pass(&s, FIXTURE_START + 2000);
    assert_int_equal(said(&s, "resolved item_breach"), 1);
    assert_int_equal(tenant_task_counts(s.task)->alerts, 4);
    assert_int_equal(tenant_task_open_alerts(s.task), 0);
    stage_deinit(&s);
}

static void a_silent_site_is_told(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    s.r.feeds[0] = (struct report_feed){SLICE("acme"), SLICE("north"), FIXTURE_START,
                                        FIXTURE_START};
    s.r.report.feed_count = 1;
    pass(&s, FIXTURE_START);
    pass(&s, FIXTURE_START + 4 * MINUTE_MS);
    assert_int_equal(said(&s, "feed_silent"), 0);
    pass(&s, FIXTURE_START + 6 * MINUTE_MS);
    assert_int_equal(said(&s, "firing feed_silent"), 1);
    s.r.feeds[0] = (struct report_feed){SLICE("acme"), SLICE("north"),
                                        FIXTURE_START + 7 * MINUTE_MS, FIXTURE_START};
    s.r.report.feed_count = 1;
    pass(&s, FIXTURE_START + 8 * MINUTE_MS);
    assert_int_equal(said(&s, "resolved feed_silent"), 1);
    stage_deinit(&s);
}

static void a_burst_of_arrivals_is_a_spike(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    int64_t at = FIXTURE_START;
    for (; at < FIXTURE_START + 2 * HOUR_MS; at += 4 * MINUTE_MS) {
        count(&s, 0, at, COUNTER_OFFERED, 1);
        pass(&s, at);
    }
    assert_int_equal(said(&s, "demand_spike"), 0);
    for (int i = 0; i < 5; i++, at += MINUTE_MS) {
        count(&s, 0, at, COUNTER_OFFERED, 30);
        pass(&s, at);
    }
    pass(&s, at + MINUTE_MS);
    assert_int_equal(said(&s, "firing demand_spike"), 1);
    stage_deinit(&s);
}

static void an_objective_fires_at_its_step_and_late_counts_void_it(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    int64_t start = instant_floor(FIXTURE_START, MINUTE_MS);
    struct fact_row late = {
        .pane_at = start, .kind = 1, .which = LEVEL_LATE, .threshold_ms = 20000, .value = 10};
    fixture_add(&s.r, &late);
    pass(&s, start + 60000);
    assert_int_equal(said(&s, "objective_breach"), 0); /* pending since start + 10 s */
    pass(&s, start + 70000);
    assert_int_equal(said(&s, "firing objective_breach"), 1);
    struct buf step;
    buf_init(&step);
    buf_put_format(&step, "firing objective_breach %lld", (long long)start + 70000);
    buf_put_u8(&step, 0);
    assert_int_equal(said(&s, step.at), 1);
    buf_deinit(&step);

    late.pane_at = start;
    late.value = -10; /* it never was */
    fixture_add(&s.r, &late);
    pass(&s, start + 75000);
    assert_int_equal(said(&s, "voided objective_breach"), 1);
    assert_int_equal(tenant_task_open_alerts(s.task), 0);
    stage_deinit(&s);
}

/* ---- a day as an objective's window ---- */

/* The local midnight that ends the day of FIXTURE_START, where clocks show UTC + 5:45. */
static int64_t midnight_after_start(void) {
    return instant_floor(FIXTURE_START + 20700000, DAY_MS) + DAY_MS - 20700000 + 1800000;
}

static void level_of(struct stage *s, uint32_t leaf, int64_t at, enum level_counter which,
                     int64_t value) {
    struct fact_row f = {.leaf = leaf,
                         .pane_at = instant_floor(at, DELTA_PANE_MS),
                         .kind = 1,
                         .which = (uint8_t)which,
                         .threshold_ms = 20000,
                         .value = value};
    fixture_add(&s->r, &f);
}

static void level(struct stage *s, int64_t at, enum level_counter which, int64_t value) {
    level_of(s, 0, at, which, value);
}

struct day_figures {
    int64_t start_at, closed, revised, final; /* numerators; -1: not said */
    int32_t revision;
};

static void note_day(void *context, const struct kpi *k) {
    struct day_figures *d = context;
    if (!slice_equal(k->window, SLICE("today")) ||
        !slice_equal(k->metric, SLICE("service_level")) ||
        k->window_end_at != midnight_after_start() || k->scope->mask != SCOPE_BIT(SCOPE_SITE))
        return;
    d->start_at = k->window_start_at;
    if (k->final)
        d->final = k->numerator;
    else if (k->revision > 0)
        d->revised = k->numerator;
    else
        d->closed = k->numerator;
    d->revision = k->revision;
}

/* Only the day's objective, without hold. */
static void stage_day(struct stage *s, struct objective *day) {
    stage_init(s);
    *day = fixture_objectives[3];
    day->hold_ms = 0;
    s->acme.objectives = day;
    s->acme.objective_count = 1;
    s->options.publish_all = false;
    stage_raise(s);
}

static void a_day_is_judged_to_its_end_and_restated_by_what_comes_late(void **state) {
    (void)state;
    struct stage s;
    struct objective day;
    struct day_figures d = {.closed = -1, .revised = -1, .final = -1};
    stage_day(&s, &day);
    s.effects.on_kpi = note_day;
    s.effects.context = &d;
    int64_t midnight = midnight_after_start();
    level(&s, midnight - 2 * HOUR_MS, LEVEL_ANSWERED_IN, 10);
    level(&s, midnight - HOUR_MS, LEVEL_LATE, 10);
    pass(&s, midnight - MINUTE_MS);
    assert_int_equal(said(&s, "voice-day|objective_breach|site=north|| 1 firing"), 1);
    assert_int_equal(said(&s, "2 expired"), 0);
    pass(&s, midnight + MINUTE_MS);
    assert_int_equal(said(&s, "2 expired objective_breach"), 1);
    assert_int_equal(d.closed, 10);
    assert_int_equal(d.start_at, midnight - DAY_MS - 1800000);
    /* Thirty more of yesterday: the figure is another one, and the verdict of then stays. */
    level(&s, midnight - 3 * HOUR_MS, LEVEL_ANSWERED_IN, 30);
    level(&s, midnight + 2 * MINUTE_MS, LEVEL_LATE, 1);
    pass(&s, midnight + 3 * MINUTE_MS);
    assert_int_equal(d.revised, 40);
    assert_int_equal(d.revision, 1);
    assert_int_equal(said(&s, "|objective_breach|"), 2);
    /* And none of them counts today: two late ones are all there is. */
    level(&s, midnight + 3 * MINUTE_MS, LEVEL_LATE, 1);
    pass(&s, midnight + 6 * MINUTE_MS);
    assert_int_equal(said(&s, "1 firing objective_breach"), 2);
    pass(&s, midnight + 25 * HOUR_MS);
    assert_int_equal(d.final, 40);
    stage_deinit(&s);
}

/* The steps of an hour ago are judged as the day was then, however much has come since. */
static void late_counts_void_what_a_day_would_not_have_opened(void **state) {
    (void)state;
    for (int64_t taken = 9; taken <= 10; taken++) {
        struct stage s;
        struct objective day;
        stage_day(&s, &day);
        int64_t start = instant_floor(FIXTURE_START, 5 * MINUTE_MS);
        level(&s, start, LEVEL_ANSWERED_IN, 10);
        level(&s, start + MINUTE_MS, LEVEL_LATE, 10);
        pass(&s, start + 20 * MINUTE_MS);
        assert_int_equal(said(&s, "1 firing objective_breach"), 1);
        level(&s, start + HOUR_MS, LEVEL_LATE, 100);
        pass(&s, start + 2 * HOUR_MS);
        level(&s, start + MINUTE_MS, LEVEL_LATE, -taken);
        level(&s, start + MINUTE_MS, LEVEL_ANSWERED_IN, taken);
        pass(&s, start + 2 * HOUR_MS + MINUTE_MS);
        assert_int_equal(said(&s, "2 voided objective_breach"), 1);
        /* It is missed all the same, since an hour after the start. */
        pass(&s, start + 2 * HOUR_MS + 6 * MINUTE_MS);
        assert_int_equal(said(&s, "1 firing objective_breach"), 2);
        stage_deinit(&s);
    }
}

/* Four an hour are expected until midnight. */
static void the_rest_of_a_day_is_judged_over_restarts_and_late_counts(void **state) {
    (void)state;
    struct stage s;
    struct objective day;
    stage_day(&s, &day);
    int64_t midnight = midnight_after_start();
    level(&s, midnight - 3 * HOUR_MS, LEVEL_ANSWERED_IN, 10);
    level(&s, midnight - 2 * HOUR_MS, LEVEL_LATE, 6); /* 62.5 % so far, and none of late */
    pass(&s, midnight - 2 * HOUR_MS + 4 * MINUTE_MS);
    assert_int_equal(said(&s, "objective_at_risk"), 0);
    restart(&s);
    pass(&s, midnight - 2 * HOUR_MS + 6 * MINUTE_MS);
    assert_int_equal(said(&s, "voice-day|objective_at_risk|site=north|| 1 firing"), 1);
    restart(&s);
    level(&s, midnight - 2 * HOUR_MS, LEVEL_LATE, -6);
    level(&s, midnight - 2 * HOUR_MS, LEVEL_ANSWERED_IN, 6);
    pass(&s, midnight - HOUR_MS - 50 * MINUTE_MS);
    assert_int_equal(said(&s, "2 voided objective_at_risk"), 1);
    /* 13 more are missed: at five to eleven the about 3.7 that will come would do, time passes, and
     * the two of the last half hour do not. */
    level(&s, midnight - HOUR_MS, LEVEL_LATE, 13);
    pass(&s, midnight - HOUR_MS + 6 * MINUTE_MS);
    assert_int_equal(said(&s, "objective_unrecoverable"), 0);
    restart(&s);
    pass(&s, midnight - 30 * MINUTE_MS);
    assert_int_equal(said(&s, "1 firing objective_unrecoverable"), 1);
    pass(&s, midnight + MINUTE_MS);
    assert_int_equal(said(&s, "2 expired objective_unrecoverable"), 1);
    assert_int_equal(said(&s, "2 expired objective_breach"), 1);
    stage_deinit(&s);
}

/* Without a word of the contract the second week knows what the first one brought. */
static void what_a_week_brought_is_expected_of_the_next(void **state) {
    (void)state;
    struct stage s;
    struct objective day;
    stage_day(&s, &day);
    day.expected_per_ms = 0;
    int64_t midnight = midnight_after_start();
    for (int64_t at = 0; at < 15 * 24; at++) {
        bool bad = at >= 8 * 24 && at % 24 < 16;
        level(&s, midnight + at * HOUR_MS, bad ? LEVEL_LATE : LEVEL_ANSWERED_IN, 10);
        pass(&s, midnight + at * HOUR_MS + 40 * MINUTE_MS);
        restart(&s);
        /* 96 of 240 may be missed. All of the first week is known a day after its end, and from
         * half past nine on 100 of the ninth day are. */
        bool lost = at >= 8 * 24 + 9;
        assert_int_equal(said(&s, "1 firing objective_unrecoverable") > 0, lost);
    }
    assert_int_equal(said(&s, "1 firing objective_unrecoverable"), 7);
    assert_int_equal(said(&s, "2 expired objective_unrecoverable"), 6);
    stage_deinit(&s);
}

static char contributed[400]; /* to the last FIRING */

static void note_contributors(void *context, const struct alert *a) {
    size_t size = 0;
    collect_alert(context, a);
    if (a->transition != TRANSITION_FIRING)
        return;
    contributed[0] = '\0';
    for (size_t i = 0; i < a->contributor_count; i++) {
        const struct alert_contributor *part = &a->contributors[i];
        size += (size_t)snprintf(contributed + size, sizeof(contributed) - size,
                                 SLICE_FMT "=" SLICE_FMT " %.3f ", SLICE_ARG(part->dimension),
                                 SLICE_ARG(part->value), part->share);
    }
}

/* All queues, of which 60 % are agreed: north lacks 2 in billing and 12 in tech, south 7. */
static void an_alert_says_what_drives_it(void **state) {
    (void)state;
    static const char *const eight = "vendor=v1 0.667 site=north 0.667 priority=normal 0.667 "
                                     "queue=tech 0.571 queue=billing 0.429 vendor=v2 0.333 "
                                     "site=south 0.333 priority=high 0.333 ";
    struct stage s;
    struct objective rules[2];
    stage_day(&s, &rules[0]);
    s.out.alert = note_contributors;
    rules[0].per = 0;
    rules[0].at_risk = false;
    rules[1] = rules[0];
    rules[1].name = SLICE("half-hour");
    rules[1].window = WINDOW_30M;
    s.acme.objectives = rules;
    s.acme.objective_count = 2;
    int64_t midnight = midnight_after_start();
    for (int64_t days = 0; days < 2; days++) {
        int64_t at = midnight + days * DAY_MS + HOUR_MS;
        level_of(&s, 3, at, LEVEL_ANSWERED_IN, 5);
        level_of(&s, 0, at + MINUTE_MS, LEVEL_ANSWERED_IN, 10);
        level_of(&s, 2, at - 10 * MINUTE_MS, LEVEL_ANSWERED_IN, 1);
        pass(&s, at + 2 * MINUTE_MS);
        restart(&s);
        level_of(&s, 2, at - 10 * MINUTE_MS, LEVEL_ANSWERED_IN, -1);
        level_of(&s, 0, at + 3 * MINUTE_MS, LEVEL_LATE, 10);
        level_of(&s, 2, at + 3 * MINUTE_MS, LEVEL_LATE, 20);
        level_of(&s, 3, at + 3 * MINUTE_MS, LEVEL_LATE, 15);
        pass(&s, at + 3 * MINUTE_MS + 11000); /* the half hour's step */
        assert_string_equal(contributed, eight);
        contributed[0] = '\0';
        pass(&s, at + 6 * MINUTE_MS); /* the day's */
        assert_string_equal(contributed, eight);
    }
    stage_deinit(&s);
}

struct published {
    size_t closes, minutes, others;
};

static void note_published(void *context, const struct kpi *k) {
    struct published *p = context;
    if (slice_equal(k->tenant, SLICE("zeta")))
        p->others++;
    else if (slice_equal(k->metric, SLICE("offered")))
        p->closes++;
    else
        p->minutes += slice_equal(k->metric, SLICE("service_level"));
}

static void objectives_alone_are_published_when_asked(void **state) {
    (void)state;
    struct stage s;
    struct published p = {0};
    stage_init(&s);
    s.options.publish_all = false;
    s.effects.on_kpi = note_published;
    s.effects.context = &p;
    stage_raise(&s);
    int64_t start = instant_floor(FIXTURE_START, HOUR_MS);
    count(&s, 0, start, COUNTER_OFFERED, 1);
    count(&s, 5, start, COUNTER_OFFERED, 1);
    pass(&s, start);
    pass(&s, start + 2 * HOUR_MS);
    assert_int_equal(p.closes, 0);
    assert_int_equal(p.others, 0);
    /* voice-80-20 each minute, at a close once; closes of the two other windows besides. */
    assert_true(p.minutes >= 120 && p.minutes < 130);
    stage_deinit(&s);
}

static void rows_older_than_all_panes_are_counted_as_such(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    pass(&s, FIXTURE_START);
    count(&s, 0, FIXTURE_START - 30 * HOUR_MS, COUNTER_OFFERED, 1);
    count(&s, 0, FIXTURE_START - 23 * HOUR_MS, COUNTER_OFFERED, 1);
    pass(&s, FIXTURE_START);
    assert_int_equal(tenant_task_counts(s.task)->late_rows, 1);
    stage_deinit(&s);
}

static void a_broken_state_is_refused(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    for (uint32_t i = 0; i < FIXTURE_LEAVES; i++)
        count(&s, i, FIXTURE_START, COUNTER_WAITING_CHANGE, 1);
    fixture_fact(&s.r, "call-1", FACT_BREACHED, FIXTURE_START);
    pass(&s, FIXTURE_START + HOUR_MS);
    struct buf bytes;
    struct err err;
    buf_init(&bytes);
    tenant_task_save(s.task, &bytes);
    for (size_t size = 0; size < bytes.size; size += 1 + size / 50) {
        struct tenant_task *t = tenant_task_new(&s.options);
        assert_false(tenant_task_load(t, (struct slice){bytes.at, size}, &err));
        assert_true(strlen(err.text) > 0);
        tenant_task_free(t);
    }
    buf_deinit(&bytes);
    stage_deinit(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scope_past_the_limit_counts_in_its_parents),
        cmocka_unit_test(a_tenant_without_a_contract_is_told_once),
        cmocka_unit_test(facts_become_item_alerts_at_once),
        cmocka_unit_test(a_silent_site_is_told),
        cmocka_unit_test(a_burst_of_arrivals_is_a_spike),
        cmocka_unit_test(an_objective_fires_at_its_step_and_late_counts_void_it),
        cmocka_unit_test(a_day_is_judged_to_its_end_and_restated_by_what_comes_late),
        cmocka_unit_test(late_counts_void_what_a_day_would_not_have_opened),
        cmocka_unit_test(the_rest_of_a_day_is_judged_over_restarts_and_late_counts),
        cmocka_unit_test(what_a_week_brought_is_expected_of_the_next),
        cmocka_unit_test(an_alert_says_what_drives_it),
        cmocka_unit_test(objectives_alone_are_published_when_asked),
        cmocka_unit_test(rows_older_than_all_panes_are_counted_as_such),
        cmocka_unit_test(a_broken_state_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
