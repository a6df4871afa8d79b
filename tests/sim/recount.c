/* A naive recount: calls are made up with their truth, which is counted straight from the story and
 * not from events; then the events come late, in disorder and twice, and every counter of every
 * pane has to be the truth's. FLOORWALKER_SEED and FLOORWALKER_HISTORIES as in law.c. */
#include "base/rng.h"
#include "tasks/interaction_kit.h"

#define HISTORIES_DEFAULT 3000
#define CALLS 12
#define VISITS_MAX 8
#define EVENTS_MAX 4096
#define PANES 2048
#define THRESHOLDS 2

static const int64_t thresholds_ms[THRESHOLDS] = {20 * S, 30 * S};

struct told {
    bool at_risk, breached, ended;
};

struct sums {
    int64_t counters[PANES][COUNTER_SOURCE_COUNT];
    int64_t levels[PANES][ATTRIBUTION_COUNT][THRESHOLDS][LEVEL_COUNT];
};

/* What the source's record will say of a visit when it is over. */
struct record {
    bool is;
    int64_t wait_ms, talk_ms, hold_ms, wrap_ms; /* EVENT_ABSENT: nothing */
    enum end_cause cause;
};

/* When events come again. */
enum repeats { REPEATS_SOON, REPEATS_ANY_TIME, REPEATS_OF_ALL };

struct sent {
    struct event event;
    char id[16], call[16];
    int64_t log_at;
};

struct world {
    struct rng rng;
    struct sums truth, said;
    struct told expected[CALLS][VISITS_MAX + 1], facts[CALLS][VISITS_MAX + 1];
    struct journey_part parts[CALLS], parts_told[CALLS]; /* each call has a journey of its own */
    struct sent sent[EVENTS_MAX];
    size_t sent_count;
    unsigned call;
    int64_t at;
    int64_t queued_at; /* of the visit under way */
    bool created, replied;
    int64_t reply_from_at;
    uint32_t visit;
    struct record record; /* of the visit under way */
    unsigned event;
    enum repeats repeats;
    int64_t again_ms; /* of all of them, as they came at first */
};

static struct world *world;

static size_t pane_of(int64_t at) {
    CHECK(at >= T0 && at - T0 < PANES * (int64_t)DELTA_PANE_MS);
    return (size_t)((at - T0) / DELTA_PANE_MS);
}

static void truth(int64_t at, enum counter c, int64_t value) {
    struct journey_part *p = &world->parts[world->call];
    world->truth.counters[pane_of(at)][c] += value;
    if (c != COUNTER_BACKLOG_CHANGE)
        return;
    if (p->began_at == 0)
        p->began_at = at;
    p->ended_at = value > 0 ? INSTANT_NONE : at;
}

static void truth_level(int64_t at, size_t t, enum level_counter c) {
    world->truth.levels[pane_of(at)][BY_EVENT][t][c]++;
    world->truth.levels[pane_of(world->queued_at)][BY_ARRIVAL][t][c]++;
}

static void send_at(const struct event *ev, unsigned event, int64_t log_at) {
    struct world *w = world;
    CHECK(w->sent_count < EVENTS_MAX);
    struct sent *sent = &w->sent[w->sent_count++];
    sent->event = *ev;
    sent->log_at = log_at;
    snprintf(sent->id, sizeof(sent->id), "e%u", event % 100000);
    snprintf(sent->call, sizeof(sent->call), "c%u", w->call % CALLS);
}

static int64_t soon_ms(void) {
    int64_t most_s = rng_below(&world->rng, 2) == 0 ? 2 : 290;
    return (int64_t)rng_below(&world->rng, (uint64_t)most_s) * S;
}

/* Sent once or twice, with delays of its own; and again after hours, up to a day and more. */
static void send(struct event ev) {
    struct world *w = world;
    unsigned copies = rng_below(&w->rng, 6) == 0 ? 2 : 1;
    unsigned event = w->event++;
    for (unsigned k = 0; k < copies; k++)
        send_at(&ev, event, ev.event_at + soon_ms());
    if (w->repeats == REPEATS_OF_ALL)
        send_at(&ev, event, ev.event_at + w->again_ms);
    if (w->repeats == REPEATS_ANY_TIME && rng_below(&w->rng, 3) == 0)
        send_at(&ev, event, ev.event_at + (int64_t)rng_below(&w->rng, 26 * 60) * MINUTE_MS);
}

static void happen(enum event_type type) {
    send(kit_event(type, world->at - T0));
}

static int64_t chance_ms(int64_t most_ms) {
    return (int64_t)rng_below(&world->rng, (uint64_t)most_ms + 1);
}

static bool maybe(unsigned one_in) {
    return rng_below(&world->rng, one_in) == 0;
}

static int64_t maybe_ms(int64_t most_ms) {
    return maybe(2) ? chance_ms(most_ms) : EVENT_ABSENT;
}

static void think_of_record(void) {
    static const enum end_cause causes[] = {END_CAUSE_UNKNOWN, END_CAUSE_CUSTOMER,
                                            END_CAUSE_TIMEOUT, END_CAUSE_TRANSFERRED};
    struct record *said = &world->record;
    *said = (struct record){.wait_ms = EVENT_ABSENT,
                            .talk_ms = EVENT_ABSENT,
                            .hold_ms = EVENT_ABSENT,
                            .wrap_ms = EVENT_ABSENT};
    if (!maybe(3))
        return;
    *said = (struct record){true,
                            maybe_ms(45 * S),
                            maybe_ms(90 * S),
                            maybe_ms(20 * S),
                            maybe_ms(40 * S),
                            causes[rng_below(&world->rng, 4)]};
}

static struct event record_of(const struct record *said) {
    struct event ev = kit_event(EVENT_RECORD_SNAPSHOT, world->at - T0);
    ev.queue_wait_ms = said->wait_ms;
    ev.talk_ms = said->talk_ms;
    ev.hold_ms = said->hold_ms;
    ev.wrap_ms = said->wrap_ms;
    ev.end_cause = (uint8_t)said->cause;
    return ev;
}

/* The record that counts; before it or after it, in the log or in its own time, others that do
 * not: older ones of other names, and earlier revisions of its own. The last visit's may come when
 * its events have long been forgotten one by one. */
static void tell_record(bool more) {
    struct world *w = world;
    if (!w->record.is)
        return;
    struct record wrong = {true, maybe_ms(45 * S), maybe_ms(90 * S), 1 * S, 0, END_CAUSE_UNKNOWN};
    int64_t long_ms = more || maybe(2) ? 0 : 6 * MINUTE_MS + chance_ms(40 * MINUTE_MS);
    w->at += chance_ms(20 * S);
    if (maybe(2))
        send(record_of(&wrong));
    w->at += chance_ms(20 * S) + 1;
    struct event ev = record_of(&w->record), old = record_of(&wrong);
    unsigned event = w->event++;
    if (maybe(2)) {
        ev.revision = 2;
        old.revision = (int32_t)rng_below(&w->rng, 2);
        int64_t late_ms = more || maybe(2) ? 0 : long_ms + 7 * MINUTE_MS;
        send_at(&old, event, old.event_at + soon_ms() + late_ms);
    }
    send_at(&ev, event, ev.event_at + soon_ms() + long_ms);
    if (maybe(4))
        send_at(&ev, event, ev.event_at + soon_ms() + long_ms);
    w->at++;
}

static void wait_begins(void) {
    struct world *w = world;
    w->queued_at = w->at;
    w->visit++;
    truth(w->at, COUNTER_OFFERED, 1);
    truth(w->at, COUNTER_WAITING_CHANGE, 1);
    if (!w->created)
        truth(w->at, COUNTER_BACKLOG_CHANGE, 1);
    if (w->reply_from_at == 0)
        w->reply_from_at = w->at;
}

/* The clock: 20 s, warning at 15 s. Only an answer is a verdict, or the breach. */
static void clock_truth(int64_t wait_ms, bool answered) {
    struct world *w = world;
    struct told *told = &w->expected[w->call][w->visit];
    if (wait_ms > 15 * S) {
        truth(w->queued_at + 15 * S, COUNTER_ITEMS_AT_RISK, 1);
        told->at_risk = told->ended = true;
    }
    if (wait_ms > 20 * S) {
        truth(w->queued_at + 20 * S, COUNTER_ITEMS_BREACHED, 1);
        truth(w->at, COUNTER_CLOCKS_MISSED, 1);
        told->breached = true;
    } else if (answered) {
        truth(w->at, COUNTER_CLOCKS_MET, 1);
    }
}

static void wait_ends(enum counter counter, enum counter by_arrival, enum level_counter in_time) {
    struct world *w = world;
    int64_t waited_ms = w->at - w->queued_at;
    int64_t wait_ms = w->record.wait_ms != EVENT_ABSENT ? w->record.wait_ms : waited_ms;
    truth(w->at, COUNTER_WAITING_CHANGE, -1);
    truth(w->at, counter, 1);
    truth(w->queued_at, by_arrival, 1);
    truth(w->queued_at, COUNTER_ARR_ENDED, 1);
    for (size_t t = 0; t < THRESHOLDS; t++) {
        if (wait_ms <= thresholds_ms[t])
            truth_level(w->at, t, in_time);
        else
            truth_level(waited_ms > thresholds_ms[t] ? w->queued_at + thresholds_ms[t] : w->at, t,
                        LEVEL_LATE);
    }
    clock_truth(waited_ms, counter == COUNTER_ANSWERED);
    w->parts[w->call].visits++;
    w->parts[w->call].wait_ms += wait_ms;
    if (counter != COUNTER_ANSWERED && !w->created)
        truth(w->at, COUNTER_BACKLOG_CHANGE, -1);
}

static int64_t true_wait_ms(void) {
    const struct world *w = world;
    return w->record.wait_ms != EVENT_ABSENT ? w->record.wait_ms : w->at - w->queued_at;
}

/* Whether he gave up stands in the record, else in the events. */
static void go_unanswered(bool gave_up) {
    struct world *w = world;
    if (w->record.is && w->record.cause != END_CAUSE_UNKNOWN)
        gave_up = w->record.cause == END_CAUSE_CUSTOMER;
    bool is_short = true_wait_ms() < 5 * S;
    if (!gave_up) {
        wait_ends(COUNTER_FLOWED_OUT, COUNTER_ARR_FLOWED_OUT, LEVEL_FLOWED_OUT_IN);
        return;
    }
    wait_ends(COUNTER_ABANDONED, COUNTER_ARR_ABANDONED,
              is_short ? LEVEL_ABANDONED_SHORT : LEVEL_ABANDONED_IN);
    if (!is_short)
        return;
    truth(w->at, COUNTER_ABANDONED_SHORT, 1);
    truth(w->queued_at, COUNTER_ARR_ABANDONED_SHORT, 1);
}

static void abandon(void) {
    happen(maybe(3) ? EVENT_DISCONNECTED : EVENT_ABANDONED);
    go_unanswered(true);
}

static void leg_truth(int64_t from_at, int64_t hold_ms, int64_t wrap_ms, bool transferred) {
    struct world *w = world;
    const struct record *said = &w->record;
    bool wrapped = wrap_ms > 0; /* else a wrap that the record tells lies behind the leg */
    hold_ms = said->hold_ms != EVENT_ABSENT ? said->hold_ms : hold_ms;
    wrap_ms = said->wrap_ms != EVENT_ABSENT ? said->wrap_ms : wrap_ms;
    int64_t talk_ms = w->at - from_at - hold_ms - (wrapped ? wrap_ms : 0);
    talk_ms = talk_ms > 0 ? talk_ms : 0;
    talk_ms = said->talk_ms != EVENT_ABSENT ? said->talk_ms : talk_ms;
    transferred = transferred || (said->is && said->cause == END_CAUSE_TRANSFERRED);
    truth(w->at, COUNTER_IN_SERVICE_CHANGE, -1);
    truth(w->at, COUNTER_HANDLED, 1);
    truth(w->at, COUNTER_TALK_MS, talk_ms);
    truth(w->at, COUNTER_HOLD_MS, hold_ms);
    truth(w->at, COUNTER_WRAP_MS, wrap_ms);
    truth(w->at, COUNTER_TRANSFERRED, transferred);
    truth(w->queued_at, COUNTER_ARR_HANDLED, 1);
    truth(w->queued_at, COUNTER_ARR_TALK_MS, talk_ms);
    truth(w->queued_at, COUNTER_ARR_HOLD_MS, hold_ms);
    truth(w->queued_at, COUNTER_ARR_WRAP_MS, wrap_ms);
    truth(w->queued_at, COUNTER_ARR_TRANSFERRED, transferred);
    w->parts[w->call].legs++;
    w->parts[w->call].transfers += transferred;
    w->parts[w->call].handle_ms += talk_ms + hold_ms + wrap_ms;
    if (!w->created)
        truth(w->at, COUNTER_BACKLOG_CHANGE, -1);
}

/* Talk with holds, then a transfer, or a disconnect and perhaps a wrap; true when transferred. */
static bool serve(void) {
    struct world *w = world;
    int64_t from_at = w->at, hold_ms = 0, wrap_ms = 0;
    truth(w->at, COUNTER_IN_SERVICE_CHANGE, 1);
    while (maybe(3)) {
        w->at += chance_ms(30 * S) + 1;
        happen(EVENT_HOLD_START);
        int64_t held_ms = chance_ms(20 * S) + 1;
        w->at += held_ms;
        hold_ms += held_ms;
        happen(EVENT_HOLD_END);
    }
    w->at += chance_ms(90 * S) + 1;
    bool transferred = maybe(4);
    happen(transferred ? EVENT_TRANSFERRED : EVENT_DISCONNECTED);
    if (!transferred && maybe(2)) {
        w->at += maybe(2) ? chance_ms(2 * S) : 0;
        happen(EVENT_WRAP_START);
        wrap_ms = chance_ms(40 * S) + 1;
        w->at += wrap_ms;
        happen(EVENT_WRAP_END);
    }
    leg_truth(from_at, hold_ms, wrap_ms, transferred);
    return transferred;
}

static void answer(void) {
    struct world *w = world;
    int64_t wait_ms = true_wait_ms();
    happen(EVENT_ANSWERED);
    wait_ends(COUNTER_ANSWERED, COUNTER_ARR_ANSWERED, LEVEL_ANSWERED_IN);
    truth(w->at, COUNTER_WAIT_MS, wait_ms);
    truth(w->queued_at, COUNTER_ARR_WAIT_MS, wait_ms);
    if (w->replied)
        return;
    w->replied = true;
    truth(w->at, COUNTER_FIRST_REPLIES, 1);
    truth(w->at, COUNTER_FIRST_REPLY_MS, w->at - w->reply_from_at);
}

/* From QUEUED on; true when another visit follows. */
static bool wait_and_serve(void) {
    struct world *w = world;
    happen(EVENT_QUEUED);
    wait_begins();
    w->at += maybe(4) ? (int64_t)(rng_below(&w->rng, 3) + 1) * 10 * S : chance_ms(45 * S);
    switch (rng_below(&w->rng, 8)) {
    case 0: abandon(); return false;
    case 1:
        w->at++;
        happen(maybe(2) ? EVENT_FLOW_OUT : EVENT_DEQUEUED);
        go_unanswered(false);
        w->at += 5 * S;
        return maybe(2);
    case 2:
        w->at++;
        happen(EVENT_CALLBACK_REQUESTED);
        wait_ends(COUNTER_CALLBACKS, COUNTER_ARR_CALLBACKS, LEVEL_CALLBACK_IN);
        w->at += 60 * S;
        return maybe(2);
    case 3: /* into another queue without a word, and so without a record */
        if (w->record.is)
            break;
        w->at++;
        wait_ends(COUNTER_FLOWED_OUT, COUNTER_ARR_FLOWED_OUT, LEVEL_FLOWED_OUT_IN);
        return true;
    default: break;
    }
    answer();
    return serve();
}

static bool visit(void) {
    think_of_record();
    bool more = wait_and_serve();
    tell_record(more);
    return more;
}

static void resolve(int64_t from_at) {
    struct world *w = world;
    w->at += 10 * S;
    happen(EVENT_RESOLVED);
    truth(w->at, COUNTER_RESOLVED, 1);
    truth(w->at, COUNTER_RESOLUTION_MS, w->at - from_at);
    truth(w->at, COUNTER_BACKLOG_CHANGE, -1);
    w->at += 30 * S;
    if (!maybe(3)) {
        happen(EVENT_CLOSED);
        return;
    }
    happen(EVENT_REOPENED);
    truth(w->at, COUNTER_REOPENED, 1);
    truth(w->at, COUNTER_BACKLOG_CHANGE, 1);
}

static void call(unsigned number) {
    struct world *w = world;
    w->call = number;
    w->at = T0 + chance_ms(1800 * S);
    w->created = maybe(2);
    w->replied = false;
    w->reply_from_at = 0;
    w->visit = 0;
    int64_t from_at = w->at;
    if (w->created) {
        happen(EVENT_CREATED);
        truth(w->at, COUNTER_BACKLOG_CHANGE, 1);
        w->reply_from_at = w->at;
        w->at += chance_ms(5 * S);
    }
    bool more = true;
    while (more && w->visit < VISITS_MAX - 1)
        more = visit();
    if (more) { /* the last one was announced: it has to come */
        w->record = (struct record){.wait_ms = EVENT_ABSENT};
        happen(EVENT_QUEUED);
        wait_begins();
        w->at += 3 * S;
        abandon();
    }
    if (w->created)
        resolve(from_at);
}

static int by_log(const void *left, const void *right) {
    const struct sent *a = left, *b = right;
    if (a->log_at != b->log_at)
        return a->log_at < b->log_at ? -1 : 1;
    return strcmp(a->id, b->id);
}

static void hear_fact(void *context, const struct fact *f) {
    (void)context;
    char id[16];
    snprintf(id, sizeof(id), SLICE_FMT, SLICE_ARG(f->interaction_id));
    unsigned number = (unsigned)strtoul(id + 1, NULL, 10);
    CHECK(number < CALLS && f->instance <= VISITS_MAX);
    if (f->clock != CLOCK_SPEED_OF_ANSWER)
        return;
    struct told *told = &world->facts[number][f->instance];
    switch (f->kind) {
    case FACT_AT_RISK: told->at_risk = true; break;
    case FACT_BREACHED: told->breached = true; break;
    case FACT_ENDED:
    case FACT_REPLACED: told->ended = true; break;
    case FACT_VOIDED:
        *(f->voided_kind == FACT_BREACHED ? &told->breached : &told->at_risk) = false;
        if (!told->breached && !told->at_risk)
            told->ended = false;
        break;
    case FACT_KIND_COUNT: break;
    }
}

/* The latest word stands. */
static void hear_journey(void *context, const struct journey_row *row) {
    (void)context;
    struct journey_part told = row->member.part;
    unsigned number = 0;
    while (number < CALLS && world->parts[number].journey != told.journey)
        number++;
    CHECK(number < CALLS);
    if (!row->gone)
        world->parts_told[number] = told;
    else if (told.began_at == world->parts_told[number].began_at)
        world->parts_told[number] = (struct journey_part){0};
}

static void tell_all(struct kit *k) {
    struct world *w = world;
    qsort(w->sent, w->sent_count, sizeof(*w->sent), by_log);
    for (size_t i = 0; i < w->sent_count; i++) {
        struct event ev = w->sent[i].event;
        ev.event_id = slice_of(w->sent[i].id);
        ev.interaction_id = ev.journey_id = slice_of(w->sent[i].call);
        if (maybe(4))
            interaction_task_tick(k->task, w->sent[i].log_at - chance_ms(300), &k->out);
        kit_apply_at(k, ev, w->sent[i].log_at - T0);
    }
    interaction_task_tick(k->task, T0 + 3 * HOUR_MS, &k->out);
}

static void add_up(const struct kit *k) {
    for (size_t i = 0; i < delta_table_rows(k->deltas); i++) {
        const struct delta_row *row = delta_table_at(k->deltas, i);
        size_t pane = pane_of(row->pane_at);
        for (enum counter c = 0; c < COUNTER_SOURCE_COUNT; c++)
            world->said.counters[pane][c] += row->counters[c];
        for (size_t by = 0; by < ATTRIBUTION_COUNT; by++) {
            for (size_t t = 0; t < THRESHOLDS; t++) {
                for (size_t l = 0; l < LEVEL_COUNT; l++)
                    world->said.levels[pane][by][t][l] += row->levels[by][t][l];
            }
        }
    }
}

static void compare(uint64_t seed) {
    const struct world *w = world;
    for (size_t pane = 0; pane < PANES; pane++) {
        for (enum counter c = 0; c < COUNTER_SOURCE_COUNT; c++) {
            if (w->truth.counters[pane][c] != w->said.counters[pane][c])
                fail_msg("FLOORWALKER_SEED=%llu: %s in pane %zu is %lld, in truth %lld",
                         (unsigned long long)seed, counter_name(c), pane,
                         (long long)w->said.counters[pane][c],
                         (long long)w->truth.counters[pane][c]);
        }
        if (memcmp(w->truth.levels[pane], w->said.levels[pane], sizeof(w->said.levels[pane])) != 0)
            fail_msg("FLOORWALKER_SEED=%llu: levels in pane %zu", (unsigned long long)seed, pane);
    }
    for (size_t c = 0; c < CALLS; c++) {
        for (size_t v = 0; v <= VISITS_MAX; v++) {
            const struct told *is = &w->facts[c][v], *should = &w->expected[c][v];
            if (memcmp(is, should, sizeof(*is)) != 0)
                fail_msg("FLOORWALKER_SEED=%llu: facts of call %zu visit %zu: %d%d%d not %d%d%d",
                         (unsigned long long)seed, c, v, is->at_risk, is->breached, is->ended,
                         should->at_risk, should->breached, should->ended);
        }
    }
}

static void compare_parts(uint64_t seed) {
    for (size_t c = 0; c < CALLS; c++) {
        const struct journey_part *is = &world->parts_told[c], *should = &world->parts[c];
        if (!journey_part_same(is, should))
            fail_msg("FLOORWALKER_SEED=%llu: call %zu in its journey: %lld-%lld %u:%lld %u:%lld, "
                     "in truth %lld-%lld %u:%lld %u:%lld",
                     (unsigned long long)seed, c, (long long)(is->began_at - T0),
                     (long long)(is->ended_at - T0), is->visits, (long long)is->wait_ms, is->legs,
                     (long long)is->handle_ms, (long long)(should->began_at - T0),
                     (long long)(should->ended_at - T0), should->visits, (long long)should->wait_ms,
                     should->legs, (long long)should->handle_ms);
    }
}

/* What comes again after hours may be recognised as impossible or too late, never as news. */
static void hear_letter(void *context, const struct dead_letter *letter) {
    if (world->repeats == REPEATS_SOON)
        kit_letter(context, letter);
    else if (letter->reason != DEAD_IMPOSSIBLE_MOVE && letter->reason != DEAD_TOO_LATE)
        fail_msg("unexpected: %s", dead_letter_reason_name(letter->reason));
}

static void one_day(uint64_t seed, enum repeats repeats) {
    struct kit *k = calloc(1, sizeof(*k));
    world = calloc(1, sizeof(*world));
    CHECK(k && world);
    kit_init(k);
    memset(k->contract.ageing_ms, 0, sizeof(k->contract.ageing_ms)); /* the story knows of none */
    k->out.fact = hear_fact;
    k->out.dead_letter = hear_letter;
    k->out.journey = hear_journey;
    rng_init(&world->rng, seed);
    world->repeats = repeats;
    world->again_ms = 7 * MINUTE_MS + (int64_t)rng_below(&world->rng, 24 * 60) * MINUTE_MS;
    for (unsigned c = 0; c < CALLS; c++) {
        char name[16];
        snprintf(name, sizeof(name), "c%u", c);
        world->parts[c].journey = journey_identity(k->contract.tenant, slice_of(name));
        call(c);
    }
    tell_all(k);
    add_up(k);
    compare(seed);
    compare_parts(seed);
    if (k->letters.count > 0)
        fail_msg("FLOORWALKER_SEED=%llu: %s", (unsigned long long)seed, k->letters.at[0]);
    kit_deinit(k);
    free(k);
    free(world);
}

static void many_days(enum repeats repeats) {
    const char *seed = getenv("FLOORWALKER_SEED"), *histories = getenv("FLOORWALKER_HISTORIES");
    uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
    uint64_t count = histories ? strtoull(histories, NULL, 10) : seed ? 1 : HISTORIES_DEFAULT;
    print_message("FLOORWALKER_SEED=%llu FLOORWALKER_HISTORIES=%llu\n", (unsigned long long)first,
                  (unsigned long long)count);
    for (uint64_t k = 0; k < count; k++)
        one_day(first + k, repeats);
}

static void every_counter_of_every_pane_is_the_truths(void **state) {
    (void)state;
    many_days(REPEATS_SOON);
}

static void repeats_after_hours_change_nothing(void **state) {
    (void)state;
    many_days(REPEATS_ANY_TIME);
}

static void a_feed_that_is_read_again_changes_nothing(void **state) {
    (void)state;
    many_days(REPEATS_OF_ALL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_counter_of_every_pane_is_the_truths),
        cmocka_unit_test(repeats_after_hours_change_nothing),
        cmocka_unit_test(a_feed_that_is_read_again_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
