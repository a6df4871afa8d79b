/* What the alert of a parent says of its children. */
#pragma once

#include "core/alert.h"
#include "core/scope.h"
#include "core/summary.h"

struct roll_up_count {
    int64_t firing, judged;
};

/* The child among the contributors: what it fixes that a parent does not, "queue" "PS". */
void roll_up_words_contributor(const struct scope *child, struct alert *a);

/* "\"voice-80-20\" is missed in 3 of 4 queues of site main: PS, TT, XX." `child` is any of them. */
void roll_up_words(struct buf *b, enum alert_kind kind, struct slice rule,
                   const struct scope *parent, const struct scope *child,
                   const struct roll_up_count *count, const struct alert *a);
