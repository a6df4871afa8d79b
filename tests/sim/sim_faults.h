/* What befalls a history's world, and when: drawn from the seed as a list, so that a list that
 * fails can be made shorter. */
#pragma once

#include "base/buf.h"
#include "sim_settings.h"

#define SIM_FAULTS_MAX 48

/* X(symbol, weight, meaning). `who` is a process or a partition, `ms` how long or how far. */
#define SIM_FAULTS(X)                                                                              \
    X(KILL, 6, "process %d is killed")                                                             \
    X(PAUSE, 4, "process %d hangs")                                                                \
    X(TWIN, 2, "process %d hangs, and another one starts under its name")                          \
    X(STOP, 3, "process %d is stopped, and started again")                                         \
    X(SHUFFLE, 6, "the group deals partitions anew (%d)")                                          \
    X(COMMIT_DONE, 3, "process %d does not learn that its commit was done")                        \
    X(COMMIT_LOST, 3, "process %d does not learn that its commit was not done")                    \
    X(COMMIT_SLOW, 4, "process %d's next commit is slow")                                          \
    X(HIDE_INPUT, 3, "interactions-%d: a follower hangs, records are not readable")                \
    X(HIDE_LOG, 3, "tenant-log-%d: a follower hangs, records are not readable")                    \
    X(CLOCK, 3, "interactions-%d: its leader's clock is stepped")                                  \
    X(SKEW, 2, "process %d: its host's clock is wrong")                                            \
    X(REDIS_DOWN, 2, "Redis is down (%d)")                                                         \
    X(REDIS_SLOW, 2, "Redis is slow (%d)")                                                         \
    X(REDIS_WIPE, 2, "Redis is wiped (%d)")                                                        \
    X(REDIS_REWIND, 2, "Redis comes back with what it knew (%d)")                                  \
    X(REGISTRY_DOWN, 1, "the registry is down (%d)")                                               \
    X(TEAR, 3, "a chunk of a snapshot is torn (%d)")                                               \
    X(LOSE, 2, "a chunk of a snapshot is lost (%d)")                                               \
    X(COMPACT, 2, "the state topic is compacted (%d)")                                             \
    X(JUNK, 4, "a record that is none of ours (%d)")

#define SIM_FAULT_ENUM(symbol, weight, meaning) SIM_FAULT_##symbol,
enum sim_fault_kind { SIM_FAULTS(SIM_FAULT_ENUM) SIM_FAULT_KINDS };

struct sim_fault {
    int64_t at; /* after the start */
    enum sim_fault_kind kind;
    int who;
    int64_t ms;
};

/* Fills at most SIM_FAULTS_MAX, in the order of time; returns how many. */
size_t sim_faults_draw(const struct sim_settings *settings, struct sim_fault *faults);
void sim_faults_describe(const struct sim_fault *f, struct buf *text);
