/* What happened to an interaction, decoded: InteractionEvent of the contract, strings as views. */
#pragma once

#include "base/instant.h"
#include "base/slice.h"

/* X(symbol, name in lower case): the order is that of the Avro enums, UNKNOWN first. */
#define EVENT_CHANNELS(X)                                                                          \
    X(UNKNOWN, "unknown") X(VOICE, "voice") X(CHAT, "chat") X(EMAIL, "email")                      \
    X(SOCIAL, "social") X(MESSAGING, "messaging") X(TICKET, "ticket")

#define EVENT_DIRECTIONS(X)                                                                        \
    X(UNKNOWN, "unknown") X(INBOUND, "inbound") X(OUTBOUND, "outbound") X(INTERNAL, "internal")

#define EVENT_INITIATIONS(X)                                                                       \
    X(UNKNOWN, "unknown") X(CUSTOMER, "customer") X(AGENT, "agent") X(TRANSFER, "transfer")        \
    X(CALLBACK, "callback") X(API, "api") X(QUEUE_TRANSFER, "queue_transfer")                      \
    X(MONITOR, "monitor") X(SYSTEM, "system")

#define EVENT_PRIORITIES(X)                                                                        \
    X(UNKNOWN, "unknown") X(LOW, "low") X(NORMAL, "normal") X(HIGH, "high") X(URGENT, "urgent")

#define EVENT_AUTHORS(X)                                                                           \
    X(UNKNOWN, "unknown") X(CUSTOMER, "customer") X(AGENT, "agent") X(BOT, "bot")                  \
    X(SYSTEM, "system") X(SUPERVISOR, "supervisor")

#define EVENT_END_CAUSES(X)                                                                        \
    X(UNKNOWN, "unknown") X(CUSTOMER, "customer") X(AGENT, "agent") X(SYSTEM, "system")            \
    X(NETWORK, "network") X(TIMEOUT, "timeout") X(TRANSFERRED, "transferred")                      \
    X(DEFLECTED, "deflected") X(VOICEMAIL, "voicemail") X(CALLBACK, "callback")                    \
    X(MERGED, "merged") X(SPAM, "spam")

#define EVENT_TYPES(X)                                                                             \
    X(UNKNOWN, "unknown") X(CREATED, "created") X(QUEUED, "queued") X(DEQUEUED, "dequeued")        \
    X(OFFERED, "offered") X(OFFER_MISSED, "offer_missed") X(OFFER_REJECTED, "offer_rejected")      \
    X(ANSWERED, "answered") X(CUSTOMER_MESSAGE, "customer_message")                                \
    X(AGENT_MESSAGE, "agent_message") X(BOT_MESSAGE, "bot_message")                                \
    X(BOT_HANDOFF, "bot_handoff") X(HOLD_START, "hold_start") X(HOLD_END, "hold_end")              \
    X(CONSULT_START, "consult_start") X(CONSULT_END, "consult_end")                                \
    X(CONFERENCE_JOIN, "conference_join") X(CONFERENCE_LEAVE, "conference_leave")                  \
    X(TRANSFERRED, "transferred") X(REASSIGNED, "reassigned")                                      \
    X(CALLBACK_REQUESTED, "callback_requested") X(CALLBACK_ATTEMPTED, "callback_attempted")        \
    X(ABANDONED, "abandoned") X(FLOW_OUT, "flow_out") X(STATUS_CHANGED, "status_changed")          \
    X(PRIORITY_CHANGED, "priority_changed") X(REASON_CHANGED, "reason_changed")                    \
    X(ESCALATED, "escalated") X(DISCONNECTED, "disconnected") X(WRAP_START, "wrap_start")          \
    X(WRAP_END, "wrap_end") X(RESOLVED, "resolved") X(REOPENED, "reopened") X(CLOSED, "closed")    \
    X(MERGED, "merged") X(CANCELLED, "cancelled") X(RECORD_SNAPSHOT, "record_snapshot")

#define CHANNEL_ENUM(symbol, name) CHANNEL_##symbol,
#define DIRECTION_ENUM(symbol, name) DIRECTION_##symbol,
#define INITIATION_ENUM(symbol, name) INITIATION_##symbol,
#define PRIORITY_ENUM(symbol, name) PRIORITY_##symbol,
#define AUTHOR_ENUM(symbol, name) AUTHOR_##symbol,
#define END_CAUSE_ENUM(symbol, name) END_CAUSE_##symbol,
#define EVENT_ENUM(symbol, name) EVENT_##symbol,
enum channel { EVENT_CHANNELS(CHANNEL_ENUM) CHANNEL_COUNT };
enum direction { EVENT_DIRECTIONS(DIRECTION_ENUM) DIRECTION_COUNT };
enum initiation { EVENT_INITIATIONS(INITIATION_ENUM) INITIATION_COUNT };
enum priority { EVENT_PRIORITIES(PRIORITY_ENUM) PRIORITY_COUNT };
enum author { EVENT_AUTHORS(AUTHOR_ENUM) AUTHOR_COUNT };
enum end_cause { EVENT_END_CAUSES(END_CAUSE_ENUM) END_CAUSE_COUNT };
enum event_type { EVENT_TYPES(EVENT_ENUM) EVENT_TYPE_COUNT };

/* Names in lower case; CHECKs the range. */
const char *channel_name(enum channel c);
const char *direction_name(enum direction d);
const char *priority_name(enum priority p);
const char *event_type_name(enum event_type t);

#define EVENT_ABSENT INT64_MIN /* a nullable long that is null */

struct event {
    struct slice event_id, tenant, vendor, site, source;
    struct slice interaction_id;
    struct slice journey_id, parent_interaction_id, customer_key; /* empty: null */
    struct slice queue, skill, language, contact_reason;          /* empty: null */
    struct slice agent, to_queue, to_agent, leg, status;          /* empty: null */
    int64_t event_at;                                 /* INSTANT_NONE: the record had none */
    int64_t emitted_at;                               /* EVENT_ABSENT: null */
    int64_t source_seq;                               /* EVENT_ABSENT: null */
    int64_t queue_wait_ms, talk_ms, hold_ms, wrap_ms; /* EVENT_ABSENT: null */
    int32_t revision;
    uint8_t type; /* enum event_type, and so on */
    uint8_t channel;
    uint8_t direction;
    uint8_t initiation;
    uint8_t priority;
    uint8_t author;
    uint8_t end_cause;
    bool is_public;
    int8_t resolved; /* -1: null, 0, 1 */
    uint64_t hash;   /* of tenant and interaction_id, made by who expects it; 0: not yet */
};

#define EVENT_TEXT_MAX 1024 /* bytes of any text: names and ids go into keys and records */
#define EVENT_AT_MAX INT64_C(7258118399999)  /* the end of the year 2199 */
#define EVENT_CLOCK_MAX (2 * EVENT_AT_MAX)   /* no clock and nothing that time brings is later */
#define EVENT_DURATION_MAX_MS (366 * DAY_MS) /* longer ones would overflow sums */

/* The fields that CONTRACT requires are there and in range; false with a reason otherwise. */
bool event_is_valid(const struct event *ev, struct err *err);
