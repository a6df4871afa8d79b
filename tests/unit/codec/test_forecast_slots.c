/* A ForecastInterval of our schema, and of writers who have numbers of other kinds or less. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "codec/decoder.h"
#include "codec/frame.h"
#include "codec/schema_text.h"
#include "core/event.h"

#define OURS 1
#define OTHER 2
#define START (INT64_C(1000) * DAY_MS)

static const char other_schema[] =
    "{\"type\":\"record\",\"name\":\"ForecastInterval\",\"namespace\":\"floorwalker.v1\","
    "\"fields\":[{\"name\":\"event_id\",\"type\":\"string\"},"
    "{\"name\":\"tenant_id\",\"type\":\"string\"},"
    "{\"name\":\"event_at\",\"type\":\"long\"},"
    "{\"name\":\"queue_id\",\"type\":\"string\"},"
    "{\"name\":\"interval_start_at\",\"type\":\"long\"},"
    "{\"name\":\"interval_ms\",\"type\":\"int\"},"
    "{\"name\":\"volume\",\"type\":\"float\"},"
    "{\"name\":\"required_fte\",\"type\":[\"long\",\"null\"]},"
    "{\"name\":\"p10\",\"type\":\"int\"},{\"name\":\"p90\",\"type\":\"double\"}]}";

static struct decoder *decoder(void) {
    struct err err;
    struct decoder *d = decoder_new(SLICE("tenants"));
    assert_true(decoder_add_schema(d, OURS, schema_text(SCHEMA_FORECAST), &err));
    assert_true(decoder_add_schema(d, OTHER, slice_of(other_schema), &err));
    return d;
}

static void begin(struct buf *b, int32_t schema) {
    buf_init(b);
    frame_put(&(struct frame){.kind = FRAME_ID, .schema_id = schema}, b);
}

static void put_text(struct buf *b, const char *text) {
    struct slice s = slice_of(text);
    buf_put_zigzag(b, (int64_t)s.size);
    buf_put(b, s.at, s.size);
}

static void put_ours(struct buf *b, const char *forecast_id, double volume) {
    begin(b, OURS);
    put_text(b, "e1");
    put_text(b, "acme");
    put_text(b, "v1");
    put_text(b, "north");
    put_text(b, "wfm");
    buf_put_zigzag(b, 0); /* source_seq */
    buf_put_zigzag(b, 5); /* event_at */
    buf_put_zigzag(b, 0); /* emitted_at */
    buf_put_zigzag(b, 2); /* revision */
    put_text(b, forecast_id);
    buf_put_zigzag(b, 7);
    buf_put_zigzag(b, 1); /* published_at */
    buf_put_zigzag(b, 6);
    put_text(b, "billing");
    buf_put_zigzag(b, 1); /* VOICE */
    buf_put_zigzag(b, START);
    buf_put_zigzag(b, 15 * MINUTE_MS);
    buf_put_double(b, volume);
    buf_put_zigzag(b, 1);
    buf_put_zigzag(b, 240000);
    buf_put_zigzag(b, 1);
    buf_put_double(b, 27.5);
    buf_put_zigzag(b, 1);
    buf_put_double(b, 0.25);
    buf_put_zigzag(b, 1);
    buf_put_double(b, 80);
    buf_put_zigzag(b, 1);
    buf_put_double(b, 120);
    buf_put_u8(b, 1);
}

static enum decode_result decode(struct decoder *d, const char *key, const struct buf *b,
                                 struct tenant_record *r, struct decode_fault *fault) {
    return decoder_decode_tenant(d, slice_of(key), buf_slice(b), 0, r, fault);
}

static void every_field_is_where_it_belongs(void **state) {
    (void)state;
    struct decoder *d = decoder();
    struct tenant_record r;
    struct decode_fault fault;
    struct buf b;
    put_ours(&b, "f1", 100.25);
    assert_int_equal(decode(d, "acme", &b, &r, &fault), DECODED_FORECAST);
    const struct forecast *f = &r.forecast.forecast;
    assert_true(slice_equal(f->tenant, SLICE("acme")) && slice_equal(f->vendor, SLICE("v1")));
    assert_true(slice_equal(f->site, SLICE("north")) && slice_equal(f->queue, SLICE("billing")));
    assert_true(slice_equal(f->forecast_id, SLICE("f1")));
    assert_int_equal(f->version, 7);
    assert_int_equal(f->published_at, 6);
    assert_int_equal(f->channel, CHANNEL_VOICE);
    assert_int_equal(f->start_at, START);
    assert_int_equal(f->interval_ms, 15 * MINUTE_MS);
    assert_int_equal(f->volume * 100, 10025);
    assert_int_equal(f->aht_ms, 240000);
    assert_int_equal(f->required_fte * 10, 275);
    assert_int_equal(f->shrinkage * 100, 25);
    assert_int_equal(f->p10, 80);
    assert_int_equal(f->p90, 120);
    assert_true(f->superseded);
    buf_deinit(&b);
    decoder_free(d);
}

static void what_cannot_be_is_a_dead_letter(void **state) {
    (void)state;
    struct decoder *d = decoder();
    struct tenant_record r;
    struct decode_fault fault;
    struct buf b;
    put_ours(&b, "f1", (double)NAN);
    assert_int_equal(decode(d, "acme", &b, &r, &fault), DECODE_REJECT);
    assert_int_equal(fault.reason, DEAD_INVALID);
    assert_non_null(strstr(fault.detail.text, "volume"));
    b.size -= 40; /* within the last numbers */
    assert_int_equal(decode(d, "acme", &b, &r, &fault), DECODE_REJECT);
    assert_int_equal(fault.reason, DEAD_UNDECODABLE);
    buf_deinit(&b);
    put_ours(&b, "f1", 3);
    assert_int_equal(decode(d, "zeta", &b, &r, &fault), DECODE_REJECT);
    assert_int_equal(fault.reason, DEAD_INVALID);
    buf_deinit(&b);
    decoder_free(d);
}

static void other_writers_numbers_become_ours(void **state) {
    (void)state;
    struct decoder *d = decoder();
    struct tenant_record r;
    struct decode_fault fault;
    struct buf b;
    begin(&b, OTHER);
    put_text(&b, "e1");
    put_text(&b, "acme");
    buf_put_zigzag(&b, 5);
    put_text(&b, "billing");
    buf_put_zigzag(&b, START);
    buf_put_zigzag(&b, 30 * MINUTE_MS);
    float volume = 12.5F;
    buf_put(&b, &volume, sizeof(volume));
    buf_put_zigzag(&b, 0);
    buf_put_zigzag(&b, 300);
    buf_put_zigzag(&b, 9);
    buf_put_double(&b, 20);
    assert_int_equal(decode(d, "acme", &b, &r, &fault), DECODED_FORECAST);
    const struct forecast *f = &r.forecast.forecast;
    assert_int_equal(f->volume * 10, 125);
    assert_int_equal(f->required_fte, 300);
    assert_int_equal(f->p10, 9);
    assert_int_equal(f->shrinkage, FORECAST_NONE);
    assert_int_equal(f->aht_ms, FORECAST_NONE);
    assert_int_equal(f->channel, CHANNEL_UNKNOWN);
    assert_int_equal(f->published_at, 5); /* event_at */
    assert_true(slice_equal(f->forecast_id, SLICE("e1")));
    for (size_t size = b.size - 1; size > 5; size--) {
        b.size = size;
        assert_int_equal(decode(d, "acme", &b, &r, &fault), DECODE_REJECT);
    }
    buf_deinit(&b);
    decoder_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_where_it_belongs),
        cmocka_unit_test(what_cannot_be_is_a_dead_letter),
        cmocka_unit_test(other_writers_numbers_become_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
