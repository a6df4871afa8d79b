#include "tasks/interaction_facts.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/clock.h"

static void send_under(const struct ledger_fact *l, const struct contract *contract,
                       struct slice interaction_id, struct outbox *out) {
    CHECK(l->rule < contract->clock_count);
    const struct clock_rule *rule = &contract->clocks[l->rule];
    struct fact fact = {.leaf = l->leaf,
                        .interaction_id = interaction_id,
                        .rule = rule->name,
                        .contract = contract->name,
                        .contract_version = contract->version,
                        .clock = l->clock,
                        .instance = l->instance,
                        .kind = l->kind,
                        .voided_kind = l->voided_kind,
                        .at = l->at,
                        .opened_at = l->opened_at,
                        .deadline_at = l->deadline_at,
                        .target_ms = clock_target_ms(rule, l->opened_at),
                        .elapsed_ms = l->elapsed_ms};
    out->fact(out->context, &fact);
}

static void send(const struct ledger_fact *l, const struct leaf_dict *leaves,
                 struct slice interaction_id, struct outbox *out) {
    send_under(l, leaf_dict_at(leaves, l->leaf)->contract, interaction_id, out);
}

static bool same_clock(const struct ledger_fact *a, const struct ledger_fact *b) {
    return a->clock == b->clock && a->instance == b->instance && a->rule == b->rule &&
           a->leaf == b->leaf;
}

/* What is taken back is so at whichever instant: the reader, who has forgotten it, would take a
 * second VOIDED for that of what he was told before, of a rule that came back. */
static bool same_fact(const struct ledger_fact *a, const struct ledger_fact *b) {
    if (!same_clock(a, b) || a->kind != b->kind || a->voided_kind != b->voided_kind)
        return false;
    return a->kind == FACT_VOIDED ||
           (a->at == b->at && a->opened_at == b->opened_at && a->deadline_at == b->deadline_at &&
            a->elapsed_ms == b->elapsed_ms);
}

/* Whom the difference is told. */
struct correction {
    const struct leaf_dict *leaves;
    struct slice interaction_id;
    struct outbox *out;
};

static bool closes(const struct ledger_fact *f) {
    return f->kind == FACT_ENDED || f->kind == FACT_VOIDED;
}

/* A later warning of the same clock is on its way too. Not of one that was over in between: its
 * rule gave way to another one, and came back. */
static bool is_replaced(const struct ledger_facts *facts, size_t k, const bool *skip) {
    if (facts->at[k].kind != FACT_AT_RISK)
        return false;
    for (size_t later = k + 1; later < facts->count; later++) {
        const struct ledger_fact *f = &facts->at[later];
        if (!same_clock(f, &facts->at[k]))
            continue;
        if (closes(f))
            return false;
        if (f->kind == FACT_AT_RISK && !(skip && skip[later]))
            return true;
    }
    return false;
}

void facts_tell(const struct ledger_facts *facts, const struct leaf_dict *leaves,
                struct slice interaction_id, struct outbox *out) {
    for (size_t k = 0; k < facts->count; k++) {
        if (!is_replaced(facts, k, NULL))
            send(&facts->at[k], leaves, interaction_id, out);
    }
}

void facts_tell_under(const struct ledger_facts *facts, const struct contract *contract,
                      struct slice interaction_id, struct outbox *out) {
    for (size_t k = 0; k < facts->count; k++)
        send_under(&facts->at[k], contract, interaction_id, out);
}

/* Of each clock the facts that both tell first, in the same order, stand. */
static void find_standing(const struct ledger_facts *before, const struct ledger_facts *after,
                          bool *stands_before, bool *stands_after) {
    for (size_t b = 0; b < before->count; b++) {
        bool parted = false;
        for (size_t earlier = 0; earlier < b && !parted; earlier++)
            parted = !stands_before[earlier] && same_clock(&before->at[earlier], &before->at[b]);
        size_t a = 0;
        while (a < after->count && (stands_after[a] || !same_clock(&after->at[a], &before->at[b])))
            a++;
        if (parted || a == after->count || !same_fact(&before->at[b], &after->at[a]))
            continue;
        stands_before[b] = true;
        stands_after[a] = true;
    }
}

/* It was taken back already: VOIDED takes back the last of its kind. */
static bool is_taken_back(const struct ledger_facts *facts, size_t k) {
    for (size_t later = k + 1; later < facts->count; later++) {
        const struct ledger_fact *f = &facts->at[later];
        if (!same_clock(f, &facts->at[k]))
            continue;
        if (f->kind == FACT_VOIDED && f->voided_kind == facts->at[k].kind)
            return true;
        if (f->kind == facts->at[k].kind)
            return false;
    }
    return false;
}

/* What was said and never was. One VOIDED per clock and kind is enough. */
static void void_fallen(const struct ledger_facts *before, const bool *stands,
                        const struct leaf_dict *leaves, struct slice interaction_id,
                        struct outbox *out) {
    for (size_t b = 0; b < before->count; b++) {
        struct ledger_fact fact = before->at[b];
        if (stands[b] || closes(&fact) || is_replaced(before, b, stands) ||
            is_taken_back(before, b))
            continue;
        fact.voided_kind = fact.kind;
        fact.kind = FACT_VOIDED;
        send(&fact, leaves, interaction_id, out);
    }
}

/* What closes it instead of the end that fell, or NULL: nothing does. */
static const struct ledger_fact *next_end(const struct ledger_facts *after,
                                          const bool *stands_after,
                                          const struct ledger_fact *clock) {
    for (size_t a = 0; a < after->count; a++) {
        if (!stands_after[a] && closes(&after->at[a]) && same_clock(&after->at[a], clock))
            return &after->at[a];
    }
    return NULL;
}

static bool tells(const struct ledger_facts *facts, const struct ledger_fact *clock,
                  enum fact_kind kind, int64_t at) {
    for (size_t k = 0; k < facts->count; k++) {
        const struct ledger_fact *f = &facts->at[k];
        if (f->kind == kind && f->at == at && same_clock(f, clock))
            return true;
    }
    return false;
}

/* Says again what became true at an instant before the tail. */
static void say_settled(const struct ledger_facts *before, const struct ledger_fact *clock,
                        enum fact_kind kind, int64_t at, const struct correction *to) {
    if (at == INSTANT_NONE || tells(before, clock, kind, at))
        return;
    struct ledger_fact fact = *clock;
    fact.kind = (uint8_t)kind;
    fact.at = at;
    int64_t since_ms = clock->at - at;
    fact.elapsed_ms = clock->elapsed_ms > since_ms ? clock->elapsed_ms - since_ms : 0;
    send(&fact, to->leaves, to->interaction_id, to->out);
}

/* Of several ends of one clock that fell, the first VOIDED counts, else the first ENDED. */
static bool is_seen_to(const struct ledger_facts *before, const bool *stands, size_t b) {
    const struct ledger_fact *end = &before->at[b];
    for (size_t k = 0; k < before->count; k++) {
        const struct ledger_fact *other = &before->at[k];
        if (k == b || stands[k] || !closes(other) || !same_clock(other, end))
            continue;
        if (other->kind == end->kind ? k < b : other->kind == FACT_VOIDED)
            return true;
    }
    return false;
}

/* From the last VOIDED on that stands: what it took back is not said again. */
static void say_anew(const struct ledger_facts *after, const struct ledger_fact *clock,
                     bool *stands_after) {
    for (size_t a = after->count; a-- > 0;) {
        if (!same_clock(&after->at[a], clock))
            continue;
        if (after->at[a].kind == FACT_VOIDED && stands_after[a])
            return;
        stands_after[a] = false;
    }
}

/* The end that was told was none: what stands has to be said again, unless the clock has ended
 * after all. After VOIDED even then, because the reader has forgotten what it was. */
static void reopen_standing(const struct ledger_facts *before, const bool *stands_before,
                            const struct ledger_facts *after, bool *stands_after,
                            const struct correction *to) {
    for (size_t b = 0; b < before->count; b++) {
        const struct ledger_fact *told = &before->at[b];
        if (stands_before[b] || !closes(told) || is_seen_to(before, stands_before, b))
            continue;
        const struct ledger_fact *end = next_end(after, stands_after, told);
        if (end && (end->kind == FACT_VOIDED || told->kind == FACT_ENDED))
            continue;
        say_settled(before, told, FACT_AT_RISK, told->risk_at, to);
        say_settled(before, told, FACT_BREACHED, told->breach_at, to);
        if (!end)
            say_settled(before, told, FACT_ENDED, told->ended_at, to);
        say_anew(after, told, stands_after);
    }
}

void facts_correct(const struct ledger_facts *before, const struct ledger_facts *after,
                   const struct leaf_dict *leaves, struct slice interaction_id,
                   struct outbox *out) {
    if (before->count == 0 && after->count == 0)
        return;
    bool *stands = calloc(before->count + after->count, sizeof(*stands));
    CHECK(stands);
    bool *stands_after = stands + before->count;
    find_standing(before, after, stands, stands_after);
    void_fallen(before, stands, leaves, interaction_id, out);
    struct correction to = {leaves, interaction_id, out};
    reopen_standing(before, stands, after, stands_after, &to);
    for (size_t a = 0; a < after->count; a++) {
        if (!stands_after[a] && !is_replaced(after, a, stands_after))
            send(&after->at[a], leaves, interaction_id, out);
    }
    free(stands);
}
