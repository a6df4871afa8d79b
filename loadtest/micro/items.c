/* What the interaction task costs by the number of open interactions: time for each event, bytes of
 * memory with and without a tail, and what it takes to save and to load. Compare within one run. */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/rng.h"
#include "core/contract.h"
#include "tasks/interaction_task.h"

#define START INT64_C(1700000000000)
#define SITES 8
#define QUEUES 5
#define CALL_MS (3 * MINUTE_MS) /* a call lasts so long, from the queue to its end */
#define MAILS_IN_TEN 2          /* interactions that stay open, with two clocks */

struct bench {
    struct contract contract;
    struct clock_rule clocks[3];
    struct objective objectives[2];
    struct contract_set contracts;
    struct leaf_dict *leaves;
    struct delta_table *deltas;
    struct outbox out;
    struct interaction_task *task;
    char sites[SITES][24], queues[QUEUES][24];
    uint32_t open; /* how many are to be open */
    uint64_t next; /* number of the next interaction */
    uint64_t events;
    int64_t log_at;
};

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t bytes_in_use(void) {
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static void hear_fact(void *context, const struct fact *fact) {
    (void)context, (void)fact;
}

static void hear_letter(void *context, const struct dead_letter *letter) {
    (void)context;
    fprintf(stderr, "dead letter: %.*s\n", (int)letter->detail.size, letter->detail.at);
    abort();
}

static void add_clock(struct bench *b, const char *name, enum clock_kind kind, enum channel channel,
                      int64_t target_ms) {
    b->clocks[b->contract.clock_count++] = (struct clock_rule){.name = slice_of(name),
                                                               .kind = kind,
                                                               .when = {.channels = 1u << channel},
                                                               .target_ms = target_ms,
                                                               .warnings = {{target_ms / 4 * 3}},
                                                               .warning_count = 1};
}

/* Two thresholds, a clock for calls, two for mails. */
static void make_contract(struct bench *b) {
    contract_init_default(&b->contract);
    b->contract.name = SLICE("acme-support");
    b->contract.tenant = SLICE("acme");
    b->contract.clocks = b->clocks;
    add_clock(b, "answer", CLOCK_SPEED_OF_ANSWER, CHANNEL_VOICE, 20 * SECOND_MS);
    add_clock(b, "reply", CLOCK_FIRST_REPLY, CHANNEL_EMAIL, 4 * HOUR_MS);
    add_clock(b, "solve", CLOCK_RESOLUTION, CHANNEL_EMAIL, 48 * HOUR_MS);
    for (size_t k = 0; k < 2; k++)
        b->objectives[k] = (struct objective){.name = SLICE("level"),
                                              .metric = METRIC_SERVICE_LEVEL,
                                              .within_ms = k == 0 ? 20000 : 30000};
    b->contract.objectives = b->objectives;
    b->contract.objective_count = 2;
    b->contracts = (struct contract_set){.contracts = &b->contract, .count = 1};
    contract_init_default(&b->contracts.fallback);
}

static struct interaction_task *make_task(struct bench *b) {
    return interaction_task_new(&(struct interaction_task_options){.grace_ms = 500,
                                                                   .reorder_ms = 5 * MINUTE_MS,
                                                                   .lateness_ms = DAY_MS,
                                                                   .max_skew_ms = MINUTE_MS,
                                                                   .open_limit = 40000000,
                                                                   .leaves = b->leaves,
                                                                   .contracts = &b->contracts});
}

static void bench_init(struct bench *b, uint32_t open) {
    *b = (struct bench){.open = open, .log_at = START};
    make_contract(b);
    for (int k = 0; k < SITES; k++)
        snprintf(b->sites[k], sizeof(b->sites[k]), "site-%02d", k);
    for (int k = 0; k < QUEUES; k++)
        snprintf(b->queues[k], sizeof(b->queues[k]), "queue-%02d", k);
    b->leaves = leaf_dict_new(&b->contracts, 20000);
    b->deltas = delta_table_new();
    b->out = (struct outbox){
        .context = b, .deltas = b->deltas, .fact = hear_fact, .dead_letter = hear_letter};
    b->task = make_task(b);
}

static void bench_deinit(struct bench *b) {
    interaction_task_free(b->task);
    delta_table_free(b->deltas);
    leaf_dict_free(b->leaves);
}

static bool is_mail(uint64_t number) {
    return number % 10 < MAILS_IN_TEN;
}

static void say(struct bench *b, uint64_t number, enum event_type type) {
    char id[32], event_id[32];
    int id_size = snprintf(id, sizeof(id), "call-%016" PRIx64, number * UINT64_C(0x9E3779B9));
    int event_size = snprintf(event_id, sizeof(event_id), "%" PRIx64 "-%d", number, (int)type);
    struct event ev = {.event_id = {event_id, (size_t)event_size},
                       .tenant = SLICE("acme"),
                       .site = slice_of(b->sites[number % SITES]),
                       .source = SLICE("pbx"),
                       .interaction_id = {id, (size_t)id_size},
                       .queue = slice_of(b->queues[number / SITES % QUEUES]),
                       .event_at = b->log_at,
                       .emitted_at = EVENT_ABSENT,
                       .source_seq = (int64_t)b->events,
                       .queue_wait_ms = EVENT_ABSENT,
                       .talk_ms = EVENT_ABSENT,
                       .hold_ms = EVENT_ABSENT,
                       .wrap_ms = EVENT_ABSENT,
                       .type = (uint8_t)type,
                       .channel = is_mail(number) ? CHANNEL_EMAIL : CHANNEL_VOICE,
                       .direction = DIRECTION_INBOUND,
                       .priority = PRIORITY_NORMAL,
                       .is_public = true,
                       .resolved = -1};
    struct record_place place = {.topic = SLICE("interactions"),
                                 .offset = (int64_t)b->events++,
                                 .log_at = b->log_at,
                                 .key = ev.interaction_id,
                                 .schema_id = 1};
    interaction_task_apply(b->task, &place, &ev, &b->out);
}

/* As the engine does at the cut of each epoch. */
static void cut(struct bench *b) {
    const struct gauge *gauges;
    const struct report_feed *feeds;
    interaction_task_take_gauges(b->task, &gauges);
    interaction_task_take_feeds(b->task, &feeds);
    delta_table_reset(b->deltas);
}

static void row(const struct bench *b, const char *what, double figure, const char *unit) {
    printf("%-44s %10u %10.1f %s\n", what, b->open, figure, unit);
}

static double fill(struct bench *b) {
    double begin = now_ns();
    while (b->next < b->open) {
        uint64_t number = b->next++;
        if (is_mail(number))
            say(b, number, EVENT_CREATED);
        say(b, number, EVENT_QUEUED);
        if (number % (b->open / 200) == 0) {
            b->log_at += SECOND_MS;
            cut(b);
        }
    }
    return (now_ns() - begin) / (double)b->events;
}

/* Calls end and begin: in the middle of each one's life it is answered. */
static double live(struct bench *b, uint64_t events) {
    double begin = now_ns(), late_ms = 0;
    uint64_t first = b->events, calls = 0;
    while (b->events - first < events) {
        uint64_t number = b->next++;
        say(b, number, EVENT_QUEUED);
        if (number >= b->open / 8 && !is_mail(number - b->open / 8))
            say(b, number - b->open / 8, EVENT_ANSWERED);
        if (number >= b->open && !is_mail(number - b->open))
            say(b, number - b->open, EVENT_DISCONNECTED);
        late_ms += (double)CALL_MS / b->open;
        b->log_at += (int64_t)late_ms;
        late_ms -= (double)(int64_t)late_ms;
        if (++calls % 1000 == 0)
            cut(b);
    }
    return (now_ns() - begin) / (double)(b->events - first);
}

static void pass(struct bench *b, int64_t ms) {
    for (int64_t end_at = b->log_at + ms; b->log_at < end_at; b->log_at += SECOND_MS) {
        interaction_task_tick(b->task, b->log_at, &b->out);
        cut(b);
    }
}

/* Saved, loaded into another task, and saved again: that must be the same. */
static void save_and_load(struct bench *b, const char *kind) {
    char what[64];
    struct buf bytes, again;
    struct err err;
    buf_init(&bytes);
    buf_init(&again);
    for (int k = 0; k < 2; k++) { /* the second time into memory that is there */
        buf_reset(&bytes);
        double begin = now_ns();
        interaction_task_save(b->task, &bytes);
        snprintf(what, sizeof(what), "save, %s, %s", kind, k == 0 ? "new memory" : "again");
        row(b, what, (now_ns() - begin) / 1e6, "ms");
    }
    snprintf(what, sizeof(what), "saved, %s", kind);
    row(b, what, (double)bytes.size / b->open, "bytes each");
    size_t before = bytes_in_use();
    double begin = now_ns();
    struct interaction_task *loaded = make_task(b);
    if (!interaction_task_load(loaded, buf_slice(&bytes), &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    snprintf(what, sizeof(what), "load, %s", kind);
    row(b, what, (now_ns() - begin) / 1e6, "ms");
    snprintf(what, sizeof(what), "memory, %s", kind);
    row(b, what, (double)(bytes_in_use() - before) / b->open, "bytes each");
    interaction_task_save(loaded, &again);
    CHECK(slice_equal(buf_slice(&bytes), buf_slice(&again)));
    interaction_task_free(loaded);
    buf_deinit(&bytes);
    buf_deinit(&again);
}

static void measure_still(uint32_t open) {
    struct bench *b = calloc(1, sizeof(*b));
    CHECK(b);
    bench_init(b, open);
    row(b, "apply: the first events of each", fill(b), "ns");
    save_and_load(b, "all with a tail");
    double begin = now_ns();
    pass(b, 10 * MINUTE_MS);
    row(b, "ten minutes pass, for each", (now_ns() - begin) / open, "ns");
    save_and_load(b, "none with a tail");
    bench_deinit(b);
    free(b);
}

static void measure_live(uint32_t open) {
    struct bench *b = calloc(1, sizeof(*b));
    CHECK(b);
    bench_init(b, open);
    live(b, (uint64_t)open * 4);
    row(b, "apply: calls come and go", live(b, 1000000), "ns");
    bench_deinit(b);
    free(b);
}

int main(int argc, char **argv) {
    uint32_t most = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    for (uint32_t open = 10000; open <= most; open *= 10)
        measure_live(open);
    for (uint32_t open = 10000; open <= most; open *= 10)
        measure_still(open);
    if (most >= 125000)
        measure_still(125000);
    return 0;
}
