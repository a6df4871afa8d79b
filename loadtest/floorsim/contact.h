/* One interaction on the simulated floor, and the pool that it lives in. */
#ifndef FLOORSIM_CONTACT_H
#define FLOORSIM_CONTACT_H

#include <stdbool.h>
#include <stdint.h>

#include "floor.h"

enum contact_state {
    CONTACT_FREE,
    CONTACT_IN_LINE, /* waiting, nobody has been found yet */
    CONTACT_RINGING, /* waiting, an agent's phone rings */
    CONTACT_SERVED,
    CONTACT_WRAPPED, /* the customer has gone, the agent writes it up */
    CONTACT_AWAY,    /* between a callback's request and the call, or a ticket in writing */
};

struct contact {
    uint64_t number;
    uint64_t customer;
    uint32_t generation; /* of its timers: those of an older one are void */
    uint32_t next;       /* in line, or in the free list */
    uint32_t previous;
    uint32_t queue;
    uint32_t agent;
    uint32_t seq;
    uint32_t visits;
    enum contact_state state;
    enum event_priority priority;
    int64_t queued_at;
    int64_t answered_at;
    int64_t left_at; /* the customer's end of the leg */
    int64_t hold_since;
    int64_t hold_ms;
    int64_t talk_left_ms;
    struct truth_interaction what;
};

/* Gives a contact out of the pool, its generation kept; bounded by CONTACTS_MAX. */
uint32_t contact_take(struct floor *floor);

void contact_put_back(struct floor *floor, uint32_t ref);

/* The waiting line of a desk. */
void contact_line_up(struct floor *floor, struct desk *desk, uint32_t ref);
void contact_leave_line(struct floor *floor, struct desk *desk, uint32_t ref);

#endif
