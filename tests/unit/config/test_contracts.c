/* Is every mistake in a contract told with file, line and remedy? One folder of golden/ is one
 * case: contract files, and `expected`, what is printed. In wrong/ each has one mistake, and each
 * rule of the linter its case. UPDATE_GOLDEN=1 writes those anew: read them before they are
 * committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "config/contracts.h"
#include "config/files.h"

#define GOLDEN FLOORWALKER_SOURCE_DIR "/tests/unit/config/golden"
#define WRONG FLOORWALKER_SOURCE_DIR "/tests/unit/config/wrong"

static char *read_text(const char *path) {
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 65536);
    assert_non_null(text);
    if (file) {
        assert_true(fread(text, 1, 65535, file) < 65535);
        fclose(file);
    }
    return text;
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static char *told(const char *folder) {
    struct faults faults;
    faults_init(&faults);
    struct contract_set *contracts = contracts_load(folder, &faults);
    assert_int_equal(contracts == NULL, faults.errors > 0);
    contracts_free(contracts);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    faults_print(&faults, out);
    fclose(out);
    faults_deinit(&faults);
    for (char *at; (at = strstr(text, folder)) != NULL;)
        memmove(at, at + strlen(folder) + 1, strlen(at + strlen(folder) + 1) + 1);
    return text;
}

/* Cases of settings, and of no contract at all, are for `floorwalker check` as a whole. */
static int is_case(const struct dirent *entry) {
    return entry->d_name[0] != '.' && strncmp(entry->d_name, "settings-", 9) != 0 &&
           strcmp(entry->d_name, "no-contract") != 0;
}

static void expect_cases(const char *cases, int least) {
    struct dirent **entries;
    int count = scandir(cases, &entries, is_case, alphasort);
    assert_true(count >= least);
    int wrong = 0;
    for (int i = 0; i < count; i++) {
        char folder[512];
        char path[600];
        snprintf(folder, sizeof(folder), "%s/%s", cases, entries[i]->d_name);
        snprintf(path, sizeof(path), "%s/expected", folder);
        char *found = told(folder);
        if (getenv("UPDATE_GOLDEN"))
            write_text(path, found);
        char *expected = read_text(path);
        if (strcmp(found, expected) != 0) {
            print_error("%s:\n--- expected\n%s--- found\n%s", entries[i]->d_name, expected, found);
            wrong++;
        }
        free(expected);
        free(found);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(wrong, 0);
}

static void test_every_golden_case(void **state) {
    (void)state;
    expect_cases(GOLDEN, 20);
}

static void test_one_wrong_contract_for_each_rule(void **state) {
    (void)state;
    expect_cases(WRONG, 100);
}

static void test_good_contract(void **state) {
    (void)state;
    struct faults faults;
    faults_init(&faults);
    struct contract_set *contracts = contracts_load(GOLDEN "/good", &faults);
    assert_non_null(contracts);
    assert_int_equal(contracts->count, 1);
    const struct contract *c = contract_set_find(contracts, SLICE("acme"), 0);
    assert_true(slice_equal(c->name, SLICE("acme-support")));
    assert_false(c->is_default);
    assert_int_equal(c->version, 3);
    assert_int_equal(c->short_abandon_ms, 5000);
    assert_int_equal(zone_offset_ms(&c->zone, 1795800600000), -5 * HOUR_MS);
    assert_int_equal(zone_offset_ms(&c->zone, 1782900000000), -4 * HOUR_MS);
    assert_int_equal(contract_status(c, SLICE("no")), STATUS_ON_HOLD);
    assert_int_equal(c->quiet_ms, 5 * MINUTE_MS);
    assert_int_equal(c->clear_hold_ms, MINUTE_MS);
    assert_int_equal(c->items_per_minute, 5);
    assert_int_equal(c->pages_per_hour, 7);
    assert_true(c->roll_up_share == 0.5);
    assert_int_equal(c->roll_up_children, 4);

    assert_int_equal(c->clock_count, 1);
    const struct clock_rule *clock = &c->clocks[0];
    assert_int_equal(clock->kind, CLOCK_FIRST_REPLY);
    assert_int_equal(clock->when.channels, 1u << CHANNEL_EMAIL);
    assert_int_equal(clock->when.priorities, 1u << PRIORITY_HIGH | 1u << PRIORITY_URGENT);
    assert_int_equal(clock->target_ms, 4 * HOUR_MS);
    assert_int_equal(clock->warning_count, 2);
    assert_int_equal(clock->warnings[0].elapsed_ms, 3 * HOUR_MS);
    assert_int_equal(clock->warnings[1].elapsed_ms, 4 * HOUR_MS - 30 * MINUTE_MS);
    assert_int_equal(clock->pause_on, 0);
    assert_int_equal(clock->severity, SEVERITY_MAJOR);
    assert_true(slice_equal(clock->contact_role, SLICE("duty-manager")));

    assert_int_equal(c->objective_count, 1);
    const struct objective *o = &c->objectives[0];
    assert_int_equal(o->metric, METRIC_SERVICE_LEVEL);
    assert_int_equal(o->variant, VARIANT_ANSWERED_OF_OFFERED);
    assert_int_equal(o->within_ms, 20000);
    assert_true(o->within_given && o->at_least);
    assert_int_equal(o->per, SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_QUEUE));
    assert_int_equal(o->window, WINDOW_30M);
    assert_true(o->target > 0.7999 && o->target < 0.8001);
    assert_true(o->clear > 0.8299 && o->clear < 0.8301);
    assert_int_equal(o->min_sample, 20);
    assert_int_equal(o->hold_ms, 60000);
    assert_int_equal(o->severity, SEVERITY_CRITICAL);

    assert_int_equal(c->demand_count, 1);
    const struct demand_rule *d = &c->demands[0];
    assert_int_equal(d->per, SCOPE_BIT(SCOPE_QUEUE) | SCOPE_BIT(SCOPE_CHANNEL));
    assert_int_equal(d->window_count, 3);
    assert_int_equal(d->windows_ms[2], HOUR_MS);
    assert_int_equal(d->expected_per_ms, 15 * MINUTE_MS);
    assert_int_equal(d->min_excess, 10);
    assert_int_equal(d->when.directions, 1u << DIRECTION_INBOUND);
    assert_int_equal(d->severity, SEVERITY_WARNING);
    contracts_free(contracts);
    faults_deinit(&faults);
}

static void assert_clocks(const struct contract *c) {
    assert_int_equal(c->clock_count, 8);
    const struct clock_rule *whole = &c->clocks[0];
    assert_int_equal(whole->target_ms, 2 * DAY_MS);
    assert_int_equal(whole->pause_on, 1u << STATUS_PENDING_CUSTOMER); /* without a word */
    assert_false(whole->bots_count || whole->start_on_handoff);
    assert_int_equal(whole->on_resolve, ON_RESOLVE_USUAL);
    assert_int_equal(whole->on_reopen, ON_REOPEN_CONTINUE);
    assert_int_equal(whole->severity, SEVERITY_WARNING);
    assert_true(slice_equal(whole->contact_role, SLICE("lead")));
    assert_true(slice_equal(whole->outcome, SLICE("angry callers")));
    assert_true(slice_equal(whole->runbook, SLICE("https://runbooks/whole")));

    const struct clock_rule *bots = &c->clocks[1];
    assert_int_equal(bots->pause_on, 1u << STATUS_ON_HOLD | 1u << STATUS_SOLVED);
    assert_true(bots->on_resolve == ON_RESOLVE_MISSED && bots->bots_count);
    assert_int_equal(bots->when.vendor.count, 1);
    assert_int_equal(bots->when.site.count, 2);
    assert_true(slice_equal(bots->when.site.values[1], SLICE("b")));
    assert_true(slice_equal(bots->when.queue.values[0], SLICE("q")));
    assert_int_equal(bots->when.channels, 1u << CHANNEL_CHAT);
    assert_int_equal(bots->when.directions, 1u << DIRECTION_INBOUND | 1u << DIRECTION_OUTBOUND);
    assert_int_equal(bots->when.priorities, 0);

    assert_int_equal(c->clocks[2].pause_on, 0);
    const struct clock_rule *next = &c->clocks[4];
    assert_int_equal(next->kind, CLOCK_NEXT_REPLY);
    assert_int_equal(next->on_resolve, ON_RESOLVE_VOID);
    assert_int_equal(next->on_reopen, ON_REOPEN_IGNORE);
    assert_int_equal(next->pause_on, 0);
    assert_int_equal(c->clocks[5].on_reopen, ON_REOPEN_NEW);
    assert_int_equal(c->clocks[5].pause_on, 0);
    assert_int_equal(c->clocks[6].pause_on, 1u << STATUS_PENDING_CUSTOMER);
    assert_int_equal(c->clocks[7].pause_on, 1u << STATUS_PENDING_CUSTOMER | 1u << STATUS_ON_HOLD);
    assert_true(c->clocks[3].start_on_handoff);
}

static void test_every_value_arrives(void **state) {
    (void)state;
    struct faults faults;
    faults_init(&faults);
    struct contract_set *contracts = contracts_load(GOLDEN "/every-value", &faults);
    assert_non_null(contracts);
    const struct contract *c = &contracts->contracts[0];
    static const enum channel channels[] = {CHANNEL_VOICE,  CHANNEL_CHAT,      CHANNEL_EMAIL,
                                            CHANNEL_SOCIAL, CHANNEL_MESSAGING, CHANNEL_TICKET};
    for (int i = 0; i < 6; i++)
        assert_int_equal(c->ageing_ms[channels[i]], (i + 1) * HOUR_MS);
    assert_int_equal(c->feed_silent_after_ms, 90 * SECOND_MS);
    assert_int_equal(c->feed_skewed_after_ms, 30 * SECOND_MS);
    assert_true(c->feed_refused_above == 0.125);
    assert_int_equal(c->version, INT32_MAX);
    assert_clocks(c);

    const struct demand_rule *weekly = &c->demands[0];
    assert_int_equal(weekly->per, 0);
    assert_int_equal(weekly->window_count, 1);
    assert_int_equal(weekly->windows_ms[0], HOUR_MS);
    assert_true(weekly->false_alarms_per_day > 0.999 && weekly->false_alarms_per_day < 1.001);
    assert_int_equal(weekly->min_excess, 3);
    assert_int_equal(weekly->expected_per_ms, 0);
    assert_int_equal(weekly->severity, SEVERITY_CRITICAL);
    assert_true(slice_equal(weekly->runbook, SLICE("https://runbooks/spike")));
    assert_true(c->demands[1].false_alarms_per_day > 11.99);
    contracts_free(contracts);
    faults_deinit(&faults);
}

/* T of an objective without `within`: the speed_of_answer clock for the same visits, else 20 s. */
static void test_within_is_resolved(void **state) {
    (void)state;
    static const char head[] =
        "contract: c\nversion: 1\ntenant: t\n"
        "clocks:\n"
        "  - {name: chat, clock: speed_of_answer, when: {channel: chat}, target: 90s}\n"
        "objectives:\n";
    static const char objective[] =
        "  - {name: %s, metric: service_level, when: {channel: %s}, window: 1h, target: at least "
        "90%%, min_sample: 5, owner: o, outcome: x}\n";
    char text[1024];
    int size = snprintf(text, sizeof(text), "%s", head);
    size += snprintf(text + size, sizeof(text) - (size_t)size, objective, "a", "chat");
    snprintf(text + size, sizeof(text) - (size_t)size, objective, "b", "voice");
    struct files files;
    files_init(&files);
    files_add(&files, "t.yml", text);
    struct faults faults;
    faults_init(&faults);
    struct contract_set *contracts = contracts_load(files.folder, &faults);
    assert_non_null(contracts);
    const struct contract *c = contract_set_find(contracts, SLICE("t"), 0);
    assert_int_equal(c->objectives[0].within_ms, 90000);
    assert_int_equal(c->objectives[1].within_ms, 20000);
    assert_false(c->objectives[0].within_given);
    contracts_free(contracts);
    faults_deinit(&faults);
    files_deinit(&files);
}

static void test_no_folder(void **state) {
    (void)state;
    struct faults faults;
    faults_init(&faults);
    assert_null(contracts_load("/nowhere", &faults));
    struct err err;
    faults_to_err(&faults, &err);
    assert_string_equal(err.text,
                        "/nowhere: cannot read this folder: No such file or directory; name the "
                        "folder of the contract files in `contracts`");
    faults_deinit(&faults);
}

/* The local midnight of Kathmandu is 18:15 of the day before in UTC. */
static void test_versions_hold_from_their_local_midnight(void **state) {
    (void)state;
    struct faults faults;
    faults_init(&faults);
    struct contract_set *contracts = contracts_load(GOLDEN "/versions", &faults);
    assert_non_null(contracts);
    int64_t at;
    assert_true(instant_parse(SLICE("2026-06-30T18:15:00Z"), &at, NULL));
    assert_int_equal(contract_set_find(contracts, SLICE("acme"), at - 1)->version, 2);
    assert_int_equal(contract_set_find(contracts, SLICE("acme"), at)->version, 3);
    assert_int_equal(contract_set_find(contracts, SLICE("acme"), at)->effective_at, at);
    assert_int_equal(contract_set_find(contracts, SLICE("acme"), INSTANT_NONE)->version, 2);
    assert_int_equal(contract_set_find(contracts, SLICE("acme"), 0)->next->version, 3);
    contracts_free(contracts);
    faults_deinit(&faults);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_hold_from_their_local_midnight),
        cmocka_unit_test(test_every_golden_case),
        cmocka_unit_test(test_one_wrong_contract_for_each_rule),
        cmocka_unit_test(test_good_contract),
        cmocka_unit_test(test_every_value_arrives),
        cmocka_unit_test(test_within_is_resolved),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
