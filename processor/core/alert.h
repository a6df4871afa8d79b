/* One transition of an alert episode, as the Alert record of the contract. */
#pragma once

#include "core/event.h"

/* X(symbol, name): the orders are those of the Avro enums. */
#define ALERT_TRANSITIONS(X)                                                                       \
    X(UNKNOWN, "unknown") X(FIRING, "firing") X(UPDATED, "updated") X(ESCALATED, "escalated")      \
    X(ACKED, "acked") X(SILENCED, "silenced") X(SUPPRESSED, "suppressed")                          \
    X(RESOLVED, "resolved") X(EXPIRED, "expired") X(VOIDED, "voided")

/* X(symbol, name, topic) */
#define ALERT_KINDS(X)                                                                             \
    X(UNKNOWN, "unknown", OPERATIONS) X(ITEM_AT_RISK, "item_at_risk", SLA)                         \
    X(ITEM_BREACH, "item_breach", SLA) X(OBJECTIVE_AT_RISK, "objective_at_risk", SLA)              \
    X(OBJECTIVE_BREACH, "objective_breach", SLA)                                                   \
    X(OBJECTIVE_UNRECOVERABLE, "objective_unrecoverable", SLA)                                     \
    X(DEMAND_SPIKE, "demand_spike", DEMAND) X(DEMAND_DROP, "demand_drop", DEMAND)                  \
    X(FORECAST_MISS, "forecast_miss", DEMAND) X(STAFFING_GAP, "staffing_gap", DEMAND)              \
    X(BACKLOG_AGE, "backlog_age", SLA) X(QUALITY_DROP, "quality_drop", QUALITY)                    \
    X(CRITICAL_ERROR, "critical_error", QUALITY)                                                   \
    X(CALIBRATION_DRIFT, "calibration_drift", QUALITY) X(CSAT_DROP, "csat_drop", QUALITY)          \
    X(REPEAT_CONTACT, "repeat_contact", QUALITY) X(COACHING, "coaching", QUALITY)                  \
    X(TRAINING, "training", QUALITY) X(OUTREACH, "outreach", QUALITY)                              \
    X(ADHERENCE, "adherence", QUALITY) X(PILOT_GATE, "pilot_gate", OPERATIONS)                     \
    X(GOVERNANCE, "governance", OPERATIONS) X(SECURITY, "security", OPERATIONS)                    \
    X(FEED_SILENT, "feed_silent", OPERATIONS) X(FEED_SKEWED, "feed_skewed", OPERATIONS)            \
    X(DATA_GAP, "data_gap", OPERATIONS) X(DATA_QUALITY, "data_quality", OPERATIONS)                \
    X(CONFIG, "config", OPERATIONS)

#define ALERT_SEVERITIES(X)                                                                        \
    X(UNKNOWN, "unknown") X(INFO, "info") X(WARNING, "warning") X(MAJOR, "major")                  \
    X(CRITICAL, "critical")

#define ALERT_UNITS(X)                                                                             \
    X(UNKNOWN, "unknown") X(RATIO, "ratio") X(COUNT, "count") X(MILLIS, "millis")                  \
    X(SCORE, "score") X(FTE, "fte") X(MONEY, "money")

enum alert_topic {
    ALERT_TOPIC_SLA,
    ALERT_TOPIC_DEMAND,
    ALERT_TOPIC_QUALITY,
    ALERT_TOPIC_OPERATIONS,
    ALERT_TOPIC_COUNT
};

#define TRANSITION_ENUM(symbol, name) TRANSITION_##symbol,
#define ALERT_KIND_ENUM(symbol, name, topic) ALERT_##symbol,
#define SEVERITY_ENUM(symbol, name) SEVERITY_##symbol,
#define UNIT_ENUM(symbol, name) UNIT_##symbol,
enum transition { ALERT_TRANSITIONS(TRANSITION_ENUM) TRANSITION_COUNT };
enum alert_kind { ALERT_KINDS(ALERT_KIND_ENUM) ALERT_KIND_COUNT };
enum severity { ALERT_SEVERITIES(SEVERITY_ENUM) SEVERITY_COUNT };
enum unit { ALERT_UNITS(UNIT_ENUM) UNIT_KIND_COUNT };

const char *transition_name(enum transition t);
const char *alert_kind_name(enum alert_kind k);
const char *severity_name(enum severity s);
const char *unit_name(enum unit u);
enum alert_topic alert_kind_topic(enum alert_kind k);

#define ALERT_LONG_NONE INT64_MIN           /* null */
#define ALERT_DOUBLE_NONE __builtin_nan("") /* null */
#define ALERT_INTERACTIONS_MAX 10
#define ALERT_CONTRIBUTORS_MAX 8

struct alert_contributor {
    struct slice dimension, value;
    double share;
};

/* All slices are views that live as long as the call that hands the alert over. An empty slice in
 * a nullable field is null. */
struct alert {
    struct slice alert_id, alert_key;
    int32_t seq; /* 1 .. within the episode, no gaps */
    enum transition transition;
    enum alert_kind kind;
    enum severity severity;
    struct slice tenant;
    struct slice vendor, site, queue, channel, priority, agent; /* what the scope fixes */
    struct slice interaction_id, customer_key;
    struct slice rule, contract, formula;
    int32_t contract_version;
    int64_t condition_at, opened_at;
    int64_t resolved_at, deadline_at, window_start_at, window_end_at; /* ALERT_LONG_NONE */
    double observed, threshold, baseline;                             /* NaN: null */
    enum unit unit;
    int64_t numerator, denominator, sample; /* ALERT_LONG_NONE */
    double p_value, low, high;              /* NaN: null */
    int64_t remaining_ms;                   /* ALERT_LONG_NONE */
    int32_t tier;
    struct slice contact_role, runbook, outcome, suppressed_by;
    struct alert_contributor contributors[ALERT_CONTRIBUTORS_MAX];
    size_t contributor_count;
    struct slice interactions[ALERT_INTERACTIONS_MAX];
    size_t interaction_count;
    int32_t more;
    double completeness;
    bool late;
    struct slice summary;
};
