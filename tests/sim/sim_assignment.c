/* The group's client: heartbeats on a thread of its own, rebalances served by the loop one at a
 * time, and the lookup of offsets and snapshots before a task is made. */
#include <stdio.h>

#include "base/check.h"
#include "sim_draw.h"
#include "sim_process.h"

#define EACH_PARTITION(p, i, n)                                                                    \
    for (int i = 0; i < INPUT_COUNT; i++)                                                          \
        for (int32_t n = 0; n < (p)->world->settings->partitions[i]; n++)

static bool is_member(const struct sim_process *p) {
    return sim_group_is_member(&p->world->group, p->instance, p->session);
}

/* A new generation is known as soon as the group has it; that a member was put out, only when it
 * asks. */
void sim_assignment_hear(struct sim_process *p) {
    const struct sim_settings *s = p->world->settings;
    if (!p->lost && is_member(p))
        p->generation = p->world->group.generation;
    if (p->now_at < p->heartbeat_at || p->lost)
        return;
    uint64_t draw = sim_draw(s->seed, DRAW_HEARTBEAT, p->life, p->heartbeats++);
    p->heartbeat_at = p->now_at + sim_draw_in(draw, s->heartbeat_ms / 4, s->heartbeat_ms);
    if (sim_group_hear(&p->world->group, p->instance, p->session, p->now_at)) {
        p->generation = p->world->group.generation;
        return;
    }
    p->lost = true;
    p->generation = -1;
}

static bool find_snapshot(struct sim_process *p, struct log_assignment *a, const char *task,
                          struct buf *packed) {
    struct sim_log *state = sim_broker_output(&p->world->broker, OUTPUT_STATE);
    size_t end = sim_broker_stable(&p->world->broker, state);
    struct metadata m;
    struct err err;
    if (a->committed < 0 || !metadata_parse(a->metadata, &m, &err))
        return false;
    for (int i = 0; i < METADATA_SNAPSHOTS && m.snapshots[i].number; i++) {
        struct snapshot_reader reader;
        snapshot_reader_init(&reader, slice_of(task), &m.snapshots[i]);
        for (size_t k = (size_t)m.snapshots[i].place; k < end; k++) {
            const struct sim_record *r = sim_broker_read(&p->world->broker, state, k);
            if (r)
                snapshot_reader_take(&reader, r->value);
        }
        bool whole = snapshot_reader_is_whole(&reader);
        if (whole) {
            a->snapshot_number = m.snapshots[i].number;
            buf_put(packed, reader.packed.at, reader.packed.size);
            a->snapshot = buf_slice(packed);
        }
        snapshot_reader_deinit(&reader);
        if (whole)
            return true;
    }
    return false;
}

static void assign_one(struct sim_process *p, enum engine_input input, int32_t partition) {
    struct sim_broker *b = &p->world->broker;
    const struct sim_offset *at = &b->committed[input][partition];
    char task[32];
    snprintf(task, sizeof task, "%s-%d", engine_input_name(input), (int)partition);
    struct buf packed;
    buf_init(&packed);
    struct log_assignment a = {.input = input,
                               .partition = partition,
                               .committed = at->offset,
                               .metadata = slice_of(at->metadata),
                               .low = (int64_t)sim_broker_input(b, input, partition)->low,
                               .end = -1};
    p->world->snapshots_found += find_snapshot(p, &a, task, &packed);
    int64_t from = engine_assign(p->engine, &a);
    buf_deinit(&packed);
    p->assigning[input][partition] = false;
    if (from < 0)
        return;
    p->reading[input][partition] = (size_t)from;
    p->owned[input][partition] = true;
}

static void look_up(struct sim_process *p) {
    EACH_PARTITION(p, i, n)
    if (p->assigning[i][n] && !sim_broker_is_settled(&p->world->broker, (enum engine_input)i, n)) {
        p->lookup_at = p->now_at + 20; /* committed() waits for the end of a transaction */
        return;
    }
    EACH_PARTITION(p, i, n)
    if (p->assigning[i][n] && !engine_failure(p->engine))
        assign_one(p, (enum engine_input)i, n);
    p->is_assigning = false;
}

/* What has to go, and what is free and ours to take. */
static void take_plan(struct sim_process *p) {
    struct sim_group *g = &p->world->group;
    if (!is_member(p))
        return; /* its next heartbeat will tell it */
    EACH_PARTITION(p, i, n) {
        if (g->owner[i][n] == p->instance && g->target[i][n] != p->instance && p->owned[i][n])
            p->revoking[i][n] = p->is_revoking = true;
        else if (g->owner[i][n] == p->instance && g->target[i][n] != p->instance)
            sim_group_release(g, (enum engine_input)i, n); /* its name's, of a former life */
        if (g->owner[i][n] == SIM_NOBODY && g->target[i][n] == p->instance)
            g->owner[i][n] = p->instance;
    }
    if (p->is_revoking) {
        EACH_PARTITION(p, i, n)
        if (p->revoking[i][n])
            engine_leave(p->engine, (enum engine_input)i, n);
        return;
    }
    EACH_PARTITION(p, i, n)
    if (g->owner[i][n] == p->instance && !p->owned[i][n])
        p->assigning[i][n] = p->is_assigning = true;
    uint64_t draw = sim_draw(p->world->settings->seed, DRAW_LOOKUP, p->life, p->heartbeats);
    p->lookup_at = p->now_at + sim_draw_in(draw, 1, sim_draw_one_in(draw >> 32, 8) ? 900 : 60);
}

static void finish_revoke(struct sim_process *p) {
    EACH_PARTITION(p, i, n) {
        if (!p->revoking[i][n])
            continue;
        p->revoking[i][n] = p->owned[i][n] = false;
        if (engine_is_clean(p->engine))
            engine_revoke(p->engine, (enum engine_input)i, n);
        if (is_member(p))
            sim_group_release(&p->world->group, (enum engine_input)i, n);
    }
    p->is_revoking = false;
    p->losses++;
    engine_drain(p->engine, p->stopping);
}

void sim_assignment_serve(struct sim_process *p) {
    if (p->lost) {
        p->losses++;
        p->dead = "the group took its partitions away";
        return;
    }
    if (p->is_assigning && p->now_at >= p->lookup_at)
        look_up(p);
    bool hasty = p->world->settings->without == SIM_GUARD_OWNERSHIP;
    if (p->is_revoking && (hasty || engine_is_clean(p->engine)))
        finish_revoke(p);
    if (!p->is_assigning && !p->is_revoking && p->generation >= 0)
        take_plan(p);
}
