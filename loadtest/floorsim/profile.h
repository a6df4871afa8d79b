/* How busy a site is by weekday and hour of its zone: a factor whose mean over the week is 1. */
#ifndef FLOORSIM_PROFILE_H
#define FLOORSIM_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "zone.h"

struct profile {
    double hour[7 * 24];
    double peak;
};

void profile_init(struct profile *profile, bool flat);

/* The factor at an instant, linear between the hours. */
double profile_at(const struct profile *profile, const struct zone *zone, int64_t at);

#endif
