/* The law of the core: saved bytes and effects depend only on the records in their order. Random
 * histories are run straight, and in pieces with save and load between; and the sums are those of
 * the same events in the order of their time. FLOORWALKER_SEED and FLOORWALKER_HISTORIES repeat
 * a failure and shorten or lengthen the run. */
#include "history.h"

#define HISTORIES_DEFAULT 12000

struct run {
    struct kit *kit;
    struct interaction_task *task;
    struct effects effects;
    struct outbox out;
};

static uint64_t number_from(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void ask_extent(uint64_t *first, uint64_t *histories) {
    *first = number_from("FLOORWALKER_SEED", 1);
    *histories = number_from("FLOORWALKER_HISTORIES",
                             getenv("FLOORWALKER_SEED") ? 1 : HISTORIES_DEFAULT);
    print_message("FLOORWALKER_SEED=%llu FLOORWALKER_HISTORIES=%llu\n", (unsigned long long)*first,
                  (unsigned long long)*histories);
}

static void run_init(struct run *run, struct kit *k) {
    *run = (struct run){.kit = k, .task = interaction_task_new(&k->options)};
    effects_init(&run->effects);
    run->out = effects_outbox(&run->effects);
}

static void run_deinit(struct run *run) {
    interaction_task_free(run->task);
    effects_deinit(&run->effects);
}

static void run_reload(struct run *run, uint64_t seed) {
    run->task = history_reload(run->task, &run->kit->options, seed);
}

/* The line around a byte: the whole is too long to read. */
static struct slice line_at(const struct buf *b, size_t at) {
    size_t from = at < b->size ? at : b->size, to = from;
    while (from > 0 && b->at[from - 1] != '\n')
        from--;
    while (to < b->size && b->at[to] != '\n')
        to++;
    return (struct slice){b->at + from, to - from};
}

static void expect_same(uint64_t seed, const char *what, const struct buf *a, const struct buf *b) {
    if (slice_equal(buf_slice(a), buf_slice(b)))
        return;
    size_t at = 0;
    while (at < a->size && at < b->size && a->at[at] == b->at[at])
        at++;
    fail_msg("FLOORWALKER_SEED=%llu: %s differ\n-- %.*s\n-- %.*s", (unsigned long long)seed, what,
             SLICE_ARG(line_at(a, at)), SLICE_ARG(line_at(b, at)));
}

static void expect_same_runs(uint64_t seed, const struct run *a, const struct run *b) {
    struct buf x, y;
    buf_init(&x);
    buf_init(&y);
    effects_sums(&a->effects, a->kit->leaves, &x);
    effects_sums(&b->effects, b->kit->leaves, &y);
    expect_same(seed, "sums", &x, &y);
    expect_same(seed, "facts or dead letters", &a->effects.said, &b->effects.said);
    buf_reset(&x);
    buf_reset(&y);
    interaction_task_save(a->task, &x);
    interaction_task_save(b->task, &y);
    expect_same(seed, "saved bytes", &x, &y);
    buf_deinit(&x);
    buf_deinit(&y);
}

/* Oldest ages, by name: a loaded task hands over all that there are. */
static void gauge_texts(const struct run *run, struct buf *b) {
    const struct gauge *gauges;
    size_t count = interaction_task_take_gauges(run->task, &gauges);
    for (size_t k = 0; k < count; k++) {
        const struct leaf *leaf = leaf_dict_at(run->kit->leaves, gauges[k].leaf);
        if (gauges[k].oldest_waiting_at == INSTANT_NONE && gauges[k].oldest_open_at == INSTANT_NONE)
            continue;
        buf_put_format(b, "%.*s %.*s %d %d %d %lld %lld\n", SLICE_ARG(leaf->queue),
                       SLICE_ARG(leaf->reason), leaf->channel, leaf->priority, leaf->direction,
                       (long long)gauges[k].oldest_waiting_at, (long long)gauges[k].oldest_open_at);
    }
}

static void expect_same_gauges(uint64_t seed, struct run *straight, struct run *pieces) {
    struct buf x, y;
    buf_init(&x);
    buf_init(&y);
    run_reload(pieces, seed);
    gauge_texts(straight, &x);
    gauge_texts(pieces, &y);
    expect_same(seed, "gauges", &x, &y);
    buf_deinit(&x);
    buf_deinit(&y);
}

static void one_history(struct kit *k, struct history *h, uint64_t seed) {
    struct rng r;
    rng_init(&r, seed);
    history_make(h, &r);
    k->options.open_limit = rng_below(&r, 3) == 0 ? 1 + (uint32_t)rng_below(&r, 3) : 100000;
    struct run straight, pieces;
    run_init(&straight, k);
    run_init(&pieces, k);
    uint64_t rarely = 1 + rng_below(&r, 12);
    for (size_t i = 0; i < h->count; i++) {
        history_apply(straight.task, h, i, &straight.out);
        if (rng_below(&r, rarely) == 0)
            run_reload(&pieces, seed);
        history_apply(pieces.task, h, i, &pieces.out);
    }
    expect_same_runs(seed, &straight, &pieces);
    expect_same_gauges(seed, &straight, &pieces);
    int64_t end_at = T0 + 40 * DAY_MS;
    interaction_task_finish(straight.task, end_at, &straight.out);
    interaction_task_finish(pieces.task, end_at, &pieces.out);
    expect_same_runs(seed, &straight, &pieces);
    run_deinit(&straight);
    run_deinit(&pieces);
}

/* Other delays, one for each copy of each event, so short that a revision (20 s earlier or later)
 * finds its first copy within `reorder`. */
static void deliver_otherwise(struct history *h, struct rng *r) {
    size_t count = 0;
    for (size_t k = 0; k < h->count; k++) {
        struct history_record *record = &h->records[k];
        if (record->tick)
            continue;
        record->log_at = record->event.event_at + (int64_t)rng_below(r, 270) * S;
        h->records[count++] = *record;
    }
    h->count = count;
    qsort(h->records, h->count, sizeof(*h->records), history_by_log);
}

/* What a reader of the facts believes of one clock in the end: its warnings and breaches. A rule
 * that comes back after another one can be told of again. */
#define SAID_MAX 24
struct said {
    enum fact_kind kind;
    int64_t at;
    bool over;
};
struct belief {
    char clock[128];
    struct said said[SAID_MAX];
    size_t count;
};

struct beliefs {
    struct belief at[512];
    size_t count;
    struct journey_row journeys[64]; /* what stands in the end */
    size_t journey_count;
    struct effort_row efforts[512];
    size_t effort_count;
    struct {
        char text[120];
        int times;
    } misses[1024];
    size_t miss_count;
};

static struct belief *belief_of(struct beliefs *all, const struct fact *f) {
    struct belief wanted = {.count = 0};
    snprintf(wanted.clock, sizeof(wanted.clock), "%.*s %.*s %u leaf %u",
             SLICE_ARG(f->interaction_id), SLICE_ARG(f->rule), f->instance, f->leaf);
    for (size_t k = 0; k < all->count; k++) {
        if (strcmp(all->at[k].clock, wanted.clock) == 0)
            return &all->at[k];
    }
    CHECK(all->count < sizeof(all->at) / sizeof(all->at[0]));
    all->at[all->count] = wanted;
    return &all->at[all->count++];
}

static size_t last_said(const struct belief *b, enum fact_kind kind) {
    size_t k = b->count;
    while (k > 0 && b->said[k - 1].kind != kind)
        k--;
    return k; /* one more than its place; 0: none */
}

/* What is said again was not over after all. */
static void open_said(struct belief *b, enum fact_kind kind, int64_t at) {
    size_t last = last_said(b, kind);
    if (last > 0 && b->said[last - 1].at == at) {
        b->said[last - 1].over = false;
        return;
    }
    CHECK(b->count < SAID_MAX);
    b->said[b->count++] = (struct said){kind, at, false};
}

static void close_said(struct belief *b, bool breaches_too) {
    for (size_t k = 0; k < b->count; k++)
        b->said[k].over |= breaches_too || b->said[k].kind == FACT_AT_RISK;
}

static void forget_said(struct belief *b, enum fact_kind kind) {
    size_t last = last_said(b, kind);
    if (last == 0)
        return;
    memmove(&b->said[last - 1], &b->said[last], (b->count - last) * sizeof(*b->said));
    b->count--;
}

static void believe(void *context, const struct fact *f) {
    struct belief *b = belief_of(context, f);
    switch (f->kind) {
    case FACT_AT_RISK: open_said(b, FACT_AT_RISK, f->at); break;
    case FACT_BREACHED:
        close_said(b, false);
        open_said(b, FACT_BREACHED, f->at);
        break;
    case FACT_ENDED:
    case FACT_REPLACED: close_said(b, true); break;
    case FACT_VOIDED: forget_said(b, f->voided_kind); break;
    case FACT_KIND_COUNT: break;
    }
}

static void believe_journey(void *context, const struct journey_row *row) {
    struct beliefs *all = context;
    size_t place = 0;
    while (place < all->journey_count &&
           journey_compare(&all->journeys[place].member, &row->member) != 0)
        place++;
    if (place < all->journey_count)
        all->journeys[place] = all->journeys[--all->journey_count];
    CHECK(all->journey_count < sizeof(all->journeys) / sizeof(all->journeys[0]));
    if (!row->gone)
        all->journeys[all->journey_count++] = *row;
}

static void believe_effort(void *context, const struct effort_row *row) {
    struct beliefs *all = context;
    size_t place = 0;
    while (place < all->effort_count && effort_compare(&all->efforts[place].leg, &row->leg) != 0)
        place++;
    if (place < all->effort_count)
        all->efforts[place] = all->efforts[--all->effort_count];
    CHECK(all->effort_count < sizeof(all->efforts) / sizeof(all->efforts[0]));
    if (!row->gone)
        all->efforts[all->effort_count++] = *row;
}

static void believe_miss(void *context, const struct miss *m) {
    struct beliefs *all = context;
    char text[120];
    size_t place = 0;
    snprintf(text, sizeof(text), "miss " SLICE_FMT " %d leaf %u: %lld %lld %lld",
             SLICE_ARG(m->interaction_id), m->kind, m->leaf, (long long)(m->at - T0),
             (long long)m->queued_at, (long long)m->wait_ms);
    while (place < all->miss_count && strcmp(all->misses[place].text, text) != 0)
        place++;
    CHECK(place < sizeof(all->misses) / sizeof(all->misses[0]));
    if (place == all->miss_count) {
        memcpy(all->misses[place].text, text, sizeof(text));
        all->misses[all->miss_count++].times = 0;
    }
    all->misses[place].times += m->gone ? -1 : 1;
}

static int compare_misses(const void *left, const void *right) {
    return strcmp(left, right); /* they begin with their texts */
}

static void miss_texts(struct beliefs *all, struct buf *b) {
    qsort(all->misses, all->miss_count, sizeof(all->misses[0]), compare_misses);
    for (size_t k = 0; k < all->miss_count; k++) {
        if (all->misses[k].times != 0)
            buf_put_format(b, "%s, %d times\n", all->misses[k].text, all->misses[k].times);
    }
}

static int compare_efforts(const void *left, const void *right) {
    return effort_compare(&((const struct effort_row *)left)->leg,
                          &((const struct effort_row *)right)->leg);
}

static void effort_texts(struct beliefs *all, struct buf *b) {
    qsort(all->efforts, all->effort_count, sizeof(*all->efforts), compare_efforts);
    for (size_t k = 0; k < all->effort_count; k++) {
        const struct effort_leg *leg = &all->efforts[k].leg;
        buf_put_format(b, "leg of %llx in %llx leaf %u: %lld-%lld\n",
                       (unsigned long long)leg->agent, (unsigned long long)leg->interaction,
                       all->efforts[k].leaf, (long long)(leg->started_at - T0),
                       (long long)leg->ended_at);
    }
}

static int compare_journeys(const void *left, const void *right) {
    return journey_compare(&((const struct journey_row *)left)->member,
                           &((const struct journey_row *)right)->member);
}

static void journey_texts(struct beliefs *all, struct buf *b) {
    qsort(all->journeys, all->journey_count, sizeof(*all->journeys), compare_journeys);
    for (size_t k = 0; k < all->journey_count; k++) {
        const struct journey_member *m = &all->journeys[k].member;
        buf_put_format(b, "journey leaf %u: %lld-%lld resolved %lld, %u wait %lld, %u(%u) %lld\n",
                       all->journeys[k].leaf, (long long)(m->part.began_at - T0),
                       (long long)m->part.ended_at, (long long)m->resolved_at, m->part.visits,
                       (long long)m->part.wait_ms, m->part.legs, m->part.transfers,
                       (long long)m->part.handle_ms);
    }
}

static int compare_beliefs(const void *left, const void *right) {
    return strcmp(((const struct belief *)left)->clock, ((const struct belief *)right)->clock);
}

static void belief_texts(struct beliefs *all, struct buf *b) {
    qsort(all->at, all->count, sizeof(*all->at), compare_beliefs);
    for (size_t k = 0; k < all->count; k++) {
        const struct belief *x = &all->at[k];
        for (size_t s = 0; s < x->count; s++)
            buf_put_format(b, "%s: %s %lld%s\n", x->clock, fact_kind_name(x->said[s].kind),
                           (long long)(x->said[s].at - T0), x->said[s].over ? " over" : "");
    }
}

static void believe_no_letter(void *context, const struct dead_letter *letter) {
    (void)context, (void)letter;
}

/* On each event, so that none is folded for good before a journey is named. */
static void name_journeys(struct history *h) {
    for (size_t k = 0; k < h->count; k++) {
        const char *id = h->records[k].interaction_id;
        h->records[k].event.journey_id = id[strlen(id) - 1] % 3 ? SLICE("journey") : SLICE("");
    }
}

static void sums_of(struct kit *k, const struct history *h, struct buf *sums) {
    struct run run;
    static struct beliefs beliefs;
    beliefs = (struct beliefs){.count = 0};
    run_init(&run, k);
    run.out.context = &beliefs;
    run.out.fact = believe;
    run.out.dead_letter = believe_no_letter;
    run.out.journey = believe_journey;
    run.out.effort = believe_effort;
    run.out.miss = believe_miss;
    for (size_t i = 0; i < h->count; i++)
        history_apply(run.task, h, i, &run.out);
    interaction_task_finish(run.task, T0 + 400 * DAY_MS, &run.out);
    effects_sums(&run.effects, k->leaves, sums);
    belief_texts(&beliefs, sums);
    journey_texts(&beliefs, sums);
    effort_texts(&beliefs, sums);
    miss_texts(&beliefs, sums);
    assert_int_equal(interaction_task_open(run.task), 0);
    run_deinit(&run);
}

static void any_order_of_arrival_gives_the_same_sums_and_beliefs(void **state) {
    (void)state;
    uint64_t first, histories;
    ask_extent(&first, &histories);
    struct kit *k = calloc(1, sizeof(*k));
    struct history *h = calloc(1, sizeof(*h));
    CHECK(k && h);
    kit_init(k);
    kit_conversation(k);
    for (uint64_t seed = first; seed < first + histories; seed++) {
        struct rng r;
        struct buf one, other;
        buf_init(&one);
        buf_init(&other);
        rng_init(&r, seed);
        history_make(h, &r);
        name_journeys(h);
        deliver_otherwise(h, &r);
        sums_of(k, h, &one);
        deliver_otherwise(h, &r);
        sums_of(k, h, &other);
        expect_same(seed, "sums of two orders of arrival", &one, &other);
        buf_deinit(&one);
        buf_deinit(&other);
    }
    kit_deinit(k);
    free(k);
    free(h);
}

static void saved_and_loaded_anywhere_is_as_never_stopped(void **state) {
    (void)state;
    uint64_t first = number_from("FLOORWALKER_SEED", 1);
    uint64_t histories = number_from("FLOORWALKER_HISTORIES", HISTORIES_DEFAULT);
    if (getenv("FLOORWALKER_SEED") && !getenv("FLOORWALKER_HISTORIES"))
        histories = 1;
    print_message("FLOORWALKER_SEED=%llu FLOORWALKER_HISTORIES=%llu\n", (unsigned long long)first,
                  (unsigned long long)histories);
    struct kit *k = calloc(1, sizeof(*k));
    struct history *h = calloc(1, sizeof(*h));
    CHECK(k && h);
    kit_init(k);
    kit_conversation(k);
    for (uint64_t n = 0; n < histories; n++)
        one_history(k, h, first + n);
    kit_deinit(k);
    free(k);
    free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_arrival_gives_the_same_sums_and_beliefs),
        cmocka_unit_test(saved_and_loaded_anywhere_is_as_never_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
