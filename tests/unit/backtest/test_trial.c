/* What a trial keeps: spans of every kind of metric in local days, episodes, refusals. */
#include <stdio.h>

#include "base/property.h"

#include "backtest/trial.h"
#include "config/contracts.h"

#define START INT64_C(1767265200000) /* 2026-01-01T11:00:00Z */
#define NOBODY ((struct slice){NULL, 0})

static const char contract_text[] =
    "contract: acme\n"
    "version: 4\n"
    "tenant: acme\n"
    "timezone: Pacific/Auckland\n"
    "roles: {duty: {contact: \"mail:duty\"}}\n"
    "clocks: [{name: pick-up, clock: speed_of_answer, target: 30s}]\n"
    "objectives:\n"
    "  - {name: p90, metric: wait_p90_ms, per: [queue], window: 15m, target: at most 20s,\n"
    "     min_sample: 2, owner: duty, outcome: x}\n"
    "  - {name: lost, metric: abandoned, per: [], window: 1h, target: at most 1, min_sample: 1,\n"
    "     owner: duty, outcome: x}\n"
    "  - {name: crowd, metric: waiting, per: [], window: 1m, target: at most 50, min_sample: 1,\n"
    "     owner: duty, outcome: x}\n"
    "  - {name: wait, metric: asa_ms, per: [site], window: 1h, target: at most 10s,\n"
    "     min_sample: 1, owner: duty, outcome: x}\n";

/* The same of an interaction, other objectives. */
static const char other_text[] =
    "contract: acme\n"
    "version: 4\n"
    "tenant: acme\n"
    "timezone: Pacific/Auckland\n"
    "roles: {duty: {contact: \"mail:duty\"}}\n"
    "clocks: [{name: pick-up, clock: speed_of_answer, target: 30s}]\n"
    "objectives:\n"
    "  - {name: level, metric: service_level, within: 6s, per: [queue], window: 5m,\n"
    "     target: at least 80%, min_sample: 1, hold: 1m, owner: duty, outcome: x}\n"
    "  - {name: median, metric: handle_p90_ms, per: [], window: 15m, target: at most 1s,\n"
    "     min_sample: 1, owner: duty, outcome: x}\n";

/* Of which nothing is asked before a call is lost. */
static const char lost_text[] =
    "contract: acme\n"
    "version: 4\n"
    "tenant: acme\n"
    "timezone: Pacific/Auckland\n"
    "roles: {duty: {contact: \"mail:duty\"}}\n"
    "objectives:\n"
    "  - {name: lost, metric: abandoned, per: [site], window: 1h, target: at most 1,\n"
    "     min_sample: 1, owner: duty, outcome: x}\n";

struct fixture {
    struct contract_set *set;
    struct trial *trial;
    int64_t offset;
};

static struct contract_set *set_of(const char *contract) {
    struct contract_text text = {SLICE("acme.yaml"), slice_of(contract)};
    struct faults faults;
    faults_init(&faults);
    struct contract_set *set = contracts_parse(&text, 1, &faults);
    faults_print(&faults, stderr);
    faults_deinit(&faults);
    return set;
}

static struct trial *trial_of(const struct contract_set *set,
                              void (*figure)(void *context, const struct kpi *kpi)) {
    return trial_new(&(struct trial_options){.figure = figure,
                                             .grace_ms = 500,
                                             .reorder_ms = 5 * MINUTE_MS,
                                             .lateness_ms = DAY_MS,
                                             .max_skew_ms = MINUTE_MS,
                                             .max_alert_age_ms = 15 * MINUTE_MS,
                                             .open_limit = 1000,
                                             .scope_limit = 100,
                                             .contracts = set});
}

static int begin(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    f->set = set_of(contract_text);
    *state = f;
    if (!f->set)
        return -1;
    f->trial = trial_of(f->set, NULL);
    return 0;
}

static int end(void **state) {
    struct fixture *f = *state;
    trial_free(f->trial);
    contracts_free(f->set);
    free(f);
    return 0;
}

/* At `at` in the log, and `late_ms` before that at the site. The id says where: of another tenant,
 * at another site. */
static void feed(struct fixture *f, enum event_type type, const char *id, int64_t at,
                 int64_t late_ms) {
    char name[64];
    snprintf(name, sizeof(name), "%s/%d", id, (int)type);
    struct event ev = {.event_id = slice_of(name),
                       .tenant = slice_of(id[0] == 'o' ? "other" : "acme"),
                       .site = slice_of(id[0] == 'w' ? "away" : "main"),
                       .interaction_id = slice_of(id),
                       .queue = SLICE("support"),
                       .event_at = at - late_ms,
                       .emitted_at = EVENT_ABSENT,
                       .source_seq = EVENT_ABSENT,
                       .queue_wait_ms = EVENT_ABSENT,
                       .talk_ms = EVENT_ABSENT,
                       .hold_ms = EVENT_ABSENT,
                       .wrap_ms = EVENT_ABSENT,
                       .type = (uint8_t)type,
                       .channel = CHANNEL_VOICE,
                       .resolved = -1};
    struct record_place place = {.topic = SLICE("interactions"),
                                 .offset = f->offset++,
                                 .log_at = at,
                                 .key = NOBODY,
                                 .schema_id = -1};
    trial_event(f->trial, &place, &ev);
}

/* A caller who waits so long and is answered, or gives up. */
static void call(struct fixture *f, const char *id, int64_t at, int64_t wait_ms, bool answered) {
    feed(f, EVENT_QUEUED, id, at, 0);
    feed(f, answered ? EVENT_ANSWERED : EVENT_ABANDONED, id, at + wait_ms, 0);
    if (answered)
        feed(f, EVENT_DISCONNECTED, id, at + wait_ms + SECOND_MS, 0);
}

static const struct attainment_row *row(struct fixture *f, const char *rule) {
    struct attainment *a = trial_attainment(f->trial);
    for (size_t i = 0; i < attainment_count(a); i++)
        if (slice_equal(attainment_at(a, i)->objective->name, slice_of(rule)))
            return attainment_at(a, i);
    fail_msg("no row of %s", rule);
    return NULL;
}

static struct figure figure(const struct attainment_row *r, enum attainment_span span, size_t at) {
    struct figure found;
    assert_true(at < r->spans[span].count);
    attainment_figure(r, &r->spans[span].items[at], &found);
    return found;
}

/* In Auckland the day turns at 11:00 UTC in January: an hour before and an hour after. */
static void two_days_of_calls(struct fixture *f) {
    int64_t before = START - HOUR_MS, after = START + HOUR_MS;
    call(f, "a", before, 4000, true);
    call(f, "b", before + SECOND_MS, 8000, true); /* answered in the same 10 s */
    call(f, "c", before + 2 * MINUTE_MS, 5000, false);
    call(f, "d", after, 40000, true);
    call(f, "e", after + MINUTE_MS, 5000, false);
    call(f, "f", after + 2 * MINUTE_MS, 5000, false);
    trial_finish(f->trial, INSTANT_NONE);
}

static void every_kind_of_metric_has_its_days(void **state) {
    struct fixture *f = *state;
    two_days_of_calls(f);
    const struct attainment_row *wait = row(f, "wait");
    assert_int_equal(wait->spans[ATTAINMENT_DAY].count, 2);
    assert_int_equal(wait->spans[ATTAINMENT_DAY].items[1].start_at, START);
    assert_int_equal(figure(wait, ATTAINMENT_DAY, 0).numerator, 12000);
    assert_int_equal(figure(wait, ATTAINMENT_DAY, 0).denominator, 2);
    assert_int_equal(figure(wait, ATTAINMENT_DAY, 1).numerator, 40000);
    assert_int_equal(figure(wait, ATTAINMENT_ALL, 0).denominator, 3);
    /* The first day is the first of January there, of another month than the day before. */
    assert_int_equal(wait->spans[ATTAINMENT_MONTH].count, 1);

    const struct attainment_row *lost = row(f, "lost");
    assert_true(figure(lost, ATTAINMENT_DAY, 0).value == 1);
    assert_true(attainment_is_met(lost->objective, &(struct figure){.value = 1}));
    assert_true(figure(lost, ATTAINMENT_DAY, 1).value == 2);
    assert_true(figure(lost, ATTAINMENT_ALL, 0).value == 3);

    struct figure p90 = figure(row(f, "p90"), ATTAINMENT_DAY, 1);
    assert_int_equal(p90.sample, 1);
    assert_true(p90.value > 39600 && p90.value < 40400); /* within 1 % */

    const struct attainment_row *crowd = row(f, "crowd");
    assert_int_equal(crowd->spans[ATTAINMENT_ALL].count, 0); /* a gauge has no sums */
    assert_true(crowd->steps > 0 && crowd->tightest.known);
    assert_true(crowd->tightest.value == 1);
}

/* Told an hour and a half later, after the day has turned. */
static void a_late_event_counts_in_its_own_day(void **state) {
    struct fixture *f = *state;
    feed(f, EVENT_QUEUED, "a", START - HOUR_MS, 0);
    feed(f, EVENT_QUEUED, "b", START + MINUTE_MS, 0);
    feed(f, EVENT_ANSWERED, "b", START + MINUTE_MS + 6000, 0);
    feed(f, EVENT_ABANDONED, "a", START + 30 * MINUTE_MS, 90 * MINUTE_MS - 9000);
    trial_finish(f->trial, INSTANT_NONE);
    const struct attainment_row *lost = row(f, "lost");
    assert_int_equal(lost->spans[ATTAINMENT_DAY].count, 1);
    assert_int_equal(lost->spans[ATTAINMENT_DAY].items[0].end_at, START);
    assert_true(figure(lost, ATTAINMENT_DAY, 0).value == 1);
}

static void episodes_and_refusals(void **state) {
    struct fixture *f = *state;
    two_days_of_calls(f);
    feed(f, EVENT_QUEUED, "late", START + 2 * HOUR_MS, 3 * DAY_MS);
    struct episodes *e = trial_episodes(f->trial);
    size_t breaches = 0;
    for (size_t i = 0; i < episodes_count(e); i++) {
        struct past_episode p = episodes_at(e, i);
        const struct episode_group *g = episodes_group_of(e, &p);
        if (g->kind != ALERT_ITEM_BREACH)
            continue;
        breaches++;
        assert_true(slice_equal(g->rule, SLICE("pick-up")));
        assert_int_equal(g->contract_version, 4);
        assert_true(slice_equal(p.interaction_id, SLICE("d")));
        assert_int_equal(p.condition_at, START + HOUR_MS + 30000);
        assert_int_equal(p.resolved_at, START + HOUR_MS + 40000);
        assert_int_equal(p.ended, TRANSITION_RESOLVED);
        assert_int_equal(g->total_ms, p.resolved_at - p.opened_at);
    }
    assert_int_equal(breaches, 1);
    const uint64_t *letters = trial_dead_letters(f->trial);
    assert_int_equal(letters[DEAD_TOO_LATE], 1);
    assert_non_null(strstr(trial_first_letter(f->trial).at, "more than `lateness`"));
}

/* A day and a half of calls, at two sites, now and then told late or of another tenant. */
static void random_calls(struct fixture *f) {
    struct rng rng;
    int64_t at = START;
    rng_init(&rng, 7);
    for (int i = 0; i < 600; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%c%d", i % 3 == 0 ? 'w' : 'm', i);
        call(f, id, at, (int64_t)rng_below(&rng, 40) * SECOND_MS, rng_below(&rng, 4) > 0);
        if (rng_below(&rng, 10) == 0) {
            snprintf(id, sizeof(id), "l%d", i);
            int64_t late_ms = (int64_t)rng_below(&rng, HOUR_MS);
            feed(f, EVENT_QUEUED, id, at + 50 * SECOND_MS, late_ms);
            feed(f, EVENT_ANSWERED, id, at + 51 * SECOND_MS, late_ms);
        }
        if (rng_below(&rng, 5) == 0) {
            snprintf(id, sizeof(id), "o%d", i);
            call(f, id, at + 55 * SECOND_MS, SECOND_MS, true);
        }
        at += MINUTE_MS + (int64_t)rng_below(&rng, rng_below(&rng, 9) ? 200000 : 2 * HOUR_MS);
    }
    trial_finish(f->trial, INSTANT_NONE);
}

static void expect_same(struct trial *one, struct trial *other) {
    struct attainment *a = trial_attainment(one), *b = trial_attainment(other);
    assert_int_equal(attainment_count(a), attainment_count(b));
    assert_true(attainment_count(a) > 1);
    for (size_t i = 0; i < attainment_count(a); i++) {
        const struct attainment_row *x = attainment_at(a, i), *y = attainment_at(b, i);
        assert_ptr_equal(x->objective, y->objective);
        assert_int_equal(x->steps, y->steps);
        assert_int_equal(x->missed, y->missed);
        assert_true(x->steps > 0);
        assert_true(x->tightest.value == y->tightest.value);
        assert_int_equal(x->spans[ATTAINMENT_DAY].count, y->spans[ATTAINMENT_DAY].count);
        for (size_t k = 0; k < x->spans[ATTAINMENT_DAY].count; k++) {
            struct figure f = figure(x, ATTAINMENT_DAY, k), g = figure(y, ATTAINMENT_DAY, k);
            assert_true(f.value == g.value && f.sample == g.sample);
        }
    }
    assert_int_equal(episodes_count(trial_episodes(one)), episodes_count(trial_episodes(other)));
    for (size_t i = 0; i < episodes_count(trial_episodes(one)); i++) {
        struct past_episode p = episodes_at(trial_episodes(one), i);
        struct past_episode q = episodes_at(trial_episodes(other), i);
        assert_true(slice_equal(p.alert_id, q.alert_id));
        assert_int_equal(p.resolved_at, q.resolved_at);
    }
}

static void who_follows_another_finds_what_it_finds_alone(void **state) {
    struct fixture *f = *state;
    struct contract_set *set = set_of(other_text);
    struct trial *alone = trial_of(set, NULL), *follower = trial_of(set, NULL), *leader = f->trial;
    assert_true(trial_follow(follower, leader));
    random_calls(f);
    f->trial = alone;
    random_calls(f);
    f->trial = leader;
    expect_same(alone, follower);
    trial_free(follower);
    trial_free(alone);
    contracts_free(set);
}

static void take_no_figure(void *context, const struct kpi *kpi) {
    (void)context;
    (void)kpi;
}

/* Where figures are made each step is told by itself. */
static void steps_that_wait_for_each_other_are_judged_alike(void **state) {
    struct fixture *f = *state;
    char text[sizeof(other_text)];
    memcpy(text, other_text, sizeof(text));
    char *clocks = strstr(text, "clocks:"); /* what is told of them waits for nothing */
    memset(clocks, ' ', strcspn(clocks, "\n"));
    struct contract_set *set = set_of(text);
    struct trial *each = trial_of(set, take_no_figure), *some = trial_of(set, NULL);
    struct trial *mine = f->trial;
    f->trial = each;
    random_calls(f);
    f->trial = some;
    random_calls(f);
    f->trial = mine;
    expect_same(each, some);
    trial_free(each);
    trial_free(some);
    contracts_free(set);
}

/* Its steps count from the first on that was heard of it, whatever that was. */
static void a_site_is_judged_before_it_brings_what_is_asked_for(void **state) {
    struct fixture *f = *state;
    struct contract_set *set = set_of(lost_text);
    struct trial *each = trial_of(set, take_no_figure), *some = trial_of(set, NULL);
    struct trial *mine = f->trial, *trials[] = {each, some};
    for (size_t i = 0; i < 2; i++) {
        f->trial = trials[i];
        feed(f, EVENT_CREATED, "m1", START, 0);
        feed(f, EVENT_CREATED, "w1", START + HOUR_MS, 0);
        feed(f, EVENT_RESOLVED, "w1", START + HOUR_MS + MINUTE_MS, 0);
        call(f, "w2", START + 3 * HOUR_MS, SECOND_MS, false);
        trial_finish(f->trial, INSTANT_NONE);
    }
    expect_same(each, some);
    f->trial = mine;
    trial_free(each);
    trial_free(some);
    contracts_free(set);
}

/* A tenant begins at the step at which it was heard first, even where nothing of it counts: then it
 * is told that it has no contract. */
static void a_tenant_begins_when_it_is_heard(void **state) {
    struct fixture *f = *state;
    struct contract_set *set = set_of(lost_text);
    struct trial *each = trial_of(set, take_no_figure), *some = trial_of(set, NULL);
    struct trial *mine = f->trial, *trials[] = {each, some};
    for (size_t i = 0; i < 2; i++) {
        f->trial = trials[i];
        call(f, "m1", START, SECOND_MS, false);
        call(f, "w1", START + MINUTE_MS, SECOND_MS, false);
        call(f, "m2", START + 10 * MINUTE_MS, SECOND_MS, false);
        feed(f, EVENT_QUEUED, "o1", START + 20 * MINUTE_MS, -HOUR_MS); /* its clock is wrong */
        call(f, "w2", START + 30 * MINUTE_MS, SECOND_MS, false);
        trial_finish(f->trial, INSTANT_NONE);
    }
    expect_same(each, some);
    size_t told = 0;
    for (size_t i = 0; i < episodes_count(trial_episodes(some)); i++) {
        struct past_episode p = episodes_at(trial_episodes(some), i);
        told += episodes_group_of(trial_episodes(some), &p)->kind == ALERT_CONFIG;
    }
    assert_int_equal(told, 1);
    f->trial = mine;
    trial_free(each);
    trial_free(some);
    contracts_free(set);
}

static void who_asks_something_else_follows_nobody(void **state) {
    struct fixture *f = *state;
    char text[sizeof(other_text)];
    memcpy(text, other_text, sizeof(text));
    memcpy(strstr(text, "target: 30s"), "target: 40s", 11);
    struct contract_set *set = set_of(text);
    struct trial *other = trial_of(set, NULL);
    assert_false(trial_follow(other, f->trial));
    trial_free(other);
    contracts_free(set);
}

#define WITH_TRIAL(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_TRIAL(every_kind_of_metric_has_its_days),
        WITH_TRIAL(a_late_event_counts_in_its_own_day),
        WITH_TRIAL(episodes_and_refusals),
        WITH_TRIAL(who_follows_another_finds_what_it_finds_alone),
        WITH_TRIAL(steps_that_wait_for_each_other_are_judged_alike),
        WITH_TRIAL(a_site_is_judged_before_it_brings_what_is_asked_for),
        WITH_TRIAL(a_tenant_begins_when_it_is_heard),
        WITH_TRIAL(who_asks_something_else_follows_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
