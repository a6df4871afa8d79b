/* One process's connection to the simulated Redis, as a view_port: ready, busy until the answer is
 * there, down until it has connected again. What is on its way outlives the process. */
#pragma once

#include "engine/ports.h"
#include "sim_redis.h"

/* Updates that were sent and have not come to the server in full: those of one connection in
 * order. On a slow way they come in two parts, between which others' may. */
struct sim_update {
    int64_t arrives_at, offset;
    int64_t gap_ms; /* between the parts; 0: it comes at once */
    uint64_t session;
    struct wire_command *commands; /* owned, with all that they point to */
    size_t count, done;
    struct sim_view *from; /* NULL: its process is gone */
};

struct sim_wire {
    struct sim_redis *redis;
    struct sim_update *updates;
    size_t count, capacity;
};

struct sim_view {
    struct sim_wire *wire;
    int64_t now_at;
    bool connected, lost;
    uint64_t generation; /* of the server that it is connected to */
    uint64_t session;
    int64_t busy_since; /* INSTANT_NONE: ready */
    size_t under_way;
};

void sim_wire_deinit(struct sim_wire *w);
/* Whatever has arrived by now is run. */
void sim_wire_step(struct sim_wire *w, int64_t now_at);

void sim_view_init(struct sim_view *v, struct sim_wire *wire, int64_t now_at);
/* The process is gone; what it sent may still arrive. */
void sim_view_deinit(struct sim_view *v);
void sim_view_step(struct sim_view *v, int64_t now_at); /* connects again, gives up waiting */
struct view_port sim_view_port(struct sim_view *v);
