/* The life cycle of an interaction as a table: in which phase which event means which move. */
#pragma once

#include "core/event.h"

/* X(symbol, name, meaning) */
#define PHASES(X)                                                                                  \
    X(NEW, "new", "nothing that could have happened has")                                          \
    X(IDLE, "idle", "begun; nobody waits and nobody serves")                                       \
    X(WAITING, "waiting", "in a queue")                                                            \
    X(TALKING, "talking", "an agent's leg is open")                                                \
    X(HELD, "held", "an agent's leg is open and on hold")                                          \
    X(WRAPPING, "wrapping", "an agent works on after the contact")                                 \
    X(ENDED, "ended", "disconnected, abandoned, closed, taken out, or aged out")

/* X(symbol, moves the phase) */
#define MOVES(X)                                                                                   \
    X(IMPOSSIBLE, false)                                                                           \
    X(NOTHING, false) X(CREATE, false) X(QUEUE, true) X(LEAVE, true) X(ANSWER, true) X(HOLD, true) \
        X(RESUME, true) X(TRANSFER, true) X(CALL_BACK, true) X(ABANDON, true) X(DISCONNECT, true)  \
            X(WRAP, true) X(UNWRAP, true) X(CUSTOMER_WRITES, false) X(AGENT_WRITES, false)         \
                X(BOT_WRITES, false) X(HAND_OFF, false) X(STATUS, false) X(PRIORITY, false)        \
                    X(RESOLVE, false) X(REOPEN, false) X(CLOSE, false) X(TAKE_OUT, false)          \
                    X(RESTATE, false)

#define PHASE_ENUM(symbol, name, meaning) PHASE_##symbol,
#define MOVE_ENUM(symbol, phase) MOVE_##symbol,
enum phase { PHASES(PHASE_ENUM) PHASE_COUNT };
enum move { MOVES(MOVE_ENUM) MOVE_COUNT };

const char *phase_name(enum phase p);

/* What the event means in this phase. MOVE_NOTHING has no effect but that the interaction was
 * heard of; MOVE_IMPOSSIBLE cannot have happened. */
enum move lifecycle_move(enum phase p, enum event_type type);

/* Moves of the visit and the leg, which follow one another; the others stand beside them. */
bool lifecycle_moves_phase(enum move m);

/* The invariant: no other change of phase exists. */
bool lifecycle_may_enter(enum phase from, enum phase to);
