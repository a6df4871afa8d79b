#include "core/volume.h"

#include "base/check.h"
#include "base/civil.h"
#include "core/event.h"

struct slot_place {
    unsigned day, hour;
};

static int64_t local_of(const struct zone *z, int64_t at) {
    return at + zone_offset_ms(z, at);
}

static struct slot_place place_of(const struct zone *z, int64_t at) {
    int64_t local = local_of(z, at);
    int64_t midnight = instant_floor(local, DAY_MS);
    return (struct slot_place){civil_weekday(midnight / DAY_MS),
                               (unsigned)((local - midnight) / HOUR_MS)};
}

/* End of the local hour of `at`; where clocks change it may be longer or shorter. */
static int64_t hour_end(const struct zone *z, int64_t at) {
    int64_t end_at = zone_floor(z, at + HOUR_MS, HOUR_MS);
    return end_at > at ? end_at : at + HOUR_MS;
}

void volume_init(struct volume *v, const struct zone *zone, int64_t first_at) {
    *v = (struct volume){.learned_at = first_at};
    for (unsigned d = 0; d < VOLUME_DAYS; d++)
        v->unseen[d] = VOLUME_HOURS;
    if (first_at == INSTANT_NONE)
        return;
    int64_t midnight = instant_floor(local_of(zone, first_at - 1), DAY_MS) + DAY_MS;
    v->learned_at = zone_instant(zone, midnight, false);
}

bool volume_due(const struct volume *v, const struct zone *zone, int64_t until, int64_t *from_at,
                int64_t *to_at) {
    if (v->learned_at == INSTANT_NONE || v->learned_at >= until)
        return false;
    *from_at = v->learned_at;
    *to_at = hour_end(zone, v->learned_at);
    return *to_at <= until;
}

void volume_learn(struct volume *v, const struct zone *zone, int64_t to_at, int64_t count) {
    struct slot_place place = place_of(zone, v->learned_at);
    struct volume_slot *slot = &v->slots[place.day][place.hour];
    int64_t mean = (count > 0 ? count : 0) * VOLUME_SCALE, was = slot->mean;
    if (slot->weeks == 0)
        v->unseen[place.day]--;
    if (slot->weeks < VOLUME_WEEKS_MAX)
        slot->weeks++;
    slot->mean += (mean - was) / slot->weeks;
    v->totals[place.day] += slot->mean - was;
    v->learned_at = to_at;
}

struct sum {
    double known, unseen; /* cases; hours */
};

static void add_part(const struct volume *v, struct slot_place place, double share,
                     struct sum *sum) {
    const struct volume_slot *slot = &v->slots[place.day][place.hour];
    if (slot->weeks == 0)
        sum->unseen += share;
    else
        sum->known += share * (double)slot->mean / VOLUME_SCALE;
}

static void add_days(const struct volume *v, unsigned weekday, int64_t days, struct sum *sum) {
    int64_t known = 0, unseen = 0;
    for (unsigned d = 0; d < VOLUME_DAYS; d++) {
        unsigned after = (d + VOLUME_DAYS - weekday) % VOLUME_DAYS;
        int64_t times = days / VOLUME_DAYS + (after < (unsigned)(days % VOLUME_DAYS) ? 1 : 0);
        known += times * v->totals[d];
        unseen += times * v->unseen[d];
    }
    sum->known += (double)known / VOLUME_SCALE;
    sum->unseen += (double)unseen;
}

bool volume_expect(const struct volume *v, const struct zone *zone, int64_t from_at, int64_t to_at,
                   double per_hour, double *expected) {
    struct sum sum = {0};
    int64_t today = instant_floor(local_of(zone, from_at), DAY_MS) / DAY_MS;
    int64_t last = instant_floor(local_of(zone, to_at - 1), DAY_MS) / DAY_MS;
    int64_t midnight = zone_instant(zone, (today + 1) * DAY_MS, false);
    if (midnight > to_at || last <= today)
        midnight = to_at;
    for (int64_t at = from_at; at < midnight;) {
        int64_t end_at = hour_end(zone, at);
        if (end_at > midnight)
            end_at = midnight;
        add_part(v, place_of(zone, at), (double)(end_at - at) / HOUR_MS, &sum);
        at = end_at;
    }
    if (last > today)
        add_days(v, civil_weekday(today + 1), last - today, &sum);
    *expected = sum.known + sum.unseen * per_hour;
    return sum.unseen <= 0 || per_hour > 0;
}

int64_t volume_reaches(const struct volume *v, const struct zone *zone, int64_t from_at,
                       int64_t to_at, double per_hour, double count) {
    for (int64_t at = from_at; at < to_at;) {
        int64_t end_at = hour_end(zone, at);
        if (end_at > to_at)
            end_at = to_at;
        struct sum sum = {0};
        add_part(v, place_of(zone, at), (double)(end_at - at) / HOUR_MS, &sum);
        double comes = sum.known + sum.unseen * per_hour;
        if (comes >= count && comes > 0)
            return at + (int64_t)((double)(end_at - at) * count / comes);
        count -= comes;
        at = end_at;
    }
    return to_at;
}

void volume_save(const struct volume *v, struct buf *b) {
    buf_put_zigzag(b, v->learned_at);
    for (unsigned d = 0; d < VOLUME_DAYS; d++) {
        for (unsigned h = 0; h < VOLUME_HOURS; h++) {
            buf_put_u8(b, v->slots[d][h].weeks);
            if (v->slots[d][h].weeks > 0)
                buf_put_varint(b, (uint64_t)v->slots[d][h].mean);
        }
    }
}

void volume_load(struct volume *v, struct cursor *c) {
    *v = (struct volume){.learned_at = cursor_zigzag(c)};
    if (v->learned_at != INSTANT_NONE &&
        (v->learned_at < -2 * DAY_MS || v->learned_at > EVENT_CLOCK_MAX))
        cursor_fail(c);
    for (unsigned d = 0; d < VOLUME_DAYS; d++) {
        for (unsigned h = 0; h < VOLUME_HOURS; h++) {
            struct volume_slot *slot = &v->slots[d][h];
            slot->weeks = cursor_u8(c);
            if (slot->weeks > VOLUME_WEEKS_MAX)
                cursor_fail(c);
            if (slot->weeks > 0)
                slot->mean = (int64_t)cursor_varint(c);
            if (slot->mean < 0)
                cursor_fail(c);
            v->totals[d] += slot->mean;
            v->unseen[d] = (uint8_t)(v->unseen[d] + (slot->weeks == 0));
        }
    }
}
