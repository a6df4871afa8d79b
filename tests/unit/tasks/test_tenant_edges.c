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
    s.r.feeds[0] = fixture_feed(FIXTURE_START, 0);
    s.r.report.feed_count = 1;
    pass(&s, FIXTURE_START);
    pass(&s, FIXTURE_START + 4 * MINUTE_MS);
    assert_int_equal(said(&s, "feed_silent"), 0);
    pass(&s, FIXTURE_START + 6 * MINUTE_MS);
    assert_int_equal(said(&s, "firing feed_silent"), 1);
    s.r.feeds[0] = fixture_feed(FIXTURE_START + 7 * MINUTE_MS, -7 * MINUTE_MS);
    s.r.report.feed_count = 1;
    pass(&s, FIXTURE_START + 8 * MINUTE_MS);
    assert_int_equal(said(&s, "resolved feed_silent"), 1);
    stage_deinit(&s);
}

/* Told at the step that makes it more than half, and over the restart just before. */
static void a_site_whose_clock_is_wrong_is_told(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    int64_t at = FIXTURE_START;
    for (int i = 0; i < 40; i++, at += 10 * SECOND_MS) {
        if (i == 18)
            restart(&s);
        s.r.feeds[0] = fixture_feed(at + 1, i < 12 || i >= 24 ? 0 : 2 * MINUTE_MS);
        s.r.report.feed_count = 1;
        pass(&s, at + 5 * SECOND_MS);
        assert_int_equal(said(&s, "firing feed_skewed"), i > 18);
        assert_int_equal(said(&s, "resolved feed_skewed"), i > 30);
    }
    stage_deinit(&s);
}

/* From the first step in which more than 5 % are refused, over a restart, until half of that. */
static void a_site_whose_records_are_refused_is_told(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    int64_t at = FIXTURE_START;
    for (int i = 0; i < 80; i++, at += 10 * SECOND_MS) {
        if (i == 14 || i == 35)
            restart(&s);
        s.r.feeds[0] = fixture_feed(at + 1, 0);
        s.r.feeds[0].records = 40;
        s.r.feeds[0].refused[DEAD_TOO_LATE] = i >= 12 && i < 24 ? 10 : 0;
        s.r.report.feed_count = 1;
        pass(&s, at + 5 * SECOND_MS);
        assert_int_equal(said(&s, "firing data_quality"), i > 15);
        assert_int_equal(said(&s, "resolved data_quality"), i > 50);
    }
    assert_int_equal(said(&s, "feed_silent"), 0);
    stage_deinit(&s);
}

/* Refused records are no sign of life, and of a site that nobody has heard of they are told too. */
static void what_is_refused_is_no_sign_of_life(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    s.r.feeds[0] = fixture_feed(FIXTURE_START, 0);
    s.r.report.feed_count = 1;
    pass(&s, FIXTURE_START);
    for (int64_t at = FIXTURE_START + MINUTE_MS; at < FIXTURE_START + HOUR_MS; at += MINUTE_MS) {
        s.r.feeds[0] = fixture_feed(at, 0);
        s.r.feeds[0].mute = true;
        s.r.feeds[0].refused[DEAD_INVALID] = 1;
        s.r.feeds[1] = s.r.feeds[0];
        s.r.feeds[1].site = (struct slice){NULL, 0};
        s.r.report.feed_count = 2;
        pass(&s, at);
    }
    assert_int_equal(said(&s, "firing feed_silent"), 1);
    assert_int_equal(said(&s, "firing data_quality"), 2);
    assert_int_equal(said(&s, "feeds.no-site"), 1);
    stage_deinit(&s);
}

/* Garbage makes no tenants; what can be used does. */
static void a_refused_record_makes_no_tenant(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s);
    stage_raise(&s);
    s.r.feeds[0] = fixture_feed(FIXTURE_START, 0);
    s.r.feeds[0].tenant = SLICE("zzz-no-such");
    s.r.feeds[0].mute = true;
    s.r.feeds[0].refused[DEAD_INVALID] = 1;
    s.r.report.feed_count = 1;
    pass(&s, FIXTURE_START + MINUTE_MS);
    assert_int_equal(said(&s, "firing config"), 0);
    assert_int_equal(tenant_task_counts(s.task)->refused_senders, 1);
    s.r.feeds[0] = fixture_feed(FIXTURE_START + MINUTE_MS, 0);
    s.r.feeds[0].tenant = SLICE("zzz-no-such");
    s.r.report.feed_count = 1;
    pass(&s, FIXTURE_START + 2 * MINUTE_MS);
    assert_int_equal(said(&s, "firing config"), 1);
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
        cmocka_unit_test(a_site_whose_clock_is_wrong_is_told),
        cmocka_unit_test(a_site_whose_records_are_refused_is_told),
        cmocka_unit_test(what_is_refused_is_no_sign_of_life),
        cmocka_unit_test(a_refused_record_makes_no_tenant),
        cmocka_unit_test(a_burst_of_arrivals_is_a_spike),
        cmocka_unit_test(an_objective_fires_at_its_step_and_late_counts_void_it),
        cmocka_unit_test(objectives_alone_are_published_when_asked),
        cmocka_unit_test(rows_older_than_all_panes_are_counted_as_such),
        cmocka_unit_test(a_broken_state_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
