/* Does each record of a topic become an event, a tick, or a dead letter with a reason that a
 * person understands? */
#include "base/property.h"

#include "codec/decoder.h"
#include "codec/frame.h"
#include "codec/schema_text.h"

#define RECORD(fields)                                                                             \
    "{\"type\":\"record\",\"name\":\"InteractionEvent\",\"namespace\":\"floorwalker.v1\","         \
    "\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define TYPE_ENUM                                                                                  \
    "{\"type\":\"enum\",\"name\":\"T\",\"symbols\":[\"ANSWERED\",\"INVENTED\",\"QUEUED\"]}"
#define REQUIRED                                                                                   \
    FIELD("event_id", "\"string\"")                                                                \
    "," FIELD("tenant_id", "\"string\"") "," FIELD("site_id", "\"string\"") "," FIELD(             \
        "event_at", "\"long\"") "," FIELD("interaction_id", "\"string\"") "," FIELD("type",        \
                                                                                    TYPE_ENUM)

#define ANSWERED 0
#define INVENTED 1
#define QUEUED 2

struct fixture {
    struct decoder *decoder;
    struct event event;
    struct decode_fault fault;
    struct buf value;
};

static void put_string(struct buf *b, const char *text) {
    buf_put_zigzag(b, (int64_t)strlen(text));
    buf_put(b, text, strlen(text));
}

/* The header and the six fields of REQUIRED; further fields are the test's. */
static void put_required(struct fixture *f, int32_t schema_id, int type) {
    buf_reset(&f->value);
    frame_put(&(struct frame){.kind = FRAME_ID, .schema_id = schema_id}, &f->value);
    put_string(&f->value, "e1");
    put_string(&f->value, "acme");
    put_string(&f->value, "north");
    buf_put_zigzag(&f->value, INT64_C(1700000000123));
    put_string(&f->value, "call-7");
    buf_put_zigzag(&f->value, type);
}

static void add_schema(struct fixture *f, int32_t id, const char *json) {
    struct err err = {""};
    bool ok = decoder_add_schema(f->decoder, id, slice_of(json), &err);
    assert_string_equal(err.text, "");
    assert_true(ok);
}

static enum decode_result decode(struct fixture *f) {
    /* An exact copy on the heap, so that a read beyond its end is seen. */
    struct slice copy = slice_copy(buf_slice(&f->value));
    char *exact = malloc(f->value.size + !f->value.size);
    memcpy(exact, copy.at, f->value.size);
    free((char *)(uintptr_t)copy.at);
    f->fault.detail.text[0] = '\0';
    enum decode_result result = decoder_decode(f->decoder, SLICE("call-7"),
                                               (struct slice){exact, f->value.size}, 1000,
                                               &f->event, &f->fault);
    free(exact);
    return result;
}

static void expect_reject(struct fixture *f, enum dead_letter_reason reason, const char *detail) {
    assert_int_equal(decode(f), DECODE_REJECT);
    assert_string_equal(f->fault.detail.text, detail);
    assert_int_equal(f->fault.reason, reason);
}

static void smallest_event(void **state) {
    struct fixture *f = *state;
    add_schema(f, 5, RECORD(REQUIRED));
    put_required(f, 5, ANSWERED);
    assert_int_equal(
        decoder_decode(f->decoder, SLICE("call-7"), buf_slice(&f->value), 0, &f->event, &f->fault),
        DECODED_EVENT);
    assert_int_equal(f->fault.schema_id, 5);
    assert_true(slice_equal(f->event.event_id, SLICE("e1")));
    assert_true(slice_equal(f->event.interaction_id, SLICE("call-7")));
    assert_true(f->event.event_at == INT64_C(1700000000123));
    assert_int_equal(f->event.type, EVENT_ANSWERED);
    assert_true(f->event.is_public && f->event.resolved == -1 && f->event.vendor.size == 0);
    assert_true(f->event.talk_ms == EVENT_ABSENT);
    put_required(f, 5, INVENTED);
    assert_int_equal(decode(f), DECODED_EVENT);
    assert_int_equal(f->event.type, EVENT_UNKNOWN);
}

static void what_the_contract_requires(void **state) {
    struct fixture *f = *state;
    add_schema(f, 5, RECORD(REQUIRED "," FIELD("talk_ms", "[\"null\",\"long\"]")));
    put_required(f, 5, QUEUED);
    buf_put_zigzag(&f->value, 0);
    expect_reject(f, DEAD_INVALID, "queue_id is missing; QUEUED needs it");
}

static void durations_are_not_negative(void **state) {
    struct fixture *f = *state;
    add_schema(f, 5, RECORD(REQUIRED "," FIELD("talk_ms", "[\"null\",\"long\"]")));
    put_required(f, 5, ANSWERED);
    buf_put_zigzag(&f->value, 1);
    buf_put_zigzag(&f->value, -1);
    expect_reject(f, DEAD_INVALID,
                  "talk_ms is -1; a duration lies between 0 and a year of milliseconds");
}

static void a_missing_id(void **state) {
    struct fixture *f = *state;
    add_schema(f, 5, RECORD(FIELD("event_id", "\"string\"")));
    frame_put(&(struct frame){.kind = FRAME_ID, .schema_id = 5}, &f->value);
    put_string(&f->value, "e1");
    expect_reject(f, DEAD_INVALID, "tenant_id is missing; every InteractionEvent needs it");
}

static void the_key_is_the_id(void **state) {
    struct fixture *f = *state;
    add_schema(f, 5, RECORD(REQUIRED));
    put_required(f, 5, ANSWERED);
    struct slice value = buf_slice(&f->value);
    assert_int_equal(decoder_decode(f->decoder, SLICE("call-8"), value, 0, &f->event, &f->fault),
                     DECODE_REJECT);
    assert_int_equal(f->fault.reason, DEAD_INVALID);
    assert_string_equal(f->fault.detail.text,
                        "the record's key \"call-8\" is not its interaction_id \"call-7\"");
    assert_true(slice_equal(f->fault.sender.tenant, SLICE("acme")) &&
                slice_equal(f->fault.sender.site, SLICE("north")));
    assert_int_equal(
        decoder_decode(f->decoder, (struct slice){NULL, 0}, value, 0, &f->event, &f->fault),
        DECODE_REJECT);
    assert_string_equal(f->fault.detail.text,
                        "the record has no key; it must be the interaction_id");
}

static void bytes_that_are_no_record(void **state) {
    struct fixture *f = *state;
    expect_reject(f, DEAD_UNDECODABLE, "the record has no value");
    buf_put(&f->value, "{\"a\":1}", 7);
    expect_reject(f, DEAD_UNDECODABLE,
                  "the record (7 bytes, first 0x7B) begins neither with 0 and a schema id nor with "
                  "C3 01 and a fingerprint");
    assert_int_equal(f->fault.schema_id, -1);
    buf_reset(&f->value);
    buf_put(&f->value, "\0\0\0", 3);
    expect_reject(f, DEAD_UNDECODABLE,
                  "the record (3 bytes, first 0x00) begins neither with 0 and a schema id nor with "
                  "C3 01 and a fingerprint");
    buf_reserve(&f->value, 2 << 20);
    memset(f->value.at, 0, 2 << 20);
    f->value.size = 2 << 20;
    expect_reject(f, DEAD_TOO_LARGE, "the record has 2097152 bytes; at most 1048576 are read");
}

static void truncated_and_too_long(void **state) {
    struct fixture *f = *state;
    add_schema(f, 5, RECORD(REQUIRED));
    put_required(f, 5, ANSWERED);
    f->value.size -= 3;
    expect_reject(f, DEAD_UNDECODABLE,
                  "interaction_id: a length below zero or beyond the record's end (byte 21 of 25)");
    put_required(f, 5, ANSWERED);
    buf_put_u8(&f->value, 0);
    expect_reject(f, DEAD_UNDECODABLE, "1 bytes after the record's end");
    put_required(f, 5, 7);
    expect_reject(f, DEAD_UNDECODABLE,
                  "type: an enum index that the writer's schema does not have (byte 28 of 28)");
}

static void text_is_utf8(void **state) {
    struct fixture *f = *state;
    add_schema(f, 5, RECORD(REQUIRED "," FIELD("queue_id", "\"bytes\"")));
    put_required(f, 5, ANSWERED);
    put_string(&f->value, "caf\xE9");
    expect_reject(f, DEAD_INVALID, "queue_id: text that is not UTF-8 (byte 33 of 33)");
    put_required(f, 5, ANSWERED);
    put_string(&f->value, "caf\xC3\xA9");
    assert_int_equal(decode(f), DECODED_EVENT);
    put_required(f, 5, ANSWERED);
    buf_put_zigzag(&f->value, EVENT_TEXT_MAX + 1);
    for (int i = 0; i <= EVENT_TEXT_MAX; i++)
        buf_put_u8(&f->value, 'x');
    expect_reject(f, DEAD_INVALID, "queue_id: text of more than 1024 bytes (byte 1055 of 1055)");
}

static void types_that_cannot_become_ours(void **state) {
    struct fixture *f = *state;
    add_schema(f, 5, RECORD(REQUIRED "," FIELD("talk_ms", "\"double\"")));
    put_required(f, 5, ANSWERED);
    buf_put_double(&f->value, 1);
    expect_reject(f, DEAD_UNDECODABLE,
                  "talk_ms is double in the writer's schema; long is expected");
}

static void schemas_are_asked_for(void **state) {
    struct fixture *f = *state;
    struct err err;
    put_required(f, 9, ANSWERED);
    assert_int_equal(decode(f), DECODE_NEED_SCHEMA);
    assert_int_equal(f->fault.schema_id, 9);
    decoder_add_missing(f->decoder, 9, 2000); /* the time is 1000 */
    expect_reject(f, DEAD_UNKNOWN_SCHEMA, "the schema registry does not know the id 9");
    decoder_add_missing(f->decoder, 9, 1000);
    assert_int_equal(decode(f), DECODE_NEED_SCHEMA);
    assert_false(decoder_add_schema(f->decoder, 9, SLICE("{"), &err));
    expect_reject(f, DEAD_UNKNOWN_SCHEMA,
                  "the schema is not JSON: line 1, string or '}' expected near end of file");
    add_schema(f, 9, RECORD(REQUIRED));
    assert_int_equal(decode(f), DECODED_EVENT);
    assert_int_equal(decoder_schema_count(f->decoder), 1);
}

/* Made-up ids fill the table but do not lock out a schema that is there. */
static void unknown_ids_give_way(void **state) {
    struct fixture *f = *state;
    for (int32_t id = 100; id < 100 + DECODER_SCHEMAS_MAX + 10; id++)
        decoder_add_missing(f->decoder, id, 2000);
    assert_int_equal(decoder_schema_count(f->decoder), DECODER_SCHEMAS_MAX);
    put_required(f, 9, ANSWERED);
    assert_int_equal(decode(f), DECODE_NEED_SCHEMA);
    add_schema(f, 9, RECORD(REQUIRED));
    assert_int_equal(decode(f), DECODED_EVENT);
    assert_int_equal(decoder_schema_count(f->decoder), DECODER_SCHEMAS_MAX);

    for (int32_t id = 10000; id < 10000 + DECODER_SCHEMAS_MAX - 1; id++)
        add_schema(f, id, "\"int\"");
    struct err err;
    assert_false(decoder_add_schema(f->decoder, 8, SLICE("\"int\""), &err));
    assert_string_equal(err.text,
                        "schema id 8: topic interactions has more than 4096 writers' schemas");
    put_required(f, 8, ANSWERED);
    expect_reject(f, DEAD_UNKNOWN_SCHEMA,
                  "the id 8 is beyond the 4096 schemas that a topic may have");
    put_required(f, 9, ANSWERED);
    assert_int_equal(decode(f), DECODED_EVENT);
}

static void other_records(void **state) {
    struct fixture *f = *state;
    add_schema(f, 1, schema_text(SCHEMA_TICK).at);
    add_schema(f, 2,
               "{\"type\":\"record\",\"name\":\"floorwalker.v1.SurveyResponse\","
               "\"fields\":[]}");
    add_schema(f, 3,
               "{\"type\":\"record\",\"name\":\"InteractionEvent\",\"namespace\":\"other\","
               "\"fields\":[]}");
    add_schema(f, 4, "\"string\"");
    put_required(f, 1, ANSWERED);
    assert_int_equal(decode(f), DECODED_TICK);
    put_required(f, 2, ANSWERED);
    assert_int_equal(decode(f), DECODED_OTHER);
    put_required(f, 3, ANSWERED);
    expect_reject(f, DEAD_INVALID,
                  "wrong record other.InteractionEvent on topic interactions; expected "
                  "floorwalker.v1.InteractionEvent, floorwalker.v1.SurveyResponse, "
                  "floorwalker.v1.Tick");
    put_required(f, 4, ANSWERED);
    assert_int_equal(decode(f), DECODE_REJECT);
    assert_int_equal(f->fault.reason, DEAD_INVALID);
}

static void single_object_form(void **state) {
    struct fixture *f = *state;
    struct err err = {""};
    assert_true(decoder_add_file_schema(f->decoder, schema_text(SCHEMA_INTERACTION_EVENT), &err));
    frame_put(&(struct frame){.kind = FRAME_FINGERPRINT,
                              .fingerprint = schema_fingerprint(SCHEMA_INTERACTION_EVENT)},
              &f->value);
    assert_int_equal((unsigned char)f->value.at[0], 0xC3);
    assert_int_equal(f->value.at[1], 0x01);
    expect_reject(f, DEAD_UNDECODABLE, "event_id: the record ends within it (byte 0 of 0)");
    f->value.at[2] ^= 1;
    expect_reject(f, DEAD_UNKNOWN_SCHEMA, "no schema file has the fingerprint 4437c3c07c42e4e3");
}

static int begin(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    f->decoder = decoder_new(SLICE("interactions"));
    *state = f;
    return 0;
}

static int end(void **state) {
    struct fixture *f = *state;
    decoder_free(f->decoder);
    buf_deinit(&f->value);
    free(f);
    return 0;
}

#define WITH_DECODER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_DECODER(smallest_event),
        WITH_DECODER(what_the_contract_requires),
        WITH_DECODER(durations_are_not_negative),
        WITH_DECODER(a_missing_id),
        WITH_DECODER(the_key_is_the_id),
        WITH_DECODER(bytes_that_are_no_record),
        WITH_DECODER(truncated_and_too_long),
        WITH_DECODER(text_is_utf8),
        WITH_DECODER(types_that_cannot_become_ours),
        WITH_DECODER(schemas_are_asked_for),
        WITH_DECODER(unknown_ids_give_way),
        WITH_DECODER(other_records),
        WITH_DECODER(single_object_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
