/* Objectives in a tenant's task: a day and its rest, what drives an alert, and whom it names. */
#include "tasks/tenant_state.h"
#include "tenant_stage.h"

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

/* What comes between opening and firing is looked at with the next late count of the metric, though
 * the figure may not need that one. */
static void any_late_count_of_the_metric_is_a_look_back(void **state) {
    (void)state;
    struct stage s;
    struct objective five = fixture_objectives[0];
    five.window = WINDOW_5M;
    stage_init(&s);
    s.acme.objectives = &five;
    s.acme.objective_count = 1;
    s.options.publish_all = false;
    stage_raise(&s);
    int64_t start = instant_floor(FIXTURE_START, 5 * MINUTE_MS);
    int64_t before = start + 10 * SECOND_MS - 5 * MINUTE_MS; /* of the first step's window alone */
    level(&s, start, LEVEL_LATE, 10);
    pass(&s, start + 30 * SECOND_MS);
    level(&s, before, LEVEL_ANSWERED_IN, 100);
    pass(&s, start + 2 * MINUTE_MS);
    assert_int_equal(said(&s, "1 firing objective_breach"), 1);
    struct fact_row by_arrival = {.pane_at = before,
                                  .kind = 1,
                                  .which = LEVEL_LATE,
                                  .attribution = BY_ARRIVAL,
                                  .threshold_ms = five.within_ms,
                                  .value = 1};
    fixture_add(&s.r, &by_arrival);
    pass(&s, start + 3 * MINUTE_MS);
    assert_int_equal(said(&s, "2 voided objective_breach"), 1);
    stage_deinit(&s);
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

/* Three leaves of one queue: who came for a refund lacks 6 of 10, for a delivery 3, others none. */
static void an_alert_says_for_what_they_came(void **state) {
    (void)state;
    static const char *const reasons[] = {"refund", "delivery", ""};
    static const int64_t late[] = {10, 7, 0}, in_time[] = {0, 3, 10};
    struct stage s;
    struct objective rule;
    stage_day(&s, &rule);
    s.out.alert = note_contributors;
    rule.per = SCOPE_BIT(SCOPE_SITE);
    rule.window = WINDOW_30M;
    rule.at_risk = false;
    int64_t at = midnight_after_start() + HOUR_MS;
    for (int64_t minute = 0; minute < 20; minute++) {
        for (uint32_t i = 0; i < 3; i++) {
            s.r.leaves[i] = fixture_leaves[0];
            s.r.leaves[i].reason = slice_of(reasons[i]);
            if (minute == 10)
                level_of(&s, i, at, LEVEL_LATE, late[i]);
            if (minute == 10)
                level_of(&s, i, at, LEVEL_ANSWERED_IN, in_time[i]);
        }
        at += MINUTE_MS;
        pass(&s, at);
        restart(&s);
    }
    assert_string_equal(contributed, "reason=refund 0.667 reason=delivery 0.333 ");
    stage_deinit(&s);
}

/* Few and many, in the order in which they came. */
static void a_leaf_is_a_member_once(void **state) {
    (void)state;
    static struct tenant_leaf leaves[1000];
    struct tenant_member *members[1000];
    struct objective counted = {.metric = METRIC_OFFERED}; /* it has no parts */
    struct tenant_rule rule = {.objective = &counted}, next = {.objective = &counted};
    for (size_t i = 0; i < 1000; i++) {
        members[i] = tenant_members_join(&rule, &leaves[i]);
        assert_ptr_equal(members[i]->leaf, &leaves[i]);
        assert_ptr_equal(tenant_members_join(&rule, &leaves[i / 2]), members[i / 2]);
        assert_int_equal(rule.members.count, i + 1);
    }
    tenant_members_take_over(&next, &rule, FIXTURE_START);
    for (size_t i = 0; i < 1000; i++)
        assert_ptr_equal(tenant_members_join(&next, &leaves[i]), next.members.items[i]);
    assert_int_equal(next.members.count, 1000);
    tenant_members_deinit(&rule.members);
    tenant_members_deinit(&next.members);
}

static void miss(struct stage *s, int64_t at, const char *id, bool gone) {
    s->r.misses[s->r.report.miss_count++] = (struct miss){.interaction_id = slice_of(id),
                                                          .kind = MISS_LATE,
                                                          .gone = gone,
                                                          .at = at,
                                                          .queued_at = at - 20000,
                                                          .wait_ms = 20000};
    level(s, at, LEVEL_LATE, gone ? -1 : 1);
}

static char named[400]; /* in the last FIRING */

static void note_named(void *context, const struct alert *a) {
    size_t size = 0;
    collect_alert(context, a);
    if (a->transition != TRANSITION_FIRING)
        return;
    named[0] = '\0';
    for (size_t i = 0; i < a->interaction_count; i++)
        size += (size_t)snprintf(named + size, sizeof(named) - size, SLICE_FMT " ",
                                 SLICE_ARG(a->interactions[i]));
}

/* The ten newest that the window has seen, whatever else is known already, and not what was none.
 * */
static void an_alert_names_ten_who_missed(void **state) {
    (void)state;
    struct stage s;
    struct objective day;
    stage_day(&s, &day);
    s.out.alert = note_named;
    day.at_risk = false;
    day.min_sample = 14;
    int64_t start = midnight_after_start() + HOUR_MS;
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g",
                                      "h", "i", "j", "k", "l", "m"};
    for (int i = 0; i < 13; i++)
        miss(&s, start + i * 1000, ids[i], false);
    miss(&s, midnight_after_start() - HOUR_MS, "yesterday", false);
    pass(&s, start + 4 * MINUTE_MS);
    restart(&s);
    assert_int_equal(said(&s, "firing"), 0);
    miss(&s, start + 12000, "m", true);
    miss(&s, start + 11500, "z", false);
    miss(&s, start + 11500, "z", false); /* told twice it is one */
    miss(&s, start + 6 * MINUTE_MS, "later", false);
    level(&s, start, LEVEL_LATE, 3);
    pass(&s, start + 5 * MINUTE_MS + 11000);
    assert_int_equal(said(&s, "1 firing objective_breach"), 1);
    assert_string_equal(named, "z l k j i h g f e d ");
    stage_deinit(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_judged_to_its_end_and_restated_by_what_comes_late),
        cmocka_unit_test(late_counts_void_what_a_day_would_not_have_opened),
        cmocka_unit_test(any_late_count_of_the_metric_is_a_look_back),
        cmocka_unit_test(the_rest_of_a_day_is_judged_over_restarts_and_late_counts),
        cmocka_unit_test(what_a_week_brought_is_expected_of_the_next),
        cmocka_unit_test(an_alert_says_what_drives_it),
        cmocka_unit_test(an_alert_says_for_what_they_came),
        cmocka_unit_test(a_leaf_is_a_member_once),
        cmocka_unit_test(an_alert_names_ten_who_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
