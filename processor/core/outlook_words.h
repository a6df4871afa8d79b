/* What was seen of a period at one step, and the sentences that say so. */
#pragma once

#include "core/objective_words.h"
#include "core/outlook.h"

struct outlook_look {
    int64_t step_at, start_at, end_at; /* of the period */
    int64_t recent_ms;
    struct figure so_far, recent;
    bool known;                      /* enough cases, and what is still to be expected */
    double expected, needed;         /* cases; share of good ones */
    bool lost, projected;            /* needed > 1; the recent level is too low for it */
    int64_t lost_at;                 /* at the recent level; ALERT_LONG_NONE */
    const struct outlook_pace *pace; /* misses come too fast; NULL: they do not */
    struct figure over_long, over_short;
};

enum outlook_end { OUTLOOK_BETTER, OUTLOOK_MISSED, OUTLOOK_OVER, OUTLOOK_GROUNDLESS };

/* Appended to b. */
void outlook_put_fired(struct buf *b, const struct contract *contract,
                       const struct objective *objective, const struct scope *scope,
                       const struct outlook_look *look, enum alert_kind kind);
void outlook_put_ended(struct buf *b, const struct objective *objective, const struct scope *scope,
                       const struct outlook_look *look, enum alert_kind kind, enum outlook_end why);
