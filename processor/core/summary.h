/* Figures and scopes in words: what the sentences of alerts are made of. All append to b. */
#pragma once

#include "core/alert.h"
#include "core/scope.h"

void summary_ratio(struct buf *b, double ratio);      /* "62.5 %", "80 %" */
void summary_duration(struct buf *b, int64_t ms);     /* "20 s", "1 min 5 s", "2 h 10 min" */
void summary_count(struct buf *b, int64_t count);     /* "1,234" */
void summary_number(struct buf *b, double value);     /* "12.5", "1,234" */
void summary_value(struct buf *b, double value, enum unit unit);

/* "queue PS at site main", "channel voice of vendor x"; "all queues" when nothing is fixed. */
void summary_scope(struct buf *b, const struct scope *scope);

/* "Service level", "Average speed of answer": the name of a metric for a person. */
const char *summary_metric(int metric);
