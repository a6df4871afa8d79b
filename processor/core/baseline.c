#include "core/baseline.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

#define NEW_WEEK_SHARE 0.2f /* of the mean, once there are many weeks */
#define NEW_WEEK_MEMORY 9.0 /* weeks of equal weight that are worth as much: (2 - share) / share */
#define CLIP_MEAN 3.0       /* standard deviations beyond which a count does not pull the mean */
#define CLIP_MOMENTS 4.0
#define PRIOR_CV2 0.04 /* squared variation of the arrival rate until more is known */
#define PRIOR_SAMPLES 96.0
#define CV2_LEAST 1e-3
#define CV2_MOST 4.0
#define MOMENTS_KEPT (1.0 - 1.0 / (4 * BASELINE_SLOTS)) /* fade over about four weeks */

void baseline_init(struct baseline *b, int64_t first_at) {
    *b = (struct baseline){.learned_at = instant_floor(first_at, BASELINE_SLOT_MS)};
    if (b->learned_at < first_at)
        b->learned_at += BASELINE_SLOT_MS;
}

void baseline_deinit(struct baseline *b) {
    free(b->slots);
    *b = (struct baseline){0};
}

static size_t slot_of(const struct zone *zone, int64_t at) {
    int64_t local = at + zone_offset_ms(zone, at);
    return (size_t)((local - instant_floor(local, BASELINE_WEEK_MS)) / BASELINE_SLOT_MS);
}

/* Squared variation of the rate: the method of moments, drawn to the prior while it is young. */
static double variation(const struct baseline *b) {
    double own = b->squares > 0 ? b->excess / b->squares : 0;
    double cv2 = (own * b->samples + PRIOR_CV2 * PRIOR_SAMPLES) / (b->samples + PRIOR_SAMPLES);
    return fmin(fmax(cv2, CV2_LEAST), CV2_MOST);
}

/* No slot is known to bring nothing at all: n empty weeks still leave room for a half in n. */
static double mean_of(const struct baseline_slot *slot) {
    return fmax((double)slot->mean, 0.5 / slot->weeks);
}

static double weeks_of(const struct baseline_slot *slot) {
    return fmin(slot->weeks, NEW_WEEK_MEMORY);
}

bool baseline_due(const struct baseline *b, int64_t until, int64_t *at) {
    *at = b->learned_at;
    return b->learned_at + BASELINE_SLOT_MS <= until;
}

static double clip(double x, double mean, double most) {
    return fmin(fmax(x, mean - most), mean + most);
}

static void learn_moments(struct baseline *b, const struct baseline_slot *slot, double count,
                          double deviation) {
    double mean = mean_of(slot);
    double x = clip(count, mean, CLIP_MOMENTS * deviation);
    /* The mean is itself an estimate: its error is in the residual too. */
    double residual = (x - mean) * (x - mean) / (1 + 1 / weeks_of(slot));
    b->excess = b->excess * MOMENTS_KEPT + residual - mean;
    b->squares = b->squares * MOMENTS_KEPT + mean * mean;
    b->samples = b->samples * MOMENTS_KEPT + 1;
}

void baseline_learn(struct baseline *b, const struct zone *zone, int64_t at, int64_t count) {
    CHECK(at == b->learned_at);
    b->learned_at += BASELINE_SLOT_MS;
    if (!b->slots) {
        b->slots = calloc(BASELINE_SLOTS, sizeof(*b->slots));
        CHECK(b->slots);
    }
    struct baseline_slot *slot = &b->slots[slot_of(zone, at)];
    if (slot->weeks == 0) {
        *slot = (struct baseline_slot){(float)count, 1};
        return;
    }
    double mean = mean_of(slot);
    double variance = (mean + mean * mean * variation(b)) * (1 + 1 / weeks_of(slot));
    double deviation = sqrt(variance);
    if (slot->weeks >= BASELINE_WEEKS_MIN)
        learn_moments(b, slot, (double)count, deviation);
    float share = fmaxf(1.0f / (float)(slot->weeks + 1), NEW_WEEK_SHARE);
    float x = (float)clip((double)count, mean, CLIP_MEAN * deviation);
    slot->mean += share * (x - slot->mean);
    if (slot->weeks < UINT8_MAX)
        slot->weeks++;
}

void baseline_skip(struct baseline *b, int64_t at) {
    CHECK(at == b->learned_at);
    b->learned_at += BASELINE_SLOT_MS;
}

bool baseline_expect(const struct baseline *b, const struct zone *zone, int64_t from_at,
                     int64_t to_at, struct expectation *e) {
    CHECK(from_at < to_at);
    if (!b->slots)
        return false;
    double cv2 = variation(b);
    double mean = 0;
    double doubt = 0; /* variance of the estimated mean */
    int64_t at = instant_floor(from_at, BASELINE_SLOT_MS);
    for (; at < to_at; at += BASELINE_SLOT_MS) {
        const struct baseline_slot *slot = &b->slots[slot_of(zone, at)];
        if (slot->weeks < BASELINE_WEEKS_MIN)
            return false;
        int64_t begin = at > from_at ? at : from_at;
        int64_t end = at + BASELINE_SLOT_MS < to_at ? at + BASELINE_SLOT_MS : to_at;
        double share = (double)(end - begin) / (double)BASELINE_SLOT_MS;
        double own = mean_of(slot);
        mean += share * own;
        doubt += share * share * (own + own * own * cv2) / weeks_of(slot);
    }
    e->mean = mean;
    e->size = mean * mean / (mean * mean * cv2 + doubt);
    return true;
}

struct expectation baseline_flat(double volume, int64_t per_ms, int64_t length_ms) {
    return (struct expectation){volume * (double)length_ms / (double)per_ms, 1 / PRIOR_CV2};
}

void baseline_save(const struct baseline *b, struct buf *out) {
    buf_put_zigzag(out, b->learned_at);
    buf_put_double(out, b->excess);
    buf_put_double(out, b->squares);
    buf_put_double(out, b->samples);
    buf_put_u8(out, b->slots != NULL);
    for (size_t i = 0; b->slots && i < BASELINE_SLOTS; i++) {
        uint32_t bits;
        memcpy(&bits, &b->slots[i].mean, sizeof(bits));
        buf_put_u8(out, b->slots[i].weeks);
        buf_put_u32(out, bits);
    }
}

void baseline_load(struct baseline *b, struct cursor *c) {
    b->learned_at = cursor_zigzag(c);
    b->excess = cursor_double(c);
    b->squares = cursor_double(c);
    b->samples = cursor_double(c);
    if (cursor_u8(c) == 0)
        return;
    b->slots = calloc(BASELINE_SLOTS, sizeof(*b->slots));
    CHECK(b->slots);
    for (size_t i = 0; i < BASELINE_SLOTS; i++) {
        b->slots[i].weeks = cursor_u8(c);
        uint32_t bits = cursor_u32(c);
        memcpy(&b->slots[i].mean, &bits, sizeof(bits));
    }
}
