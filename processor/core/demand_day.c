#include "core/demand_day.h"

#include <math.h>

#define DAYS_MIN 6.5           /* that have to be known before one is judged: seven, faded a bit */
#define BEGUN_MS (2 * HOUR_MS) /* less of a day is no day */
#define KEPT (1 - 1.0 / 56)    /* fade over eight weeks */
#define PRIOR_CV2 0.01
#define PRIOR_DAYS 4.0
#define SAFE 1.0       /* standard errors: few days have been seen */
#define CLIP 3.0       /* standard deviations */
#define MOST 1e18      /* of any figure that is loaded */
#define LEVEL_MOST 2.0 /* times as many, or as few: no day's level, but a holiday */

void demand_day_init(struct demand_day *d) {
    *d = (struct demand_day){
        .day_at = INSTANT_NONE, .since_at = INSTANT_NONE, .judged_at = INSTANT_NONE};
}

/* Days weigh by what they bring: closed ones tell nothing. */
static double own_cv2(const struct demand_day *d) {
    double own = d->squares > 0 ? fmax(d->excess, 0) / d->squares : 0;
    return (own * d->samples + PRIOR_CV2 * PRIOR_DAYS) / (d->samples + PRIOR_DAYS);
}

static void learn(struct demand_day *d) {
    if (d->count > d->mean * LEVEL_MOST || d->count < d->mean / LEVEL_MOST)
        return;
    double doubt = 1 + 1 / d->weeks;
    double most = CLIP * sqrt((d->mean + d->mean * d->mean * own_cv2(d)) * doubt);
    double apart = fmin(fmax(d->count - d->mean, -most), most);
    d->excess = d->excess * KEPT + apart * apart / doubt - d->mean;
    d->squares = d->squares * KEPT + d->mean * d->mean;
    d->samples = d->samples * KEPT + 1;
}

static void begin(struct demand_day *d, int64_t day_at, int64_t from_at) {
    int64_t length_ms = from_at - d->since_at;
    if (d->day_at != INSTANT_NONE && d->whole && length_ms >= DAY_MS - HOUR_MS && d->mean >= 1)
        learn(d);
    d->whole = d->day_at != INSTANT_NONE && d->judged_at == from_at;
    d->day_at = day_at;
    d->since_at = from_at;
    d->count = d->spread = d->mean = d->weeks = 0;
}

void demand_day_add(struct demand_day *d, const struct baseline *b, const struct zone *zone,
                    int64_t to_at, int64_t count, bool heard) {
    int64_t from_at = to_at - BASELINE_SLOT_MS;
    int64_t local = from_at + zone_offset_ms(zone, from_at);
    int64_t day_at = instant_floor(local, DAY_MS);
    struct expectation usual;
    if (day_at != d->day_at)
        begin(d, day_at, from_at);
    d->whole = d->whole && heard && baseline_usual(b, zone, from_at, to_at, &usual);
    d->judged_at = to_at;
    if (!d->whole)
        return;
    double mean = d->mean + usual.mean;
    if (mean > 0)
        d->weeks = (d->weeks * d->mean + usual.weeks * usual.mean) / mean;
    double cv2 = dispersion_cv2(&b->dispersion, BASELINE_SLOT_MS);
    double sd = sqrt(usual.mean + usual.mean * usual.mean * cv2);
    d->count += (double)count;
    d->spread += fmin((double)count, usual.mean + fmax(usual.mean, CLIP * sd));
    d->mean = mean;
}

bool demand_day_expect(const struct demand_day *d, const struct baseline *b,
                       struct expectation *e) {
    if (!d->whole || d->samples < DAYS_MIN || d->mean < 1 || d->judged_at - d->since_at < BEGUN_MS)
        return false;
    double days = own_cv2(d) * (1 + SAFE * sqrt(2 / (d->samples + PRIOR_DAYS)));
    double hours = dispersion_cv2(&b->dispersion, d->judged_at - d->since_at) -
                   dispersion_cv2(&b->dispersion, DAY_MS);
    double cv2 = days * (1 + 1 / d->weeks) + fmax(hours, 0);
    *e = (struct expectation){
        .mean = d->mean, .size = 1 / cv2, .weeks = d->weeks, .kind = BASELINE_WEEKS};
    return true;
}

void demand_day_save(const struct demand_day *d, struct buf *b) {
    buf_put_zigzag(b, d->day_at);
    buf_put_zigzag(b, d->since_at);
    buf_put_zigzag(b, d->judged_at);
    buf_put_double(b, d->count);
    buf_put_double(b, d->spread);
    buf_put_double(b, d->mean);
    buf_put_double(b, d->weeks);
    buf_put_u8(b, d->whole);
    buf_put_double(b, d->excess);
    buf_put_double(b, d->squares);
    buf_put_double(b, d->samples);
}

/* False for what is no number. */
static bool is_figure(double value) {
    return value >= 0 && value < MOST;
}

static bool is_sound(const struct demand_day *d) {
    return is_figure(d->count) && is_figure(d->spread) && is_figure(d->mean) &&
           is_figure(d->weeks) && is_figure(fabs(d->excess)) && is_figure(d->squares) &&
           is_figure(d->samples);
}

void demand_day_load(struct demand_day *d, struct cursor *c) {
    d->day_at = cursor_zigzag(c);
    d->since_at = cursor_zigzag(c);
    d->judged_at = cursor_zigzag(c);
    d->count = cursor_double(c);
    d->spread = cursor_double(c);
    d->mean = cursor_double(c);
    d->weeks = cursor_double(c);
    d->whole = cursor_u8(c) != 0;
    d->excess = cursor_double(c);
    d->squares = cursor_double(c);
    d->samples = cursor_double(c);
    if (!is_sound(d))
        cursor_fail(c);
}
