/* How a queue fares with so many agents, and how many it needs: Erlang B, C and A.
 *
 * A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in
 * automatic telephone exchanges" (1917) for B and C; C. Palm, "Methods of judging the annoyance
 * caused by congestion" (1953) for A, callers who give up: M/M/N+M, exact from its stationary law.
 *
 * Shares are good to 1e-11, and 1e-14 of how many arrive while one has patience: that is 1e-9 for
 * a thousand erlangs and a patience of a hundred handle times. Nothing overflows beyond. Time grows
 * with the agents, and with the root of that number. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ERLANG_ENDLESS __builtin_inf() /* the patience of callers who never give up: Erlang C */
#define ERLANG_AGENTS_MOST 100000
#define ERLANG_PATIENCE_MOST 1e6 /* handle times; a longer patience is taken as this one */

/* What comes to a queue. */
struct erlang_queue {
    double offered;     /* erlangs: arrivals per handle time; finite, 0 or more */
    double handle_ms;   /* above 0 */
    double patience_ms; /* above 0; the mean of when a caller who waits would give up */
};

/* Shares are of all arrivals. */
struct erlang_state {
    double waits;         /* not answered at once */
    double within;        /* answered after a wait of no more than within_ms */
    double still_waiting; /* neither answered nor given up at within_ms */
    double abandons;      /* given up */
    double wait_ms;       /* mean, of all arrivals; infinite where the queue has no end */
    double asa_ms;        /* mean, of those who are answered */
    double occupancy;     /* of an agent's time */
};

/* The share that is lost where nobody waits. agents and offered 0 or more. */
double erlang_b(double offered, int64_t agents);

/* The stationary law. agents in 0 .. ERLANG_AGENTS_MOST. Callers without end of patience and no
 * more agents than erlangs: the queue grows for ever, and nobody is answered in time. */
struct erlang_state erlang_state(const struct erlang_queue *queue, int64_t agents,
                                 double within_ms);

/* True where so many agents are enough; more of them must be, too. */
typedef bool erlang_enough(const struct erlang_queue *queue, int64_t agents, const void *goal);

/* The fewest agents that are enough; -1: not even ERLANG_AGENTS_MOST are. */
int64_t erlang_agents(const struct erlang_queue *queue, erlang_enough *enough, const void *goal);

/* How many have to be scheduled so that so many are there; shrinkage in [0, 1). */
int64_t erlang_scheduled(int64_t agents, double shrinkage);
