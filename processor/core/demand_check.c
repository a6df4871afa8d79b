#include "core/demand_check.h"

#include <math.h>

#include "core/cusum.h"
#include "core/negbin.h"

/* False alarms of one scope and day at most, whatever the budget: with few scopes thresholds would
 * else be so low that the busiest hour of an ordinary week is an alert. */
#define SHARE_MOST 0.1
#define DROP_PART 0.1 /* of the budget */
#define RAISED 1.5    /* the rise that a ramp is looked for by */
#define FAR_SD 2.5    /* nothing nearer to the mean is unusual, at any budget */
#define MEAN_LEAST 0.1
/* Forecasts that are off by more than two fifths, and by more than the weeks, are nobody's plan. */
#define UNFIT_CV2 0.16
#define PLANNED_LEAST 0.5 /* contacts: where none is planned one is no wonder */
/* A shorter window takes its part of an interval by length. So long demand may be taken for even;
 * an hour in which a queue opens, or a day with its night, may not. */
#define EVEN_MS (30 * MINUTE_MS)

/* Checks each 10 s look at nearly the same events as the one before: a window has only so many
 * independent chances of a false alarm in its own length. More when counts vary by chance alone.
 * Measured once, over seeds and kinds of variation: docs/decisions/2026-11-23-demand.md. */
#define CHANCES_RATE 0.9
#define CHANCES_CHANCE 1.8
#define RAMP_CHANCES 0.015 /* per quarter of an hour, at evidence e: e^-evidence times this */

#define DAY_CHANCES 3.0 /* a day is looked at 88 times, but it is one */

double demand_check_share(const struct demand_rule *rule, size_t scopes) {
    return fmin(rule->false_alarms_per_day / (double)(scopes > 0 ? scopes : 1), SHARE_MOST);
}

static double spike_share(const struct demand_rule *rule, size_t scopes) {
    double checks = (double)rule->window_count + 2; /* the ramp, the day */
    return demand_check_share(rule, scopes) * (1 - DROP_PART) / checks;
}

double demand_check_alpha(const struct demand_rule *rule, size_t scopes, int64_t window_ms) {
    double windows = (double)DAY_MS / (double)window_ms;
    return spike_share(rule, scopes) / (windows * CHANCES_RATE);
}

/* By how much of the variance is chance. */
static double chances_of(const struct expectation *e) {
    return CHANCES_RATE + CHANCES_CHANCE / (1 + e->mean / e->size);
}

static double spike_alpha(const struct demand_look *look, int64_t window_ms,
                          const struct expectation *e) {
    double windows = (double)DAY_MS / (double)window_ms;
    return spike_share(look->rule, look->scopes) / (windows * chances_of(e));
}

static double drop_alpha(const struct demand_look *look, int64_t window_ms,
                         const struct expectation *e) {
    double share = demand_check_share(look->rule, look->scopes) * DROP_PART;
    double windows = (double)DAY_MS / (double)window_ms * (double)look->rule->window_count;
    return share / (windows * chances_of(e));
}

/* Within what errors are known of, arrivals vary as they have done. */
static bool planned(const struct demand_look *look, const struct baseline *b, int64_t from_at,
                    int64_t to_at, struct expectation *e) {
    const struct demand_plan *plan = &look->source->plan;
    struct forecast_view v;
    struct expectation weeks;
    if (!plan->series ||
        !forecast_miss_expect(plan->miss, plan->series, from_at, to_at, look->step_at, &v))
        return false;
    if (v.longest_ms > EVEN_MS && v.longest_ms > to_at - from_at)
        return false;
    double within = dispersion_cv2(&b->dispersion, to_at - from_at) -
                    dispersion_cv2(&b->dispersion, v.learned_ms);
    double cv2 = v.cv2 + fmax(within, 0);
    if (cv2 > UNFIT_CV2 && baseline_expect(b, &look->contract->zone, from_at, to_at, &weeks) &&
        weeks.kind == BASELINE_WEEKS && cv2 * weeks.size > 1)
        return false;
    *e = (struct expectation){
        .mean = fmax(v.mean, PLANNED_LEAST), .size = 1 / cv2, .kind = BASELINE_PLAN};
    return true;
}

static bool expect(const struct demand_look *look, const struct baseline *b, struct finding *f) {
    const struct demand_rule *rule = look->rule;
    f->from_contract = false;
    if (planned(look, b, f->from_at, f->to_at, &f->expected))
        return true;
    bool known = baseline_expect(b, &look->contract->zone, f->from_at, f->to_at, &f->expected);
    if (known && f->expected.kind == BASELINE_WEEKS)
        return true;
    if (rule->expected_per_ms <= 0 || rule->expected_volume <= 0)
        return known;
    f->from_contract = true;
    f->expected = baseline_flat(rule->expected_volume, rule->expected_per_ms,
                                f->to_at - f->from_at);
    return true;
}

static void weigh_many(const struct demand_look *look, struct finding *f, double excess,
                       double far) {
    bool enough = excess >= (double)look->rule->min_excess && excess > far;
    if (!enough && !look->exact)
        return;
    f->p = negbin_upper(f->expected.mean, f->expected.size, f->count);
    f->spike = enough && f->p < spike_alpha(look, f->to_at - f->from_at, &f->expected);
}

static void weigh_few(const struct demand_look *look, struct finding *f, double lack, double far) {
    bool plan = f->expected.kind == BASELINE_PLAN; /* of holidays planners know */
    bool weeks = f->expected.kind == BASELINE_WEEKS && !f->from_contract;
    bool judged = look->drops && f->from_at >= look->counted_from && (plan || weeks);
    bool enough = judged && lack >= (double)look->rule->min_excess && lack > far;
    if (!enough && !look->exact)
        return;
    f->p = negbin_lower(f->expected.mean, f->expected.size, f->count);
    f->drop = enough && f->p < drop_alpha(look, f->to_at - f->from_at, &f->expected) &&
              (plan || !contract_is_holiday(look->contract, f->to_at - 1));
}

void demand_check_window(const struct demand_look *look, const struct baseline *b, size_t index,
                         struct finding *f) {
    *f = (struct finding){
        .from_at = look->step_at - look->rule->windows_ms[index], .to_at = look->step_at, .p = 1};
    f->known = expect(look, b, f);
    if (!f->known)
        return;
    f->count = look->source->count(look->source->context, f->from_at, f->to_at);
    double mean = f->expected.mean;
    double excess = (double)f->count - mean;
    double far = FAR_SD * sqrt(mean + mean * mean / f->expected.size);
    if (excess > 0)
        weigh_many(look, f, excess, far);
    else
        weigh_few(look, f, -excess, far);
}

double demand_check_spike_from(const struct demand_look *look, size_t index,
                               const struct finding *f) {
    double least = ceil(f->expected.mean + (double)look->rule->min_excess);
    if (index == DEMAND_RAMP)
        return least;
    double alpha = index == DEMAND_DAY ? spike_share(look->rule, look->scopes) / DAY_CHANCES
                                       : spike_alpha(look, f->to_at - f->from_at, &f->expected);
    return fmax((double)negbin_high(f->expected.mean, f->expected.size, alpha), least);
}

double demand_check_drop_to(const struct demand_look *look, const struct finding *f) {
    double alpha = drop_alpha(look, f->to_at - f->from_at, &f->expected);
    double most = floor(f->expected.mean - (double)look->rule->min_excess);
    return fmin((double)negbin_low(f->expected.mean, f->expected.size, alpha), most);
}

void demand_ramp_init(struct demand_ramp *ramp) {
    *ramp = (struct demand_ramp){.since_at = INSTANT_NONE, .judged_at = INSTANT_NONE};
}

/* The quarter that ended at the step. */
static void add_quarter(const struct demand_look *look, const struct baseline *b,
                        struct demand_ramp *ramp) {
    struct expectation e;
    int64_t from_at = look->step_at - BASELINE_SLOT_MS;
    if (planned(look, b, from_at, look->step_at, &e) ||
        !baseline_expect(b, &look->contract->zone, from_at, look->step_at, &e) ||
        e.kind != BASELINE_WEEKS || e.mean < MEAN_LEAST) {
        demand_ramp_init(ramp);
        return;
    }
    double cv2 = dispersion_independent_cv2(&b->dispersion);
    double doubt = (e.mean + e.mean * e.mean * cv2) / e.weeks;
    double size = e.mean * e.mean / (e.mean * e.mean * cv2 + doubt);
    double count = (double)look->source->count(look->source->context, from_at, look->step_at);
    struct cusum test = cusum_of(e.mean, RAISED * e.mean, size);
    double before = ramp->evidence;
    ramp->evidence = test.slope * cusum_step(before / test.slope, count, test.reference);
    ramp->rising = ramp->evidence > before;
    if (ramp->evidence <= 0) {
        demand_ramp_init(ramp);
        return;
    }
    if (ramp->since_at == INSTANT_NONE)
        ramp->since_at = from_at;
    ramp->count += count;
    ramp->mean += e.mean;
    ramp->judged_at = look->step_at;
}

void demand_check_ramp(const struct demand_look *look, const struct baseline *b,
                       struct demand_ramp *ramp, struct finding *f) {
    if (look->step_at % BASELINE_SLOT_MS == 0)
        add_quarter(look, b, ramp);
    *f = (struct finding){.p = 1};
    if (ramp->since_at == INSTANT_NONE || !ramp->rising)
        return;
    f->known = true;
    f->from_at = ramp->since_at;
    f->to_at = ramp->judged_at;
    f->count = (int64_t)ramp->count;
    f->expected = (struct expectation){.mean = ramp->mean, .size = NEGBIN_POISSON};
    double quarters = (double)DAY_MS / (double)BASELINE_SLOT_MS;
    double share = spike_share(look->rule, look->scopes) / quarters;
    f->p = RAMP_CHANCES * exp(-ramp->evidence);
    f->spike = f->p < share && ramp->count - ramp->mean >= (double)look->rule->min_excess;
    f->p = fmin(f->p, 1);
}

void demand_check_day(const struct demand_look *look, const struct baseline *b,
                      struct demand_day *day, struct finding *f) {
    *f = (struct finding){.p = 1};
    if (look->step_at % BASELINE_SLOT_MS == 0) {
        int64_t from_at = look->step_at - BASELINE_SLOT_MS;
        int64_t count = look->source->count(look->source->context, from_at, look->step_at);
        struct expectation plan;
        bool usual = look->drops && !contract_is_holiday(look->contract, from_at) &&
                     !planned(look, b, from_at, look->step_at, &plan);
        demand_day_add(day, b, &look->contract->zone, look->step_at, count, usual);
    }
    f->known = demand_day_expect(day, b, &f->expected);
    if (!f->known)
        return;
    f->from_at = day->since_at;
    f->to_at = day->judged_at;
    f->count = (int64_t)day->count;
    double mean = f->expected.mean;
    double excess = day->spread - mean;
    if (excess < (double)look->rule->min_excess ||
        excess < FAR_SD * sqrt(mean + mean * mean / f->expected.size))
        return;
    f->p = negbin_upper(mean, f->expected.size, (int64_t)day->spread);
    f->spike = f->p * DAY_CHANCES < spike_share(look->rule, look->scopes);
}
