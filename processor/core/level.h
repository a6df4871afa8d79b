/* How busy the day is as a whole: a factor on what is usual, from the last hours. Only as much of
 * it is believed as days have been seen to vary together. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define LEVEL_LAG 4    /* quarters of an hour between what is learned and what is judged */
#define LEVEL_APART 12 /* quarters of an hour: so far apart only a whole day varies together */

struct level {
    double counts, means, squares;      /* fading over hours: of counts, means, mean^2 */
    double together, products, samples; /* fading over weeks: what quarters apart have in common */
    double shared, doubt; /* squared variation of days; of this day's factor, as far as known */
    float residuals[LEVEL_APART]; /* of the last quarters, the newest at `newest`; */
    float expected[LEVEL_APART];  /* < 0: not known */
    float factors[LEVEL_LAG];     /* as it stood after each of the last quarters, newest first */
    uint8_t newest;
};

void level_init(struct level *l);

/* A quarter of an hour brought `count` (no outlier: clipped by the caller) where `mean` is usual
 * without any factor; cv2 is the variation of a quarter. */
void level_learn(struct level *l, double count, double mean, double cv2);
void level_skip(struct level *l);
void level_new_day(struct level *l); /* before its first quarter is learned */

/* 0.5..2: as known now, and as it was known LEVEL_LAG quarters before the next one. */
double level_now(const struct level *l);
double level_lagged(const struct level *l);

/* Squared variation that the factor leaves, now and on a day of which nothing is known. */
double level_doubt(const struct level *l);
double level_unknown(const struct level *l);

void level_save(const struct level *l, struct buf *b);
void level_load(struct level *l, struct cursor *c);
