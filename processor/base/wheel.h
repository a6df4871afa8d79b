/* Hierarchical timing wheel on the time of a task: O(1) arm and disarm, exact order of expiry.
 * Varghese & Lauck 1987. Nodes live in the caller's records and are named by handle. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_NONE UINT32_MAX

/* The caller sets slot to WHEEL_NONE before the first arm. */
struct wheel_node {
    int64_t due_at; /* epoch ms */
    uint32_t prev;  /* handles in the same slot, or WHEEL_NONE */
    uint32_t next;
    uint32_t slot; /* WHEEL_NONE: not armed */
};

/* The node of a handle: nodes may lie inside the caller's own records. */
typedef struct wheel_node *wheel_node_fn(void *context, uint32_t handle);

struct wheel; /* opaque */

struct wheel *wheel_new(wheel_node_fn *node, void *context);
void wheel_free(struct wheel *w);

/* The time up to which everything has been taken: the latest `at` for which nothing was left, and
 * INT64_MIN before that. Taking from an empty wheel sets its time, which is cheaper than letting
 * it find out after a million arms. */
int64_t wheel_now(const struct wheel *w);

/* The node must be disarmed (slot == WHEEL_NONE). A due_at that has passed is due at once. */
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
