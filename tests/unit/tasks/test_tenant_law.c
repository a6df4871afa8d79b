/* The law: saved bytes and effects depend only on the records in their order. Many short histories,
 * each played straight and played with saving and loading between its records. */
#include "tenant_history.h"

#define HISTORIES 10000
#define REPORTS 5

struct outcome {
    struct buf bytes;
    struct collected effects;
};

static void outcome_init(struct outcome *o) {
    buf_init(&o->bytes);
    collected_init(&o->effects);
}

static void outcome_deinit(struct outcome *o) {
    buf_deinit(&o->bytes);
    collected_deinit(&o->effects);
}

static struct tenant_task *
load_again(struct tenant_task *t, const struct tenant_task_options *options, struct buf *bytes) {
    struct err err;
    buf_reset(bytes);
    tenant_task_save(t, bytes);
    tenant_task_free(t);
    t = tenant_task_new(options);
    if (!tenant_task_load(t, buf_slice(bytes), &err))
        fail_msg("%s", err.text);
    return t;
}

static void play(uint64_t seed, bool split, const struct contract_set *set, struct history *h,
                 struct outcome *o) {
    struct tenant_task_options options = task_options(set, seed % 16 == 0);
    options.live = seed % 3 == 0;
    options.until_end = seed % 2 == 0;
    struct tenant_task *t = tenant_task_new(&options);
    struct outbox out = collected_outbox(&o->effects);
    struct fixture_report r;
    struct rng dice;
    rng_init(&dice, seed + 1000000);
    history_init(h, &(struct run_options){.seed = seed});
    for (int i = 0; i < REPORTS && next_report(h, &r); i++) {
        tenant_task_apply(t, &r.report, h->log_at, &out);
        if (split && rng_below(&dice, 3) == 0)
            t = load_again(t, &options, &o->bytes);
    }
    buf_reset(&o->bytes);
    tenant_task_save(t, &o->bytes);
    tenant_task_free(t);
}

static void splits_change_neither_bytes_nor_effects(void **state) {
    (void)state;
    struct contract acme;
    struct contract_set set = fixture_contracts(&acme);
    struct history *h = calloc(1, sizeof(*h));
    size_t effects = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct outcome straight, split;
        outcome_init(&straight);
        outcome_init(&split);
        play(seed, false, &set, h, &straight);
        play(seed, true, &set, h, &split);
        if (!slice_equal(buf_slice(&straight.bytes), buf_slice(&split.bytes)) ||
            !slice_equal(buf_slice(&straight.effects.alerts), buf_slice(&split.effects.alerts)) ||
            straight.effects.kpi_digest != split.effects.kpi_digest)
            fail_msg("a split changes what is said or known, seed %llu", (unsigned long long)seed);
        effects += straight.effects.kpi_count + straight.effects.alert_count;
        outcome_deinit(&straight);
        outcome_deinit(&split);
    }
    assert_true(effects > 10 * HISTORIES);
    free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_change_neither_bytes_nor_effects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
