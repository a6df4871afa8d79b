/* What befalls a history's world, and when: drawn from the seed as a list, so that a list that
 * fails can be made shorter. */
#pragma once

#include "base/buf.h"
#include "sim_settings.h"

#define SIM_FAULTS_MAX 48

/* X(symbol, weight, gentle, meaning). `who` is a process or a partition, `ms` how long or how far.
 * What is gentle ends no process. */
#define SIM_FAULTS(X)                                                                              \
    X(KILL, 6, false, "process %d is killed")                                                      \
    X(PAUSE, 4, false, "process %d hangs")                                                         \
    X(TWIN, 2, false, "process %d hangs, and another one starts under its name")                   \
    X(STOP, 3, true, "process %d is stopped, and started again")                                   \
    X(SHUFFLE, 6, true, "the group deals partitions anew (%d)")                                    \
    X(COMMIT_DONE, 3, false, "process %d does not learn that its commit was done")                 \
    X(COMMIT_LOST, 3, false, "process %d does not learn that its commit was not done")             \
    X(COMMIT_SLOW, 4, false, "process %d's next commit is slow")                                   \
    X(HIDE_INPUT, 3, true, "interactions-%d: a follower hangs, records are not readable")          \
    X(HIDE_LOG, 3, false, "tenant-log-%d: a follower hangs, records are not readable")             \
    X(HOLD, 3, true, "interactions-%d: a site's transaction stays open")                           \
    X(CLOCK, 3, true, "interactions-%d: its leader's clock is stepped")                            \
    X(SKEW, 2, true, "process %d: its host's clock is wrong")                                      \
    X(REDIS_DOWN, 2, true, "Redis is down (%d)")                                                   \
    X(REDIS_SLOW, 2, true, "Redis is slow (%d)")                                                   \
    X(REDIS_WIPE, 2, true, "Redis is wiped (%d)")                                                  \
    X(REDIS_REWIND, 2, true, "Redis comes back with what it knew (%d)")                            \
    X(REGISTRY_DOWN, 1, true, "the registry is down (%d)")                                         \
    X(TEAR, 3, true, "a chunk of a snapshot is torn (%d)")                                         \
    X(LOSE, 2, true, "a chunk of a snapshot is lost (%d)")                                         \
    X(COMPACT, 2, true, "the state topic is compacted (%d)")                                       \
    X(RETENTION, 3, false, "interactions-%d: its oldest records expire")                           \
    X(CONTRACTS, 3, true, "contracts are published, process %d reloads")                           \
    X(JUNK, 4, true, "a record that is none of ours (%d)")

#define SIM_FAULT_ENUM(symbol, weight, gentle, meaning) SIM_FAULT_##symbol,
enum sim_fault_kind { SIM_FAULTS(SIM_FAULT_ENUM) SIM_FAULT_KINDS };

struct sim_fault {
    int64_t at; /* after the start */
    enum sim_fault_kind kind;
    int who;
    int64_t ms;
    int number; /* in the list as drawn */
};

/* Fills at most SIM_FAULTS_MAX, in the order of time; returns how many. */
size_t sim_faults_draw(const struct sim_settings *settings, struct sim_fault *faults);
bool sim_faults_are_gentle(enum sim_fault_kind kind);
void sim_faults_describe(const struct sim_fault *f, struct buf *text);
