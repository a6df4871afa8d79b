/* Which fields of a record go where in which struct; the others are skipped. First of all those of
 * InteractionEvent in struct event. */
#pragma once

#include <stddef.h>

#include "core/event.h"

/* X(field, kind, member, count of enum symbols) */
#define EVENT_SLOTS(X)                                                                             \
    X(event_id, TEXT, event_id, 0)                                                                 \
    X(tenant_id, TEXT, tenant, 0)                                                                  \
    X(vendor_id, TEXT, vendor, 0)                                                                  \
    X(site_id, TEXT, site, 0)                                                                      \
    X(source, TEXT, source, 0)                                                                     \
    X(source_seq, LONG, source_seq, 0)                                                             \
    X(event_at, LONG, event_at, 0)                                                                 \
    X(emitted_at, LONG, emitted_at, 0)                                                             \
    X(revision, INT, revision, 0)                                                                  \
    X(interaction_id, TEXT, interaction_id, 0)                                                     \
    X(journey_id, TEXT, journey_id, 0)                                                             \
    X(parent_interaction_id, TEXT, parent_interaction_id, 0)                                       \
    X(customer_key, TEXT, customer_key, 0)                                                         \
    X(channel, ENUM, channel, CHANNEL_COUNT)                                                       \
    X(direction, ENUM, direction, DIRECTION_COUNT)                                                 \
    X(initiation, ENUM, initiation, INITIATION_COUNT)                                              \
    X(type, ENUM, type, EVENT_TYPE_COUNT)                                                          \
    X(queue_id, TEXT, queue, 0)                                                                    \
    X(skill, TEXT, skill, 0)                                                                       \
    X(language, TEXT, language, 0)                                                                 \
    X(contact_reason, TEXT, contact_reason, 0)                                                     \
    X(priority, ENUM, priority, PRIORITY_COUNT)                                                    \
    X(agent_id, TEXT, agent, 0)                                                                    \
    X(to_queue_id, TEXT, to_queue, 0)                                                              \
    X(to_agent_id, TEXT, to_agent, 0)                                                              \
    X(leg_id, TEXT, leg, 0)                                                                        \
    X(status, TEXT, status, 0)                                                                     \
    X(author, ENUM, author, AUTHOR_COUNT)                                                          \
    X(public, FLAG, is_public, 0)                                                                  \
    X(end_cause, ENUM, end_cause, END_CAUSE_COUNT)                                                 \
    X(resolved, TRISTATE, resolved, 0)                                                             \
    X(queue_wait_ms, LONG, queue_wait_ms, 0)                                                       \
    X(talk_ms, LONG, talk_ms, 0)                                                                   \
    X(hold_ms, LONG, hold_ms, 0)                                                                   \
    X(wrap_ms, LONG, wrap_ms, 0)

enum slot_kind { SLOT_TEXT, SLOT_LONG, SLOT_INT, SLOT_ENUM, SLOT_FLAG, SLOT_TRISTATE, SLOT_DOUBLE };

struct event_slot {
    const char *field; /* name in our schema */
    enum slot_kind kind;
    uint16_t offset; /* of the member */
    uint8_t symbols; /* ENUM: how many the enum has */
};

#define EVENT_SLOT_ONE(field, kind, member, symbols) +1
enum { EVENT_SLOT_COUNT = 0 EVENT_SLOTS(EVENT_SLOT_ONE) };

extern const struct event_slot event_slots[EVENT_SLOT_COUNT];

#define SLOTS_MAX 255 /* of one record */

/* A struct that records of one kind are decoded into. */
struct slot_table {
    const struct event_slot *slots;
    size_t count;
    size_t size;       /* of the struct */
    const void *blank; /* it with the defaults of our schema */
};

/* What a record has where its writer has not the field, or null: the defaults of our schema.
 * Fields that have no default there stay absent, and event_is_valid refuses. */
void event_set_defaults(struct event *ev);
