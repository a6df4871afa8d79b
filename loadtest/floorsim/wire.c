#include "wire.h"

#include <stdio.h>
#include <string.h>

static bool fail(const char *what, const char *why) {
    fprintf(stderr, "floorsim: %s: %s\n", what, why);
    return false;
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *context) {
    struct wire *wire = context;

    (void)producer;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        wire->delivered++;
        return;
    }
    if (wire->failed++ == 0)
        fail("not delivered", rd_kafka_err2str(message->err));
}

static bool configure(rd_kafka_conf_t *conf, const struct options *options) {
    const char *const settings[][2] = {
        {"bootstrap.servers", options->brokers},
        {"client.id", "floorsim"},
        {"compression.codec", "lz4"},
        {"linger.ms", options->live ? "5" : "20"},
        {"batch.size", "1000000"},
        {"batch.num.messages", "10000"},
        {"queue.buffering.max.messages", "500000"},
        {"queue.buffering.max.kbytes", "262144"},
        {"enable.idempotence", "true"},
        {"partitioner", "murmur2_random"},
        {"message.max.bytes", "8000000"},
    };
    char why[256];

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof(why)) !=
            RD_KAFKA_CONF_OK)
            return fail(settings[i][0], why);
    return true;
}

static bool created(rd_kafka_queue_t *queue, const char *name) {
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 30000);
    const rd_kafka_topic_result_t **results;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__TIMED_OUT;
    size_t count;

    if (event != NULL) {
        error = rd_kafka_event_error(event);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event),
                                                          &count);
            error = rd_kafka_topic_result_error(results[0]);
        }
        rd_kafka_event_destroy(event);
    }
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        error = RD_KAFKA_RESP_ERR_NO_ERROR;
    return error == RD_KAFKA_RESP_ERR_NO_ERROR || fail(name, rd_kafka_err2str(error));
}

static bool create_topic(struct wire *wire, const struct options *options) {
    char why[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(wire->producer);
    rd_kafka_AdminOptions_t *admin = rd_kafka_AdminOptions_new(wire->producer,
                                                               RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(wire->name, (int)options->partitions, 1, why,
                                                       sizeof(why));
    bool good;

    if (options->live) {
        rd_kafka_NewTopic_set_config(topic, "message.timestamp.type", "LogAppendTime");
    } else {
        rd_kafka_NewTopic_set_config(topic, "message.timestamp.type", "CreateTime");
        rd_kafka_NewTopic_set_config(topic, "retention.ms", "-1");
    }
    rd_kafka_AdminOptions_set_request_timeout(admin, 20000, why, sizeof(why));
    rd_kafka_CreateTopics(wire->producer, &topic, 1, admin, queue);
    good = created(queue, wire->name);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_AdminOptions_destroy(admin);
    rd_kafka_queue_destroy(queue);
    return good;
}

bool wire_init(struct wire *wire, const struct options *options) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    memset(wire, 0, sizeof(*wire));
    snprintf(wire->name, sizeof(wire->name), "%sinteractions", options->topic_prefix);
    rd_kafka_conf_set_opaque(conf, wire);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    if (!configure(conf, options))
        return false;
    wire->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    if (wire->producer == NULL)
        return fail("producer", why);
    if (!create_topic(wire, options))
        return false;
    wire->topic = rd_kafka_topic_new(wire->producer, wire->name, NULL);
    return wire->topic != NULL || fail(wire->name, "no such topic handle");
}

bool wire_deinit(struct wire *wire) {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;

    if (wire->producer == NULL)
        return true;
    if (wire->topic != NULL) {
        error = rd_kafka_flush(wire->producer, 60000);
        rd_kafka_topic_destroy(wire->topic);
    }
    rd_kafka_destroy(wire->producer);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fail("the last events", rd_kafka_err2str(error));
    return wire->failed == 0;
}

void wire_send(struct wire *wire, const char *key, size_t key_length, const void *value,
               size_t value_length, int64_t at) {
    rd_kafka_resp_err_t error;

    for (;;) {
        rd_kafka_vu_t fields[] = {
            {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = wire->topic},
            {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
            {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)key, key_length}},
            {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)value, value_length}},
            {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = at},
        };
        rd_kafka_error_t *failure = rd_kafka_produceva(wire->producer, fields,
                                                       sizeof(fields) / sizeof(fields[0]));

        error = rd_kafka_error_code(failure);
        rd_kafka_error_destroy(failure);
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            break;
        rd_kafka_poll(wire->producer, 100);
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && wire->failed++ == 0)
        fail("not sent", rd_kafka_err2str(error));
}

void wire_poll(struct wire *wire, int wait_ms) {
    rd_kafka_poll(wire->producer, wait_ms);
}
