/* Which legs of agents are told, and is what was not so taken back? */
#include "interaction_kit.h"

static void hear(void *context, const struct effort_row *row) {
    struct kit *k = context;
    char ended[32] = "open";
    const char *agent = row->leg.agent == effort_identity(SLICE("acme"), SLICE("ann")) ? "ann"
                                                                                       : "bob";
    if (row->leg.ended_at != INSTANT_NONE)
        snprintf(ended, sizeof(ended), "%lld", (long long)(row->leg.ended_at - T0));
    kit_note(&k->facts, "%s%s %lld-%s", row->gone ? "gone " : "", agent,
             (long long)(row->leg.started_at - T0), ended);
}

static void no_fact(void *context, const struct fact *fact) {
    (void)context, (void)fact;
}

static int setup(void **state) {
    kit_setup(state);
    struct kit *k = *state;
    k->out.effort = hear;
    k->out.fact = no_fact;
    return 0;
}

static struct event chat(enum event_type type, int64_t after_ms, const char *agent) {
    struct event ev = kit_event(type, after_ms);
    ev.channel = CHANNEL_CHAT;
    ev.agent = slice_of(agent);
    return ev;
}

static void a_leg_is_told_as_it_begins_and_ends(void **state) {
    struct kit *k = *state;
    kit_apply(k, chat(EVENT_QUEUED, 0, ""));
    kit_apply(k, chat(EVENT_ANSWERED, 7 * S, "ann"));
    kit_apply(k, chat(EVENT_TRANSFERRED, 30 * S, "ann"));
    kit_apply(k, chat(EVENT_QUEUED, 30 * S, ""));
    kit_apply(k, chat(EVENT_ANSWERED, 40 * S, "bob"));
    kit_apply(k, chat(EVENT_DISCONNECTED, 60 * S, ""));
    kit_apply(k, chat(EVENT_WRAP_START, 60 * S, ""));
    kit_apply(k, chat(EVENT_WRAP_END, 70 * S, ""));
    kit_expect_facts(k, 6, "ann 7000-open", "ann 7000-30000", "bob 40000-open", "bob 40000-60000",
                     "bob 40000-open", "bob 40000-70000");
}

static void calls_and_nameless_agents_have_none(void **state) {
    struct kit *k = *state;
    struct event ev = kit_event(EVENT_ANSWERED, 0);
    ev.agent = SLICE("ann");
    kit_apply(k, ev);
    ev = chat(EVENT_ANSWERED, S, "");
    ev.interaction_id = SLICE("chat");
    kit_apply(k, ev);
    kit_expect_facts(k, 0);
}

/* The end is corrected, a transfer comes late, the begin is corrected. */
static void what_was_not_so_is_taken_back(void **state) {
    struct kit *k = *state;
    struct event begin = chat(EVENT_ANSWERED, 0, "ann"), end = chat(EVENT_DISCONNECTED, 50 * S, "");
    begin.event_id = SLICE("begin");
    end.event_id = SLICE("end");
    kit_apply(k, begin);
    kit_apply(k, end);
    end.event_at = T0 + 55 * S;
    end.revision = 1;
    kit_apply(k, end);
    kit_expect_facts(k, 3, "ann 0-open", "ann 0-50000", "ann 0-55000");
    kit_apply(k, chat(EVENT_TRANSFERRED, 20 * S, ""));
    kit_apply(k, chat(EVENT_ANSWERED, 25 * S, "bob"));
    kit_expect_facts(k, 2, "ann 0-20000", "bob 25000-55000");
    begin.event_at = T0 - 5 * S;
    begin.revision = 1;
    kit_apply(k, begin);
    kit_expect_facts(k, 2, "gone ann 0-20000", "ann -5000-20000");
}

/* The base has told that the leg is open: what the tail takes back leaves that. */
static void what_has_settled_stands(void **state) {
    struct kit *k = *state;
    kit_apply(k, chat(EVENT_ANSWERED, 0, "ann"));
    kit_tick(k, HOUR_MS);
    kit_reload(k);
    struct event end = chat(EVENT_DISCONNECTED, HOUR_MS - 10 * S, "");
    end.event_id = SLICE("end");
    kit_apply(k, end);
    end.event_at = T0 + HOUR_MS - 20 * S;
    end.revision = 1;
    kit_apply(k, end);
    end.type = EVENT_CUSTOMER_MESSAGE; /* it was no end at all */
    end.revision = 2;
    kit_apply(k, end);
    kit_expect_facts(k, 4, "ann 0-open", "ann 0-3590000", "ann 0-3580000", "ann 0-open");
}

static void what_never_ends_never_was(void **state) {
    struct kit *k = *state;
    kit_apply(k, chat(EVENT_ANSWERED, 0, "ann"));
    kit_tick(k, 40 * HOUR_MS);
    kit_expect_facts(k, 2, "ann 0-open", "gone ann 0-86400000");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, kit_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_leg_is_told_as_it_begins_and_ends), CASE(calls_and_nameless_agents_have_none),
        CASE(what_was_not_so_is_taken_back),       CASE(what_has_settled_stands),
        CASE(what_never_ends_never_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
