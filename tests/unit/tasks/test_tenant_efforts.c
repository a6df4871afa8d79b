/* Random chats of a few agents, told in pieces, corrected and taken back: the figures of each hour
 * against a recount that cuts the time of each agent at every begin and end. */
#include "base/property.h"
#include "tasks/tenant_state.h"
#include "tenant_history.h"

#define ROUNDS 12
#define TOLD_MAX 400
#define HOURS_MAX 2000

struct hour {
    int64_t start_at, end_at;
    int64_t effort_ms, legs, span_ms, effort_under_ms;
};

struct stage {
    uint64_t seed;
    struct rng rng;
    struct effort_row told[TOLD_MAX];
    size_t told_count;
    uint64_t numbered;
    struct hour hours[HOURS_MAX];
    size_t hour_count;
};

static struct hour *hour_of(struct stage *s, int64_t start_at, int64_t end_at) {
    for (size_t h = 0; h < s->hour_count; h++)
        if (s->hours[h].start_at == start_at)
            return &s->hours[h];
    assert_true(s->hour_count < HOURS_MAX);
    s->hours[s->hour_count] = (struct hour){.start_at = start_at, .end_at = end_at};
    return &s->hours[s->hour_count++];
}

static void take_kpi(void *context, const struct kpi *k) {
    struct stage *s = context;
    if (k->scope->mask != 0 || !slice_equal(k->window, SLICE("1h")))
        return;
    struct hour *h = hour_of(s, k->window_start_at, k->window_end_at);
    if (slice_equal(k->metric, SLICE("effort_ms"))) {
        h->effort_ms = k->numerator;
        h->legs = k->denominator;
    } else if (slice_equal(k->metric, SLICE("concurrency"))) {
        h->span_ms = k->numerator;
        h->effort_under_ms = k->denominator;
    }
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool goes_before(const struct effort_leg *a, const struct effort_leg *b) {
    return a->started_at != b->started_at ? a->started_at < b->started_at
                                          : a->interaction < b->interaction;
}

/* From one cut to the next: each of those that are open gets its part. */
static void divide(const struct stage *s, uint64_t agent, int64_t from_at, int64_t to_at,
                   int64_t *efforts) {
    int64_t open = 0;
    for (size_t k = 0; k < s->told_count; k++) {
        const struct effort_leg *leg = &s->told[k].leg;
        open += leg->agent == agent && leg->started_at <= from_at &&
                (leg->ended_at == INSTANT_NONE || leg->ended_at >= to_at);
    }
    for (size_t k = 0; k < s->told_count; k++) {
        const struct effort_leg *leg = &s->told[k].leg;
        int64_t rank = 0;
        if (leg->agent != agent || leg->started_at > from_at ||
            (leg->ended_at != INSTANT_NONE && leg->ended_at < to_at))
            continue;
        for (size_t n = 0; n < s->told_count; n++) {
            const struct effort_leg *o = &s->told[n].leg;
            rank += o->agent == agent && o->started_at <= from_at &&
                    (o->ended_at == INSTANT_NONE || o->ended_at >= to_at) && goes_before(o, leg);
        }
        efforts[k] += (to_at - from_at) / open + (rank < (to_at - from_at) % open);
    }
}

static void recount_agent(const struct stage *s, uint64_t agent, int64_t *efforts) {
    int64_t cuts[2 * TOLD_MAX];
    size_t count = 0;
    for (size_t k = 0; k < s->told_count; k++) {
        const struct effort_leg *leg = &s->told[k].leg;
        if (leg->agent != agent)
            continue;
        cuts[count++] = leg->started_at;
        if (leg->ended_at != INSTANT_NONE)
            cuts[count++] = leg->ended_at;
    }
    qsort(cuts, count, sizeof(*cuts), ascending);
    for (size_t k = 1; k < count; k++)
        if (cuts[k - 1] < cuts[k])
            divide(s, agent, cuts[k - 1], cuts[k], efforts);
}

static void check_hours(struct stage *s) {
    int64_t efforts[TOLD_MAX] = {0}, ended = 0;
    for (uint64_t agent = 1; agent <= 3; agent++)
        recount_agent(s, agent, efforts);
    for (size_t k = 0; k < s->told_count; k++) {
        const struct effort_leg *leg = &s->told[k].leg;
        for (size_t h = 0; h < s->hour_count; h++) {
            struct hour *hour = &s->hours[h];
            if (leg->ended_at == INSTANT_NONE || leg->ended_at < hour->start_at ||
                leg->ended_at >= hour->end_at)
                continue;
            hour->effort_ms -= efforts[k];
            hour->effort_under_ms -= efforts[k];
            hour->legs--;
            hour->span_ms -= leg->ended_at - leg->started_at;
            ended++;
        }
    }
    REQUIRE(s->seed, ended > 20);
    for (size_t h = 0; h < s->hour_count; h++) {
        const struct hour *hour = &s->hours[h];
        if (hour->effort_ms || hour->legs || hour->span_ms || hour->effort_under_ms)
            fail_msg("FLOORWALKER_SEED=%llu: the hour of %lld is wrong by %lld ms of %lld legs",
                     (unsigned long long)s->seed,
                     (long long)(hour->start_at - FIXTURE_START) / HOUR_MS,
                     (long long)hour->effort_ms, (long long)hour->legs);
    }
}

static void change(struct stage *s, struct effort_row *row, int64_t now) {
    row->leg.ended_at = INSTANT_NONE;
    if (rng_below(&s->rng, 6) != 0)
        row->leg.ended_at = now -
                            (int64_t)rng_below(&s->rng, (uint64_t)(now - row->leg.started_at + 1));
}

/* A new leg, or another word about one of the last few. */
static struct effort_row next_row(struct stage *s, int64_t now) {
    struct rng *rng = &s->rng;
    size_t back = 1 + rng_below(rng, 6);
    struct effort_row *last = back <= s->told_count ? &s->told[s->told_count - back] : NULL;
    if (last && rng_below(rng, 2) && last->leg.started_at > now - 20 * HOUR_MS) {
        struct effort_row gone = *last;
        gone.gone = true;
        if (rng_below(rng, 6) == 0) {
            memmove(last, last + 1, (back - 1) * sizeof(*last));
            s->told_count--;
            return gone;
        }
        change(s, last, now);
        return *last;
    }
    assert_true(s->told_count < TOLD_MAX);
    struct effort_row *row = &s->told[s->told_count++];
    *row = (struct effort_row){.leg = {.agent = 1 + rng_below(rng, 3),
                                       .interaction = ++s->numbered,
                                       .started_at = now - (int64_t)rng_below(rng, HOUR_MS)},
                               .leaf = (uint32_t)rng_below(rng, 5)};
    change(s, row, now);
    return *row;
}

/* What is open, and what was open beside it, is kept; nothing else. */
static size_t beside_the_open(const struct stage *s) {
    size_t kept = 0;
    for (size_t k = 0; k < s->told_count; k++) {
        const struct effort_leg *leg = &s->told[k].leg;
        bool beside = leg->ended_at == INSTANT_NONE;
        for (size_t n = 0; n < s->told_count; n++) {
            const struct effort_leg *o = &s->told[n].leg;
            beside |= o->agent == leg->agent && o->ended_at == INSTANT_NONE &&
                      o->started_at < leg->ended_at;
        }
        kept += beside;
    }
    return kept;
}

static void one_story(uint64_t seed, const struct contract_set *set) {
    struct stage *s = calloc(1, sizeof(*s));
    struct tenant_task_options options = task_options(set, true);
    options.lateness_ms = 27 * HOUR_MS;
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
    for (size_t k = 0; k < 220; k++) {
        fixture_report_init(&r);
        r.efforts[r.report.effort_count++] = next_row(s, now);
        fixture_clock(&r, 0, 1, now, false);
        tenant_task_apply(t, &r.report, log_at += 100, &out);
        bool pause = rng_below(&s->rng, 20) == 0; /* long enough that much is forgotten */
        now += (int64_t)rng_below(&s->rng, pause ? 60 * HOUR_MS : HOUR_MS / 2);
    }
    fixture_report_init(&r);
    fixture_clock(&r, 0, 1, now + 40 * HOUR_MS, true);
    tenant_task_apply(t, &r.report, log_at + 100, &out);
    check_hours(s);
    REQUIRE(seed, bands_items(&t->efforts.legs) == beside_the_open(s));
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

/* Leg `n` of an agent, `n` minutes in. */
static void tell(struct tenant_task *t, struct outbox *out, uint64_t agent, uint64_t n, bool over) {
    struct fixture_report r;
    fixture_report_init(&r);
    int64_t at = FIXTURE_START + (int64_t)n * MINUTE_MS;
    r.efforts[r.report.effort_count++] = (struct effort_row){
        .leg = {agent, n, at, over ? at + SECOND_MS : INSTANT_NONE}};
    tenant_task_apply(t, &r.report, at, out);
}

static void the_limits_hold(void **state) {
    (void)state;
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    struct tenant_task_options options = task_options(&set, false);
    struct tenant_task *t = tenant_task_new(&options);
    struct collected effects;
    collected_init(&effects);
    struct outbox out = collected_outbox(&effects);
    t->efforts.limit = 16;
    for (uint64_t n = 1; n <= 16; n++)
        tell(t, &out, 100 + n, n, n > 4);
    tell(t, &out, 200, 20, true);
    assert_int_equal(bands_items(&t->efforts.legs), 15); /* an eighth went, one came */
    assert_int_equal(tenant_task_counts(t)->efforts_lost, 2);
    for (uint64_t n = 21; n < 60; n++)
        tell(t, &out, 100 + n, n, false);
    assert_int_equal(bands_items(&t->efforts.legs), 16); /* all are open: no more */
    assert_int_equal(tenant_task_counts(t)->efforts_refused, 27);
    t->efforts.limit = 2000;
    for (uint64_t n = 100; n < 100 + EFFORT_LEGS_MAX + 2; n++)
        tell(t, &out, 300, n, false);
    assert_int_equal(tenant_task_counts(t)->efforts_refused, 29);
    tenant_task_free(t);
    collected_deinit(&effects);
}

/* What a writer that went astray would leave in a snapshot: the reason is given. */
static void what_cannot_be_is_not_loaded(void **state) {
    (void)state;
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    struct tenant_task_options options = task_options(&set, false);
    struct {
        struct effort_leg leg;
        const char *why;
    } bad[] = {{{7, 1, 1000, 1000}, NULL},
               {{0, 1, 1000, 2000}, "no agent"},
               {{7, 1, -1, 2000}, "begins"},
               {{7, 1, 1000, 999}, "ends before"},
               {{7, 1, 1000, EVENT_CLOCK_MAX + 1}, "ends before"}};
    for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
        struct tenant_task *t = tenant_task_new(&options);
        struct collected effects;
        collected_init(&effects);
        struct outbox out = collected_outbox(&effects);
        tell(t, &out, 5, 1, true);
        uint64_t item[sizeof(bad[k].leg) / 8 + 1] = {0}; /* the leaf is its first */
        memcpy(item, &bad[k].leg, sizeof(bad[k].leg));
        bands_write(&t->efforts.legs, bad[k].leg.agent, item, 1);
        struct buf bytes;
        struct err err = {""};
        buf_init(&bytes);
        tenant_task_save(t, &bytes);
        tenant_task_free(t);
        t = tenant_task_new(&options);
        assert_int_equal(tenant_task_load(t, buf_slice(&bytes), &err), !bad[k].why);
        assert_true(!bad[k].why || strstr(err.text, bad[k].why));
        buf_deinit(&bytes);
        tenant_task_free(t);
        collected_deinit(&effects);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_a_recount),
        cmocka_unit_test(the_limits_hold),
        cmocka_unit_test(what_cannot_be_is_not_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
