/* Today so far: a day that is busy as a whole, although no hour of it stands out. Without the level
 * of the day, which explains just that. */
#pragma once

#include "core/baseline.h"

struct demand_day {
    int64_t day_at;              /* local midnight, as if it were UTC; INSTANT_NONE: no day yet */
    int64_t since_at, judged_at; /* the quarters that it is made of */
    double count, mean;          /* of them; what is usual */
    double spread;               /* as count, no quarter above twice the usual or so */
    double weeks;                /* of which that is a mean, weighed by arrivals */
    bool whole;                  /* no quarter of it is missing */
    double excess, squares, samples; /* fading over weeks, as in dispersion.h */
};

void demand_day_init(struct demand_day *d);

/* The quarter that ended at to_at; in order. `heard`: nothing of it is missing, and it
 * is no holiday. */
void demand_day_add(struct demand_day *d, const struct baseline *b, const struct zone *zone,
                    int64_t to_at, int64_t count, bool heard);

/* What was to be expected since midnight; false: not known, or too little of the day is over. */
bool demand_day_expect(const struct demand_day *d, const struct baseline *b, struct expectation *e);

void demand_day_save(const struct demand_day *d, struct buf *b);
void demand_day_load(struct demand_day *d, struct cursor *c);
