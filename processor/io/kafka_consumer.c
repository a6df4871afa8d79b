#include "io/kafka_consumer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "io/kafka_fault.h"
#include "io/kafka_lookup.h"
#include "io/kafka_orphans.h"

#define DRAIN_BATCH 1024
#define CLOSE_TIMEOUT_MS 5000
#define RECORD_COST 400 /* bytes that the client keeps for a record in a queue, measured */

struct reading {
    enum engine_input input;
    int32_t partition;
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *held[DRAIN_BATCH]; /* taken from the queue, not yet by the owner */
    size_t held_at, held_count;
};

/* Those of an input, by partition; NULL: not ours. */
struct readings {
    struct reading **at;
    int32_t room;
};

struct kafka_consumer {
    const struct kafka_options *options;
    uv_loop_t *loop;
    int wake_fd;
    struct kafka_consumer_events events;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue; /* group events */
    char topics[INPUT_COUNT][256];
    struct readings readings[INPUT_COUNT];
    rd_kafka_topic_partition_list_t *revoking; /* NULL: none */
    struct kafka_lookup *lookup;               /* under way; NULL: none */
    struct kafka_orphans *orphans;
    uint64_t losses;
    bool closing;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_bytes(rd_kafka_conf_t *conf, const char *name, size_t bytes, size_t unit,
                      size_t least, size_t most) {
    char text[32];
    size_t value = bytes / unit;
    snprintf(text, sizeof text, "%zu", value < least ? least : value > most ? most : value);
    kafka_conf_set(conf, name, text);
}

/* Each partition has a queue of its own and is fetched until that is full, so each gets its part
 * of what may wait, and no more than some tenths of a second: memory that is used again and again
 * costs less than memory that is new. A record costs RECORD_COST besides its bytes, and what is
 * under way comes on top. */
static void set_queues(rd_kafka_conf_t *conf, const struct kafka_options *o) {
    size_t part = o->queue_bytes / (size_t)(o->input_partitions ? o->input_partitions : 1);
    set_bytes(conf, "queued.max.messages.kbytes", part / 4, 1024, 64, 1 << 20);
    set_bytes(conf, "queued.min.messages", part / 2, RECORD_COST, 500, 20000);
    set_bytes(conf, "fetch.message.max.bytes", part / 8, 1, 64 << 10, 256 << 10);
    set_bytes(conf, "fetch.max.bytes", o->queue_bytes / 8, 1, 1 << 20, 50 << 20);
}

static rd_kafka_conf_t *consumer_conf(const struct kafka_options *o, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new(o, "consumer", err);
    if (!conf)
        return NULL;
    kafka_conf_set(conf, "group.id", o->group);
    kafka_conf_set(conf, "group.instance.id", o->instance);
    kafka_conf_set(conf, "partition.assignment.strategy", "cooperative-sticky");
    kafka_conf_set_default(conf, o, "session.timeout.ms", "6000");
    kafka_conf_set_default(conf, o, "heartbeat.interval.ms", "1500");
    kafka_conf_set(conf, "enable.auto.commit", "false");
    kafka_conf_set(conf, "enable.auto.offset.store", "false");
    kafka_conf_set(conf, "auto.offset.reset", "error");
    kafka_conf_set(conf, "isolation.level", "read_committed");
    set_queues(conf, o);
    kafka_conf_set(conf, "fetch.queue.backoff.ms", "10");
    kafka_conf_set(conf, "fetch.error.backoff.ms", "50");
    /* The end of a partition is asked for only where the run ends with it: together with
     * pause/resume the event loses records, so nothing here pauses. */
    kafka_conf_set(conf, "enable.partition.eof", o->until_end ? "true" : "false");
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR);
    return conf;
}

static void subscribe(struct kafka_consumer *c) {
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(INPUT_COUNT);
    for (int i = 0; i < INPUT_COUNT; i++) {
        kafka_input_topic(c->options, (enum engine_input)i, c->topics[i]);
        rd_kafka_topic_partition_list_add(topics, c->topics[i], RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t rc = rd_kafka_subscribe(c->rk, topics);
    CHECK(rc == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(topics);
}

struct kafka_consumer *kafka_consumer_new(const struct kafka_options *o, uv_loop_t *loop,
                                          int wake_fd, const struct kafka_consumer_events *events,
                                          struct err *err) {
    rd_kafka_conf_t *conf = consumer_conf(o, err);
    if (!conf)
        return NULL;
    char reason[256];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        err_set(err, "kafka consumer: %s", reason);
        return NULL;
    }
    struct kafka_consumer *c = calloc(1, sizeof *c);
    CHECK(c);
    c->options = o;
    c->loop = loop;
    c->wake_fd = wake_fd;
    c->events = *events;
    c->rk = rk;
    rd_kafka_poll_set_consumer(rk);
    c->queue = rd_kafka_queue_get_consumer(rk);
    static const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(c->queue, wake_fd, &one, sizeof one);
    subscribe(c);
    c->orphans = kafka_orphans_new(o, rk, now_ms());
    return c;
}

static enum engine_input input_of(const struct kafka_consumer *c, const char *topic) {
    for (int i = 0; i < INPUT_COUNT; i++)
        if (strcmp(c->topics[i], topic) == 0)
            return (enum engine_input)i;
    UNREACHABLE("a topic that was never subscribed to");
}

static struct reading *find_reading(const struct kafka_consumer *c, enum engine_input input,
                                    int32_t partition) {
    const struct readings *its = &c->readings[input];
    return partition < its->room ? its->at[partition] : NULL;
}

static struct reading **make_place(struct kafka_consumer *c, enum engine_input input,
                                   int32_t partition) {
    struct readings *its = &c->readings[input];
    if (partition >= its->room) {
        int32_t room = partition * 2 + 1;
        its->at = realloc(its->at, (size_t)room * sizeof *its->at);
        CHECK(its->at);
        memset(its->at + its->room, 0, (size_t)(room - its->room) * sizeof *its->at);
        its->room = room;
    }
    return &its->at[partition];
}

/* Before incremental_assign: a forwarded queue would put the first records on the main one. */
static void open_reading(struct kafka_consumer *c, enum engine_input input, int32_t partition) {
    struct reading *r = calloc(1, sizeof *r);
    CHECK(r);
    r->input = input;
    r->partition = partition;
    r->queue = rd_kafka_queue_get_partition(c->rk, c->topics[input], partition);
    CHECK(r->queue);
    rd_kafka_queue_forward(r->queue, NULL);
    static const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(r->queue, c->wake_fd, &one, sizeof one);
    *make_place(c, input, partition) = r;
}

static void drop_held(struct reading *r, size_t count) {
    for (size_t i = 0; i < count; i++)
        rd_kafka_message_destroy(r->held[r->held_at++]);
}

static void close_reading(struct kafka_consumer *c, struct reading *r) {
    drop_held(r, r->held_count - r->held_at);
    rd_kafka_queue_io_event_enable(r->queue, -1, NULL, 0);
    rd_kafka_queue_destroy(r->queue);
    c->readings[r->input].at[r->partition] = NULL;
    free(r);
}

static void close_readings(struct kafka_consumer *c, struct readings *all) {
    for (int32_t partition = 0; partition < all->room; partition++)
        if (all->at[partition])
            close_reading(c, all->at[partition]);
    free(all->at);
}

static void fail(struct kafka_consumer *c, rd_kafka_resp_err_t code, const char *said) {
    char reason[600];
    kafka_fault_tell(c->rk, code, said, reason, sizeof reason);
    c->events.failed(c->events.context, reason);
}

/* Destroys the error; NULL: none. */
static void fail_if(struct kafka_consumer *c, rd_kafka_error_t *error) {
    if (!error)
        return;
    fail(c, rd_kafka_error_code(error), rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

/* The offsets have been looked up: the tasks are made, and reading begins. */
static void lookup_done(void *context, struct kafka_lookup *lookup) {
    struct kafka_consumer *c = context;
    c->lookup = NULL;
    rd_kafka_topic_partition_list_t *list = lookup->partitions;
    if (*lookup->failure)
        fail(c, RD_KAFKA_RESP_ERR_NO_ERROR, lookup->failure);
    for (size_t i = 0; i < lookup->contracts.count; i++)
        c->events.contract(c->events.context, lookup->contracts.records[i].key,
                           lookup->contracts.records[i].value);
    for (int i = 0; i < list->cnt && !*lookup->failure; i++) {
        rd_kafka_topic_partition_t *tp = &list->elems[i];
        struct log_assignment *a = &lookup->found[i];
        tp->offset = c->events.assigned(c->events.context, a);
        if (tp->offset < 0)
            break;
        open_reading(c, a->input, a->partition);
    }
    fail_if(c, rd_kafka_incremental_assign(c->rk, list));
    kafka_lookup_free(lookup);
}

static void note_count(const struct kafka_consumer *c, const char *event, int count) {
    const struct note_port *note = &c->options->note;
    char members[32];
    snprintf(members, sizeof members, "\"partitions\":%d", count);
    note->note(note->self, LOG_LEVEL_INFO, event, members);
}

static void on_assign(struct kafka_consumer *c, rd_kafka_topic_partition_list_t *list) {
    note_count(c, "group_gives", list->cnt);
    if (c->lookup) {
        fail(c, RD_KAFKA_RESP_ERR_NO_ERROR,
             "partitions were assigned while others were still being looked up");
        return;
    }
    struct kafka_lookup *lookup = kafka_lookup_new(c->options, c->rk, list, lookup_done, c);
    for (int i = 0; i < list->cnt; i++) {
        lookup->found[i].input = input_of(c, list->elems[i].topic);
        lookup->found[i].partition = list->elems[i].partition;
    }
    c->lookup = lookup;
    kafka_lookup_start(lookup, c->loop);
}

static void on_revoke(struct kafka_consumer *c, rd_kafka_topic_partition_list_t *list) {
    note_count(c, "group_takes", list->cnt);
    if (rd_kafka_assignment_lost(c->rk) && !c->closing) {
        c->losses++;
        /* Given up at once, or the client waits for it for ever when it is closed. */
        rd_kafka_error_t *error = rd_kafka_incremental_unassign(c->rk, list);
        if (error)
            rd_kafka_error_destroy(error);
        fail(c, RD_KAFKA_RESP_ERR_NO_ERROR,
             "the group took our partitions away: this process did not answer in time "
             "(session.timeout.ms), or another one took its instance name");
        return;
    }
    CHECK(!c->revoking);
    c->revoking = rd_kafka_topic_partition_list_copy(list);
    for (int i = 0; i < list->cnt && !c->closing; i++)
        c->events.leaving(c->events.context, input_of(c, list->elems[i].topic),
                          list->elems[i].partition);
}

bool kafka_consumer_is_revoking(const struct kafka_consumer *c) {
    return c->revoking && !c->lookup;
}

void kafka_consumer_finish_revoke(struct kafka_consumer *c) {
    CHECK(c->revoking);
    c->losses++; /* not before: until here they are ours, and an epoch may be tried again */
    for (int i = 0; i < c->revoking->cnt; i++) {
        const rd_kafka_topic_partition_t *tp = &c->revoking->elems[i];
        enum engine_input input = input_of(c, tp->topic);
        struct reading *r = find_reading(c, input, tp->partition);
        if (r)
            close_reading(c, r);
        c->events.revoked(c->events.context, input, tp->partition);
    }
    fail_if(c, rd_kafka_incremental_unassign(c->rk, c->revoking));
    rd_kafka_topic_partition_list_destroy(c->revoking);
    c->revoking = NULL;
}

uint64_t kafka_consumer_losses(const struct kafka_consumer *c) {
    return c->losses;
}

static void on_rebalance(struct kafka_consumer *c, rd_kafka_event_t *event) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
    switch (rd_kafka_event_error(event)) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: on_assign(c, list); break;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS: on_revoke(c, list); break;
    default: fail(c, rd_kafka_event_error(event), rd_kafka_event_error_string(event));
    }
}

/* Asked for, not waited for: a fenced member may stand in the middle of a revocation, and its queue
 * is then not read. */
static void look_for_fatal(struct kafka_consumer *c) {
    char reason[300];
    rd_kafka_resp_err_t rc = rd_kafka_fatal_error(c->rk, reason, sizeof reason);
    if (rc)
        fail(c, rc, reason);
}

static void on_error(struct kafka_consumer *c, rd_kafka_event_t *event) {
    rd_kafka_resp_err_t rc = rd_kafka_event_error(event);
    if (rc == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        rc == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
        rc == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        rc == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || kafka_fault_fence(rc))
        fail(c, rc, rd_kafka_event_error_string(event));
}

static void handle(struct kafka_consumer *c, rd_kafka_event_t *event) {
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_REBALANCE: on_rebalance(c, event); break;
    case RD_KAFKA_EVENT_ERROR: on_error(c, event); break;
    default: break;
    }
}

/* Leaving makes the group share everything anew, and what was ours is committed before. */
static void look_for_orphans(struct kafka_consumer *c) {
    if (!kafka_orphans_found(c->orphans, now_ms()) || c->revoking || c->lookup)
        return;
    const struct note_port *note = &c->options->note;
    note->note(note->self, LOG_LEVEL_WARN, "group_rebalance_asked",
               "\"text\":\"the group has partitions that no process was given; this one leaves "
               "and joins again\"");
    rd_kafka_unsubscribe(c->rk);
    subscribe(c);
}

void kafka_consumer_serve(struct kafka_consumer *c) {
    rd_kafka_event_t *event;
    look_for_fatal(c);
    look_for_orphans(c);
    /* One rebalance at a time: the next one waits on the queue until this one is finished. */
    while (!c->revoking && !c->lookup && (event = rd_kafka_queue_poll(c->queue, 0))) {
        handle(c, event);
        rd_kafka_event_destroy(event);
    }
}

static void fail_for(struct kafka_consumer *c, const rd_kafka_message_t *m) {
    char text[512];
    if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
        snprintf(text, sizeof text,
                 "%s, partition %d: records expired before they were read (offset %lld is gone); "
                 "the next start goes on behind them and tells DATA_GAP",
                 m->rkt ? rd_kafka_topic_name(m->rkt) : "?", m->partition, (long long)m->offset);
    else
        snprintf(text, sizeof text, "%s, partition %d, offset %lld: %s",
                 m->rkt ? rd_kafka_topic_name(m->rkt) : "?", m->partition, (long long)m->offset,
                 rd_kafka_message_errstr(m));
    fail(c, m->err, text);
}

static struct log_record record_of(const rd_kafka_message_t *m) {
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return (struct log_record){.offset = m->offset, .end = true};
    rd_kafka_timestamp_type_t stamp;
    int64_t log_at = rd_kafka_message_timestamp(m, &stamp);
    return (struct log_record){.offset = m->offset,
                               .log_at = log_at,
                               .append_time = stamp == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME,
                               .key = {m->key, m->key_len},
                               .value = {m->payload, m->len}};
}

/* Offers what is held next, in place. Returns how many were taken; *all: of none it was said that
 * it cannot be taken now. */
static size_t offer(struct kafka_consumer *c, struct reading *r, size_t room, log_take_fn *take,
                    void *context, bool *all) {
    struct log_record records[LOG_TAKE_MAX];
    size_t count = 0, most = r->held_count - r->held_at;
    if (most > room)
        most = room;
    for (; count < most && count < LOG_TAKE_MAX; count++) {
        const rd_kafka_message_t *m = r->held[r->held_at + count];
        if (m->err && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
            break;
        records[count] = record_of(m);
    }
    size_t taken = 1;
    if (count > 0)
        taken = take(context, records, count);
    else
        fail_for(c, r->held[r->held_at]);
    *all = taken >= count;
    drop_held(r, taken);
    return taken;
}

static bool refill(struct reading *r) {
    if (r->held_at < r->held_count)
        return true;
    ssize_t count = rd_kafka_consume_batch_queue(r->queue, 0, r->held, DRAIN_BATCH);
    r->held_at = 0;
    r->held_count = count > 0 ? (size_t)count : 0;
    return r->held_count > 0;
}

size_t kafka_consumer_drain(struct kafka_consumer *c, enum engine_input input, int32_t partition,
                            size_t room, log_take_fn *take, void *context) {
    struct reading *r = find_reading(c, input, partition);
    size_t taken = 0;
    bool all = true;
    while (r && all && taken < room && refill(r))
        taken += offer(c, r, room - taken, take, context, &all);
    return taken;
}

int64_t kafka_consumer_end(const struct kafka_consumer *c, enum engine_input input,
                           int32_t partition) {
    int64_t low, high;
    if (rd_kafka_get_watermark_offsets(c->rk, c->topics[input], partition, &low, &high) || high < 0)
        return -1;
    return high;
}

rd_kafka_consumer_group_metadata_t *kafka_consumer_group(const struct kafka_consumer *c) {
    return rd_kafka_consumer_group_metadata(c->rk);
}

void kafka_consumer_free(struct kafka_consumer *c) {
    if (!c)
        return;
    c->closing = true;
    while (c->lookup) /* its thread still uses the client */
        uv_run(c->loop, UV_RUN_ONCE);
    if (c->revoking)
        kafka_consumer_finish_revoke(c);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(c->rk, c->queue);
    if (error)
        rd_kafka_error_destroy(error);
    for (int waited = 0; waited < CLOSE_TIMEOUT_MS && !rd_kafka_consumer_closed(c->rk);
         waited += 50) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(c->queue, 50);
        if (!event)
            continue;
        handle(c, event);
        if (c->revoking)
            kafka_consumer_finish_revoke(c);
        rd_kafka_event_destroy(event);
    }
    for (int i = 0; i < INPUT_COUNT; i++)
        close_readings(c, &c->readings[i]);
    kafka_orphans_free(c->orphans);
    rd_kafka_queue_destroy(c->queue);
    /* Whatever is still open must not keep a process that has failed from ending. */
    rd_kafka_destroy_flags(c->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(c);
}
