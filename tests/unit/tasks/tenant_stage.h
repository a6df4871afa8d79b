/* A tenant task on a stage: one contract, reports put together by hand, and what it said. */
#pragma once

#include "tenant_history.h"

struct stage {
    struct contract acme;
    struct contract_set set;
    struct tenant_task_options options;
    struct tenant_task *task;
    struct collected effects;
    struct outbox out;
    struct fixture_report r;
    int64_t log_at;
};

static inline void stage_init(struct stage *s) {
    memset(s, 0, sizeof(*s));
    s->set = fixture_contracts(&s->acme);
    s->options = task_options(&s->set, true);
    collected_init(&s->effects);
    s->out = collected_outbox(&s->effects);
    fixture_report_init(&s->r);
    s->log_at = FIXTURE_START;
}

/* With the contract and options as they are by now. */
static inline void stage_raise(struct stage *s) {
    s->set.contracts = &s->acme;
    s->options.contracts = &s->set;
    s->task = tenant_task_new(&s->options);
}

static inline void stage_deinit(struct stage *s) {
    tenant_task_free(s->task);
    collected_deinit(&s->effects);
}

static inline void count(struct stage *s, uint32_t leaf, int64_t at, enum counter counter,
                         int64_t value) {
    struct fact_row f = {.leaf = leaf,
                         .pane_at = instant_floor(at, DELTA_PANE_MS),
                         .which = (uint8_t)counter,
                         .value = value};
    fixture_add(&s->r, &f);
}

static inline void pass(struct stage *s, int64_t clock) {
    fixture_clock(&s->r, 0, 1, clock, false);
    tenant_task_apply(s->task, &s->r.report, s->log_at += 100, &s->out);
    fixture_report_init(&s->r);
}

static inline size_t said(const struct stage *s, const char *text) {
    size_t found = 0;
    struct slice all = buf_slice(&s->effects.alerts);
    for (size_t i = 0; i + strlen(text) <= all.size; i++)
        found += memcmp(all.at + i, text, strlen(text)) == 0;
    return found;
}

static inline void restart(struct stage *s) {
    struct buf bytes, again;
    struct err err;
    buf_init(&bytes);
    buf_init(&again);
    tenant_task_save(s->task, &bytes);
    tenant_task_free(s->task);
    s->task = tenant_task_new(&s->options);
    assert_true(tenant_task_load(s->task, buf_slice(&bytes), &err));
    tenant_task_save(s->task, &again);
    assert_true(slice_equal(buf_slice(&bytes), buf_slice(&again)));
    buf_deinit(&bytes);
    buf_deinit(&again);
}
