/* The promise of DESIGN 3 over ports: tasks, epochs, one transaction each. */
#pragma once

#include "codec/decoder.h"
#include "codec/records.h"
#include "codec/schema_text.h"
#include "core/contract.h"
#include "engine/ports.h"

/* What stands before each record that is written: the ids or fingerprints of our schemas. */
struct record_framing {
    struct frame of[SCHEMA_COUNT];
};

struct engine_options {
    const char *instance;
    const char *interactions; /* the input topics' whole names, for dead letters and refusals */
    const char *tenants;
    int32_t partitions[INPUT_COUNT]; /* of each input topic; of `tenants` there may be none */
    bool live;                       /* clock: live */
    bool until_end;
    int64_t final_clock; /* INSTANT_NONE: newest log time + lateness + 2 h */
    bool publish_all;
    int32_t state_partitions; /* of GROUP.state */
    int64_t snapshot_interval_ms;
    int64_t commit_interval_ms, view_interval_ms, tick_interval_ms;
    int64_t grace_ms, reorder_ms, lateness_ms, max_skew_ms, max_source_lag_ms, max_alert_age_ms;
    uint32_t open_limit, scope_limit;
    size_t memory_limit;                  /* bytes; 0: none */
    const struct contract_set *contracts; /* to be in force; outlives the engine */
    const char *contracts_name; /* of their manifest; NULL: they go unnamed, no change is noticed */
    struct record_framing framing; /* schema ids of what is written */
    int64_t (*now_us)(void);       /* for measuring; NULL: nothing is measured */
    struct log_port log;
    struct view_port view;
    struct memory_port memory;
    struct schema_port schema;
    struct contracts_port known; /* other contracts; called only where contracts have a name */
    struct note_port note;
};

struct engine; /* opaque */

struct engine *engine_new(const struct engine_options *options);
void engine_free(struct engine *e);

/* A schema of a folder, found by its fingerprint. */
MUST_USE bool engine_add_file_schema(struct engine *e, struct slice json, struct err *err);

/* Takes a partition on; returns the offset to read from, or -1: it cannot be taken on, and
 * engine_failure() says why. */
int64_t engine_assign(struct engine *e, const struct log_assignment *a);
/* Only while engine_is_clean(): what was applied has been committed. */
void engine_revoke(struct engine *e, enum engine_input input, int32_t partition);

/* These contracts of a known manifest are to be in force: in every task of this process from the
 * next cut on. */
void engine_change_contracts(struct engine *e, const char *name);

/* One bounded turn at this wall time: reads, ticks, cuts an epoch when it is time. True when more
 * work is at hand at once. */
bool engine_turn(struct engine *e, int64_t wall_at);

/* A graceful end: drained, with a last snapshot of every task. */
void engine_stop(struct engine *e);
/* The partition is about to go: drain, and it gets a last snapshot. */
void engine_leave(struct engine *e, enum engine_input input, int32_t partition);

/* While drained, nothing is read and epochs are cut at once: for a revocation or the end. */
void engine_drain(struct engine *e, bool drain);
bool engine_is_clean(const struct engine *e); /* nothing applied that is not committed */
bool engine_is_done(const struct engine *e);  /* until-end: all is read, committed and shown */

/* The transaction of the epoch that the log port has came to an end: false ends the engine. */
void engine_committed(struct engine *e, bool ok, int64_t took_us, const char *reason);

/* Answers to schema_port.fetch. */
void engine_add_schema(struct engine *e, int32_t schema_id, struct slice json);
void engine_schema_missing(struct engine *e, int32_t schema_id);
void engine_schema_later(struct engine *e, int32_t schema_id); /* registry down: asked again */

/* Why the engine cannot go on, or NULL. The process ends with this reason. */
const char *engine_failure(const struct engine *e);

bool engine_is_ready(const struct engine *e);                         /* every partition is live */
void engine_write_metrics(const struct engine *e, struct buf *text);  /* Prometheus */
void engine_write_progress(const struct engine *e, struct buf *json); /* GET /progress */
