/* What is written into `tenants` reaches its tenant: a command the alert that it is about, through
 * the relay, the tenant log and a restart, once; and what cannot be used there is a dead letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/alert_reader.h"
#include "codec/decoder.h"
#include "core/command.h"
#include "sim_events.h"

#define COMMAND_SCHEMA 8

#define FORECAST_SCHEMA 10

static const char forecast_schema[] =
    "{\"type\":\"record\",\"name\":\"ForecastInterval\",\"namespace\":\"floorwalker.v1\","
    "\"fields\":[{\"name\":\"event_id\",\"type\":\"string\"},"
    "{\"name\":\"tenant_id\",\"type\":\"string\"},"
    "{\"name\":\"queue_id\",\"type\":\"string\"},"
    "{\"name\":\"event_at\",\"type\":\"long\"},"
    "{\"name\":\"interval_start_at\",\"type\":\"long\"},"
    "{\"name\":\"interval_ms\",\"type\":\"long\"},"
    "{\"name\":\"volume\",\"type\":\"double\"}]}";

static const char command_schema[] =
    "{\"type\":\"record\",\"name\":\"AlertCommand\",\"namespace\":\"floorwalker.v1\","
    "\"fields\":[{\"name\":\"event_id\",\"type\":\"string\"},"
    "{\"name\":\"tenant_id\",\"type\":\"string\"},"
    "{\"name\":\"alert_key\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"op\",\"type\":{\"type\":\"enum\",\"name\":\"AlertOp\","
    "\"symbols\":[\"NOTE\",\"ACK\"]}}]}";

static void send_command(struct sim *s, const char *key, const char *tenant, const char *event,
                         const char *alert_key, int op) {
    struct buf b;
    buf_init(&b);
    frame_put(&(struct frame){.kind = FRAME_ID, .schema_id = COMMAND_SCHEMA}, &b);
    put_text(&b, event);
    put_text(&b, tenant);
    buf_put_zigzag(&b, 1);
    put_text(&b, alert_key);
    buf_put_zigzag(&b, op);
    sim_append(s, INPUT_TENANTS, 0, s->wall_at, slice_of(key), buf_slice(&b));
    buf_deinit(&b);
}

static void send_forecast(struct sim *s, const char *tenant, const char *event, double volume) {
    struct buf b;
    buf_init(&b);
    frame_put(&(struct frame){.kind = FRAME_ID, .schema_id = FORECAST_SCHEMA}, &b);
    put_text(&b, event);
    put_text(&b, tenant);
    put_text(&b, "billing");
    buf_put_zigzag(&b, s->wall_at);
    buf_put_zigzag(&b, instant_floor(s->wall_at, HOUR_MS) + 2 * HOUR_MS);
    buf_put_zigzag(&b, HOUR_MS);
    buf_put_double(&b, volume);
    sim_append(s, INPUT_TENANTS, 0, s->wall_at, slice_of(tenant), buf_slice(&b));
    buf_deinit(&b);
}

static struct engine *begin(struct sim *s) {
    struct engine *e = start(s, false, false);
    engine_add_schema(e, COMMAND_SCHEMA, slice_of(command_schema));
    engine_add_schema(e, FORECAST_SCHEMA, slice_of(forecast_schema));
    return e;
}

static void settle(struct sim *s, struct engine *e) {
    for (int i = 0; i < 20; i++)
        sim_run(s, e, 100);
    assert_null(engine_failure(e));
}

/* Alerts CONFIG with this transition. */
static size_t told(const struct sim *s, enum transition transition) {
    struct err err;
    struct alert_reader *reader = alert_reader_new(schema_text(SCHEMA_ALERT), &err);
    assert_non_null(reader);
    size_t count = 0;
    for (size_t i = 0; i < s->output_count; i++) {
        const struct sim_output *o = &s->outputs[i];
        struct alert_record record;
        if (o->topic != OUTPUT_ALERTS_OPERATIONS)
            continue;
        struct slice body = {o->value.at + 5, o->value.size - 5};
        assert_true(alert_reader_read(reader, body, &record, &err));
        count += record.alert.kind == ALERT_CONFIG && record.alert.transition == transition;
    }
    alert_reader_free(reader);
    return count;
}

#define KEY "acme||no-contract|config|all||"

static void test_a_command_reaches_its_alert_once(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    s.tenants = 1;
    struct engine *e = begin(&s);
    for (int i = 0; i < 20; i++)
        send_event(&s, 0, s.wall_at + i * 1000, i, QUEUED);
    settle(&s, e);
    assert_int_equal(told(&s, TRANSITION_FIRING), 1);
    send_command(&s, "acme", "acme", "c1", KEY, 1);
    send_command(&s, "acme", "acme", "c1", KEY, 1);
    send_command(&s, "acme", "acme", "c2", KEY, 1);
    settle(&s, e);
    assert_int_equal(told(&s, TRANSITION_ACKED), 1);
    assert_int_equal(metric_of(e, "tenant_commands"), 3);
    assert_int_equal(metric_of(e, "tenant_commands_repeated"), 1);
    assert_int_equal(outputs_of(&s, OUTPUT_AUDIT), 2);
    sim_kill(&s, e);
    e = begin(&s);
    settle(&s, e);
    send_command(&s, "acme", "acme", "c1", KEY, 1);
    send_command(&s, "acme", "acme", "c3", KEY, 0);
    settle(&s, e);
    assert_int_equal(told(&s, TRANSITION_ACKED), 1);
    assert_int_equal(told(&s, TRANSITION_UPDATED), 1);
    assert_int_equal(outputs_of(&s, OUTPUT_AUDIT), 3);
    stop(&s, e);
    sim_deinit(&s);
}

static void test_what_cannot_be_used_is_a_dead_letter(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    s.tenants = 1;
    struct engine *e = begin(&s);
    send_command(&s, "other", "acme", "c1", KEY, 1); /* not its key */
    send_command(&s, "acme", "acme", "c2", "", 1);   /* about no alert */
    send_command(&s, "acme", "acme", "", KEY, 1);    /* no id */
    send_command(&s, "nobody", "nobody", "c3", KEY, 1);
    settle(&s, e);
    assert_int_equal(outputs_of(&s, OUTPUT_DEAD_LETTERS), 3);
    assert_int_equal(metric_of(e, "tenant_commands_refused"), 1);
    assert_int_equal(outputs_of(&s, OUTPUT_AUDIT), 0);
    stop(&s, e);
    sim_deinit(&s);
}

static void test_a_forecast_reaches_its_tenant_once(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    s.tenants = 1;
    struct engine *e = begin(&s);
    send_forecast(&s, "acme", "f1", 10);
    send_forecast(&s, "acme", "f2", -3); /* fewer than none */
    settle(&s, e);
    assert_int_equal(metric_of(e, "tenant_forecasts"), 1);
    assert_int_equal(outputs_of(&s, OUTPUT_DEAD_LETTERS), 1);
    sim_kill(&s, e);
    e = begin(&s);
    send_forecast(&s, "acme", "f3", 12);
    settle(&s, e);
    assert_int_equal(metric_of(e, "tenant_forecasts_refused"), 0);
    assert_int_equal(outputs_of(&s, OUTPUT_DEAD_LETTERS), 1);
    stop(&s, e);
    sim_deinit(&s);
}

/* The registry has it, and it is no Avro: the record cannot be waited for. */
static void test_a_schema_that_nobody_can_read_holds_nothing(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    s.tenants = 1;
    struct engine *e = begin(&s);
    engine_add_schema(e, COMMAND_SCHEMA + 1, SLICE("syntax = \"proto3\";"));
    struct buf b;
    buf_init(&b);
    frame_put(&(struct frame){.kind = FRAME_ID, .schema_id = COMMAND_SCHEMA + 1}, &b);
    sim_append(&s, INPUT_TENANTS, 0, s.wall_at, SLICE("acme"), buf_slice(&b));
    buf_deinit(&b);
    send_command(&s, "nobody", "nobody", "c1", KEY, 1);
    settle(&s, e);
    assert_int_equal(outputs_of(&s, OUTPUT_DEAD_LETTERS), 1);
    assert_int_equal(s.log[INPUT_TENANTS][0].committed, 2);
    stop(&s, e);
    sim_deinit(&s);
}

/* More writers' schemas than the table of one topic holds stand in `tenants`. */
static void test_schemas_of_one_topic_take_no_place_of_the_other(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    s.tenants = 1;
    struct engine *e = sim_start(&s, false, false);
    for (int32_t id = 1000; id < 1000 + DECODER_SCHEMAS_MAX; id++) {
        unsigned char record[] = {0, 0, 0, (unsigned char)(id >> 8), (unsigned char)id};
        sim_append(&s, INPUT_TENANTS, 0, s.wall_at, SLICE("acme"),
                   (struct slice){(const char *)record, sizeof(record)});
        sim_run(&s, e, 10);
        if (s.fetched_schema == id)
            engine_add_schema(e, id, slice_of(command_schema));
    }
    assert_int_equal(s.fetched_schema, 1000 + DECODER_SCHEMAS_MAX - 2); /* beside one of ours */
    send_event(&s, 0, s.wall_at, 1, QUEUED);
    sim_run(&s, e, 10);
    assert_int_equal(s.fetched_schema, EVENT_SCHEMA);
    engine_add_schema(e, EVENT_SCHEMA, slice_of(event_schema));
    settle(&s, e);
    assert_int_equal(metric_of(e, "interaction_events"), 1);
    stop(&s, e);
    sim_deinit(&s);
}

static void test_a_quiet_topic_is_asked_for_the_time(void **state) {
    (void)state;
    struct sim s;
    sim_init(&s, 1);
    s.tenants = 1;
    struct engine *e = sim_start(&s, true, false);
    sim_run(&s, e, 5000);
    assert_true(s.log[INPUT_TENANTS][0].count >= 4);
    assert_true(s.log[INPUT_TENANTS][0].count <= 6);
    assert_int_equal(s.log[INPUT_TENANTS][0].committed, s.log[INPUT_TENANTS][0].count);
    stop(&s, e);
    sim_deinit(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_command_reaches_its_alert_once),
        cmocka_unit_test(test_what_cannot_be_used_is_a_dead_letter),
        cmocka_unit_test(test_a_forecast_reaches_its_tenant_once),
        cmocka_unit_test(test_a_schema_that_nobody_can_read_holds_nothing),
        cmocka_unit_test(test_schemas_of_one_topic_take_no_place_of_the_other),
        cmocka_unit_test(test_a_quiet_topic_is_asked_for_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
