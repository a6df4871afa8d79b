/* What an event costs without Kafka and Redis, by the number of open interactions: from its Avro
 * bytes to the deltas of its interaction task, from these to the tenant log's record, and from that
 * to the tenant task's windows and judgements. Nanoseconds of CPU for each event.
 *
 *   micro_core [MOST]   10000, 100000 and so on open interactions, up to MOST (1000000)
 *
 * The last column is how many events came in all, those before the measurement too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "codec/decoder.h"
#include "codec/report_codec.h"
#include "codec/schema_text.h"
#include "config/contracts.h"
#include "core_records.h"
#include "tasks/interaction_task.h"
#include "tasks/tenant_task.h"

#define START INT64_C(1700000000000)
#define MEASURED 1000000u
#define EPOCH 20000u    /* events in each */
#define WARM_UP_CALLS 3 /* so many times what is open: the first ones have settled by then */

struct record_bytes {
    size_t value_at, value_size, key_at, key_size;
    int64_t at;
};

struct bench {
    const struct contract_set *contracts;
    struct decoder *decoder;
    struct leaf_dict *leaves;
    struct delta_table *deltas;
    struct report_writer *writer;
    struct report_reader *reader;
    struct interaction_task *source;
    struct tenant_task *tenant;
    struct outbox out;
    struct core_records records;
    struct record_bytes *epoch; /* EPOCH of them */
    struct buf bytes;           /* theirs */
    struct buf report;
    int64_t offset;
    uint64_t alerts;
    double source_ns, report_ns, tenant_ns;
};

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void hear_fact(void *context, const struct fact *fact) {
    report_writer_fact(((struct bench *)context)->writer, fact);
}

static void hear_effort(void *context, const struct effort_row *row) {
    report_writer_effort(((struct bench *)context)->writer, row);
}

static void hear_miss(void *context, const struct miss *miss) {
    report_writer_miss(((struct bench *)context)->writer, miss);
}

static void hear_letter(void *context, const struct dead_letter *letter) {
    (void)context;
    fprintf(stderr, "dead letter: %.*s\n", (int)letter->detail.size, letter->detail.at);
    abort();
}

static void hear_alert(void *context, const struct alert *alert) {
    (void)alert;
    ((struct bench *)context)->alerts++;
}

static void hear_kpi(void *context, const struct kpi *kpi) {
    (void)context, (void)kpi;
}

static struct interaction_task *make_source(struct leaf_dict *leaves,
                                            const struct contract_set *contracts) {
    return interaction_task_new(&(struct interaction_task_options){.grace_ms = 500,
                                                                   .reorder_ms = 5 * MINUTE_MS,
                                                                   .lateness_ms = DAY_MS,
                                                                   .max_skew_ms = MINUTE_MS,
                                                                   .open_limit = 40000000,
                                                                   .leaves = leaves,
                                                                   .contracts = contracts});
}

static void bench_init(struct bench *b, const struct contract_set *contracts, uint32_t open) {
    struct err err;
    *b = (struct bench){.contracts = contracts, .records = {.open = open, .begin_at = START}};
    b->decoder = decoder_new(SLICE("interactions"));
    CHECK(decoder_add_schema(b->decoder, 1, schema_text(SCHEMA_INTERACTION_EVENT), &err));
    b->leaves = leaf_dict_new(contracts, 20000);
    b->deltas = delta_table_new();
    b->writer = report_writer_new("micro", 1, b->leaves);
    b->reader = report_reader_new();
    b->source = make_source(b->leaves, contracts);
    b->tenant = tenant_task_new(&(struct tenant_task_options){.lateness_ms = DAY_MS,
                                                              .max_source_lag_ms = MINUTE_MS,
                                                              .max_alert_age_ms = DAY_MS,
                                                              .scope_limit = 20000,
                                                              .contracts = contracts});
    b->out = (struct outbox){.context = b,
                             .deltas = b->deltas,
                             .fact = hear_fact,
                             .effort = hear_effort,
                             .miss = hear_miss,
                             .dead_letter = hear_letter,
                             .alert = hear_alert,
                             .kpi = hear_kpi};
    b->epoch = calloc(EPOCH, sizeof(*b->epoch));
    CHECK(b->epoch);
    buf_init(&b->bytes);
    buf_init(&b->report);
}

static void bench_deinit(struct bench *b) {
    buf_deinit(&b->bytes);
    buf_deinit(&b->report);
    free(b->epoch);
    tenant_task_free(b->tenant);
    interaction_task_free(b->source);
    report_reader_free(b->reader);
    report_writer_free(b->writer);
    delta_table_free(b->deltas);
    leaf_dict_free(b->leaves);
    decoder_free(b->decoder);
}

/* The epoch's events as a consumer would hold them. */
static void write_epoch(struct bench *b) {
    uint8_t value[CORE_RECORD_MAX];
    char key[32];
    buf_reset(&b->bytes);
    for (size_t k = 0; k < EPOCH;) {
        struct record_bytes *r = &b->epoch[k];
        r->value_size = core_records_next(&b->records, value, key, &r->at);
        if (r->value_size == 0)
            continue;
        r->key_size = strlen(key);
        r->key_at = b->bytes.size;
        buf_put(&b->bytes, key, r->key_size);
        r->value_at = b->bytes.size;
        buf_put(&b->bytes, value, r->value_size);
        k++;
    }
}

static struct slice part(const struct bench *b, size_t at, size_t size) {
    return (struct slice){b->bytes.at + at, size};
}

static void apply(struct bench *b, const struct record_bytes *records, size_t count) {
    struct event events[INTERACTION_EXPECT_MAX];
    CHECK(count > 0 && count <= INTERACTION_EXPECT_MAX);
    struct decode_fault fault;
    for (size_t k = 0; k < count; k++) {
        const struct record_bytes *r = &records[k];
        CHECK(decoder_decode(b->decoder, part(b, r->key_at, r->key_size),
                             part(b, r->value_at, r->value_size), r->at, &events[k],
                             &fault) == DECODED_EVENT);
    }
    interaction_task_expect(b->source, events, count);
    for (size_t k = 0; k < count; k++) {
        const struct record_bytes *r = &records[k];
        struct record_place place = {.topic = SLICE("interactions"),
                                     .offset = b->offset++,
                                     .log_at = r->at,
                                     .key = part(b, r->key_at, r->key_size),
                                     .value = part(b, r->value_at, r->value_size),
                                     .schema_id = 1};
        interaction_task_apply(b->source, &place, &events[k], &b->out);
    }
}

static void keep_report(void *context, int32_t partition, struct slice record) {
    struct bench *b = context;
    struct report report;
    struct err err;
    (void)partition;
    double begin = now_ns();
    CHECK(report_reader_read(b->reader, record, &report, &err));
    tenant_task_apply(b->tenant, &report, interaction_task_newest_log_at(b->source), &b->out);
    b->tenant_ns += now_ns() - begin;
}

/* As the engine does at the end of each epoch; its report is applied at once. */
static void cut(struct bench *b) {
    const struct gauge *gauges;
    const struct report_feed *feeds;
    size_t count = interaction_task_take_gauges(b->source, &gauges);
    for (size_t k = 0; k < count; k++)
        report_writer_gauge(b->writer, 0, &gauges[k]);
    count = interaction_task_take_feeds(b->source, &feeds);
    for (size_t k = 0; k < count; k++)
        report_writer_feed(b->writer, &feeds[k]);
    report_writer_clock(b->writer,
                        &(struct report_clock){.topic = SLICE("interactions"),
                                               .partitions = 1,
                                               .clock = interaction_task_clock(b->source)});
    report_writer_finish(b->writer, b->deltas, keep_report, b);
    delta_table_reset(b->deltas);
}

static void run_epoch(struct bench *b) {
    write_epoch(b);
    double begin = now_ns();
    for (size_t k = 0; k < EPOCH; k += INTERACTION_EXPECT_MAX) {
        size_t left = EPOCH - k;
        apply(b, &b->epoch[k], left < INTERACTION_EXPECT_MAX ? left : INTERACTION_EXPECT_MAX);
    }
    double applied = now_ns(), tenant_ns = b->tenant_ns;
    cut(b);
    b->source_ns += applied - begin;
    b->report_ns += now_ns() - applied - (b->tenant_ns - tenant_ns);
}

static void measure(const struct contract_set *contracts, uint32_t open) {
    struct bench b;
    bench_init(&b, contracts, open);
    while (b.records.number < (uint64_t)open * 4 * WARM_UP_CALLS)
        run_epoch(&b);
    b.source_ns = b.report_ns = b.tenant_ns = 0;
    for (size_t k = 0; k < MEASURED; k += EPOCH)
        run_epoch(&b);
    printf("%10u %10zu %10.0f %10.0f %10.0f %10llu %10lld\n", open, interaction_task_open(b.source),
           b.source_ns / MEASURED, b.report_ns / MEASURED, b.tenant_ns / MEASURED,
           (unsigned long long)b.alerts, (long long)b.offset);
    fflush(stdout);
    bench_deinit(&b);
}

int main(int argc, char **argv) {
    uint32_t most = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    struct faults faults;
    faults_init(&faults);
    struct contract_set *contracts = contracts_load(CONTRACTS, &faults);
    faults_print(&faults, stderr);
    faults_deinit(&faults);
    if (!contracts)
        return 1;
    printf("%10s %10s %10s %10s %10s %10s %10s\n", "calls", "open", "to deltas", "report",
           "tenant task", "alerts", "events");
    for (uint32_t open = 10000; open <= most; open *= 10)
        measure(contracts, open);
    contracts_free(contracts);
    return 0;
}
