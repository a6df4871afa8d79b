/* Are the events of a container file read one by one, and what is wrong with one of them said? */
#include <stdio.h>

#include "base/property.h"

#include "base/buf.h"
#include "codec/event_file.h"

#define SYNC "0123456789abcdef"
#define RECORD(name, first)                                                                        \
    "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" first                                \
    "{\"name\":\"event_id\",\"type\":\"string\"},{\"name\":\"tenant_id\",\"type\":\"string\"},"    \
    "{\"name\":\"site_id\",\"type\":\"string\"},{\"name\":\"event_at\",\"type\":\"long\"},"        \
    "{\"name\":\"interaction_id\",\"type\":\"string\"},"                                           \
    "{\"name\":\"type\",\"type\":{\"type\":\"enum\",\"name\":\"T\",\"symbols\":[\"ANSWERED\"]}}]}"
#define EVENTS RECORD("floorwalker.v1.InteractionEvent", "")
#define STAMPED                                                                                    \
    RECORD("floorwalker.v1.InteractionEvent", "{\"name\":\"log_at\",\"type\":\"long\"},")

struct fixture {
    struct buf file, block;
    int64_t count; /* records in the block */
    struct event_file *events;
    struct event event;
    int64_t log_at;
    struct event_file_fault fault;
};

static void put_text(struct buf *b, const char *text) {
    buf_put_zigzag(b, (int64_t)strlen(text));
    buf_put(b, text, strlen(text));
}

static void begin_file(struct fixture *f, const char *schema) {
    buf_reset(&f->file);
    buf_put(&f->file, "Obj\1", 4);
    buf_put_zigzag(&f->file, 1);
    put_text(&f->file, "avro.schema");
    put_text(&f->file, schema);
    buf_put_zigzag(&f->file, 0);
    buf_put(&f->file, SYNC, 16);
}

static void put_event(struct fixture *f, const char *id, int64_t event_at) {
    put_text(&f->block, id);
    put_text(&f->block, "acme");
    put_text(&f->block, "main");
    buf_put_zigzag(&f->block, event_at);
    put_text(&f->block, "call");
    buf_put_zigzag(&f->block, 0);
    f->count++;
}

static void end_block(struct fixture *f) {
    buf_put_zigzag(&f->file, f->count);
    buf_put_zigzag(&f->file, (int64_t)f->block.size);
    buf_put(&f->file, f->block.at, f->block.size);
    buf_put(&f->file, SYNC, 16);
    buf_reset(&f->block);
    f->count = 0;
}

static void open_file(struct fixture *f) {
    event_file_free(f->events);
    f->events = event_file_new(buf_slice(&f->file), &f->fault.detail);
    assert_non_null(f->events);
}

static enum event_file_result next(struct fixture *f) {
    return event_file_next(f->events, &f->event, &f->log_at, &f->fault);
}

static void expect_event(struct fixture *f, const char *id, int64_t log_at) {
    assert_int_equal(next(f), EVENT_FILE_EVENT);
    assert_true(slice_equal(f->event.event_id, slice_of(id)));
    assert_int_equal(f->event.type, EVENT_ANSWERED);
    assert_int_equal(f->log_at, log_at);
}

static void events_of_several_blocks(void **state) {
    struct fixture *f = *state;
    begin_file(f, EVENTS);
    put_event(f, "a", 1000);
    put_event(f, "b", 2000);
    end_block(f);
    end_block(f); /* an empty one */
    put_event(f, "c", 1500);
    end_block(f);
    open_file(f);
    expect_event(f, "a", 1000);
    expect_event(f, "b", 2000);
    expect_event(f, "c", 1500);
    assert_int_equal(next(f), EVENT_FILE_END);
    assert_int_equal(event_file_count(f->events), 3);
}

static void log_time_is_what_the_file_says(void **state) {
    struct fixture *f = *state;
    begin_file(f, STAMPED);
    buf_put_zigzag(&f->block, 1700);
    put_event(f, "a", 1000);
    end_block(f);
    open_file(f);
    expect_event(f, "a", 1700);
    assert_int_equal(f->event.event_at, 1000);
}

/* What is no event does not hide those after it. */
static void a_bad_record_is_refused_alone(void **state) {
    struct fixture *f = *state;
    char large[EVENT_TEXT_MAX + 2] = {0};
    memset(large, 'x', sizeof(large) - 1);
    begin_file(f, EVENTS);
    put_event(f, "\xff", 1000);
    put_event(f, "b", 2000);
    put_event(f, large, 2500);
    put_event(f, "", 2600);
    put_event(f, "c", 3000);
    end_block(f);
    open_file(f);
    assert_int_equal(next(f), EVENT_FILE_REJECT);
    assert_int_equal(f->fault.reason, DEAD_INVALID);
    assert_non_null(strstr(f->fault.detail.text, "event_id: text that is not UTF-8"));
    expect_event(f, "b", 2000);
    assert_int_equal(next(f), EVENT_FILE_REJECT);
    assert_non_null(strstr(f->fault.detail.text, "event_id: text of more than 1024 bytes"));
    assert_int_equal(next(f), EVENT_FILE_REJECT);
    assert_non_null(strstr(f->fault.detail.text, "event_id"));
    expect_event(f, "c", 3000);
}

static void expect_torn(struct fixture *f, size_t block_at, const char *why) {
    char place[64];
    snprintf(place, sizeof(place), "block at byte %zu: ", block_at);
    assert_int_equal(next(f), EVENT_FILE_TORN);
    assert_memory_equal(f->fault.detail.text, place, strlen(place));
    if (!strstr(f->fault.detail.text, why))
        fail_msg("\"%s\" is not in \"%s\"", why, f->fault.detail.text);
}

static void a_block_that_is_not_its_records(void **state) {
    struct fixture *f = *state;
    begin_file(f, EVENTS);
    size_t at = f->file.size;
    put_event(f, "a", 1000);
    f->count = 2;
    end_block(f);
    open_file(f);
    expect_event(f, "a", 1000);
    expect_torn(f, at, "the record ends within it");

    begin_file(f, EVENTS);
    put_event(f, "a", 1000);
    buf_put_u8(&f->block, 0);
    end_block(f);
    open_file(f);
    expect_event(f, "a", 1000);
    expect_torn(f, at, "1 bytes after its last record");
}

static void other_records_are_refused(void **state) {
    struct fixture *f = *state;
    struct err err;
    begin_file(f, RECORD("floorwalker.v1.Alert", ""));
    assert_null(event_file_new(buf_slice(&f->file), &err));
    assert_string_equal(err.text, "its records are floorwalker.v1.Alert; "
                                  "floorwalker.v1.InteractionEvent is read");
    begin_file(f, "\"string\"");
    assert_null(event_file_new(buf_slice(&f->file), &err));
    assert_non_null(strstr(err.text, "its records are string"));
    begin_file(f, "{");
    assert_null(event_file_new(buf_slice(&f->file), &err));
}

static int begin(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    *state = f;
    return f ? 0 : -1;
}

static int end(void **state) {
    struct fixture *f = *state;
    event_file_free(f->events);
    buf_deinit(&f->file);
    buf_deinit(&f->block);
    free(f);
    return 0;
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FILE(events_of_several_blocks),      WITH_FILE(log_time_is_what_the_file_says),
        WITH_FILE(a_bad_record_is_refused_alone), WITH_FILE(a_block_that_is_not_its_records),
        WITH_FILE(other_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
