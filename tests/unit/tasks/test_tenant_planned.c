/* A queue with a plan, played minute by minute: more comes than was forecast, and too few are
 * there. With restarts and without the same is said. */
#include <string.h>

#include "base/property.h"
#include "core/episode.h"
#include "tasks/tenant_state.h"
#include "tenant_history.h"

#define AT (INT64_C(18600) * DAY_MS)
#define LENGTH_MS (15 * MINUTE_MS)

struct stage {
    struct contract acme;
    struct contract_set set;
    struct tenant_task_options options;
    struct tenant_task *task;
    struct collected effects;
    struct outbox out;
    struct fixture_report r;
    int64_t now, log_at;
    bool split;
};

static void stage_init(struct stage *s, bool split) {
    memset(s, 0, sizeof(*s));
    s->set = fixture_contracts(&s->acme);
    s->acme.objective_count = 1; /* voice-80-20 */
    s->set.contracts = &s->acme;
    s->options = task_options(&s->set, false);
    s->task = tenant_task_new(&s->options);
    collected_init(&s->effects);
    s->out = collected_outbox(&s->effects);
    s->now = s->log_at = AT;
    s->split = split;
    fixture_report_init(&s->r);
}

static void stage_deinit(struct stage *s) {
    tenant_task_free(s->task);
    collected_deinit(&s->effects);
}

static void restart(struct stage *s) {
    struct buf bytes;
    struct err err;
    buf_init(&bytes);
    tenant_task_save(s->task, &bytes);
    tenant_task_free(s->task);
    s->task = tenant_task_new(&s->options);
    assert_true(tenant_task_load(s->task, buf_slice(&bytes), &err));
    buf_deinit(&bytes);
}

static void send(struct stage *s) {
    s->log_at += 100;
    fixture_clock(&s->r, 0, 1, s->now, false);
    tenant_task_apply(s->task, &s->r.report, s->log_at, &s->out);
    fixture_report_init(&s->r);
    if (s->split)
        restart(s);
}

/* At site north, queue billing, voice. */
static void plan(struct stage *s, int64_t start_at, double volume, double agents) {
    s->r.forecasts[s->r.report.forecast_count++] = (struct forecast){.tenant = SLICE("acme"),
                                                                     .site = SLICE("north"),
                                                                     .queue = SLICE("billing"),
                                                                     .channel = CHANNEL_VOICE,
                                                                     .forecast_id = SLICE("wfm"),
                                                                     .published_at = AT - DAY_MS,
                                                                     .start_at = start_at,
                                                                     .interval_ms = LENGTH_MS,
                                                                     .volume = volume,
                                                                     .aht_ms = FORECAST_NONE,
                                                                     .required_fte = agents,
                                                                     .shrinkage = FORECAST_NONE,
                                                                     .p10 = FORECAST_NONE,
                                                                     .p90 = FORECAST_NONE};
}

static void note(struct stage *s, uint8_t counter, int64_t value) {
    fixture_add(&s->r, &(struct fact_row){.pane_at = instant_floor(s->now, DELTA_PANE_MS),
                                          .which = counter,
                                          .value = value});
}

/* So many come in a minute, each is served for 3 min by one of those who are there; half a dozen
 * wait at any time, and of those one gives up in two minutes. */
static void minute(struct stage *s, int64_t comes) {
    bool first = s->now == AT;
    note(s, COUNTER_OFFERED, comes);
    note(s, COUNTER_HANDLED, 3);
    note(s, COUNTER_TALK_MS, INT64_C(3) * 180000);
    note(s, COUNTER_ABANDONED, s->now / MINUTE_MS % 2);
    if (first)
        note(s, COUNTER_WAITING_CHANGE, 6);
    s->now += MINUTE_MS;
    send(s);
}

static void play(struct stage *s, int64_t minutes, int64_t comes) {
    for (int64_t i = 0; i < minutes; i++)
        minute(s, comes);
}

/* "staffing_gap... seq TRANSITION" as collect_alert writes it. */
static size_t told(const struct stage *s, enum alert_kind kind, enum transition transition) {
    size_t count = 0;
    char words[80];
    struct buf text;
    buf_init(&text);
    buf_put(&text, s->effects.alerts.at, s->effects.alerts.size);
    buf_put_u8(&text, 0);
    snprintf(words, sizeof(words), " %s %s ", transition_name(transition), alert_kind_name(kind));
    for (const char *at = text.at; (at = strstr(at, words)); at++)
        count++;
    buf_deinit(&text);
    return count;
}

static void a_day(struct stage *s) {
    for (int i = 0; i < 24; i++) {
        plan(s, AT + i * LENGTH_MS, 50, i < 16 ? 4 : 30);
        if (i % 8 == 7)
            send(s);
    }
    play(s, 120, 3);
    assert_int_equal(told(s, ALERT_STAFFING_GAP, TRANSITION_FIRING), 1);
    assert_int_equal(told(s, ALERT_FORECAST_MISS, TRANSITION_FIRING), 0);
    play(s, 60, 14);
    assert_int_equal(told(s, ALERT_FORECAST_MISS, TRANSITION_FIRING), 1);
    assert_int_equal(told(s, ALERT_STAFFING_GAP, TRANSITION_FIRING), 1);
    play(s, 120, 3); /* from 4:00 on thirty are planned */
    assert_int_equal(told(s, ALERT_STAFFING_GAP, TRANSITION_RESOLVED), 1);
    assert_int_equal(told(s, ALERT_FORECAST_MISS, TRANSITION_RESOLVED), 1);
}

static void the_same_is_said_with_restarts(void **state) {
    (void)state;
    struct stage one, other;
    struct buf a, b;
    buf_init(&a);
    buf_init(&b);
    stage_init(&one, false);
    stage_init(&other, true);
    a_day(&one);
    a_day(&other);
    assert_true(slice_equal(buf_slice(&one.effects.alerts), buf_slice(&other.effects.alerts)));
    tenant_task_save(one.task, &a);
    tenant_task_save(other.task, &b);
    assert_true(slice_equal(buf_slice(&a), buf_slice(&b)));
    stage_deinit(&one);
    stage_deinit(&other);
    buf_deinit(&a);
    buf_deinit(&b);
}

/* In 2 min six wait for 12 min together, and one of them gives up. */
static int64_t waited(const struct tenant_forecast *f) {
    int64_t waited_ms = 0;
    for (size_t i = 0; i < TENANT_WAITED_SLOTS; i++)
        waited_ms += f->planned.waited_ms[i];
    return waited_ms;
}

static void patience_is_that_of_all_who_wait(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s, false);
    plan(&s, AT, 50, 4);
    play(&s, 240, 3);
    const struct tenant *tenant = tenant_state_find(s.task, SLICE("acme"));
    const struct tenant_forecast *f = tenant->forecasts.items[0];
    assert_int_equal(waited(f), 240 * 6 * MINUTE_MS);
    note(&s, COUNTER_WAITING_CHANGE, -10); /* four of them waited before anybody counted */
    s.now += MINUTE_MS;
    send(&s);
    assert_int_equal(f->planned.waiting_low, -4);
    assert_int_equal(waited(f), 235 * 6 * MINUTE_MS); /* nobody waits; five minutes are past */
    stage_deinit(&s);
}

/* Hours that are looked back on lie before 1970. */
static void the_first_hours_of_all_are_sampled(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s, false);
    s.now = s.log_at = MINUTE_MS;
    plan(&s, LENGTH_MS, 50, 4);
    note(&s, COUNTER_WAITING_CHANGE, 6);
    play(&s, 30, 3);
    const struct tenant *tenant = tenant_state_find(s.task, SLICE("acme"));
    const struct tenant_forecast *f = tenant->forecasts.items[0];
    assert_ptr_equal(f->planned.objective, &s.acme.objectives[0]);
    assert_int_equal(waited(f), 30 * 6 * MINUTE_MS);
    stage_deinit(&s);
}

/* The rule is per queue and channel: a plan of one site is none for it, unless it is for that site
 * alone. Without a plan the contract says four in a quarter of an hour, and three a minute come. */
static void demand_is_held_against_the_plan_of_its_scope(void **state) {
    (void)state;
    static struct slice north[] = {SLICE("north")};
    static const bool of_all_sites[] = {true, false, false};
    static const bool for_north[] = {false, false, true};
    for (int way = 0; way < 3; way++) {
        struct stage s;
        stage_init(&s, true);
        struct demand_rule rule = s.acme.demands[0];
        if (for_north[way])
            rule.when.site = (struct match_values){north, 1};
        s.acme.demands = &rule;
        for (int i = -4; i < 8; i++) {
            plan(&s, AT + i * LENGTH_MS, 45, 4);
            if (of_all_sites[way])
                s.r.forecasts[s.r.report.forecast_count - 1].site = SLICE("");
            if (i == 3)
                send(&s);
        }
        bool planned = of_all_sites[way] || for_north[way];
        play(&s, 70, 3);
        assert_int_equal(told(&s, ALERT_DEMAND_SPIKE, TRANSITION_FIRING), planned ? 0 : 1);
        play(&s, 30, 14);
        assert_int_equal(told(&s, ALERT_DEMAND_SPIKE, TRANSITION_FIRING), 1);
        stage_deinit(&s);
    }
}

static void another_contract_ends_what_it_does_not_ask_for(void **state) {
    (void)state;
    struct stage s;
    stage_init(&s, false);
    for (int i = 0; i < 8; i++)
        plan(&s, AT + i * LENGTH_MS, 20, 4);
    play(&s, 110, 4);
    assert_int_equal(told(&s, ALERT_STAFFING_GAP, TRANSITION_FIRING), 1);
    assert_int_equal(told(&s, ALERT_FORECAST_MISS, TRANSITION_FIRING), 1);
    struct contract next = s.acme, last;
    next.version = 4; /* the same rules */
    struct contract_set set = {.contracts = &next, .count = 1}, after;
    contract_init_default(&set.fallback);
    tenant_task_change_contracts(s.task, &set, &s.out);
    assert_int_equal(told(&s, ALERT_STAFFING_GAP, TRANSITION_VOIDED), 0);
    last = next;
    last.version = 5;
    last.objective_count = last.demand_count = 0;
    after = (struct contract_set){.contracts = &last, .count = 1};
    contract_init_default(&after.fallback);
    tenant_task_change_contracts(s.task, &after, &s.out);
    assert_int_equal(told(&s, ALERT_STAFFING_GAP, TRANSITION_VOIDED), 1);
    assert_int_equal(told(&s, ALERT_FORECAST_MISS, TRANSITION_VOIDED), 1);
    play(&s, 30, 4);
    stage_deinit(&s);
}

/* What is open, as the view is shown it. */
struct shown {
    size_t count, suppressed, dangling;
    char ids[8][40];
    char parents[8][40];
};

static void show(void *context, const struct alert *a, bool open) {
    struct shown *s = context;
    if (!open)
        return;
    assert_true(s->count < 8);
    snprintf(s->ids[s->count], sizeof(s->ids[0]), SLICE_FMT, SLICE_ARG(a->alert_id));
    snprintf(s->parents[s->count], sizeof(s->parents[0]), SLICE_FMT, SLICE_ARG(a->suppressed_by));
    s->count++;
}

static struct shown shown_of(struct stage *s) {
    struct shown all = {0};
    episode_book_show(tenant_state_find(s->task, SLICE("acme"))->book, true, show, &all);
    for (size_t i = 0; i < all.count; i++) {
        bool open = all.parents[i][0] == '\0';
        all.suppressed += !open;
        for (size_t k = 0; k < all.count; k++)
            open |= strcmp(all.ids[k], all.parents[i]) == 0;
        all.dangling += !open;
    }
    return all;
}

static void two_queues(struct stage *s, int64_t minutes) {
    for (int64_t i = 0; i < minutes; i++) {
        for (uint32_t leaf = 0; leaf <= 2; leaf += 2) { /* billing and tech of site north */
            const struct fact_row rows[] = {{.which = COUNTER_OFFERED, .value = 3},
                                            {.which = COUNTER_HANDLED, .value = 3},
                                            {.which = COUNTER_TALK_MS, .value = 540000}};
            for (size_t k = 0; k < 3; k++) {
                struct fact_row row = rows[k];
                row.leaf = leaf;
                row.pane_at = s->now;
                fixture_add(&s->r, &row);
            }
        }
        s->now += MINUTE_MS;
        send(s);
    }
}

/* The parent goes with the rule's scopes, the queues' alerts stay: somebody has to be told. */
static void who_is_left_without_a_parent_comes_back(void **state) {
    (void)state;
    struct stage s;
    struct objective asks;
    stage_init(&s, false);
    asks = s.acme.objectives[0];
    asks.per = SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_QUEUE) | SCOPE_BIT(SCOPE_CHANNEL);
    s.acme.objectives = &asks;
    s.acme.demand_count = 0;
    for (int i = 0; i < 8; i++) {
        plan(&s, AT + i * LENGTH_MS, 50, 4);
        if (i % 2)
            send(&s);
    }
    for (int i = 0; i < 8; i++) {
        plan(&s, AT + i * LENGTH_MS, 50, 4);
        s.r.forecasts[s.r.report.forecast_count - 1].queue = SLICE("tech");
        if (i % 2)
            send(&s);
    }
    two_queues(&s, 60);
    assert_int_equal(told(&s, ALERT_STAFFING_GAP, TRANSITION_FIRING), 3);
    assert_int_equal(shown_of(&s).suppressed, 2);
    size_t tiers = told(&s, ALERT_STAFFING_GAP, TRANSITION_ESCALATED); /* of the site's */
    struct contract next = s.acme;
    struct objective wider = asks;
    wider.per = SCOPE_BIT(SCOPE_SITE);
    next.version = 4;
    next.objectives = &wider;
    struct contract_set set = {.contracts = &next, .count = 1};
    contract_init_default(&set.fallback);
    tenant_task_change_contracts(s.task, &set, &s.out);
    s.options.contracts = &set;
    restart(&s);
    assert_int_equal(told(&s, ALERT_STAFFING_GAP, TRANSITION_VOIDED), 1);
    assert_int_equal(told(&s, ALERT_STAFFING_GAP, TRANSITION_ESCALATED), tiers);
    two_queues(&s, 1);
    assert_int_equal(shown_of(&s).count, 2);
    assert_int_equal(shown_of(&s).dangling, 0);
    assert_int_equal(told(&s, ALERT_STAFFING_GAP, TRANSITION_ESCALATED), tiers + 2);
    stage_deinit(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_said_with_restarts),
        cmocka_unit_test(patience_is_that_of_all_who_wait),
        cmocka_unit_test(the_first_hours_of_all_are_sampled),
        cmocka_unit_test(demand_is_held_against_the_plan_of_its_scope),
        cmocka_unit_test(another_contract_ends_what_it_does_not_ask_for),
        cmocka_unit_test(who_is_left_without_a_parent_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
