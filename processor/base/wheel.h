/* Hierarchical timing wheel on the time of a task: O(1) arm and disarm, exact order of expiry.
 * Varghese & Lauck 1987. Nodes live in the caller's records and are named by handle. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_NONE UINT32_MAX

/* Instants that a node can hold: 48 bits, from the year 2490 before to 6429 after our era. What
 * lies beyond stands at the edge. */
#define WHEEL_EARLIEST (-(INT64_C(1) << 47))
#define WHEEL_LATEST ((INT64_C(1) << 47) - 1)

/* Zeroed before the first arm. Small, because everything that waits has one. */
struct wheel_node {
    uint64_t due_and_place; /* due_at, and where it stands in the low 16 bits; 0 there: disarmed */
    uint32_t prev;          /* handles in the same slot, or WHEEL_NONE */
    uint32_t next;
};

static inline bool wheel_node_is_armed(const struct wheel_node *node) {
    return (node->due_and_place & UINT16_MAX) != 0;
}
/* Epoch ms; while it is armed. */
static inline int64_t wheel_node_due_at(const struct wheel_node *node) {
    return (int64_t)(node->due_and_place & ~(uint64_t)UINT16_MAX) / (1 << 16);
}

/* The node of a handle: nodes may lie inside the caller's own records. */
typedef struct wheel_node *wheel_node_fn(void *context, uint32_t handle);

struct wheel; /* opaque */

struct wheel *wheel_new(wheel_node_fn *node, void *context);
void wheel_free(struct wheel *w);

/* The time up to which everything has been taken: the latest `at` for which nothing was left, and
 * INT64_MIN before that. Taking from an empty wheel sets its time, which is cheaper than letting
 * it find out after a million arms. */
int64_t wheel_now(const struct wheel *w);

/* The node must be disarmed. A due_at that has passed is due at once. */
void wheel_arm(struct wheel *w, uint32_t handle, int64_t due_at);
void wheel_disarm(struct wheel *w, uint32_t handle); /* no effect when not armed */

/* The earliest due_at, or INT64_MAX. May be called often. */
int64_t wheel_next_due(const struct wheel *w);

/* Takes one handle whose due_at <= at, earliest first, disarmed; WHEEL_NONE when there is none.
 * Among those due at the same instant the order depends on history: where that matters, see
 * wheel_take_instant. */
uint32_t wheel_take(struct wheel *w, int64_t at);

/* Takes all handles of the earliest instant <= at (disarmed) into handles[], at most `room`;
 * returns how many and sets *due_at. More of the same instant may follow in the next call. The
 * caller orders them by a key that does not depend on history. */
size_t wheel_take_instant(struct wheel *w, int64_t at, int64_t *due_at, uint32_t *handles,
                          size_t room);
size_t wheel_armed(const struct wheel *w);
