/* Which fields of a record go where in which struct; the others are skipped. First of all those of
 * InteractionEvent in struct event. */
#pragma once

#include <stddef.h>

#include "core/event.h"

/* X(field, kind, may it be null in our schema, member, count of enum symbols): in our order */
#define EVENT_SLOTS(X)                                                                             \
    X(event_id, TEXT, NEVER, event_id, 0)                                                          \
    X(tenant_id, TEXT, NEVER, tenant, 0)                                                           \
    X(vendor_id, TEXT, NEVER, vendor, 0)                                                           \
    X(site_id, TEXT, NEVER, site, 0)                                                               \
    X(source, TEXT, NEVER, source, 0)                                                              \
    X(source_seq, LONG, MAYBE, source_seq, 0)                                                      \
    X(event_at, LONG, NEVER, event_at, 0)                                                          \
    X(emitted_at, LONG, MAYBE, emitted_at, 0)                                                      \
    X(revision, INT, NEVER, revision, 0)                                                           \
    X(interaction_id, TEXT, NEVER, interaction_id, 0)                                              \
    X(journey_id, TEXT, MAYBE, journey_id, 0)                                                      \
    X(parent_interaction_id, TEXT, MAYBE, parent_interaction_id, 0)                                \
    X(customer_key, TEXT, MAYBE, customer_key, 0)                                                  \
    X(channel, ENUM, NEVER, channel, CHANNEL_COUNT)                                                \
    X(direction, ENUM, NEVER, direction, DIRECTION_COUNT)                                          \
    X(initiation, ENUM, NEVER, initiation, INITIATION_COUNT)                                       \
    X(type, ENUM, NEVER, type, EVENT_TYPE_COUNT)                                                   \
    X(queue_id, TEXT, MAYBE, queue, 0)                                                             \
    X(skill, TEXT, MAYBE, skill, 0)                                                                \
    X(language, TEXT, MAYBE, language, 0)                                                          \
    X(contact_reason, TEXT, MAYBE, contact_reason, 0)                                              \
    X(priority, ENUM, NEVER, priority, PRIORITY_COUNT)                                             \
    X(agent_id, TEXT, MAYBE, agent, 0)                                                             \
    X(to_queue_id, TEXT, MAYBE, to_queue, 0)                                                       \
    X(to_agent_id, TEXT, MAYBE, to_agent, 0)                                                       \
    X(leg_id, TEXT, MAYBE, leg, 0)                                                                 \
    X(status, TEXT, MAYBE, status, 0)                                                              \
    X(author, ENUM, NEVER, author, AUTHOR_COUNT)                                                   \
    X(public, FLAG, NEVER, is_public, 0)                                                           \
    X(end_cause, ENUM, NEVER, end_cause, END_CAUSE_COUNT)                                          \
    X(resolved, TRISTATE, MAYBE, resolved, 0)                                                      \
    X(queue_wait_ms, LONG, MAYBE, queue_wait_ms, 0)                                                \
    X(talk_ms, LONG, MAYBE, talk_ms, 0)                                                            \
    X(hold_ms, LONG, MAYBE, hold_ms, 0)                                                            \
    X(wrap_ms, LONG, MAYBE, wrap_ms, 0)

enum slot_kind { SLOT_TEXT, SLOT_LONG, SLOT_INT, SLOT_ENUM, SLOT_FLAG, SLOT_TRISTATE, SLOT_DOUBLE };

struct event_slot {
    const char *field; /* name in our schema */
    enum slot_kind kind;
    uint16_t offset; /* of the member */
    uint8_t symbols; /* ENUM: how many the enum has */
};

#define EVENT_SLOT_ONE(field, kind, null, member, symbols) +1
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
