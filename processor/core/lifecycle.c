#include "core/lifecycle.h"

#include "base/check.h"

#define PHASE_NAME(symbol, name, meaning) name,
static const char *const phase_names[PHASE_COUNT] = {PHASES(PHASE_NAME)};

#define MOVE_PHASE(symbol, phase) phase,
static const bool moves_phase[MOVE_COUNT] = {MOVES(MOVE_PHASE)};

#define BAD MOVE_IMPOSSIBLE
#define NIL MOVE_NOTHING
#define ALL(m)                                                                                     \
    { m, m, m, m, m, m, m }

/* clang-format off */
/* Sources need not send every type, and many send one thing twice under two names: so a row says
 * IMPOSSIBLE only where the event would end or interrupt what cannot have begun. */
static const uint8_t moves[EVENT_TYPE_COUNT][PHASE_COUNT] = {
    /*                             NEW          IDLE         WAITING         TALKING          HELD             WRAPPING     ENDED */
    [EVENT_UNKNOWN]            = ALL(NIL),
    [EVENT_CREATED]            = ALL(MOVE_CREATE),
    [EVENT_QUEUED]             = ALL(MOVE_QUEUE),
    [EVENT_DEQUEUED]           = {BAD,         NIL,         MOVE_LEAVE,      NIL,             NIL,             NIL,         NIL},
    [EVENT_OFFERED]            = ALL(NIL),
    [EVENT_OFFER_MISSED]       = ALL(NIL),
    [EVENT_OFFER_REJECTED]     = ALL(NIL),
    [EVENT_ANSWERED]           = {MOVE_ANSWER, MOVE_ANSWER, MOVE_ANSWER,     BAD,             BAD,             MOVE_ANSWER, MOVE_ANSWER},
    [EVENT_CUSTOMER_MESSAGE]   = ALL(MOVE_CUSTOMER_WRITES),
    [EVENT_AGENT_MESSAGE]      = ALL(MOVE_AGENT_WRITES),
    [EVENT_BOT_MESSAGE]        = ALL(MOVE_BOT_WRITES),
    [EVENT_BOT_HANDOFF]        = ALL(MOVE_HAND_OFF),
    [EVENT_HOLD_START]         = {BAD,         BAD,         BAD,             MOVE_HOLD,       NIL,             BAD,         BAD},
    [EVENT_HOLD_END]           = {BAD,         BAD,         BAD,             NIL,             MOVE_RESUME,     BAD,         BAD},
    [EVENT_CONSULT_START]      = ALL(NIL),
    [EVENT_CONSULT_END]        = ALL(NIL),
    [EVENT_CONFERENCE_JOIN]    = ALL(NIL),
    [EVENT_CONFERENCE_LEAVE]   = ALL(NIL),
    [EVENT_TRANSFERRED]        = {BAD,         BAD,         NIL,             MOVE_TRANSFER,   MOVE_TRANSFER,   NIL,         BAD},
    [EVENT_REASSIGNED]         = ALL(NIL),
    [EVENT_CALLBACK_REQUESTED] = {NIL,         NIL,         MOVE_CALL_BACK,  NIL,             NIL,             NIL,         NIL},
    [EVENT_CALLBACK_ATTEMPTED] = ALL(NIL),
    [EVENT_ABANDONED]          = {BAD,         MOVE_ABANDON, MOVE_ABANDON,   BAD,             BAD,             BAD,         BAD},
    [EVENT_FLOW_OUT]           = {BAD,         NIL,         MOVE_LEAVE,      BAD,             BAD,             NIL,         NIL},
    [EVENT_STATUS_CHANGED]     = ALL(MOVE_STATUS),
    [EVENT_PRIORITY_CHANGED]   = ALL(MOVE_PRIORITY),
    [EVENT_REASON_CHANGED]     = ALL(NIL),
    [EVENT_ESCALATED]          = ALL(NIL),
    [EVENT_DISCONNECTED]       = {BAD,         MOVE_DISCONNECT, MOVE_DISCONNECT, MOVE_DISCONNECT, MOVE_DISCONNECT, NIL,     NIL},
    [EVENT_WRAP_START]         = {BAD,         NIL,         NIL,             MOVE_WRAP,       MOVE_WRAP,       NIL,         MOVE_WRAP},
    [EVENT_WRAP_END]           = {BAD,         NIL,         NIL,             BAD,             BAD,             MOVE_UNWRAP, BAD},
    [EVENT_RESOLVED]           = ALL(MOVE_RESOLVE),
    [EVENT_REOPENED]           = ALL(MOVE_REOPEN),
    [EVENT_CLOSED]             = ALL(MOVE_CLOSE),
    [EVENT_MERGED]             = ALL(MOVE_TAKE_OUT),
    [EVENT_CANCELLED]          = ALL(MOVE_TAKE_OUT),
    [EVENT_RECORD_SNAPSHOT]    = ALL(NIL),
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
