#include "tasks/interaction_pack.h"

#include <endian.h>
#include <string.h>

#include "base/check.h"
#include "core/fold.h"

/* Instants that need not be. X(field) */
#define INSTANTS(X)                                                                                \
    X(created_at) X(moved_at) X(fired_at) X(reply_from_at) X(turn_at) X(resolved_at)               \
    X(reopened_at) X(heard_at)
#define INSTANT_ENUM(field) HAS_##field,

/* The head: phase, priority and status, then bits of what is there. */
#define PRIORITY_SHIFT 3u
#define STATUS_SHIFT 6u
#define HAS_SHIFT 9u
enum has {
    HAS_BACKLOG,
    HAS_OVER,
    HAS_REPLIED,
    HAS_UNANSWERED,
    HAS_SHUT,
    HAS_SPOKE,
    HAS_VISIT,
    HAS_LEG,
    HAS_CLOCK,
    HAS_LAST_CLOCK = HAS_CLOCK + TRACK_COUNT - 1,
    INSTANTS(INSTANT_ENUM) HAS_COUNT
};

/* Beyond these an instant or a duration cannot be, whatever was sent. */
#define NUMBER_MAX (INT64_C(1) << 46)

_Static_assert(PHASE_COUNT <= 8 && PRIORITY_COUNT <= 8 && STATUS_COUNT <= 8, "three bits each");
_Static_assert(HAS_SHIFT + HAS_COUNT <= 32, "the head has four bytes");

static inline unsigned char *put_varint(unsigned char *to, uint64_t value) {
    while (value >= 0x80) {
        *to++ = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    *to++ = (unsigned char)value;
    return to;
}

static inline unsigned char *put_number(unsigned char *to, int64_t value) {
    return put_varint(to, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

static inline unsigned char *put_fixed(unsigned char *to, uint64_t value, size_t size) {
    uint64_t bytes = htole64(value);
    memcpy(to, &bytes, size);
    return to + size;
}

static inline uint64_t get_varint(struct cursor *in) {
    if (in->at < in->end && *in->at < 0x80)
        return *in->at++;
    return cursor_varint(in);
}

static inline int64_t get_number(struct cursor *in) {
    uint64_t value = get_varint(in);
    int64_t number = (int64_t)((value >> 1) ^ (value & 1 ? UINT64_MAX : 0));
    if (number > NUMBER_MAX || number < -NUMBER_MAX) {
        cursor_fail(in);
        return 0;
    }
    return number;
}

static inline uint64_t get_fixed(struct cursor *in, size_t size) {
    if (cursor_left(in) < size) {
        cursor_fail(in);
        return 0;
    }
    uint64_t bytes = 0;
    memcpy(&bytes, in->at, size);
    in->at += size;
    return le64toh(bytes);
}

static inline uint32_t get_leaf(const struct names *names, struct cursor *in) {
    uint64_t place = get_varint(in);
    if (place >= names->count) {
        cursor_fail(in);
        return LEAF_NONE;
    }
    return names->leaves[place];
}

/* A visit's flags: how it ended, thresholds passed, then two bits. Few have been restated: of them
 * how it ended stands in a byte of its own, with bits of what is there. */
#define VISIT_END_MASK 7u
#define VISIT_RESTATED 7u
#define VISIT_LATE_SHIFT 3u
#define VISIT_COUNTED (1u << 6)
#define VISIT_ENDED (1u << 7)
#define VISIT_HAS_RECORD (1u << 3)
#define VISIT_HAS_REVISION (1u << 4)
_Static_assert(VISIT_END_COUNT <= VISIT_RESTATED && LEAF_THRESHOLDS_MAX < 8, "three bits each");

static unsigned restated_flags(const struct interaction *i) {
    return (i->record.at != INSTANT_NONE ? VISIT_HAS_RECORD : 0) |
           (i->visit.revision != 0 ? VISIT_HAS_REVISION : 0);
}

/* Its durations, each one more than it is; 0: it does not say. */
static const size_t record_times[] = {
    offsetof(struct restatement, wait_ms),
    offsetof(struct restatement, talk_ms),
    offsetof(struct restatement, hold_ms),
    offsetof(struct restatement, wrap_ms),
};
#define RECORD_TIME_COUNT (sizeof(record_times) / sizeof(record_times[0]))

static int64_t *record_time(struct restatement *r, size_t which) {
    return (int64_t *)(void *)((char *)r + record_times[which]);
}

#define RECORD_END_SHIFT 4u
_Static_assert(END_CAUSE_COUNT <= 1 << RECORD_END_SHIFT, "both ends in a byte");

static unsigned char *put_record(const struct restatement *given, int64_t near_at,
                                 unsigned char *to) {
    struct restatement r = *given;
    *to++ = (unsigned char)(r.end_cause | (unsigned)r.own_end << RECORD_END_SHIFT);
    to = put_fixed(to, r.identity, sizeof(r.identity));
    to = put_number(to, r.at - near_at);
    to = put_number(to, r.own_wait_ms);
    to = put_number(to, r.revision);
    for (size_t k = 0; k < RECORD_TIME_COUNT; k++) {
        int64_t time_ms = *record_time(&r, k);
        to = put_varint(to, time_ms == EVENT_ABSENT ? 0 : (uint64_t)time_ms + 1);
    }
    return to;
}

static void get_record(struct cursor *in, int64_t near_at, struct restatement *r) {
    unsigned ends = (unsigned)get_fixed(in, 1);
    r->end_cause = ends & ((1u << RECORD_END_SHIFT) - 1);
    r->own_end = (uint8_t)(ends >> RECORD_END_SHIFT);
    r->identity = (uint32_t)get_fixed(in, sizeof(r->identity));
    r->at = near_at + get_number(in);
    r->own_wait_ms = get_number(in);
    r->revision = get_number(in);
    for (size_t k = 0; k < RECORD_TIME_COUNT; k++) {
        uint64_t more = get_varint(in);
        *record_time(r, k) = more == 0 ? EVENT_ABSENT : (int64_t)(more - 1);
        if (more > EVENT_DURATION_MAX_MS + 1)
            cursor_fail(in);
    }
    if (r->end_cause >= END_CAUSE_COUNT || r->own_end >= VISIT_END_COUNT || r->revision < 0 ||
        r->revision > INT32_MAX)
        cursor_fail(in);
}

static unsigned char *put_restated(const struct interaction *i, int64_t near_at,
                                   unsigned char *to) {
    unsigned flags = restated_flags(i);
    *to++ = (unsigned char)(flags | i->visit.end);
    if (flags & VISIT_HAS_RECORD)
        to = put_record(&i->record, near_at, to);
    return flags & VISIT_HAS_REVISION ? put_number(to, i->visit.revision) : to;
}

static void get_restated(struct cursor *in, int64_t near_at, struct interaction *i) {
    unsigned flags = (unsigned)get_fixed(in, 1);
    i->visit.end = flags & VISIT_END_MASK;
    if (flags & VISIT_HAS_RECORD)
        get_record(in, near_at, &i->record);
    if (flags & VISIT_HAS_REVISION)
        i->visit.revision = get_number(in);
    flags &= ~VISIT_END_MASK;
    if (flags == 0 || flags != restated_flags(i))
        cursor_fail(in);
}

static unsigned char *put_visit(const struct names *names, const struct interaction *i,
                                int64_t near_at, unsigned char *to) {
    const struct visit *v = &i->visit;
    bool ended = v->ended_at != INSTANT_NONE, restated = restated_flags(i) != 0;
    unsigned end = restated ? VISIT_RESTATED : v->end;
    unsigned flags = end | (unsigned)v->late << VISIT_LATE_SHIFT;
    *to++ = (unsigned char)(flags | (v->counted ? VISIT_COUNTED : 0) | (ended ? VISIT_ENDED : 0));
    if (restated)
        to = put_restated(i, near_at, to);
    to = put_varint(to, v->number);
    to = put_varint(to, names_known_place(names, v->leaf));
    to = put_number(to, v->queued_at - near_at);
    int64_t lasted_ms = ended ? v->ended_at - v->queued_at : 0;
    if (ended)
        to = put_number(to, lasted_ms);
    return put_number(to, v->wait_ms - lasted_ms);
}

static void get_visit(const struct names *names, struct cursor *in, int64_t near_at,
                      struct interaction *i) {
    struct visit *v = &i->visit;
    unsigned flags = (unsigned)get_fixed(in, 1);
    v->end = flags & VISIT_END_MASK;
    if (v->end == VISIT_RESTATED)
        get_restated(in, near_at, i);
    uint64_t number = get_varint(in);
    v->leaf = get_leaf(names, in);
    v->queued_at = near_at + get_number(in);
    int64_t lasted_ms = flags & VISIT_ENDED ? get_number(in) : 0;
    v->ended_at = flags & VISIT_ENDED ? v->queued_at + lasted_ms : INSTANT_NONE;
    v->wait_ms = lasted_ms + get_number(in);
    v->number = (uint32_t)number;
    v->late = flags >> VISIT_LATE_SHIFT & 7;
    v->counted = flags & VISIT_COUNTED;
    if (number == 0 || number > UINT32_MAX || v->end >= VISIT_END_COUNT ||
        v->late > LEAF_THRESHOLDS_MAX)
        cursor_fail(in);
}

/* A leg's flags, in the order of what follows. */
enum { LEG_ENDED, LEG_SINCE, LEG_TRANSFERRED, LEG_RESUMABLE, LEG_AGED, LEG_AGENT, LEG_TIMES };

/* Its numbers, and what each is when it is left out. */
struct leg_time {
    size_t at;
    int64_t absent;
};
static const struct leg_time leg_times[] = {
    {offsetof(struct leg, hold_ms), 0},
    {offsetof(struct leg, wrap_ms), 0},
    {offsetof(struct leg, said_talk_ms), EVENT_ABSENT},
    {offsetof(struct leg, said_hold_ms), EVENT_ABSENT},
    {offsetof(struct leg, said_wrap_ms), EVENT_ABSENT},
    {offsetof(struct leg, revision), 0},
};
#define LEG_TIME_COUNT (sizeof(leg_times) / sizeof(leg_times[0]))

static int64_t *leg_time(struct leg *leg, size_t which) {
    return (int64_t *)(void *)((char *)leg + leg_times[which].at);
}

static unsigned leg_flags(struct leg *leg) {
    unsigned flags = (leg->ended_at != INSTANT_NONE ? 1u << LEG_ENDED : 0) |
                     (leg->since_at != INSTANT_NONE ? 1u << LEG_SINCE : 0) |
                     (leg->transferred ? 1u << LEG_TRANSFERRED : 0) |
                     (leg->resumable ? 1u << LEG_RESUMABLE : 0) | (leg->aged ? 1u << LEG_AGED : 0) |
                     (leg->agent != 0 ? 1u << LEG_AGENT : 0);
    for (size_t k = 0; k < LEG_TIME_COUNT; k++) {
        if (*leg_time(leg, k) != leg_times[k].absent)
            flags |= 1u << (LEG_TIMES + k);
    }
    return flags;
}

static unsigned char *put_leg(const struct leg *given, int64_t near_at, unsigned char *to) {
    struct leg leg = *given;
    unsigned flags = leg_flags(&leg);
    to = put_fixed(to, flags, 2);
    to = put_number(to, leg.started_at - near_at);
    if (flags & 1u << LEG_ENDED)
        to = put_number(to, leg.ended_at - leg.started_at);
    if (flags & 1u << LEG_SINCE)
        to = put_number(to, leg.since_at - leg.started_at);
    if (flags & 1u << LEG_AGENT)
        to = put_fixed(to, leg.agent, sizeof(leg.agent));
    for (size_t k = 0; k < LEG_TIME_COUNT; k++) {
        if (flags & 1u << (LEG_TIMES + k))
            to = put_number(to, *leg_time(&leg, k));
    }
    return to;
}

static void get_leg(struct cursor *in, int64_t near_at, struct leg *leg) {
    unsigned flags = (unsigned)get_fixed(in, 2);
    leg->started_at = near_at + get_number(in);
    if (flags & 1u << LEG_ENDED)
        leg->ended_at = leg->started_at + get_number(in);
    if (flags & 1u << LEG_SINCE)
        leg->since_at = leg->started_at + get_number(in);
    leg->agent = flags & 1u << LEG_AGENT ? get_fixed(in, sizeof(leg->agent)) : 0;
    for (size_t k = 0; k < LEG_TIME_COUNT; k++)
        *leg_time(leg, k) = flags & 1u << (LEG_TIMES + k) ? get_number(in) : leg_times[k].absent;
    leg->transferred = flags & 1u << LEG_TRANSFERRED;
    leg->resumable = flags & 1u << LEG_RESUMABLE;
    leg->aged = flags & 1u << LEG_AGED;
    if (flags >> (LEG_TIMES + LEG_TIME_COUNT) != 0)
        cursor_fail(in);
}

/* A clock's flags: its state, warnings passed, then what is not as it mostly is. */
#define CLOCK_WARNED_SHIFT 2u
#define CLOCK_WARNED_SILENT 7u
enum {
    CLOCK_HAS_SINCE = 5,
    CLOCK_HAS_ELAPSED,
    CLOCK_HAS_RISK,
    CLOCK_HAS_BREACH,
    CLOCK_HAS_INSTANCE
};
_Static_assert(CLOCK_STATE_COUNT <= 4 && CONTRACT_WARNINGS_MAX < 8, "two bits and three");

/* Since when it runs, as long as nothing has happened to it. */
static int64_t since_of(const struct clock *c) {
    return c->state == CLOCK_RUNNING ? c->started_at : INSTANT_NONE;
}

static unsigned clock_flags(const struct clock *c) {
    unsigned warned = clock_is_silent(c) ? CLOCK_WARNED_SILENT : c->warned;
    return c->state | warned << CLOCK_WARNED_SHIFT |
           (c->since_at != since_of(c) ? 1u << CLOCK_HAS_SINCE : 0) |
           (c->elapsed_ms != 0 ? 1u << CLOCK_HAS_ELAPSED : 0) |
           (c->risk_at != INSTANT_NONE ? 1u << CLOCK_HAS_RISK : 0) |
           (c->breach_at != INSTANT_NONE ? 1u << CLOCK_HAS_BREACH : 0) |
           (c->instance != 1 ? 1u << CLOCK_HAS_INSTANCE : 0);
}

static unsigned char *put_clock(const struct clock *c, int64_t near_at, unsigned char *to) {
    unsigned flags = clock_flags(c);
    to = put_fixed(to, flags, 2);
    to = put_varint(to, c->rule);
    to = put_number(to, c->started_at - near_at);
    if (flags & 1u << CLOCK_HAS_SINCE)
        to = put_number(to, c->since_at - c->started_at);
    if (flags & 1u << CLOCK_HAS_ELAPSED)
        to = put_number(to, c->elapsed_ms);
    if (flags & 1u << CLOCK_HAS_RISK)
        to = put_number(to, c->risk_at - c->started_at);
    if (flags & 1u << CLOCK_HAS_BREACH)
        to = put_number(to, c->breach_at - c->started_at);
    if (flags & 1u << CLOCK_HAS_INSTANCE)
        to = put_varint(to, c->instance);
    return to;
}

static void get_clock(struct cursor *in, int64_t near_at, struct clock *c) {
    unsigned flags = (unsigned)get_fixed(in, 2);
    uint64_t rule = get_varint(in), instance = 1;
    c->state = flags & 3;
    unsigned warned = flags >> CLOCK_WARNED_SHIFT & 7;
    c->warned = warned == CLOCK_WARNED_SILENT ? CLOCK_SILENT : (uint8_t)warned;
    c->started_at = near_at + get_number(in);
    c->since_at = since_of(c);
    if (flags & 1u << CLOCK_HAS_SINCE)
        c->since_at = c->started_at + get_number(in);
    c->elapsed_ms = flags & 1u << CLOCK_HAS_ELAPSED ? get_number(in) : 0;
    c->risk_at = flags & 1u << CLOCK_HAS_RISK ? c->started_at + get_number(in) : INSTANT_NONE;
    c->breach_at = flags & 1u << CLOCK_HAS_BREACH ? c->started_at + get_number(in) : INSTANT_NONE;
    if (flags & 1u << CLOCK_HAS_INSTANCE)
        instance = get_varint(in);
    c->rule = (uint16_t)rule;
    c->instance = (uint32_t)instance;
    if (flags >> (CLOCK_HAS_INSTANCE + 1) != 0 || rule >= CLOCK_NO_RULE || instance == 0 ||
        instance > UINT32_MAX || (c->warned > CONTRACT_WARNINGS_MAX && !clock_is_silent(c)))
        cursor_fail(in);
}

/* One that is off may know the number of its last cycle. */
static bool has_clock(const struct interaction *i, size_t t) {
    return i->clocks[t].state != CLOCK_OFF || i->clocks[t].instance > 0;
}

static uint32_t head_of(const struct interaction *i) {
    uint32_t has = (i->backlog ? 1u << HAS_BACKLOG : 0) | (i->over ? 1u << HAS_OVER : 0) |
                   (i->replied ? 1u << HAS_REPLIED : 0) |
                   (i->unanswered ? 1u << HAS_UNANSWERED : 0) | (i->shut ? 1u << HAS_SHUT : 0) |
                   (i->spoke ? 1u << HAS_SPOKE : 0) | (i->visit.number > 0 ? 1u << HAS_VISIT : 0) |
                   (i->leg.started_at != INSTANT_NONE ? 1u << HAS_LEG : 0);
    for (size_t t = 0; t < i->tracks; t++)
        has |= has_clock(i, t) ? 1u << (HAS_CLOCK + t) : 0;
#define INSTANT_BIT(field) has |= i->field != INSTANT_NONE ? 1u << HAS_##field : 0;
    INSTANTS(INSTANT_BIT)
    return i->phase | (uint32_t)i->priority << PRIORITY_SHIFT |
           (uint32_t)i->status << STATUS_SHIFT | has << HAS_SHIFT;
}

#define INSTANT_SIZE 6

/* Of one that is new, for which nothing but heard_at can be known. */
#define NEW_HEARD (PHASE_NEW | 1u << PRIORITY_SHIFT)

static unsigned char *put_new(const struct interaction *i, unsigned char *to) {
    *to++ = i->heard_at != INSTANT_NONE ? NEW_HEARD : PHASE_NEW;
    return i->heard_at != INSTANT_NONE ? put_fixed(to, (uint64_t)i->heard_at, INSTANT_SIZE) : to;
}

/* Last of all and only where a journey is named: other interactions take no byte for it. */
enum { JOURNEY_BEGAN, JOURNEY_ENDED, JOURNEY_SUMS, JOURNEY_VISIT, JOURNEY_LEG, JOURNEY_FLAGS };

static unsigned char *put_journey(const struct journey_part *p, unsigned char *to) {
    if (p->journey == 0)
        return to;
    bool sums = p->visits != 0 || p->legs != 0 || p->wait_ms != 0 || p->handle_ms != 0 ||
                p->transfers != 0;
    unsigned flags = (p->began_at != INSTANT_NONE ? 1u << JOURNEY_BEGAN : 0) |
                     (p->ended_at != INSTANT_NONE ? 1u << JOURNEY_ENDED : 0) |
                     (sums ? 1u << JOURNEY_SUMS : 0) | (p->has_visit ? 1u << JOURNEY_VISIT : 0) |
                     (p->has_leg ? 1u << JOURNEY_LEG : 0);
    to = put_fixed(to, p->journey, sizeof(p->journey));
    *to++ = (unsigned char)flags;
    if (flags & 1u << JOURNEY_BEGAN)
        to = put_fixed(to, (uint64_t)p->began_at, INSTANT_SIZE);
    if (flags & 1u << JOURNEY_ENDED)
        to = put_number(to, p->ended_at - p->began_at);
    if (!sums)
        return to;
    to = put_varint(to, (uint64_t)p->wait_ms);
    to = put_varint(to, (uint64_t)p->handle_ms);
    to = put_varint(to, p->visits);
    to = put_varint(to, p->legs);
    return put_varint(to, p->transfers);
}

void pack_names(struct names *names, const struct interaction *i) {
    if (i->phase == PHASE_NEW)
        return;
    (void)names_place(names, i->leaf);
    if (i->visit.number > 0)
        (void)names_place(names, i->visit.leaf);
}

size_t pack_interaction(const struct names *names, const struct interaction *i, unsigned char *to) {
    const unsigned char *from = to;
    if (i->phase == PHASE_NEW)
        return (size_t)(put_journey(&i->journey, put_new(i, to)) - from);
    uint32_t head = head_of(i), has = head >> HAS_SHIFT;
    int64_t near_at = i->opened_at;
    to = put_fixed(to, head, 4);
    to = put_fixed(to, (uint64_t)near_at, INSTANT_SIZE);
    to = put_number(to, i->last_at - near_at);
    to = put_varint(to, names_known_place(names, i->leaf));
#define INSTANT_PUT(field)                                                                         \
    if (has & 1u << HAS_##field)                                                                   \
        to = put_number(to, i->field - near_at);
    INSTANTS(INSTANT_PUT)
    if (has & 1u << HAS_VISIT)
        to = put_visit(names, i, near_at, to);
    if (has & 1u << HAS_LEG)
        to = put_leg(&i->leg, near_at, to);
    for (size_t t = 0; t < i->tracks; t++) {
        if (has & 1u << (HAS_CLOCK + t))
            to = put_clock(&i->clocks[t], near_at, to);
    }
    return (size_t)(put_journey(&i->journey, to) - from);
}

/* The invariant again, of bytes that somebody else may have written. */
static bool is_whole(const struct interaction *i) {
    bool leg_open = i->leg.started_at != INSTANT_NONE && i->leg.ended_at == INSTANT_NONE;
    bool waits = i->visit.number > 0 && i->visit.end == VISIT_OPEN;
    bool since = i->phase == PHASE_HELD || i->phase == PHASE_WRAPPING;
    if ((leg_open && i->visit.end != VISIT_ANSWERED) || (i->backlog && i->over) ||
        (i->unanswered && i->turn_at == INSTANT_NONE) ||
        (!waits && i->clocks[TRACK_ANSWER].state == CLOCK_RUNNING) || !fold_journey_is_whole(i))
        return false;
    return waits == interaction_waits(i) && leg_open == interaction_in_leg(i) &&
           since == (i->leg.since_at != INSTANT_NONE);
}

static int64_t get_instant(struct cursor *in) {
    int64_t at = (int64_t)get_fixed(in, INSTANT_SIZE);
    if (at > EVENT_AT_MAX)
        cursor_fail(in);
    return at;
}

/* Both the head and the instant that all others are near. 0 of a new one: when it was heard of. */
static uint32_t get_head(struct cursor *in, int64_t *near_at) {
    if (cursor_left(in) > 0 && (*in->at == PHASE_NEW || *in->at == NEW_HEARD)) {
        *near_at = *in->at++ == PHASE_NEW ? INSTANT_NONE : get_instant(in);
        return 0;
    }
    uint32_t head = (uint32_t)get_fixed(in, 4);
    *near_at = get_instant(in);
    return in->failed ? 0 : head;
}

struct packed_head unpack_head(const struct names *names, struct cursor *in) {
    int64_t opened_at;
    if (get_head(in, &opened_at) == 0)
        return (struct packed_head){INSTANT_NONE, LEAF_NONE};
    struct packed_head head = {.last_at = opened_at + get_number(in)};
    head.leaf = get_leaf(names, in);
    return head;
}

static uint32_t get_u32(struct cursor *in) {
    uint64_t value = get_varint(in);
    if (value > UINT32_MAX)
        cursor_fail(in);
    return (uint32_t)value;
}

static int64_t get_sum(struct cursor *in) {
    uint64_t value = get_varint(in);
    if (value > JOURNEY_SUM_MAX)
        cursor_fail(in);
    return in->failed ? 0 : (int64_t)value;
}

static void get_journey(struct cursor *in, struct journey_part *p) {
    if (cursor_left(in) == 0)
        return;
    p->journey = get_fixed(in, sizeof(p->journey));
    unsigned flags = (unsigned)get_fixed(in, 1);
    bool began = flags & 1u << JOURNEY_BEGAN;
    p->began_at = began ? get_instant(in) : INSTANT_NONE;
    p->ended_at = began && flags & 1u << JOURNEY_ENDED ? p->began_at + get_number(in)
                                                       : INSTANT_NONE;
    p->has_visit = flags & 1u << JOURNEY_VISIT;
    p->has_leg = flags & 1u << JOURNEY_LEG;
    if (flags & 1u << JOURNEY_SUMS) {
        p->wait_ms = get_sum(in);
        p->handle_ms = get_sum(in);
        p->visits = get_u32(in);
        p->legs = get_u32(in);
        p->transfers = get_u32(in);
    }
    if (p->journey == 0 || flags >> JOURNEY_FLAGS != 0 || p->transfers > p->legs ||
        (!began && flags != 0))
        cursor_fail(in);
}

static void get_beside(struct cursor *in, uint32_t head, struct interaction *i) {
    uint32_t has = head >> HAS_SHIFT;
    i->phase = head & 7;
    i->priority = head >> PRIORITY_SHIFT & 7;
    i->status = head >> STATUS_SHIFT & 7;
    i->backlog = has & 1u << HAS_BACKLOG;
    i->over = has & 1u << HAS_OVER;
    i->replied = has & 1u << HAS_REPLIED;
    i->unanswered = has & 1u << HAS_UNANSWERED;
    i->shut = has & 1u << HAS_SHUT;
    i->spoke = has & 1u << HAS_SPOKE;
    if (i->phase == PHASE_NEW || i->phase >= PHASE_COUNT || i->priority >= PRIORITY_COUNT ||
        i->status >= STATUS_COUNT || (uint64_t)has >> HAS_COUNT != 0)
        cursor_fail(in);
}

void unpack_interaction(const struct names *names, struct cursor *in, uint8_t tracks,
                        struct interaction *i) {
    interaction_init(i, tracks);
    int64_t near_at;
    uint32_t head = get_head(in, &near_at), has = head >> HAS_SHIFT;
    if (head == 0) {
        i->heard_at = near_at;
        get_journey(in, &i->journey);
        return;
    }
    get_beside(in, head, i);
    i->opened_at = near_at;
    i->last_at = near_at + get_number(in);
    i->leaf = get_leaf(names, in);
#define INSTANT_GET(field)                                                                         \
    if (has & 1u << HAS_##field)                                                                   \
        i->field = near_at + get_number(in);
    INSTANTS(INSTANT_GET)
    if (has & 1u << HAS_VISIT)
        get_visit(names, in, near_at, i);
    if (has & 1u << HAS_LEG)
        get_leg(in, near_at, &i->leg);
    for (size_t t = 0; t < tracks; t++) {
        if (has & 1u << (HAS_CLOCK + t))
            get_clock(in, near_at, &i->clocks[t]);
    }
    get_journey(in, &i->journey);
    if (has >> HAS_CLOCK & ((1u << TRACK_COUNT) - (1u << tracks)))
        cursor_fail(in);
    if (!is_whole(i))
        cursor_fail(in);
}
