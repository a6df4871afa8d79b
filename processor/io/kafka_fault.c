#include "io/kafka_fault.h"

#include <stdio.h>

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
