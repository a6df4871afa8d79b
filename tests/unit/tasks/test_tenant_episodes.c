/* The life of every alert over random conditions, late data, commands, restarts and contracts with
 * and without `quiet`: one open episode of a key at most, FIRING first with an id that nobody had,
 * sequences without gaps, one end, and none that is left open when its condition is over. */
#include "base/property.h"
#include "tasks/tenant_state.h"
#include "tenant_history.h"

#define HISTORIES 10
#define REPORTS 200
#define KEYS_MAX 400
#define LIVES_MAX 20000
#define KEY_SIZE 160

/* What a reader of the topics knows; shares no code with the book of episodes. */
struct life {
    char key[KEY_SIZE];
    char id[33];
    int32_t seq;
    bool open;
    enum alert_kind kind;
    int64_t opened_at;
};

struct reader {
    uint64_t seed;
    struct life lives[KEYS_MAX];
    size_t count, open, ends;
    char (*ids)[33]; /* of all that ever began */
    size_t id_count;
};

static struct life *life_of(struct reader *r, struct slice key) {
    REQUIRE(r->seed, key.size < KEY_SIZE);
    for (size_t k = 0; k < r->count; k++)
        if (slice_equal(slice_of(r->lives[k].key), key))
            return &r->lives[k];
    REQUIRE(r->seed, r->count < KEYS_MAX);
    struct life *life = &r->lives[r->count++];
    *life = (struct life){.open = false};
    memcpy(life->key, key.at, key.size);
    return life;
}

static void begin(struct reader *r, struct life *life, const struct alert *a) {
    REQUIRE(r->seed, !life->open && a->seq == 1 && a->alert_id.size == 32);
    memcpy(life->id, a->alert_id.at, 32);
    for (size_t k = 0; k < r->id_count; k++)
        REQUIRE(r->seed, strcmp(r->ids[k], life->id) != 0);
    REQUIRE(r->seed, r->id_count < LIVES_MAX);
    memcpy(r->ids[r->id_count++], life->id, sizeof(life->id));
    life->open = true;
    life->kind = a->kind;
    life->opened_at = a->opened_at;
    r->open++;
}

static void hear(void *context, const struct alert *a) {
    struct reader *r = context;
    struct life *life = life_of(r, a->alert_key);
    bool ends = a->transition == TRANSITION_RESOLVED || a->transition == TRANSITION_EXPIRED ||
                a->transition == TRANSITION_VOIDED;
    if (a->transition == TRANSITION_FIRING)
        begin(r, life, a);
    else
        REQUIRE(r->seed, life->open && a->seq == life->seq + 1);
    REQUIRE(r->seed, slice_equal(slice_of(life->id), a->alert_id));
    REQUIRE(r->seed, a->kind == life->kind && a->opened_at == life->opened_at);
    REQUIRE(r->seed, ends == (a->resolved_at != ALERT_LONG_NONE));
    life->seq = a->seq;
    life->open = !ends;
    r->open -= ends;
    r->ends += ends;
}

static void no_kpi(void *context, const struct kpi *kpi) {
    (void)context, (void)kpi;
}
static void no_audit(void *context, const struct audit *audit) {
    (void)context, (void)audit;
}

static void restart(struct tenant_task **t, const struct tenant_task_options *options) {
    struct buf bytes;
    struct err err;
    buf_init(&bytes);
    tenant_task_save(*t, &bytes);
    tenant_task_free(*t);
    *t = tenant_task_new(options);
    if (!tenant_task_load(*t, buf_slice(&bytes), &err))
        fail_msg("%s", err.text);
    buf_deinit(&bytes);
}

/* All items are over, nothing comes any more, and all windows pass. */
static void let_all_end(struct history *h, struct fixture_report *r) {
    static const char *const interactions[] = {"i1", "i2", "i3", "i4"};
    fixture_report_init(r);
    for (int i = 0; i < 4; i++)
        fixture_fact(r, interactions[i], FACT_ENDED, h->now);
    h->now += 9 * DAY_MS; /* a week's objective is judged once more */
    fixture_clock(r, 0, 2, h->now, false);
    fixture_clock(r, 1, 2, h->now, false);
}

/* Those that stand for as long as nobody does anything about them. */
static bool may_stand(enum alert_kind kind) {
    return kind == ALERT_CONFIG || kind == ALERT_FEED_SILENT || kind == ALERT_FEED_SKEWED ||
           kind == ALERT_DATA_QUALITY;
}

static size_t one_history(uint64_t seed) {
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    acme.quiet_ms = seed % 3 ? 0 : 7 * MINUTE_MS;
    acme.clear_hold_ms = seed % 5 ? 0 : 3 * MINUTE_MS;
    struct tenant_task_options options = task_options(&set, false);
    options.judge_only = true;
    struct tenant_task *t = tenant_task_new(&options);
    struct reader *reader = calloc(1, sizeof(*reader));
    struct history *h = calloc(1, sizeof(*h));
    assert_true(reader && h);
    reader->seed = seed;
    reader->ids = calloc(LIVES_MAX, sizeof(*reader->ids));
    assert_non_null(reader->ids);
    struct outbox out = {.context = reader, .alert = hear, .kpi = no_kpi, .audit = no_audit};
    struct fixture_report r;
    struct rng dice;
    rng_init(&dice, seed + 5);
    history_init(h, &(struct run_options){.seed = seed});
    for (int i = 0; i < REPORTS && next_report(h, &r); i++) {
        tenant_task_apply(t, &r.report, h->log_at, &out);
        REQUIRE(seed, tenant_task_open_alerts(t) == reader->open);
        if (rng_below(&dice, 4) == 0)
            restart(&t, &options);
    }
    let_all_end(h, &r);
    tenant_task_apply(t, &r.report, h->log_at + 100, &out);
    for (size_t k = 0; k < reader->count; k++) {
        const struct life *life = &reader->lives[k];
        if (life->open && !may_stand(life->kind))
            fail_msg("FLOORWALKER_SEED=%llu: %s did not end", (unsigned long long)seed, life->key);
    }
    REQUIRE(seed, tenant_task_open_alerts(t) == reader->open);
    size_t ends = reader->ends;
    tenant_task_free(t);
    free(reader->ids);
    free(reader);
    free(h);
    return ends;
}

static void every_alert_leads_one_life(void **state) {
    (void)state;
    size_t ends = 0;
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + HISTORIES; seed++)
        ends += one_history(seed);
    assert_true(getenv("FLOORWALKER_SEED") || ends > 20 * HISTORIES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_alert_leads_one_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
