/* Hierarchical timing wheel on the time of a task: O(1) to arm, exact order of expiry. After
 * Varghese & Lauck 1987, but slots hold notes of who is due when, side by side, and not the timers
 * themselves: to arm one, to put it off and to let time pass touches no other one's memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instants that a node can hold: 48 bits, from the year 2490 before to 6429 after our era. What
 * lies beyond stands at the edge. */
#define WHEEL_EARLIEST (-(INT64_C(1) << 47))
#define WHEEL_LATEST ((INT64_C(1) << 47) - 1)

/* In the caller's record, zeroed before the first arm and disarmed before the record goes. Both are
 * ms since WHEEL_EARLIEST, and one more; 0: none. */
struct wheel_node {
    uint64_t due;
    uint64_t noted; /* for when there is a note of it; a note of another instant is void */
};

static inline bool wheel_node_is_armed(const struct wheel_node *node) {
    return node->due != 0;
}
/* Epoch ms; while it is armed. */
static inline int64_t wheel_node_due_at(const struct wheel_node *node) {
    return (int64_t)(node->due - 1) + WHEEL_EARLIEST;
}

/* The node of a handle: nodes may lie inside the caller's own records. The memory of one that is
 * gone must still be there, with the node as disarming left it or another one's. */
typedef struct wheel_node *wheel_node_fn(void *context, uint32_t handle);

/* These are due within the next 64 ms, or notes of them are void. */
typedef void wheel_near_fn(void *context, const uint32_t *handles, size_t count);

struct wheel; /* opaque */

/* `near` may be NULL; else it is called, before they are taken, with those that soon will be, but
 * for a few. */
struct wheel *wheel_new(wheel_node_fn *node, wheel_near_fn *near, void *context);
void wheel_free(struct wheel *w);

/* Sets the node's instant, whether it had one or not. One that has passed is due at once. */
void wheel_arm(struct wheel *w, uint32_t handle, int64_t due_at);
void wheel_disarm(struct wheel *w, uint32_t handle); /* no effect when not armed */

/* Nothing is due before this instant; INT64_MAX when nothing is armed. Exact unless something that
 * was armed was moved or disarmed. May be called often. */
int64_t wheel_next_due(struct wheel *w);

/* Takes all of the earliest instant <= at, disarmed: returns how many, sets *due_at, and *handles,
 * valid until the next call. Their order depends on history: where that matters the caller sorts
 * them. 0: nothing was left, and time is `at` from here on. */
size_t wheel_take_instant(struct wheel *w, int64_t at, int64_t *due_at, uint32_t **handles);

size_t wheel_armed(const struct wheel *w);
/* With those that are void, or stand twice: no more than twice as many, and 4096. */
size_t wheel_notes(const struct wheel *w);
