#include "io/kafka_reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "io/kafka_fault.h"

#define ASK_TIMEOUT_MS 10000
#define ASK_TRIES 10

struct kafka_reader {
    rd_kafka_t *rk;
    rd_kafka_message_t *message; /* handed out last */
};

static rd_kafka_t *client_new(const struct kafka_options *o, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new_outside(o, "reader", err);
    if (!conf)
        return NULL;
    char reason[256];
    kafka_conf_set(conf, "auto.offset.reset", "earliest");
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        err_set(err, "kafka reader: %s", reason);
        return NULL;
    }
    return rk;
}

/* In short tries, because a refused login shows on the side. NULL with a reason. */
static const rd_kafka_metadata_t *ask(rd_kafka_t *rk, const struct kafka_options *o,
                                      const char *topic, struct err *err) {
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    const rd_kafka_metadata_t *metadata = NULL;
    bool refused = false;
    for (int i = 0; i < ASK_TRIES && !metadata && !refused; i++) {
        rd_kafka_resp_err_t rc = rd_kafka_metadata(rk, 0, rkt, &metadata,
                                                   ASK_TIMEOUT_MS / ASK_TRIES);
        if (rc)
            err_set(err, "the brokers at %s do not answer: %s", o->brokers, rd_kafka_err2str(rc));
        refused = rc && kafka_fault_login(rk, o, err);
    }
    rd_kafka_topic_destroy(rkt);
    return metadata;
}

static bool add_topic(rd_kafka_t *rk, const struct kafka_options *o, const char *topic,
                      rd_kafka_topic_partition_list_t *list, struct err *err) {
    const rd_kafka_metadata_t *metadata = ask(rk, o, topic, err);
    if (!metadata)
        return false;
    int count = metadata->topic_cnt ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    if (!count)
        return err_set(err, "topic %s does not exist; floorwalker run makes it", topic);
    rd_kafka_topic_partition_list_add_range(list, topic, 0, count - 1);
    return true;
}

static bool place(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int64_t from_at,
                  struct err *err) {
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = from_at == KAFKA_START_EARLIEST ? RD_KAFKA_OFFSET_BEGINNING
                                : from_at == KAFKA_START_LATEST ? RD_KAFKA_OFFSET_END
                                                                : from_at;
    if (from_at == KAFKA_START_EARLIEST || from_at == KAFKA_START_LATEST)
        return true;
    rd_kafka_resp_err_t rc = rd_kafka_offsets_for_times(rk, list, ASK_TIMEOUT_MS);
    return !rc || err_set(err, "offsets of that time could not be found: %s", rd_kafka_err2str(rc));
}

static bool assign(rd_kafka_t *rk, const struct kafka_options *o, const char *const *topics,
                   size_t topic_count, int64_t from_at, struct err *err) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(64);
    bool ok = true;
    for (size_t i = 0; i < topic_count && ok; i++)
        ok = add_topic(rk, o, topics[i], list, err);
    ok = ok && place(rk, list, from_at, err);
    if (ok) {
        rd_kafka_resp_err_t rc = rd_kafka_assign(rk, list);
        ok = !rc || err_set(err, "%s", rd_kafka_err2str(rc));
    }
    rd_kafka_topic_partition_list_destroy(list);
    return ok;
}

struct kafka_reader *kafka_reader_new(const struct kafka_options *o, const char *const *topics,
                                      size_t topic_count, int64_t from_at, struct err *err) {
    CHECK(topic_count <= KAFKA_READER_TOPICS_MAX);
    rd_kafka_t *rk = client_new(o, err);
    if (!rk)
        return NULL;
    if (!assign(rk, o, topics, topic_count, from_at, err)) {
        rd_kafka_destroy(rk);
        return NULL;
    }
    rd_kafka_poll_set_consumer(rk);
    struct kafka_reader *r = calloc(1, sizeof *r);
    CHECK(r);
    r->rk = rk;
    return r;
}

static void forget(struct kafka_reader *r) {
    if (r->message)
        rd_kafka_message_destroy(r->message);
    r->message = NULL;
}

bool kafka_reader_next(struct kafka_reader *r, int timeout_ms, struct log_record *record) {
    forget(r);
    r->message = rd_kafka_consumer_poll(r->rk, timeout_ms);
    if (!r->message || r->message->err)
        return false;
    rd_kafka_timestamp_type_t stamp;
    *record = (struct log_record){.offset = r->message->offset,
                                  .log_at = rd_kafka_message_timestamp(r->message, &stamp),
                                  .key = {r->message->key, r->message->key_len},
                                  .value = {r->message->payload, r->message->len}};
    return true;
}

void kafka_reader_free(struct kafka_reader *r) {
    if (!r)
        return;
    forget(r);
    rd_kafka_consumer_close(r->rk);
    rd_kafka_destroy(r->rk);
    free(r);
}
