/* The simulated group coordinator: static members, generations, cooperative hand-over: a partition
 * goes to its next owner only when the last one has given it up or was put out. */
#pragma once

#include "sim_broker.h"

#define SIM_NOBODY (-1)

struct sim_member {
    bool in;
    uint64_t session; /* of the process that holds the place; an older one is fenced */
    int64_t heard_at;
};

struct sim_group {
    uint64_t seed;
    int64_t session_timeout_ms;
    int32_t partitions[INPUT_COUNT];
    int32_t generation;
    uint64_t sessions, plans; /* counted */
    struct sim_member members[SIM_PROCESSES_MAX];
    int owner[INPUT_COUNT][SIM_PARTITIONS_MAX];  /* SIM_NOBODY: free */
    int target[INPUT_COUNT][SIM_PARTITIONS_MAX]; /* who is to have it */
};

void sim_group_init(struct sim_group *g, uint64_t seed, const int32_t partitions[INPUT_COUNT],
                    int64_t session_timeout_ms);

/* A process comes under its instance's name; returns its session. What the name owned before is
 * still its own. */
uint64_t sim_group_join(struct sim_group *g, int member, int64_t now_at);
/* False: this session is not the member any more. */
bool sim_group_hear(struct sim_group *g, int member, uint64_t session, int64_t now_at);
bool sim_group_is_member(const struct sim_group *g, int member, uint64_t session);
/* Puts out who was silent for too long. */
void sim_group_expire(struct sim_group *g, int64_t now_at);
/* Deals anew: some partitions are to move. */
void sim_group_shuffle(struct sim_group *g);
/* The owner gave the partition up; whoever is to have it may take it. */
void sim_group_release(struct sim_group *g, enum engine_input input, int32_t partition);
