/* What the sentences of objectives have in common. All append to b. */
#pragma once

#include "core/contract.h"
#include "core/summary.h"

/* What an alert's sentence is about. */
struct objective_sentence {
    const struct objective *objective;
    const struct scope *scope;
    const struct figure *figure;
};

/* Ratios and means are compared as the one rounded quotient of their integer parts. */
double objective_value(const struct figure *f);

/* "Service level of queue PS at site main" */
void objective_put_subject(struct buf *b, const struct objective_sentence *s);

/* " today", " this week", " over 30m" */
void objective_put_window(struct buf *b, unsigned window);

/* "62.5 % (25 of 40 within 20 s)": with as many digits as it takes beside another value */
void objective_put_figure(struct buf *b, const struct objective_sentence *s, double beside);

/* The last word on a period: what comes now is the next one's. */
void objective_put_over(struct buf *b, const struct objective_sentence *s);
