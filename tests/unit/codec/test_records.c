/* Does another implementation read what we write, field for field? */
#include <avro.h>
#include <math.h>
#include <stdio.h>

#include "base/property.h"

#include "codec/alert_reader.h"
#include "codec/records.h"
#include "codec/schema_text.h"

static const struct frame by_id = {.kind = FRAME_ID, .schema_id = 0x01020304};

/* The body as Avro C's JSON; the caller frees it. Nothing may be left over. */
static char *as_json(enum schema_id id, struct slice body) {
    avro_schema_t schema = NULL;
    avro_value_t value;
    char *json = NULL;
    assert_int_equal(
        avro_schema_from_json_length(schema_text(id).at, schema_text(id).size, &schema), 0);
    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    assert_int_equal(avro_generic_value_new(iface, &value), 0);
    avro_reader_t reader = avro_reader_memory(body.at, (int64_t)body.size);
    assert_int_equal(avro_value_read(reader, &value), 0);
    size_t size = 0;
    avro_value_sizeof(&value, &size);
    assert_int_equal(size, body.size);
    avro_value_to_json(&value, 1, &json);
    avro_reader_free(reader);
    avro_value_decref(&value);
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
    return json;
}

static struct slice body_of(const struct buf *b) {
    assert_memory_equal(b->at, "\0\1\2\3\4", 5);
    return (struct slice){b->at + 5, b->size - 5};
}

static void expect_json(enum schema_id id, const struct buf *b, const char *expected) {
    char *json = as_json(id, body_of(b));
    assert_string_equal(json, expected);
    free(json);
}

static void tick(void **state) {
    (void)state;
    struct buf b = {0};
    records_put_tick(&by_id, INT64_C(1700000000000), SLICE("host-1"), &b);
    expect_json(SCHEMA_TICK, &b, "{\"at\": 1700000000000, \"instance\": \"host-1\"}");
    buf_reset(&b);
    records_put_tick(&(struct frame){.kind = FRAME_FINGERPRINT, .fingerprint = 0x0807060504030201},
                     1, SLICE(""), &b);
    assert_int_equal(b.size, 12);
    assert_memory_equal(b.at, "\xC3\1\1\2\3\4\5\6\7\x08\2\0", 12);
    buf_deinit(&b);
}

static void kpi(void **state) {
    (void)state;
    struct buf b = {0};
    struct scope scope = {.mask = SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_CHANNEL)};
    scope.values[SCOPE_SITE] = SLICE("north");
    scope.values[SCOPE_CHANNEL] = SLICE("voice");
    scope.values[SCOPE_QUEUE] = SLICE("not fixed");
    struct kpi figure = {.tenant = SLICE("acme"),
                         .scope = &scope,
                         .window = SLICE("30m"),
                         .window_start_at = 1,
                         .window_end_at = 1800001,
                         .metric = SLICE("service_level"),
                         .formula = SLICE("answered_of_offered"),
                         .value = 0.75,
                         .unit = UNIT_RATIO,
                         .numerator = 3,
                         .denominator = 4,
                         .sample = 4,
                         .completeness = 0.5,
                         .revision = 2,
                         .final = true};
    records_put_kpi(&by_id, &figure, &b);
    expect_json(SCHEMA_KPI_SNAPSHOT, &b,
                "{\"tenant_id\": \"acme\", \"vendor_id\": null, \"site_id\": {\"string\": "
                "\"north\"}, \"queue_id\": null, \"channel\": {\"string\": \"voice\"}, "
                "\"priority\": null, \"agent_id\": null, \"window\": \"30m\", "
                "\"window_start_at\": 1, \"window_end_at\": 1800001, \"metric\": "
                "\"service_level\", \"formula\": \"answered_of_offered\", \"value\": {\"double\": "
                "0.75}, \"unit\": \"RATIO\", \"numerator\": {\"long\": 3}, \"denominator\": "
                "{\"long\": 4}, \"sample\": {\"long\": 4}, \"completeness\": 0.5, \"revision\": 2, "
                "\"final\": true}");
    buf_reset(&b);
    figure.value = ALERT_DOUBLE_NONE;
    figure.sample = ALERT_LONG_NONE;
    records_put_kpi(&by_id, &figure, &b);
    char *json = as_json(SCHEMA_KPI_SNAPSHOT, body_of(&b));
    assert_non_null(strstr(json, "\"value\": null"));
    assert_non_null(strstr(json, "\"sample\": null"));
    free(json);
    buf_deinit(&b);
}

#define SYMBOL(symbol, name) "\"" #symbol "\"",

static void audit_record(void **state) {
    (void)state;
    struct buf b = {0};
    struct audit a = {.tenant = SLICE("acme"),
                      .seq = 2,
                      .prev_hash = SLICE("aa"),
                      .hash = SLICE("bb"),
                      .at = 77,
                      .actor = SLICE("calendar"),
                      .action = SLICE("contract_changed"),
                      .object = SLICE("acme-support"),
                      .contract_version = 4,
                      .inputs_digest = SLICE("cc"),
                      .detail = SLICE("why \xFF not")};
    records_put_audit(&by_id, &a, &b);
    expect_json(SCHEMA_AUDIT, &b,
                "{\"tenant_id\": \"acme\", \"seq\": 2, \"prev_hash\": \"aa\", \"hash\": \"bb\", "
                "\"at\": 77, \"actor\": \"calendar\", \"action\": \"contract_changed\", "
                "\"object\": \"acme-support\", \"contract_version\": 4, \"inputs_digest\": "
                "\"cc\", \"detail\": \"why ? not\"}");
    buf_deinit(&b);
}

static void dead_letter(void **state) {
    (void)state;
    struct buf b = {0};
    struct dead_letter letter = {.place = {.topic = SLICE("interactions"),
                                           .partition = 3,
                                           .offset = INT64_C(1) << 40,
                                           .key = SLICE("call-7"),
                                           .value = SLICE("\1\2"),
                                           .schema_id = 9},
                                 .reason = DEAD_IMPOSSIBLE_MOVE,
                                 .detail = SLICE("why \xFF not"),
                                 .at = 77};
    records_put_dead_letter(&by_id, &letter, &b);
    expect_json(SCHEMA_DEAD_LETTER, &b,
                "{\"topic\": \"interactions\", \"partition\": 3, \"offset\": 1099511627776, "
                "\"key\": \"call-7\", \"value\": \"\\u0001\\u0002\", \"schema_id\": {\"int\": 9}, "
                "\"reason\": \"IMPOSSIBLE_MOVE\", \"detail\": \"why ? not\", \"at\": 77}");

    static const char *const symbols[] = {DEAD_LETTER_REASONS(SYMBOL)};
    for (int reason = 0; reason < DEAD_REASON_COUNT; reason++) {
        letter.reason = (enum dead_letter_reason)reason;
        buf_reset(&b);
        records_put_dead_letter(&by_id, &letter, &b);
        char *json = as_json(SCHEMA_DEAD_LETTER, body_of(&b));
        assert_non_null(strstr(json, symbols[reason]));
        free(json);
    }

    /* Long values are cut, so that a dead letter can always be written. */
    size_t before = b.size;
    letter.place.value = (struct slice){calloc(1, 1 << 20), 1 << 20};
    letter.place.schema_id = -1;
    buf_reset(&b);
    records_put_dead_letter(&by_id, &letter, &b);
    assert_true(b.size > DEAD_LETTER_BYTES_MAX && b.size < DEAD_LETTER_BYTES_MAX + before);
    free((char *)(uintptr_t)letter.place.value.at);
    buf_deinit(&b);
}

static struct slice some_text(struct rng *r, bool may_be_empty) {
    static const char *const words[] = {"", "acme", "voice-80-20", "\xC3\xA9", "a/b c", "0"};
    return slice_of(words[may_be_empty ? rng_below(r, 6) : 1 + rng_below(r, 5)]);
}

static int64_t some_long(struct rng *r) {
    return rng_below(r, 3) ? (int64_t)rng_next(r) >> rng_below(r, 60) : ALERT_LONG_NONE;
}

static double some_double(struct rng *r) {
    return rng_below(r, 3) ? rng_unit(r) : ALERT_DOUBLE_NONE;
}

#define SOME_TEXT(member) a->member = some_text(r, false);
#define SOME_OPTIONAL_TEXT(member) a->member = some_text(r, true);
#define SOME_INT(member) a->member = (int32_t)rng_next(r);
#define SOME_LONG(member) a->member = (int64_t)rng_next(r);
#define SOME_OPTIONAL_LONG(member) a->member = some_long(r);
#define SOME_DOUBLE(member) a->member = rng_unit(r);
#define SOME_OPTIONAL_DOUBLE(member) a->member = some_double(r);
#define SOME_FLAG(member) a->member = rng_below(r, 2);
#define SOME_TRANSITION(member) a->member = (enum transition)rng_below(r, TRANSITION_COUNT);
#define SOME_KIND(member) a->member = (enum alert_kind)rng_below(r, ALERT_KIND_COUNT);
#define SOME_SEVERITY(member) a->member = (enum severity)rng_below(r, SEVERITY_COUNT);
#define SOME_UNIT(member) a->member = (enum unit)rng_below(r, UNIT_COUNT);
#define SOME_CONTRIBUTORS(member)                                                                  \
    a->member.contributor_count = rng_below(r, ALERT_CONTRIBUTORS_MAX + 1);                        \
    for (size_t i = 0; i < a->member.contributor_count; i++)                                       \
        a->member.contributors[i] = (struct alert_contributor){some_text(r, true),                 \
                                                               some_text(r, true), rng_unit(r)};
#define SOME_INTERACTIONS(member)                                                                  \
    a->member.interaction_count = rng_below(r, ALERT_INTERACTIONS_MAX + 1);                        \
    for (size_t i = 0; i < a->member.interaction_count; i++)                                       \
        a->member.interactions[i] = some_text(r, true);
#define SOME(kind, field, member) SOME_##kind(member)

static void make_alert(struct rng *r, struct alert_record *a) {
    *a = (struct alert_record){0};
    ALERT_FIELDS(SOME)
}

static bool same_number(double a, double b) {
    return (isnan(a) && isnan(b)) || (a <= b && a >= b);
}

#define SAME_TEXT(m) REQUIRE(seed, slice_equal(a->m, b->m));
#define SAME_OPTIONAL_TEXT SAME_TEXT
#define SAME_INT(m) REQUIRE(seed, a->m == b->m);
#define SAME_LONG SAME_INT
#define SAME_OPTIONAL_LONG SAME_INT
#define SAME_FLAG SAME_INT
#define SAME_TRANSITION SAME_INT
#define SAME_KIND SAME_INT
#define SAME_SEVERITY SAME_INT
#define SAME_UNIT SAME_INT
#define SAME_DOUBLE(m) REQUIRE(seed, same_number(a->m, b->m));
#define SAME_OPTIONAL_DOUBLE SAME_DOUBLE
#define SAME_CONTRIBUTORS(m)                                                                       \
    SAME_INT(m.contributor_count)                                                                  \
    for (size_t i = 0; i < a->m.contributor_count; i++) {                                          \
        SAME_TEXT(m.contributors[i].dimension)                                                     \
        SAME_TEXT(m.contributors[i].value)                                                         \
        SAME_DOUBLE(m.contributors[i].share)                                                       \
    }
#define SAME_INTERACTIONS(m)                                                                       \
    SAME_INT(m.interaction_count)                                                                  \
    for (size_t i = 0; i < a->m.interaction_count; i++)                                            \
    SAME_TEXT(m.interactions[i])
#define SAME(kind, field, member) SAME_##kind(member)

static void check_same(uint64_t seed, const struct alert_record *a, const struct alert_record *b) {
    ALERT_FIELDS(SAME)
}

static void alerts_come_back(void **state) {
    (void)state;
    struct err err = {""};
    struct buf b = {0};
    struct alert_reader *reader = alert_reader_new(schema_text(SCHEMA_ALERT), &err);
    assert_string_equal(err.text, "");
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 2000; seed++) {
        struct rng rng;
        struct alert_record written, read;
        rng_init(&rng, seed);
        make_alert(&rng, &written);
        buf_reset(&b);
        records_put_alert(&by_id, &written.alert, written.emitted_at, &b);
        REQUIRE(seed, alert_reader_read(reader, body_of(&b), &read, &err));
        check_same(seed, &written, &read);
    }
    free(as_json(SCHEMA_ALERT, body_of(&b)));
    struct alert_record none;
    assert_false(alert_reader_read(reader, SLICE(""), &none, &err));
    assert_non_null(strstr(err.text, "an Alert that its schema does not describe"));
    alert_reader_free(reader);
    buf_deinit(&b);
}

static void alerts_of_other_versions(void **state) {
    (void)state;
    struct err err = {""};
    struct slice older = SLICE("{\"type\":\"record\",\"name\":\"floorwalker.v1.Alert\",\"fields\":["
                               "{\"name\":\"seq\",\"type\":\"int\"},"
                               "{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"K\","
                               "\"symbols\":[\"CONFIG\",\"NEWER\"]}}]}");
    struct alert_reader *reader = alert_reader_new(older, &err);
    assert_string_equal(err.text, "");
    struct alert_record record;
    assert_true(alert_reader_read(reader, SLICE("\x0E\0"), &record, &err));
    assert_int_equal(record.alert.seq, 7);
    assert_int_equal(record.alert.kind, ALERT_CONFIG);
    assert_true(isnan(record.alert.observed) && record.alert.sample == ALERT_LONG_NONE);
    assert_true(alert_reader_read(reader, SLICE("\x0E\2"), &record, &err));
    assert_int_equal(record.alert.kind, ALERT_UNKNOWN);
    alert_reader_free(reader);
    assert_null(alert_reader_new(schema_text(SCHEMA_TICK), &err));
    assert_string_equal(err.text, "wrong record Tick; expected Alert");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tick),
        cmocka_unit_test(kpi),
        cmocka_unit_test(audit_record),
        cmocka_unit_test(dead_letter),
        cmocka_unit_test(alerts_come_back),
        cmocka_unit_test(alerts_of_other_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
