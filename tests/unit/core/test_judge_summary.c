/* Do figures read as a person would write them? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/instant.h"
#include "core/summary.h"

static struct buf text;

static void reads(const char *expected) {
    buf_put_u8(&text, '\0');
    assert_string_equal(text.at, expected);
    buf_reset(&text);
}

static void durations(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } golden[] = {
        {0, "0 s"},
        {350, "350 ms"},
        {7500, "7.5 s"},
        {20000, "20 s"},
        {60000, "1 min"},
        {65400, "1 min 5 s"},
        {3600000, "1 h"},
        {2 * HOUR_MS + 10 * MINUTE_MS, "2 h 10 min"},
        {-20000, "-20 s"},
        {3 * DAY_MS + 5 * HOUR_MS, "3 d 5 h"},
        {36 * HOUR_MS, "36 h"},
    };
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        summary_duration(&text, golden[i].ms);
        reads(golden[i].text);
    }
}

static void numbers(void **state) {
    (void)state;
    summary_ratio(&text, 0.625);
    reads("62.5 %");
    summary_ratio(&text, 1);
    reads("100 %");
    summary_ratio(&text, 0);
    reads("0 %");
    summary_count(&text, 999);
    reads("999");
    summary_count(&text, 1234567);
    reads("1,234,567");
    summary_count(&text, -1234);
    reads("-1,234");
    summary_number(&text, 12.34);
    reads("12.3");
    summary_number(&text, -0.04);
    reads("0");
}

static void values_beside_each_other(void **state) {
    (void)state;
    summary_beside(&text, 0.7996, 0.8, UNIT_RATIO);
    reads("79.96 %");
    summary_beside(&text, 0.8, 0.8, UNIT_RATIO);
    reads("80 %");
    summary_beside(&text, 0.5, 0.8, UNIT_RATIO);
    reads("50 %");
    summary_beside(&text, 20400, 20000, UNIT_MILLIS);
    reads("20.4 s");
    summary_beside(&text, 60300, 60000, UNIT_MILLIS);
    reads("60.3 s");
}

static void scopes(void **state) {
    (void)state;
    struct scope s = {0};
    summary_scope(&text, &s);
    reads("all queues");
    s.values[SCOPE_CHANNEL] = SLICE("voice");
    summary_scope(&text, &s);
    reads("channel voice");
    s.values[SCOPE_SITE] = SLICE("main");
    summary_scope(&text, &s);
    reads("site main, channel voice");
    s.values[SCOPE_QUEUE] = SLICE("PS");
    s.values[SCOPE_VENDOR] = SLICE("north");
    summary_scope(&text, &s);
    reads("queue PS at site main of vendor north, channel voice");
}

static void every_metric_has_words(void **state) {
    (void)state;
    for (unsigned m = 0; m < METRIC_COUNT; m++)
        assert_string_not_equal(summary_metric((enum metric)m), metric_name((enum metric)m));
}

static int setup(void **state) {
    (void)state;
    buf_init(&text);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    buf_deinit(&text);
    return 0;
}

/* Below a minute they are seconds, as the C library rounds the double. */
static void seconds_are_the_library_s(void **state) {
    (void)state;
    for (int64_t ms = SECOND_MS; ms < MINUTE_MS; ms++) {
        char wanted[40];
        int decimals = ms < 10 * SECOND_MS ? 1 : 0;
        int size = snprintf(wanted, sizeof(wanted), "%.*f", decimals, (double)ms / 1000);
        if (decimals && wanted[size - 1] == '0')
            size -= 2;
        snprintf(wanted + size, sizeof(wanted) - (size_t)size, " s");
        summary_duration(&text, ms);
        reads(wanted);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations), cmocka_unit_test(seconds_are_the_library_s),
        cmocka_unit_test(numbers),   cmocka_unit_test(values_beside_each_other),
        cmocka_unit_test(scopes),    cmocka_unit_test(every_metric_has_words),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
