#include <stdlib.h>

#include "base/check.h"
#include "tasks/interaction_parts.h"

/* A change of contracts that is under way. */
struct change {
    struct interaction_task *task;
    const struct leaf_dict *was; /* of the old contracts */
    struct leaf_dict *leaves;    /* of the new ones; the same where a version takes over */
    uint32_t *ids;               /* by old id: the new one; LEAF_NONE: not asked for yet */
    size_t count;
    uint32_t *old; /* by place in the names: the leaf's id as it was */
    struct outbox *out;
};

static void change_init(struct change *c, struct interaction_task *t, struct leaf_dict *leaves,
                        struct outbox *out) {
    *c = (struct change){.task = t,
                         .was = t->store.leaves,
                         .leaves = leaves,
                         .count = leaf_dict_count(t->store.leaves),
                         .out = out};
    c->ids = malloc((c->count + 1) * sizeof(*c->ids));
    CHECK(c->ids);
    for (size_t k = 0; k < c->count; k++)
        c->ids[k] = LEAF_NONE;
}

static void change_deinit(struct change *c) {
    free(c->ids);
    free(c->old);
}

static uint32_t id_of(struct change *c, uint32_t old) {
    CHECK(old < c->count);
    if (c->ids[old] == LEAF_NONE) {
        struct leaf key = *leaf_dict_at(c->was, old);
        key.version = 0;
        uint32_t first = leaf_dict_intern(c->leaves, &key);
        c->ids[old] = leaf_dict_at_time(c->leaves, first, c->task->clock);
    }
    return c->ids[old];
}

/* The tenant's contract says something else. Before the names have new ids. */
static bool will_be_affected(struct change *c, const struct record *r) {
    uint32_t old = record_names(&c->task->store, r).tenant_leaf;
    return !contract_same(leaf_dict_at(c->was, old)->contract,
                          leaf_dict_at(c->leaves, id_of(c, old))->contract);
}

/* A leaf in the old dictionary, by the place that both have. */
static const struct leaf *was_leaf(const struct change *c, uint32_t leaf) {
    return leaf_dict_at(c->was, c->old[c->task->store.names.places[leaf] - 1]);
}

/* The same, afterwards. */
static bool is_affected(const struct change *c, const struct record *r) {
    uint32_t leaf = record_names(&c->task->store, r).tenant_leaf;
    return !contract_same(was_leaf(c, leaf)->contract, leaf_dict_at(c->leaves, leaf)->contract);
}

/* The rest of an event whose effect is in the base: it is known when it comes again. Nothing later
 * than the clock stays, so that no fold of it lets time pass. */
static struct moment shell_of(const struct moment *m, int64_t clock) {
    return (struct moment){.event_at = m->event_at < clock ? m->event_at : clock,
                           .source_seq = EVENT_ABSENT,
                           .identity = m->identity,
                           .offset = m->offset,
                           .queue_wait_ms = EVENT_ABSENT,
                           .talk_ms = EVENT_ABSENT,
                           .hold_ms = EVENT_ABSENT,
                           .wrap_ms = EVENT_ABSENT,
                           .leaf = m->leaf,
                           .revision = m->revision};
}

/* What was said stands: `reorder` ends here for all that came so far. Under the old contract. */
static void settle(struct change *c, struct record *r) {
    struct interaction_task *t = c->task;
    struct recent *n = record_recent(&t->store, r);
    uint32_t count = tail_read(&t->store, n, t->before), shells = 0;
    for (uint32_t k = 0; k < count; k++) {
        const struct moment *m = &t->before[k];
        struct kept *kept = tail_take_kept(n, m);
        struct moment shell = shell_of(m, t->clock);
        if (m->outcome == MOMENT_IMPOSSIBLE)
            letter_impossible(t, r, n->now.phase, m, kept, c->out);
        free(kept);
        if (n->now.phase != PHASE_NEW)
            moments_insert(t->after, shells++, &shell);
    }
    record_write(&t->store, r, &n->now);
    tail_write(&t->store, n, t->after, shells);
}

/* States that are folded hold ids; what is packed holds places, and those stay. */
static void rename_recent(struct change *c, struct recent *n) {
    if (n->now.leaf != LEAF_NONE)
        n->now.leaf = id_of(c, n->now.leaf);
    if (n->now.visit.number > 0)
        n->now.visit.leaf = id_of(c, n->now.visit.leaf);
}

static void prepare_record(struct change *c, struct record *r) {
    if (record_is_warm(r)) {
        if (will_be_affected(c, r))
            settle(c, r);
        rename_recent(c, record_recent(&c->task->store, r));
    }
    record_pack(&c->task->store, r);
}

/* Of leaves that nobody is in any more too: the reader must hear that it is so. No record may name
 * the leaf without reason that its age stands in. */
static void rename_ages(struct change *c) {
    struct gauges *g = &c->task->gauges;
    for (uint32_t k = 0; k < c->count; k++)
        if (gauges_knows(g, k))
            (void)id_of(c, k);
    gauges_rename(g, c->leaves, c->ids, c->count);
}

static void rename_all(struct change *c) {
    struct interaction_task *t = c->task;
    struct names *names = &t->store.names;
    size_t size = ((size_t)names->count + 1) * sizeof(uint32_t);
    uint32_t *leaves = malloc(size);
    c->old = malloc(size);
    CHECK(leaves && c->old);
    for (uint32_t place = 0; place < names->count; place++) {
        c->old[place] = names_leaf(names, place);
        leaves[place] = id_of(c, c->old[place]);
    }
    names_rename(names, c->leaves, leaves);
    rename_ages(c);
    record_store_set_leaves(&t->store, c->leaves);
    t->options.leaves = c->leaves;
    free(leaves);
}

/* Events ahead of the clock have let time pass beyond it: nothing new falls due before that. */
static int64_t passed_until(const struct interaction_task *t, const struct interaction *i) {
    return i->fired_at >= t->clock ? i->fired_at + 1 : t->clock;
}

static struct fold fold_of(struct change *c) {
    ledger_facts_reset(&c->task->holds);
    return (struct fold){.leaves = c->leaves,
                         .ledger = {.deltas = c->out->deltas, .facts = &c->task->holds, .sign = 1}};
}

/* The base under the new contract, then what that lets fall due. */
static void apply_contract(struct change *c, const struct record *r, struct interaction *base) {
    struct interaction_task *t = c->task;
    struct slice id = record_id(&t->store, r);
    int64_t at = passed_until(t, base);
    struct fold_before before = {.contract = was_leaf(c, base->leaf)->contract};
    if (base->visit.number > 0)
        before.leaf = was_leaf(c, base->visit.leaf);
    struct fold fold = fold_of(c);
    fold_change_contract(&fold, base, &before, at);
    facts_tell_under(&t->holds, before.contract, id, c->out);
    misses_tell(&t->holds, c->leaves, id, c->out);
    fold = fold_of(c);
    fold_time(&fold, base, at);
    t->counts.aged_out += fold.aged;
    facts_tell(&t->holds, c->leaves, id, c->out);
    efforts_tell(t, r, &t->holds, c->out);
    misses_tell(&t->holds, c->leaves, id, c->out);
}

/* The state follows from the new base; what is left of the tail has no effect. */
static void follow_base(struct change *c, struct record *r, const struct interaction *base) {
    struct interaction_task *t = c->task;
    struct recent *n = record_recent(&t->store, r);
    struct fold silent = {.leaves = c->leaves, .ledger.sign = 1};
    uint32_t count = tail_read(&t->store, n, t->after);
    interaction_copy(&n->now, base);
    n->plain = fold_all(&silent, &n->now, t->after, count, t->clock);
    tail_write(&t->store, n, t->after, count);
    recent_look(&t->store, n, base);
    recent_look_ahead(&t->store, n);
}

static void change_record(struct change *c, uint32_t handle) {
    struct interaction_task *t = c->task;
    struct record *r = record_at(&t->store, handle);
    struct interaction base;
    record_read(&t->store, r, &base);
    struct standing stood = change_standing(t, &base);
    if (base.phase != PHASE_NEW) {
        apply_contract(c, r, &base);
        record_write(&t->store, r, &base);
    }
    if (record_is_warm(r))
        follow_base(c, r, &base);
    change_follow(t, r, &stood, &base, c->out);
    if (interaction_is_open(&base))
        closed_remove(t, handle);
    change_finish(t, handle, c->out);
}

void contracts_look_ahead(struct interaction_task *t) {
    t->effective_at = contract_set_next_change(leaf_dict_contracts(t->store.leaves), t->clock);
}

void interaction_task_change_contracts(struct interaction_task *t, struct leaf_dict *leaves,
                                       struct outbox *out) {
    struct change c;
    change_init(&c, t, leaves, out);
    struct table_slot *order = record_order(&t->store);
    size_t count = t->store.index.used;
    for (size_t k = 0; k < count; k++)
        prepare_record(&c, record_at(&t->store, order[k].handle));
    rename_all(&c);
    for (size_t k = 0; k < count; k++)
        if (is_affected(&c, record_at(&t->store, order[k].handle)))
            change_record(&c, order[k].handle);
    free(order);
    change_deinit(&c);
    contracts_look_ahead(t);
}
