#include "io/kafka_range.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/instant.h"
#include "io/kafka_fault.h"

#define ASK_TIMEOUT_MS 10000
#define ASK_TRIES 10
#define SILENCE_TRIES 60 /* seconds without a record that must be there */
#define PARTITIONS_MAX 10000

/* One partition: where it ends, and its next record. */
struct range_partition {
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *message; /* NULL: not fetched yet, or none is left */
    int64_t next, end;           /* offsets */
    int64_t log_at;              /* of the message */
};

struct kafka_range {
    const struct kafka_options *options;
    rd_kafka_t *rk;
    rd_kafka_topic_partition_list_t *list; /* at the begin of the range */
    struct range_partition *partitions;
    size_t count;
    struct range_partition *taken; /* whose message was handed out last */
};

static bool make_client(struct kafka_range *r, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new_outside(r->options, "range", err);
    if (!conf)
        return false;
    char reason[256];
    kafka_conf_set(conf, "auto.offset.reset", "error");
    kafka_conf_set(conf, "enable.partition.eof", "true");
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR);
    r->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (r->rk)
        return true;
    rd_kafka_conf_destroy(conf);
    return err_set(err, "kafka: %s", reason);
}

static bool find_partitions(struct kafka_range *r, const char *topic, struct err *err) {
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(r->rk, topic, NULL);
    const rd_kafka_metadata_t *metadata = NULL;
    bool refused = false;
    for (int i = 0; i < ASK_TRIES && !metadata && !refused; i++) {
        rd_kafka_resp_err_t rc = rd_kafka_metadata(r->rk, 0, rkt, &metadata,
                                                   ASK_TIMEOUT_MS / ASK_TRIES);
        if (rc)
            err_set(err, "the brokers at %s do not answer: %s", r->options->brokers,
                    rd_kafka_err2str(rc));
        refused = rc && kafka_fault_login(r->rk, r->options, err);
    }
    rd_kafka_topic_destroy(rkt);
    if (!metadata)
        return false;
    int count = metadata->topic_cnt ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    if (count == 0)
        return err_set(err, "topic %s does not exist", topic);
    if (count > PARTITIONS_MAX)
        return err_set(err, "topic %s has %d partitions; at most %d are read", topic, count,
                       PARTITIONS_MAX);
    r->count = (size_t)count;
    r->list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_topic_partition_list_add_range(r->list, topic, 0, count - 1);
    return true;
}

/* The first offset with this stamp in each partition; below 0 where there is none. */
static bool ask_offsets(struct kafka_range *r, rd_kafka_topic_partition_list_t *list, int64_t at,
                        struct err *err) {
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = at;
    rd_kafka_resp_err_t rc = rd_kafka_offsets_for_times(r->rk, list, ASK_TIMEOUT_MS);
    return !rc || err_set(err, "offsets of that time could not be found: %s", rd_kafka_err2str(rc));
}

static bool find_ends(struct kafka_range *r, const char *topic, int64_t to_at, struct err *err) {
    for (size_t i = 0; i < r->count; i++) {
        int64_t low, high;
        rd_kafka_resp_err_t rc = rd_kafka_query_watermark_offsets(r->rk, topic, (int32_t)i, &low,
                                                                  &high, ASK_TIMEOUT_MS);
        if (rc)
            return err_set(err, "partition %zu of %s: %s", i, topic, rd_kafka_err2str(rc));
        r->partitions[i].next = low;
        r->partitions[i].end = high;
    }
    if (to_at == INSTANT_MAX)
        return true;
    if (!ask_offsets(r, r->list, to_at, err))
        return false;
    for (int i = 0; i < r->list->cnt; i++) {
        struct range_partition *p = &r->partitions[i];
        int64_t offset = r->list->elems[i].offset;
        if (offset >= 0 && offset < p->end)
            p->end = offset;
    }
    return true;
}

static bool find_begins(struct kafka_range *r, int64_t from_at, struct err *err) {
    if (from_at != INSTANT_NONE && !ask_offsets(r, r->list, from_at, err))
        return false;
    for (int i = 0; i < r->list->cnt; i++) {
        struct range_partition *p = &r->partitions[i];
        int64_t offset = r->list->elems[i].offset;
        if (from_at != INSTANT_NONE)
            p->next = offset < 0 ? p->end : offset; /* none: nothing is as late */
        r->list->elems[i].offset = p->next;
    }
    return true;
}

/* Queues before the assignment: a forwarded one would put the first records on the main one. */
static bool begin(struct kafka_range *r, struct err *err) {
    for (int i = 0; i < r->list->cnt; i++) {
        const rd_kafka_topic_partition_t *e = &r->list->elems[i];
        r->partitions[i].queue = rd_kafka_queue_get_partition(r->rk, e->topic, e->partition);
        if (!r->partitions[i].queue)
            return err_set(err, "partition %d of %s cannot be read", e->partition, e->topic);
        rd_kafka_queue_forward(r->partitions[i].queue, NULL);
    }
    rd_kafka_resp_err_t rc = rd_kafka_assign(r->rk, r->list);
    return !rc || err_set(err, "%s", rd_kafka_err2str(rc));
}

struct kafka_range *kafka_range_open(const struct kafka_options *o, const char *topic,
                                     int64_t from_at, int64_t to_at, struct err *err) {
    struct kafka_range *r = calloc(1, sizeof *r);
    CHECK(r);
    r->options = o;
    bool right = make_client(r, err) && find_partitions(r, topic, err);
    if (right) {
        r->partitions = calloc(r->count + 1, sizeof *r->partitions);
        CHECK(r->partitions && r->list);
        right = find_ends(r, topic, to_at, err) && find_begins(r, from_at, err) && begin(r, err);
    }
    if (right)
        return r;
    kafka_range_close(r);
    return NULL;
}

void kafka_range_close(struct kafka_range *r) {
    if (!r)
        return;
    for (size_t i = 0; r->partitions && i < r->count; i++) {
        if (r->partitions[i].message)
            rd_kafka_message_destroy(r->partitions[i].message);
        if (r->partitions[i].queue)
            rd_kafka_queue_destroy(r->partitions[i].queue);
    }
    if (r->list)
        rd_kafka_topic_partition_list_destroy(r->list);
    if (r->rk) {
        rd_kafka_consumer_close(r->rk);
        rd_kafka_destroy(r->rk);
    }
    free(r->partitions);
    free(r);
}

static void finish(struct range_partition *p) {
    p->next = p->end;
}

static enum kafka_range_result fail(struct err *err, const rd_kafka_message_t *m) {
    err_set(err, "partition %d, offset %lld: %s", m->partition, (long long)m->offset,
            rd_kafka_message_errstr(m));
    return KAFKA_RANGE_FAILED;
}

/* Looks at what the queue gave: its record is kept, the end of the partition noted. */
static enum kafka_range_result take(struct range_partition *p, rd_kafka_message_t *m,
                                    struct err *err) {
    enum kafka_range_result found = KAFKA_RANGE_RECORD;
    rd_kafka_timestamp_type_t stamp;
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        finish(p);
    } else if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        found = fail(err, m); /* what was there a moment ago has expired */
    } else if (!m->err && m->offset >= p->end) {
        finish(p);
    } else if (!m->err) {
        p->message = m;
        p->next = m->offset + 1;
        p->log_at = rd_kafka_message_timestamp(m, &stamp);
        return found;
    } /* other errors: the client tries again, and silence ends that */
    rd_kafka_message_destroy(m);
    return found;
}

/* Until the partition's next record is there, or none is left. */
static enum kafka_range_result fill(struct kafka_range *r, struct range_partition *p,
                                    struct err *err) {
    for (int tries = 0; !p->message && p->next < p->end; tries++) {
        if (tries == SILENCE_TRIES || (tries > 0 && kafka_fault_login(r->rk, r->options, err))) {
            if (tries == SILENCE_TRIES)
                err_set(err, "the brokers at %s have sent nothing for %d s", r->options->brokers,
                        SILENCE_TRIES);
            return KAFKA_RANGE_FAILED;
        }
        rd_kafka_message_t *m = rd_kafka_consume_queue(p->queue, 1000);
        if (m && take(p, m, err) == KAFKA_RANGE_FAILED)
            return KAFKA_RANGE_FAILED;
    }
    return KAFKA_RANGE_RECORD;
}

static struct range_partition *earliest(struct kafka_range *r) {
    struct range_partition *found = NULL;
    for (size_t i = 0; i < r->count; i++) {
        struct range_partition *p = &r->partitions[i];
        if (p->message && (!found || p->log_at < found->log_at))
            found = p;
    }
    return found;
}

enum kafka_range_result kafka_range_next(struct kafka_range *r, struct log_record *record,
                                         int32_t *partition, struct err *err) {
    if (r->taken) {
        rd_kafka_message_destroy(r->taken->message);
        r->taken->message = NULL;
    }
    r->taken = NULL;
    for (size_t i = 0; i < r->count; i++) {
        if (fill(r, &r->partitions[i], err) == KAFKA_RANGE_FAILED)
            return KAFKA_RANGE_FAILED;
    }
    struct range_partition *p = r->taken = earliest(r);
    if (!p)
        return KAFKA_RANGE_END;
    *partition = p->message->partition;
    *record = (struct log_record){.offset = p->message->offset,
                                  .log_at = p->log_at,
                                  .key = {p->message->key, p->message->key_len},
                                  .value = {p->message->payload, p->message->len}};
    return KAFKA_RANGE_RECORD;
}
