/* One SLA clock of one interaction: accumulated milliseconds, running or not, since when. The
 * deadline is derived, never stored (domain.md 6, trap 1). Time counts while the rule's calendar
 * is open. `rule` is always the one at the clock's index. */
#pragma once

#include "core/contract.h"

#define CLOCK_NO_RULE UINT16_MAX

/* Its index in the contract; of NULL CLOCK_NO_RULE. */
static inline uint16_t clock_rule_place(const struct contract *c, const struct clock_rule *rule) {
    return rule ? (uint16_t)(rule - c->clocks) : CLOCK_NO_RULE;
}

/* X(symbol, name) */
#define CLOCK_STATES(X) X(OFF, "off") X(RUNNING, "running") X(PAUSED, "paused") X(ENDED, "ended")
#define CLOCK_STATE_ENUM(symbol, name) CLOCK_##symbol,
enum clock_state { CLOCK_STATES(CLOCK_STATE_ENUM) CLOCK_STATE_COUNT };

struct clock {
    int64_t started_at; /* of this cycle */
    int64_t since_at;   /* running since; while RUNNING only */
    int64_t elapsed_ms; /* accumulated before since_at */
    int64_t risk_at;    /* INSTANT_NONE: no warning was told; else the first one's instant */
    int64_t breach_at;  /* INSTANT_NONE: in time so far */
    uint32_t instance;  /* 1 .. */
    uint16_t rule;      /* index in the contract's clocks */
    uint8_t state;      /* enum clock_state */
    uint8_t warned;     /* warnings that have passed; CLOCK_SILENT */
};

/* No rule measures it at present, but one could at another priority or in another queue: it runs
 * by such a rule, tells nothing, and knows what has elapsed when its rule comes. */
#define CLOCK_SILENT UINT8_MAX
static inline bool clock_is_silent(const struct clock *c) {
    return c->warned == CLOCK_SILENT;
}
static inline bool clock_told_breach(const struct clock *c) {
    return c->breach_at != INSTANT_NONE && c->breach_at >= c->started_at;
}
static inline bool clock_is_on(const struct clock *c) {
    return c->state == CLOCK_RUNNING || c->state == CLOCK_PAUSED;
}

/* From here on it is silent; what it told is for the caller to take back. */
void clock_hush(struct clock *c);

/* Off, but the number of its last cycle is known. */
void clock_forget(struct clock *c);

void clock_begin(struct clock *c, uint16_t rule, int64_t at, uint32_t instance);
void clock_pause(struct clock *c, const struct clock_rule *rule, int64_t at); /* while it runs */
void clock_resume(struct clock *c, int64_t at); /* no effect unless paused */

/* Stands from `at` on; keeps what it has accumulated. */
void clock_end(struct clock *c, const struct clock_rule *rule, int64_t at);

/* A new cycle of an ended clock that goes on with what it had accumulated. It stays breached where
 * it was, but has not told so. */
void clock_continue(struct clock *c, int64_t at);

/* Another rule from `at` on, with the time that would have elapsed under it; what was told is
 * forgotten, and it is silent no more. A clock that has been paused keeps what it had: its pauses
 * are not remembered one by one. */
void clock_retarget(struct clock *c, const struct clock_rule *from, const struct clock_rule *to,
                    uint16_t rule, int64_t at);

/* The target of a clock that started then: open time, a duration that no pause changes. */
int64_t clock_target_ms(const struct clock_rule *rule, int64_t started_at);

/* Both have the same target and warnings. */
bool clock_same_terms(const struct clock_rule *a, const struct clock_rule *b);

int64_t clock_elapsed_ms(const struct clock *c, const struct clock_rule *rule, int64_t at);

/* When the target is reached if nothing pauses the clock; INSTANT_MAX when it stands, or when the
 * calendar is never open again. */
int64_t clock_deadline_at(const struct clock *c, const struct clock_rule *rule);

/* The next warning or the deadline, not before the clock last began to run; INSTANT_MAX: none, as
 * of one that is silent. */
int64_t clock_next_at(const struct clock *c, const struct clock_rule *rule);

/* Passes every warning up to `at`; true when there was one. */
bool clock_pass_warnings(struct clock *c, const struct clock_rule *rule, int64_t at);
