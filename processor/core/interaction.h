/* The folded state of one interaction: a pure function of its events and the time passed. */
#pragma once

#include "core/clock.h"
#include "core/journey.h"
#include "core/lifecycle.h"

/* X(symbol, name): how a visit's wait ended. */
#define VISIT_ENDS(X)                                                                              \
    X(OPEN, "open")                                                                                \
    X(ANSWERED, "answered")                                                                        \
    X(ABANDONED, "abandoned") X(FLOWED_OUT, "flowed_out") X(CALLBACK, "callback") X(AGED, "aged")
#define VISIT_END_ENUM(symbol, name) VISIT_##symbol,
enum visit_end { VISIT_ENDS(VISIT_END_ENUM) VISIT_END_COUNT };

/* One wait in one queue. number 0: there has been none. */
struct visit {
    int64_t queued_at;
    int64_t ended_at;
    int64_t wait_ms;  /* once ended: as the source measured it, else computed */
    int64_t revision; /* of the event that ended the wait */
    uint32_t leaf;
    uint32_t number; /* 1 .. */
    uint8_t end;     /* enum visit_end; VISIT_OPEN: still waiting */
    uint8_t late;    /* thresholds that passed during the wait, or a measured wait puts there */
    bool counted;    /* inbound, and not taken out */
};

/* One agent's part, of the visit beside it. */
struct leg {
    int64_t started_at;       /* INSTANT_NONE: there has been none in this visit */
    int64_t ended_at;         /* INSTANT_NONE: open */
    int64_t since_at;         /* of the hold or wrap under way; INSTANT_NONE: neither */
    int64_t hold_ms, wrap_ms; /* complete holds and wrap */
    int64_t said_talk_ms, said_hold_ms, said_wrap_ms; /* measured; EVENT_ABSENT: not */
    int64_t revision;                                 /* of the event that ended it */
    uint64_t agent; /* effort_identity, where he may have several; 0: else, or not said */
    bool transferred;
    bool resumable; /* ended by a disconnect: a WRAP_START continues it */
    bool aged;      /* it never ended, and counts as nothing */
};

/* The source's whole record of the last visit and its leg: the newest one, which stands as a whole.
 * What it does not say is as the events say. */
struct restatement {
    int64_t at;                                 /* of its event; INSTANT_NONE: there is none */
    int64_t wait_ms, talk_ms, hold_ms, wrap_ms; /* EVENT_ABSENT: it does not say */
    int64_t own_wait_ms;                        /* once the wait has ended: as the events say */
    int64_t revision;
    uint32_t identity; /* low bits of the moment's */
    uint8_t end_cause; /* enum end_cause */
    uint8_t own_end;   /* enum visit_end: as the events say */
};

/* The clocks of an interaction; the last ones are kept only where some contract asks for them.
 * X(symbol, kind) */
#define TRACKS(X)                                                                                  \
    X(ANSWER, CLOCK_SPEED_OF_ANSWER)                                                               \
    X(REPLY, CLOCK_FIRST_REPLY) X(RESOLUTION, CLOCK_RESOLUTION) X(NEXT, CLOCK_NEXT_REPLY)          \
        X(UPDATE, CLOCK_PERIODIC_UPDATE) X(WAIT, CLOCK_REQUESTER_WAIT) X(WORK, CLOCK_AGENT_WORK)
#define TRACK_ENUM(symbol, kind) TRACK_##symbol,
enum track { TRACKS(TRACK_ENUM) TRACK_COUNT };
#define TRACKS_LEAST (TRACK_RESOLUTION + 1)

struct interaction {
    int64_t opened_at;     /* first event; INSTANT_NONE while PHASE_NEW */
    int64_t created_at;    /* INSTANT_NONE: no CREATED */
    int64_t last_at;       /* newest event */
    int64_t heard_at;      /* when an event came that was older than `reorder`; INSTANT_NONE */
    int64_t moved_at;      /* last move of the phase */
    int64_t fired_at;      /* last deadline that passed */
    int64_t reply_from_at; /* the first reply is measured from here; INSTANT_NONE: not yet */
    int64_t turn_at;       /* unanswered: the oldest message without reply; else last reply */
    int64_t resolved_at;   /* last RESOLVED; INSTANT_NONE: none */
    int64_t reopened_at;   /* last REOPENED; INSTANT_NONE: none */
    uint32_t leaf;         /* of CREATED, else of the first event */
    uint8_t phase;         /* enum phase */
    uint8_t priority;      /* enum priority, as last said */
    uint8_t status;        /* enum mapped_status, as last said */
    bool backlog;          /* counted as open */
    bool over;             /* resolved, closed or taken out: only REOPENED opens it again */
    bool replied;          /* the first reply has been */
    bool unanswered;       /* the customer wrote last */
    bool shut;             /* closed or taken out: no message begins a clock */
    bool spoke;            /* the customer wrote since the status was said */
    uint8_t tracks;        /* how many clocks there are */
    struct visit visit;
    struct leg leg;
    struct restatement record; /* of this visit */
    struct journey_part journey;
    struct clock clocks[TRACK_COUNT]; /* in memory that holds `tracks` of them at least */
};

/* How many clocks an interaction has under these contracts, and the bytes that it then takes. */
uint8_t interaction_tracks(const struct contract_set *contracts);
size_t interaction_size(uint8_t tracks);

/* Writes no further than interaction_size. */
void interaction_init(struct interaction *i, uint8_t tracks);
void interaction_copy(struct interaction *to, const struct interaction *from);

/* As where there has been none. */
void interaction_forget_leg(struct interaction *i);
void interaction_forget_record(struct interaction *i);

/* Changes the phase at an instant; CHECKs that the move exists. */
void interaction_enter(struct interaction *i, enum phase to, int64_t at);

/* The invariant between phase, visit and leg; CHECKs. */
void interaction_check(const struct interaction *i);

static inline bool interaction_waits(const struct interaction *i) {
    return i->phase == PHASE_WAITING;
}
static inline bool interaction_in_leg(const struct interaction *i) {
    return i->phase == PHASE_TALKING || i->phase == PHASE_HELD || i->phase == PHASE_WRAPPING;
}

/* Since when nothing has been heard of it. */
static inline int64_t interaction_silent_from(const struct interaction *i) {
    return i->heard_at > i->last_at ? i->heard_at : i->last_at;
}

/* Some clock runs that can tell something. */
bool interaction_is_timed(const struct interaction *i);

/* Something can still come of it without an event: somebody waits or serves, it is backlog, or it
 * is timed. */
static inline bool interaction_is_open(const struct interaction *i) {
    return interaction_waits(i) || interaction_in_leg(i) || i->backlog || interaction_is_timed(i);
}

enum clock_kind track_kind(enum track t);
