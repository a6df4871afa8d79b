/* The agents and the waiting line of one queue. */
#ifndef FLOORSIM_DESK_H
#define FLOORSIM_DESK_H

#include <stdbool.h>
#include <stdint.h>

enum { NOBODY = UINT32_MAX };

struct desk {
    uint32_t first; /* waiting, by place in the pool of contacts */
    uint32_t last;
    uint32_t waiting;
    uint32_t busy;
    uint32_t on_duty;
    uint32_t issued; /* agent numbers given out so far */
    uint32_t *idle;  /* numbers that can be given out again */
    uint32_t idle_count;
    uint32_t idle_capacity;
};

void desk_init(struct desk *desk);

void desk_deinit(struct desk *desk);

/* Seats an agent and returns its number, from 1. The caller has seen that one is free. */
uint32_t desk_seat(struct desk *desk);

void desk_release(struct desk *desk, uint32_t agent);

#endif
