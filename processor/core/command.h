/* What a person has to say about an alert: AlertCommand of the contract. */
#pragma once

#include "base/instant.h"
#include "base/slice.h"

/* X(symbol, name, ordered, what it does): the order is that of the Avro enum. Of ordered ones a
 * stale one is refused: whoever sent it had not seen what another one had done. */
#define COMMAND_OPS(X)                                                                             \
    X(UNKNOWN, "unknown", false, "")                                                               \
    X(ACK, "ack", true, "somebody is on it: it escalates no further")                              \
    X(UNACK, "unack", true, "nobody is on it after all: it escalates again")                       \
    X(SILENCE, "silence", true, "nobody is paged for it until --until, else until it is over")     \
    X(UNSILENCE, "unsilence", true, "ends a silence")                                              \
    X(RESOLVE, "resolve", true, "it is dealt with: ack and silence until its condition is over")   \
    X(ASSIGN, "assign", true, "--to ROLE is in charge of it")                                      \
    X(NOTE, "note", false, "adds --text to its history")                                           \
    X(FEEDBACK_TRUE, "feedback_true", false, "it was right to tell")                               \
    X(FEEDBACK_FALSE, "feedback_false", false, "it was a false alarm")

#define COMMAND_OP_ENUM(symbol, name, ordered, meaning) COMMAND_##symbol,
enum command_op { COMMAND_OPS(COMMAND_OP_ENUM) COMMAND_OP_COUNT };

const char *command_op_name(enum command_op op);
const char *command_op_meaning(enum command_op op);
bool command_op_is_ordered(enum command_op op);

/* Slices are views. An empty one is null. */
struct command {
    struct slice tenant;
    struct slice command_id;          /* one that has been seen has no effect */
    struct slice alert_id, alert_key; /* one of them is there; the id counts */
    struct slice actor_role, actor_key;
    struct slice assignee; /* ASSIGN: the role; empty: the actor's own */
    struct slice note_code;
    uint8_t op;        /* enum command_op */
    int64_t until_at;  /* SILENCE; INSTANT_NONE: until it is over */
    int64_t issued_at; /* INSTANT_NONE: not said */
    int64_t seq;       /* of the alert, as the sender saw it last; 0: not said */
    int64_t log_at;    /* when the log had it: it counts when the tenant's time is there, after all
                        * that was due by then. Of an item, whose alerts do not wait for that time,
                        * what its sources said until they were as far counts before it. */
};
