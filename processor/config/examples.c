#include "config/examples.h"

#include <stdlib.h>

#include "config/local_time.h"
#include "config/when.h"
#include "config/zone_data.h"
#include "core/fold.h"

/* What an example gives: events of one interaction, in the order of the file. */
struct example {
    const struct contract *contract;
    struct zone zone;
    struct event common; /* channel, queue ...: what every event says unless it says otherwise */
    struct event events[EXAMPLE_EVENTS_MAX]; /* by time */
    size_t event_count;
    int64_t until_at; /* when it is looked at; INSTANT_NONE: at the last event */
};

/* What it expects of one clock. */
struct expectation {
    const struct example *example;
    struct slice clock; /* empty: no clock at all */
    bool has_due, has_elapsed, has_state;
    int64_t due_at, elapsed_ms;
    size_t state; /* of state_word */
};

enum found_state {
    FOUND_NONE,
    FOUND_RUNNING,
    FOUND_PAUSED,
    FOUND_BREACHED,
    FOUND_MET,
    FOUND_MISSED
};

static const char *state_word(size_t index) {
    static const char *const words[] = {"none", "running", "paused", "breached",
                                        "met",  "missed",  NULL};
    return words[index];
}

static const char *type_word(size_t index) {
    return index + 1 < EVENT_TYPE_COUNT ? event_type_name((enum event_type)(index + 1)) : NULL;
}

static const char *author_word(size_t index) {
#define AUTHOR_WORD(symbol, name) name,
    static const char *const words[] = {EVENT_AUTHORS(AUTHOR_WORD) NULL};
    return index + 1 < AUTHOR_COUNT ? words[index + 1] : NULL;
}

static const char *cause_word(size_t index) {
#define CAUSE_WORD(symbol, name) name,
    static const char *const words[] = {EVENT_END_CAUSES(CAUSE_WORD) NULL};
    return index + 1 < END_CAUSE_COUNT ? words[index + 1] : NULL;
}

static bool read_instant(struct reader *r, const struct tree_node *node, const struct zone *z,
                         int64_t *at) {
    struct slice text;
    struct err err;
    if (!reader_text(r, node, &text))
        return false;
    if (local_time_parse(text, z, at, &err))
        return true;
    reader_fault(r, node->line, "write it like 2026-11-27T17:30", "\"%s\" is no time", text.at);
    return false;
}

/* An enum of the event, whose UNKNOWN the words leave out. */
#define READ_WORD(field, kind, words)                                                              \
    static void read_##field(struct reader *r, const struct tree_node *n, void *target) {          \
        size_t index;                                                                              \
        if (reader_word(r, n, kind, words, &index))                                                \
            ((struct event *)target)->field = (uint8_t)(index + 1);                                \
    }
READ_WORD(type, "type", type_word)
READ_WORD(channel, "channel", when_channel_word)
READ_WORD(priority, "priority", when_priority_word)
READ_WORD(direction, "direction", when_direction_word)
READ_WORD(author, "author", author_word)
READ_WORD(end_cause, "end_cause", cause_word)

#define READ_TEXT(field)                                                                           \
    static void read_##field(struct reader *r, const struct tree_node *n, void *target) {          \
        (void)reader_text(r, n, &((struct event *)target)->field);                                 \
    }
READ_TEXT(vendor)
READ_TEXT(site)
READ_TEXT(queue)
READ_TEXT(status)

static void read_public(struct reader *r, const struct tree_node *n, void *target) {
    (void)reader_flag(r, n, &((struct event *)target)->is_public);
}

/* Keys of `given`, of which the rest is read before, and of an event, whose `at` is. */
#define EVENT_KEYS                                                                                 \
    {"channel", read_channel, false}, {"priority", read_priority, false},                          \
        {"direction", read_direction, false}, {"vendor", read_vendor, false},                      \
        {"site", read_site, false}, {                                                              \
        "queue", read_queue, false                                                                 \
    }

static void add_event(struct reader *r, int line, struct example *e, struct event event) {
    static const char ids[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
    if (e->event_count == EXAMPLE_EVENTS_MAX) {
        reader_fault(r, line, "say it in fewer", "an example has more than %d events",
                     EXAMPLE_EVENTS_MAX);
        return;
    }
    event.event_id = (struct slice){&ids[e->event_count], 1};
    size_t k = e->event_count++;
    for (; k > 0 && e->events[k - 1].event_at > event.event_at; k--)
        e->events[k] = e->events[k - 1];
    e->events[k] = event;
}

/* What each event says of itself; priority and queue are those that were said last. */
static struct event event_of(const struct example *e) {
    struct event event = e->common;
    event.priority = PRIORITY_UNKNOWN;
    event.queue = (struct slice){0};
    return event;
}

static void read_event(struct reader *r, const struct tree_node *n, struct example *e) {
    static const struct reader_key keys[] = {EVENT_KEYS,
                                             {"at", NULL, true},
                                             {"type", read_type, true},
                                             {"status", read_status, false},
                                             {"author", read_author, false},
                                             {"end_cause", read_end_cause, false},
                                             {"public", read_public, false},
                                             {NULL, NULL, false}};
    struct event event = event_of(e);
    if (!reader_map(r, n, keys, &event))
        return;
    const struct tree_node *at = tree_get(n, "at");
    if (at && !tree_is_empty(at) && read_instant(r, at, &e->zone, &event.event_at))
        add_event(r, n->line, e, event);
}

static void read_zone(struct reader *r, const struct tree_node *n, struct zone *zone) {
    struct slice name;
    if (reader_text(r, n, &name) && !zone_data_load(name, r->arena, zone))
        reader_fault(r, n->line, "write an IANA name like Europe/Berlin",
                     "unknown time zone \"%s\"", name.at);
}

/* `created: T` stands for an event of that type at T; so does `queued: T`. */
static void read_short(struct reader *r, const struct tree_node *given, const char *key,
                       enum event_type type, struct example *e) {
    const struct tree_node *n = tree_get(given, key);
    struct event event = event_of(e);
    event.type = (uint8_t)type;
    if (n && read_instant(r, n, &e->zone, &event.event_at))
        add_event(r, n->line, e, event);
}

static void read_given(struct reader *r, const struct tree_node *given, struct example *e) {
    static const struct reader_key keys[] = {EVENT_KEYS,
                                             {"zone", NULL, false},
                                             {"created", NULL, false},
                                             {"queued", NULL, false},
                                             {"events", NULL, false},
                                             {"until", NULL, false},
                                             {NULL, NULL, false}};
    if (!reader_map(r, given, keys, &e->common))
        return;
    const struct tree_node *zone = tree_get(given, "zone");
    const struct tree_node *events = tree_get(given, "events");
    const struct tree_node *until = tree_get(given, "until");
    if (zone)
        read_zone(r, zone, &e->zone);
    read_short(r, given, "created", EVENT_CREATED, e);
    read_short(r, given, "queued", EVENT_QUEUED, e);
    for (const struct tree_node *n = events ? events->first : NULL; n; n = n->next)
        read_event(r, n, e);
    if (until)
        (void)read_instant(r, until, &e->zone, &e->until_at);
    if (until && e->event_count > 0 && e->until_at != INSTANT_NONE &&
        e->until_at < e->events[e->event_count - 1].event_at)
        reader_fault(r, until->line, "look at it at the last event or later, or leave that out",
                     "until %s is before an event of the example", until->text.at);
    if (e->event_count == 0)
        reader_fault(r, given->line, "write created: 2026-11-27T17:30", "it has no event");
}

static void expect_clock(struct reader *r, const struct tree_node *n, void *target) {
    struct expectation *x = target;
    const struct contract *c = x->example->contract;
    if (!reader_text(r, n, &x->clock))
        return;
    if (slice_equal(x->clock, SLICE("none"))) {
        x->clock = (struct slice){0};
        return;
    }
    for (size_t i = 0; i < c->clock_count; i++) {
        if (slice_equal(c->clocks[i].name, x->clock))
            return;
    }
    reader_fault(r, n->line, "name one of `clocks`, or none", "there is no clock \"%s\"",
                 x->clock.at);
    x->clock = (struct slice){0};
}

static void expect_due(struct reader *r, const struct tree_node *n, void *target) {
    struct expectation *x = target;
    x->has_due = read_instant(r, n, &x->example->zone, &x->due_at);
}

static void expect_elapsed(struct reader *r, const struct tree_node *n, void *target) {
    struct expectation *x = target;
    x->has_elapsed = reader_duration(r, n, 0, &x->elapsed_ms);
}

static void expect_state(struct reader *r, const struct tree_node *n, void *target) {
    struct expectation *x = target;
    x->has_state = reader_word(r, n, "state", state_word, &x->state);
}

static int by_time(const void *a, const void *b) {
    const struct moment *x = a;
    const struct moment *y = b;
    if (x->event_at != y->event_at)
        return x->event_at < y->event_at ? -1 : 1;
    return moment_compare(x, y);
}

/* Who says nothing of priority or queue leaves them as they are. */
static void carry_on(struct example *e) {
    uint8_t priority = e->common.priority;
    struct slice queue = e->common.queue;
    for (size_t k = 0; k < e->event_count; k++) {
        struct event *event = &e->events[k];
        if (event->priority == PRIORITY_UNKNOWN)
            event->priority = priority;
        if (event->queue.size == 0)
            event->queue = queue;
        priority = event->priority;
        queue = event->queue;
    }
}

/* The interaction after all of its events; false with a fault when they make no sense. */
static bool fold_example(struct reader *r, int line, const struct example *e, struct fold *f,
                         struct interaction *i) {
    struct moment moments[EXAMPLE_EVENTS_MAX];
    for (size_t k = 0; k < e->event_count; k++)
        moment_of_event(&e->events[k], (int64_t)k, f->leaves, LEAF_NONE, INSTANT_MAX, &moments[k]);
    qsort(moments, e->event_count, sizeof(moments[0]), by_time);
    int64_t last_at = moments[e->event_count - 1].event_at;
    interaction_init(i, TRACK_COUNT);
    (void)fold_all(f, i, moments, e->event_count,
                   e->until_at == INSTANT_NONE ? last_at : e->until_at);
    for (size_t k = 0; k < e->event_count; k++) {
        if (moments[k].outcome != MOMENT_IMPOSSIBLE)
            continue;
        reader_fault(r, line, "give the events that lead to it", "%s is not possible there",
                     event_type_name((enum event_type)moments[k].type));
        return false;
    }
    return true;
}

static enum found_state state_of(const struct clock *c) {
    switch ((enum clock_state)c->state) {
    case CLOCK_RUNNING: return c->breach_at == INSTANT_NONE ? FOUND_RUNNING : FOUND_BREACHED;
    case CLOCK_PAUSED: return c->breach_at == INSTANT_NONE ? FOUND_PAUSED : FOUND_BREACHED;
    case CLOCK_ENDED: return c->breach_at == INSTANT_NONE ? FOUND_MET : FOUND_MISSED;
    default: return FOUND_NONE;
    }
}

/* The clock of this name, or the first one that there is when no name is given; NULL: none. */
static const struct clock *clock_of(const struct contract *c, const struct interaction *i,
                                    struct slice name) {
    for (size_t t = 0; t < TRACK_COUNT; t++) {
        const struct clock *clock = &i->clocks[t];
        if (clock->state != CLOCK_OFF && !clock_is_silent(clock) &&
            (name.size == 0 || slice_equal(c->clocks[clock->rule].name, name)))
            return clock;
    }
    return NULL;
}

static void compare_due(struct reader *r, const struct tree_node *n, const struct expectation *x,
                        const struct clock *clock, const struct clock_rule *rule) {
    char wanted[32];
    char found[32];
    const struct zone *z = &x->example->zone;
    int64_t due_at = clock->breach_at != INSTANT_NONE ? clock->breach_at
                                                      : clock_deadline_at(clock, rule);
    if (due_at == x->due_at)
        return;
    local_time_format(x->due_at, z, wanted);
    if (due_at == INSTANT_MAX)
        snprintf(found, sizeof(found), "never");
    else
        local_time_format(due_at, z, found);
    reader_fault(r, n->line, "", "due %s is expected, it is %s (the clock is %s)", wanted, found,
                 state_word(state_of(clock)));
}

static void compare_clock(struct reader *r, const struct tree_node *n, const struct expectation *x,
                          const struct interaction *i) {
    const struct contract *c = x->example->contract;
    const struct clock *clock = clock_of(c, i, x->clock);
    enum found_state state = clock ? state_of(clock) : FOUND_NONE;
    if (x->has_state && x->state != (size_t)state)
        reader_fault(r, n->line, "", "state %s is expected, it is %s", state_word(x->state),
                     state_word(state));
    if (!clock)
        return;
    const struct clock_rule *rule = &c->clocks[clock->rule];
    if (x->has_due)
        compare_due(r, n, x, clock, rule);
    int64_t at = x->example->until_at == INSTANT_NONE ? i->last_at : x->example->until_at;
    int64_t elapsed_ms = clock_elapsed_ms(clock, rule, at);
    if (x->has_elapsed && elapsed_ms != x->elapsed_ms) {
        char wanted[32];
        char found[32];
        duration_format(x->elapsed_ms, wanted);
        duration_format(elapsed_ms, found);
        reader_fault(r, n->line, "", "elapsed %s is expected, it is %s", wanted, found);
    }
}

/* The clock that is named runs for this interaction, or none does, as it is said. */
static bool applies(struct reader *r, const struct tree_node *n, const struct expectation *x,
                    const struct interaction *i) {
    const struct contract *c = x->example->contract;
    const struct clock *any = clock_of(c, i, (struct slice){0});
    bool none = x->has_state && x->state == FOUND_NONE;
    if (x->clock.size == 0 && any)
        reader_fault(r, n->line, "", "no clock is expected, but \"" SLICE_FMT "\" applies",
                     SLICE_ARG(c->clocks[any->rule].name));
    else if (x->clock.size > 0 && !none && !clock_of(c, i, x->clock))
        reader_fault(r, n->line, "`floorwalker check --explain` tells which clocks apply, and why",
                     "clock \"%s\" does not apply", x->clock.at);
    else
        return true;
    return false;
}

static void expect(struct reader *r, const struct tree_node *n, const struct example *e,
                   const struct interaction *i) {
    static const struct reader_key keys[] = {{"clock", expect_clock, true},
                                             {"due", expect_due, false},
                                             {"elapsed", expect_elapsed, false},
                                             {"state", expect_state, false},
                                             {NULL, NULL, false}};
    struct expectation x = {.example = e};
    size_t errors = r->faults->errors;
    (void)reader_map(r, n, keys, &x);
    if (r->faults->errors == errors && applies(r, n, &x, i))
        compare_clock(r, n, &x, i);
}

static void expect_all(struct reader *r, const struct tree_node *expected,
                       const struct example *e) {
    struct contract contract = *e->contract;
    struct contract_set set = {.contracts = &contract, .count = 1};
    struct fold f = {.leaves = leaf_dict_new(&set, EXAMPLE_EVENTS_MAX * 2), .ledger = {.sign = 1}};
    struct interaction i;
    if (fold_example(r, expected->line, e, &f, &i)) {
        if (expected->kind != TREE_LIST)
            expect(r, expected, e, &i);
        else
            for (const struct tree_node *n = expected->first; n; n = n->next)
                expect(r, n, e, &i);
    }
    leaf_dict_free(f.leaves);
}

static void read_one(struct reader *r, const struct tree_node *item, const struct contract *c) {
    static const struct reader_key keys[] = {
        {"given", NULL, true}, {"expect", NULL, true}, {NULL, NULL, false}};
    struct example e = {.contract = c,
                        .zone = c->zone,
                        .common = {.tenant = c->tenant,
                                   .source_seq = EVENT_ABSENT,
                                   .emitted_at = EVENT_ABSENT,
                                   .queue_wait_ms = EVENT_ABSENT,
                                   .talk_ms = EVENT_ABSENT,
                                   .hold_ms = EVENT_ABSENT,
                                   .wrap_ms = EVENT_ABSENT,
                                   .is_public = true,
                                   .resolved = -1},
                        .until_at = INSTANT_NONE};
    size_t errors = r->faults->errors;
    if (!reader_map(r, item, keys, NULL))
        return;
    const struct tree_node *given = tree_get(item, "given");
    if (given)
        read_given(r, given, &e);
    carry_on(&e);
    if (r->faults->errors == errors)
        expect_all(r, tree_get(item, "expect"), &e);
}

void examples_read(struct reader *r, const struct tree_node *list, const struct contract *c) {
    size_t number = 1;
    if (list->kind != TREE_LIST) {
        reader_fault(r, list->line, "write `- given: ...`", "examples is no list");
        return;
    }
    for (const struct tree_node *n = list->first; n; n = n->next, number++) {
        snprintf(r->what, sizeof(r->what), "example %zu", number);
        read_one(r, n, c);
    }
    r->what[0] = '\0';
}
