/* Random journeys, told in pieces, corrected and taken back, over many days: the figures of each
 * hour against a recount that joins interactions pair by pair. */
#include "base/property.h"
#include "tasks/tenant_journeys.h"
#include "tasks/tenant_state.h"
#include "tenant_history.h"

#define ROUNDS 12
#define TOLD_MAX 400
#define HOURS_MAX 2000
#define FIGURES 6
#define KNOWN_MS (20 * HOUR_MS) /* what ended before is not changed any more */

/* In the order of the metrics below: numerators, or the count itself, and denominators. */
struct figures {
    int64_t over[FIGURES], under[FIGURES];
};

static const char *const metrics[FIGURES] = {
    "journeys",          "journey_wait_ms",       "journey_handle_ms",
    "journey_transfers", "journey_transfer_rate", "journey_resolution_ms"};

/* One published hour of a whole tenant. */
struct hour {
    struct slice tenant;
    int64_t start_at, end_at;
    struct figures newest;
};

struct stage {
    uint64_t seed;
    struct rng rng;
    struct journey_row told[TOLD_MAX];
    size_t told_count;
    uint64_t numbered;
    struct hour hours[HOURS_MAX];
    size_t hour_count;
};

static void take_kpi(void *context, const struct kpi *k) {
    struct stage *s = context;
    size_t m = 0, h = 0;
    while (m < FIGURES && !slice_equal(k->metric, slice_of(metrics[m])))
        m++;
    if (m == FIGURES || k->scope->mask != 0 || !slice_equal(k->window, SLICE("1h")))
        return;
    struct slice tenant = slice_equal(k->tenant, SLICE("acme")) ? SLICE("acme") : SLICE("zeta");
    while (h < s->hour_count &&
           !(s->hours[h].start_at == k->window_start_at && slice_equal(s->hours[h].tenant, tenant)))
        h++;
    assert_true(h < HOURS_MAX);
    if (h == s->hour_count)
        s->hours[s->hour_count++] = (struct hour){
            tenant, k->window_start_at, k->window_end_at, {{0}, {0}}};
    bool count = k->numerator == ALERT_LONG_NONE;
    s->hours[h].newest.over[m] = count ? (int64_t)k->value : k->numerator;
    s->hours[h].newest.under[m] = count ? 0 : k->denominator;
}

/* The recount: which interactions are one journey, by joining until nothing joins any more. */
static bool joins(const struct journey_part *a, const struct journey_part *b) {
    const struct journey_part *first = a->began_at <= b->began_at ? a : b;
    const struct journey_part *then = first == a ? b : a;
    return a->journey == b->journey &&
           (first->ended_at == INSTANT_NONE || then->began_at <= first->ended_at + JOURNEY_GAP_MS);
}

static void join_all(const struct stage *s, size_t *of) {
    for (size_t i = 0; i < s->told_count; i++)
        of[i] = i;
    for (size_t i = 0; i < s->told_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (of[i] == of[k] || !joins(&s->told[i].member.part, &s->told[k].member.part))
                continue;
            size_t from = of[k], to = of[i];
            for (size_t n = 0; n <= i; n++)
                of[n] = of[n] == from ? to : of[n];
        }
    }
}

struct recounted {
    struct figures figures;
    struct slice tenant;
    int64_t ended_at;
    bool over;
};

static struct recounted recount_one(const struct stage *s, const size_t *of, size_t group) {
    struct recounted r = {.over = true, .ended_at = INSTANT_NONE};
    const struct journey_row *first = NULL;
    int64_t visits = 0, legs = 0, wait_ms = 0, handle_ms = 0, transfers = 0;
    int64_t resolved_at = INSTANT_NONE;
    for (size_t i = 0; i < s->told_count; i++) {
        const struct journey_row *row = &s->told[i];
        const struct journey_member *m = &row->member;
        if (of[i] != group)
            continue;
        if (!first || m->part.began_at < first->member.part.began_at ||
            (m->part.began_at == first->member.part.began_at &&
             m->interaction < first->member.interaction))
            first = row;
        r.over &= m->part.ended_at != INSTANT_NONE;
        r.ended_at = m->part.ended_at > r.ended_at ? m->part.ended_at : r.ended_at;
        resolved_at = m->resolved_at > resolved_at ? m->resolved_at : resolved_at;
        visits += m->part.visits;
        legs += m->part.legs;
        wait_ms += m->part.wait_ms;
        handle_ms += m->part.handle_ms;
        transfers += m->part.transfers;
    }
    if (!first || !r.over || visits + legs == 0)
        return (struct recounted){.over = false};
    r.tenant = fixture_leaves[first->leaf].tenant;
    bool resolved = resolved_at != INSTANT_NONE;
    int64_t took_ms = resolved ? resolved_at - first->member.part.began_at : 0;
    const struct figures f = {
        {1, wait_ms, handle_ms, transfers, transfers > 0, took_ms > 0 ? took_ms : 0},
        {0, visits > 0, legs > 0, 0, legs > 0, resolved}};
    r.figures = f;
    return r;
}

static void check_hours(struct stage *s) {
    static size_t of[TOLD_MAX];
    int64_t journeys = 0;
    join_all(s, of);
    for (size_t g = 0; g < s->told_count; g++) {
        struct recounted r = recount_one(s, of, g);
        journeys += r.over;
        size_t h = 0;
        while (r.over && h < s->hour_count &&
               !(s->hours[h].start_at <= r.ended_at && r.ended_at < s->hours[h].end_at &&
                 slice_equal(s->hours[h].tenant, r.tenant)))
            h++;
        REQUIRE(s->seed, !r.over || h < s->hour_count);
        for (size_t m = 0; r.over && m < FIGURES; m++) {
            s->hours[h].newest.over[m] -= r.figures.over[m];
            s->hours[h].newest.under[m] -= r.figures.under[m];
        }
    }
    REQUIRE(s->seed, journeys > 12 && s->told_count > 40);
    for (size_t h = 0; h < s->hour_count; h++) {
        for (size_t m = 0; m < FIGURES; m++) {
            if (s->hours[h].newest.over[m] != 0 || s->hours[h].newest.under[m] != 0)
                fail_msg("FLOORWALKER_SEED=%llu: %s of the hour of %lld is wrong by %lld / %lld",
                         (unsigned long long)s->seed, metrics[m],
                         (long long)(s->hours[h].start_at - FIXTURE_START) / HOUR_MS,
                         (long long)s->hours[h].newest.over[m],
                         (long long)s->hours[h].newest.under[m]);
        }
    }
}

static void change(struct stage *s, struct journey_row *row, int64_t now) {
    struct rng *rng = &s->rng;
    struct journey_part *p = &row->member.part;
    int64_t from_at = now - KNOWN_MS > p->began_at ? now - KNOWN_MS : p->began_at;
    p->ended_at = INSTANT_NONE;
    row->member.resolved_at = INSTANT_NONE;
    if (rng_below(rng, 5) != 0)
        p->ended_at = from_at + (int64_t)rng_below(rng, (uint64_t)(now - from_at + 1));
    if (p->ended_at != INSTANT_NONE && rng_below(rng, 2))
        row->member.resolved_at = p->ended_at;
    p->visits = (uint32_t)rng_below(rng, 3);
    p->wait_ms = p->visits * (int64_t)rng_below(rng, 90000);
    p->legs = (uint32_t)rng_below(rng, 3);
    p->handle_ms = p->legs * (int64_t)rng_below(rng, 90000);
    p->transfers = p->legs > 0 ? (uint32_t)rng_below(rng, p->legs + 1) : 0;
}

/* A new interaction, or another word about one of the last few. */
static struct journey_row next_row(struct stage *s, int64_t now) {
    struct rng *rng = &s->rng;
    size_t back = 1 + rng_below(rng, 6);
    struct journey_row *last = back <= s->told_count ? &s->told[s->told_count - back] : NULL;
    if (last && rng_below(rng, 2) &&
        (last->member.part.ended_at == INSTANT_NONE ||
         last->member.part.ended_at > now - KNOWN_MS)) {
        struct journey_row gone = *last;
        gone.gone = true;
        if (rng_below(rng, 6) == 0 && last->member.part.began_at > now - HOUR_MS) {
            memmove(last, last + 1, (back - 1) * sizeof(*last));
            s->told_count--;
            return gone;
        }
        change(s, last, now);
        return *last;
    }
    assert_true(s->told_count < TOLD_MAX);
    struct journey_row *row = &s->told[s->told_count];
    *row = (struct journey_row){.leaf = (uint32_t)rng_below(rng, FIXTURE_LEAVES)};
    row->member.interaction = ++s->numbered;
    s->told_count++;
    row->member.part.began_at = now - (int64_t)rng_below(rng, HOUR_MS);
    uint64_t name = rng_below(rng, 4) ? s->numbered / 5 : rng_below(rng, s->numbered);
    row->member.part.journey = (row->leaf < 5 ? 1000 : 2000) + name;
    change(s, row, now);
    return *row;
}

static void one_story(uint64_t seed, const struct contract_set *set) {
    struct stage *s = calloc(1, sizeof(*s));
    struct tenant_task_options options = task_options(set, true);
    options.lateness_ms = 27 * HOUR_MS; /* so that no hour is final while a journey goes on */
    struct tenant_task *t = tenant_task_new(&options);
    struct collected effects;
    collected_init(&effects);
    effects.on_kpi = take_kpi;
    effects.context = s;
    struct outbox out = collected_outbox(&effects);
    struct fixture_report r;
    int64_t now = FIXTURE_START + 2 * HOUR_MS, log_at = now;
    s->seed = seed;
    rng_init(&s->rng, seed);
    fixture_report_init(&r);
    fixture_clock(&r, 0, 1, FIXTURE_START, false);
    tenant_task_apply(t, &r.report, log_at, &out);
    for (size_t k = 0; k < 150; k++) {
        fixture_report_init(&r);
        r.journeys[r.report.journey_count++] = next_row(s, now);
        fixture_clock(&r, 0, 1, now, false);
        tenant_task_apply(t, &r.report, log_at += 100, &out);
        bool pause = rng_below(&s->rng, 12) == 0; /* long enough that all is forgotten */
        now += (int64_t)rng_below(&s->rng, pause ? 70 * HOUR_MS : 2 * HOUR_MS);
    }
    fixture_report_init(&r);
    fixture_clock(&r, 0, 1, now + 60 * HOUR_MS, true);
    tenant_task_apply(t, &r.report, log_at + 100, &out);
    check_hours(s);
    size_t open = 0;
    for (size_t k = 0; k < s->told_count; k++)
        open += s->told[k].member.part.ended_at == INSTANT_NONE;
    REQUIRE(seed, open > 0 || t->journeys.members.items.used == 0);
    tenant_task_free(t);
    collected_deinit(&effects);
    free(s);
}

static void figures_are_those_of_a_recount(void **state) {
    (void)state;
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    set.count = 0; /* judged for nobody */
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + ROUNDS; seed++)
        one_story(seed, &set);
}

struct small {
    struct contract acme;
    struct contract_set set;
    struct tenant_task_options options;
    struct tenant_task *task;
    struct collected effects;
    struct outbox out;
};

static void small_init(struct small *s, uint32_t limit) {
    s->set = fixture_contracts(&s->acme);
    s->set.count = 0;
    s->options = task_options(&s->set, true);
    s->task = tenant_task_new(&s->options);
    s->task->journeys.limit = limit;
    collected_init(&s->effects);
    s->out = collected_outbox(&s->effects);
}

static void small_deinit(struct small *s) {
    tenant_task_free(s->task);
    collected_deinit(&s->effects);
}

/* Interaction `n` of a journey, over or open, `n` minutes in. */
static void tell(struct small *s, uint64_t journey, uint64_t n, bool over) {
    struct fixture_report r;
    fixture_report_init(&r);
    int64_t at = FIXTURE_START + (int64_t)n * MINUTE_MS;
    r.journeys[r.report.journey_count++] = (struct journey_row){
        .member = {.part = {.journey = journey,
                            .began_at = at,
                            .ended_at = over ? at + SECOND_MS : INSTANT_NONE,
                            .visits = 1},
                   .interaction = n,
                   .resolved_at = INSTANT_NONE}};
    tenant_task_apply(s->task, &r.report, at, &s->out);
}

static void at_the_limit_the_oldest_that_are_over_go(void **state) {
    (void)state;
    struct small s;
    small_init(&s, 16);
    for (uint64_t n = 1; n <= 16; n++)
        tell(&s, 100 + n, n, n != 1);
    assert_int_equal(s.task->journeys.members.items.used, 16);
    tell(&s, 200, 20, true);
    assert_int_equal(s.task->journeys.members.items.used, 15); /* an eighth went, one came */
    assert_int_equal(tenant_task_counts(s.task)->journeys_lost, 2);
    assert_int_equal(tenant_task_counts(s.task)->journeys_refused, 0);
    tell(&s, 101, 1, true); /* the open one is still known */
    assert_int_equal(s.task->journeys.members.items.used, 15);
    small_deinit(&s);
}

static void where_all_are_open_a_further_one_is_refused(void **state) {
    (void)state;
    struct small s;
    small_init(&s, 4);
    for (uint64_t n = 1; n <= 6; n++)
        tell(&s, 100 + n, n, false);
    assert_int_equal(s.task->journeys.members.items.used, 4);
    assert_int_equal(tenant_task_counts(s.task)->journeys_refused, 2);
    tell(&s, 101, 1, true); /* is over: there is room again */
    tell(&s, 106, 6, true);
    assert_int_equal(s.task->journeys.members.items.used, 4);
    assert_int_equal(tenant_task_counts(s.task)->journeys_refused, 2);
    small_deinit(&s);
}

/* What a writer that went astray would leave in a snapshot: the reason is given. */
static void what_cannot_be_is_not_loaded(void **state) {
    (void)state;
    const struct journey_part good = {
        .journey = 7, .began_at = 1000, .ended_at = 2000, .visits = 1, .legs = 1};
    struct {
        struct journey_part part;
        int64_t resolved_at;
        const char *why;
    } bad[] = {{good, INSTANT_NONE, NULL},          {good, -5, "resolved"},
               {good, INSTANT_NONE, "no name"},     {good, INSTANT_NONE, "begins"},
               {good, INSTANT_NONE, "ends before"}, {good, INSTANT_NONE, "sums"},
               {good, INSTANT_NONE, "sums"},        {good, INSTANT_NONE, "more transfers"}};
    bad[2].part.journey = 0;
    bad[3].part.began_at = EVENT_CLOCK_MAX + 1;
    bad[4].part.ended_at = 999;
    bad[5].part.wait_ms = -1;
    bad[6].part.handle_ms = JOURNEY_SUM_MAX + 1;
    bad[7].part.transfers = 2;
    for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
        struct small s;
        small_init(&s, 100);
        tell(&s, 5, 1, true);
        struct journey_member told = {bad[k].part, 9, bad[k].resolved_at};
        uint64_t item[sizeof(told) / 8 + 1] = {0}; /* the leaf is its first */
        memcpy(item, &told, sizeof(told));
        bands_write(&s.task->journeys.members, told.part.journey, item, 1);
        struct buf bytes;
        struct err err = {""};
        buf_init(&bytes);
        tenant_task_save(s.task, &bytes);
        tenant_task_free(s.task);
        s.task = tenant_task_new(&s.options);
        assert_int_equal(tenant_task_load(s.task, buf_slice(&bytes), &err), !bad[k].why);
        assert_true(!bad[k].why || strstr(err.text, bad[k].why));
        buf_deinit(&bytes);
        small_deinit(&s);
    }
}

static void one_journey_has_so_many_interactions(void **state) {
    (void)state;
    struct small s;
    small_init(&s, 1000);
    for (uint64_t n = 1; n <= JOURNEY_MEMBERS_MAX + 3; n++)
        tell(&s, 7, n, true);
    assert_int_equal(s.task->journeys.members.items.used, JOURNEY_MEMBERS_MAX);
    assert_int_equal(tenant_task_counts(s.task)->journeys_refused, 3);
    small_deinit(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_a_recount),
        cmocka_unit_test(at_the_limit_the_oldest_that_are_over_go),
        cmocka_unit_test(where_all_are_open_a_further_one_is_refused),
        cmocka_unit_test(what_cannot_be_is_not_loaded),
        cmocka_unit_test(one_journey_has_so_many_interactions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
