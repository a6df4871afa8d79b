#include "profile.h"

static const double hours[24] = {0.15, 0.1, 0.08, 0.08, 0.1, 0.2, 0.5, 1.1, 1.9, 2.3, 2.4, 2.2,
                                 1.8,  1.9, 2.1,  2.0,  1.8, 1.5, 1.2, 1.0, 0.8, 0.6, 0.4, 0.25};
static const double days[7] = {1.25, 1.15, 1.1, 1.1, 1.05, 0.75, 0.6};

void profile_init(struct profile *profile, bool flat) {
    double sum = 0;

    for (int i = 0; i < 7 * 24; i++) {
        profile->hour[i] = flat ? 1 : hours[i % 24] * days[i / 24];
        sum += profile->hour[i];
    }
    profile->peak = 0;
    for (int i = 0; i < 7 * 24; i++) {
        profile->hour[i] *= 7 * 24 / sum;
        if (profile->hour[i] > profile->peak)
            profile->peak = profile->hour[i];
    }
}

double profile_at(const struct profile *profile, const struct zone *zone, int64_t at) {
    int minute;
    int hour = zone_week_hour(zone, at, &minute);
    double here = profile->hour[hour];
    double next = profile->hour[(hour + 1) % (7 * 24)];

    return here + (next - here) * minute / 60;
}
