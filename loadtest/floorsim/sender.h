/* Between the floor and the wire: events become records and meet what happens to real feeds. They
 * are sent twice, late, out of order, by a clock that is off, after an outage; and some are bad. */
#ifndef FLOORSIM_SENDER_H
#define FLOORSIM_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "heap.h"
#include "id.h"
#include "rng.h"
#include "schema.h"
#include "wire.h"
#include "world.h"

#define SENDER_BAD(X)                                                                              \
    X(GARBAGE, "garbage")                                                                          \
    X(UNKNOWN_SCHEMA, "unknown_schema")                                                            \
    X(TRUNCATED, "truncated")                                                                      \
    X(NO_ID, "no_id")                                                                              \
    X(WRONG_KEY, "wrong_key")                                                                      \
    X(NEGATIVE, "negative")                                                                        \
    X(TOO_LATE, "too_late")                                                                        \
    X(FUTURE, "future")

#define SENDER_BAD_MEMBER(name, text) BAD_##name,
enum sender_bad { SENDER_BAD(SENDER_BAD_MEMBER) BAD_COUNT };

/* A record that waits for its time. */
struct parcel {
    uint16_t key_length;
    uint16_t value_length;
    uint8_t bytes[];
};

struct sender {
    const struct options *options;
    const struct world *world;
    const struct id_maker *ids;
    const struct schema *schema;
    struct wire *wire; /* NULL: events are printed */
    struct rng rng;    /* its own, so that noise does not change what happens */
    struct heap waiting;
    struct parcel **parcels; /* by heap_item.ref */
    uint32_t *unused;
    uint32_t unused_count;
    uint32_t capacity;
    bool noisy; /* something may wait or be repeated */
    uint64_t sent;
    uint64_t bad_sent;
    uint64_t bad[BAD_COUNT];
};

void sender_init(struct sender *sender, const struct world *world, const struct id_maker *ids,
                 const struct schema *schema, struct wire *wire);

void sender_deinit(struct sender *sender);

/* An event_sink: takes what happened at a site. */
unsigned sender_take(void *context, const struct event *event);

/* When the next waiting record is due; INT64_MAX when none is. */
int64_t sender_next_at(const struct sender *sender);

/* Sends every waiting record that is due at this instant or before. */
void sender_release(struct sender *sender, int64_t now_at);

/* Bad records by kind, as a JSON object. */
void sender_bad_json(const struct sender *sender, char *out, size_t size);

#endif
