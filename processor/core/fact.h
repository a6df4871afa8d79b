/* What a source task knows of one clock of one interaction, told to the tenant task. */
#pragma once

#include "core/alert.h"

/* X(symbol, name, meaning) */
#define FACT_KINDS(X)                                                                              \
    X(AT_RISK, "at_risk", "a warning passed; a later warning replaces an earlier one")             \
    X(BREACHED, "breached", "the deadline passed")                                                 \
    X(ENDED, "ended", "the clock ended: answered, replied to, abandoned, resolved")                \
    X(VOIDED, "voided", "the clock no longer counts, or what was said never was")                  \
    X(REPLACED, "replaced", "a change of the contract: from here on another rule measures")

#define FACT_ENUM(symbol, name, meaning) FACT_##symbol,
enum fact_kind { FACT_KINDS(FACT_ENUM) FACT_KIND_COUNT };

/* X(symbol, name): the SLA clocks of one interaction. */
#define CLOCK_KINDS(X)                                                                             \
    X(SPEED_OF_ANSWER, "speed_of_answer") X(FIRST_REPLY, "first_reply")                            \
    X(NEXT_REPLY, "next_reply") X(PERIODIC_UPDATE, "periodic_update")                              \
    X(RESOLUTION, "resolution") X(REQUESTER_WAIT, "requester_wait")                                \
    X(AGENT_WORK, "agent_work")

#define CLOCK_KIND_ENUM(symbol, name) CLOCK_##symbol,
enum clock_kind { CLOCK_KINDS(CLOCK_KIND_ENUM) CLOCK_KIND_COUNT };

const char *clock_kind_name(enum clock_kind k);
const char *fact_kind_name(enum fact_kind k);

/* Facts about one (interaction, rule, instance) come in the order in which they became true.
 * AT_RISK and BREACHED open, ENDED and REPLACED close both, VOIDED says that AT_RISK and BREACHED
 * (as `voided_kind` tells) no longer hold and never did. */
struct fact {
    uint32_t leaf; /* scope of the visit, or of the interaction at CREATED */
    struct slice interaction_id;
    struct slice rule;     /* name of the clock in the contract */
    struct slice contract; /* name */
    int32_t contract_version;
    enum clock_kind clock;
    uint32_t instance; /* 1 .. : the visit or cycle that the clock measures */
    enum fact_kind kind;
    enum fact_kind voided_kind; /* with VOIDED: FACT_AT_RISK or FACT_BREACHED */
    int64_t at;                 /* warning, deadline, end: when it became true */
    int64_t opened_at;          /* when the clock started */
    int64_t deadline_at;
    int64_t target_ms;
    int64_t elapsed_ms; /* on the clock at `at` */
};
