/* Snapshots: taken at the cut, written in chunks with the following epochs, pointed to by the
 * commit that comes after the last chunk's. */
#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "engine/engine_state.h"

/* Bytes of state that one epoch compresses and carries, so that alerts need not wait behind them.
 * Nothing waits while draining: then each epoch carries as much as an epoch may. */
#define EPOCH_STATE_BYTES ((size_t)2 << 20)
/* A snapshot is put off while it would cost more bytes than what was read since the last one, but
 * not for more than so many intervals: the replay must stay short. */
#define STRETCH_MOST 10

static bool is_last_call(const struct engine *e, const struct partition *p) {
    return e->stopping || p->leaving;
}

static bool is_due(const struct engine *e, const struct partition *p) {
    const struct partition_snapshot *s = &p->snapshot;
    if (p->state != PARTITION_LIVE || s->writing.number || p->next == s->kept[0].offset)
        return false;
    if (is_last_call(e, p))
        return true;
    int64_t age_ms = e->wall_at - s->begun_at;
    return age_ms >= e->options.snapshot_interval_ms &&
           (s->bytes_read >= s->bytes_written ||
            age_ms >= STRETCH_MOST * e->options.snapshot_interval_ms);
}

/* The only thing that the loop has to wait for: from here on the bytes are the snapshot's. */
static void serialise(struct engine *e, struct partition *p) {
    int64_t began_us = e->options.now_us ? e->options.now_us() : 0;
    struct buf *state = &p->snapshot.state;
    *state = e->spare_state;
    e->spare_state = (struct buf){0};
    buf_reset(state);
    if (p->source)
        interaction_task_save(p->source, state);
    else if (p->relay)
        relay_task_save(p->relay, state);
    else
        tenant_task_save(p->tenant, state);
    if (e->options.now_us)
        timing_add(&e->stall_timing[p->input], e->options.now_us() - began_us);
}

static void begin(struct engine *e, struct partition *p) {
    struct partition_snapshot *s = &p->snapshot;
    serialise(e, p);
    s->writing = (struct snapshot_pointer){.number = ++s->number,
                                           .offset = p->next,
                                           .place = -1,
                                           .chunks = snapshot_chunk_count(s->state.size)};
    s->next_chunk = 0;
    s->begun_at = e->wall_at;
    s->bytes_read = s->bytes_written = 0;
    e->counts.snapshots++;
}

/* All of it is in epochs. */
static void give_memory_back(struct engine *e, struct partition *p) {
    struct buf *state = &p->snapshot.state;
    if (state->capacity > e->spare_state.capacity) {
        struct buf smaller = e->spare_state;
        e->spare_state = *state;
        *state = smaller;
    }
    buf_deinit(state);
}

static void put_chunk(struct engine *e, struct partition *p) {
    struct partition_snapshot *s = &p->snapshot;
    struct slice task = slice_of(p->name);
    int32_t partition = snapshot_partition(p->number, e->options.state_partitions);
    struct buf *b = epoch_begin(e->open, OUTPUT_STATE, partition);
    snapshot_put_key(task, s->writing.number, s->next_chunk, b);
    epoch_key_done(e->open);
    size_t before = b->size;
    snapshot_put_chunk(task, &s->writing, s->next_chunk, buf_slice(&s->state), b);
    s->bytes_written += b->size - before;
    e->counts.snapshot_bytes += b->size - before;
    epoch_record_done(e->open);
    e->open->records[e->open->record_count - 1].tag = partition_tag(p);
    if (++s->next_chunk == s->writing.chunks)
        give_memory_back(e, p);
}

static bool has_chunks(const struct partition *p) {
    return p->snapshot.writing.number && p->snapshot.next_chunk < p->snapshot.writing.chunks;
}

/* Who has waited longest among those that are due; NULL while another one is being written: one
 * task is serialised in one cut, and the memory of one state is enough. */
static struct partition *next_due(const struct engine *e) {
    struct partition *due = NULL;
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        if (has_chunks(p))
            return NULL;
        if (is_due(e, p) && (!due || p->snapshot.begun_at < due->snapshot.begun_at))
            due = p;
    }
    return due;
}

static void begin_last_ones(struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        if (is_last_call(e, p) && is_due(e, p))
            begin(e, p);
    }
}

static size_t room_for_state(const struct engine *e) {
    size_t room = engine_is_near(e) ? EPOCH_STATE_BYTES : EPOCH_STATE_BYTES * BACKLOG_EPOCHS;
    if (e->draining || room > e->plan.epoch)
        room = e->plan.epoch;
    return room > EPOCH_STATE_BYTES ? room : EPOCH_STATE_BYTES;
}

void engine_snapshot_cut(struct engine *e) {
    size_t room = room_for_state(e);
    begin_last_ones(e);
    struct partition *due = next_due(e);
    if (due)
        begin(e, due);
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        while (has_chunks(p) && room) {
            put_chunk(e, p);
            room -= room < SNAPSHOT_PIECE ? room : SNAPSHOT_PIECE;
        }
    }
}

static struct partition *find_tagged(const struct engine *e, uint32_t tag) {
    for (size_t i = 0; i < e->partition_count; i++)
        if (partition_tag(e->partitions[i]) == tag)
            return e->partitions[i];
    return NULL;
}

static void chunk_is_there(struct partition *p, int64_t offset) {
    struct partition_snapshot *s = &p->snapshot;
    CHECK(s->writing.number && offset >= 0);
    if (s->chunks_there == 0)
        s->writing.place = offset;
    if (++s->chunks_there < s->writing.chunks)
        return;
    for (int i = METADATA_SNAPSHOTS - 1; i > 0; i--)
        s->kept[i] = s->kept[i - 1];
    s->kept[0] = s->writing;
    s->writing = (struct snapshot_pointer){0};
    s->chunks_there = 0;
    s->untold = true;
}

/* An offset counts only now that its transaction is committed. */
void engine_snapshot_committed(struct engine *e, const struct epoch *epoch) {
    for (size_t i = 0; i < epoch->record_count; i++) {
        const struct epoch_record *r = &epoch->records[i];
        if (r->topic != OUTPUT_STATE)
            continue;
        struct partition *p = find_tagged(e, r->tag);
        if (p)
            chunk_is_there(p, r->offset);
    }
}

bool engine_snapshot_is_wanted(const struct engine *e, const struct partition *p) {
    if (has_chunks(p))
        return true;
    return is_last_call(e, p) && (is_due(e, p) || p->snapshot.untold);
}

static bool load(struct partition *p, struct slice state, struct err *err) {
    if (p->source)
        return interaction_task_load(p->source, state, err);
    return p->relay ? relay_task_load(p->relay, state, err)
                    : tenant_task_load(p->tenant, state, err);
}

static const struct snapshot_pointer *find_pointer(const struct log_assignment *a,
                                                   const struct metadata *m) {
    for (int i = 0; i < METADATA_SNAPSHOTS; i++)
        if (a->snapshot.size && m->snapshots[i].number == a->snapshot_number)
            return &m->snapshots[i];
    return NULL;
}

static bool load_snapshot(struct engine *e, struct partition *p, const struct log_assignment *a,
                          const struct snapshot_pointer *pointer, struct err *err) {
    struct rulebook *rules = engine_rules_of_snapshot(e, p, pointer->number);
    if (!rules)
        return err_set(err, "the contracts that it was taken under are not in GROUP.contracts");
    struct buf state;
    buf_init(&state);
    engine_renew_task(e, p, rules);
    bool ok = snapshot_unpack(a->snapshot, pointer, &state, err) && load(p, buf_slice(&state), err);
    buf_deinit(&state);
    if (!ok)
        return false;
    p->snapshot.kept[0] = *pointer;
    p->next = pointer->offset;
    e->counts.snapshots_loaded++;
    return true;
}

/* Numbers go on, so that a chunk of one that was refused is never taken for a new one's, nor a new
 * one for one from before a change of contracts. */
static uint64_t newest_number(const struct metadata *m) {
    uint64_t number = m->snapshots[0].number;
    for (int i = 0; i < METADATA_CONTRACTS; i++)
        if (m->contracts[i].snapshot > number)
            number = m->contracts[i].snapshot;
    return number;
}

/* A load that failed may have left anything behind: the task is made anew. */
bool engine_snapshot_restore(struct engine *e, struct partition *p, const struct log_assignment *a,
                             const struct metadata *m) {
    const struct snapshot_pointer *pointer = find_pointer(a, m);
    struct err err;
    p->snapshot.number = newest_number(m);
    if (pointer && load_snapshot(e, p, a, pointer, &err)) {
        if (a->refusal)
            engine_note(e, LOG_LEVEL_WARN, "snapshot_refused",
                        "\"task\":\"%s\",\"text\":\"%.300s; the one before it is taken\"", p->name,
                        a->refusal);
        return true;
    }
    if (!pointer)
        err_set(&err, "%s", a->refusal ? a->refusal : "none could be read");
    if (m->snapshots[0].number)
        engine_note(e, LOG_LEVEL_ERROR, "snapshot_refused",
                    "\"task\":\"%s\",\"text\":\"%.300s; the task is rebuilt from the log\"",
                    p->name, err.text);
    struct rulebook *rules = engine_rules_of_snapshot(e, p, 0);
    if (!rules)
        p->contracts = (struct partition_contracts){.due = 0};
    engine_renew_task(e, p, rules ? rules : e->rules);
    return rules != NULL;
}
