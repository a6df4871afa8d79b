#include "io/kafka_fault.h"

#include <stdio.h>
#include <string.h>

const char *kafka_fault_fence(rd_kafka_resp_err_t code) {
#define FENCE(fence, cause)                                                                        \
    if (code == (fence))                                                                           \
        return cause;
    KAFKA_FAULT_FENCES(FENCE)
#undef FENCE
    return NULL;
}

bool kafka_fault_tell(rd_kafka_t *rk, rd_kafka_resp_err_t code, const char *said, char *text,
                      size_t room) {
    char fatal[300] = "";
    const char *cause = kafka_fault_fence(code);
    if (!cause && rk)
        cause = kafka_fault_fence(rd_kafka_fatal_error(rk, fatal, sizeof fatal));
    if (cause)
        snprintf(text, room, "%s; this older one goes (%s)", cause, said);
    else
        snprintf(text, room, "%s", said);
    return cause;
}

/* The last one wins, as with librdkafka. */
static const char *user_of(const struct kafka_options *o) {
    const char *user = "";
    for (size_t i = 0; i < o->property_count; i++)
        if (strcmp(o->properties[i].name, "sasl.username") == 0)
            user = o->properties[i].value;
    return user;
}

bool kafka_fault_login(rd_kafka_t *rk, const struct kafka_options *o, struct err *err) {
    rd_kafka_event_t *event;
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(rk);
    bool refused = false;
    while ((event = rd_kafka_queue_poll(queue, 0))) {
        if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
            err_set(
                err,
                "the Kafka brokers at %s refused the login of user \"%s\": check sasl.username, "
                "sasl.password and sasl.mechanism in kafka.properties (%s)",
                o->brokers, user_of(o), rd_kafka_event_error_string(event));
            refused = true;
        }
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    return refused;
}
