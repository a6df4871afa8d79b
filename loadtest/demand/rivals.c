#include "rivals.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

#define SLOT_MS (15 * MINUTE_MS)
#define SLOTS 672
#define RE_ARM 30 /* minutes */

const char *const rival_names[RIVALS] = {"3-sigma Poisson", "EWMA", "Holt-Winters"};

static int64_t minute_end(const struct arrivals *a, size_t m) {
    return a->from_at + ((int64_t)m + 1) * MINUTE_MS;
}

static int64_t quarter(const struct arrivals *a, int64_t end_at) {
    return arrivals_count(a, end_at - SLOT_MS, end_at);
}

/* The same window of each week before. */
static void score_poisson(const struct arrivals *a, float *scores, size_t minutes) {
    for (size_t m = 0; m < minutes; m++) {
        int64_t end_at = minute_end(a, m);
        double sum = 0;
        int weeks = 0;
        for (int64_t at = end_at - 7 * DAY_MS; at - SLOT_MS >= a->from_at; at -= 7 * DAY_MS) {
            sum += (double)quarter(a, at);
            weeks++;
        }
        double mean = weeks > 0 ? fmax(sum / weeks, 0.5 / weeks) : 0;
        scores[m] = weeks == 0 ? 0 : (float)(((double)quarter(a, end_at) - mean) / sqrt(mean));
    }
}

static void score_ewma(const struct arrivals *a, float *scores, size_t minutes) {
    double mean = 0;
    double variance = 1;
    for (size_t m = 0; m < minutes; m++) {
        scores[m] = 0;
        if ((m + 1) % 15 != 0)
            continue;
        double error = (double)quarter(a, minute_end(a, m)) - mean;
        scores[m] = (float)(error / sqrt(fmax(variance, 0.25)));
        mean += 0.2 * error;
        variance = 0.8 * (variance + 0.2 * error * error);
    }
}

static void first_season(const struct arrivals *a, double *season, double *level) {
    *level = (double)arrivals_count(a, a->from_at, a->from_at + SLOTS * SLOT_MS) / SLOTS;
    *level = fmax(*level, 0.1);
    for (int i = 0; i < SLOTS; i++)
        season[i] = fmax((double)quarter(a, a->from_at + (i + 1) * SLOT_MS), 0.5) / *level;
}

static void score_holt_winters(const struct arrivals *a, float *scores, size_t minutes) {
    double season[SLOTS];
    double level;
    double variance = 1; /* of the error over the root of what was forecast */
    first_season(a, season, &level);
    for (size_t m = 0; m < minutes; m++) {
        size_t slot = m / 15;
        scores[m] = 0;
        if ((m + 1) % 15 != 0 || slot < SLOTS)
            continue;
        double *s = &season[slot % SLOTS];
        double forecast = fmax(level * *s, 0.1);
        double x = (double)quarter(a, minute_end(a, m));
        double error = (x - forecast) / sqrt(forecast);
        scores[m] = (float)(error / sqrt(variance));
        variance += 0.005 * (error * error - variance);
        level += 0.05 * (x / *s - level);
        level = fmax(level, 0.1);
        *s = fmax(*s + 0.2 * (x / level - *s), 0.02);
    }
}

void rivals_score(enum rival rival, const struct arrivals *a, float *scores, size_t minutes) {
    CHECK(a->steps >= 6 * minutes);
    if (rival == RIVAL_POISSON)
        score_poisson(a, scores, minutes);
    else if (rival == RIVAL_EWMA)
        score_ewma(a, scores, minutes);
    else
        score_holt_winters(a, scores, minutes);
}

size_t rivals_alarms(const struct arrivals *a, const float *scores, size_t minutes, double limit,
                     int64_t from_at, int64_t *alarms_at, size_t most) {
    size_t count = 0;
    size_t last = 0;
    bool open = false;
    for (size_t m = (size_t)((from_at - a->from_at) / MINUTE_MS); m < minutes; m++) {
        if (open && m - last >= RE_ARM)
            open = false;
        if ((double)scores[m] <= limit)
            continue;
        if (!open && count < most)
            alarms_at[count] = minute_end(a, m);
        count += !open;
        open = true;
        last = m;
    }
    return count;
}
