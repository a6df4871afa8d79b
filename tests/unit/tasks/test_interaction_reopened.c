/* What a reopening does to each clock, and what happens around the clocks of a conversation: other
 * scopes, repeats, the bytes that they take. */
#include "tasks/conversation_kit.h"

/* on_reopen */

/* Created at 0, resolved at 1 h, reopened at 10 h. The breach, after a target of 4 h, comes at; 0:
 * never. */
struct reopening {
    enum clock_kind kind;
    enum on_reopen policy;
    int64_t breach_ms;
};

static const struct reopening reopenings[] = {
    {CLOCK_FIRST_REPLY, ON_REOPEN_USUAL, 0},
    {CLOCK_FIRST_REPLY, ON_REOPEN_IGNORE, 0},
    {CLOCK_FIRST_REPLY, ON_REOPEN_CONTINUE, 13 * H},
    {CLOCK_FIRST_REPLY, ON_REOPEN_NEW, 14 * H},
    {CLOCK_NEXT_REPLY, ON_REOPEN_USUAL, 14 * H},
    {CLOCK_NEXT_REPLY, ON_REOPEN_IGNORE, 0},
    {CLOCK_NEXT_REPLY, ON_REOPEN_CONTINUE, 13 * H},
    {CLOCK_NEXT_REPLY, ON_REOPEN_NEW, 14 * H},
    {CLOCK_PERIODIC_UPDATE, ON_REOPEN_USUAL, 14 * H},
    {CLOCK_PERIODIC_UPDATE, ON_REOPEN_IGNORE, 0},
    {CLOCK_PERIODIC_UPDATE, ON_REOPEN_CONTINUE, 13 * H},
    {CLOCK_PERIODIC_UPDATE, ON_REOPEN_NEW, 14 * H},
    {CLOCK_RESOLUTION, ON_REOPEN_USUAL, 13 * H},
    {CLOCK_RESOLUTION, ON_REOPEN_IGNORE, 0},
    {CLOCK_RESOLUTION, ON_REOPEN_CONTINUE, 13 * H},
    {CLOCK_RESOLUTION, ON_REOPEN_NEW, 14 * H},
    {CLOCK_REQUESTER_WAIT, ON_REOPEN_USUAL, 13 * H},
    {CLOCK_REQUESTER_WAIT, ON_REOPEN_IGNORE, 0},
    {CLOCK_REQUESTER_WAIT, ON_REOPEN_NEW, 14 * H},
    {CLOCK_AGENT_WORK, ON_REOPEN_USUAL, 13 * H},
    {CLOCK_AGENT_WORK, ON_REOPEN_IGNORE, 0},
    {CLOCK_AGENT_WORK, ON_REOPEN_NEW, 14 * H},
};

static void a_reopening_continues_begins_anew_or_is_ignored(void **state) {
    for (size_t n = 0; n < sizeof(reopenings) / sizeof(reopenings[0]); n++) {
        const struct reopening *r = &reopenings[n];
        kit_teardown(state);
        kit_setup(state);
        struct kit *k = *state;
        only(k, r->kind, 4 * H)->on_reopen = r->policy;
        say_mail(k, EVENT_CREATED, 0);
        ask(k, 0);
        say_mail(k, EVENT_RESOLVED, 1 * H);
        kit_tick(k, 9 * H);
        say_mail(k, EVENT_REOPENED, 10 * H);
        if (r->breach_ms > 0)
            expect_breach(k, "it", 2, r->breach_ms, 4 * H);
        kit_tick(k, 40 * H);
        kit_expect_facts(k, 0);
    }
}

/* Golden vector 11 of domain.md: created Monday 09:00, resolved by a bot at 09:05, reopened Friday
 * 14:00, the agent replies at 14:10. */
static void golden_11_the_first_reply_is_measured_from_the_reopening(void **state) {
    struct kit *k = *state;
    int64_t friday_ms = 4 * DAY_MS + 5 * H;
    only(k, CLOCK_FIRST_REPLY, 15 * M)->on_reopen = ON_REOPEN_NEW;
    say_mail(k, EVENT_CREATED, 0);
    say_mail(k, EVENT_BOT_MESSAGE, 5 * M);
    say_mail(k, EVENT_RESOLVED, 5 * M);
    say_mail(k, EVENT_REOPENED, friday_ms);
    reply(k, friday_ms + 10 * M);
    kit_expect_facts(k, 0);
    expect_verdicts(k, 1, 0);
    assert_int_equal(ALL(k, FIRST_REPLIES), 1);
    assert_int_equal(ALL(k, FIRST_REPLY_MS), 10 * M);
}

static void a_reply_before_the_reopening_is_none_after_it(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_FIRST_REPLY, 15 * M)->on_reopen = ON_REOPEN_NEW;
    struct event first = kit_event(EVENT_AGENT_MESSAGE, 5 * M);
    first.channel = CHANNEL_EMAIL;
    first.event_id = SLICE("first");
    say_mail(k, EVENT_CREATED, 0);
    kit_apply(k, first);
    say_mail(k, EVENT_RESOLVED, 10 * M);
    say_mail(k, EVENT_REOPENED, 3 * H);
    kit_tick(k, 3 * H + 6 * M);
    kit_apply(k, first); /* it comes again */
    expect_verdicts(k, 1, 0);
    expect_breach(k, "it", 2, 3 * H + 15 * M, 15 * M);
    reply(k, 3 * H + 20 * M);
    expect_verdicts(k, 1, 1);
    assert_int_equal(ALL(k, FIRST_REPLIES), 2);
    assert_int_equal(ALL(k, FIRST_REPLY_MS), 25 * M);
}

static void a_first_reply_that_has_been_is_not_continued(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_FIRST_REPLY, H)->on_reopen = ON_REOPEN_CONTINUE;
    say_mail(k, EVENT_CREATED, 0);
    reply(k, 5 * M);
    say_mail(k, EVENT_RESOLVED, 10 * M);
    say_mail(k, EVENT_REOPENED, 3 * H);
    kit_tick(k, 20 * H);
    kit_expect_facts(k, 0);
    expect_verdicts(k, 1, 0);
}

/* What the cycle before told is of the past. */
static void a_continued_cycle_takes_back_only_what_it_told_itself(void **state) {
    struct kit *k = *state;
    struct clock_rule *rule = only(k, CLOCK_RESOLUTION, 4 * H);
    rule->warnings[0].elapsed_ms = 1 * H;
    rule->warning_count = 1;
    say_mail(k, EVENT_CREATED, 0);
    say_mail(k, EVENT_RESOLVED, 5 * H);
    kit_expect_facts(k, 3, "it 1 at_risk at=3600000 due=14400000 elapsed=3600000",
                     "it 1 breached at=14400000 due=14400000 elapsed=14400000",
                     "it 1 ended at=18000000 due=14400000 elapsed=18000000");
    say_mail(k, EVENT_REOPENED, 6 * H);
    say_mail(k, EVENT_MERGED, 7 * H);
    kit_expect_facts(k, 0);
    assert_int_equal(ALL(k, ITEMS_AT_RISK), 1);
    assert_int_equal(ALL(k, ITEMS_BREACHED), 1);
}

/* It measures nothing yet: only a rule could make something of it. */
static void a_clock_without_a_rule_keeps_nothing_open(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_FIRST_REPLY, H)->when.priorities = 1u << PRIORITY_URGENT;
    queue_in(k, "sales", 0);
    say_mail(k, EVENT_ANSWERED, 10 * S);
    say_mail(k, EVENT_DISCONNECTED, 60 * S);
    assert_int_equal(interaction_task_open(k->task), 0);
}

static void a_priority_that_changed_while_it_was_resolved_counts_when_it_is_reopened(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_RESOLUTION, 4 * H)->when.priorities = 1u << PRIORITY_URGENT;
    add(k, "slow", CLOCK_RESOLUTION, 50 * H);
    say_mail(k, EVENT_CREATED, 0);
    say_mail(k, EVENT_RESOLVED, 3 * H);
    set_priority(k, PRIORITY_URGENT, 5 * H);
    say_mail(k, EVENT_REOPENED, 10 * H);
    expect_breach(k, "it", 2, 11 * H, 4 * H);
}

/* Around them */

static void what_counts_elsewhere_once_it_is_created_is_told_there(void **state) {
    struct kit *k = *state;
    only(k, CLOCK_NEXT_REPLY, H);
    ask(k, 0);
    kit_tick(k, H + 1);
    kit_expect_facts(k, 1, "it 1 breached at=3600000 due=3600000 elapsed=3600000");
    struct event created = kit_event(EVENT_CREATED, 2 * H);
    created.channel = CHANNEL_EMAIL;
    created.queue = SLICE("support");
    kit_apply(k, created);
    kit_tick(k, 2 * H + 1);
    kit_expect_facts(k, 2, "it 1 voided breached at=7200000 due=3600000 elapsed=7200000",
                     "it 1 breached at=3600000 due=3600000 elapsed=3600000");
    assert_int_equal(ALL(k, ITEMS_BREACHED), 1);
}

/* A day of one mail; with `again`, its first half once more, hours later. */
static void tell_a_day(struct kit *k, bool again) {
    static const struct {
        enum event_type type;
        const char *status;
        enum priority priority;
    } day[] = {
        {EVENT_CREATED, "open", PRIORITY_NORMAL},
        {EVENT_CUSTOMER_MESSAGE, NULL, PRIORITY_NORMAL},
        {EVENT_STATUS_CHANGED, "pending_customer", PRIORITY_NORMAL},
        {EVENT_CUSTOMER_MESSAGE, NULL, PRIORITY_NORMAL},
        {EVENT_PRIORITY_CHANGED, NULL, PRIORITY_URGENT},
        {EVENT_AGENT_MESSAGE, NULL, PRIORITY_UNKNOWN},
        {EVENT_STATUS_CHANGED, "on_hold", PRIORITY_UNKNOWN},
        {EVENT_PRIORITY_CHANGED, NULL, PRIORITY_LOW},
        {EVENT_STATUS_CHANGED, "open", PRIORITY_UNKNOWN},
    };
    for (int64_t n = 0; n < (again ? 5 : (int64_t)(sizeof(day) / sizeof(day[0]))); n++) {
        struct event ev = kit_event(day[n].type, n * 20 * M);
        char id[32];
        snprintf(id, sizeof(id), "d%lld", (long long)n);
        ev.event_id = slice_of(id);
        ev.channel = CHANNEL_EMAIL;
        ev.priority = (uint8_t)day[n].priority;
        ev.status = day[n].status ? slice_of(day[n].status) : (struct slice){0};
        kit_apply_at(k, ev, again ? 4 * H + n : n * 20 * M);
    }
}

static void a_feed_that_is_read_again_changes_no_clock(void **state) {
    struct kit *once = *state, *twice = calloc(1, sizeof(*twice));
    CHECK(twice);
    kit_init(twice);
    struct kit *both[] = {once, twice};
    for (size_t n = 0; n < 2; n++) {
        struct kit *k = both[n];
        only(k, CLOCK_NEXT_REPLY, 3 * H);
        add(k, "update", CLOCK_PERIODIC_UPDATE, 3 * H);
        add(k, "wait", CLOCK_REQUESTER_WAIT, 6 * H);
        add(k, "work", CLOCK_AGENT_WORK, 6 * H);
        add(k, "solve", CLOCK_RESOLUTION, 6 * H)->when.priorities = 1u << PRIORITY_LOW;
        tell_a_day(k, false);
        kit_tick(k, 3 * H + 30 * M);
        if (n == 1)
            tell_a_day(k, true);
        kit_tick(k, 20 * H);
        say_mail(k, EVENT_RESOLVED, 21 * H);
    }
    assert_true(once->facts.count > 3);
    assert_int_equal(once->facts.count, twice->facts.count);
    for (size_t f = 0; f < once->facts.count; f++)
        assert_string_equal(once->facts.at[f], twice->facts.at[f]);
    assert_int_equal(ALL(once, CLOCKS_MET), ALL(twice, CLOCKS_MET));
    assert_int_equal(ALL(once, CLOCKS_MISSED), ALL(twice, CLOCKS_MISSED));
    kit_deinit(twice);
    free(twice);
}

static size_t saved_size(struct kit *k) {
    struct buf bytes;
    buf_init(&bytes);
    interaction_task_save(k->task, &bytes);
    size_t size = bytes.size;
    buf_deinit(&bytes);
    return size;
}

/* What a mail takes beyond a task that has seen none, warm or cold. */
static size_t size_of_a_mail(struct kit *k, int64_t settle_ms) {
    size_t before = saved_size(k);
    say_mail(k, EVENT_CREATED, 0);
    ask(k, 1 * S);
    reply(k, 2 * S);
    ask(k, 3 * S);
    kit_tick(k, settle_ms);
    return saved_size(k) - before;
}

static void clocks_that_nobody_asks_for_take_no_byte(void **state) {
    static const int64_t settled_ms[] = {5 * S, H};
    for (size_t n = 0; n < 2; n++) {
        size_t sizes[2];
        for (size_t more = 0; more < 2; more++) {
            kit_teardown(state);
            kit_setup(state);
            struct kit *k = *state;
            if (more == 1) { /* of chats only */
                kit_conversation(k);
                for (size_t c = 4; c < k->contract.clock_count; c++)
                    k->clocks[c].when.channels = 1u << CHANNEL_CHAT;
                interaction_task_free(k->task);
                k->task = interaction_task_new(&k->options);
            }
            size_t rules = 0; /* their names stand once for a tenant, beside the first leaf */
            for (size_t c = 0; c < k->contract.clock_count; c++)
                rules += 2 + k->clocks[c].name.size;
            sizes[more] = size_of_a_mail(k, settled_ms[n]) - rules;
        }
        assert_int_equal(sizes[1], sizes[0]);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_reopening_continues_begins_anew_or_is_ignored),
        CASE(golden_11_the_first_reply_is_measured_from_the_reopening),
        CASE(a_reply_before_the_reopening_is_none_after_it),
        CASE(a_first_reply_that_has_been_is_not_continued),
        CASE(a_continued_cycle_takes_back_only_what_it_told_itself),
        CASE(a_clock_without_a_rule_keeps_nothing_open),
        CASE(a_priority_that_changed_while_it_was_resolved_counts_when_it_is_reopened),
        CASE(what_counts_elsewhere_once_it_is_created_is_told_there),
        CASE(a_feed_that_is_read_again_changes_no_clock),
        CASE(clocks_that_nobody_asks_for_take_no_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
