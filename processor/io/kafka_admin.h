/* Topics before the start: missing ones are made, wrong ones are refused with their remedy. */
#pragma once

#include "io/kafka_conf.h"

/* Blocks until the brokers answer; says so once a second while they do not. Creates what is
 * missing, checks what is there, and tells how many partitions each input has. `stop` is looked at
 * between tries: true gives up. */
MUST_USE bool kafka_admin_prepare(const struct kafka_options *o, const volatile bool *stop,
                                  int32_t partitions[INPUT_COUNT], struct err *err);
