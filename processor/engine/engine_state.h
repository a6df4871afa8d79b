/* The engine's inside, shared by its files and by nobody else. */
#pragma once

#include "base/timing.h"
#include "codec/records.h"
#include "codec/report_codec.h"
#include "codec/view.h"
#include "engine/engine.h"
#include "engine/memory_plan.h"
#include "engine/partition.h"

/* X(name, meaning): counted since the start, shown on /metrics as floorwalker_NAME_total. */
#define ENGINE_COUNTS(X)                                                                           \
    X(records, "records read from the inputs")                                                     \
    X(replayed, "records applied in silence while catching up")                                    \
    X(ticks_written, "ticks written into quiet partitions")                                        \
    X(ticks_read, "ticks read back")                                                               \
    X(other_records, "records of types that nothing is made of yet")                               \
    X(epochs, "epochs committed")                                                                  \
    X(reports, "tenant-log records written")                                                       \
    X(reports_refused, "tenant-log records that could not be read")                                \
    X(rows_left_out, "journeys and legs that cannot be, left out of tenant-log records")           \
    X(full_epochs, "times reading stopped because the open epoch was full")                        \
    X(held_schema, "times a partition waited for a schema")                                        \
    X(held_future, "times a partition waited because a record was ahead of the wall clock")        \
    X(held_ahead, "times a partition waited for one that is further behind")                       \
    X(held_memory, "times a partition waited for memory")                                          \
    X(memory_pressed, "times memory came near limits.memory: only the furthest behind is read")    \
    X(memory_full, "times memory came so near that no input was read")                             \
    X(memory_held_ms, "milliseconds in which reading was held back because of memory")             \
    X(view_updates, "updates sent to the view")                                                    \
    X(view_parts, "updates that left scopes to the next one, because of memory")                   \
    X(view_left_out, "writes of open alerts left out because an update was too large")             \
    X(view_skipped, "times the view was not ready for an update")                                  \
    X(kpis, "figures published")                                                                   \
    X(snapshots, "snapshots taken")                                                                \
    X(snapshot_bytes, "bytes of snapshots, compressed")                                            \
    X(snapshots_loaded, "tasks that began with a snapshot")                                        \
    X(contract_changes, "changes of contracts applied to tasks")                                   \
    X(data_gaps, "times a task went on without records that were lost")

#define ENGINE_COUNT_FIELD(name, meaning) uint64_t name;
struct engine_counts {
    ENGINE_COUNTS(ENGINE_COUNT_FIELD)
    uint64_t alerts[ALERT_KIND_COUNT][TRANSITION_COUNT];
    uint64_t dead_letters[DEAD_REASON_COUNT];
};

/* Limits of one epoch, besides those of memory: beyond them nothing is read until it is cut. */
#define EPOCH_RECORDS_MAX ((size_t)200000)
#define EPOCH_SPAN_MAX_MS (6 * HOUR_MS) /* of log time: bounds the steps that one report causes */

/* While there is always more to read and all of it is so old, nobody waits for an alert: epochs are
 * longer, so that they cost less. What was recent is judged when its report has been read back, an
 * epoch later: that one is short, too. */
#define BACKLOG_AFTER_MS (5 * SECOND_MS)
#define NEAR_MS SECOND_MS    /* so long something recent counts after it was read */
#define BACKLOG_EPOCHS 5     /* as many in one */
#define BACKLOG_EPOCH_MS 500 /* but no longer than this */

#define IDLE_AFTER_MS 500                  /* without a record, before /progress says idle */
#define SCHEMA_MISSING_MS (30 * SECOND_MS) /* an id that the registry does not know */
#define TURN_RECORDS_MAX ((size_t)1024)    /* of one partition in one turn */

/* How near memory is to its limit. X(symbol, name, meaning) */
#define MEMORY_LEVELS(X)                                                                           \
    X(FREE, "free", "everything is read")                                                          \
    X(PRESSED, "pressed", "only the source that is furthest behind is read, and the tenant log")   \
    X(FULL, "full", "only the tenant log is read")

#define MEMORY_LEVEL_ENUM(symbol, name, meaning) MEMORY_##symbol,
enum memory_level { MEMORY_LEVELS(MEMORY_LEVEL_ENUM) MEMORY_LEVEL_COUNT };

struct engine_memory {
    enum memory_level level;
    size_t held;           /* by the process, at the last look */
    int64_t looked_at;     /* wall times */
    int64_t since_at;      /* when the level was last free */
    int64_t given_back_at; /* when free memory was last given back to the system */
    int64_t said_at;
};

/* A set of contracts, and the scopes that are known under it. */
struct rulebook {
    char name[MANIFEST_HASH + 1]; /* of its manifest; "": none */
    const struct contract_set *set;
    struct leaf_dict *leaves; /* owned */
};

struct engine {
    struct engine_options options;
    struct memory_plan plan;
    struct engine_memory memory;
    struct rulebook *rules; /* in force: of every task that is live */
    struct rulebook *next;  /* to be in force after the next cut; NULL: no change */
    struct rulebook **books;
    size_t book_count;
    struct decoder *decoder;         /* of interactions */
    struct decoder *tenants_decoder; /* of tenants */
    struct partition **partitions;
    size_t partition_count, partition_capacity;
    int64_t wall_at;
    bool draining;
    bool stopping;    /* a last snapshot of every task, then the end */
    int64_t busy_at;  /* wall time when a record other than a tick was last read */
    bool finished;    /* until-end: the sources were told */
    bool final_begun; /* until-end: the view gets the last state */
    bool final_shown; /* and has it */
    bool failed;
    char failure[512];

    struct epoch *open;   /* is being filled */
    struct epoch *flying; /* with the port; NULL: none */
    struct epoch *spare;
    uint64_t epoch_number;
    int64_t cut_at;  /* wall time of the last cut */
    bool read_out;   /* since then all was read that there was */
    int64_t near_at; /* wall time when something recent was last read; INSTANT_NONE: never */
    bool full_noted;

    struct delta_table *deltas; /* of the open epoch */
    struct report_writer *writer;
    struct report_reader *reader;
    struct outbox live;
    struct outbox silent;
    struct delta_table *silent_deltas;

    struct partition *taking;                     /* whose records are being taken */
    struct event ahead[INTERACTION_EXPECT_MAX];   /* of them, decoded before they are applied, */
    int32_t ahead_schema[INTERACTION_EXPECT_MAX]; /* each under this id */
    int64_t view_at;                              /* wall time of the last rendering */
    bool view_waits;                              /* rendered, not yet sent */
    bool view_behind;                             /* it was not the view's turn at the last cut */

    struct engine_counts counts;
    struct timing commit_timing;
    struct timing stall_timing[INPUT_COUNT]; /* of serialising a task at a cut */
    struct buf spare_state;                  /* memory of the last snapshot, for the next one */
};

/* engine_read.c */
bool engine_read(struct engine *e, struct partition *p); /* true: it took something */
/* engine_order.c: puts the partitions in the order of reading, and says which of them wait. */
void engine_order(struct engine *e);
/* True when this record is too far ahead of the sources that are behind: not in this turn. */
bool engine_is_ahead(struct engine *e, struct partition *p, int64_t log_at);
/* engine_memory.c */
void engine_memory_look(struct engine *e);
const char *engine_memory_level(const struct engine *e);
/* engine_cut.c */
bool engine_has_news(const struct engine *e);
bool engine_is_dirty(const struct engine *e);
bool engine_is_full(struct engine *e);
bool engine_is_near(const struct engine *e);     /* false: it reads a backlog and nothing else */
int64_t engine_epoch_ms(const struct engine *e); /* how long the open epoch is to be */
/* The same while one partition alone is read, and after that: the others' clocks stand. */
bool engine_is_full_for(const struct engine *e, const struct partition *p);
bool engine_is_full_now(struct engine *e, const struct partition *p);
void engine_cut(struct engine *e);
void engine_show(struct engine *e);
void engine_show_all(struct engine *e);
void engine_send_view(struct engine *e);
bool engine_owes_view(const struct engine *e); /* an update was not whole */
bool engine_view_lags(const struct engine *e); /* it does not show all that was cut */
/* engine.c */
/* An empty task in place of the one that is there, under these contracts. */
void engine_renew_task(const struct engine *e, struct partition *p, struct rulebook *rules);
/* engine_contracts.c */
/* The book of a manifest ("": that of the options), made when missing; NULL: it is not known. */
struct rulebook *engine_rules_find(struct engine *e, const char *name);
void engine_rules_free(struct engine *e);
/* The contracts under which the snapshot of this number (0: none) was taken; the changes after it
 * are due. NULL: not known. */
struct rulebook *engine_rules_of_snapshot(struct engine *e, struct partition *p, uint64_t number);
/* Changes that a replay has reached, in silence, before the record at this offset. */
void engine_rules_replay(struct engine *e, struct partition *p, int64_t offset);
/* What was committed is applied: the partition goes live under the contracts in force, unless it
 * waits for them. */
void engine_go_live(struct engine *e, struct partition *p);
/* True while it has nothing to read before the contracts that it knows are in force. */
bool engine_rules_wait(const struct partition *p);
/* A change that was asked for happens here, when nothing is applied that was not cut. */
void engine_rules_serve(struct engine *e);
/* engine_snapshot.c */
void engine_snapshot_cut(struct engine *e);
void engine_snapshot_committed(struct engine *e, const struct epoch *epoch);
/* True while the partition's snapshot waits for a further epoch. */
bool engine_snapshot_is_wanted(const struct engine *e, const struct partition *p);
/* Puts the task where its newest readable snapshot stands, else at the beginning of its history,
 * under the contracts of then. False: these are not known, and a replay is not exact. */
bool engine_snapshot_restore(struct engine *e, struct partition *p, const struct log_assignment *a,
                             const struct metadata *m);
/* engine_effects.c */
void engine_effects_init(struct engine *e);
/* engine_tick.c */
void engine_tick(struct engine *e, struct partition *p);

void engine_fail(struct engine *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
void engine_note(const struct engine *e, enum log_level level, const char *event,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
