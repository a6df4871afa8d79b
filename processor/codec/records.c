#include "codec/records.h"

#include <math.h>

#include "codec/alert_fields.h"

/* Avro: a union's branch is its index, and null comes first in ours; zigzag 0 and 2. */
#define BRANCH_NULL 0
#define BRANCH_VALUE 1

static void put_TEXT(struct buf *out, struct slice text) {
    buf_put_zigzag(out, (int64_t)text.size);
    buf_put(out, text.at, text.size);
}

static void put_INT(struct buf *out, int32_t value) {
    buf_put_zigzag(out, value);
}

static void put_LONG(struct buf *out, int64_t value) {
    buf_put_zigzag(out, value);
}

static void put_DOUBLE(struct buf *out, double value) {
    buf_put_double(out, value);
}

static void put_FLAG(struct buf *out, bool value) {
    buf_put_u8(out, value);
}

static void put_OPTIONAL_TEXT(struct buf *out, struct slice text) {
    buf_put_zigzag(out, text.size ? BRANCH_VALUE : BRANCH_NULL);
    if (text.size)
        put_TEXT(out, text);
}

static void put_OPTIONAL_LONG(struct buf *out, int64_t value) {
    buf_put_zigzag(out, value != ALERT_LONG_NONE ? BRANCH_VALUE : BRANCH_NULL);
    if (value != ALERT_LONG_NONE)
        buf_put_zigzag(out, value);
}

static void put_OPTIONAL_DOUBLE(struct buf *out, double value) {
    buf_put_zigzag(out, isnan(value) ? BRANCH_NULL : BRANCH_VALUE);
    if (!isnan(value))
        buf_put_double(out, value);
}

static void put_enum(struct buf *out, unsigned index) {
    buf_put_zigzag(out, index);
}

#define put_TRANSITION put_enum
#define put_KIND put_enum
#define put_SEVERITY put_enum
#define put_UNIT put_enum

/* An array is one block with its count, then the empty block. */
static void put_CONTRIBUTORS(struct buf *out, struct alert alert) {
    if (alert.contributor_count)
        buf_put_zigzag(out, (int64_t)alert.contributor_count);
    for (size_t i = 0; i < alert.contributor_count; i++) {
        put_TEXT(out, alert.contributors[i].dimension);
        put_TEXT(out, alert.contributors[i].value);
        put_DOUBLE(out, alert.contributors[i].share);
    }
    buf_put_zigzag(out, 0);
}

static void put_INTERACTIONS(struct buf *out, struct alert alert) {
    if (alert.interaction_count)
        buf_put_zigzag(out, (int64_t)alert.interaction_count);
    for (size_t i = 0; i < alert.interaction_count; i++)
        put_TEXT(out, alert.interactions[i]);
    buf_put_zigzag(out, 0);
}

void records_put_alert(const struct frame *frame, const struct alert *alert, int64_t emitted_at,
                       struct buf *out) {
    struct alert_record record = {*alert, emitted_at};
    frame_put(frame, out);
#define PUT(kind, field, member) put_##kind(out, record.member);
    ALERT_FIELDS(PUT)
#undef PUT
}

void records_put_kpi(const struct frame *frame, const struct kpi *kpi, struct buf *out) {
    frame_put(frame, out);
    put_TEXT(out, kpi->tenant);
    for (unsigned dimension = 0; dimension < SCOPE_DIMENSION_COUNT; dimension++) {
        bool fixed = kpi->scope->mask & SCOPE_BIT(dimension);
        put_OPTIONAL_TEXT(out, fixed ? kpi->scope->values[dimension] : (struct slice){NULL, 0});
    }
    put_TEXT(out, kpi->window);
    put_LONG(out, kpi->window_start_at);
    put_LONG(out, kpi->window_end_at);
    put_TEXT(out, kpi->metric);
    put_TEXT(out, kpi->formula);
    put_OPTIONAL_DOUBLE(out, kpi->value);
    put_UNIT(out, kpi->unit);
    put_OPTIONAL_LONG(out, kpi->numerator);
    put_OPTIONAL_LONG(out, kpi->denominator);
    put_OPTIONAL_LONG(out, kpi->sample);
    put_DOUBLE(out, kpi->completeness);
    put_INT(out, kpi->revision);
    put_FLAG(out, kpi->final);
}

static struct slice cut(struct slice s) {
    if (s.size > DEAD_LETTER_BYTES_MAX)
        s.size = DEAD_LETTER_BYTES_MAX;
    return s;
}

/* A detail may quote what could not be used; an Avro string must be UTF-8 all the same. */
static void put_readable(struct buf *out, struct slice text) {
    buf_put_zigzag(out, (int64_t)text.size);
    char *at = buf_reserve(out, text.size);
    bool is_utf8 = slice_is_utf8(text);
    for (size_t i = 0; i < text.size; i++)
        at[i] = is_utf8 || (unsigned char)text.at[i] < 0x80 ? text.at[i] : '?';
    out->size += text.size;
}

void records_put_dead_letter(const struct frame *frame, const struct dead_letter *letter,
                             struct buf *out) {
    const struct record_place *place = &letter->place;
    frame_put(frame, out);
    put_TEXT(out, place->topic);
    put_INT(out, place->partition);
    put_LONG(out, place->offset);
    put_TEXT(out, cut(place->key));
    put_TEXT(out, cut(place->value));
    put_OPTIONAL_LONG(out, place->schema_id < 0 ? ALERT_LONG_NONE : place->schema_id);
    put_enum(out, letter->reason);
    put_readable(out, letter->detail);
    put_LONG(out, letter->at);
}

void records_put_audit(const struct frame *frame, const struct audit *audit, struct buf *out) {
    frame_put(frame, out);
    put_TEXT(out, audit->tenant);
    put_LONG(out, audit->seq);
    put_TEXT(out, audit->prev_hash);
    put_TEXT(out, audit->hash);
    put_LONG(out, audit->at);
    put_TEXT(out, audit->actor);
    put_TEXT(out, audit->action);
    put_TEXT(out, audit->object);
    put_INT(out, audit->contract_version);
    put_TEXT(out, audit->inputs_digest);
    put_readable(out, audit->detail);
}

void records_put_command(const struct frame *frame, const struct command *c, struct buf *out) {
    struct slice none = {NULL, 0};
    frame_put(frame, out);
    put_TEXT(out, c->command_id);
    put_TEXT(out, c->tenant);
    put_TEXT(out, none); /* vendor_id, site_id */
    put_TEXT(out, none);
    put_TEXT(out, SLICE("floorwalker alert"));
    put_OPTIONAL_LONG(out, ALERT_LONG_NONE);
    put_LONG(out, c->issued_at);
    put_OPTIONAL_LONG(out, c->issued_at);
    put_INT(out, 0);
    put_TEXT(out, c->command_id);
    put_OPTIONAL_TEXT(out, c->alert_id);
    put_OPTIONAL_TEXT(out, c->alert_key);
    put_enum(out, c->op);
    put_OPTIONAL_LONG(out, c->seq > 0 ? c->seq : ALERT_LONG_NONE);
    put_OPTIONAL_TEXT(out, c->actor_role);
    put_OPTIONAL_TEXT(out, c->actor_key);
    put_OPTIONAL_TEXT(out, c->assignee);
    put_OPTIONAL_LONG(out, c->until_at == INSTANT_NONE ? ALERT_LONG_NONE : c->until_at);
    put_OPTIONAL_TEXT(out, c->note_code);
    put_OPTIONAL_LONG(out, c->issued_at == INSTANT_NONE ? ALERT_LONG_NONE : c->issued_at);
}

void records_put_tick(const struct frame *frame, int64_t at, struct slice instance,
                      struct buf *out) {
    frame_put(frame, out);
    put_LONG(out, at);
    put_TEXT(out, instance);
}
