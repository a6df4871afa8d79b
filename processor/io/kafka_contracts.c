#include "io/kafka_contracts.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "io/kafka_fault.h"

#define READ_TIMEOUT_MS 10000
#define WRITE_TIMEOUT_MS 10000
#define FIND_TRIES 50 /* a topic that was just made is not known to every broker at once */
#define FIND_PAUSE_US 100000

void kafka_contracts_add(struct kafka_contract_list *l, struct slice key, struct slice value) {
    l->records = realloc(l->records, (l->count + 1) * sizeof *l->records);
    CHECK(l->records);
    l->records[l->count++] = (struct kafka_contract_record){slice_copy(key), slice_copy(value)};
}

void kafka_contracts_free(struct kafka_contract_list *l) {
    for (size_t i = 0; i < l->count; i++) {
        free((void *)(uintptr_t)l->records[i].key.at);
        free((void *)(uintptr_t)l->records[i].value.at);
    }
    free(l->records);
    *l = (struct kafka_contract_list){0};
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static rd_kafka_t *reader_new(const struct kafka_options *o, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new_outside(o, "contracts", err);
    if (!conf)
        return NULL;
    char reason[256];
    kafka_conf_set(conf, "auto.offset.reset", "earliest");
    kafka_conf_set(conf, "enable.partition.eof", "true");
    kafka_conf_set(conf, "fetch.wait.max.ms", "10");
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        err_set(err, "kafka consumer of contracts: %s", reason);
        return NULL;
    }
    rd_kafka_poll_set_consumer(rk);
    return rk;
}

/* Partitions of the topic; 0: not known as yet, or no broker answers. */
static int partitions_of(rd_kafka_t *rk, const char *topic) {
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    const rd_kafka_metadata_t *metadata;
    int count = 0;
    if (rd_kafka_metadata(rk, 0, rkt, &metadata, 1000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        bool found = metadata->topic_cnt && !metadata->topics[0].err;
        count = found ? metadata->topics[0].partition_cnt : 0;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(rkt);
    return count;
}

static int assign(rd_kafka_t *rk, const char *topic) {
    int count = 0;
    for (int i = 0; i < FIND_TRIES && !(count = partitions_of(rk, topic)); i++)
        usleep(FIND_PAUSE_US);
    if (!count)
        return 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_resp_err_t rc = rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return rc ? 0 : count;
}

/* To the end of every partition. */
static bool read_all(rd_kafka_t *rk, int partitions, struct kafka_contract_list *l) {
    int64_t until = now_ms() + READ_TIMEOUT_MS;
    int ended = 0;
    while (ended < partitions && now_ms() < until) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 100);
        if (!m)
            continue;
        if (!m->err)
            kafka_contracts_add(l, (struct slice){m->key, m->key_len},
                                (struct slice){m->payload, m->len});
        ended += m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        rd_kafka_message_destroy(m);
    }
    return ended == partitions;
}

bool kafka_contracts_read(const struct kafka_options *o, struct kafka_contract_list *l,
                          struct err *err) {
    char topic[256];
    kafka_output_topic(o, OUTPUT_CONTRACTS, topic);
    rd_kafka_t *rk = reader_new(o, err);
    if (!rk)
        return false;
    int partitions = assign(rk, topic);
    bool ok = partitions && read_all(rk, partitions, l);
    if (!ok)
        err_set(err, "topic %s could not be read: is this user allowed to?", topic);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return ok;
}

static rd_kafka_t *writer_new(const struct kafka_options *o, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new(o, "contracts", err);
    if (!conf)
        return NULL;
    char reason[256];
    kafka_conf_set(conf, "enable.idempotence", "true");
    kafka_conf_set(conf, "acks", "all");
    kafka_conf_set(conf, "linger.ms", "0");
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (rk)
        return rk;
    rd_kafka_conf_destroy(conf);
    err_set(err, "kafka producer of contracts: %s", reason);
    return NULL;
}

/* How many of the records that this event tells of are there; false: one cannot be. */
static bool look_at(rd_kafka_event_t *event, size_t *there, struct err *err) {
    const rd_kafka_message_t *m;
    while ((m = rd_kafka_event_message_next(event))) {
        if (m->err)
            return err_set(err, "topic %s cannot be written: %s", rd_kafka_topic_name(m->rkt),
                           rd_kafka_err2str(m->err));
        ++*there;
    }
    return true;
}

static bool wait_for_all(rd_kafka_t *rk, size_t count, struct err *err) {
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(rk);
    int64_t until = now_ms() + WRITE_TIMEOUT_MS;
    size_t there = 0;
    bool ok = true;
    while (ok && there < count && now_ms() < until) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 100);
        if (!event)
            continue;
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
            ok = look_at(event, &there, err);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    if (ok && there < count)
        return err_set(err, "the brokers did not take the contracts in time");
    return ok;
}

bool kafka_contracts_write(const struct kafka_options *o, const struct kafka_contract_list *l,
                           struct err *err) {
    char topic[256];
    kafka_output_topic(o, OUTPUT_CONTRACTS, topic);
    rd_kafka_t *rk = writer_new(o, err);
    if (!rk)
        return false;
    bool ok = true;
    for (size_t i = 0; i < l->count && ok; i++) {
        const struct kafka_contract_record *r = &l->records[i];
        rd_kafka_resp_err_t rc = rd_kafka_producev(
            rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
            RD_KAFKA_V_KEY((void *)(uintptr_t)r->key.at, r->key.size),
            RD_KAFKA_V_VALUE((void *)(uintptr_t)r->value.at, r->value.size),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        ok = !rc || err_set(err, "topic %s cannot be written: %s", topic, rd_kafka_err2str(rc));
    }
    ok = ok && wait_for_all(rk, l->count, err);
    rd_kafka_destroy(rk);
    return ok;
}

/* A write that is under way off the loop. */
struct job {
    const struct kafka_options *options;
    struct kafka_contract_list list;
    struct err err;
    bool ok;
    kafka_contracts_fn *done;
    void *context;
    uv_work_t work;
};

static void work(uv_work_t *w) {
    struct job *j = w->data;
    j->ok = kafka_contracts_write(j->options, &j->list, &j->err);
}

static void worked(uv_work_t *w, int status) {
    struct job *j = w->data;
    CHECK(status == 0);
    j->done(j->context, j->ok ? NULL : j->err.text);
    kafka_contracts_free(&j->list);
    free(j);
}

void kafka_contracts_write_start(const struct kafka_options *o, struct kafka_contract_list *l,
                                 uv_loop_t *loop, kafka_contracts_fn *done, void *context) {
    struct job *j = calloc(1, sizeof *j);
    CHECK(j);
    *j = (struct job){.options = o, .list = *l, .done = done, .context = context};
    *l = (struct kafka_contract_list){0};
    j->work.data = j;
    int rc = uv_queue_work(loop, &j->work, work, worked);
    CHECK(rc == 0);
}
