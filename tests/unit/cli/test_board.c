/* Is the board right, whatever the size of the terminal, and never the past shown as present? */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/instant.h"
#include "cli/board_data.h"
#include "cli/term.h"

#define NOW INT64_C(1795381380000) /* 2026-11-22T21:03:00Z */

struct board_test {
    struct board_data *data;
    struct buf text;
};

static int setup(void **state) {
    struct board_test *t = calloc(1, sizeof(*t));
    t->data = board_data_new();
    buf_init(&t->text);
    *state = t;
    return 0;
}

static int teardown(void **state) {
    struct board_test *t = *state;
    board_data_free(t->data);
    buf_deinit(&t->text);
    free(t);
    return 0;
}

static void figure(struct board_test *t, size_t row, const char *field, const char *value) {
    board_data_figure(t->data, row, slice_of(field), slice_of(value));
}

static void meta(struct board_test *t, const char *field, const char *value) {
    board_data_meta(t->data, slice_of(field), slice_of(value));
}

static void fill(struct board_test *t, int64_t age_ms) {
    char as_of[32];
    snprintf(as_of, sizeof(as_of), "%lld", (long long)(NOW - age_ms));
    board_data_begin(t->data, SLICE("acme%20corp"), SLICE("15m"), NOW);
    meta(t, "_guard", "x:1");
    meta(t, "as_of", as_of);
    meta(t, "lag_ms", "600");
    meta(t, "contract", "acme-support");
    meta(t, "contract_version", "3");
    meta(t, "writer", "fw-1");
    board_data_scope(t->data, SLICE("site=main/queue=PS"));
    board_data_scope(t->data, SLICE("all"));
    board_data_scope(t->data, SLICE("site=main"));
    board_data_scope(t->data, SLICE("site=main/queue=PS/channel=voice"));
    board_data_scope(t->data, SLICE("site=krakow/queue=bill%7Cing"));
    assert_int_equal(board_data_rows(t->data), 2);
    assert_true(
        slice_equal(board_data_row_scope(t->data, 0), SLICE("site=krakow/queue=bill%7Cing")));
    figure(t, 0, "waiting", "0");
    figure(t, 0, "oldest_waiting_at", "1795381315000"); /* a moment behind */
    figure(t, 0, "offered", "1234");
    figure(t, 1, "waiting", "7");
    figure(t, 1, "oldest_waiting_at", "1795381315000");
    figure(t, 1, "in_service", "12");
    figure(t, 1, "service_level", "0.625");
    figure(t, 1, "service_level.n", "25");
    figure(t, 1, "asa_ms", "31500.5");
    board_data_objective(t->data, SLICE("voice 80-20 site=krakow/queue=bill%7Cing"),
                         SLICE("{\"value\":null,\"target\":0.8,\"sample\":null,\"state\":\"ok\"}"));
    board_data_objective(
        t->data, SLICE("voice 80-20 site=main/queue=PS"),
        SLICE("{\"value\":0.625,\"target\":0.8,\"sample\":40,\"state\":\"firing\"}"));
    board_data_objective(t->data, SLICE("_guard"), SLICE("x:1"));
    board_data_objective(t->data, SLICE("broken site=a"), SLICE("{"));
    board_data_alert(t->data, SLICE("8c9d"),
                     SLICE("{\"kind\":\"OBJECTIVE_BREACH\",\"severity\":\"CRITICAL\",\"opened_at\":"
                           "1795381290000,\"summary\":\"Too slow.\"}"));
    board_data_alert(t->data, SLICE("aaaa"),
                     SLICE("{\"kind\":\"ITEM_AT_RISK\",\"severity\":\"WARNING\",\"opened_at\":"
                           "1795381379000,\"summary\":\"Nearly.\"}"));
}

static const char *render(struct board_test *t, size_t width, size_t height, bool colour) {
    buf_reset(&t->text);
    board_render(board_data_board(t->data), width, height, colour, &t->text);
    buf_put_u8(&t->text, '\0');
    return t->text.at;
}

static void a_frame_reads_well(void **state) {
    struct board_test *t = *state;
    fill(t, 700);
    const char *expected =
        "floorwalker  acme corp  contract acme-support v3  written by fw-1\n"
        "figures are 0 s old (as of 2026-11-22T21:02:59.300Z), lag 600 ms; counts and rates over "
        "15m\n"
        "\n"
        "site    queue     waiting   longest    level  serving  offered  answered  abandon       "
        "asa\n"
        "krakow  bill|ing        0         -        -        -    1,234         -        -         "
        "-\n"
        "main    PS              7      1:05   62.5 %       12        -         -        -      "
        "0:31\n"
        "\n"
        "objectives\n"
        "firing  voice 80-20  site=main/queue=PS  62.5 % (target 80 %, of 40)\n"
        "ok      voice 80-20  site=krakow/queue=bill%7Cing  - (target 80 %)\n"
        "\n"
        "open alerts: 2\n"
        " 1 min 30 s  critical  objective_breach  Too slow.\n"
        "        1 s  warning   item_at_risk      Nearly.\n";
    assert_string_equal(render(t, 120, 40, false), expected);
}

static void old_figures_are_unknown(void **state) {
    struct board_test *t = *state;
    fill(t, 10000);
    assert_null(strstr(render(t, 120, 40, false), "UNKNOWN"));
    fill(t, 34000);
    const char *frame = render(t, 120, 40, false);
    assert_non_null(strstr(frame, "UNKNOWN: the last figures are 34 s old"));
    assert_null(strstr(frame, "62.5 %"));
    assert_null(strstr(frame, "1,234"));
    assert_non_null(strstr(frame, "main    PS              ?"));
    assert_non_null(strstr(frame, "unknown voice 80-20"));
    board_data_begin(t->data, SLICE("acme"), SLICE("15m"), NOW);
    board_data_rows(t->data);
    assert_non_null(strstr(render(t, 120, 40, false), "UNKNOWN: Redis has no figures"));
}

/* Every size of a terminal: no line too wide, no line too many, never a fault. */
static void fits_every_terminal(void **state) {
    struct board_test *t = *state;
    fill(t, 700);
    for (size_t width = 1; width < 140; width++) {
        for (size_t height = 1; height < 30; height++) {
            const char *at = render(t, width, height, false);
            size_t lines = 0;
            for (const char *end; (end = strchr(at, '\n')); at = end + 1, lines++) {
                size_t columns = term_width((struct slice){at, (size_t)(end - at)});
                if (width >= 20)
                    assert_true(columns <= width);
            }
            if (height >= 3)
                assert_true(lines <= height);
        }
    }
}

static void many_rows_are_counted(void **state) {
    struct board_test *t = *state;
    board_data_begin(t->data, SLICE("acme"), SLICE("15m"), NOW);
    meta(t, "as_of", "1795381380000");
    char scope[64];
    for (int i = 0; i < 300; i++) {
        snprintf(scope, sizeof(scope), "site=s/queue=q%03d", i);
        board_data_scope(t->data, slice_of(scope));
    }
    assert_int_equal(board_data_rows(t->data), BOARD_ROWS_MAX);
    const char *frame = render(t, 100, 30, false);
    assert_non_null(strstr(frame, "q000"));
    assert_non_null(strstr(frame, "and 279 more\n"));
}

static void colours_only_where_wanted(void **state) {
    struct board_test *t = *state;
    fill(t, 700);
    assert_null(strchr(render(t, 120, 40, false), '\x1b'));
    assert_non_null(strstr(render(t, 120, 40, true), "\x1b[31mmain"));
}

static void names_do_not_steer_the_terminal(void **state) {
    struct board_test *t = *state;
    board_data_begin(t->data, SLICE("a%1B[2Jb"), SLICE("15m"), NOW);
    board_data_rows(t->data);
    const char *frame = render(t, 120, 40, false);
    assert_null(strchr(frame, '\x1b'));
    assert_non_null(strstr(frame, "a?[2Jb"));
    buf_reset(&t->text);
    term_put(&t->text, SLICE("\xc2\x9b\xff\xc3\xbc\x7f"));
    buf_put_u8(&t->text, '\0');
    assert_string_equal(t->text.at, "???\xc3\xbc?");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_frame_reads_well),        TEST(old_figures_are_unknown),
        TEST(fits_every_terminal),       TEST(many_rows_are_counted),
        TEST(colours_only_where_wanted), TEST(names_do_not_steer_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
