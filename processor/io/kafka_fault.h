/* What an error of the Kafka client means for this process, in words that a person understands. */
#pragma once

#include "io/kafka_conf.h"

/* Errors by which brokers and client refuse a process whose place was taken. X(code, cause) */
#define KAFKA_FAULT_FENCES(X)                                                                      \
    X(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, KAFKA_FAULT_TAKEN)                                     \
    X(RD_KAFKA_RESP_ERR_PRODUCER_FENCED, KAFKA_FAULT_TAKEN_OR_HUNG)                                \
    X(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, KAFKA_FAULT_TAKEN_OR_HUNG)                         \
    X(RD_KAFKA_RESP_ERR__FENCED, KAFKA_FAULT_TAKEN_OR_HUNG)

#define KAFKA_FAULT_TAKEN "another process of the same instance name took over"
/* The brokers fence a producer whose transaction timed out just as one that was replaced. */
#define KAFKA_FAULT_TAKEN_OR_HUNG                                                                  \
    KAFKA_FAULT_TAKEN ", or this one hung for longer than a transaction may last"

/* Why the code means that this process is fenced; NULL: it does not. */
const char *kafka_fault_fence(rd_kafka_resp_err_t code);

/* Writes the reason for ending: `said`, and before it the cause if `code` is a fence, or if the
 * client was fenced before (its fatal error; `rk` may be NULL), since what fails after that is a
 * consequence. True: fenced. */
bool kafka_fault_tell(rd_kafka_t *rk, rd_kafka_resp_err_t code, const char *said, char *text,
                      size_t room);

/* Whether a broker refused the login; the reason names brokers, user and what to look at. Reads the
 * events that wait on the client's main queue (which RD_KAFKA_EVENT_ERROR puts there): a client
 * tries again for ever, and whatever it is asked for times out. */
bool kafka_fault_login(rd_kafka_t *rk, const struct kafka_options *o, struct err *err);
