#include "tasks/interaction_efforts.h"

#include "tasks/interaction_parts.h"

void efforts_begin(struct ledger_facts *facts, const struct interaction *base) {
    const struct leg *leg = &base->leg;
    const struct ledger_span span = {leg->agent, leg->started_at, leg->ended_at, base->visit.leaf,
                                     leg->aged};
    if (leg->agent != 0 && leg->started_at != INSTANT_NONE)
        ledger_facts_span(facts, &span);
}

static void send(const struct interaction_task *t, const struct record *r,
                 const struct ledger_span *span, bool gone, struct outbox *out) {
    struct slice tenant = record_tenant(&t->store, r);
    struct effort_row row = {
        .leg = {.agent = span->agent,
                .interaction = record_hash(tenant, record_id(&t->store, r)),
                .started_at = span->started_at,
                .ended_at = span->ended_at},
        .leaf = span->leaf,
        .gone = gone,
    };
    if (out->effort)
        out->effort(out->context, &row);
}

/* The last word on the leg of this one, or NULL. */
static const struct ledger_span *last_of(const struct ledger_facts *facts,
                                         const struct ledger_span *leg) {
    for (size_t k = facts->span_count; k-- > 0;) {
        const struct ledger_span *s = &facts->spans[k];
        if (s->agent == leg->agent && s->started_at == leg->started_at)
            return s;
    }
    return NULL;
}

void efforts_tell(const struct interaction_task *t, const struct record *r,
                  const struct ledger_facts *holds, struct outbox *out) {
    for (size_t k = 0; k < holds->span_count; k++) {
        const struct ledger_span *s = &holds->spans[k];
        if (last_of(holds, s) == s)
            send(t, r, s, s->gone, out);
    }
}

static bool is_same(const struct ledger_span *a, const struct ledger_span *b) {
    return a->ended_at == b->ended_at && a->leaf == b->leaf;
}

void efforts_correct(const struct interaction_task *t, const struct record *r,
                     const struct ledger_facts *before, const struct ledger_facts *after,
                     struct outbox *out) {
    for (size_t k = 0; k < before->span_count; k++) {
        const struct ledger_span *was = &before->spans[k], *is = last_of(after, was);
        if (last_of(before, was) == was && !was->gone && (!is || is->gone))
            send(t, r, was, true, out);
    }
    for (size_t k = 0; k < after->span_count; k++) {
        const struct ledger_span *is = &after->spans[k], *was = last_of(before, is);
        if (last_of(after, is) == is && !is->gone && (!was || was->gone || !is_same(was, is)))
            send(t, r, is, false, out);
    }
}
