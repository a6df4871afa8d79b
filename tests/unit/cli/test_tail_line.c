/* Does an alert read as one line, aligned, and safe to print? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/tail_line.h"
#include "cli/term.h"

static struct alert_record record_of(enum transition transition) {
    struct alert_record r = {.emitted_at = 0};
    r.alert.alert_id = SLICE("8c9d1f00047d5cc76973cbeaaf905f68");
    r.alert.tenant = SLICE("acme");
    r.alert.transition = transition;
    r.alert.kind = ALERT_OBJECTIVE_BREACH;
    r.alert.severity = SEVERITY_CRITICAL;
    r.alert.condition_at = INT64_C(1795381392345);
    r.alert.resolved_at = ALERT_LONG_NONE;
    r.alert.summary = SLICE("Too slow.");
    return r;
}

static void reads(const struct alert_record *r, bool tenant, bool colour, const char *expected) {
    struct buf b;
    buf_init(&b);
    tail_line_put(r, tenant, colour, &b);
    buf_put_u8(&b, '\0');
    assert_string_equal(b.at, expected);
    buf_deinit(&b);
}

static void lines(void **state) {
    (void)state;
    struct alert_record r = record_of(TRANSITION_FIRING);
    reads(&r, false, false,
          "2026-11-22T21:03:12Z  FIRING      CRITICAL  OBJECTIVE_BREACH  8c9d1f00  Too slow.\n");
    r.alert.late = true;
    reads(&r, true, false,
          "2026-11-22T21:03:12Z  acme          FIRING      CRITICAL  OBJECTIVE_BREACH  8c9d1f00  "
          "Too slow. (late)\n");
    r = record_of(TRANSITION_RESOLVED);
    r.alert.resolved_at = INT64_C(1795381500000);
    r.alert.summary = SLICE("Two\nlines\x1b[31m");
    reads(&r, false, false,
          "2026-11-22T21:05:00Z  RESOLVED    CRITICAL  OBJECTIVE_BREACH  8c9d1f00  "
          "Two?lines?[31m\n");
}

static void colours(void **state) {
    (void)state;
    struct alert_record r = record_of(TRANSITION_FIRING);
    reads(&r, false, true,
          "2026-11-22T21:03:12Z  \x1b[31mFIRING      CRITICAL  OBJECTIVE_BREACH  \x1b[0m8c9d1f00  "
          "Too slow.\n");
}

static void columns(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b);
    term_put_left(&b, SLICE("abc"), 5);
    term_put_right(&b, SLICE("abc"), 5);
    term_put_left(&b, SLICE("abcdef"), 4);
    term_put_right(&b, SLICE("abcdef"), 1);
    term_put_left(&b, SLICE("abcdef"), 0);
    buf_put_u8(&b, '\0');
    assert_string_equal(b.at, "abc    abcabc\xe2\x80\xa6\xe2\x80\xa6");
    buf_deinit(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(colours),
                                       cmocka_unit_test(columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
