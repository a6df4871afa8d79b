/* How many cases an hour of the week usually brings, learned from the weeks there were: what is
 * still to be expected of a period. Whole numbers, so that sums do not depend on their order. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "core/zone.h"

#define VOLUME_DAYS 7
#define VOLUME_HOURS 24
#define VOLUME_SCALE 256
#define VOLUME_WEEKS_MAX 5 /* from then on a new week weighs a fifth */

struct volume_slot {
    int64_t mean; /* cases in the hour, times VOLUME_SCALE */
    uint8_t weeks;
};

struct volume {
    int64_t learned_at; /* end of the newest hour learned; INSTANT_NONE: not begun */
    int64_t totals[VOLUME_DAYS];
    uint8_t unseen[VOLUME_DAYS]; /* hours of which nothing is known */
    struct volume_slot slots[VOLUME_DAYS][VOLUME_HOURS];
};

/* Learning begins with the first local midnight that is not before first_at. */
void volume_init(struct volume *v, const struct zone *zone, int64_t first_at);

/* The hour that is to be learned next, when it has ended by `until`. Answer with volume_learn. */
bool volume_due(const struct volume *v, const struct zone *zone, int64_t until, int64_t *from_at,
                int64_t *to_at);
void volume_learn(struct volume *v, const struct zone *zone, int64_t to_at, int64_t count);

/* What [from_at, to_at) will bring; to_at is a local midnight. Hours of which nothing is known
 * bring `per_hour`; false: there are such hours, and per_hour is 0. */
bool volume_expect(const struct volume *v, const struct zone *zone, int64_t from_at, int64_t to_at,
                   double per_hour, double *expected);

/* The instant at which so many will have come; not after to_at. */
int64_t volume_reaches(const struct volume *v, const struct zone *zone, int64_t from_at,
                       int64_t to_at, double per_hour, double count);

void volume_save(const struct volume *v, struct buf *b);
void volume_load(struct volume *v, struct cursor *c); /* into one just made; the cursor tells */
