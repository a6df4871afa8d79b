#include "codec/alert_reader.h"

#include <avro.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "base/check.h"

#define BODY_MAX ((size_t)1024 * 1024)

struct alert_reader {
    avro_schema_t schema;
    avro_value_iface_t *iface;
    avro_value_t value;
};

struct alert_reader *alert_reader_new(struct slice schema_json, struct err *err) {
    struct alert_reader *r = calloc(1, sizeof(*r));
    CHECK(r);
    if (avro_schema_from_json_length(schema_json.at, schema_json.size, &r->schema) != 0) {
        err_set(err, "the writer's schema cannot be read: %s", avro_strerror());
        free(r);
        return NULL;
    }
    if (avro_typeof(r->schema) != AVRO_RECORD ||
        strcmp(avro_schema_name(r->schema), "Alert") != 0) {
        err_set(err, "wrong record %s; expected Alert", avro_schema_type_name(r->schema));
        avro_schema_decref(r->schema);
        free(r);
        return NULL;
    }
    r->iface = avro_generic_class_from_schema(r->schema);
    CHECK(r->iface && avro_generic_value_new(r->iface, &r->value) == 0);
    return r;
}

void alert_reader_free(struct alert_reader *r) {
    if (!r)
        return;
    avro_value_decref(&r->value);
    avro_value_iface_decref(r->iface);
    avro_schema_decref(r->schema);
    free(r);
}

/* The field, out of its union; false when it is not there or null. */
static bool field_of(const avro_value_t *record, const char *name, avro_value_t *field) {
    avro_value_t whole = {NULL, NULL};
    if (avro_value_get_by_name(record, name, &whole, NULL) != 0 || !whole.iface)
        return false;
    *field = whole;
    if (avro_value_get_type(&whole) == AVRO_UNION &&
        avro_value_get_current_branch(&whole, field) != 0)
        return false;
    return avro_value_get_type(field) != AVRO_NULL;
}

static void text_of(avro_value_t *value, struct slice *text) {
    const char *at = NULL;
    size_t size = 0; /* with the NUL */
    if (value->iface && avro_value_get_type(value) == AVRO_STRING &&
        avro_value_get_string(value, &at, &size) == 0)
        *text = (struct slice){at, size - 1};
}

static void read_TEXT(avro_value_t *record, const char *name, struct slice *text) {
    avro_value_t field;
    *text = (struct slice){NULL, 0};
    if (field_of(record, name, &field))
        text_of(&field, text);
}
#define read_OPTIONAL_TEXT read_TEXT

static bool number_of(avro_value_t *record, const char *name, int64_t *number) {
    avro_value_t field;
    int narrow = 0;
    if (!field_of(record, name, &field))
        return false;
    if (avro_value_get_type(&field) == AVRO_INT64)
        return avro_value_get_long(&field, number) == 0;
    if (avro_value_get_type(&field) != AVRO_INT32 || avro_value_get_int(&field, &narrow) != 0)
        return false;
    *number = narrow;
    return true;
}

static void read_LONG(avro_value_t *record, const char *name, int64_t *number) {
    *number = 0;
    number_of(record, name, number);
}

static void read_OPTIONAL_LONG(avro_value_t *record, const char *name, int64_t *number) {
    *number = ALERT_LONG_NONE;
    number_of(record, name, number);
}

static void read_INT(avro_value_t *record, const char *name, int32_t *number) {
    int64_t wide = 0;
    number_of(record, name, &wide);
    *number = (int32_t)wide;
}

static void read_OPTIONAL_DOUBLE(avro_value_t *record, const char *name, double *number) {
    avro_value_t field;
    *number = ALERT_DOUBLE_NONE;
    if (field_of(record, name, &field) && avro_value_get_type(&field) == AVRO_DOUBLE)
        avro_value_get_double(&field, number);
}

static void read_DOUBLE(avro_value_t *record, const char *name, double *number) {
    read_OPTIONAL_DOUBLE(record, name, number);
    if (isnan(*number))
        *number = 0;
}

static void read_FLAG(avro_value_t *record, const char *name, bool *flag) {
    avro_value_t field;
    int value = 0;
    if (field_of(record, name, &field) && avro_value_get_type(&field) == AVRO_BOOLEAN)
        avro_value_get_boolean(&field, &value);
    *flag = value != 0;
}

/* The place of the symbol among our names, which are in lower case; 0, UNKNOWN, when it is none. */
static unsigned symbol_of(avro_value_t *record, const char *name, const char *const *names,
                          unsigned count) {
    avro_value_t field;
    int index = 0;
    if (!field_of(record, name, &field) || avro_value_get_type(&field) != AVRO_ENUM ||
        avro_value_get_enum(&field, &index) != 0)
        return 0;
    const char *symbol = avro_schema_enum_get(avro_value_get_schema(&field), index);
    for (unsigned i = 0; symbol && i < count; i++) {
        if (strcasecmp(symbol, names[i]) == 0)
            return i;
    }
    return 0;
}

#define NAME(symbol, name) name,
#define KIND_NAME(symbol, name, topic) name,

static void read_TRANSITION(avro_value_t *record, const char *name, enum transition *t) {
    static const char *const names[] = {ALERT_TRANSITIONS(NAME)};
    *t = symbol_of(record, name, names, TRANSITION_COUNT);
}

static void read_KIND(avro_value_t *record, const char *name, enum alert_kind *k) {
    static const char *const names[] = {ALERT_KINDS(KIND_NAME)};
    *k = symbol_of(record, name, names, ALERT_KIND_COUNT);
}

static void read_SEVERITY(avro_value_t *record, const char *name, enum severity *s) {
    static const char *const names[] = {ALERT_SEVERITIES(NAME)};
    *s = symbol_of(record, name, names, SEVERITY_COUNT);
}

static void read_UNIT(avro_value_t *record, const char *name, enum unit *u) {
    static const char *const names[] = {ALERT_UNITS(NAME)};
    *u = symbol_of(record, name, names, UNIT_KIND_COUNT);
}

/* How many elements of an array field we take. */
static size_t elements_of(avro_value_t *record, const char *name, size_t most,
                          avro_value_t *field) {
    size_t count = 0;
    if (!field_of(record, name, field) || avro_value_get_type(field) != AVRO_ARRAY ||
        avro_value_get_size(field, &count) != 0)
        return 0;
    return count < most ? count : most;
}

static void read_CONTRIBUTORS(avro_value_t *record, const char *name, struct alert *alert) {
    avro_value_t field, element;
    alert->contributor_count = elements_of(record, name, ALERT_CONTRIBUTORS_MAX, &field);
    for (size_t i = 0; i < alert->contributor_count; i++) {
        struct alert_contributor *c = &alert->contributors[i];
        CHECK(avro_value_get_by_index(&field, i, &element, NULL) == 0);
        read_TEXT(&element, "dimension", &c->dimension);
        read_TEXT(&element, "value", &c->value);
        read_DOUBLE(&element, "share", &c->share);
    }
}

static void read_INTERACTIONS(avro_value_t *record, const char *name, struct alert *alert) {
    avro_value_t field, element = {NULL, NULL};
    alert->interaction_count = elements_of(record, name, ALERT_INTERACTIONS_MAX, &field);
    for (size_t i = 0; i < alert->interaction_count; i++) {
        alert->interactions[i] = (struct slice){NULL, 0};
        if (avro_value_get_by_index(&field, i, &element, NULL) == 0)
            text_of(&element, &alert->interactions[i]);
    }
}

bool alert_reader_read(struct alert_reader *r, struct slice body, struct alert_record *record,
                       struct err *err) {
    if (body.size > BODY_MAX)
        return err_set(err, "an Alert of %zu bytes; at most %zu are read", body.size, BODY_MAX);
    avro_value_reset(&r->value);
    avro_reader_t bytes = avro_reader_memory(body.at, (int64_t)body.size);
    int failed = avro_value_read(bytes, &r->value);
    avro_reader_free(bytes);
    if (failed)
        return err_set(err, "an Alert that its schema does not describe: %s", avro_strerror());
#define READ(kind, field, member) read_##kind(&r->value, #field, &record->member);
    ALERT_FIELDS(READ)
#undef READ
    return true;
}
