#include "tasks/interaction_misses.h"

static bool is_same(const struct ledger_miss *a, const struct ledger_miss *b) {
    return a->at == b->at && a->queued_at == b->queued_at && a->wait_ms == b->wait_ms &&
           a->leaf == b->leaf && a->kind == b->kind;
}

/* A late one and a clock's are written where the leaf says that some objective counts them; of who
 * gave up that depends on how long he had waited. */
static bool is_wanted(const struct miss *miss, const struct leaf_dict *leaves) {
    return miss->kind != MISS_ABANDONED || miss_is_wanted(miss, leaf_dict_at(leaves, miss->leaf));
}

void misses_tell(const struct ledger_facts *holds, const struct leaf_dict *leaves,
                 struct slice interaction_id, struct outbox *out) {
    for (size_t k = 0; k < holds->miss_count && out->miss; k++) {
        const struct ledger_miss *m = &holds->misses[k];
        struct miss miss = {.leaf = m->leaf,
                            .interaction_id = interaction_id,
                            .kind = (enum miss_kind)m->kind,
                            .gone = m->count < 0,
                            .at = m->at,
                            .queued_at = m->queued_at,
                            .wait_ms = m->wait_ms};
        if (m->count != 0 && is_wanted(&miss, leaves))
            out->miss(out->context, &miss);
    }
}

void misses_correct(struct ledger_facts *before, struct ledger_facts *after,
                    const struct leaf_dict *leaves, struct slice interaction_id,
                    struct outbox *out) {
    for (size_t b = 0; b < before->miss_count; b++) {
        struct ledger_miss *was = &before->misses[b];
        for (size_t a = 0; a < after->miss_count && was->count != 0; a++) {
            struct ledger_miss *is = &after->misses[a];
            if (is->count == -was->count && is_same(was, is))
                was->count = is->count = 0;
        }
    }
    misses_tell(before, leaves, interaction_id, out);
    misses_tell(after, leaves, interaction_id, out);
}
