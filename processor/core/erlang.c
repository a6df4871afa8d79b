#include "core/erlang.h"

#include <math.h>

#include "base/check.h"

#define TERM_LEAST 1e-18 /* of the sum: what follows changes nothing */

/* Who finds n before him in a queue of impatient callers waits for n + 1 of agents and givers-up:
 * times with the rates theta * (c + i), i = 0 .. n. With a = lambda/theta, c = N*mu/theta the
 * stationary probability of that state is P(queue begins) * a^n / ((c+1) ... (c+n)). Everything
 * asked is a sum over such terms. */
struct terms {
    double log_scale; /* each sum is times exp of this */
    double all;       /* of the terms */
    double lost;      /* of terms times the probability that the caller gives up */
    double waited;    /* of terms times the wait of those who do not, in 1/theta */
};

/* The derivative of lgamma, for x > 0: the recurrence, then the asymptotic series. */
static double digamma(double x) {
    double sum = 0;
    while (x < 12) {
        sum -= 1 / x;
        x++;
    }
    double square = 1 / (x * x);
    double series = 1.0 / 252 - square * (1.0 / 240 - square / 132);
    series = 1.0 / 12 - square * (1.0 / 120 - square * series);
    return sum + log(x) - 0.5 / x - square * series;
}

static double log_gamma(double x) {
    int sign;
    return lgamma_r(x, &sign); /* lgamma writes a global */
}

static void add_term(struct terms *s, double c, double n, double term, double sojourn) {
    double gives_up = (n + 1) / (c + n + 1);
    s->all += term;
    s->lost += term * gives_up;
    s->waited += term * (1 - gives_up) * sojourn;
}

/* Sums outwards from the largest term, so that neither the number of terms nor their size grows
 * with the load. */
static struct terms terms_of(double a, double c) {
    double most = a > c ? floor(a - c) : 0;
    double middle = most > 0 ? digamma(c + most + 2) - digamma(c + 1) : 1 / (c + 1);
    struct terms s = {0};
    if (most > 0)
        s.log_scale = most * log(a) - (log_gamma(c + 1 + most) - log_gamma(c + 1));
    double n = most, term = 1, sojourn = middle;
    while (term > TERM_LEAST * s.all) {
        add_term(&s, c, n, term, sojourn);
        n++;
        term *= a / (c + n);
        sojourn += 1 / (c + n + 1);
    }
    n = most;
    term = 1;
    sojourn = middle;
    while (n > 0 && term > TERM_LEAST * s.all) {
        sojourn -= 1 / (c + n + 1);
        term *= (c + n) / a;
        n--;
        add_term(&s, c, n, term, sojourn);
    }
    return s;
}

double erlang_b(double offered, int64_t agents) {
    double blocked = 1;
    for (int64_t n = 1; n <= agents; n++)
        blocked = offered * blocked / ((double)n + offered * blocked);
    return blocked;
}

/* Nobody answers: everybody gives up in the end. */
static struct erlang_state unattended(const struct erlang_queue *q, double within_ms) {
    bool endless = isinf(q->patience_ms);
    return (struct erlang_state){.waits = 1,
                                 .still_waiting = endless ? 1 : exp(-within_ms / q->patience_ms),
                                 .abandons = endless ? 0 : 1,
                                 .wait_ms = q->patience_ms,
                                 .asa_ms = HUGE_VAL,
                                 .occupancy = 1};
}

static struct erlang_state patient(const struct erlang_queue *q, double agents, double blocked,
                                   double within_ms) {
    double spare = agents - q->offered;
    if (spare <= 0)
        return unattended(q, within_ms);
    double waits = blocked / (spare / agents + q->offered / agents * blocked);
    double still = waits * exp(-spare * within_ms / q->handle_ms);
    double wait_ms = waits * q->handle_ms / spare;
    return (struct erlang_state){.waits = waits,
                                 .within = 1 - still,
                                 .still_waiting = still,
                                 .wait_ms = wait_ms,
                                 .asa_ms = wait_ms,
                                 .occupancy = q->offered / agents};
}

/* Those still waiting at T: the same sums for a load that has shrunk to e^(-T/patience) of a. */
static struct erlang_state impatient(const struct erlang_queue *q, double agents, double blocked,
                                     double within_ms) {
    double patience_ms = fmin(q->patience_ms, ERLANG_PATIENCE_MOST * q->handle_ms);
    double a = q->offered * patience_ms / q->handle_ms;
    double c = agents * patience_ms / q->handle_ms;
    double past = within_ms / patience_ms;
    struct terms s = terms_of(a, c);
    struct terms late = terms_of(a * exp(-past), c);
    double waits = 1 / (1 + (1 - blocked) / blocked * exp(-s.log_scale) / s.all);
    double share = waits / s.all; /* of one term */
    double reaches = exp(-a * expm1(-past) - (c + 1) * past + late.log_scale - s.log_scale);
    double abandons = share * s.lost;
    double answered_late = share * reaches * (late.all - late.lost);
    return (struct erlang_state){
        .waits = waits,
        .within = fmax(1 - abandons - answered_late, 0),
        .still_waiting = share * reaches * late.all,
        .abandons = abandons,
        .wait_ms = abandons * patience_ms,
        .asa_ms = share * s.waited * patience_ms / (1 - abandons),
        .occupancy = q->offered * (1 - abandons) / agents,
    };
}

struct erlang_state erlang_state(const struct erlang_queue *q, int64_t agents, double within_ms) {
    CHECK(q->offered >= 0 && isfinite(q->offered) && q->handle_ms > 0 && q->patience_ms > 0);
    CHECK(agents >= 0 && agents <= ERLANG_AGENTS_MOST && within_ms >= 0);
    if (q->offered <= 0)
        return (struct erlang_state){.within = 1};
    double blocked = erlang_b(q->offered, agents);
    if (blocked <= 0)
        return (struct erlang_state){.within = 1, .occupancy = q->offered / (double)agents};
    if (agents == 0)
        return unattended(q, within_ms);
    if (isinf(q->patience_ms))
        return patient(q, (double)agents, blocked, within_ms);
    return impatient(q, (double)agents, blocked, within_ms);
}

int64_t erlang_agents(const struct erlang_queue *q, erlang_enough *enough, const void *goal) {
    int64_t below = -1, above = 1;
    while (!enough(q, above, goal)) {
        if (above == ERLANG_AGENTS_MOST)
            return -1;
        below = above;
        above = above * 2 < ERLANG_AGENTS_MOST ? above * 2 : ERLANG_AGENTS_MOST;
    }
    while (above - below > 1) {
        int64_t middle = below + (above - below) / 2;
        if (enough(q, middle, goal))
            above = middle;
        else
            below = middle;
    }
    return above;
}

int64_t erlang_scheduled(int64_t agents, double shrinkage) {
    CHECK(shrinkage >= 0 && shrinkage < 1);
    return (int64_t)ceil((double)agents / (1 - shrinkage) * (1 - 1e-12)); /* 14/0.7 is 20 */
}
