/* One event of one interaction, compact: what the fold needs of it, without any string. */
#pragma once

#include "core/contract.h"

/* What became of it when it was folded. */
enum moment_outcome { MOMENT_NO_EFFECT, MOMENT_EFFECT, MOMENT_IMPOSSIBLE };

struct moment {
    int64_t event_at;
    int64_t source_seq;                               /* EVENT_ABSENT: none */
    uint64_t identity;                                /* hash of (source, event_id) */
    int64_t offset;                                   /* of its record in the log */
    int64_t queue_wait_ms, talk_ms, hold_ms, wrap_ms; /* EVENT_ABSENT: not measured */
    uint64_t agent;  /* effort_identity, of an ANSWERED that may be one of several; 0: not said */
    uint32_t source; /* hash of the source's name */
    uint32_t leaf;   /* the scope as the event says it */
    int32_t revision;
    uint8_t type;      /* enum event_type, and so on, as the event says it */
    uint8_t direction; /* the leaf has INBOUND for UNKNOWN */
    uint8_t author;
    uint8_t end_cause;
    uint8_t status; /* enum mapped_status; STATUS_UNKNOWN: none said */
    uint8_t is_public;
    uint8_t outcome; /* enum moment_outcome */
};

/* Under the contract in force at `clock`. `last_leaf` is a leaf of that contract that the event
 * probably says too, or LEAF_NONE: saves the look-up. */
void moment_of_event(const struct event *ev, int64_t offset, struct leaf_dict *leaves,
                     uint32_t last_leaf, int64_t clock, struct moment *m);

/* The order in which events of one instant are tried: the life cycle's own, then one that depends
 * on identities alone. <0, 0, >0; 0 only for equal identities. */
int moment_compare(const struct moment *a, const struct moment *b);

/* Of one source, which numbered both: a went before b, whatever the life cycle says. */
bool moment_numbered_before(const struct moment *a, const struct moment *b);
