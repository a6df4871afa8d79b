/* Sends one record and waits until the brokers have it: for what a person says. */
#pragma once

#include "io/kafka_conf.h"

/* `topic` is the full name; by its key the record goes where any producer's would. False with a
 * reason when it was not taken within ten seconds: then it is not there, or nobody knows. */
MUST_USE bool kafka_sender_send(const struct kafka_options *o, const char *topic, struct slice key,
                                struct slice value, struct err *err);
