/* What a week usually brings: arrivals per quarter of an hour of the week in a zone, learned
 * robustly, with how much they vary. Brown et al.: counts are over-dispersed (gamma-Poisson). */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "core/dispersion.h"
#include "core/level.h"
#include "core/zone.h"

#define BASELINE_SLOT_MS (15 * MINUTE_MS)
#define BASELINE_WEEK_MS (7 * DAY_MS)
#define BASELINE_SLOTS ((int)(BASELINE_WEEK_MS / BASELINE_SLOT_MS))
#define BASELINE_DAY_SLOTS ((int)(DAY_MS / BASELINE_SLOT_MS))
#define BASELINE_WEEKS_MIN 2 /* a slot is known after this many weeks */
#define BASELINE_WEEKS_MAX 127
#define BASELINE_DAYS_MIN 2 /* until then by the day, after this many */

struct baseline_slot {
    float parts[DISPERSION_PARTS]; /* arrivals in each third of the slot */
    uint8_t weeks;                 /* at most BASELINE_WEEKS_MAX */
    bool lacked;                   /* the last time it was passed over for that */
};

/* What a slot is taken for: with its neighbours, as far as they are like it. */
struct baseline_usual {
    float mean, weeks;              /* a mean of so many weeks' worth */
    float shares[DISPERSION_PARTS]; /* of each third: at closing time most is in the first */
};

/* The same quarter of an hour of any day, until weeks are known. */
struct baseline_day {
    float mean, most; /* of the days; of the busiest of them */
    uint8_t days;
};

struct baseline {
    struct baseline_slot *slots;  /* BASELINE_SLOTS, owned; NULL: nothing learned */
    struct baseline_usual *usual; /* BASELINE_SLOTS, owned; follows from the slots */
    struct baseline_day *days;    /* BASELINE_DAY_SLOTS, owned */
    int64_t learned_at;           /* end of the newest slot learned or passed over */
    struct dispersion dispersion;
    struct level level;
    int64_t day_at;  /* local midnight of the newest slot learned, as if it were UTC */
    double like_cv2; /* variation by which neighbouring slots are compared */
    bool weekly;     /* some slot is known by weeks: dispersion is of weeks */
};

enum baseline_kind {
    BASELINE_WEEKS, /* the same time of the week, of at least BASELINE_WEEKS_MIN weeks */
    BASELINE_DAYS,  /* the busiest day so far at that time: too many can be told, not too few */
    BASELINE_PLAN,  /* not from here: as people have forecast it */
};

/* What to expect in a window. */
struct expectation {
    double mean;
    double size;  /* of the negative binomial: variance = mean + mean^2 / size */
    double weeks; /* the mean is one of so many; its own error is part of size */
    enum baseline_kind kind;
};

/* Learning begins with the first whole slot after first_at. */
void baseline_init(struct baseline *b, int64_t first_at);
void baseline_deinit(struct baseline *b);

/* The slot [at, at + BASELINE_SLOT_MS) that is to be learned next, when it has ended by `until`;
 * false: none. The caller answers with baseline_learn or baseline_skip. */
bool baseline_due(const struct baseline *b, int64_t until, int64_t *at);
/* Counts by thirds of the slot. `usual`: not in an alert; what is not makes no new mean, but it
 * does tell how much counts vary. */
void baseline_learn(struct baseline *b, const struct zone *zone, int64_t at,
                    const int64_t parts[DISPERSION_PARTS], bool usual);
void baseline_skip(struct baseline *b, int64_t at);
/* So little came that something may be missing. False: so it was the last time, and it is learned
 * like any other (nothing was done here). */
bool baseline_skip_lacking(struct baseline *b, const struct zone *zone, int64_t at);

/* For [from_at, to_at), the level of the day included. False: a slot in it is not known yet. */
bool baseline_expect(const struct baseline *b, const struct zone *zone, int64_t from_at,
                     int64_t to_at, struct expectation *e);

/* The same by the weeks alone: `mean` without the level of the day, and `weeks`. False: not known
 * by weeks. */
bool baseline_usual(const struct baseline *b, const struct zone *zone, int64_t from_at,
                    int64_t to_at, struct expectation *e);

/* A flat expectation from the contract: volume per per_ms. */
struct expectation baseline_flat(double volume, int64_t per_ms, int64_t length_ms);

void baseline_save(const struct baseline *b, struct buf *out);
void baseline_load(struct baseline *b, struct cursor *c); /* into a baseline just made */
