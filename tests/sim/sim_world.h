/* One history: a world made from a seed, its load and its faults, run until it has settled, and
 * judged. */
#pragma once

#include "sim_faults.h"
#include "sim_load.h"
#include "sim_process.h"

#define SIM_GHOSTS_MAX 4 /* processes that hang while another one has their name */

/* What a history consists of. Drawn whole from the seed; shrinking leaves parts out. */
struct sim_history {
    struct sim_settings settings;
    bool calls[SIM_CALLS_MAX];
    struct sim_fault faults[SIM_FAULTS_MAX];
    size_t fault_count;
};

struct sim_world {
    const struct sim_history *history;
    struct sim_contracts contracts;
    struct sim_load load;
    size_t sent, faults_done;
    int64_t now_at;
    struct sim_world_parts parts;
    struct sim_process *processes[SIM_PROCESSES_MAX]; /* NULL: down */
    struct sim_process *ghosts[SIM_GHOSTS_MAX];
    int64_t start_at[SIM_PROCESSES_MAX]; /* when the supervisor starts one that is down */
    int64_t skew_ms[SIM_PROCESSES_MAX];
    int64_t hidden_until[SIM_LOG_COUNT];
    int64_t redis_until, slow_until, registry_until, skew_until[SIM_PROCESSES_MAX];
    int64_t rewind_at;  /* INSTANT_MAX: none waits */
    int64_t held_until; /* a site's transaction */
    bool held_is_junk;  /* and will be committed */
    bool has_gap;       /* records were lost: only what is told can be judged, not what happened */
    uint64_t junk_count;
    uint64_t deaths, deaths_in_calm;
    char last_death[200];
    bool calm;                 /* faults have stopped */
    void (*say)(const char *); /* NULL: silent */
    char violation[600];       /* empty: none */
};

/* A summary of many histories: that they did what they were for. */
struct sim_sums {
    uint64_t histories, deaths, retries, refused, snapshots_found, alerts, events, records;
};

void sim_history_draw(struct sim_history *h, uint64_t seed, enum sim_guard without);

/* Runs a history; false with the reason in `violation` (of `room` bytes). */
bool sim_world_run(const struct sim_history *h, void (*say)(const char *), struct sim_sums *sums,
                   char *violation, size_t room);

/* Notes the first violation only. */
void sim_world_violation(struct sim_world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* sim_trouble.c */
void sim_trouble_step(struct sim_world *w); /* the faults that are due, and those that end */
void sim_trouble_end(struct sim_world *w);  /* all of them, for good */
