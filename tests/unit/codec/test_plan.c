/* Does a decode plan keep to Avro's rules where Avro C is no help, and stand against bombs? */
#include <jansson.h>

#include "base/property.h"

#include "base/buf.h"
#include "codec/event_slots.h"
#include "codec/plan.h"
#include "codec/schema_text.h"

#define RECORD(fields)                                                                             \
    "{\"type\":\"record\",\"name\":\"floorwalker.v1.InteractionEvent\",\"fields\":[" fields        \
    "{\"name\":\"event_id\",\"type\":\"string\"}]}"
#define EXTRA(type) RECORD("{\"name\":\"extra\",\"type\":" type "},")

struct fixture {
    struct schema_tree *ours;
    struct plan *plan;
    struct buf datum;
    struct event event;
    struct err err;
};

static void compile(struct fixture *f, const char *json) {
    f->err.text[0] = '\0';
    struct schema_tree *tree = schema_tree_new(slice_of(json), &f->err);
    assert_string_equal(f->err.text, "");
    plan_free(f->plan);
    f->plan = plan_new(tree, f->ours);
    schema_tree_free(tree);
    buf_reset(&f->datum);
}

static const struct schema_field *our_field(const struct fixture *f, const char *name) {
    const struct schema_node *root = schema_tree_root(f->ours);
    for (size_t i = 0; i < root->field_count; i++) {
        if (slice_equal(root->fields[i].name, slice_of(name)))
            return &root->fields[i];
    }
    fail_msg("our schema has no field %s", name);
    return NULL;
}

/* An event_id of "x" ends each datum, so that what was skipped was skipped to the byte. */
static void expect_skipped(struct fixture *f) {
    buf_put(&f->datum, "\2x", 2);
    f->err.text[0] = '\0';
    plan_run(f->plan, buf_slice(&f->datum), &f->event, &f->err);
    assert_string_equal(f->err.text, "");
    assert_true(slice_equal(f->event.event_id, SLICE("x")));
    buf_reset(&f->datum);
}

static void expect_fault(struct fixture *f, const char *text) {
    assert_int_equal(plan_run(f->plan, buf_slice(&f->datum), &f->event, &f->err), PLAN_UNDECODABLE);
    assert_non_null(strstr(f->err.text, text));
    buf_reset(&f->datum);
}

static void blocks_that_say_their_size(void **state) {
    struct fixture *f = *state;
    compile(f, EXTRA("{\"type\":\"array\",\"items\":\"long\"}"));
    buf_put_zigzag(&f->datum, 2);
    buf_put_zigzag(&f->datum, 1000000);
    buf_put_zigzag(&f->datum, 7);
    buf_put_zigzag(&f->datum, -3); /* three elements in four bytes */
    buf_put_zigzag(&f->datum, 4);
    buf_put(&f->datum, "\1\1\1\1", 4);
    buf_put_zigzag(&f->datum, 1);
    buf_put_zigzag(&f->datum, 5);
    buf_put_zigzag(&f->datum, 0);
    expect_skipped(f);

    buf_put_zigzag(&f->datum, INT64_MIN);
    buf_put_zigzag(&f->datum, 0);
    buf_put_zigzag(&f->datum, 0);
    expect_skipped(f);

    buf_put_zigzag(&f->datum, -1);
    buf_put_zigzag(&f->datum, -1);
    expect_fault(f, "a length below zero");
    buf_put_zigzag(&f->datum, -1);
    buf_put_zigzag(&f->datum, INT64_MAX);
    expect_fault(f, "beyond the record's end");
}

static void arrays_that_claim_too_much(void **state) {
    struct fixture *f = *state;
    compile(f, EXTRA("{\"type\":\"array\",\"items\":\"null\"}"));
    buf_put_zigzag(&f->datum, INT64_C(1) << 60);
    buf_put_zigzag(&f->datum, 0);
    expect_fault(f, "more elements than a record of this size may have");
    buf_put_zigzag(&f->datum, 1000);
    buf_put_zigzag(&f->datum, 0);
    expect_skipped(f);

    /* Each level alone is within bounds; together they would be a billion. */
    compile(f, EXTRA("{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":"
                     "\"array\",\"items\":\"null\"}}}"));
    for (int i = 0; i < 10; i++) {
        buf_put_zigzag(&f->datum, 1000);
        buf_put_zigzag(&f->datum, 1000);
        buf_put_zigzag(&f->datum, 1000);
        buf_put_zigzag(&f->datum, 0);
    }
    expect_fault(f, "more elements than a record of this size may have");
}

/* Each record has the next one twice: written out, the schema would have 2^28 fields. */
static void schemas_that_double(void **state) {
    struct fixture *f = *state;
    struct buf json = {0};
    buf_put_format(&json, "{\"type\":\"record\",\"name\":\"floorwalker.v1.InteractionEvent\","
                          "\"fields\":[{\"name\":\"extra\",\"type\":");
    for (int i = 0; i < 28; i++)
        buf_put_format(&json,
                       "{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[{\"name\":\"a\","
                       "\"type\":",
                       i);
    buf_put_format(&json, "\"null\"},{\"name\":\"b\",\"type\":\"null\"}]}");
    for (int i = 27; i > 0; i--)
        buf_put_format(&json, "},{\"name\":\"b\",\"type\":\"R%d\"}]}", i);
    buf_put_format(&json, "},{\"name\":\"event_id\",\"type\":\"string\"}]}%c", '\0');
    compile(f, json.at);
    buf_put(&f->datum, "\2x", 2);
    expect_fault(f, "more elements than a record of this size may have");
    buf_deinit(&json);
}

static void types_that_contain_themselves(void **state) {
    struct fixture *f = *state;
    compile(f, EXTRA("{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\",\"type\":"
                     "[\"null\",\"L\"]}]}"));
    for (int i = 0; i < PLAN_DEPTH_MAX - 1; i++)
        buf_put_zigzag(&f->datum, 1);
    buf_put_zigzag(&f->datum, 0);
    expect_skipped(f);
    for (int i = 0; i < PLAN_DEPTH_MAX; i++)
        buf_put_zigzag(&f->datum, 1);
    buf_put_zigzag(&f->datum, 0);
    expect_fault(f, "types nested too deeply");

    compile(f, EXTRA("{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\",\"type\":"
                     "\"L\"}]}"));
    expect_fault(f, "types nested too deeply");
}

static void aliases_and_names(void **state) {
    struct fixture *f = *state;
    struct buf reader = {0};
    struct slice text = schema_text(SCHEMA_INTERACTION_EVENT);
    const char *field = memmem(text.at, text.size, "\"name\": \"site_id\",", 18);
    assert_non_null(field);
    size_t before = (size_t)(field - text.at);
    buf_put(&reader, text.at, before);
    buf_put_format(&reader, "\"aliases\": [\"centre\", \"location\"], ");
    buf_put(&reader, field, text.size - before);
    schema_tree_free(f->ours);
    f->ours = schema_tree_new(buf_slice(&reader), &f->err);
    assert_non_null(f->ours);
    compile(f, RECORD("{\"name\":\"location\",\"type\":\"string\"},{\"name\":\"centre\",\"type\":"
                      "\"string\"},"));
    buf_put(&f->datum, "\2l\2c", 4);
    expect_skipped(f);
    assert_true(slice_equal(f->event.site, SLICE("c")));

    /* The name itself comes before any alias. */
    compile(f, RECORD("{\"name\":\"centre\",\"type\":\"string\"},{\"name\":\"site_id\",\"type\":"
                      "\"string\"},"));
    buf_put(&f->datum, "\2c\2s", 4);
    expect_skipped(f);
    assert_true(slice_equal(f->event.site, SLICE("s")));
    buf_deinit(&reader);
}

static void numbers(void **state) {
    struct fixture *f = *state;
    compile(f, RECORD("{\"name\":\"revision\",\"type\":\"int\"},{\"name\":\"event_at\",\"type\":"
                      "\"long\"},"));
    buf_put_zigzag(&f->datum, INT32_MIN);
    buf_put_zigzag(&f->datum, INT64_MAX);
    expect_skipped(f);
    assert_true(f->event.revision == INT32_MIN && f->event.event_at == INT64_MAX);
    buf_put_zigzag(&f->datum, INT64_C(1) << 31);
    expect_fault(f, "revision: a number beyond the 32 bits of an int");
    buf_put_zigzag(&f->datum, 0);
    buf_put(&f->datum, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11);
    expect_fault(f, "event_at: a number of more than ten bytes");
    buf_put_zigzag(&f->datum, 0);
    buf_put(&f->datum, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 10);
    expect_fault(f, "event_at: a number of more than ten bytes");
    buf_put_zigzag(&f->datum, 0);
    buf_put(&f->datum, "\x80\x80", 2);
    expect_fault(f, "event_at: the record ends within it");
}

/* Of one byte to ten, at the end of the bytes and with many behind it. */
static void numbers_of_every_length(void **state) {
    struct fixture *f = *state;
    compile(f, "{\"type\":\"record\",\"name\":\"floorwalker.v1.InteractionEvent\",\"fields\":"
               "[{\"name\":\"source\",\"type\":\"string\"},{\"name\":\"event_at\",\"type\":"
               "\"long\"},{\"name\":\"event_id\",\"type\":\"string\"}]}");
    for (unsigned bits = 0; bits < 64; bits++) {
        for (int spare = 0; spare < 12; spare++) {
            int64_t value = (int64_t)(UINT64_C(0xA5A5A5A5A5A5A5A5) >> bits) * (spare % 2 ? 1 : -1);
            buf_put_zigzag(&f->datum, 0);
            buf_put_zigzag(&f->datum, value);
            buf_put_zigzag(&f->datum, spare);
            buf_put(&f->datum, "xxxxxxxxxxxx", (size_t)spare);
            assert_int_equal(plan_run(f->plan, buf_slice(&f->datum), &f->event, &f->err),
                             PLAN_DECODED);
            assert_true(f->event.event_at == value && f->event.event_id.size == (size_t)spare);
            f->datum.size -= 2 + (size_t)spare; /* cut before its last byte, or within event_id */
            assert_int_equal(plan_run(f->plan, buf_slice(&f->datum), &f->event, &f->err),
                             PLAN_UNDECODABLE);
            buf_reset(&f->datum);
        }
    }
}

#define OPTIONS_MAX 20

/* `count` fields that may be null, of which bit k of `there` says whether the k-th is there. */
static void expect_options(struct fixture *f, unsigned count, unsigned there, bool null_first) {
    static const char *const names[] = {"language", "skill", "status"};
    struct buf json = {0};
    buf_put_format(&json, "{\"type\":\"record\",\"name\":\"floorwalker.v1.InteractionEvent\","
                          "\"fields\":[");
    for (unsigned k = 0; k < count; k++) {
        buf_put_format(&json, "{\"name\":\"%s%u\",\"type\":[%s]},", names[k % 3], k,
                       null_first ? "\"null\",\"string\"" : "\"string\",\"null\"");
    }
    buf_put_format(&json, "{\"name\":\"event_id\",\"type\":\"string\"}]}%c", '\0');
    compile(f, json.at);
    for (unsigned k = 0; k < count; k++) {
        bool is_there = there >> k & 1;
        buf_put_zigzag(&f->datum, is_there == null_first);
        if (is_there)
            buf_put(&f->datum, "\4ab", 3);
    }
    expect_skipped(f);
    buf_deinit(&json);
}

static void nulls_in_a_row(void **state) {
    struct fixture *f = *state;
    for (unsigned count = 1; count <= OPTIONS_MAX; count++) {
        for (unsigned k = 0; k <= count; k++) {
            expect_options(f, count, 0, k % 2);
            expect_options(f, count, 1u << k, true);
            expect_options(f, count, 1u << k, false);
            expect_options(f, count, ~(1u << k), k % 2);
        }
    }
    compile(f, RECORD("{\"name\":\"skill\",\"type\":[\"null\",\"string\"]},"));
    buf_put(&f->datum, "\x80\0", 2); /* null in more bytes than it needs */
    expect_skipped(f);
    buf_put(&f->datum, "\x82\0\2s", 4);
    expect_skipped(f);
    assert_true(slice_equal(f->event.skill, SLICE("s")));
}

static void branches_and_flags(void **state) {
    struct fixture *f = *state;
    compile(f,
            RECORD("{\"name\":\"public\",\"type\":[\"boolean\",\"null\"]},{\"name\":\"resolved\","
                   "\"type\":[\"int\",\"null\",\"boolean\"]},"));
    buf_put(&f->datum, "\0\0\4\1", 4);
    expect_skipped(f);
    assert_true(!f->event.is_public && f->event.resolved == 1);
    buf_put(&f->datum, "\2\2", 2);
    expect_skipped(f);
    assert_true(f->event.is_public && f->event.resolved == -1);
    buf_put(&f->datum, "\0\2\2", 3);
    expect_fault(f, "public: a boolean that is neither 0 nor 1");
    buf_put(&f->datum, "\4", 1);
    expect_fault(f, "public: a union branch that the writer's schema does not have");
    buf_put(&f->datum, "\1", 1);
    expect_fault(f, "public: a union branch that the writer's schema does not have");
    buf_put(&f->datum, "\0\1\0\2", 4);
    expect_fault(f, "resolved is int in the writer's schema; boolean is expected");
}

#define SYMBOL(symbol, name) #symbol,

/* The tables in C and our schema have the same enums, symbol for symbol: they are read by index. */
static void symbols_are_in_our_order(void **state) {
    struct fixture *f = *state;
    static const char *const channels[] = {EVENT_CHANNELS(SYMBOL)};
    static const char *const directions[] = {EVENT_DIRECTIONS(SYMBOL)};
    static const char *const initiations[] = {EVENT_INITIATIONS(SYMBOL)};
    static const char *const types[] = {EVENT_TYPES(SYMBOL)};
    static const char *const priorities[] = {EVENT_PRIORITIES(SYMBOL)};
    static const char *const authors[] = {EVENT_AUTHORS(SYMBOL)};
    static const char *const causes[] = {EVENT_END_CAUSES(SYMBOL)};
    static const struct {
        const char *field;
        const char *const *symbols;
    } enums[] = {{"channel", channels}, {"direction", directions}, {"initiation", initiations},
                 {"type", types},       {"priority", priorities},  {"author", authors},
                 {"end_cause", causes}};
    for (size_t e = 0; e < sizeof(enums) / sizeof(enums[0]); e++) {
        const struct schema_node *type = our_field(f, enums[e].field)->type;
        for (size_t s = 0; s < type->symbol_count; s++)
            assert_true(slice_equal(type->symbols[s], slice_of(enums[e].symbols[s])));
    }
}

static int64_t number_of(const struct event *ev, const struct event_slot *slot) {
    const char *at = (const char *)ev + slot->offset;
    switch (slot->kind) {
    case SLOT_LONG: return *(const int64_t *)(const void *)at;
    case SLOT_INT: return *(const int32_t *)(const void *)at;
    case SLOT_TRISTATE: return *(const int8_t *)at;
    case SLOT_TEXT: return (int64_t)((const struct slice *)(const void *)at)->size;
    default: return *(const uint8_t *)at;
    }
}

/* A field that the writer has not is what the schema's default says, or absent. */
static void defaults_are_those_of_the_schema(void **state) {
    struct fixture *f = *state;
    struct slice text = schema_text(SCHEMA_INTERACTION_EVENT);
    json_t *json = json_loadb(text.at, text.size, 0, NULL);
    size_t checked = 0;
    compile(f, RECORD(""));
    expect_skipped(f);
    for (size_t i = 0; i < json_array_size(json_object_get(json, "fields")); i++) {
        const json_t *field = json_array_get(json_object_get(json, "fields"), i);
        const json_t *value = json_object_get(field, "default");
        const char *name = json_string_value(json_object_get(field, "name"));
        for (size_t slot = 1; slot < EVENT_SLOT_COUNT; slot++) { /* 0 was written: event_id */
            if (strcmp(name, event_slots[slot].field) != 0)
                continue;
            bool wide = event_slots[slot].kind == SLOT_LONG;
            bool tristate = event_slots[slot].kind == SLOT_TRISTATE;
            int64_t expected = wide ? EVENT_ABSENT : tristate ? -1 : 0;
            if (json_is_true(value) || json_is_integer(value))
                expected = json_is_true(value) ? 1 : json_integer_value(value);
            assert_int_equal(number_of(&f->event, &event_slots[slot]), expected);
            checked++;
        }
    }
    assert_int_equal(checked, EVENT_SLOT_COUNT - 1);
    json_decref(json);
}

static int begin(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    f->ours = schema_tree_new(schema_text(SCHEMA_INTERACTION_EVENT), &f->err);
    *state = f;
    return f->ours ? 0 : -1;
}

static int end(void **state) {
    struct fixture *f = *state;
    schema_tree_free(f->ours);
    plan_free(f->plan);
    buf_deinit(&f->datum);
    free(f);
    return 0;
}

#define WITH_PLAN(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_PLAN(blocks_that_say_their_size),
        WITH_PLAN(arrays_that_claim_too_much),
        WITH_PLAN(schemas_that_double),
        WITH_PLAN(types_that_contain_themselves),
        WITH_PLAN(aliases_and_names),
        WITH_PLAN(numbers),
        WITH_PLAN(numbers_of_every_length),
        WITH_PLAN(nulls_in_a_row),
        WITH_PLAN(branches_and_flags),
        WITH_PLAN(symbols_are_in_our_order),
        WITH_PLAN(defaults_are_those_of_the_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
