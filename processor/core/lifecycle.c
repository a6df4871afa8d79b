#include "core/lifecycle.h"

#include "base/check.h"

#define PHASE_NAME(symbol, name, meaning) name,
static const char *const phase_names[PHASE_COUNT] = {PHASES(PHASE_NAME)};

#define MOVE_PHASE(symbol, phase) phase,
static const bool moves_phase[MOVE_COUNT] = {MOVES(MOVE_PHASE)};

/* Short names for the table. */
#define MOVE_BAD MOVE_IMPOSSIBLE
#define MOVE_NIL MOVE_NOTHING
#define ROW(n, i, w, t, h, r, e)                                                                   \
    { MOVE_##n, MOVE_##i, MOVE_##w, MOVE_##t, MOVE_##h, MOVE_##r, MOVE_##e }
#define ALL(m) ROW(m, m, m, m, m, m, m)

/* clang-format off */
/* Sources need not send every type, and many send one thing twice under two names: so a row says
 * IMPOSSIBLE only where the event would end or interrupt what cannot have begun. */
static const uint8_t moves[EVENT_TYPE_COUNT][PHASE_COUNT] = {
    /*                              new, idle, waiting, talking, held, wrapping, ended */
    [EVENT_UNKNOWN] =            ALL(NIL),
    [EVENT_CREATED] =            ALL(CREATE),
    [EVENT_QUEUED] =             ALL(QUEUE),
    [EVENT_DEQUEUED] =           ROW(BAD, NIL, LEAVE, NIL, NIL, NIL, NIL),
    [EVENT_OFFERED] =            ALL(NIL),
    [EVENT_OFFER_MISSED] =       ALL(NIL),
    [EVENT_OFFER_REJECTED] =     ALL(NIL),
    [EVENT_ANSWERED] =           ROW(ANSWER, ANSWER, ANSWER, BAD, BAD, ANSWER, ANSWER),
    [EVENT_CUSTOMER_MESSAGE] =   ALL(CUSTOMER_WRITES),
    [EVENT_AGENT_MESSAGE] =      ALL(AGENT_WRITES),
    [EVENT_BOT_MESSAGE] =        ALL(BOT_WRITES),
    [EVENT_BOT_HANDOFF] =        ALL(HAND_OFF),
    [EVENT_HOLD_START] =         ROW(BAD, BAD, BAD, HOLD, NIL, BAD, BAD),
    [EVENT_HOLD_END] =           ROW(BAD, BAD, BAD, NIL, RESUME, BAD, BAD),
    [EVENT_CONSULT_START] =      ALL(NIL),
    [EVENT_CONSULT_END] =        ALL(NIL),
    [EVENT_CONFERENCE_JOIN] =    ALL(NIL),
    [EVENT_CONFERENCE_LEAVE] =   ALL(NIL),
    [EVENT_TRANSFERRED] =        ROW(BAD, BAD, NIL, TRANSFER, TRANSFER, NIL, BAD),
    [EVENT_REASSIGNED] =         ALL(NIL),
    [EVENT_CALLBACK_REQUESTED] = ROW(NIL, NIL, CALL_BACK, NIL, NIL, NIL, NIL),
    [EVENT_CALLBACK_ATTEMPTED] = ALL(NIL),
    [EVENT_ABANDONED] =          ROW(BAD, ABANDON, ABANDON, BAD, BAD, BAD, BAD),
    [EVENT_FLOW_OUT] =           ROW(BAD, NIL, LEAVE, BAD, BAD, NIL, NIL),
    [EVENT_STATUS_CHANGED] =     ALL(STATUS),
    [EVENT_PRIORITY_CHANGED] =   ALL(PRIORITY),
    [EVENT_REASON_CHANGED] =     ALL(NIL),
    [EVENT_ESCALATED] =          ALL(NIL),
    [EVENT_DISCONNECTED] =       ROW(BAD, DISCONNECT, DISCONNECT, DISCONNECT, DISCONNECT, NIL, NIL),
    [EVENT_WRAP_START] =         ROW(BAD, NIL, NIL, WRAP, WRAP, NIL, WRAP),
    [EVENT_WRAP_END] =           ROW(BAD, NIL, NIL, BAD, BAD, UNWRAP, BAD),
    [EVENT_RESOLVED] =           ALL(RESOLVE),
    [EVENT_REOPENED] =           ALL(REOPEN),
    [EVENT_CLOSED] =             ALL(CLOSE),
    [EVENT_MERGED] =             ALL(TAKE_OUT),
    [EVENT_CANCELLED] =          ALL(TAKE_OUT),
    [EVENT_RECORD_SNAPSHOT] =    ALL(RESTATE),
};
/* clang-format on */

#define TO(phase) (1u << PHASE_##phase)
static const uint32_t may_enter[PHASE_COUNT] = {
    [PHASE_NEW] = TO(IDLE),
    [PHASE_IDLE] = TO(WAITING) | TO(TALKING) | TO(ENDED),
    [PHASE_WAITING] = TO(IDLE) | TO(TALKING) | TO(ENDED),
    [PHASE_TALKING] = TO(IDLE) | TO(HELD) | TO(WRAPPING) | TO(ENDED),
    [PHASE_HELD] = TO(IDLE) | TO(TALKING) | TO(WRAPPING) | TO(ENDED),
    [PHASE_WRAPPING] = TO(IDLE) | TO(ENDED),
    [PHASE_ENDED] = TO(IDLE) | TO(WAITING) | TO(TALKING) | TO(WRAPPING),
};

const char *phase_name(enum phase p) {
    CHECK(p < PHASE_COUNT);
    return phase_names[p];
}

enum move lifecycle_move(enum phase p, enum event_type type) {
    CHECK(p < PHASE_COUNT && type < EVENT_TYPE_COUNT);
    return moves[type][p];
}

bool lifecycle_moves_phase(enum move m) {
    CHECK(m < MOVE_COUNT);
    return moves_phase[m];
}

bool lifecycle_may_enter(enum phase from, enum phase to) {
    CHECK(from < PHASE_COUNT && to < PHASE_COUNT);
    return may_enter[from] >> to & 1;
}
