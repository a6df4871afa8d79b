/* What happens at a simulated site, before it is a record. Enumerations are in the order of the
 * InteractionEvent schema; schema.c checks that at the start. */
#ifndef FLOORSIM_EVENT_H
#define FLOORSIM_EVENT_H

#include <stdint.h>

#define EVENT_TYPES(X)                                                                             \
    X(UNKNOWN)                                                                                     \
    X(CREATED) X(QUEUED) X(DEQUEUED) X(OFFERED) X(OFFER_MISSED) X(OFFER_REJECTED) X(ANSWERED)      \
        X(CUSTOMER_MESSAGE) X(AGENT_MESSAGE) X(BOT_MESSAGE) X(BOT_HANDOFF) X(HOLD_START)           \
            X(HOLD_END) X(CONSULT_START) X(CONSULT_END) X(CONFERENCE_JOIN) X(CONFERENCE_LEAVE)     \
                X(TRANSFERRED) X(REASSIGNED) X(CALLBACK_REQUESTED) X(CALLBACK_ATTEMPTED)           \
                    X(ABANDONED) X(FLOW_OUT) X(STATUS_CHANGED) X(PRIORITY_CHANGED)                 \
                        X(REASON_CHANGED) X(ESCALATED) X(DISCONNECTED) X(WRAP_START) X(WRAP_END)   \
                            X(RESOLVED) X(REOPENED) X(CLOSED) X(MERGED) X(CANCELLED)               \
                                X(RECORD_SNAPSHOT)
#define EVENT_INITIATIONS(X)                                                                       \
    X(UNKNOWN)                                                                                     \
    X(CUSTOMER) X(AGENT) X(TRANSFER) X(CALLBACK) X(API) X(QUEUE_TRANSFER) X(MONITOR) X(SYSTEM)
#define EVENT_PRIORITIES(X) X(UNKNOWN) X(LOW) X(NORMAL) X(HIGH) X(URGENT)
#define EVENT_AUTHORS(X) X(UNKNOWN) X(CUSTOMER) X(AGENT) X(BOT) X(SYSTEM) X(SUPERVISOR)
#define EVENT_END_CAUSES(X)                                                                        \
    X(UNKNOWN)                                                                                     \
    X(CUSTOMER) X(AGENT) X(SYSTEM) X(NETWORK) X(TIMEOUT) X(TRANSFERRED) X(DEFLECTED) X(VOICEMAIL)  \
        X(CALLBACK) X(MERGED) X(SPAM)

#define EVENT_MEMBER_TYPE(name) TYPE_##name,
#define EVENT_MEMBER_INITIATION(name) INITIATION_##name,
#define EVENT_MEMBER_PRIORITY(name) PRIORITY_##name,
#define EVENT_MEMBER_AUTHOR(name) AUTHOR_##name,
#define EVENT_MEMBER_END_CAUSE(name) END_CAUSE_##name,

enum event_type { EVENT_TYPES(EVENT_MEMBER_TYPE) };
enum event_initiation { EVENT_INITIATIONS(EVENT_MEMBER_INITIATION) };
enum event_priority { EVENT_PRIORITIES(EVENT_MEMBER_PRIORITY) };
enum event_author { EVENT_AUTHORS(EVENT_MEMBER_AUTHOR) };
enum event_end_cause { EVENT_END_CAUSES(EVENT_MEMBER_END_CAUSE) };

struct queue;

struct event {
    int64_t event_at;
    uint64_t contact;  /* number of the interaction, from 1 */
    uint64_t customer; /* number of the customer */
    const struct queue *queue;
    const struct queue *to_queue; /* transfers, else NULL */
    uint32_t agent;               /* number within the queue, 0 is nobody */
    uint32_t seq;                 /* within the interaction, from 1 */
    enum event_type type;
    enum event_initiation initiation;
    enum event_priority priority;
    enum event_author author;
    enum event_end_cause end_cause;
};

/* What became of an event on its way out, as bits. */
enum event_fate { FATE_DUPLICATED = 1, FATE_LATE = 2, FATE_LOST = 4 };

/* Takes an event and returns its fate. */
typedef unsigned event_sink(void *context, const struct event *event);

#endif
