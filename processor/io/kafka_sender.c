#include "io/kafka_sender.h"

#define SEND_TIMEOUT_MS 10000

struct delivery {
    bool done;
    rd_kafka_resp_err_t fault;
};

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
    (void)rk;
    struct delivery *d = opaque;
    *d = (struct delivery){true, m->err};
}

static rd_kafka_t *producer_new(const struct kafka_options *o, struct delivery *d,
                                struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new(o, "sender", err);
    if (!conf)
        return NULL;
    char timeout[16], reason[256];
    snprintf(timeout, sizeof timeout, "%d", SEND_TIMEOUT_MS);
    kafka_conf_set(conf, "enable.idempotence", "true");
    kafka_conf_set(conf, "acks", "all");
    kafka_conf_set(conf, "linger.ms", "0");
    kafka_conf_set(conf, "partitioner", "murmur2_random");
    kafka_conf_set(conf, "message.timeout.ms", timeout);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_conf_set_opaque(conf, d);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        err_set(err, "kafka producer: %s", reason);
    }
    return rk;
}

bool kafka_sender_send(const struct kafka_options *o, const char *topic, struct slice key,
                       struct slice value, struct err *err) {
    struct delivery d = {0};
    rd_kafka_t *rk = producer_new(o, &d, err);
    if (!rk)
        return false;
    rd_kafka_resp_err_t fault = rd_kafka_producev(
        rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY((void *)(uintptr_t)key.at, key.size),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)value.at, value.size),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (!fault) {
        (void)rd_kafka_flush(rk, SEND_TIMEOUT_MS + 1000);
        fault = d.done ? d.fault : RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    rd_kafka_destroy(rk);
    return !fault || err_set(err, "the brokers did not take a record for %s: %s", topic,
                             rd_kafka_err2str(fault));
}
