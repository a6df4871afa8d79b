/* The fields of the Alert record, in its order: writer, reader and JSON follow this table. */
#pragma once

#include "core/alert.h"

/* An alert and what is only known when it is written. */
struct alert_record {
    struct alert alert;
    int64_t emitted_at; /* wall time */
};

/* X(kind, field, member): OPTIONAL_ is ["null", T]. */
#define ALERT_FIELDS(X)                                                                            \
    X(TEXT, alert_id, alert.alert_id)                                                              \
    X(TEXT, alert_key, alert.alert_key)                                                            \
    X(INT, seq, alert.seq)                                                                         \
    X(TRANSITION, transition, alert.transition)                                                    \
    X(KIND, kind, alert.kind)                                                                      \
    X(SEVERITY, severity, alert.severity)                                                          \
    X(TEXT, tenant_id, alert.tenant)                                                               \
    X(OPTIONAL_TEXT, vendor_id, alert.vendor)                                                      \
    X(OPTIONAL_TEXT, site_id, alert.site)                                                          \
    X(OPTIONAL_TEXT, queue_id, alert.queue)                                                        \
    X(OPTIONAL_TEXT, channel, alert.channel)                                                       \
    X(OPTIONAL_TEXT, priority, alert.priority)                                                     \
    X(OPTIONAL_TEXT, agent_id, alert.agent)                                                        \
    X(OPTIONAL_TEXT, interaction_id, alert.interaction_id)                                         \
    X(OPTIONAL_TEXT, customer_key, alert.customer_key)                                             \
    X(TEXT, rule, alert.rule)                                                                      \
    X(TEXT, contract, alert.contract)                                                              \
    X(INT, contract_version, alert.contract_version)                                               \
    X(TEXT, formula, alert.formula)                                                                \
    X(LONG, condition_at, alert.condition_at)                                                      \
    X(LONG, opened_at, alert.opened_at)                                                            \
    X(LONG, emitted_at, emitted_at)                                                                \
    X(OPTIONAL_LONG, resolved_at, alert.resolved_at)                                               \
    X(OPTIONAL_LONG, deadline_at, alert.deadline_at)                                               \
    X(OPTIONAL_LONG, window_start_at, alert.window_start_at)                                       \
    X(OPTIONAL_LONG, window_end_at, alert.window_end_at)                                           \
    X(OPTIONAL_DOUBLE, observed, alert.observed)                                                   \
    X(OPTIONAL_DOUBLE, threshold, alert.threshold)                                                 \
    X(OPTIONAL_DOUBLE, baseline, alert.baseline)                                                   \
    X(UNIT, unit, alert.unit)                                                                      \
    X(OPTIONAL_LONG, numerator, alert.numerator)                                                   \
    X(OPTIONAL_LONG, denominator, alert.denominator)                                               \
    X(OPTIONAL_LONG, sample, alert.sample)                                                         \
    X(OPTIONAL_DOUBLE, p_value, alert.p_value)                                                     \
    X(OPTIONAL_DOUBLE, low, alert.low)                                                             \
    X(OPTIONAL_DOUBLE, high, alert.high)                                                           \
    X(OPTIONAL_LONG, remaining_ms, alert.remaining_ms)                                             \
    X(INT, tier, alert.tier)                                                                       \
    X(OPTIONAL_TEXT, contact_role, alert.contact_role)                                             \
    X(OPTIONAL_TEXT, runbook, alert.runbook)                                                       \
    X(OPTIONAL_TEXT, outcome, alert.outcome)                                                       \
    X(OPTIONAL_TEXT, suppressed_by, alert.suppressed_by)                                           \
    X(CONTRIBUTORS, contributors, alert)                                                           \
    X(INTERACTIONS, interactions, alert)                                                           \
    X(INT, more, alert.more)                                                                       \
    X(DOUBLE, completeness, alert.completeness)                                                    \
    X(FLAG, late, alert.late)                                                                      \
    X(TEXT, summary, alert.summary)
