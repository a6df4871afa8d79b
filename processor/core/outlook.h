/* What a period still allows: how good the rest of it must be for its promise to hold, and how fast
 * its misses are being used up. Shares of good cases throughout; a bound from above ("at most 5 %
 * lost") is turned round first. */
#pragma once

#include "base/instant.h"
#include "core/period.h"

/* The share of good cases that the rest needs: (target (n + expected) - good) / expected. Above 1
 * the promise cannot be kept any more, whatever comes. 0 where the rest may be as bad as it likes;
 * infinite where nothing more is expected and the target is missed. */
double outlook_needed(double target, double expected, int64_t n, int64_t good);

/* How many times faster than the target allows misses come: (1 - level) / (1 - target). */
double outlook_burn(double target, double level);

/* What that is when nothing is good any more, 1 / (1 - target): no threshold may lie above it. */
double outlook_burn_ceiling(double target);

/* Misses come too fast over both: the long window says that it weighs, the short one that it goes
 * on. `depth` is how far the threshold lies from 1, which is as planned, to the ceiling. */
struct outlook_pace {
    int64_t long_ms, short_ms; /* multiples of 5 min */
    double depth;
};

#define OUTLOOK_PACES_MAX 3

/* The paces that a period is watched at, the shortest first; returns how many. */
size_t outlook_paces(enum period period, const struct outlook_pace **paces);

/* The threshold, and the level that stands for it: target (1 - depth). */
double outlook_pace_burn(const struct outlook_pace *pace, double target);
double outlook_pace_level(const struct outlook_pace *pace, double target);

/* The rolling window whose level counts as the recent one. */
int64_t outlook_recent_ms(enum period period);
