/* Does the sentence name all that a contract says otherwise, and nothing else? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/contract_diff.h"

struct agreement {
    struct contract c;
    struct clock_rule clocks[60];
    struct objective objectives[2];
    struct demand_rule demands[1];
};

static void agreement_init(struct agreement *a) {
    memset(a, 0, sizeof(*a));
    contract_init_default(&a->c);
    a->c.is_default = false;
    a->c.name = SLICE("acme-support");
    a->c.version = 3;
    a->c.clocks = a->clocks;
    a->c.clock_count = 2;
    a->c.objectives = a->objectives;
    a->c.objective_count = 2;
    a->c.demands = a->demands;
    a->c.demand_count = 1;
    a->clocks[0] = (struct clock_rule){.name = SLICE("answer"), .target_ms = 20};
    a->clocks[1] = (struct clock_rule){.name = SLICE("solve"), .target_ms = 4000};
    a->objectives[0] = (struct objective){.name = SLICE("level"), .target = 0.8};
    a->objectives[1] = (struct objective){.name = SLICE("waits"), .target = 9000};
    a->demands[0] = (struct demand_rule){.name = SLICE("spikes"), .min_excess = 10};
}

static void expect(const struct contract *was, const struct contract *now, const char *said) {
    struct buf b;
    buf_init(&b);
    contract_diff(was, now, &b);
    buf_put_u8(&b, 0);
    assert_string_equal(b.at, said);
    buf_deinit(&b);
}

static void nothing_is_said_of_what_is_the_same(void **state) {
    (void)state;
    struct agreement a, b;
    agreement_init(&a);
    agreement_init(&b);
    expect(&a.c, &b.c,
           "acme-support version 3 in place of acme-support version 3: nothing that is counted or "
           "judged changed");
}

static void rules_are_changed_added_and_gone(void **state) {
    (void)state;
    struct agreement a, b;
    agreement_init(&a);
    agreement_init(&b);
    b.c.version = 4;
    b.clocks[0].target_ms = 30;
    b.clocks[1].name = SLICE("solve-soon");
    b.c.objective_count = 1;
    b.demands[0].min_excess = 11;
    b.c.week_starts = 6;
    b.c.ageing_ms[CHANNEL_CHAT]++;
    expect(&a.c, &b.c,
           "acme-support version 4 in place of acme-support version 3: clock answer changed, "
           "clock solve-soon added, clock solve gone, objective waits gone, demand rule spikes "
           "changed, week_starts changed, ageing changed");
}

/* Each member that counts or judges shows. */
static void every_member_shows(void **state) {
    (void)state;
    struct calendar hours = {.name = SLICE("office")};
    struct clock_days days = {.count = 1};
    const struct clock_rule clocks[] = {
        {.target_ms = 21},
        {.kind = 1, .target_ms = 20},
        {.pause_on = 1},
        {.bots_count = true},
        {.start_on_handoff = true},
        {.on_resolve = ON_RESOLVE_MISSED},
        {.severity = SEVERITY_MAJOR},
        {.outcome = SLICE("x")},
        {.calendar = &hours},
        {.on_reopen = ON_REOPEN_NEW},
        {.days = &days},
        {.contact_role = SLICE("duty")},
        {.when.channels = 1},
        {.runbook = SLICE("page")},
    };
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        struct agreement a, b;
        agreement_init(&a);
        agreement_init(&b);
        b.clocks[0] = clocks[i];
        b.clocks[0].name = SLICE("answer");
        if (i != 0 && i != 10)
            b.clocks[0].target_ms = 20;
        expect(&a.c, &b.c,
               "acme-support version 3 in place of acme-support version 3: clock answer changed");
    }
    const struct objective objectives[] = {
        {.metric = 1},     {.variant = 1},          {.within_ms = 1}, {.when.channels = 1},
        {.per = 1},        {.window = 1},           {.at_least = 1},  {.clear = 1},
        {.min_sample = 1}, {.hold_ms = 1},          {.severity = 1},  {.contact_role = SLICE("a")},
        {.target = 0.9},   {.outcome = SLICE("x")},
    };
    for (size_t i = 0; i < sizeof(objectives) / sizeof(objectives[0]); i++) {
        struct agreement a, b;
        agreement_init(&a);
        agreement_init(&b);
        b.objectives[0] = objectives[i];
        b.objectives[0].name = SLICE("level");
        if (i != 12)
            b.objectives[0].target = 0.8;
        expect(&a.c, &b.c,
               "acme-support version 3 in place of acme-support version 3: objective level "
               "changed");
    }
}

static void a_contract_that_comes_and_one_that_goes(void **state) {
    (void)state;
    struct agreement a;
    struct contract none;
    agreement_init(&a);
    contract_init_default(&none);
    a.c.clock_count = a.c.objective_count = a.c.demand_count = 0;
    expect(&none, &a.c,
           "acme-support version 3 in place of no contract: nothing that is counted "
           "or judged changed");
    a.c.clock_count = 1;
    expect(&a.c, &none, "no contract in place of acme-support version 3: clock answer gone");
}

static void many_changes_are_counted(void **state) {
    (void)state;
    struct agreement a, b;
    char names[60][8];
    agreement_init(&a);
    agreement_init(&b);
    a.c.clock_count = 0;
    b.c.clock_count = 60;
    for (size_t i = 0; i < 60; i++) {
        snprintf(names[i], sizeof(names[i]), "c%zu", i);
        b.clocks[i].name = slice_of(names[i]);
    }
    struct buf text;
    buf_init(&text);
    contract_diff(&a.c, &b.c, &text);
    buf_put_u8(&text, 0);
    assert_non_null(strstr(text.at, ", clock c49 added, and 10 more"));
    assert_null(strstr(text.at, "c50"));
    buf_deinit(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_of_what_is_the_same),
        cmocka_unit_test(rules_are_changed_added_and_gone),
        cmocka_unit_test(every_member_shows),
        cmocka_unit_test(a_contract_that_comes_and_one_that_goes),
        cmocka_unit_test(many_changes_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
