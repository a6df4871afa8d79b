#include "core/episode_pack.h"

#include <math.h>

#include "base/check.h"
#include "base/cursor.h"

#define PACK_SLICES(X)                                                                             \
    X(alert_id) X(alert_key) X(tenant) X(vendor) X(site) X(queue) X(channel) X(priority) X(agent)  \
    X(interaction_id) X(customer_key) X(rule) X(contract) X(formula) X(contact_role) X(runbook)    \
    X(outcome) X(suppressed_by) X(summary)

#define PACK_INTS(X) X(seq) X(contract_version) X(tier) X(more) X(condition_at) X(opened_at)

/* Those that may be null stand in the bytes only where a bit says so. */
#define PACK_LONGS(X)                                                                              \
    X(resolved_at) X(deadline_at) X(window_start_at) X(window_end_at) X(numerator) X(denominator)  \
    X(sample) X(remaining_ms)

#define PACK_DOUBLES(X) X(observed) X(threshold) X(baseline) X(p_value) X(low) X(high)

static uint64_t present_bits(const struct alert *a) {
    uint64_t bits = 0;
    uint64_t bit = 1;
#define LONG_BIT(field)                                                                            \
    bits |= a->field != ALERT_LONG_NONE ? bit : 0;                                                 \
    bit <<= 1;
#define DOUBLE_BIT(field)                                                                          \
    bits |= !isnan(a->field) ? bit : 0;                                                            \
    bit <<= 1;
    PACK_LONGS(LONG_BIT)
    PACK_DOUBLES(DOUBLE_BIT)
    return bits;
}

static void pack_lists(const struct alert *a, struct buf *b) {
    CHECK(a->contributor_count <= ALERT_CONTRIBUTORS_MAX);
    CHECK(a->interaction_count <= ALERT_INTERACTIONS_MAX);
    buf_put_varint(b, a->contributor_count);
    for (size_t i = 0; i < a->contributor_count; i++) {
        buf_put_slice(b, a->contributors[i].dimension);
        buf_put_slice(b, a->contributors[i].value);
        buf_put_double(b, a->contributors[i].share);
    }
    buf_put_varint(b, a->interaction_count);
    for (size_t i = 0; i < a->interaction_count; i++)
        buf_put_slice(b, a->interactions[i]);
}

void episode_pack(const struct alert *a, struct buf *b) {
#define PUT_SLICE(field) buf_put_slice(b, a->field);
#define PUT_INT(field) buf_put_zigzag(b, (int64_t)a->field);
#define PUT_LONG(field)                                                                            \
    if (a->field != ALERT_LONG_NONE)                                                               \
        buf_put_zigzag(b, a->field);
#define PUT_DOUBLE(field)                                                                          \
    if (!isnan(a->field))                                                                          \
        buf_put_double(b, a->field);
    buf_put_u8(b, (uint8_t)a->transition);
    buf_put_u8(b, (uint8_t)a->kind);
    buf_put_u8(b, (uint8_t)a->severity);
    buf_put_u8(b, (uint8_t)a->unit);
    buf_put_u8(b, a->late);
    buf_put_double(b, a->completeness);
    PACK_SLICES(PUT_SLICE)
    PACK_INTS(PUT_INT)
    buf_put_varint(b, present_bits(a));
    PACK_LONGS(PUT_LONG)
    PACK_DOUBLES(PUT_DOUBLE)
    pack_lists(a, b);
}

static void unpack_lists(struct cursor *c, struct alert *a) {
    uint64_t contributors = cursor_varint(c);
    if (contributors > ALERT_CONTRIBUTORS_MAX) {
        cursor_fail(c);
        return;
    }
    a->contributor_count = (size_t)contributors;
    for (size_t i = 0; i < a->contributor_count; i++) {
        a->contributors[i].dimension = cursor_slice(c);
        a->contributors[i].value = cursor_slice(c);
        a->contributors[i].share = cursor_double(c);
    }
    uint64_t interactions = cursor_varint(c);
    if (interactions > ALERT_INTERACTIONS_MAX) {
        cursor_fail(c);
        return;
    }
    a->interaction_count = (size_t)interactions;
    for (size_t i = 0; i < a->interaction_count; i++)
        a->interactions[i] = cursor_slice(c);
}

static void unpack_nullable(struct cursor *c, struct alert *a) {
    uint64_t bits = cursor_varint(c);
#define GET_LONG(field)                                                                            \
    a->field = bits & 1 ? cursor_zigzag(c) : ALERT_LONG_NONE;                                      \
    bits >>= 1;
#define GET_DOUBLE(field)                                                                          \
    a->field = bits & 1 ? cursor_double(c) : ALERT_DOUBLE_NONE;                                    \
    bits >>= 1;
    PACK_LONGS(GET_LONG)
    PACK_DOUBLES(GET_DOUBLE)
    if (bits != 0)
        cursor_fail(c);
}

bool episode_unpack(struct slice bytes, struct alert *a) {
    struct cursor cursor = cursor_of(bytes);
    struct cursor *c = &cursor;
    memset(a, 0, sizeof(*a));
    a->transition = (enum transition)cursor_u8(c);
    a->kind = (enum alert_kind)cursor_u8(c);
    a->severity = (enum severity)cursor_u8(c);
    a->unit = (enum unit)cursor_u8(c);
    a->late = cursor_u8(c) != 0;
    a->completeness = cursor_double(c);
#define GET_SLICE(field) a->field = cursor_slice(c);
#define GET_INT(field) a->field = (__typeof__(a->field))cursor_zigzag(c);
    PACK_SLICES(GET_SLICE)
    PACK_INTS(GET_INT)
    unpack_nullable(c, a);
    unpack_lists(c, a);
    bool known = a->transition < TRANSITION_COUNT && a->kind < ALERT_KIND_COUNT &&
                 a->severity < SEVERITY_COUNT && a->unit < UNIT_KIND_COUNT;
    return known && !c->failed && cursor_left(c) == 0;
}
