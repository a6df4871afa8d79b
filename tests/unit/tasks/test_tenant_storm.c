/* One site of ten fails, and 50,000 interactions miss their deadline: how often is somebody paged,
 * are all of them counted, and is everything over when it is over? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/delta.h"
#include "core/episode.h"
#include "tasks/tenant_task.h"

#define SITES 10
#define QUEUES 5
#define LEAVES (SITES * QUEUES)
#define FAILING 3 /* the site */
#define HIT 50000
#define PANE_MS DELTA_PANE_MS
#define START INT64_C(1600000000000)
#define OUTAGE_PANES 60 /* ten minutes */
#define CALM_PANES 60
#define HIT_PER_PANE 834 /* HIT / OUTAGE_PANES, rounded up */
#define ITEMS_PER_MINUTE 2
#define PAGES_PER_HOUR 12
#define MINUTES 32

static struct objective objectives[] = {
    {.name = SLICE("voice-80-20"),
     .metric = METRIC_SERVICE_LEVEL,
     .within_ms = 20000,
     .per = SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_QUEUE),
     .window = WINDOW_5M,
     .at_least = true,
     .target = 0.8,
     .clear = 0.8,
     .min_sample = 10,
     .severity = SEVERITY_CRITICAL},
};
static struct clock_rule clocks[] = {
    {.name = SLICE("answer"),
     .kind = CLOCK_SPEED_OF_ANSWER,
     .target_ms = 20000,
     .severity = SEVERITY_MAJOR},
};

/* What was said, counted as it came: the recount, which knows nothing of books. */
struct heard {
    size_t items_fired, items_ended, others_open, pages, suppressed, updates;
    int64_t told[QUEUES][MINUTES], more[QUEUES][MINUTES], fired[QUEUES][MINUTES];
    bool site_paged;
    int64_t site_children, site_judged;
    int32_t last_more; /* of the latest UPDATED */
};

struct storm {
    struct tenant_task *task;
    struct tenant_task_options options;
    struct contract acme;
    struct contract_set set;
    struct outbox out;
    struct heard heard;
    char names[LEAVES][2][16];
    struct report_leaf leaves[LEAVES];
    struct report_row rows[LEAVES];
    struct report_level levels[LEAVES];
    struct fact facts[2 * HIT_PER_PANE];
    char ids[2 * HIT_PER_PANE][16];
    size_t fact_count;
    int next; /* the next interaction that is hit */
};

static bool is_end(enum transition t) {
    return t == TRANSITION_RESOLVED || t == TRANSITION_EXPIRED || t == TRANSITION_VOIDED;
}

static void hear_item(struct heard *h, const struct alert *a) {
    int queue = a->queue.at[1] - '0';
    int64_t minute = (a->condition_at - instant_floor(START, MINUTE_MS)) / MINUTE_MS;
    assert_true(minute >= 0 && minute < MINUTES);
    if (a->transition == TRANSITION_FIRING) {
        h->items_fired++;
        h->fired[queue][minute]++;
        h->told[queue][minute] += a->suppressed_by.size == 0;
    }
    if (!is_end(a->transition))
        return;
    h->items_ended++;
    h->more[queue][minute] += a->more;
}

static void hear_other(struct heard *h, const struct alert *a) {
    if (a->transition == TRANSITION_FIRING)
        h->others_open++;
    if (is_end(a->transition))
        h->others_open--;
    h->suppressed += a->transition == TRANSITION_SUPPRESSED;
    if (a->queue.size > 0 || a->site.size == 0)
        return;
    h->site_paged |= a->transition == TRANSITION_FIRING && a->severity == SEVERITY_CRITICAL;
    if (a->numerator > h->site_children)
        h->site_children = a->numerator;
    h->site_judged = a->denominator;
}

static void hear(void *context, const struct alert *a) {
    struct heard *h = context;
    bool told = a->transition == TRANSITION_FIRING || a->transition == TRANSITION_ESCALATED;
    h->pages += told && a->severity > SEVERITY_INFO;
    if (a->transition == TRANSITION_UPDATED) {
        h->updates++;
        h->last_more = a->more;
    }
    if (a->interaction_id.size > 0)
        hear_item(h, a);
    else
        hear_other(h, a);
}

static void hear_kpi(void *context, const struct kpi *kpi) {
    (void)context;
    (void)kpi;
}

static void begin(struct storm *s) {
    contract_init_default(&s->acme);
    s->acme.name = SLICE("acme-support");
    s->acme.tenant = SLICE("acme");
    s->acme.version = 1;
    s->acme.is_default = false;
    s->acme.objectives = objectives;
    s->acme.objective_count = 1;
    s->acme.clocks = clocks;
    s->acme.clock_count = 1;
    s->acme.items_per_minute = ITEMS_PER_MINUTE;
    s->acme.pages_per_hour = PAGES_PER_HOUR;
    s->acme.feed_silent_after_ms = 0;
    s->set = (struct contract_set){.contracts = &s->acme, .count = 1};
    contract_init_default(&s->set.fallback);
    s->options = (struct tenant_task_options){.judge_only = true,
                                              .lateness_ms = DAY_MS,
                                              .max_source_lag_ms = MINUTE_MS,
                                              .max_alert_age_ms = 15 * MINUTE_MS,
                                              .scope_limit = 1000,
                                              .contracts = &s->set};
    s->task = tenant_task_new(&s->options);
    s->out = (struct outbox){.context = &s->heard, .alert = hear, .kpi = hear_kpi};
    for (int i = 0; i < LEAVES; i++) {
        snprintf(s->names[i][0], sizeof(s->names[i][0]), "s%d", i / QUEUES);
        snprintf(s->names[i][1], sizeof(s->names[i][1]), "q%d", i % QUEUES);
        s->leaves[i] = (struct report_leaf){.tenant = SLICE("acme"),
                                            .site = slice_of(s->names[i][0]),
                                            .queue = slice_of(s->names[i][1]),
                                            .channel = CHANNEL_VOICE};
    }
}

/* From bytes, as after a restart, between any two reports. */
static void restart(struct storm *s) {
    struct buf b;
    struct err err;
    buf_init(&b);
    tenant_task_save(s->task, &b);
    tenant_task_free(s->task);
    s->task = tenant_task_new(&s->options);
    assert_true(tenant_task_load(s->task, buf_slice(&b), &err));
    buf_deinit(&b);
}

/* Ten calls a pane in each queue: answered in time, or late where the site fails. */
static void count_pane(struct storm *s, int64_t pane_at, bool outage) {
    for (uint32_t i = 0; i < LEAVES; i++) {
        bool late = outage && i / QUEUES == FAILING;
        s->levels[i] = (struct report_level){BY_EVENT, late ? LEVEL_LATE : LEVEL_ANSWERED_IN, 20000,
                                             10};
        s->rows[i] = (struct report_row){
            .leaf = i, .pane_at = pane_at, .first_level = i, .level_count = 1};
    }
}

static void add_fact(struct storm *s, int number, enum fact_kind kind, int64_t at,
                     int64_t deadline_at) {
    size_t n = s->fact_count++;
    snprintf(s->ids[n], sizeof(s->ids[n]), "i%d", number);
    s->facts[n] = (struct fact){.leaf = (uint32_t)(FAILING * QUEUES + number % QUEUES),
                                .interaction_id = slice_of(s->ids[n]),
                                .rule = SLICE("answer"),
                                .contract = SLICE("acme-support"),
                                .contract_version = 1,
                                .clock = CLOCK_SPEED_OF_ANSWER,
                                .instance = 1,
                                .kind = kind,
                                .at = at,
                                .opened_at = deadline_at - 20000,
                                .deadline_at = deadline_at,
                                .target_ms = 20000,
                                .elapsed_ms = 20000 + at - deadline_at};
}

static int64_t deadline_of(int number) {
    return START + (int64_t)number * OUTAGE_PANES * PANE_MS / HIT;
}

/* Each of two partitions tells half of what there is, in records of their own. */
static void tell(struct storm *s, int64_t pane_at) {
    for (int32_t p = 0; p < 2; p++) {
        struct report_clock clock = {SLICE("interactions"), p, 2, pane_at + PANE_MS, false, false};
        struct report r = {.instance = SLICE("test"),
                           .clocks = &clock,
                           .clock_count = 1,
                           .leaves = s->leaves,
                           .leaf_count = LEAVES,
                           .rows = s->rows + p * (LEAVES / 2),
                           .row_count = LEAVES / 2,
                           .levels = s->levels,
                           .level_count = LEAVES,
                           .facts = s->facts + (p ? s->fact_count / 2 : 0),
                           .fact_count = p ? s->fact_count - s->fact_count / 2 : s->fact_count / 2};
        tenant_task_apply(s->task, &r, pane_at + PANE_MS + p, &s->out);
    }
    s->fact_count = 0;
}

static void outage(struct storm *s) {
    for (int pane = 0; pane < OUTAGE_PANES; pane++) {
        int64_t pane_at = START + pane * PANE_MS;
        count_pane(s, pane_at, true);
        for (; s->next < HIT && deadline_of(s->next) < pane_at + PANE_MS; s->next++)
            add_fact(s, s->next, FACT_BREACHED, deadline_of(s->next), deadline_of(s->next));
        tell(s, pane_at);
        if (pane % 7 == 0)
            restart(s);
    }
}

static void recovery(struct storm *s) {
    int ended = 0;
    for (int pane = 0; pane < CALM_PANES; pane++) {
        int64_t pane_at = START + (OUTAGE_PANES + pane) * PANE_MS;
        count_pane(s, pane_at, false);
        for (int until = ended + HIT_PER_PANE; ended < HIT && ended < until; ended++)
            add_fact(s, ended, FACT_ENDED, pane_at, deadline_of(ended));
        tell(s, pane_at);
    }
}

static int setup(void **state) {
    struct storm *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    begin(s);
    *state = s;
    return 0;
}

static int teardown(void **state) {
    struct storm *s = *state;
    tenant_task_free(s->task);
    free(s);
    return 0;
}

static void an_outage_is_told_in_a_handful_of_pages(void **state) {
    struct storm *s = *state;
    const struct heard *h = &s->heard;
    outage(s);
    assert_int_equal(s->next, HIT);
    assert_int_equal(h->items_fired, HIT);
    assert_int_equal(tenant_task_open_alerts(s->task), HIT + QUEUES + 1);
    assert_true(h->site_paged);
    assert_int_equal(h->site_children, QUEUES);
    assert_int_equal(h->site_judged, QUEUES);
    assert_int_equal(h->suppressed, QUEUES);
    recovery(s);
    assert_int_equal(h->pages, PAGES_PER_HOUR);
    assert_int_equal(h->items_ended, HIT);
    assert_int_equal(h->others_open, 0);
    assert_int_equal(tenant_task_open_alerts(s->task), 0);
    int64_t fired = 0;
    for (int q = 0; q < QUEUES; q++) {
        for (int m = 0; m < MINUTES; m++) {
            int64_t n = h->fired[q][m];
            fired += n;
            assert_int_equal(h->told[q][m], n < ITEMS_PER_MINUTE ? n : ITEMS_PER_MINUTE);
            assert_int_equal(h->told[q][m] + h->more[q][m], n);
        }
    }
    assert_int_equal(fired, HIT);
}

/* The count is said within a step, in a tenant in which nothing else happens. */
static void the_count_is_said_at_the_next_step(void **state) {
    struct storm *s = *state;
    s->acme.objective_count = 0;
    count_pane(s, START, false);
    for (int i = 0; i < 10 * QUEUES; i += QUEUES)
        add_fact(s, i, FACT_BREACHED, START + 5, START + 5);
    tell(s, START);
    assert_int_equal(s->heard.items_fired, 10);
    tell(s, START + PANE_MS);
    assert_int_equal(s->heard.last_more, 10 - ITEMS_PER_MINUTE);
    size_t updates = s->heard.updates;
    tell(s, START + 2 * PANE_MS);
    assert_int_equal(s->heard.updates, updates);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_outage_is_told_in_a_handful_of_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(the_count_is_said_at_the_next_step, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
