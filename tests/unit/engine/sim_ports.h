/* The engine's ports simulated: a log in memory with a group's offsets, and a view that counts.
 * Nothing here shares code with io/. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "codec/metadata.h"
#include "codec/view.h"
#include "engine/engine.h"

#define SIM_PARTITIONS_MAX 4

struct sim_record {
    int64_t log_at;
    struct slice key, value; /* owned */
};

struct sim_partition {
    struct sim_record *records;
    size_t count, capacity;
    size_t read;       /* next to hand out */
    size_t low;        /* what stands before is gone */
    int64_t committed; /* -1: none */
    char metadata[EPOCH_METADATA_MAX];
};

struct sim_output {
    enum epoch_topic topic;
    struct slice key, value; /* owned */
};

struct sim_contracts {
    const char *name;
    const struct contract_set *set;
};

struct sim {
    int64_t wall_at;
    int32_t partitions;
    int32_t tenants; /* partitions of the topic of that name */
    struct sim_partition log[INPUT_COUNT][SIM_PARTITIONS_MAX];
    struct sim_partition state; /* GROUP.state has one partition here */
    int64_t snapshot_interval_ms;
    struct buf packed; /* of the snapshot that was looked up last */
    uint64_t loaded;   /* tasks that were given a snapshot */
    struct sim_output *outputs;
    size_t output_count, output_capacity;
    size_t pace;    /* interactions that come in 10 ms, in each partition; 0: all at once */
    size_t visible; /* so many have come */
    struct epoch *flying;
    int64_t horizon;   /* of the interactions */
    bool forgotten;    /* GROUP.state has heard of tasks that have no offset */
    bool hold_commits; /* epochs stay in flight until sim_commit */
    bool fail_commits;
    bool view_down;
    size_t memory_limit; /* 0: none */
    size_t held;         /* of memory */
    int given_back;      /* times */
    size_t view_commands;
    int64_t view_offset;    /* of the last update */
    int32_t fetched_schema; /* -1: none asked for */
    struct contract_set contracts;
    /* Sets that have a name, and when each was published. Which is in force, or -1: `contracts`. */
    const struct sim_contracts *known;
    int known_count, in_force;
    uint64_t published[8];
};

static struct slice sim_copy(struct slice s) {
    return slice_copy(s);
}

static void sim_append_to(struct sim_partition *p, int64_t log_at, struct slice key,
                          struct slice value) {
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 64;
        p->records = realloc(p->records, p->capacity * sizeof *p->records);
        CHECK(p->records);
    }
    p->records[p->count++] = (struct sim_record){
        .log_at = log_at, .key = sim_copy(key), .value = sim_copy(value)};
}

static void sim_append(struct sim *s, enum engine_input input, int32_t partition, int64_t log_at,
                       struct slice key, struct slice value) {
    sim_append_to(&s->log[input][partition], log_at, key, value);
}

static size_t sim_drain(void *self, enum engine_input input, int32_t partition, size_t room,
                        log_take_fn *take, void *context) {
    struct sim *s = self;
    struct sim_partition *p = &s->log[input][partition];
    size_t taken = 0;
    size_t end = p->count;
    if (s->pace && input == INPUT_INTERACTIONS && s->visible < end)
        end = s->visible;
    while (taken < room && p->read < end) {
        struct log_record records[LOG_TAKE_MAX];
        size_t count = 0;
        for (; count < LOG_TAKE_MAX && taken + count < room && p->read + count < end; count++) {
            const struct sim_record *r = &p->records[p->read + count];
            records[count] = (struct log_record){.offset = (int64_t)(p->read + count),
                                                 .log_at = r->log_at,
                                                 .append_time = true,
                                                 .key = r->key,
                                                 .value = r->value};
        }
        size_t some = take(context, records, count);
        p->read += some;
        taken += some;
        if (some < count)
            break;
    }
    return taken;
}

static int64_t sim_end(void *self, enum engine_input input, int32_t partition) {
    const struct sim *s = self;
    return (int64_t)s->log[input][partition].count;
}

static void sim_take_output(struct sim *s, const struct epoch *e, struct epoch_record *r) {
    if (r->topic == OUTPUT_STATE) {
        r->offset = (int64_t)s->state.count;
        sim_append_to(&s->state, s->wall_at, epoch_key(e, r), epoch_value(e, r));
        return;
    }
    if (r->topic == OUTPUT_TENANT_LOG) {
        sim_append(s, INPUT_TENANT_LOG, r->partition, s->wall_at, epoch_key(e, r),
                   epoch_value(e, r));
        return;
    }
    if (s->output_count == s->output_capacity) {
        s->output_capacity = s->output_capacity ? s->output_capacity * 2 : 64;
        s->outputs = realloc(s->outputs, s->output_capacity * sizeof *s->outputs);
        CHECK(s->outputs);
    }
    s->outputs[s->output_count++] = (struct sim_output){
        .topic = r->topic, .key = sim_copy(epoch_key(e, r)), .value = sim_copy(epoch_value(e, r))};
}

/* The transaction: all of it at once, or (failing) nothing. */
static void sim_commit(struct sim *s, struct engine *e) {
    struct epoch *epoch = s->flying;
    CHECK(epoch);
    s->flying = NULL;
    if (s->fail_commits) {
        engine_committed(e, false, 1000, "the simulation says no");
        return;
    }
    for (size_t i = 0; i < epoch->record_count; i++)
        sim_take_output(s, epoch, &epoch->records[i]);
    for (size_t i = 0; i < epoch->position_count; i++) {
        const struct epoch_position *position = &epoch->positions[i];
        struct sim_partition *p = &s->log[position->input][position->partition];
        p->committed = position->offset;
        memcpy(p->metadata, position->metadata, sizeof p->metadata);
    }
    engine_committed(e, true, 1000, NULL);
}

static void sim_begin_commit(void *self, struct epoch *epoch) {
    struct sim *s = self;
    CHECK(!s->flying);
    s->flying = epoch;
}

static void sim_tick(void *self, enum engine_input input, int32_t partition, struct slice value) {
    struct sim *s = self;
    sim_append(s, input, partition, s->wall_at, (struct slice){NULL, 0}, value);
}

static bool sim_view_ready(void *self) {
    const struct sim *s = self;
    return !s->view_down;
}

static void sim_view_send(void *self, int32_t partition, int64_t offset, struct view_batch *batch) {
    struct sim *s = self;
    (void)partition;
    s->view_offset = offset;
    s->view_commands += view_batch_count(batch);
    view_batch_reset(batch);
}

static bool sim_view_lost(void *self) {
    (void)self;
    return false;
}

static size_t sim_held(void *self) {
    const struct sim *s = self;
    return s->held;
}

static void sim_give_back(void *self) {
    struct sim *s = self;
    s->given_back++;
}

static void sim_fetch(void *self, int32_t schema_id) {
    struct sim *s = self;
    s->fetched_schema = schema_id;
}

static int sim_place_of(const struct sim *s, const char *name) {
    for (int i = 0; i < s->known_count; i++)
        if (strcmp(s->known[i].name, name) == 0)
            return i;
    return -1;
}

static const struct contract_set *sim_find_contracts(void *self, const char *name) {
    const struct sim *s = self;
    int place = sim_place_of(s, name);
    return place < 0 ? NULL : s->known[place].set;
}

static bool sim_newer_contracts(void *self, const char *name, const char *than) {
    const struct sim *s = self;
    int a = sim_place_of(s, name), b = sim_place_of(s, than);
    return a >= 0 && b >= 0 && s->published[a] > s->published[b];
}

static void sim_note(void *self, enum log_level level, const char *event, const char *members) {
    (void)self;
    (void)level;
    (void)event;
    (void)members;
}

static void sim_init(struct sim *s, int32_t partitions) {
    *s = (struct sim){.wall_at = 1000000,
                      .partitions = partitions,
                      .fetched_schema = -1,
                      .in_force = -1,
                      .snapshot_interval_ms = DAY_MS};
    buf_init(&s->packed);
    contract_init_default(&s->contracts.fallback);
    for (int i = 0; i < INPUT_COUNT; i++)
        for (int p = 0; p < SIM_PARTITIONS_MAX; p++)
            s->log[i][p].committed = -1;
}

static void sim_free_partition(struct sim_partition *p) {
    for (size_t i = 0; i < p->count; i++) {
        free((void *)(uintptr_t)p->records[i].key.at);
        free((void *)(uintptr_t)p->records[i].value.at);
    }
    free(p->records);
}

static void sim_deinit(struct sim *s) {
    for (int i = 0; i < INPUT_COUNT; i++)
        for (int p = 0; p < SIM_PARTITIONS_MAX; p++)
            sim_free_partition(&s->log[i][p]);
    sim_free_partition(&s->state);
    buf_deinit(&s->packed);
    for (size_t i = 0; i < s->output_count; i++) {
        free((void *)(uintptr_t)s->outputs[i].key.at);
        free((void *)(uintptr_t)s->outputs[i].value.at);
    }
    free(s->outputs);
}

/* As the real port: the newest snapshot of the metadata whose chunks are all there. */
static void sim_find_snapshot(struct sim *s, struct log_assignment *a) {
    struct metadata m;
    struct err err;
    char task[64];
    snprintf(task, sizeof task, "%s-%d", engine_input_name(a->input), a->partition);
    if (a->committed < 0 || !metadata_parse(a->metadata, &m, &err))
        return;
    for (int i = 0; i < METADATA_SNAPSHOTS && m.snapshots[i].number && !a->snapshot_number; i++) {
        struct snapshot_reader reader;
        snapshot_reader_init(&reader, slice_of(task), &m.snapshots[i]);
        for (size_t k = (size_t)m.snapshots[i].place; k < s->state.count; k++)
            snapshot_reader_take(&reader, s->state.records[k].value);
        if (snapshot_reader_is_whole(&reader)) {
            a->snapshot_number = m.snapshots[i].number;
            buf_reset(&s->packed);
            buf_put(&s->packed, reader.packed.at, reader.packed.size);
            a->snapshot = buf_slice(&s->packed);
            s->loaded++;
        }
        snapshot_reader_deinit(&reader);
    }
}

/* As the shell does: what is in force is published anew, unless it is there already. */
static void sim_publish(struct sim *s) {
    if (s->in_force < 0 || s->published[s->in_force])
        return;
    uint64_t newest = 0;
    for (size_t i = 0; i < sizeof s->published / sizeof *s->published; i++)
        newest = s->published[i] > newest ? s->published[i] : newest;
    s->published[s->in_force] = newest + 1;
}

static int32_t sim_partitions(const struct sim *s, enum engine_input input) {
    return input == INPUT_TENANTS ? s->tenants : s->partitions;
}

/* A process that starts (again): reads where the group stands. */
static struct engine *sim_start(struct sim *s, bool live, bool until_end) {
    sim_publish(s);
    struct engine_options o = {
        .instance = "sim",
        .interactions = "interactions",
        .tenants = "tenants",
        .live = live,
        .until_end = until_end,
        .final_clock = INSTANT_NONE,
        .publish_all = true,
        .commit_interval_ms = 100,
        .view_interval_ms = 250,
        .snapshot_interval_ms = s->snapshot_interval_ms,
        .state_partitions = 1,
        .tick_interval_ms = 100,
        .grace_ms = live ? 500 : 0,
        .reorder_ms = 5 * MINUTE_MS,
        .lateness_ms = DAY_MS,
        .max_skew_ms = MINUTE_MS,
        .max_source_lag_ms = 30 * SECOND_MS,
        .max_alert_age_ms = 15 * MINUTE_MS,
        .open_limit = 1000000,
        .scope_limit = 1000,
        .contracts = s->in_force < 0 ? &s->contracts : s->known[s->in_force].set,
        .contracts_name = s->in_force < 0 ? NULL : s->known[s->in_force].name,
        .known = {s, sim_find_contracts, sim_newer_contracts},
        .log = {s, sim_drain, sim_end, sim_begin_commit, sim_tick},
        .view = {s, sim_view_ready, sim_view_send, sim_view_lost},
        .memory_limit = s->memory_limit,
        .memory = {s, sim_held, sim_give_back},
        .schema = {s, sim_fetch},
        .note = {s, sim_note}};
    for (int i = 0; i < INPUT_COUNT; i++)
        o.partitions[i] = sim_partitions(s, (enum engine_input)i);
    for (int i = 0; i < SCHEMA_COUNT; i++)
        o.framing.of[i] = (struct frame){.kind = FRAME_ID, .schema_id = 100 + i};
    struct engine *e = engine_new(&o);
    engine_add_schema(e, 100 + SCHEMA_TICK, schema_text(SCHEMA_TICK));
    for (int i = 0; i < INPUT_COUNT; i++)
        for (int32_t p = 0; p < o.partitions[i]; p++) {
            struct sim_partition *part = &s->log[i][p];
            struct log_assignment a = {.input = (enum engine_input)i,
                                       .partition = p,
                                       .committed = part->committed,
                                       .metadata = slice_of(part->metadata),
                                       .low = (int64_t)part->low,
                                       .horizon = i == INPUT_INTERACTIONS ? s->horizon : 0,
                                       .known = s->forgotten && part->committed < 0,
                                       .start = 0,
                                       .end = until_end ? (int64_t)part->count : -1};
            sim_find_snapshot(s, &a);
            int64_t from = engine_assign(e, &a);
            part->read = from < 0 ? 0 : (size_t)from;
        }
    return e;
}

/* Lets `ms` of wall time pass in steps of 10 ms. */
static void sim_run(struct sim *s, struct engine *e, int64_t ms) {
    for (int64_t passed = 0; passed < ms && !engine_failure(e); passed += 10) {
        s->wall_at += 10;
        s->visible += s->pace;
        while (engine_turn(e, s->wall_at))
            ;
        if (s->flying && !s->hold_commits)
            sim_commit(s, e);
    }
}

/* The process is killed: what was in flight is aborted. */
static void sim_kill(struct sim *s, struct engine *e) {
    s->flying = NULL;
    engine_free(e);
}
