#include "core/dispersion.h"

#include <math.h>
#include <string.h>

#include "base/instant.h"

#define PRIOR_SAMPLES 96.0
#define SAFE 0.5 /* standard errors: too little in one of three */
#define LEAST_1H 2.5e-4
#define LEAST_4H 6e-5
#define LEAST_1D 1e-5
#define CV2_MOST 25.0
#define KEPT (1.0 - 1.0 / (4 * 672)) /* fade over about four weeks */
#define CLIP 4.0                     /* standard deviations */

static const struct {
    int64_t length_ms;
    size_t quarters; /* 0: less than one */
    double prior;    /* until more is known: quarters that vary each by itself, mostly */
    double least;    /* of quarters that do not vary at all */
} scale_of[DISPERSION_SCALES] = {{5 * MINUTE_MS, 0, 0.04, 1e-3},
                                 {15 * MINUTE_MS, 1, 0.04, 1e-3},
                                 {HOUR_MS, 4, 0.02, LEAST_1H},
                                 {4 * HOUR_MS, 16, 0.005, LEAST_4H},
                                 {DAY_MS, 96, 0.001, LEAST_1D}};

void dispersion_init(struct dispersion *d) {
    *d = (struct dispersion){0};
    for (size_t i = 0; i < DISPERSION_RECENT; i++)
        d->recent[i].mean = -1;
}

/* The method of moments, drawn to the prior while it is young. */
static double cv2_at(const struct dispersion *d, enum dispersion_scale scale) {
    const struct dispersion_moments *m = &d->scales[scale];
    double own = m->squares > 0 ? m->excess / m->squares : 0;
    double prior = scale_of[scale].prior;
    double cv2 = (own * m->samples + prior * PRIOR_SAMPLES) / (m->samples + PRIOR_SAMPLES);
    return fmin(fmax(cv2, scale_of[scale].least), CV2_MOST);
}

/* A little more than was found: of hours and days few have been seen. */
static double safe_cv2_at(const struct dispersion *d, enum dispersion_scale scale) {
    const struct dispersion_moments *m = &d->scales[scale];
    double cv2 = cv2_at(d, scale);
    double quarters = fmax((double)scale_of[scale].quarters, 1.0 / DISPERSION_PARTS);
    double seen = (m->samples + PRIOR_SAMPLES) / quarters;
    double chance = m->squares > 0 ? sqrt(m->samples / m->squares) : 0; /* 1 / mean */
    return cv2 + SAFE * sqrt(2 / seen) * (cv2 + chance);
}

static void learn(struct dispersion *d, enum dispersion_scale scale, double x, double mean,
                  double weeks) {
    struct dispersion_moments *m = &d->scales[scale];
    double most = CLIP * sqrt((mean + mean * mean * cv2_at(d, scale)) * (1 + 1 / weeks));
    double residual = fmin(fmax(x - mean, -most), most);
    m->excess = m->excess * KEPT + residual * residual / (1 + 1 / weeks) - mean;
    m->squares = m->squares * KEPT + mean * mean;
    m->samples = m->samples * KEPT + 1;
}

/* The newest `quarters` together; false: some of them are not known. */
static bool sum_recent(const struct dispersion *d, size_t quarters, double *x, double *mean) {
    *x = *mean = 0;
    for (size_t i = 0; i < quarters; i++) {
        const struct dispersion_quarter *q =
            &d->recent[(d->newest + DISPERSION_RECENT - i) % DISPERSION_RECENT];
        if (q->mean < 0)
            return false;
        *x += (double)q->count;
        *mean += (double)q->mean;
    }
    return true;
}

static void remember(struct dispersion *d, double count, double mean) {
    d->newest = (uint8_t)((d->newest + 1) % DISPERSION_RECENT);
    d->recent[d->newest] = (struct dispersion_quarter){(float)count, (float)mean};
}

void dispersion_learn(struct dispersion *d, const int64_t parts[DISPERSION_PARTS],
                      const double means[DISPERSION_PARTS], double weeks) {
    double count = 0;
    double mean = 0;
    for (size_t i = 0; i < DISPERSION_PARTS; i++) {
        learn(d, DISPERSION_5M, (double)parts[i], means[i], weeks);
        count += (double)parts[i];
        mean += means[i];
    }
    remember(d, count, mean);
    for (size_t s = DISPERSION_15M; s < DISPERSION_SCALES; s++) {
        double x;
        double expected;
        if (sum_recent(d, scale_of[s].quarters, &x, &expected))
            learn(d, (enum dispersion_scale)s, x, expected, weeks * (double)scale_of[s].quarters);
    }
}

void dispersion_skip(struct dispersion *d) {
    remember(d, 0, -1);
}

double dispersion_cv2(const struct dispersion *d, int64_t length_ms) {
    size_t s = 0;
    while (s + 1 < DISPERSION_SCALES && length_ms > scale_of[s].length_ms)
        s++;
    double here = safe_cv2_at(d, (enum dispersion_scale)s);
    if (s == 0 || length_ms >= scale_of[s].length_ms)
        return here;
    double before = safe_cv2_at(d, (enum dispersion_scale)(s - 1));
    double way = (double)(length_ms - scale_of[s - 1].length_ms) /
                 (double)(scale_of[s].length_ms - scale_of[s - 1].length_ms);
    return before + way * (here - before);
}

double dispersion_independent_cv2(const struct dispersion *d) {
    double most = 0;
    for (size_t s = DISPERSION_15M; s < DISPERSION_SCALES; s++)
        most = fmax(most, (double)scale_of[s].quarters * safe_cv2_at(d, (enum dispersion_scale)s));
    return most;
}

static void put_float(struct buf *b, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    buf_put_u32(b, bits);
}

static float get_float(struct cursor *c) {
    uint32_t bits = cursor_u32(c);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

void dispersion_save(const struct dispersion *d, struct buf *b) {
    for (size_t s = 0; s < DISPERSION_SCALES; s++) {
        buf_put_double(b, d->scales[s].excess);
        buf_put_double(b, d->scales[s].squares);
        buf_put_double(b, d->scales[s].samples);
    }
    buf_put_u8(b, d->newest);
    for (size_t i = 0; i < DISPERSION_RECENT; i++) {
        put_float(b, d->recent[i].count);
        put_float(b, d->recent[i].mean);
    }
}

void dispersion_load(struct dispersion *d, struct cursor *c) {
    for (size_t s = 0; s < DISPERSION_SCALES; s++) {
        d->scales[s].excess = cursor_double(c);
        d->scales[s].squares = cursor_double(c);
        d->scales[s].samples = cursor_double(c);
    }
    d->newest = cursor_u8(c);
    if (d->newest >= DISPERSION_RECENT)
        cursor_fail(c);
    for (size_t i = 0; i < DISPERSION_RECENT; i++) {
        d->recent[i].count = get_float(c);
        d->recent[i].mean = get_float(c);
    }
}
