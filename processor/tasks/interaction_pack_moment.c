/* A moment in four words, and a further one for each thing that events mostly do not say. */
#include "base/bits.h"
#include "base/check.h"
#include "tasks/interaction_pack.h"

enum { WORD_EVENT_AT, WORD_IDENTITY, WORD_OFFSET, WORD_REST, WORDS_LEAST };

/* The last of the four: the leaf's place above, the enums below. X(field, bits, count) */
#define MOMENT_FIELDS(X)                                                                           \
    X(type, 6, EVENT_TYPE_COUNT)                                                                   \
    X(direction, 2, DIRECTION_COUNT) X(author, 3, AUTHOR_COUNT) X(end_cause, 4, END_CAUSE_COUNT)   \
    X(status, 3, STATUS_COUNT) X(is_public, 1, 2) X(outcome, 2, MOMENT_IMPOSSIBLE + 1)

#define MOMENT_SHIFT(field, bits, count)                                                           \
    SHIFT_##field, SHIFT_AFTER_##field = SHIFT_##field + (bits)-1,
enum { MOMENT_FIELDS(MOMENT_SHIFT) SHIFT_EXTRAS };
#define MOMENT_ROOM(field, bits, count)                                                            \
    _Static_assert((count) <= 1 << (bits), "too few bits for " #field);
MOMENT_FIELDS(MOMENT_ROOM)

#define LEAF_SHIFT 32u

/* What may follow, in this order, where its bit is set. */
enum extra { EXTRA_REVISION, EXTRA_SEQ, EXTRA_SOURCE, EXTRA_AGENT, EXTRA_MEASURED };
#define MEASURED 4
#define EXTRAS (EXTRA_MEASURED + MEASURED)
_Static_assert(SHIFT_EXTRAS + EXTRAS <= LEAF_SHIFT, "the extras lie below the leaf");
_Static_assert(WORDS_LEAST + EXTRAS == PACKED_MOMENT_MAX, "all of it");

static uint64_t extras_of(uint64_t rest) {
    return rest >> SHIFT_EXTRAS & ((1u << EXTRAS) - 1);
}

size_t pack_moment(struct names *names, const struct moment *m, uint64_t *to) {
    const int64_t measured[MEASURED] = {m->queue_wait_ms, m->talk_ms, m->hold_ms, m->wrap_ms};
    uint64_t extras = 0;
    size_t size = WORDS_LEAST;
    to[WORD_EVENT_AT] = (uint64_t)m->event_at;
    to[WORD_IDENTITY] = m->identity;
    to[WORD_OFFSET] = (uint64_t)m->offset;
    if (m->revision != 0) {
        extras |= 1u << EXTRA_REVISION;
        to[size++] = (uint32_t)m->revision;
    }
    if (m->source_seq != EVENT_ABSENT) { /* of which source it is matters only with it */
        extras |= 1u << EXTRA_SEQ | 1u << EXTRA_SOURCE;
        to[size++] = (uint64_t)m->source_seq;
        to[size++] = m->source;
    }
    if (m->agent != 0) {
        extras |= 1u << EXTRA_AGENT;
        to[size++] = m->agent;
    }
    for (size_t k = 0; k < MEASURED; k++) {
        if (measured[k] == EVENT_ABSENT)
            continue;
        extras |= 1u << (EXTRA_MEASURED + k);
        to[size++] = (uint64_t)measured[k];
    }
#define MOMENT_PUT(field, bits, count) | (uint64_t)m->field << SHIFT_##field
    to[WORD_REST] = (uint64_t)names_place(names, m->leaf) << LEAF_SHIFT |
                    extras << SHIFT_EXTRAS MOMENT_FIELDS(MOMENT_PUT);
    return size;
}

size_t packed_moment_size(const uint64_t *from) {
    return WORDS_LEAST + bits_count(extras_of(from[WORD_REST]));
}

int64_t packed_moment_event_at(const uint64_t *from) {
    return (int64_t)from[WORD_EVENT_AT];
}

uint64_t packed_moment_identity(const uint64_t *from) {
    return from[WORD_IDENTITY];
}

uint32_t packed_moment_leaf(const struct names *names, const uint64_t *from) {
    return names_leaf(names, (uint32_t)(from[WORD_REST] >> LEAF_SHIFT));
}

enum moment_outcome packed_moment_outcome(const uint64_t *from) {
    return (enum moment_outcome)(from[WORD_REST] >> SHIFT_outcome & 3);
}

size_t unpack_moment(const struct names *names, const uint64_t *from, struct moment *m) {
    uint64_t rest = from[WORD_REST], extras = extras_of(rest);
    int64_t *measured[MEASURED] = {&m->queue_wait_ms, &m->talk_ms, &m->hold_ms, &m->wrap_ms};
    size_t size = WORDS_LEAST;
    *m = (struct moment){.event_at = (int64_t)from[WORD_EVENT_AT],
                         .identity = from[WORD_IDENTITY],
                         .offset = (int64_t)from[WORD_OFFSET],
                         .leaf = names_leaf(names, (uint32_t)(rest >> LEAF_SHIFT)),
                         .source_seq = EVENT_ABSENT};
#define MOMENT_GET(field, bits, count)                                                             \
    m->field = (uint8_t)(rest >> SHIFT_##field & ((1u << (bits)) - 1));
    MOMENT_FIELDS(MOMENT_GET)
    if (extras & 1u << EXTRA_REVISION)
        m->revision = (int32_t)from[size++];
    if (extras & 1u << EXTRA_SEQ) {
        m->source_seq = (int64_t)from[size++];
        m->source = (uint32_t)from[size++];
    }
    if (extras & 1u << EXTRA_AGENT)
        m->agent = from[size++];
    for (size_t k = 0; k < MEASURED; k++)
        *measured[k] = extras & 1u << (EXTRA_MEASURED + k) ? (int64_t)from[size++] : EVENT_ABSENT;
    return size;
}

bool packed_moment_is_whole(const struct names *names, const uint64_t *from, size_t left) {
    if (left < WORDS_LEAST || left < packed_moment_size(from))
        return false;
    uint64_t rest = from[WORD_REST], extras = extras_of(rest);
    bool numbered = extras >> EXTRA_SEQ & 1, named = extras >> EXTRA_SOURCE & 1;
    if (rest >> LEAF_SHIFT >= names->count || numbered != named)
        return false;
    struct moment m;
    unpack_moment(names, from, &m);
    const int64_t measured[MEASURED] = {m.queue_wait_ms, m.talk_ms, m.hold_ms, m.wrap_ms};
    for (size_t k = 0; k < MEASURED; k++) {
        if (measured[k] != EVENT_ABSENT && (measured[k] < 0 || measured[k] > EVENT_DURATION_MAX_MS))
            return false;
    }
#define MOMENT_RANGE(field, bits, count) &&m.field < (count)
    return m.event_at >= 0 && m.event_at <= EVENT_AT_MAX MOMENT_FIELDS(MOMENT_RANGE);
}
