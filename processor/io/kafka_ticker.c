#include "io/kafka_ticker.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

struct kafka_ticker {
    const struct kafka_options *options;
    rd_kafka_t *rk;
    char failure[256];
};

static rd_kafka_conf_t *ticker_conf(const struct kafka_options *o, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new(o, "ticker", err);
    if (!conf)
        return NULL;
    kafka_conf_set(conf, "enable.idempotence", "true");
    kafka_conf_set(conf, "acks", "all");
    kafka_conf_set(conf, "linger.ms", "0");
    kafka_conf_set(conf, "message.timeout.ms", "2000");
    kafka_conf_set(conf, "retry.backoff.ms", "10");
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    return conf;
}

struct kafka_ticker *kafka_ticker_new(const struct kafka_options *o, struct err *err) {
    rd_kafka_conf_t *conf = ticker_conf(o, err);
    if (!conf)
        return NULL;
    char reason[256];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        err_set(err, "kafka ticker: %s", reason);
        return NULL;
    }
    struct kafka_ticker *t = calloc(1, sizeof *t);
    CHECK(t);
    t->options = o;
    t->rk = rk;
    return t;
}

void kafka_ticker_write(struct kafka_ticker *t, enum engine_input input, int32_t partition,
                        struct slice value) {
    char topic[256];
    kafka_input_topic(t->options, input, topic);
    /* A full queue is as good as a lost tick: the next one says the same. */
    (void)rd_kafka_producev(t->rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_VALUE((void *)(uintptr_t)value.at, value.size),
                            RD_KAFKA_V_HEADER("floorwalker-tick", "1", 1),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
}

static void look_at(struct kafka_ticker *t, rd_kafka_event_t *event) {
    const rd_kafka_message_t *m;
    while ((m = rd_kafka_event_message_next(event)))
        if (m->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
            snprintf(t->failure, sizeof t->failure,
                     "ticks cannot be written into %s: %s; clock: live needs the right to write "
                     "there",
                     rd_kafka_topic_name(m->rkt), rd_kafka_err2str(m->err));
    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__FATAL)
        snprintf(t->failure, sizeof t->failure, "ticks: %s", rd_kafka_event_error_string(event));
}

void kafka_ticker_serve(struct kafka_ticker *t) {
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(t->rk);
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(queue, 0))) {
        look_at(t, event);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
}

const char *kafka_ticker_failure(const struct kafka_ticker *t) {
    return *t->failure ? t->failure : NULL;
}

void kafka_ticker_free(struct kafka_ticker *t) {
    if (!t)
        return;
    rd_kafka_purge(t->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    kafka_ticker_serve(t);
    rd_kafka_destroy(t->rk);
    free(t);
}
