/* The compacted topic GROUP.contracts: read as a whole, and written before anything names it. */
#pragma once

#include <uv.h>

#include "io/kafka_conf.h"

struct kafka_contract_record {
    struct slice key, value; /* owned by the list */
};

struct kafka_contract_list {
    struct kafka_contract_record *records; /* owned */
    size_t count;
};

/* Copies both. */
void kafka_contracts_add(struct kafka_contract_list *l, struct slice key, struct slice value);
void kafka_contracts_free(struct kafka_contract_list *l);

/* Everything that the topic holds, in the order of the log; what stands later counts. Blocks for
 * seconds at most. */
MUST_USE bool kafka_contracts_read(const struct kafka_options *o, struct kafka_contract_list *l,
                                   struct err *err);

/* Appends the records in their order and waits until all replicas have them. */
MUST_USE bool kafka_contracts_write(const struct kafka_options *o,
                                    const struct kafka_contract_list *l, struct err *err);

/* The same off the loop: takes the list over; `done` follows on the loop's thread, `reason` NULL
 * when all is written. */
typedef void kafka_contracts_fn(void *context, const char *reason);
void kafka_contracts_write_start(const struct kafka_options *o, struct kafka_contract_list *l,
                                 uv_loop_t *loop, kafka_contracts_fn *done, void *context);
