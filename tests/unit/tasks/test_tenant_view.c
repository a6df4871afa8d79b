/* Does the view show, at any moment, what a recount of all that is known says? */
#include "tenant_history.h"

#define SHOWN_WINDOWS 4096
#define SHOWN_ALERTS 4096

struct shown_window {
    char scope[64];
    char tenant[8];
    unsigned window; /* as window_named gives it */
    int64_t as_of;
    double offered, waiting, p90;
    int64_t late;     /* 0: absent */
    int64_t level_of; /* of the plain service level: the denominator */
};

struct shown_now {
    char scope[64];
    char tenant[8];
    struct view_now now;
};

struct shown_objective {
    char rule[16];
    char scope[64];
    struct figure figure;
    int64_t end_at;
};

struct screen {
    struct shown_objective judged[32];
    size_t judged_count;
    struct shown_window windows[SHOWN_WINDOWS];
    size_t window_count, calls;
    size_t full_at; /* of calls; 0: never full */
    size_t parts;   /* further ones that a view needed */
    struct shown_now nows[128];
    size_t now_count, scopes, metas, objectives;
    struct {
        char id[128];
        bool open;
    } alerts[SHOWN_ALERTS];
    size_t alert_count;
    double minutes[128][2]; /* offered of all: per minute since the start, and told */
    double minute_offered[4000];
};

static void name_of(const struct scope *scope, char name[64]) {
    struct buf b;
    buf_init(&b);
    scope_format(scope, &b);
    snprintf(name, 64, "%.*s", (int)b.size, b.at);
    buf_deinit(&b);
}

static const struct figure *field(const struct view_figure *figures, size_t count,
                                  const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(figures[i].field, slice_of(name)))
            return &figures[i].figure;
    }
    return NULL;
}

static void on_scope(void *c, struct slice tenant, const struct scope *scope) {
    (void)tenant, (void)scope;
    ((struct screen *)c)->scopes++;
}

static void on_now(void *c, struct slice tenant, const struct scope *scope,
                   const struct view_now *now, int64_t as_of) {
    struct screen *s = c;
    struct shown_now n = {.now = *now};
    (void)as_of;
    name_of(scope, n.scope);
    snprintf(n.tenant, sizeof(n.tenant), SLICE_FMT, SLICE_ARG(tenant));
    size_t at = 0;
    while (at < s->now_count &&
           (strcmp(s->nows[at].scope, n.scope) || strcmp(s->nows[at].tenant, n.tenant)))
        at++;
    s->now_count += at == s->now_count;
    s->nows[at] = n;
}

static void on_kpi(void *c, struct slice tenant, const struct scope *scope, struct slice window,
                   const struct view_figure *figures, size_t count, int64_t as_of,
                   double completeness) {
    struct screen *s = c;
    struct shown_window w = {.as_of = as_of};
    assert_true(completeness == 1.0);
    w.window = window_named(window);
    name_of(scope, w.scope);
    snprintf(w.tenant, sizeof(w.tenant), SLICE_FMT, SLICE_ARG(tenant));
    w.offered = field(figures, count, "offered")->value;
    w.waiting = field(figures, count, "waiting")->value;
    w.late = field(figures, count, "service_level.abandon_ignored")->denominator;
    w.level_of = field(figures, count, "service_level")->denominator;
    size_t at = 0;
    while (at < s->window_count &&
           (s->windows[at].window != w.window || strcmp(s->windows[at].scope, w.scope) ||
            strcmp(s->windows[at].tenant, w.tenant)))
        at++;
    s->window_count += at == s->window_count;
    s->windows[at] = w;
    s->calls++;
}

static void on_minute(void *c, struct slice tenant, const struct scope *scope, int64_t minute_at,
                      const struct view_figure *figures, size_t count) {
    struct screen *s = c;
    const struct figure *offered = field(figures, count, "offered");
    int64_t minute = (minute_at - instant_floor(FIXTURE_START, MINUTE_MS)) / MINUTE_MS + 600;
    if (scope->mask == 0 && slice_equal(tenant, SLICE("acme")) && minute >= 0 && minute < 4000)
        s->minute_offered[minute] = offered ? offered->value : 0;
}

static void on_objective(void *c, struct slice tenant, const struct view_objective *o) {
    struct screen *s = c;
    assert_true(o->state.size > 0 && slice_equal(tenant, SLICE("acme")));
    s->objectives++;
    assert_true(!slice_equal(o->rule, SLICE("voice-80-20")) || o->target == 0.8);
    struct shown_objective shown = {.figure = *o->figure, .end_at = o->window_end_at};
    snprintf(shown.rule, sizeof(shown.rule), SLICE_FMT, SLICE_ARG(o->rule));
    name_of(o->scope, shown.scope);
    size_t at = 0;
    while (at < s->judged_count &&
           (strcmp(s->judged[at].scope, shown.scope) || strcmp(s->judged[at].rule, shown.rule)))
        at++;
    s->judged_count += at == s->judged_count;
    assert_true(s->judged_count <= sizeof(s->judged) / sizeof(s->judged[0]));
    s->judged[at] = shown;
}

static void on_alert(void *c, const struct alert *alert, bool open) {
    struct screen *s = c;
    char id[128];
    snprintf(id, sizeof(id), SLICE_FMT, SLICE_ARG(alert->alert_id));
    size_t at = 0;
    while (at < s->alert_count && strcmp(s->alerts[at].id, id))
        at++;
    s->alert_count += at == s->alert_count;
    memcpy(s->alerts[at].id, id, sizeof(id));
    s->alerts[at].open = open;
}

static void on_meta(void *c, struct slice tenant, int64_t as_of, int64_t lag_ms,
                    struct slice contract, int32_t version) {
    (void)tenant, (void)as_of, (void)lag_ms, (void)contract, (void)version;
    ((struct screen *)c)->metas++;
}

static bool on_full(void *c) {
    const struct screen *s = c;
    return s->full_at > 0 && s->calls >= s->full_at;
}

/* The scope of this name, by any leaf that is in it. */
static bool scope_named(const struct contract *contract, const char *tenant, const char *name,
                        struct scope *scope) {
    uint32_t masks[CONTRACT_VIEWS_MAX];
    size_t count = contract_views(contract, masks);
    for (size_t l = 0; l < FIXTURE_LEAVES; l++) {
        const struct report_leaf *n = &fixture_leaves[l];
        static struct leaf leaf;
        leaf = (struct leaf){.vendor = n->vendor,
                             .site = n->site,
                             .queue = n->queue,
                             .channel = n->channel,
                             .priority = n->priority};
        for (size_t m = 0; m < count; m++) {
            char text[64];
            *scope = scope_of_leaf(&leaf, masks[m]);
            name_of(scope, text);
            if (slice_equal(n->tenant, slice_of(tenant)) && strcmp(text, name) == 0)
                return true;
        }
    }
    return false;
}

/* Of what is shown: rolling windows end at their newest step, periods at that of 5 minutes. */
static void span_of(unsigned window, const struct contract *contract, int64_t clock, int64_t *from,
                    int64_t *to) {
    if (window >= WINDOW_COUNT) {
        *to = instant_floor(clock, 5 * MINUTE_MS);
        *from = period_start((enum period)(window - WINDOW_COUNT), &contract->zone,
                             contract->week_starts, *to);
        return;
    }
    const struct window_spec *spec = window_spec((enum window_id)window);
    *to = instant_floor(clock, spec->step_ms);
    *from = *to - spec->length_ms;
}

static void check_screen(const struct screen *s, const struct contract_set *set,
                         const struct ledger *ledger, int64_t clock, uint64_t seed) {
    for (size_t i = 0; i < s->window_count; i++) {
        const struct shown_window *w = &s->windows[i];
        struct slice tenant = slice_of(w->tenant);
        struct scope scope;
        assert_true(scope_named(contract_set_find(set, tenant, 0), w->tenant, w->scope, &scope));
        const struct contract *contract = contract_set_find(set, tenant, 0);
        int64_t from, to;
        span_of(w->window, contract, clock, &from, &to);
        int64_t offered = recount(ledger, tenant, &scope, from, to, 0, COUNTER_OFFERED, 0, 0);
        int64_t waiting = recount(ledger, tenant, &scope, INSTANT_NONE, to, 0,
                                  COUNTER_WAITING_CHANGE, 0, 0);
        int64_t late = 0;
        for (unsigned l = 0; l < LEVEL_COUNT; l++) {
            if (l == LEVEL_LATE || l == LEVEL_ANSWERED_IN)
                late += recount(ledger, tenant, &scope, from, to, 1, (uint8_t)l, BY_EVENT, 20000);
        }
        if (w->offered != (double)offered || w->waiting != (double)waiting || w->late != late)
            fail_msg("%s %s window %u: offered %g not %lld, waiting %g not %lld, seed %llu",
                     w->tenant, w->scope, w->window, w->offered, (long long)offered, w->waiting,
                     (long long)waiting, (unsigned long long)seed);
    }
    for (size_t i = 0; i < s->now_count; i++) {
        const struct shown_now *n = &s->nows[i];
        struct slice tenant = slice_of(n->tenant);
        struct scope scope;
        assert_true(scope_named(contract_set_find(set, tenant, 0), n->tenant, n->scope, &scope));
        assert_int_equal(n->now.waiting, recount(ledger, tenant, &scope, INSTANT_NONE, clock + 1, 0,
                                                 COUNTER_WAITING_CHANGE, 0, 0));
    }
    /* Minutes of the last four hours; older ones stay as they were told. */
    struct scope all = {0};
    int64_t first = instant_floor(FIXTURE_START, MINUTE_MS);
    for (int64_t at = instant_floor(clock, MINUTE_MS) - 3 * HOUR_MS;
         at < instant_floor(clock, MINUTE_MS); at += MINUTE_MS) {
        int64_t offered = recount(ledger, SLICE("acme"), &all, at, at + MINUTE_MS, 0,
                                  COUNTER_OFFERED, 0, 0);
        assert_true(s->minute_offered[(at - first) / MINUTE_MS + 600] == (double)offered);
    }
}

static void check_level(const struct ledger *voice, const struct shown_objective *o,
                        const struct scope *scope, int64_t from, int64_t to) {
    int64_t n = 0, d = 0;
    for (unsigned l = 0; l < LEVEL_COUNT; l++) {
        int64_t count = recount(voice, SLICE("acme"), scope, from, to, 1, (uint8_t)l, BY_EVENT,
                                20000);
        n += l == LEVEL_ANSWERED_IN ? count : 0;
        d += l == LEVEL_CALLBACK_IN || l == LEVEL_FLOWED_OUT_IN ? 0 : count;
    }
    assert_int_equal(o->figure.numerator, n);
    assert_int_equal(o->figure.sample, d);
}

/* Not of the first steps: a rule that no step has come to yet has no figure. */
static void check_period(const struct shown_objective *o, const struct contract *acme,
                         const struct ledger *ledger, const struct ledger *voice,
                         const struct scope *scope, int64_t to) {
    bool day = strcmp(o->rule, "voice-day") == 0;
    int64_t from = period_start(day ? PERIOD_DAY : PERIOD_WEEK, &acme->zone, 0, to - 1);
    if (o->end_at == INSTANT_NONE || to < FIXTURE_START + 10 * MINUTE_MS)
        return;
    assert_true(o->end_at <= to && o->end_at % (5 * MINUTE_MS) == 0); /* said when it changes */
    if (day) {
        check_level(voice, o, scope, from, to);
        return;
    }
    assert_int_equal(o->figure.numerator,
                     recount(ledger, SLICE("acme"), scope, from, to, 0, COUNTER_WAIT_MS, 0, 0));
    assert_int_equal(o->figure.sample,
                     recount(ledger, SLICE("acme"), scope, from, to, 0, COUNTER_ANSWERED, 0, 0));
}

/* What is judged: only the leaves that the rule's `when` lets in. */
static void check_objectives(const struct screen *s, const struct contract *acme,
                             struct ledger *ledger, struct ledger *voice, int64_t clock) {
    int64_t to = instant_floor(clock, 10 * SECOND_MS);
    voice->count = 0;
    for (size_t i = 0; i < ledger->count; i++) {
        if (fixture_leaves[ledger->rows[i].leaf].channel == CHANNEL_VOICE)
            voice->rows[voice->count++] = ledger->rows[i];
    }
    assert_true(s->judged_count > 0);
    for (size_t i = 0; i < s->judged_count; i++) {
        const struct shown_objective *o = &s->judged[i];
        struct scope scope;
        assert_true(scope_named(acme, "acme", o->scope, &scope));
        if (strcmp(o->rule, "voice-80-20") == 0)
            check_level(voice, o, &scope, to - 30 * MINUTE_MS, to);
        else if (strcmp(o->rule, "voice-day") == 0 || strcmp(o->rule, "week-waits") == 0)
            check_period(o, acme, ledger, voice, &scope, instant_floor(to, 5 * MINUTE_MS));
    }
}

static void check_alerts(const struct screen *s, const struct tenant_task *t) {
    size_t open = 0;
    for (size_t i = 0; i < s->alert_count; i++)
        open += s->alerts[i].open;
    assert_int_equal(open, tenant_task_open_alerts(t));
}

static void expect_every_scope(const struct screen *s, const struct tenant_task *t) {
    assert_int_equal(s->now_count, tenant_task_scopes(t));
    assert_int_equal(s->window_count,
                     tenant_task_scopes(t) * (WINDOW_COUNT + PERIOD_COUNT - PERIOD_DAY));
}

/* Where everything is to be shown all the time and one scope fits, each gets its turn. */
static void expect_turns(struct screen *s, struct tenant_task *t, struct view *view) {
    s->window_count = s->now_count = 0;
    for (size_t part = 0; part < tenant_task_scopes(t); part++) {
        s->full_at = s->calls + 1;
        tenant_task_show(t, true, view);
    }
    expect_every_scope(s, t);
    s->full_at = 0;
    assert_true(tenant_task_show(t, false, view));
}

/* All or what changed; whole, or in parts of as many calls as fit. While parts are owed nothing is
 * shown twice, and each of them brings a scope further. */
static void show_in_parts(struct screen *s, struct tenant_task *t, struct rng *dice,
                          const struct view *view) {
    bool all = rng_below(dice, 3) == 0;
    size_t room = rng_below(dice, 2) == 0 ? 0 : 1 + rng_below(dice, 60);
    struct view parts = *view;
    if (all)
        s->window_count = s->now_count = 0; /* it was wiped */
    for (size_t part = 0; part <= tenant_task_scopes(t) + 1; part++) {
        s->full_at = room > 0 ? s->calls + room : 0;
        if (tenant_task_show(t, all && part == 0, &parts)) {
            s->full_at = 0;
            s->parts += part;
            if (all)
                expect_every_scope(s, t);
            return;
        }
    }
    fail_msg("the view is not whole after as many parts as there are scopes");
}

static void what_is_shown_is_a_recount(void **state) {
    (void)state;
    struct screen *s = malloc(sizeof(*s));
    struct history *h = calloc(1, sizeof(*h));
    struct ledger *voice = malloc(sizeof(*voice));
    for (uint64_t seed = 21; seed <= 24; seed++) {
        memset(s, 0, sizeof(*s));
        struct view view = {s,        on_scope, on_now, on_kpi, on_minute, on_objective,
                            on_alert, on_meta,  on_full};
        struct contract acme;
        struct contract_set set = fixture_contracts(&acme);
        struct tenant_task_options o = task_options(&set, false);
        struct tenant_task *t = tenant_task_new(&o);
        struct collected c;
        collected_init(&c);
        struct outbox out = collected_outbox(&c);
        struct fixture_report r;
        struct rng dice;
        rng_init(&dice, seed);
        bool in_time = seed % 2 == 0;
        history_init(h, &(struct run_options){.seed = seed, .in_time = in_time});
        while (h->left > 1 && next_report(h, &r)) {
            tenant_task_apply(t, &r.report, h->log_at, &out);
            if (rng_below(&dice, 4) == 0) {
                tenant_task_show(t, false, &view);
                if (in_time && s->judged_count > 0)
                    check_objectives(s, &acme, &h->ledger, voice, tenant_task_clock(t));
            }
            if (rng_below(&dice, 40) != 0)
                continue;
            show_in_parts(s, t, &dice, &view);
            check_screen(s, &set, &h->ledger, tenant_task_clock(t), seed);
            check_alerts(s, t);
        }
        assert_true(s->scopes >= tenant_task_scopes(t) && s->objectives > 10 && s->metas > 10);
        assert_true(s->parts > 10);
        expect_turns(s, t, &view);
        size_t calls = s->calls;
        tenant_task_show(t, false, &view);
        calls = s->calls;
        tenant_task_show(t, false, &view);
        assert_int_equal(s->calls, calls); /* nothing changed: nothing is shown */
        collected_deinit(&c);
        tenant_task_free(t);
    }
    free(h);
    free(s);
    free(voice);
}

static void the_oldest_of_a_scope_is_that_of_its_leaves(void **state) {
    (void)state;
    struct screen *s = calloc(1, sizeof(*s));
    struct view view = {s,        on_scope, on_now, on_kpi, on_minute, on_objective,
                        on_alert, on_meta,  on_full};
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    struct tenant_task_options o = task_options(&set, false);
    struct tenant_task *t = tenant_task_new(&o);
    struct collected c;
    collected_init(&c);
    struct outbox out = collected_outbox(&c);
    struct fixture_report r;
    fixture_report_init(&r);
    for (uint32_t i = 0; i < 4; i++) {
        r.gauges[i] = (struct gauge){i == 3 ? 3 : 0, FIXTURE_START + 5 - i, INSTANT_NONE};
        r.gauge_partitions[i] = (int32_t)i;
    }
    r.report.gauge_count = 4;
    fixture_clock(&r, 0, 1, FIXTURE_START, false);
    tenant_task_apply(t, &r.report, FIXTURE_START, &out);
    tenant_task_show(t, false, &view);
    int64_t all = 0, north = 0;
    for (size_t i = 0; i < s->now_count; i++) {
        if (strcmp(s->nows[i].scope, "all") == 0)
            all = s->nows[i].now.oldest_waiting_at;
        if (strcmp(s->nows[i].scope, "site=north") == 0)
            north = s->nows[i].now.oldest_waiting_at;
        assert_int_equal(s->nows[i].now.oldest_open_at, INSTANT_NONE);
    }
    assert_int_equal(all, FIXTURE_START + 2);
    assert_int_equal(north, FIXTURE_START + 3);

    r.gauges[0] = (struct gauge){0, INSTANT_NONE, INSTANT_NONE};
    r.gauge_partitions[0] = 2;
    r.report.gauge_count = 1;
    tenant_task_apply(t, &r.report, FIXTURE_START, &out);
    tenant_task_show(t, false, &view);
    for (size_t i = 0; i < s->now_count; i++) {
        if (strcmp(s->nows[i].scope, "site=north") == 0)
            assert_int_equal(s->nows[i].now.oldest_waiting_at, FIXTURE_START + 4);
    }
    collected_deinit(&c);
    tenant_task_free(t);
    free(s);
}

static void add_visits(struct fixture_report *r, uint32_t leaf, int64_t at) {
    static const uint8_t ends[] = {LEVEL_ANSWERED_IN, LEVEL_ABANDONED_IN, LEVEL_LATE};
    for (size_t i = 0; i < sizeof(ends); i++) {
        struct fact_row f = {.leaf = leaf,
                             .pane_at = instant_floor(at, DELTA_PANE_MS),
                             .kind = 1,
                             .which = ends[i],
                             .threshold_ms = 20000,
                             .value = 1};
        fixture_add(r, &f);
    }
}

/* The same happened in both, and their plain levels count it differently. */
static void scopes_of_equal_sums_have_their_own_figures(void **state) {
    (void)state;
    struct screen *s = calloc(1, sizeof(*s));
    struct view view = {s,        on_scope, on_now, on_kpi, on_minute, on_objective,
                        on_alert, on_meta,  on_full};
    struct slice north = SLICE("north");
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    struct objective level = fixture_objectives[0];
    level.variant = VARIANT_ABANDON_IGNORED;
    level.when.site = (struct match_values){&north, 1};
    level.per = SCOPE_BIT(SCOPE_SITE);
    acme.objectives = &level;
    acme.objective_count = 1;
    struct tenant_task_options o = task_options(&set, false);
    struct tenant_task *t = tenant_task_new(&o);
    struct collected c;
    collected_init(&c);
    struct outbox out = collected_outbox(&c);
    struct fixture_report r;
    fixture_report_init(&r);
    for (int64_t i = 0; i < 2; i++) {
        add_visits(&r, 0, FIXTURE_START + (1 + 3 * i) * MINUTE_MS);
        add_visits(&r, 3, FIXTURE_START + (1 + 3 * i) * MINUTE_MS);
    }
    for (int64_t at = 10 * SECOND_MS; at <= 6 * MINUTE_MS + 30 * SECOND_MS; at += 10 * SECOND_MS) {
        fixture_clock(&r, 0, 1, FIXTURE_START + at, false);
        tenant_task_apply(t, &r.report, FIXTURE_START + at, &out);
        tenant_task_show(t, false, &view);
        fixture_report_init(&r);
    }
    size_t seen = 0;
    for (size_t i = 0; i < s->window_count; i++) {
        if (s->windows[i].window != WINDOW_5M)
            continue;
        seen++;
        if (strcmp(s->windows[i].scope, "site=north") == 0)
            assert_int_equal(s->windows[i].level_of, 2);
        else if (strcmp(s->windows[i].scope, "site=south") == 0)
            assert_int_equal(s->windows[i].level_of, 3);
    }
    assert_true(seen > 4);
    collected_deinit(&c);
    tenant_task_free(t);
    free(s);
}

static void on_any_alert(void *context, const struct alert *alert, bool open) {
    (void)context, (void)alert, (void)open;
}

static void end_some(struct tenant_task *t, size_t from, size_t to) {
    struct collected c;
    collected_init(&c);
    struct outbox out = collected_outbox(&c);
    for (size_t i = from; i < to; i++) {
        struct fixture_report r;
        char name[32];
        snprintf(name, sizeof(name), "i%zu", i);
        fixture_report_init(&r);
        fixture_fact(&r, name, FACT_BREACHED, FIXTURE_START);
        fixture_fact(&r, name, FACT_ENDED, FIXTURE_START + 1);
        tenant_task_apply(t, &r.report, FIXTURE_START, &out);
    }
    collected_deinit(&c);
}

/* While nobody shows them more alerts end than are remembered. */
static void alerts_that_ended_unseen_ask_for_all_to_be_shown(void **state) {
    (void)state;
    enum { REMEMBERED = 65536 };
    struct screen *s = calloc(1, sizeof(*s));
    struct view view = {s,       on_scope, on_now, on_kpi, on_minute, on_objective, on_any_alert,
                        on_meta, NULL};
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    struct tenant_task_options o = task_options(&set, false);
    struct tenant_task *t = tenant_task_new(&o);
    struct collected c;
    collected_init(&c);
    struct outbox out = collected_outbox(&c);
    struct fixture_report r;
    fixture_report_init(&r);
    fixture_clock(&r, 0, 1, FIXTURE_START, false);
    tenant_task_apply(t, &r.report, FIXTURE_START, &out);
    end_some(t, 0, REMEMBERED);
    assert_false(tenant_task_lost_track(t));
    end_some(t, REMEMBERED, REMEMBERED + 1);
    assert_true(tenant_task_lost_track(t));
    tenant_task_show(t, true, &view);
    assert_false(tenant_task_lost_track(t));
    collected_deinit(&c);
    tenant_task_free(t);
    free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shown_is_a_recount),
        cmocka_unit_test(the_oldest_of_a_scope_is_that_of_its_leaves),
        cmocka_unit_test(scopes_of_equal_sums_have_their_own_figures),
        cmocka_unit_test(alerts_that_ended_unseen_ask_for_all_to_be_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
