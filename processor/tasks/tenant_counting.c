#include "tasks/tenant_counting.h"

static void pass_fact(void *context, const struct fact *fact) {
    struct outbox *inner = ((struct counting_outbox *)context)->inner;
    inner->fact(inner->context, fact);
}

static void pass_dead_letter(void *context, const struct dead_letter *letter) {
    struct outbox *inner = ((struct counting_outbox *)context)->inner;
    inner->dead_letter(inner->context, letter);
}

static void pass_alert(void *context, const struct alert *alert) {
    struct counting_outbox *c = context;
    c->task->counts.alerts++;
    c->inner->alert(c->inner->context, alert);
}

static void pass_kpi(void *context, const struct kpi *kpi) {
    struct counting_outbox *c = context;
    c->task->counts.kpis++;
    c->inner->kpi(c->inner->context, kpi);
}

static void pass_audit(void *context, const struct audit *audit) {
    struct outbox *inner = ((struct counting_outbox *)context)->inner;
    inner->audit(inner->context, audit);
}

static void pass_judged(void *context, const struct judged_steps *steps) {
    struct outbox *inner = ((struct counting_outbox *)context)->inner;
    inner->judged(inner->context, steps);
}

static void pass_counted(void *context, const struct report *report) {
    struct outbox *inner = ((struct counting_outbox *)context)->inner;
    inner->counted(inner->context, report);
}

struct outbox *tenant_counting_begin(struct counting_outbox *c, struct tenant_task *t,
                                     struct outbox *inner) {
    *c = (struct counting_outbox){.inner = inner,
                                  .task = t,
                                  .outbox = {.context = c,
                                             .deltas = inner->deltas,
                                             .fact = pass_fact,
                                             .dead_letter = pass_dead_letter,
                                             .alert = pass_alert,
                                             .kpi = pass_kpi,
                                             .audit = inner->audit ? pass_audit : NULL,
                                             .judged = inner->judged ? pass_judged : NULL,
                                             .counted = inner->counted ? pass_counted : NULL}};
    return &c->outbox;
}
