/* How much counts vary beyond chance, by the length of time that is looked at. Arrivals of a
 * quarter of an hour may vary by themselves or with their whole hour: then hours vary as much. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define DISPERSION_PARTS 3   /* of a quarter of an hour, five minutes each */
#define DISPERSION_RECENT 96 /* quarters of an hour remembered: a day */

enum dispersion_scale {
    DISPERSION_5M,
    DISPERSION_15M,
    DISPERSION_1H,
    DISPERSION_4H,
    DISPERSION_1D,
    DISPERSION_SCALES,
};

/* Fading sums of (x - mean)^2 - mean, of mean^2, and of 1. */
struct dispersion_moments {
    double excess, squares, samples;
};

struct dispersion_quarter {
    float count, mean; /* mean < 0: not known */
};

struct dispersion {
    struct dispersion_moments scales[DISPERSION_SCALES];
    struct dispersion_quarter recent[DISPERSION_RECENT]; /* the newest at `newest` */
    uint8_t newest;
};

void dispersion_init(struct dispersion *d);

/* A quarter of an hour that brought these counts where `means` were expected, of so many weeks:
 * their own error is in the residual too. */
void dispersion_learn(struct dispersion *d, const int64_t parts[DISPERSION_PARTS],
                      const double means[DISPERSION_PARTS], double weeks);
void dispersion_skip(struct dispersion *d);

/* Squared variation of the rate over length_ms: variance = mean + mean^2 * cv2. */
double dispersion_cv2(const struct dispersion *d, int64_t length_ms);

/* The same for a quarter of an hour as if quarters varied each by itself: what a sum over many of
 * them has to reckon with. Never below dispersion_cv2 of a quarter. */
double dispersion_independent_cv2(const struct dispersion *d);

void dispersion_save(const struct dispersion *d, struct buf *b);
void dispersion_load(struct dispersion *d, struct cursor *c);
