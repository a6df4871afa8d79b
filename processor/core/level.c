#include "core/level.h"

#include <math.h>
#include <string.h>

#define KEPT_HOURS (1.0 - 1.0 / 16)        /* fade over about four hours */
#define KEPT_WEEKS (1.0 - 1.0 / (4 * 672)) /* and four weeks */
#define DOUBTED 96.0                       /* samples before a common variation is half believed */
#define LEAST 0.5
#define MOST 2.0

void level_init(struct level *l) {
    *l = (struct level){0};
    for (size_t i = 0; i < LEVEL_APART; i++)
        l->expected[i] = -1;
    for (size_t i = 0; i < LEVEL_LAG; i++)
        l->factors[i] = 1;
}

/* Squared variation that the hours of a day have in common, less one standard error of knowing. */
static double common(const struct level *l, double cv2) {
    if (l->products <= 0)
        return 0;
    double found = l->together / l->products - cv2 / sqrt(l->samples);
    return fmax(found, 0) * l->samples / (l->samples + DOUBTED);
}

/* Drawn to 1 as far as the counts so far could be chance. */
static double estimate(struct level *l, double cv2) {
    l->shared = l->doubt = common(l, cv2);
    if (l->shared <= 0 || l->means <= 0)
        return 1;
    double noise = 1 / l->means + cv2 * l->squares / (l->means * l->means);
    double belief = l->shared / (l->shared + noise);
    l->doubt = l->shared * (1 - belief);
    return fmin(fmax(1 + (l->counts / l->means - 1) * belief, LEAST), MOST);
}

void level_new_day(struct level *l) {
    l->counts = l->means = l->squares = 0;
    l->doubt = l->shared;
    for (size_t i = 0; i < LEVEL_LAG; i++)
        l->factors[i] = 1;
}

static void remember(struct level *l, double residual, double mean, double factor) {
    l->newest = (uint8_t)((l->newest + 1) % LEVEL_APART);
    l->residuals[l->newest] = (float)residual;
    l->expected[l->newest] = (float)mean;
    memmove(&l->factors[1], &l->factors[0], (LEVEL_LAG - 1) * sizeof(l->factors[0]));
    l->factors[0] = (float)factor;
}

void level_learn(struct level *l, double count, double mean, double cv2) {
    size_t before = (l->newest + 1U) % LEVEL_APART; /* the oldest of the ring */
    double other = (double)l->expected[before];
    if (other >= 0) {
        l->together = l->together * KEPT_WEEKS + (count - mean) * (double)l->residuals[before];
        l->products = l->products * KEPT_WEEKS + mean * other;
        l->samples = l->samples * KEPT_WEEKS + 1;
    }
    l->counts = l->counts * KEPT_HOURS + count;
    l->means = l->means * KEPT_HOURS + mean;
    l->squares = l->squares * KEPT_HOURS * KEPT_HOURS + mean * mean;
    remember(l, count - mean, mean, estimate(l, cv2 + 1 / fmax(mean, 1)));
}

void level_skip(struct level *l) {
    l->counts *= KEPT_HOURS;
    l->means *= KEPT_HOURS;
    l->squares *= KEPT_HOURS * KEPT_HOURS;
    remember(l, 0, -1, (double)l->factors[0]);
}

double level_now(const struct level *l) {
    return (double)l->factors[0];
}

double level_doubt(const struct level *l) {
    return l->doubt;
}

double level_unknown(const struct level *l) {
    return l->shared;
}

double level_lagged(const struct level *l) {
    return (double)l->factors[LEVEL_LAG - 1];
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

void level_save(const struct level *l, struct buf *b) {
    buf_put_double(b, l->counts);
    buf_put_double(b, l->means);
    buf_put_double(b, l->squares);
    buf_put_double(b, l->together);
    buf_put_double(b, l->products);
    buf_put_double(b, l->samples);
    buf_put_double(b, l->shared);
    buf_put_double(b, l->doubt);
    for (size_t i = 0; i < LEVEL_APART; i++) {
        put_float(b, l->residuals[i]);
        put_float(b, l->expected[i]);
    }
    for (size_t i = 0; i < LEVEL_LAG; i++)
        put_float(b, l->factors[i]);
    buf_put_u8(b, l->newest);
}

void level_load(struct level *l, struct cursor *c) {
    l->counts = cursor_double(c);
    l->means = cursor_double(c);
    l->squares = cursor_double(c);
    l->together = cursor_double(c);
    l->products = cursor_double(c);
    l->samples = cursor_double(c);
    l->shared = cursor_double(c);
    l->doubt = cursor_double(c);
    for (size_t i = 0; i < LEVEL_APART; i++) {
        l->residuals[i] = get_float(c);
        l->expected[i] = get_float(c);
    }
    for (size_t i = 0; i < LEVEL_LAG; i++)
        l->factors[i] = get_float(c);
    l->newest = cursor_u8(c);
    if (l->newest >= LEVEL_APART)
        cursor_fail(c);
}
