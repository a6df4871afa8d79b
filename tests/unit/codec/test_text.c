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

/* What text_put_double promises, by the C library alone. */
static void say_by_library(double value, char text[40]) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, 40, "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (back <= value && back >= value)
            break;
    }
}

/* Shares, means, sums of decimals, and numbers around those of few bits or digits, where rounding
 * meets ties and powers. */
static double draw_fraction(struct rng *rng) {
    double value = (double)(1 + rng_below(rng, 1000000)) / (double)(1 + rng_below(rng, 100000));
    switch (rng_below(rng, 5)) {
    case 0: value = ldexp((double)rng_next(rng), (int)rng_below(rng, 64) - 76); break;
    case 1: value = ldexp(1, (int)rng_below(rng, 60) - 10); break;
    case 2: value = ldexp((double)(1 + rng_below(rng, 1024)), (int)rng_below(rng, 60) - 20); break;
    case 3: value = pow(10, (double)rng_below(rng, 19) - 4); break;
    default: break;
    }
    int64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits += (int64_t)rng_below(rng, 5) - 2;
    memcpy(&value, &bits, sizeof(value));
    return rng_below(rng, 2) ? value : -value;
}

static void fractions_are_the_library_s(void **state) {
    (void)state;
    struct buf b = {0};
    char text[40];
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + 200000; seed++) {
        struct rng rng;
        rng_init(&rng, seed);
        double value = draw_fraction(&rng);
        if (value <= trunc(value) && value >= trunc(value))
            continue;
        text_put_double(&b, value);
        buf_put_u8(&b, '\0');
        say_by_library(value, text);
        REQUIRE(seed, strcmp(b.at, text) == 0);
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

/* Wherever in a text a byte stands, it is written as alone. */
static void places_do_not_matter(void **state) {
    (void)state;
    struct buf b = {0}, alone = {0};
    for (int c = 1; c < 256; c++) {
        char byte = (char)c;
        text_put_json(&alone, (struct slice){&byte, 1});
        for (size_t place = 0; place < 20; place++) {
            char text[] = "abcdefghijklmnopqrst";
            text[place] = byte;
            text_put_json(&b, (struct slice){text, 20});
            assert_int_equal(b.size, alone.size + 19);
            assert_memory_equal(b.at + 1 + place, alone.at + 1, alone.size - 2);
            assert_memory_equal(b.at + 1, "abcdefghijklmnopqrst", place);
            buf_reset(&b);
        }
        buf_reset(&alone);
    }
    buf_deinit(&alone);
    buf_deinit(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(doubles_come_back),
        cmocka_unit_test(fractions_are_the_library_s),
        cmocka_unit_test(strings_come_back),
        cmocka_unit_test(places_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
