#include "io/kafka_lookup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

#define LOOKUP_TIMEOUT_MS 10000
#define LOOKUP_TRIES 6
#define ENDS_TRIES 100 /* a topic that was just made has no leader for a moment */
#define ENDS_PAUSE_US 100000
#define STALE_TRIES 10 /* a broker that came back may know offsets of minutes ago for a while */
#define STALE_PAUSE_US 500000

struct kafka_lookup *kafka_lookup_new(const struct kafka_options *o, rd_kafka_t *rk,
                                      const rd_kafka_topic_partition_list_t *partitions,
                                      kafka_lookup_fn *done, void *context) {
    struct kafka_lookup *l = calloc(1, sizeof *l);
    CHECK(l);
    l->options = o;
    l->rk = rk;
    l->partitions = rd_kafka_topic_partition_list_copy(partitions);
    l->wants = calloc((size_t)partitions->cnt + 1, sizeof *l->wants);
    l->found = calloc((size_t)partitions->cnt + 1, sizeof *l->found);
    CHECK(l->found && l->wants);
    l->done = done;
    l->context = context;
    l->work.data = l;
    return l;
}

void kafka_lookup_free(struct kafka_lookup *l) {
    int count = l->partitions->cnt;
    rd_kafka_topic_partition_list_destroy(l->partitions);
    for (int i = 0; i < count; i++)
        buf_deinit(&l->wants[i].packed);
    kafka_contracts_free(&l->contracts);
    free(l->wants);
    free(l->found);
    free(l);
}

/* A dead transaction of ours keeps offsets unstable until the broker closes it: worth waiting. */
static bool find_committed(struct kafka_lookup *l) {
    rd_kafka_resp_err_t rc = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < LOOKUP_TRIES; i++) {
        rc = rd_kafka_committed(l->rk, l->partitions, LOOKUP_TIMEOUT_MS);
        if (rc == RD_KAFKA_RESP_ERR_NO_ERROR)
            return true;
    }
    bool held = rc == RD_KAFKA_RESP_ERR__TIMED_OUT ||
                rc == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT;
    snprintf(l->failure, sizeof l->failure, "the group's offsets could not be read: %s%s",
             rd_kafka_err2str(rc),
             held ? "; a transaction that has not ended may hold them: see docs/operations.md"
                  : "");
    return false;
}

static rd_kafka_resp_err_t offset_at(const struct kafka_lookup *l, const char *topic,
                                     int32_t partition, int64_t at, int64_t high, int64_t *offset) {
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, topic, partition)->offset = at;
    rd_kafka_resp_err_t rc = rd_kafka_offsets_for_times(l->rk, one, LOOKUP_TIMEOUT_MS);
    *offset = one->elems[0].offset >= 0 ? one->elems[0].offset : high;
    rd_kafka_topic_partition_list_destroy(one);
    return rc;
}

static rd_kafka_resp_err_t find_ends(const struct kafka_lookup *l,
                                     const rd_kafka_topic_partition_t *tp,
                                     struct log_assignment *a) {
    int64_t high;
    rd_kafka_resp_err_t rc = rd_kafka_query_watermark_offsets(l->rk, tp->topic, tp->partition,
                                                              &a->low, &high, LOOKUP_TIMEOUT_MS);
    if (rc)
        return rc;
    a->end = l->options->until_end ? high : -1;
    a->start = a->low;
    if (a->input == INPUT_TENANT_LOG || l->options->start_at == KAFKA_START_EARLIEST)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    a->start = high;
    if (l->options->start_at == KAFKA_START_LATEST)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return offset_at(l, tp->topic, tp->partition, l->options->start_at, high, &a->start);
}

static bool may_pass(rd_kafka_resp_err_t rc) {
    return rc == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           rc == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           rc == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || rc == RD_KAFKA_RESP_ERR__TRANSPORT ||
           rc == RD_KAFKA_RESP_ERR__TIMED_OUT || rc == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
           rc == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || rc == RD_KAFKA_RESP_ERR__WAIT_COORD;
}

static rd_kafka_resp_err_t find_ends_patiently(const struct kafka_lookup *l,
                                               const rd_kafka_topic_partition_t *tp,
                                               struct log_assignment *a) {
    rd_kafka_resp_err_t rc = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < ENDS_TRIES; i++) {
        rc = find_ends(l, tp, a);
        if (!may_pass(rc))
            return rc;
        usleep(ENDS_PAUSE_US);
    }
    return rc;
}

/* The owner refuses metadata that is none of ours; here it only means that there is no snapshot. */
static void want_snapshot(struct kafka_lookup *l, int index) {
    const struct log_assignment *a = &l->found[index];
    struct kafka_state_want *w = &l->wants[index];
    struct err err;
    snprintf(w->task, sizeof w->task, "%s-%d", engine_input_name(a->input), a->partition);
    w->partition = snapshot_partition(a->partition, l->options->state_partitions);
    w->offsetless = a->committed < 0;
    w->newest_at = -1;
    if (a->committed < 0 || !metadata_parse(a->metadata, &w->metadata, &err))
        w->metadata = (struct metadata){0};
}

static void find_snapshots(struct kafka_lookup *l) {
    struct err err;
    for (int i = 0; i < l->partitions->cnt; i++)
        want_snapshot(l, i);
    if (!kafka_state_look(l->options, l->wants, (size_t)l->partitions->cnt, &err) ||
        !kafka_state_read(l->options, l->wants, (size_t)l->partitions->cnt, &err)) {
        snprintf(l->failure, sizeof l->failure, "%s", err.text);
        return;
    }
    for (int i = 0; i < l->partitions->cnt; i++) {
        l->found[i].known = l->wants[i].known;
        l->found[i].snapshot_number = l->wants[i].number;
        l->found[i].snapshot = buf_slice(&l->wants[i].packed);
        if (l->wants[i].refusal.text[0])
            l->found[i].refusal = l->wants[i].refusal.text;
    }
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Of tasks that have no snapshot any more: the first record not older than recovery_horizon, or the
 * end. */
static void find_horizons(struct kafka_lookup *l) {
    int64_t from_at = now_ms() - l->options->recovery_horizon_ms;
    for (int i = 0; i < l->partitions->cnt && l->options->live && !*l->failure; i++) {
        const rd_kafka_topic_partition_t *tp = &l->partitions->elems[i];
        struct log_assignment *a = &l->found[i];
        bool lost = l->wants[i].metadata.snapshots[0].number && !a->snapshot_number;
        int64_t low, high;
        if (!lost && !a->known)
            continue;
        rd_kafka_resp_err_t rc = rd_kafka_query_watermark_offsets(l->rk, tp->topic, tp->partition,
                                                                  &low, &high, LOOKUP_TIMEOUT_MS);
        if (!rc)
            rc = offset_at(l, tp->topic, tp->partition, from_at, high, &a->horizon);
        if (rc)
            snprintf(l->failure, sizeof l->failure, "%s, partition %d: %s", tp->topic,
                     tp->partition, rd_kafka_err2str(rc));
    }
}

static bool is_known(const struct kafka_options *o, const char *name) {
    for (const char *const *known = o->known_contracts; known && *known; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return false;
}

/* Contracts under which some partition was left, and that came into the topic since the start. */
static void find_contracts(struct kafka_lookup *l) {
    bool unknown = false;
    for (int i = 0; i < l->partitions->cnt; i++)
        for (int k = 0; k < METADATA_CONTRACTS; k++) {
            const char *name = l->wants[i].metadata.contracts[k].name;
            unknown |= *name && !is_known(l->options, name);
        }
    struct err err;
    if (unknown && !kafka_contracts_read(l->options, &l->contracts, &err))
        snprintf(l->failure, sizeof l->failure, "%s", err.text);
}

/* Offsets, ends and snapshots. */
static void find_places(struct kafka_lookup *l) {
    if (!find_committed(l))
        return;
    for (int i = 0; i < l->partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *tp = &l->partitions->elems[i];
        struct log_assignment *a = &l->found[i];
        a->committed = tp->offset >= 0 ? tp->offset : -1;
        a->metadata = (struct slice){tp->metadata, tp->metadata_size};
        rd_kafka_resp_err_t rc = find_ends_patiently(l, tp, a);
        if (!rc)
            continue;
        snprintf(l->failure, sizeof l->failure,
                 "%s, partition %d: its offsets could not be read: %s", tp->topic, tp->partition,
                 rd_kafka_err2str(rc));
        return;
    }
    find_snapshots(l);
}

/* A snapshot is written in the transaction that commits its offset or in a later one: one that was
 * taken behind the committed offset proves that this offset is not the last one. To begin there
 * would count everything since then twice. Returns the partition's index or -1. */
static int find_stale(const struct kafka_lookup *l) {
    for (int i = 0; i < l->partitions->cnt; i++)
        if (l->wants[i].newest_at > l->found[i].committed)
            return i;
    return -1;
}

static void forget_places(struct kafka_lookup *l) {
    for (int i = 0; i < l->partitions->cnt; i++) {
        struct log_assignment *a = &l->found[i];
        buf_deinit(&l->wants[i].packed);
        l->wants[i] = (struct kafka_state_want){0};
        *a = (struct log_assignment){.input = a->input, .partition = a->partition};
    }
}

static void find_fresh_places(struct kafka_lookup *l) {
    find_places(l);
    for (int i = 1; i < STALE_TRIES && !*l->failure && find_stale(l) >= 0; i++) {
        usleep(STALE_PAUSE_US);
        forget_places(l);
        find_places(l);
    }
    int stale = *l->failure ? -1 : find_stale(l);
    if (stale >= 0)
        snprintf(l->failure, sizeof l->failure,
                 "%s, partition %d: the group's offset is %" PRId64 ", but its snapshot of %" PRId64
                 " is committed: the brokers answer with an old offset, and to begin there would "
                 "count twice; start again when they have the new one",
                 l->partitions->elems[stale].topic, l->partitions->elems[stale].partition,
                 l->found[stale].committed, l->wants[stale].newest_at);
}

static void look_up(uv_work_t *work) {
    struct kafka_lookup *l = work->data;
    find_fresh_places(l);
    if (!*l->failure)
        find_horizons(l);
    if (!*l->failure)
        find_contracts(l);
}

static void looked_up(uv_work_t *work, int status) {
    struct kafka_lookup *l = work->data;
    CHECK(status == 0);
    l->done(l->context, l);
}

void kafka_lookup_start(struct kafka_lookup *l, uv_loop_t *loop) {
    int rc = uv_queue_work(loop, &l->work, look_up, looked_up);
    CHECK(rc == 0);
}
