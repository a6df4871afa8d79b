#include "codec/alert_json.h"

#include "base/check.h"
#include "codec/text.h"

static void put_TEXT(struct buf *out, struct slice text) {
    text_put_json(out, text);
}

static void put_null(struct buf *out) {
    buf_put(out, "null", 4);
}

static void put_OPTIONAL_TEXT(struct buf *out, struct slice text) {
    if (text.size)
        text_put_json(out, text);
    else
        put_null(out);
}

static void put_INT(struct buf *out, int32_t value) {
    buf_put_decimal(out, value);
}

static void put_LONG(struct buf *out, int64_t value) {
    if (value == ALERT_LONG_NONE)
        put_null(out);
    else
        buf_put_decimal(out, value);
}
#define put_OPTIONAL_LONG put_LONG

static void put_DOUBLE(struct buf *out, double value) {
    text_put_double(out, value); /* NaN is null */
}
#define put_OPTIONAL_DOUBLE put_DOUBLE

static void put_FLAG(struct buf *out, bool value) {
    text_put(out, value ? "true" : "false");
}

#define SYMBOL(symbol, name) "\"" #symbol "\"",
#define KIND_SYMBOL(symbol, name, topic) "\"" #symbol "\"",

static void put_TRANSITION(struct buf *out, enum transition t) {
    static const char *const symbols[] = {ALERT_TRANSITIONS(SYMBOL)};
    CHECK(t < TRANSITION_COUNT);
    text_put(out, symbols[t]);
}

static void put_KIND(struct buf *out, enum alert_kind k) {
    static const char *const symbols[] = {ALERT_KINDS(KIND_SYMBOL)};
    CHECK(k < ALERT_KIND_COUNT);
    text_put(out, symbols[k]);
}

static void put_SEVERITY(struct buf *out, enum severity s) {
    static const char *const symbols[] = {ALERT_SEVERITIES(SYMBOL)};
    CHECK(s < SEVERITY_COUNT);
    text_put(out, symbols[s]);
}

static void put_UNIT(struct buf *out, enum unit u) {
    static const char *const symbols[] = {ALERT_UNITS(SYMBOL)};
    CHECK(u < UNIT_KIND_COUNT);
    text_put(out, symbols[u]);
}

static void put_CONTRIBUTORS(struct buf *out, struct alert alert) {
    buf_put_u8(out, '[');
    for (size_t i = 0; i < alert.contributor_count; i++) {
        text_put(out, i ? ",{\"dimension\":" : "{\"dimension\":");
        text_put_json(out, alert.contributors[i].dimension);
        text_put(out, ",\"value\":");
        text_put_json(out, alert.contributors[i].value);
        text_put(out, ",\"share\":");
        text_put_double(out, alert.contributors[i].share);
        buf_put_u8(out, '}');
    }
    buf_put_u8(out, ']');
}

static void put_INTERACTIONS(struct buf *out, struct alert alert) {
    buf_put_u8(out, '[');
    for (size_t i = 0; i < alert.interaction_count; i++) {
        if (i)
            buf_put_u8(out, ',');
        text_put_json(out, alert.interactions[i]);
    }
    buf_put_u8(out, ']');
}

/* The first comma becomes the brace. */
void alert_json_put(const struct alert_record *record, struct buf *out) {
    size_t begin = out->size;
#define NAME(field) ",\"" #field "\":"
#define PUT(kind, field, member)                                                                   \
    buf_put(out, NAME(field), sizeof(NAME(field)) - 1);                                            \
    put_##kind(out, record->member);
    ALERT_FIELDS(PUT)
#undef PUT
#undef NAME
    out->at[begin] = '{';
    buf_put_u8(out, '}');
}
