#include "core/fold_parts.h"

#include "base/check.h"

void backlog_open(struct fold *f, struct interaction *i, int64_t at) {
    CHECK(!i->backlog);
    i->backlog = true;
    journey_part_open(&i->journey, at);
    ledger_count(&f->ledger, i->leaf, at, COUNTER_BACKLOG_CHANGE, 1);
}

void backlog_close(struct fold *f, struct interaction *i, int64_t at) {
    if (!i->backlog)
        return;
    i->backlog = false;
    journey_part_close(&i->journey, at);
    ledger_count(&f->ledger, i->leaf, at, COUNTER_BACKLOG_CHANGE, -1);
}

/* An interaction counts where CREATED says, even if something else was heard of it first. */
void backlog_move(struct fold *f, struct interaction *i, uint32_t leaf) {
    if (i->backlog && leaf != i->leaf) {
        ledger_count(&f->ledger, i->leaf, i->opened_at, COUNTER_BACKLOG_CHANGE, -1);
        ledger_count(&f->ledger, leaf, i->opened_at, COUNTER_BACKLOG_CHANGE, 1);
    }
    i->leaf = leaf;
}
