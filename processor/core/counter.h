/* The integers that panes hold. One row is a counter: codec, Redis, /metrics and docs follow. */
#pragma once

#include <stdint.h>

/* X(symbol, name, unit, meaning). Counts stand in the pane of their own event; the rows under
 * "arrival" are the same counts in the pane of the visit's QUEUED. Gauges are changes (+1, -1)
 * whose running sum over all panes is the gauge. These are what source tasks add up. */
#define SOURCE_COUNTERS(X)                                                                         \
    X(OFFERED, "offered", COUNT, "queue visits begun, inbound")                                    \
    X(ANSWERED, "answered", COUNT, "visits answered")                                              \
    X(WAIT_MS, "wait_ms", MILLIS, "wait of answered visits")                                       \
    X(ABANDONED, "abandoned", COUNT, "visits abandoned")                                           \
    X(ABANDONED_SHORT, "abandoned_short", COUNT, "abandoned with a wait below short_abandon")      \
    X(FLOWED_OUT, "flowed_out", COUNT, "visits that left for elsewhere")                           \
    X(CALLBACKS, "callbacks", COUNT, "visits exchanged for a callback")                            \
    X(HANDLED, "handled", COUNT, "agent legs ended")                                               \
    X(TALK_MS, "talk_ms", MILLIS, "talk of ended legs")                                            \
    X(HOLD_MS, "hold_ms", MILLIS, "hold of ended legs")                                            \
    X(WRAP_MS, "wrap_ms", MILLIS, "wrap of ended legs")                                            \
    X(TRANSFERRED, "transferred", COUNT, "legs ended by transfer")                                 \
    X(FIRST_REPLIES, "first_replies", COUNT, "interactions first replied to")                      \
    X(FIRST_REPLY_MS, "first_reply_ms", MILLIS, "time to the first reply")                         \
    X(NEXT_REPLIES, "next_replies", COUNT, "customer turns replied to")                            \
    X(NEXT_REPLY_MS, "next_reply_ms", MILLIS, "time to those replies")                             \
    X(RESOLVED, "resolved", COUNT, "times an interaction was resolved")                            \
    X(RESOLUTION_MS, "resolution_ms", MILLIS, "time from creation to each resolution")             \
    X(REOPENED, "reopened", COUNT, "times an interaction was reopened")                            \
    X(ITEMS_AT_RISK, "items_at_risk", COUNT, "clocks that reached their warning")                  \
    X(ITEMS_BREACHED, "items_breached", COUNT, "clocks that passed their deadline")                \
    X(CLOCKS_MET, "clocks_met", COUNT, "clocks ended in time")                                     \
    X(CLOCKS_MISSED, "clocks_missed", COUNT, "clocks ended too late")                              \
    X(WAITING_CHANGE, "waiting_change", COUNT, "gauge: visits waiting")                            \
    X(IN_SERVICE_CHANGE, "in_service_change", COUNT, "gauge: agent legs open, wrap included")      \
    X(BACKLOG_CHANGE, "backlog_change", COUNT, "gauge: interactions open")                         \
    X(ARR_ENDED, "arrival.ended", COUNT, "visits whose wait has ended")                            \
    X(ARR_ANSWERED, "arrival.answered", COUNT, "")                                                 \
    X(ARR_WAIT_MS, "arrival.wait_ms", MILLIS, "")                                                  \
    X(ARR_ABANDONED, "arrival.abandoned", COUNT, "")                                               \
    X(ARR_ABANDONED_SHORT, "arrival.abandoned_short", COUNT, "")                                   \
    X(ARR_FLOWED_OUT, "arrival.flowed_out", COUNT, "")                                             \
    X(ARR_CALLBACKS, "arrival.callbacks", COUNT, "")                                               \
    X(ARR_HANDLED, "arrival.handled", COUNT, "")                                                   \
    X(ARR_TALK_MS, "arrival.talk_ms", MILLIS, "")                                                  \
    X(ARR_HOLD_MS, "arrival.hold_ms", MILLIS, "")                                                  \
    X(ARR_WRAP_MS, "arrival.wrap_ms", MILLIS, "")                                                  \
    X(ARR_TRANSFERRED, "arrival.transferred", COUNT, "")

/* What only the tenant task can know, where interactions of several partitions meet. */
#define TENANT_COUNTERS(X)                                                                         \
    X(JOURNEYS, "journeys", COUNT, "journeys ended in which somebody waited or served")            \
    X(JOURNEYS_WAITED, "journeys_waited", COUNT, "of them, with a wait in a queue")                \
    X(JOURNEY_WAIT_MS, "journey_wait_ms", MILLIS, "all waits of those")                            \
    X(JOURNEYS_HANDLED, "journeys_handled", COUNT, "of them, with an agent's leg")                 \
    X(JOURNEY_HANDLE_MS, "journey_handle_ms", MILLIS, "talk, hold and wrap of all legs")           \
    X(JOURNEYS_TRANSFERRED, "journeys_transferred", COUNT, "of them, with a transfer")             \
    X(JOURNEY_TRANSFERS, "journey_transfers", COUNT, "all transfers of those")                     \
    X(JOURNEYS_RESOLVED, "journeys_resolved", COUNT, "of them, resolved at their end")             \
    X(JOURNEY_RESOLUTION_MS, "journey_resolution_ms", MILLIS, "from begin to the last RESOLVED")   \
    X(EFFORT_LEGS, "effort_legs", COUNT, "legs ended of agents who may have several at a time")    \
    X(EFFORT_SPAN_MS, "effort_span_ms", MILLIS, "from the begin to the end of those")              \
    X(EFFORT_MS, "effort_ms", MILLIS, "that time divided over what the agent had open")            \
    X(FORECAST_MISSED, "forecast.missed", COUNT, "thousandths: forecast less what came, no sign")  \
    X(FORECAST_BEYOND, "forecast.beyond", COUNT, "thousandths: forecast less what came")           \
    X(FORECAST_CAME, "forecast.came", COUNT, "visits that came where there was a forecast")        \
    X(FORECAST_1D_MISSED, "forecast.lead_1d.missed", COUNT, "the same a day before")               \
    X(FORECAST_1D_BEYOND, "forecast.lead_1d.beyond", COUNT, "")                                    \
    X(FORECAST_1D_CAME, "forecast.lead_1d.came", COUNT, "")                                        \
    X(FORECAST_7D_MISSED, "forecast.lead_7d.missed", COUNT, "the same a week before")              \
    X(FORECAST_7D_BEYOND, "forecast.lead_7d.beyond", COUNT, "")                                    \
    X(FORECAST_7D_CAME, "forecast.lead_7d.came", COUNT, "")

#define COUNTERS(X) SOURCE_COUNTERS(X) TENANT_COUNTERS(X)

#define COUNTER_ENUM(symbol, name, unit, meaning) COUNTER_##symbol,
enum counter { COUNTERS(COUNTER_ENUM) COUNTER_COUNT };
#define COUNTER_SOURCE_COUNT COUNTER_JOURNEYS /* how many of them source tasks know */
#define COUNTER_JOURNEY_LAST COUNTER_JOURNEY_RESOLUTION_MS

/* The service-level counters, kept once for each threshold T and attribution.
 * X(symbol, name, meaning); domain.md 3.1 names them. */
#define LEVEL_COUNTERS(X)                                                                          \
    X(ANSWERED_IN, "ain", "answered with wait <= T")                                               \
    X(ABANDONED_SHORT, "bs", "abandoned with wait < short_abandon and <= T")                       \
    X(ABANDONED_IN, "bin", "abandoned within T, not short")                                        \
    X(CALLBACK_IN, "c", "callback requested within T")                                             \
    X(FLOWED_OUT_IN, "f", "flowed out within T")                                                   \
    X(LATE, "l", "still waiting when T passed")

#define LEVEL_ENUM(symbol, name, meaning) LEVEL_##symbol,
enum level_counter { LEVEL_COUNTERS(LEVEL_ENUM) LEVEL_COUNT };

enum attribution { BY_EVENT, BY_ARRIVAL, ATTRIBUTION_COUNT };

/* Durations whose quantiles are published. */
#define HISTOGRAMS(X)                                                                              \
    X(WAIT, "wait", "wait of answered visits")                                                     \
    X(HANDLE, "handle", "talk, hold and wrap of ended legs")                                       \
    X(FIRST_REPLY, "first_reply", "time to the first reply")                                       \
    X(RESOLUTION, "resolution", "time to each resolution")                                         \
    X(ARR_WAIT, "arrival.wait", "wait of answered visits, by arrival")                             \
    X(ARR_HANDLE, "arrival.handle", "handle time of legs, by arrival")

#define HISTOGRAM_ENUM(symbol, name, meaning) HISTOGRAM_##symbol,
enum histogram_id { HISTOGRAMS(HISTOGRAM_ENUM) HISTOGRAM_COUNT };

const char *counter_name(enum counter c);
