/* Figures and scopes in words: what the sentences of alerts are made of. All append to b. */
#pragma once

#include "core/metric.h"
#include "core/scope.h"

void summary_text(struct buf *b, const char *text);
void summary_slice(struct buf *b, struct slice s);
void summary_ratio(struct buf *b, double ratio);  /* "62.5 %", "80 %" */
void summary_duration(struct buf *b, int64_t ms); /* "20 s", "1 min 5 s", "2 h 10 min" */
void summary_count(struct buf *b, int64_t count); /* "1,234" */
void summary_number(struct buf *b, double value); /* "12.5", "1,234" */
void summary_value(struct buf *b, double value, enum unit unit);

/* A value beside the one that it is compared with: as many digits as it takes to tell them
 * apart, so that no sentence says "80 %, below the agreed 80 %". */
void summary_beside(struct buf *b, double value, double other, enum unit unit);

/* "queue PS at site main", "site main, channel voice"; "all queues" when nothing is fixed. */
void summary_scope(struct buf *b, const struct scope *scope);

/* "Service level", "Average speed of answer": the metric for a person. */
const char *summary_metric(enum metric metric);
