/* Do numbers and strings read back as what they were, by another reader? */
#include <jansson.h>
#include <math.h>

#include "base/property.h"

#include "codec/text.h"

static void expect(struct buf *b, const char *text) {
    buf_put_u8(b, '\0');
    assert_string_equal(b->at, text);
    buf_reset(b);
}

static void golden(void **state) {
    (void)state;
    struct buf b = {0};
    text_put_double(&b, 0.1);
    expect(&b, "0.1");
    text_put_double(&b, 1.0 / 3);
    expect(&b, "0.3333333333333333");
    text_put_double(&b, -42);
    expect(&b, "-42");
    text_put_double(&b, 1e300);
    expect(&b, "1e+300");
    text_put_double(&b, __builtin_nan(""));
    expect(&b, "null");
    text_put_double(&b, -__builtin_inf());
    expect(&b, "null");
    text_put_json(&b, SLICE("a\"b\\c\n\t\r\x01\x7F\xC3\xA9/"));
    expect(&b, "\"a\\\"b\\\\c\\n\\t\\r\\u0001\\u007f\xC3\xA9/\"");
    text_put_json(&b, SLICE("caf\xE9 \xC3\xA9"));
    expect(&b, "\"caf? ??\"");
    text_put_json(&b, (struct slice){NULL, 0});
    expect(&b, "\"\"");
    buf_deinit(&b);
}

static void doubles_come_back(void **state) {
    (void)state;
    struct buf b = {0};
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 50000; seed++) {
        struct rng rng;
        rng_init(&rng, seed);
        uint64_t bits = rng_next(&rng);
        double value;
        memcpy(&value, &bits, sizeof(value));
        if (seed % 2)
            value = (double)rng_below(&rng, 1000) / (double)(1 + rng_below(&rng, 1000));
        if (!isfinite(value))
            continue;
        text_put_double(&b, value);
        buf_put_u8(&b, '\0');
        double back = strtod(b.at, NULL);
        REQUIRE(seed, back <= value && back >= value);
        buf_reset(&b);
    }
    buf_deinit(&b);
}

static void strings_come_back(void **state) {
    (void)state;
    struct buf raw = {0}, b = {0};
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 5000; seed++) {
        struct rng rng;
        rng_init(&rng, seed);
        buf_reset(&raw);
        buf_reset(&b);
        for (uint64_t left = rng_below(&rng, 20); left > 0; left--)
            buf_put_u8(&raw, (uint8_t)(1 + rng_below(&rng, seed % 3 ? 127 : 255)));
        text_put_json(&b, buf_slice(&raw));
        json_t *json = json_loadb(b.at, b.size, JSON_DECODE_ANY, NULL);
        REQUIRE(seed, json_is_string(json));
        struct slice back = {json_string_value(json), json_string_length(json)};
        REQUIRE(seed, slice_equal(back, buf_slice(&raw)) || !slice_is_utf8(buf_slice(&raw)));
        json_decref(json);
    }
    buf_deinit(&raw);
    buf_deinit(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(doubles_come_back),
        cmocka_unit_test(strings_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
