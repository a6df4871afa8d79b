/* Are the published figures those of a naive recount, whenever the counts came; and does a task
 * that was saved and loaded anywhere say the same as one that was not? */
#include "tenant_history.h"

/* Of the figures that could be recounted, one in so many is. */
#define CHECKED_SHARE 5

/* A view that hears everything and says nothing. */
static void ignore_scope(void *c, struct slice tenant, const struct scope *scope) {
    (void)c, (void)tenant, (void)scope;
}
static void ignore_now(void *c, struct slice tenant, const struct scope *scope,
                       const struct view_now *now, int64_t as_of) {
    (void)c, (void)tenant, (void)scope, (void)now, (void)as_of;
}
static void ignore_kpi(void *c, struct slice tenant, const struct scope *scope, struct slice window,
                       const struct view_figure *figures, size_t count, int64_t as_of,
                       double completeness) {
    (void)c, (void)tenant, (void)scope, (void)window, (void)figures, (void)count, (void)as_of;
    (void)completeness;
}
static void ignore_minute(void *c, struct slice tenant, const struct scope *scope,
                          int64_t minute_at, const struct view_figure *figures, size_t count) {
    (void)c, (void)tenant, (void)scope, (void)minute_at, (void)figures, (void)count;
}
static void ignore_objective(void *c, struct slice tenant, const struct view_objective *o) {
    (void)c, (void)tenant, (void)o;
}
static void ignore_alert(void *c, const struct alert *alert, bool open) {
    (void)c, (void)alert, (void)open;
}
static void ignore_meta(void *c, struct slice tenant, int64_t as_of, int64_t lag_ms,
                        struct slice contract, int32_t contract_version) {
    (void)c, (void)tenant, (void)as_of, (void)lag_ms, (void)contract, (void)contract_version;
}

static struct view silent_view(void) {
    return (struct view){NULL,         ignore_scope,  ignore_now,
                         ignore_kpi,   ignore_minute, ignore_objective,
                         ignore_alert, ignore_meta,   NULL};
}

static struct tenant_task *reload(struct tenant_task *t, const struct tenant_task_options *o,
                                  uint64_t seed) {
    struct buf bytes, again;
    struct err err;
    buf_init(&bytes);
    buf_init(&again);
    tenant_task_save(t, &bytes);
    tenant_task_free(t);
    t = tenant_task_new(o);
    if (!tenant_task_load(t, buf_slice(&bytes), &err))
        fail_msg("load: %s, seed %llu", err.text, (unsigned long long)seed);
    tenant_task_save(t, &again);
    if (!slice_equal(buf_slice(&bytes), buf_slice(&again)))
        fail_msg("saved bytes differ, seed %llu", (unsigned long long)seed);
    buf_deinit(&bytes);
    buf_deinit(&again);
    return t;
}

/* One history through one task; effects into `c`, the last state into `state`. */
static void play(const struct run_options *options, struct history *h, struct collected *c,
                 struct buf *state) {
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    struct tenant_task_options o = task_options(&set, !options->quiet);
    struct tenant_task *t = tenant_task_new(&o);
    struct outbox out = collected_outbox(c);
    struct view view = silent_view();
    struct fixture_report r;
    struct rng dice;
    rng_init(&dice, options->seed + 77);
    history_init(h, options);
    while (next_report(h, &r)) {
        tenant_task_apply(t, &r.report, h->log_at, &out);
        if (options->split && rng_below(&dice, 25) == 0)
            t = reload(t, &o, options->seed);
        if (options->split && rng_below(&dice, 10) == 0)
            tenant_task_show(t, rng_below(&dice, 10) == 0, &view);
    }
    assert_true(tenant_task_ended(t));
    assert_int_equal(tenant_task_counts(t)->late_rows, 0);
    tenant_task_save(t, state);
    tenant_task_free(t);
}

static void splits_change_nothing(void **state) {
    (void)state;
    struct history *h = calloc(1, sizeof(*h));
    size_t alerts = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct collected straight, split;
        struct buf bytes[2];
        collected_init(&straight);
        collected_init(&split);
        buf_init(&bytes[0]);
        buf_init(&bytes[1]);
        play(&(struct run_options){.seed = seed}, h, &straight, &bytes[0]);
        play(&(struct run_options){.seed = seed, .split = true}, h, &split, &bytes[1]);
        if (straight.kpi_digest != split.kpi_digest ||
            !slice_equal(buf_slice(&straight.alerts), buf_slice(&split.alerts)) ||
            !slice_equal(buf_slice(&bytes[0]), buf_slice(&bytes[1])))
            fail_msg("a split changes what is said, seed %llu", (unsigned long long)seed);
        assert_true(straight.kpi_count > 1000);
        alerts += straight.alert_count;
        collected_deinit(&straight);
        collected_deinit(&split);
        buf_deinit(&bytes[0]);
        buf_deinit(&bytes[1]);
    }
    assert_true(alerts > 50);
    free(h);
}

/* What was last said of one figure. Slots are found by hash: so many are never taken. */
#define TOLD_SLOTS (1u << 21)

struct told {
    uint64_t key;
    double value;
    int64_t numerator;
    int32_t revision;
    bool final;
};

/* Every figure that is final, or every first one when nothing comes late, against a recount. */
struct checker {
    const struct ledger *ledger;
    bool final_only;
    size_t seen, checked, finals, odd_lengths, periods;
    int64_t closed_at[WINDOW_COUNT + PERIOD_COUNT];
    struct told told[TOLD_SLOTS];
    uint64_t seed;
};

static bool has_parts(const struct kpi *p, int64_t over, int64_t under) {
    return p->numerator == over && p->denominator == under &&
           (under > 0 ? p->value == (double)over / (double)under : p->value != p->value);
}

static bool recount_agrees(const struct checker *k, const struct kpi *p) {
    int64_t from = p->window_start_at;
    int64_t to = p->window_end_at;
#define COUNT(c) recount(k->ledger, p->tenant, p->scope, from, to, 0, COUNTER_##c, 0, 0)
#define LEVEL(l, a, ms) recount(k->ledger, p->tenant, p->scope, from, to, 1, LEVEL_##l, a, ms)
    if (slice_equal(p->metric, SLICE("offered")))
        return p->value == (double)COUNT(OFFERED) && p->sample == ALERT_LONG_NONE;
    if (slice_equal(p->metric, SLICE("asa_ms")))
        return has_parts(p, COUNT(WAIT_MS), COUNT(ANSWERED));
    if (slice_equal(p->metric, SLICE("arrival.asa_ms")))
        return has_parts(p, COUNT(ARR_WAIT_MS), COUNT(ARR_ANSWERED));
    if (slice_equal(p->metric, SLICE("arrival.service_level.abandon_ignored")))
        return has_parts(p, LEVEL(ANSWERED_IN, BY_ARRIVAL, 20000),
                         LEVEL(ANSWERED_IN, BY_ARRIVAL, 20000) + LEVEL(LATE, BY_ARRIVAL, 20000));
    if (slice_equal(p->metric, SLICE("service_level.removed_within.within_60000"))) {
        int64_t in = LEVEL(ANSWERED_IN, BY_EVENT, 60000) + LEVEL(ABANDONED_SHORT, BY_EVENT, 60000) +
                     LEVEL(ABANDONED_IN, BY_EVENT, 60000) + LEVEL(CALLBACK_IN, BY_EVENT, 60000);
        return has_parts(p, in,
                         in + LEVEL(FLOWED_OUT_IN, BY_EVENT, 60000) + LEVEL(LATE, BY_EVENT, 60000));
    }
    from = INSTANT_NONE;
    if (slice_equal(p->metric, SLICE("waiting")))
        return p->value == (double)COUNT(WAITING_CHANGE);
    if (slice_equal(p->metric, SLICE("backlog")))
        return p->value == (double)COUNT(BACKLOG_CHANGE);
    return true;
}

static uint64_t key_of(const struct kpi *p) {
    uint64_t key = scope_hash(p->scope, slice_hash(p->tenant, (uint64_t)p->window_end_at));
    return slice_hash(p->metric, slice_hash(p->window, key)) | 1;
}

static struct told *find_told(struct checker *k, uint64_t key) {
    size_t slot = key % TOLD_SLOTS;
    while (k->told[slot].key != 0 && k->told[slot].key != key)
        slot = (slot + 1) % TOLD_SLOTS;
    return &k->told[slot];
}

/* Revisions rise, and what is final is what the highest of them said. */
static void check_revision(struct checker *k, const struct kpi *p) {
    if (slice_equal(p->window, SLICE("4h")))
        return; /* rolling, of an objective: said once */
    struct told *t = find_told(k, key_of(p));
    if (t->key != 0) {
        assert_false(t->final);
        assert_true(p->final ? p->revision >= t->revision : p->revision > t->revision);
        if (p->final &&
            (t->numerator != p->numerator || (t->value == t->value && t->value != p->value)))
            fail_msg("final " SLICE_FMT " at %lld is %g, r%d said %g, seed %llu",
                     SLICE_ARG(p->metric), (long long)p->window_end_at, p->value, t->revision,
                     t->value, (unsigned long long)k->seed);
    }
    k->finals += p->final;
    *t = (struct told){key_of(p), p->value, p->numerator, p->revision, p->final};
}

/* Closes of the whole tenant neither overlap nor leave room, also where its clocks change. */
static void check_order(struct checker *k, const struct kpi *p) {
    if (p->scope->mask != 0 || p->revision != 0 || p->final ||
        !slice_equal(p->metric, SLICE("backlog")) || !slice_equal(p->tenant, SLICE("acme")))
        return;
    unsigned w = window_named(p->window);
    assert_true(p->window_start_at >= k->closed_at[w] && p->window_end_at > p->window_start_at);
    k->odd_lengths += w < WINDOW_COUNT && p->window_end_at - p->window_start_at !=
                                              window_spec((enum window_id)w)->length_ms;
    k->periods += w >= WINDOW_COUNT;
    k->closed_at[w] = p->window_end_at;
}

static void check_kpi(void *context, const struct kpi *p) {
    struct checker *k = context;
    check_revision(k, p);
    check_order(k, p);
    if ((k->final_only && !p->final) || k->seen++ % CHECKED_SHARE != 0)
        return;
    k->checked++;
    if (recount_agrees(k, p))
        return;
    struct buf name;
    buf_init(&name);
    scope_format(p->scope, &name);
    fail_msg(SLICE_FMT " of " SLICE_FMT " %lld-%lld is %g r%d%s, seed %llu", SLICE_ARG(p->metric),
             SLICE_ARG(buf_slice(&name)), (long long)p->window_start_at,
             (long long)p->window_end_at, p->value, p->revision, p->final ? " final" : "",
             (unsigned long long)k->seed);
}

static void check_history(bool in_time, uint64_t seed) {
    struct history *h = calloc(1, sizeof(*h));
    struct run_options options = {.seed = seed, .in_time = in_time};
    struct fixture_report r;
    history_init(h, &options);
    while (next_report(h, &r))
        ;
    struct ledger *all = calloc(1, sizeof(*all));
    *all = h->ledger; /* what will have been known at the end */

    struct checker *k = calloc(1, sizeof(*k));
    /* Too large for a temporary on the stack. */
    k->ledger = all;
    k->final_only = !in_time;
    k->seed = seed;
    struct collected c;
    struct buf state;
    collected_init(&c);
    buf_init(&state);
    c.on_kpi = check_kpi;
    c.context = k;
    play(&options, h, &c, &state);
    assert_true(k->checked > 2000 && k->finals > 10000 && k->odd_lengths > 0 && k->periods > 0);
    free(k);
    collected_deinit(&c);
    buf_deinit(&state);
    free(h);
    free(all);
}

static void figures_are_those_of_a_recount(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++)
        check_history(true, seed);
}

static void late_counts_correct_closed_windows_until_they_are_final(void **state) {
    (void)state;
    for (uint64_t seed = 11; seed <= 14; seed++)
        check_history(false, seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_a_recount),
        cmocka_unit_test(late_counts_correct_closed_windows_until_they_are_final),
        cmocka_unit_test(splits_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
