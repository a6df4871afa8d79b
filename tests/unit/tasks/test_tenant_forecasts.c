/* Random forecasts of a few queues, in versions, late and withdrawn, and arrivals that are counted
 * late and taken back, through restarts: the accuracy of each hour against a recount. */
#include <math.h>

#include "base/property.h"
#include "tasks/tenant_state.h"
#include "tenant_history.h"

#define ROUNDS 10
#define TOLD_MAX 3000
#define CAME_MAX 3000
#define HOURS_MAX 400
#define LENGTH_MS (15 * MINUTE_MS)

static const int64_t lead_of[FORECAST_LEAD_COUNT] = {0, DAY_MS, 7 * DAY_MS};

/* Of one hour and one lead. */
struct accuracy {
    double missed, beyond, came, told; /* told: of those who came, as published */
};

struct hour {
    int64_t start_at, end_at;
    struct accuracy by[FORECAST_LEAD_COUNT];
};

struct came {
    uint32_t leaf;
    int64_t pane_at, count;
};

struct stage {
    uint64_t seed;
    struct rng rng;
    struct forecast told[TOLD_MAX]; /* in the order of their log */
    size_t told_count;
    struct came came[CAME_MAX];
    size_t came_count;
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

/* The last revision of each figure stands. */
static void take_kpi(void *context, const struct kpi *k) {
    static const char *const names[FORECAST_LEAD_COUNT][2] = {
        {"forecast_wape", "forecast_bias"},
        {"forecast_wape.lead_1d", "forecast_bias.lead_1d"},
        {"forecast_wape.lead_7d", "forecast_bias.lead_7d"},
    };
    struct stage *s = context;
    if (k->scope->mask != 0 || !slice_equal(k->window, SLICE("1h")))
        return;
    for (unsigned lead = 0; lead < FORECAST_LEAD_COUNT; lead++) {
        for (unsigned bias = 0; bias < 2; bias++) {
            if (!slice_equal(k->metric, slice_of(names[lead][bias])))
                continue;
            struct accuracy *a = &hour_of(s, k->window_start_at, k->window_end_at)->by[lead];
            double parts = isnan(k->value) ? 0 : k->value * (double)k->denominator;
            *(bias ? &a->beyond : &a->missed) = parts;
            REQUIRE(s->seed, isnan(k->value) || fabs((double)k->numerator - parts) < 0.501);
            a->came = a->told = (double)k->denominator;
        }
    }
}

/* Nobody else forecast the same interval of the same queue before. */
static bool is_first(const struct stage *s, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (s->told[k].start_at == s->told[n].start_at &&
            s->told[k].site.size == s->told[n].site.size)
            return false;
    return true;
}

/* The newest that was published so long before, as it was told last; NULL: none was. */
static const struct forecast *newest(const struct stage *s, size_t n, int64_t lead_ms) {
    const struct forecast *best = NULL;
    for (size_t k = 0; k < s->told_count; k++) {
        const struct forecast *f = &s->told[k];
        bool replaced = false;
        if (f->start_at != s->told[n].start_at || f->site.size != s->told[n].site.size)
            continue;
        for (size_t later = k + 1; later < s->told_count; later++)
            replaced |= s->told[later].start_at == f->start_at &&
                        s->told[later].site.size == f->site.size &&
                        s->told[later].version == f->version;
        if (replaced || f->published_at > f->start_at - lead_ms || (f->superseded && lead_ms == 0))
            continue;
        if (!best || f->published_at > best->published_at ||
            (f->published_at == best->published_at && f->version > best->version))
            best = f;
    }
    return best;
}

static int64_t came_to(const struct stage *s, const struct forecast *f) {
    int64_t count = 0;
    for (size_t k = 0; k < s->came_count; k++) {
        const struct came *c = &s->came[k];
        bool here = f->site.size == 0 || slice_equal(fixture_leaves[c->leaf].site, f->site);
        if (here && c->pane_at >= f->start_at && c->pane_at < f->start_at + f->interval_ms)
            count += c->count;
    }
    return count;
}

static void take_off_lead(struct accuracy *a, double volume, double came) {
    a->missed -= fabs(volume - came);
    a->beyond -= volume - came;
    a->came -= came;
}

static void take_off(struct stage *s, size_t n) {
    const struct forecast *f = &s->told[n];
    if (f->start_at < FIXTURE_START)
        return; /* nobody was there */
    int64_t end_at = f->start_at + f->interval_ms;
    struct hour *hour = NULL;
    for (size_t h = 0; h < s->hour_count; h++)
        if (s->hours[h].start_at < end_at && end_at <= s->hours[h].end_at)
            hour = &s->hours[h];
    for (unsigned lead = 0; lead < FORECAST_LEAD_COUNT; lead++) {
        const struct forecast *best = newest(s, n, lead_of[lead]);
        if (!best)
            continue;
        if (!hour)
            fail_msg("FLOORWALKER_SEED=%llu: no figure of its hour", (unsigned long long)s->seed);
        else
            take_off_lead(&hour->by[lead], best->volume, (double)came_to(s, f));
    }
}

/* An hour in which nobody came has no accuracy, whatever was forecast. */
static void check_hours(struct stage *s) {
    size_t told = 0;
    for (size_t h = 0; h < s->hour_count; h++)
        for (unsigned lead = 0; lead < FORECAST_LEAD_COUNT; lead++)
            told += s->hours[h].by[lead].came > 0;
    REQUIRE(s->seed, told > 20);
    for (size_t n = 0; n < s->told_count; n++)
        if (is_first(s, n))
            take_off(s, n);
    for (size_t h = 0; h < s->hour_count; h++) {
        for (unsigned lead = 0; lead < FORECAST_LEAD_COUNT; lead++) {
            const struct accuracy *a = &s->hours[h].by[lead];
            double wrong = a->told > 0 ? fabs(a->missed) + fabs(a->beyond) : 0;
            if (wrong > 1e-6 || fabs(a->came) > 1e-6)
                fail_msg("FLOORWALKER_SEED=%llu: hour %lld, lead %u is wrong by %g, %g of %g",
                         (unsigned long long)s->seed,
                         (long long)(s->hours[h].start_at - FIXTURE_START) / HOUR_MS, lead,
                         a->missed, a->beyond, a->came);
        }
    }
}

/* Of the queue billing: at site north, or wherever; intervals that may be over already. */
static struct forecast next_forecast(struct stage *s, int64_t now) {
    struct rng *rng = &s->rng;
    int64_t start_at = instant_floor(now, LENGTH_MS) +
                       ((int64_t)rng_below(rng, 30) - 8) * LENGTH_MS;
    int64_t before_ms = (int64_t)rng_below(rng, 3) * 4 * DAY_MS +
                        ((int64_t)rng_below(rng, 5) - 1) * LENGTH_MS;
    return (struct forecast){.tenant = SLICE("acme"),
                             .site = rng_below(rng, 2) ? SLICE("north") : SLICE(""),
                             .queue = SLICE("billing"),
                             .channel = CHANNEL_UNKNOWN,
                             .forecast_id = SLICE("wfm"),
                             .version = (int32_t)rng_below(rng, 3),
                             .published_at = start_at - before_ms,
                             .start_at = start_at,
                             .interval_ms = LENGTH_MS,
                             .volume = 1 + (double)rng_below(rng, 400) / 8,
                             .aht_ms = FORECAST_NONE,
                             .required_fte = FORECAST_NONE,
                             .shrinkage = FORECAST_NONE,
                             .p10 = FORECAST_NONE,
                             .p90 = FORECAST_NONE,
                             .superseded = rng_below(rng, 6) == 0,
                             .log_at = now};
}

static struct came next_came(struct stage *s, int64_t now) {
    struct rng *rng = &s->rng;
    if (s->came_count > 0 && rng_below(rng, 6) == 0) {
        struct came back = s->came[rng_below(rng, s->came_count)];
        back.count = -back.count;
        return back;
    }
    int64_t back_ms = rng_below(rng, 4) == 0 ? 4 * HOUR_MS : 2 * MINUTE_MS;
    int64_t at = now - (int64_t)rng_below(rng, (uint64_t)back_ms);
    if (at < FIXTURE_START)
        at = FIXTURE_START;
    return (struct came){.leaf = (uint32_t)rng_below(rng, 4),
                         .pane_at = instant_floor(at, DELTA_PANE_MS),
                         .count = 1 + (int64_t)rng_below(rng, 9)};
}

static void fill(struct stage *s, struct fixture_report *r, int64_t now) {
    for (size_t k = 0; k < 2 && s->told_count < 2; k++) {
        struct forecast f = next_forecast(s, now);
        f.site = k ? SLICE("north") : SLICE("");
        r->forecasts[r->report.forecast_count++] = s->told[s->told_count++] = f;
    }
    if (s->told_count == 2)
        fixture_add(r, &(struct fact_row){.leaf = 2, .pane_at = now, .value = 1}); /* tech */
    while (r->report.forecast_count < 8 && rng_below(&s->rng, 4) > 0) {
        struct forecast f = next_forecast(s, now);
        r->forecasts[r->report.forecast_count++] = s->told[s->told_count++] = f;
        assert_true(s->told_count < TOLD_MAX);
    }
    for (size_t k = rng_below(&s->rng, 8); k > 0; k--) {
        struct came c = next_came(s, now);
        assert_true(s->came_count < CAME_MAX);
        fixture_add(r, &(struct fact_row){.leaf = c.leaf,
                                          .pane_at = c.pane_at,
                                          .which = COUNTER_OFFERED,
                                          .value = c.count});
        if (fixture_leaves[c.leaf].queue.size == sizeof("billing") - 1)
            s->came[s->came_count++] = c;
    }
}

static struct tenant_task *restarted(struct tenant_task *t,
                                     const struct tenant_task_options *options) {
    struct buf one, two;
    struct err err;
    buf_init(&one);
    buf_init(&two);
    tenant_task_save(t, &one);
    tenant_task_free(t);
    t = tenant_task_new(options);
    assert_true(tenant_task_load(t, buf_slice(&one), &err));
    tenant_task_save(t, &two);
    assert_true(slice_equal(buf_slice(&one), buf_slice(&two)));
    buf_deinit(&one);
    buf_deinit(&two);
    return t;
}

static void one_story(uint64_t seed, const struct contract_set *set) {
    struct stage *s = calloc(1, sizeof(*s));
    struct tenant_task_options options = task_options(set, true);
    struct tenant_task *t = tenant_task_new(&options);
    struct collected effects;
    collected_init(&effects);
    effects.on_kpi = take_kpi;
    effects.context = s;
    struct outbox out = collected_outbox(&effects);
    struct fixture_report r;
    int64_t now = FIXTURE_START, log_at = now;
    s->seed = seed;
    rng_init(&s->rng, seed);
    for (size_t k = 0; k < 300; k++) {
        fixture_report_init(&r);
        fill(s, &r, now);
        now += (int64_t)rng_below(&s->rng, 5 * MINUTE_MS);
        fixture_clock(&r, 0, 1, now, false);
        tenant_task_apply(t, &r.report, log_at += 100, &out);
        if (rng_below(&s->rng, 20) == 0)
            t = restarted(t, &options);
    }
    fixture_report_init(&r);
    fixture_clock(&r, 0, 1, now + 40 * HOUR_MS, true);
    tenant_task_apply(t, &r.report, log_at + 100, &out);
    check_hours(s);
    REQUIRE(seed, tenant_task_counts(t)->forecasts_refused == 0);
    REQUIRE(seed, t->forecast_count == 0); /* all are final, and forgotten */
    tenant_task_free(t);
    collected_deinit(&effects);
    free(s);
}

static void accuracy_is_that_of_a_recount(void **state) {
    (void)state;
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    set.count = 0; /* judged for nobody */
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + ROUNDS; seed++)
        one_story(seed, &set);
}

static void tell_length(struct tenant_task *t, struct outbox *out, const char *queue,
                        int64_t start_at, int64_t interval_ms, int32_t version) {
    struct fixture_report r;
    fixture_report_init(&r);
    r.forecasts[r.report.forecast_count++] = (struct forecast){.tenant = SLICE("acme"),
                                                               .queue = slice_of(queue),
                                                               .forecast_id = SLICE("f"),
                                                               .version = version,
                                                               .start_at = start_at,
                                                               .interval_ms = interval_ms,
                                                               .volume = 10};
    tenant_task_apply(t, &r.report, start_at, out);
}

static void tell(struct tenant_task *t, struct outbox *out, const char *queue, int64_t start_at,
                 int32_t version) {
    tell_length(t, out, queue, start_at, LENGTH_MS, version);
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
    t->forecast_limit = 4;
    t->forecast_series_limit = 2;
    int64_t at = instant_floor(FIXTURE_START, HOUR_MS);
    tell(t, &out, "billing", at, 1);
    tell(t, &out, "billing", at, 1); /* stands in the place of the first */
    tell(t, &out, "tech", at, 1);
    tell(t, &out, "third", at, 1); /* too many queues */
    assert_int_equal(tenant_task_counts(t)->forecasts_refused, 1);
    tell(t, &out, "billing", at, 2);
    tell(t, &out, "billing", at, 3);
    tell(t, &out, "billing", at + LENGTH_MS, 1); /* too many versions */
    assert_int_equal(tenant_task_counts(t)->forecasts_refused, 2);
    tell(t, &out, "billing", at, 4); /* in the place of its first version */
    assert_int_equal(tenant_task_counts(t)->forecasts_refused, 2);
    assert_int_equal(t->forecast_count, 4);
    const struct tenant_forecast *f = tenant_state_find(t, SLICE("acme"))->forecasts.items[0];
    assert_int_equal(f->series.count, 3);
    assert_int_equal(f->series.versions[0].version, 2);
    assert_int_equal(f->series.versions[2].version, 4);
    tell(t, &out, "billing", at, 1); /* older than what is kept */
    assert_int_equal(tenant_task_counts(t)->forecasts_refused, 3);
    assert_int_equal(f->series.versions[0].version, 2);
    assert_int_equal(t->forecast_count, 4);
    struct fixture_report r;
    fixture_report_init(&r);
    fixture_clock(&r, 0, 1, at + 27 * HOUR_MS, false);
    tenant_task_apply(t, &r.report, at, &out);
    fixture_report_init(&r);
    fixture_clock(&r, 0, 1, at + 28 * HOUR_MS, false);
    tenant_task_apply(t, &r.report, at, &out);
    assert_int_equal(t->forecast_count, 0);
    tell(t, &out, "billing", at, 5); /* its figures are final */
    assert_int_equal(tenant_task_counts(t)->forecasts_past, 1);
    assert_int_equal(tenant_task_counts(t)->forecasts, 10);
    tenant_task_free(t);
    collected_deinit(&effects);
}

/* A tenant task of no contract, and the accuracy it publishes. */
struct scene {
    struct contract acme;
    struct contract_set set;
    struct tenant_task_options options;
    struct tenant_task *t;
    struct collected effects;
    struct outbox out;
    struct stage *s;
};

static void scene_init(struct scene *c) {
    c->set = fixture_contracts(&c->acme);
    c->set.count = 0;
    c->options = task_options(&c->set, true);
    c->t = tenant_task_new(&c->options);
    collected_init(&c->effects);
    c->s = calloc(1, sizeof(*c->s));
    c->effects.on_kpi = take_kpi;
    c->effects.context = c->s;
    c->out = collected_outbox(&c->effects);
}

static void scene_deinit(struct scene *c) {
    tenant_task_free(c->t);
    collected_deinit(&c->effects);
    free(c->s);
}

/* Of what was forecast up to the last moment, all hours together. */
static struct accuracy scene_accuracy(const struct scene *c) {
    struct accuracy sum = {0};
    for (size_t h = 0; h < c->s->hour_count; h++) {
        sum.came += c->s->hours[h].by[FORECAST_LEAD_NONE].came;
        sum.missed += c->s->hours[h].by[FORECAST_LEAD_NONE].missed;
    }
    return sum;
}

/* What came before anybody asked was not counted apart: such an interval would seem empty. */
static void an_interval_that_was_not_heard_whole_is_not_measured(void **state) {
    (void)state;
    struct scene c;
    scene_init(&c);
    int64_t at = instant_floor(FIXTURE_START, DAY_MS);
    struct fixture_report r;
    fixture_report_init(&r);
    fixture_add(&r, &(struct fact_row){.pane_at = at, .which = COUNTER_OFFERED, .value = 30});
    fixture_add(&r, &(struct fact_row){.pane_at = at + LENGTH_MS, /* by a source that is ahead */
                                       .which = COUNTER_OFFERED,
                                       .value = 5});
    fixture_clock(&r, 0, 1, at + MINUTE_MS, false);
    tenant_task_apply(c.t, &r.report, at, &c.out);
    tell(c.t, &c.out, "billing", at, 1);
    tell(c.t, &c.out, "billing", at + LENGTH_MS, 1);
    tell(c.t, &c.out, "billing", at + 2 * LENGTH_MS, 1);
    fixture_report_init(&r);
    fixture_add(&r, &(struct fact_row){
                        .pane_at = at + 2 * LENGTH_MS, .which = COUNTER_OFFERED, .value = 8});
    fixture_clock(&r, 0, 1, at + 2 * HOUR_MS, false);
    tenant_task_apply(c.t, &r.report, at, &c.out);
    struct accuracy sum = scene_accuracy(&c);
    assert_int_equal(sum.came, 8);
    assert_int_equal(llround(sum.missed), 2); /* of the third interval alone */
    scene_deinit(&c);
}

/* Three quarters of an hour are over and measured when they turn out to have been planned as one;
 * or late, as one of another beginning. What they counted is taken back. */
static void what_another_length_displaces_is_counted_once(void **state) {
    (void)state;
    struct scene c;
    scene_init(&c);
    int64_t at = instant_floor(FIXTURE_START, DAY_MS);
    struct fixture_report r;
    fixture_report_init(&r);
    fixture_clock(&r, 0, 1, at, false);
    tenant_task_apply(c.t, &r.report, at, &c.out);
    for (int64_t i = 1; i < 5; i++)
        tell(c.t, &c.out, "billing", at + i * LENGTH_MS, 1);
    fixture_report_init(&r);
    for (int64_t i = 1; i < 5; i++)
        fixture_add(&r, &(struct fact_row){.pane_at = at + i * LENGTH_MS,
                                           .which = COUNTER_OFFERED,
                                           .value = 1 + i});
    fixture_clock(&r, 0, 1, at + 2 * HOUR_MS, false);
    tenant_task_apply(c.t, &r.report, at, &c.out);
    tell_length(c.t, &c.out, "billing", at + 2 * LENGTH_MS, 2 * LENGTH_MS, 2);
    c.t = restarted(c.t, &c.options);
    fixture_report_init(&r);
    fixture_clock(&r, 0, 1, at + 3 * HOUR_MS, false);
    tenant_task_apply(c.t, &r.report, at, &c.out);
    struct accuracy sum = scene_accuracy(&c);
    assert_int_equal(sum.came, 2 + (3 + 4) + 5);
    assert_int_equal(llround(sum.missed), 8 + 3 + 5);
    scene_deinit(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accuracy_is_that_of_a_recount),
        cmocka_unit_test(the_limits_hold),
        cmocka_unit_test(what_another_length_displaces_is_counted_once),
        cmocka_unit_test(an_interval_that_was_not_heard_whole_is_not_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
