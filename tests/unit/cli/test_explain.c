/* Does --explain say which rules apply to an interaction, and why the others do not? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/explain.h"

static struct slice retail[] = {SLICE("krakow")};
static const struct calendar hours = {.name = SLICE("office")};
static struct clock_rule clocks[] = {
    {.name = SLICE("fast"),
     .kind = CLOCK_FIRST_REPLY,
     .target_ms = HOUR_MS,
     .calendar = &hours,
     .when = {.channels = 1u << CHANNEL_EMAIL, .priorities = 1u << PRIORITY_URGENT}},
    {.name = SLICE("slow"), .kind = CLOCK_FIRST_REPLY, .target_ms = DAY_MS},
    {.name = SLICE("solve"),
     .kind = CLOCK_RESOLUTION,
     .target_ms = DAY_MS,
     .when = {.site = {retail, 1}}},
};
static struct objective objectives[] = {
    {.name = SLICE("level"),
     .metric = METRIC_SERVICE_LEVEL,
     .window = WINDOW_30M,
     .per = SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_QUEUE),
     .at_least = true,
     .target = 0.8},
};
static struct contract acme = {.name = SLICE("acme-support"),
                               .tenant = SLICE("acme"),
                               .version = 3,
                               .clocks = clocks,
                               .clock_count = 3,
                               .objectives = objectives,
                               .objective_count = 1};
static const struct contract_set set = {
    .contracts = &acme, .count = 1, .fallback = {.is_default = true}};

/* What is said of this JSON; the reason where it is refused. The caller frees it. */
static char *explained(const char *json) {
    char path[] = "/tmp/explain-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, json, strlen(json)), strlen(json));
    close(file);
    char *text = NULL;
    size_t size = 0;
    struct err err;
    FILE *out = open_memstream(&text, &size);
    if (!explain_file(path, &set, out, &err))
        fputs(strstr(err.text, path) ? err.text + sizeof(path) : err.text, out);
    fclose(out);
    unlink(path);
    return text;
}

static void assert_explained(const char *json, const char *expected) {
    char *text = explained(json);
    assert_string_equal(text, expected);
    free(text);
}

static void the_first_that_fits_of_each_kind(void **state) {
    (void)state;
    assert_explained(
        "{\"tenant_id\": \"acme\", \"site_id\": \"cebu\", \"queue_id\": \"orders\","
        " \"channel\": \"EMAIL\", \"priority\": \"URGENT\", \"unknown\": 1}",
        "contract acme-support, version 3, tenant acme\n"
        "clocks\n"
        "  fast                         first_reply      yes: 1h, while \"office\" is open\n"
        "  slow                         first_reply      no: \"fast\" is the first of its kind "
        "that "
        "fits\n"
        "  solve                        resolution       no: its site is \"cebu\", which `when` "
        "leaves out\n"
        "objectives\n"
        "  level                        service_level    yes: judged for site=cebu/queue=orders "
        "over 30m, at least 0.8\n");
}

static void what_is_not_said_fits_no_when(void **state) {
    (void)state;
    char *text = explained("{\"tenant_id\": \"acme\", \"channel\": \"email\"}");
    assert_non_null(strstr(text, "no: its priority is \"unknown\""));
    assert_non_null(strstr(text, "slow                         first_reply      yes: 1d, at all"));
    free(text);
}

static void outbound_has_no_clocks(void **state) {
    (void)state;
    char *text = explained("{\"tenant_id\": \"acme\", \"direction\": \"OUTBOUND\"}");
    assert_non_null(strstr(text, "no: clocks run for inbound"));
    assert_null(strstr(text, "first_reply      yes"));
    free(text);
}

static void a_tenant_without_contract(void **state) {
    (void)state;
    assert_explained("{\"tenant_id\": \"other\"}",
                     "tenant \"other\" has no contract: counters in UTC, nothing is judged\n");
}

static void what_cannot_be_read(void **state) {
    (void)state;
    assert_explained("{\"tenant_id\": \"acme\", \"channel\": \"FAX\"}", "unknown channel \"FAX\"");
    assert_explained("{}", "tenant_id is missing: write an InteractionEvent as one JSON object");
    char *text = explained("{\n\"tenant_id\" \"acme\"}");
    assert_memory_equal(text, "2: ", 3);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_fits_of_each_kind),
        cmocka_unit_test(what_is_not_said_fits_no_when),
        cmocka_unit_test(outbound_has_no_clocks),
        cmocka_unit_test(a_tenant_without_contract),
        cmocka_unit_test(what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
