#include "core/baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define NEW_WEEK_SHARE 0.2f /* of the mean, once there are many weeks */
#define NEW_WEEK_MEMORY 9.0 /* weeks of equal weight that are worth as much: (2 - share) / share */
#define NEW_DAY_SHARE 0.2f
#define CLIP_MEAN 3.0    /* standard deviations beyond which a count does not pull the mean */
#define ASSUMED_CV2 0.04 /* of a contract's expectation, and until more is known */
#define LACKED_BIT 0x80  /* beside the weeks, as saved */
#define NEIGHBOURS 2     /* on either side */
#define LIKE_SPREAD 2.0  /* of variances: so far apart two slots still count as alike, mostly */
/* What a neighbour's week is worth beside the slot's own: who agrees was chosen by the slot's own
 * error. Of five slots with one mean, 3.7 are gained where the weights say 4.8 (simulated). */
#define LIKE_WORTH 0.72
#define SHARES_SURE 3.0 /* times what chance does to the thirds of a slot: in one of twenty more */

void baseline_init(struct baseline *b, int64_t first_at) {
    *b = (struct baseline){.learned_at = instant_floor(first_at, BASELINE_SLOT_MS)};
    if (b->learned_at < first_at)
        b->learned_at += BASELINE_SLOT_MS;
    b->like_cv2 = ASSUMED_CV2;
    b->day_at = INSTANT_NONE;
    dispersion_init(&b->dispersion);
    level_init(&b->level);
}

void baseline_deinit(struct baseline *b) {
    free(b->slots);
    free(b->usual);
    free(b->days);
    *b = (struct baseline){0};
}

static void make_slots(struct baseline *b) {
    if (b->slots)
        return;
    b->slots = calloc(BASELINE_SLOTS, sizeof(*b->slots));
    b->usual = calloc(BASELINE_SLOTS, sizeof(*b->usual));
    b->days = calloc((size_t)BASELINE_DAY_SLOTS, sizeof(*b->days));
    CHECK(b->slots && b->usual && b->days);
}

static int64_t day_of(const struct zone *zone, int64_t at) {
    int64_t local = at + zone_offset_ms(zone, at);
    return instant_floor(local, DAY_MS);
}

static size_t slot_of(const struct zone *zone, int64_t at) {
    int64_t local = at + zone_offset_ms(zone, at);
    return (size_t)((local - instant_floor(local, BASELINE_WEEK_MS)) / BASELINE_SLOT_MS);
}

/* No slot is known to bring nothing at all: n empty weeks still leave room for a half in n. */
static double mean_of(const struct baseline_slot *slot) {
    double mean = 0;
    for (size_t i = 0; i < DISPERSION_PARTS; i++)
        mean += (double)slot->parts[i];
    return fmax(mean, 0.5 / slot->weeks);
}

static double weeks_of(const struct baseline_slot *slot) {
    return fmin(slot->weeks, NEW_WEEK_MEMORY);
}

/* Variance of the slot's own mean. */
static double doubt_of(const struct baseline *b, const struct baseline_slot *slot) {
    double mean = mean_of(slot);
    return (mean + mean * mean * b->like_cv2) / weeks_of(slot);
}

/* How a slot is shared among its thirds: evenly, but for what chance cannot have done (James and
 * Stein 1961; a third may vary three times as much as the whole). */
static void share_out(const struct baseline *b, const struct baseline_slot *slot,
                      struct baseline_usual *usual) {
    double mean = mean_of(slot);
    double even = mean / DISPERSION_PARTS;
    double variance = (even + even * even * DISPERSION_PARTS * b->like_cv2) / weeks_of(slot);
    double squares = 0;
    for (size_t i = 0; i < DISPERSION_PARTS; i++)
        squares += ((double)slot->parts[i] - even) * ((double)slot->parts[i] - even);
    double chance = SHARES_SURE * (DISPERSION_PARTS - 1) * variance;
    double belief = squares > chance ? 1 - chance / squares : 0;
    for (size_t i = 0; i < DISPERSION_PARTS; i++) {
        double part = even + belief * ((double)slot->parts[i] - even);
        usual->shares[i] = (float)(part / mean);
    }
}

/* A mean over the neighbours, each by how well it agrees: a gentle slope is smoothed, the step at
 * opening time is not. */
static void smooth(struct baseline *b, size_t index) {
    const struct baseline_slot *own = &b->slots[index];
    if (own->weeks == 0)
        return;
    double sum = 0;
    double weight = 0;
    double squares = 0;
    for (int i = -NEIGHBOURS; i <= NEIGHBOURS; i++) {
        size_t at = (index + (size_t)(BASELINE_SLOTS + i)) % BASELINE_SLOTS;
        const struct baseline_slot *other = &b->slots[at];
        if (other->weeks == 0)
            continue;
        double apart = mean_of(other) - mean_of(own);
        double doubt = doubt_of(b, own) + doubt_of(b, other);
        double w = exp(-apart * apart / (2 * LIKE_SPREAD * doubt));
        sum += w * mean_of(other);
        weight += w;
        squares += w * w;
    }
    double slots = 1 + LIKE_WORTH * (weight * weight / squares - 1);
    struct baseline_usual *usual = &b->usual[index];
    usual->mean = (float)(sum / weight);
    usual->weeks = (float)(weeks_of(own) * slots);
    share_out(b, own, usual);
}

static void smooth_around(struct baseline *b, size_t index) {
    for (int i = -NEIGHBOURS; i <= NEIGHBOURS; i++)
        smooth(b, (index + (size_t)(BASELINE_SLOTS + i)) % BASELINE_SLOTS);
}

bool baseline_due(const struct baseline *b, int64_t until, int64_t *at) {
    *at = b->learned_at;
    return b->learned_at + BASELINE_SLOT_MS <= until;
}

static double clip(double x, double mean, double most) {
    return fmin(fmax(x, mean - most), mean + most);
}

static void learn_day(struct baseline_day *day, float count) {
    float share = fmaxf(1.0f / (float)(day->days + 1), NEW_DAY_SHARE);
    day->mean += share * (count - day->mean);
    day->most = fmaxf(day->most, count);
    if (day->days < UINT8_MAX)
        day->days++;
}

static double sum_of(const int64_t parts[DISPERSION_PARTS]) {
    double sum = 0;
    for (size_t i = 0; i < DISPERSION_PARTS; i++)
        sum += (double)parts[i];
    return sum;
}

static void learn_week(struct baseline *b, size_t index, const int64_t parts[DISPERSION_PARTS],
                       double deviation) {
    struct baseline_slot *slot = &b->slots[index];
    double count = sum_of(parts);
    float share = fmaxf(1.0f / (float)(slot->weeks + 1), NEW_WEEK_SHARE);
    double x = slot->weeks == 0 ? count : clip(count, mean_of(slot), CLIP_MEAN * deviation);
    for (size_t i = 0; i < DISPERSION_PARTS; i++) {
        /* A count that was raised to the least that counts is spread evenly. */
        double part = x > count ? (double)parts[i] + (x - count) / DISPERSION_PARTS
                                : (double)parts[i] * (count > 0 ? x / count : 0);
        slot->parts[i] += share * ((float)part - slot->parts[i]);
    }
    if (slot->weeks < BASELINE_WEEKS_MAX)
        slot->weeks++;
    slot->lacked = false;
    smooth_around(b, index);
}

/* Against what was usual before this week's count. */
static void learn_residual(struct baseline *b, const struct baseline_usual *was,
                           const int64_t parts[DISPERSION_PARTS], double deviation, bool usual) {
    double mean = (double)was->mean;
    if (!b->weekly) { /* what was measured against the mean of all days is no measure any more */
        dispersion_init(&b->dispersion);
        b->weekly = true;
    }
    double level = level_lagged(&b->level);
    double means[DISPERSION_PARTS];
    for (size_t i = 0; i < DISPERSION_PARTS; i++)
        means[i] = mean * level * (double)was->shares[i];
    dispersion_learn(&b->dispersion, parts, means, (double)was->weeks);
    double cv2 = dispersion_cv2(&b->dispersion, BASELINE_SLOT_MS);
    if (usual)
        level_learn(&b->level, clip(sum_of(parts), mean, CLIP_MEAN * deviation), mean, cv2);
    else
        level_skip(&b->level);
}

static void learn_by_day(struct baseline *b, const struct baseline_day *day,
                         const int64_t parts[DISPERSION_PARTS]) {
    double means[DISPERSION_PARTS];
    for (size_t i = 0; i < DISPERSION_PARTS; i++)
        means[i] = fmax((double)day->mean, 0.5 / day->days) / DISPERSION_PARTS;
    dispersion_learn(&b->dispersion, parts, means, (double)day->days);
}

/* Once a day: the slots are compared anew, by what is known of their variation by now. */
static void begin_day(struct baseline *b) {
    level_new_day(&b->level);
    if (!b->weekly)
        return;
    b->like_cv2 = dispersion_cv2(&b->dispersion, BASELINE_SLOT_MS);
    for (size_t i = 0; i < BASELINE_SLOTS; i++)
        smooth(b, i);
}

void baseline_learn(struct baseline *b, const struct zone *zone, int64_t at,
                    const int64_t parts[DISPERSION_PARTS], bool usual) {
    CHECK(at == b->learned_at);
    b->learned_at += BASELINE_SLOT_MS;
    make_slots(b);
    size_t index = slot_of(zone, at);
    int64_t day_at = day_of(zone, at);
    if (day_at != b->day_at) {
        b->day_at = day_at;
        begin_day(b);
    }
    struct baseline_day *day = &b->days[index % (size_t)BASELINE_DAY_SLOTS];
    struct baseline_usual was = b->usual[index];
    double cv2 = dispersion_cv2(&b->dispersion, BASELINE_SLOT_MS);
    double mean = (double)was.mean;
    double deviation = sqrt((mean + mean * mean * cv2) * (1 + 1 / fmax((double)was.weeks, 1)));
    if (b->slots[index].weeks > 0) /* one week tells how much the next one varies */
        learn_residual(b, &was, parts, deviation, usual);
    else if (!b->weekly && day->days >= BASELINE_DAYS_MIN)
        learn_by_day(b, day, parts);
    if (!usual)
        return;
    learn_day(day, (float)sum_of(parts));
    learn_week(b, index, parts, deviation);
}

void baseline_skip(struct baseline *b, int64_t at) {
    CHECK(at == b->learned_at);
    b->learned_at += BASELINE_SLOT_MS;
    dispersion_skip(&b->dispersion);
    level_skip(&b->level);
}

bool baseline_skip_lacking(struct baseline *b, const struct zone *zone, int64_t at) {
    CHECK(at == b->learned_at);
    if (!b->slots || b->slots[slot_of(zone, at)].lacked)
        return false;
    b->slots[slot_of(zone, at)].lacked = true;
    baseline_skip(b, at);
    return true;
}

/* The busiest of the days at this time of day, give or take a slot. */
static bool busiest(const struct baseline *b, size_t index, double *mean) {
    float most = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t slots = (size_t)BASELINE_DAY_SLOTS;
        const struct baseline_day *day = &b->days[(index + slots - 1 + i) % slots];
        if (i == 1 && day->days < BASELINE_DAYS_MIN)
            return false;
        most = fmaxf(most, day->most);
    }
    *mean = fmax((double)most, 0.5);
    return true;
}

/* Of the slots of a window: sums over them, by the share of each that lies in it. */
struct part {
    double mean, slots;
    double weeks, span; /* how many weeks it is a mean of, and of how many slots of each */
    enum baseline_kind kind;
};

/* Of a slot's arrivals those between two instants, counted from its beginning. */
static double portion_of(const struct baseline_usual *usual, int64_t from_ms, int64_t to_ms) {
    int64_t part_ms = BASELINE_SLOT_MS / DISPERSION_PARTS;
    double portion = 0;
    for (int64_t i = 0; i < DISPERSION_PARTS; i++) {
        int64_t begin = from_ms > i * part_ms ? from_ms : i * part_ms;
        int64_t end = to_ms < (i + 1) * part_ms ? to_ms : (i + 1) * part_ms;
        if (begin < end)
            portion += (double)usual->shares[i] * (double)(end - begin) / (double)part_ms;
    }
    return portion;
}

/* The slot from from_ms to to_ms after its beginning. False: not known. */
static bool add_slot(const struct baseline *b, size_t index, int64_t from_ms, int64_t to_ms,
                     struct part *part) {
    double share = (double)(to_ms - from_ms) / (double)BASELINE_SLOT_MS;
    double mean;
    double weeks = weeks_of(&b->slots[index]);
    double span = 1;
    if (b->slots[index].weeks >= BASELINE_WEEKS_MIN) {
        mean = (double)b->usual[index].mean * portion_of(&b->usual[index], from_ms, to_ms);
        span = (double)b->usual[index].weeks / weeks;
    } else if (busiest(b, index, &mean)) {
        mean *= share;
        part->kind = BASELINE_DAYS;
    } else {
        return false;
    }
    part->mean += mean;
    part->slots += share;
    part->weeks += share * weeks;
    part->span += share * span;
    return true;
}

/* Variance of the mean itself. Smoothing helps as far as it takes in more than the window. */
static double doubt_about(const struct baseline *b, double mean, double weeks, double span,
                          int64_t length_ms) {
    double quarters = (double)length_ms / (double)BASELINE_SLOT_MS;
    double reach = fmax(span, quarters);
    double cv2 = dispersion_cv2(&b->dispersion, (int64_t)(reach * (double)BASELINE_SLOT_MS));
    return (mean * quarters / reach + mean * mean * cv2) / weeks;
}

static bool sum_slots(const struct baseline *b, const struct zone *zone, int64_t from_at,
                      int64_t to_at, struct part *part) {
    CHECK(from_at < to_at);
    *part = (struct part){.kind = BASELINE_WEEKS};
    if (!b->slots)
        return false;
    int64_t at = instant_floor(from_at, BASELINE_SLOT_MS);
    for (; at < to_at; at += BASELINE_SLOT_MS) {
        int64_t begin = at > from_at ? at : from_at;
        int64_t end = at + BASELINE_SLOT_MS < to_at ? at + BASELINE_SLOT_MS : to_at;
        if (!add_slot(b, slot_of(zone, at), begin - at, end - at, part))
            return false;
    }
    return true;
}

bool baseline_usual(const struct baseline *b, const struct zone *zone, int64_t from_at,
                    int64_t to_at, struct expectation *e) {
    struct part part;
    if (!sum_slots(b, zone, from_at, to_at, &part) || part.kind != BASELINE_WEEKS)
        return false;
    *e = (struct expectation){
        .mean = part.mean, .weeks = part.weeks / part.slots, .kind = BASELINE_WEEKS};
    return true;
}

bool baseline_expect(const struct baseline *b, const struct zone *zone, int64_t from_at,
                     int64_t to_at, struct expectation *e) {
    struct part part;
    if (!sum_slots(b, zone, from_at, to_at, &part))
        return false;
    *e = (struct expectation){.mean = part.mean, .kind = part.kind};
    double variance = part.mean * part.mean * dispersion_cv2(&b->dispersion, to_at - from_at);
    if (part.kind == BASELINE_WEEKS) {
        e->weeks = part.weeks / part.slots;
        variance += doubt_about(b, part.mean, e->weeks, part.span / part.slots, to_at - from_at);
        bool same_day = day_of(zone, to_at - 1) == b->day_at;
        e->mean *= same_day ? level_now(&b->level) : 1;
        variance += part.mean * part.mean *
                    (same_day ? level_doubt(&b->level) : level_unknown(&b->level));
    }
    e->size = part.mean * part.mean / variance;
    return true;
}

struct expectation baseline_flat(double volume, int64_t per_ms, int64_t length_ms) {
    return (struct expectation){.mean = volume * (double)length_ms / (double)per_ms,
                                .size = 1 / ASSUMED_CV2,
                                .kind = BASELINE_DAYS};
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

void baseline_save(const struct baseline *b, struct buf *out) {
    buf_put_zigzag(out, b->learned_at);
    dispersion_save(&b->dispersion, out);
    level_save(&b->level, out);
    buf_put_double(out, b->like_cv2);
    buf_put_zigzag(out, b->day_at);
    buf_put_u8(out, b->weekly);
    buf_put_u8(out, b->slots != NULL);
    if (!b->slots)
        return;
    for (size_t i = 0; i < BASELINE_SLOTS; i++) {
        buf_put_u8(out, (uint8_t)(b->slots[i].weeks | (b->slots[i].lacked ? LACKED_BIT : 0)));
        for (size_t p = 0; p < DISPERSION_PARTS; p++)
            put_float(out, b->slots[i].parts[p]);
    }
    for (size_t i = 0; i < (size_t)BASELINE_DAY_SLOTS; i++) {
        buf_put_u8(out, b->days[i].days);
        put_float(out, b->days[i].mean);
        put_float(out, b->days[i].most);
    }
}

void baseline_load(struct baseline *b, struct cursor *c) {
    b->learned_at = cursor_zigzag(c);
    dispersion_load(&b->dispersion, c);
    level_load(&b->level, c);
    b->like_cv2 = cursor_double(c);
    b->day_at = cursor_zigzag(c);
    b->weekly = cursor_u8(c) != 0;
    if (cursor_u8(c) == 0 || c->failed)
        return;
    make_slots(b);
    for (size_t i = 0; i < BASELINE_SLOTS; i++) {
        uint8_t weeks = cursor_u8(c);
        b->slots[i].weeks = weeks & BASELINE_WEEKS_MAX;
        b->slots[i].lacked = (weeks & LACKED_BIT) != 0;
        for (size_t p = 0; p < DISPERSION_PARTS; p++)
            b->slots[i].parts[p] = get_float(c);
    }
    for (size_t i = 0; i < BASELINE_SLOTS; i++)
        smooth(b, i);
    for (size_t i = 0; i < (size_t)BASELINE_DAY_SLOTS; i++) {
        b->days[i].days = cursor_u8(c);
        b->days[i].mean = get_float(c);
        b->days[i].most = get_float(c);
    }
}
