/* Are the commands for Redis those of the contract, key by key and text by text? */
#include "base/property.h"

#include <stdio.h>

#include "codec/view_fields.h"

static const struct scope all = {0};

static struct scope site_scope(const char *site) {
    struct scope s = {.mask = SCOPE_BIT(SCOPE_SITE)};
    s.values[SCOPE_SITE] = slice_of(site);
    return s;
}

/* The batch as text: a line per command, " name=value" per field. */
static void expect(struct view_batch *b, const char *expected) {
    static const char *const kinds[] = {"REPLACE", "SET", "DEL", "ADD", "PUBLISH"};
    struct buf text = {0};
    view_batch_seal(b);
    for (size_t i = 0; i < view_batch_count(b); i++) {
        struct view_command stored = view_batch_at(b, i);
        struct wire_command c = wire_read(&stored);
        buf_put_format(&text, "%s " SLICE_FMT, kinds[c.kind], SLICE_ARG(c.key));
        for (size_t f = 0; f < c.field_count; f++)
            buf_put_format(&text, " " SLICE_FMT "=" SLICE_FMT, SLICE_ARG(c.fields[f].name),
                           SLICE_ARG(c.fields[f].value));
        buf_put_u8(&text, '\n');
        wire_free(&c);
    }
    buf_put_u8(&text, '\0');
    assert_string_equal(text.at, expected);
    buf_deinit(&text);
    view_batch_reset(b);
}

static struct figure ratio(int64_t n, int64_t d) {
    return (struct figure){.present = d != 0,
                           .value = d ? (double)n / (double)d : 0,
                           .numerator = n,
                           .denominator = d,
                           .sample = d};
}

static struct figure count(int64_t value) {
    return (struct figure){.present = true,
                           .value = (double)value,
                           .numerator = ALERT_LONG_NONE,
                           .denominator = ALERT_LONG_NONE,
                           .sample = ALERT_LONG_NONE};
}

static void figures_have_their_parts(void **state) {
    struct view_batch *b = *state;
    struct view v = view_batch_view(b, SLICE("host-1"));
    struct scope site = site_scope("Z\xC3\xBCrich/1");
    struct view_figure figures[] = {
        {SLICE("offered"), count(12), UNIT_COUNT},
        {SLICE("service_level"), ratio(1, 3), UNIT_RATIO},
        {SLICE("abandon_rate"), ratio(0, 0), UNIT_RATIO},
        {SLICE("asa_ms"), ratio(3000, 4), UNIT_MILLIS},
    };
    v.scope(b, SLICE("acme corp"), &site);
    v.kpi(b, SLICE("acme corp"), &site, SLICE("30m"), figures, 4, 1800000, 0.5);
    expect(b, "REPLACE fw:{acme%20corp}:kpi:site=Z%C3%BCrich%2F1:30m offered=12 "
              "service_level=0.3333333333333333 service_level.n=1 service_level.d=3 asa_ms=750 "
              "asa_ms.n=3000 asa_ms.d=4 as_of=1800000 completeness=0.5\n"
              "ADD fw:{acme%20corp}:scopes site=Z%C3%BCrich%2F1=\n"
              "PUBLISH fw:{acme%20corp}:changed =site=Z%C3%BCrich%2F1\n");
}

/* What is copied from the window before is what would be written anew. */
static void figures_like_those_before_are_told_again(void **state) {
    struct view_batch *b = *state;
    struct view v = view_batch_view(b, SLICE("host-1"));
    struct view_figure figures[] = {
        {SLICE("offered"), count(12), UNIT_COUNT},
        {SLICE("service_level"), ratio(1, 3), UNIT_RATIO},
        {SLICE("asa_ms"), ratio(0, 0), UNIT_MILLIS},
    };
    v.kpi(b, SLICE("acme"), &all, SLICE("1m"), figures, 3, 60000, 1);
    figures[1].figure = ratio(2, 6); /* as large, of other parts */
    figures[2].figure = ratio(8, 4);
    v.kpi(b, SLICE("acme"), &all, SLICE("5m"), figures, 3, 60000, 1);
    figures[0].field = SLICE("handled");
    figures[1].figure = ratio(0, 0);
    v.kpi(b, SLICE("acme"), &all, SLICE("15m"), figures, 3, 60000, 1);
    figures[1].figure = ratio(2, 6);
    figures[2].figure = count(2);
    v.kpi(b, SLICE("acme"), &all, SLICE("15m"), figures, 3, 60000, 1); /* stands alone */
    expect(b, "REPLACE fw:{acme}:kpi:all:1m offered=12 service_level=0.3333333333333333 "
              "service_level.n=1 service_level.d=3 as_of=60000 completeness=1\n"
              "REPLACE fw:{acme}:kpi:all:5m offered=12 service_level=0.3333333333333333 "
              "service_level.n=2 service_level.d=6 asa_ms=2 asa_ms.n=8 asa_ms.d=4 as_of=60000 "
              "completeness=1\n"
              "REPLACE fw:{acme}:kpi:all:15m handled=12 service_level=0.3333333333333333 "
              "service_level.n=2 service_level.d=6 asa_ms=2 as_of=60000 completeness=1\n"
              "PUBLISH fw:{acme}:changed =all\n");
    v.kpi(b, SLICE("acme"), &all, SLICE("1m"), figures, 1, 60000, 1);
    expect(b, "REPLACE fw:{acme}:kpi:all:1m handled=12 as_of=60000 completeness=1\n"
              "PUBLISH fw:{acme}:changed =all\n");
}

static void many_fields_are_many_parts(void **state) {
    struct view_batch *b = *state;
    struct view v = view_batch_view(b, SLICE("host-1"));
    struct view_figure figures[400];
    for (int i = 0; i < 400; i++)
        figures[i] = (struct view_figure){SLICE("asa_ms"), ratio(i, 7), UNIT_MILLIS};
    v.kpi(b, SLICE("acme"), &all, SLICE("1m"), figures, 400, 60000, 1);
    view_batch_seal(b);
    struct view_command c = view_batch_at(b, 0);
    struct wire_command read = wire_read(&c);
    assert_int_equal(read.field_count, 400 * 3 + 2);
    assert_int_equal(c.part_count, 3);
    assert_true(slice_equal(read.fields[3 * 399 + 1].value, SLICE("399")));
    wire_free(&read);
    view_batch_reset(b);
}

static void an_age_that_does_not_exist_is_absent(void **state) {
    struct view_batch *b = *state;
    struct view v = view_batch_view(b, SLICE("host-1"));
    struct view_now busy = {3, 4, 50, 1000, 900};
    struct view_now idle = {0, 0, 0, INSTANT_NONE, INSTANT_NONE};
    v.now(b, SLICE("acme"), &all, &busy, 2000);
    v.now(b, SLICE("acme"), &all, &idle, 3000); /* the later one stands alone */
    v.now(b, SLICE("beta"), &all, &busy, 2000);
    expect(b, "REPLACE fw:{acme}:now:all waiting=0 in_service=0 backlog=0 as_of=3000\n"
              "REPLACE fw:{beta}:now:all waiting=3 oldest_waiting_at=1000 in_service=4 backlog=50 "
              "oldest_open_at=900 as_of=2000\n"
              "PUBLISH fw:{acme}:changed =all\n"
              "PUBLISH fw:{beta}:changed =all\n");
}

static void minutes_are_a_ring(void **state) {
    struct view_batch *b = *state;
    struct view v = view_batch_view(b, SLICE("host-1"));
    struct view_figure figures[] = {
        {SLICE("offered"), count(2), UNIT_COUNT},
        {SLICE("abandon_rate"), ratio(1, 4), UNIT_RATIO},
        {SLICE("asa_ms"), ratio(0, 0), UNIT_MILLIS},
    };
    v.minute(b, SLICE("acme"), &all, INT64_C(1700000000000), figures, 3);
    v.minute(b, SLICE("acme"), &all, INT64_C(1700000000000) + MINUTE_MS, figures, 1);
    expect(b, "SET fw:{acme}:minutes:all 1333=28333333 offered=2 abandon_rate=0.25 "
              "abandon_rate.n=1 abandon_rate.d=4 1334=28333334 offered=2\n");
}

static void objectives_say_what_is_judged(void **state) {
    struct view_batch *b = *state;
    struct view v = view_batch_view(b, SLICE("host-1"));
    struct scope site = site_scope("main");
    struct figure good = ratio(9, 10), none = ratio(0, 0);
    none.sample = 0;
    struct view_objective level = {
        SLICE("voice-80-20"), SLICE("ok"), &site, &good, 0.8, 60000, true, 0.75, 120.5};
    v.objective(b, SLICE("acme"), &level);
    level = (struct view_objective){
        SLICE("voice-80-20"), SLICE("few"), &all, &none, 0.8, 60000, false, 0, 0};
    v.objective(b, SLICE("acme"), &level);
    expect(b, "SET fw:{acme}:objectives voice-80-20 site=main={\"value\":0.9,\"n\":9,\"d\":10,"
              "\"sample\":10,\"target\":0.8,\"state\":\"ok\",\"window_end_at\":60000,"
              "\"needed\":0.75,\"expected\":120.5} "
              "voice-80-20 all={\"value\":null,\"n\":0,\"d\":0,\"sample\":0,\"target\":0.8,"
              "\"state\":\"few\",\"window_end_at\":60000}\n");
}

static struct alert some_alert(const char *id) {
    return (struct alert){.alert_id = slice_of(id),
                          .alert_key = SLICE("acme/voice"),
                          .seq = 1,
                          .transition = TRANSITION_FIRING,
                          .kind = ALERT_OBJECTIVE_BREACH,
                          .severity = SEVERITY_CRITICAL,
                          .tenant = SLICE("acme"),
                          .site = SLICE("main"),
                          .rule = SLICE("voice-80-20"),
                          .condition_at = 1000,
                          .opened_at = 900,
                          .resolved_at = ALERT_LONG_NONE,
                          .deadline_at = ALERT_LONG_NONE,
                          .window_start_at = 0,
                          .window_end_at = 1000,
                          .observed = 0.7,
                          .threshold = 0.8,
                          .baseline = ALERT_DOUBLE_NONE,
                          .unit = UNIT_RATIO,
                          .numerator = 7,
                          .denominator = 10,
                          .sample = 10,
                          .p_value = ALERT_DOUBLE_NONE,
                          .low = ALERT_DOUBLE_NONE,
                          .high = ALERT_DOUBLE_NONE,
                          .remaining_ms = ALERT_LONG_NONE,
                          .contributors = {{SLICE("queue"), SLICE("PS"), 0.25}},
                          .contributor_count = 1,
                          .interactions = {SLICE("a"), SLICE("b")},
                          .interaction_count = 2,
                          .completeness = 1,
                          .summary = SLICE("too \"slow\"\n\x01")};
}

static void alerts_are_plain_json(void **state) {
    struct view_batch *b = *state;
    struct view v = view_batch_view(b, SLICE("host-1"));
    struct alert alert = some_alert("x1");
    v.alert(b, &alert, true);
    expect(b, "SET fw:{acme}:alerts x1={\"alert_id\":\"x1\",\"alert_key\":\"acme/voice\",\"seq\":1,"
              "\"transition\":\"FIRING\",\"kind\":\"OBJECTIVE_BREACH\",\"severity\":\"CRITICAL\","
              "\"tenant_id\":\"acme\",\"vendor_id\":null,\"site_id\":\"main\",\"queue_id\":null,"
              "\"channel\":null,\"priority\":null,\"agent_id\":null,\"interaction_id\":null,"
              "\"customer_key\":null,\"rule\":\"voice-80-20\",\"contract\":\"\","
              "\"contract_version\":0,\"formula\":\"\",\"condition_at\":1000,\"opened_at\":900,"
              "\"emitted_at\":null,\"resolved_at\":null,\"deadline_at\":null,"
              "\"window_start_at\":0,\"window_end_at\":1000,\"observed\":0.7,\"threshold\":0.8,"
              "\"baseline\":null,\"unit\":\"RATIO\",\"numerator\":7,\"denominator\":10,"
              "\"sample\":10,\"p_value\":null,\"low\":null,\"high\":null,\"remaining_ms\":null,"
              "\"tier\":0,\"contact_role\":null,\"runbook\":null,\"outcome\":null,"
              "\"suppressed_by\":null,\"contributors\":[{\"dimension\":\"queue\",\"value\":\"PS\","
              "\"share\":0.25}],\"interactions\":[\"a\",\"b\"],\"more\":0,\"completeness\":1,"
              "\"late\":false,\"summary\":\"too \\\"slow\\\"\\n\\u0001\"}\n");
}

static void what_ended_is_taken_away_last(void **state) {
    struct view_batch *b = *state;
    struct view v = view_batch_view(b, SLICE("host-1"));
    struct alert first = some_alert("first"), second = some_alert("second");
    v.alert(b, &first, false);
    v.alert(b, &second, true);
    v.alert(b, &second, false);
    view_batch_seal(b);
    assert_int_equal(view_batch_count(b), 2);
    assert_int_equal(view_batch_at(b, 0).kind, VIEW_COMMAND_SET_FIELDS);
    struct view_command last = view_batch_at(b, 1);
    assert_int_equal(last.kind, VIEW_COMMAND_DEL_FIELDS);
    assert_int_equal(last.field_count, 2);
    view_batch_reset(b);
}

static void showing_all_replaces_what_is_over(void **state) {
    struct view_batch *b = *state;
    struct view v = view_batch_view(b, SLICE("host-1"));
    struct alert over = some_alert("over");
    view_batch_begin(b, true, 5000);
    v.scope(b, SLICE("acme"), &all);
    v.alert(b, &over, false);
    v.meta(b, SLICE("acme"), 4000, 12, SLICE("acme-support"), 3);
    expect(b, "REPLACE fw:{acme}:alerts\n"
              "REPLACE fw:{acme}:objectives\n"
              "REPLACE fw:{acme}:meta as_of=4000 lag_ms=12 contract=acme-support "
              "contract_version=3 writer=host-1\n"
              "ADD fw:{acme}:scopes all=\n");

    struct alert open = some_alert("open");
    view_batch_begin(b, true, 5000);
    v.alert(b, &open, true);
    view_batch_seal(b);
    struct view_command c = view_batch_at(b, 0);
    assert_int_equal(c.kind, VIEW_COMMAND_REPLACE_HASH);
    assert_int_equal(c.field_count, 1);
    assert_non_null(memmem(c.parts[0].text.at, c.parts[0].text.size, "\"emitted_at\":5000", 17));
    view_batch_reset(b);
}

static void many_changes_are_many_messages(void **state) {
    struct view_batch *b = *state;
    struct view v = view_batch_view(b, SLICE("host-1"));
    struct view_now now = {0};
    for (int i = 0; i < 5000; i++) {
        char site[32];
        snprintf(site, sizeof(site), "site-%d", i);
        struct scope s = site_scope(site);
        v.now(b, SLICE("acme"), &s, &now, 1);
    }
    view_batch_seal(b);
    size_t scopes = 0, messages = 0;
    for (size_t i = 0; i < view_batch_count(b); i++) {
        struct view_command c = view_batch_at(b, i);
        if (c.kind != VIEW_COMMAND_PUBLISH)
            continue;
        messages++;
        assert_true(slice_equal(c.key, SLICE("fw:{acme}:changed")));
        struct slice text = c.parts[0].text;
        assert_true(c.field_count == 1 && text.size < 33000);
        for (size_t at = 0; at < text.size; at++)
            scopes += text.at[at] == ' ';
        scopes++;
    }
    assert_int_equal(scopes, 5000);
    assert_int_equal(messages, 3);
    view_batch_reset(b);
}

static int begin(void **state) {
    *state = view_batch_new();
    return 0;
}

static int end(void **state) {
    view_batch_free(*state);
    return 0;
}

#define WITH_BATCH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BATCH(figures_have_their_parts),
        WITH_BATCH(figures_like_those_before_are_told_again),
        WITH_BATCH(many_fields_are_many_parts),
        WITH_BATCH(an_age_that_does_not_exist_is_absent),
        WITH_BATCH(minutes_are_a_ring),
        WITH_BATCH(objectives_say_what_is_judged),
        WITH_BATCH(alerts_are_plain_json),
        WITH_BATCH(what_ended_is_taken_away_last),
        WITH_BATCH(showing_all_replaces_what_is_over),
        WITH_BATCH(many_changes_are_many_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
