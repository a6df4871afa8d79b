#include "sim_broker.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

void sim_broker_init(struct sim_broker *b, int64_t now_at, int64_t txn_timeout_ms) {
    *b = (struct sim_broker){.now_at = now_at, .txn_timeout_ms = txn_timeout_ms};
    for (int i = 0; i < INPUT_COUNT; i++)
        for (int p = 0; p < SIM_PARTITIONS_MAX; p++)
            b->committed[i][p].offset = -1;
    for (int p = 0; p < SIM_PRODUCERS; p++)
        b->producers[p].open = SIM_TXN_NONE;
}

static void free_record(struct sim_record *r) {
    free((void *)(uintptr_t)r->key.at);
    r->key = r->value = (struct slice){NULL, 0};
}

void sim_broker_deinit(struct sim_broker *b) {
    for (int i = 0; i < SIM_LOG_COUNT; i++) {
        for (size_t k = 0; k < b->logs[i].count; k++)
            free_record(&b->logs[i].records[k]);
        free(b->logs[i].records);
    }
    for (size_t i = 0; i < b->txn_count; i++)
        free(b->txns[i].positions);
    free(b->txns);
    for (size_t i = 0; i < b->sent_count; i++)
        free((void *)(uintptr_t)b->sent[i].value.at);
    free(b->sent);
}

struct sim_log *sim_broker_input(struct sim_broker *b, enum engine_input input, int32_t partition) {
    CHECK(partition >= 0 && partition < SIM_PARTITIONS_MAX);
    return &b->logs[(input == INPUT_INTERACTIONS ? SIM_LOG_INTERACTIONS : SIM_LOG_TENANT) +
                    partition];
}

struct sim_log *sim_broker_output(struct sim_broker *b, enum epoch_topic topic) {
    return &b->logs[SIM_LOG_OUTPUT + (int)topic];
}

static struct sim_record *new_record(struct sim_broker *b, struct sim_log *log, uint32_t txn) {
    if (log->count == log->capacity) {
        log->capacity = log->capacity ? log->capacity * 2 : 64;
        log->records = realloc(log->records, log->capacity * sizeof *log->records);
        CHECK(log->records);
    }
    struct sim_record *r = &log->records[log->count++];
    *r = (struct sim_record){.log_at = b->now_at + log->clock_ahead_ms, .txn = txn};
    if (!log->hidden)
        log->visible = log->count;
    return r;
}

int64_t sim_broker_append(struct sim_broker *b, struct sim_log *log, uint32_t txn, struct slice key,
                          struct slice value) {
    struct sim_record *r = new_record(b, log, txn);
    char *block = malloc(key.size + value.size + 1);
    CHECK(block);
    if (key.size)
        memcpy(block, key.at, key.size);
    if (value.size)
        memcpy(block + key.size, value.at, value.size);
    r->key = (struct slice){block, key.size};
    r->value = (struct slice){block + key.size, value.size};
    if (txn != SIM_TXN_NONE)
        b->txns[txn].logs |= 1u << (log - b->logs);
    return (int64_t)log->count - 1;
}

void sim_broker_append_later(struct sim_broker *b, int64_t arrives_at, struct sim_log *log,
                             struct slice value) {
    if (b->sent_count == b->sent_capacity) {
        b->sent_capacity = b->sent_capacity ? b->sent_capacity * 2 : 16;
        b->sent = realloc(b->sent, b->sent_capacity * sizeof *b->sent);
        CHECK(b->sent);
    }
    b->sent[b->sent_count++] = (struct sim_sent){arrives_at, log, slice_copy(value)};
}

size_t sim_broker_stable(struct sim_broker *b, struct sim_log *log) {
    while (log->stable < log->visible) {
        uint32_t txn = log->records[log->stable].txn;
        if (txn != SIM_TXN_NONE && b->txns[txn].state == SIM_TXN_OPEN)
            break;
        log->stable++;
    }
    return log->stable;
}

const struct sim_record *sim_broker_read(const struct sim_broker *b, const struct sim_log *log,
                                         size_t offset) {
    const struct sim_record *r = &log->records[offset];
    if (r->marker || r->gone || offset < log->low)
        return NULL;
    return r->txn == SIM_TXN_NONE || b->txns[r->txn].state == SIM_TXN_COMMITTED ? r : NULL;
}

static void note_change(struct sim_changes *all, const struct metadata_contracts *told) {
    for (int i = 0; i < all->count; i++)
        if (all->of[i].offset == told->offset && strcmp(all->of[i].name, told->name) == 0)
            return;
    CHECK(all->count < SIM_CHANGES_MAX);
    struct sim_change *c = &all->of[all->count++];
    c->offset = told->offset;
    snprintf(c->name, sizeof c->name, "%s", told->name);
}

/* Oldest first, as the metadata of this commit tells them. */
static void note_changes(struct sim_broker *b, const struct epoch_position *p) {
    struct metadata m;
    struct err err;
    if (p->input != INPUT_TENANT_LOG || !metadata_parse(slice_of(p->metadata), &m, &err))
        return;
    for (int i = METADATA_CONTRACTS - 1; i >= 0; i--)
        if (*m.contracts[i].name)
            note_change(&b->changes[p->partition], &m.contracts[i]);
}

static void commit_position(struct sim_broker *b, const struct epoch_position *p) {
    struct sim_offset *to = &b->committed[p->input][p->partition];
    if (p->offset < to->offset && !*b->violation)
        snprintf(b->violation, sizeof b->violation,
                 "the offset of %s-%d went back from %lld to %lld",
                 engine_input_name((enum engine_input)p->input), (int)p->partition,
                 (long long)to->offset, (long long)p->offset);
    note_changes(b, p);
    to->offset = p->offset;
    memcpy(to->metadata, p->metadata, sizeof to->metadata);
}

static void end_txn(struct sim_broker *b, uint32_t number, bool commit) {
    struct sim_txn *t = &b->txns[number];
    CHECK(t->state == SIM_TXN_OPEN);
    t->state = commit ? SIM_TXN_COMMITTED : SIM_TXN_ABORTED;
    for (int i = 0; i < SIM_LOG_COUNT; i++)
        if (t->logs & 1u << i)
            new_record(b, &b->logs[i], number)->marker = true;
    for (size_t i = 0; commit && i < t->position_count; i++)
        commit_position(b, &t->positions[i]);
    free(t->positions);
    t->positions = NULL;
    t->position_count = 0;
    b->producers[t->producer].open = SIM_TXN_NONE;
}

uint32_t sim_broker_init_producer(struct sim_broker *b, int producer) {
    if (b->producers[producer].open != SIM_TXN_NONE)
        end_txn(b, b->producers[producer].open, false);
    return ++b->producers[producer].epoch;
}

uint32_t sim_broker_begin(struct sim_broker *b, int producer, uint32_t epoch) {
    struct sim_producer *p = &b->producers[producer];
    if (p->epoch != epoch)
        return SIM_TXN_NONE;
    if (p->open != SIM_TXN_NONE)
        return p->open;
    if (b->txn_count == b->txn_capacity) {
        b->txn_capacity = b->txn_capacity ? b->txn_capacity * 2 : 64;
        b->txns = realloc(b->txns, b->txn_capacity * sizeof *b->txns);
        CHECK(b->txns);
    }
    b->txns[b->txn_count] = (struct sim_txn){.producer = producer, .begun_at = b->now_at};
    return p->open = (uint32_t)b->txn_count++;
}

bool sim_broker_send_offsets(struct sim_broker *b, int producer, uint32_t epoch,
                             const struct epoch *from) {
    uint32_t number = sim_broker_begin(b, producer, epoch);
    if (number == SIM_TXN_NONE)
        return false;
    struct sim_txn *t = &b->txns[number];
    size_t size = from->position_count * sizeof *t->positions;
    free(t->positions);
    t->positions = malloc(size + 1);
    CHECK(t->positions);
    if (size)
        memcpy(t->positions, from->positions, size);
    t->position_count = from->position_count;
    return true;
}

bool sim_broker_end(struct sim_broker *b, int producer, uint32_t epoch, bool commit) {
    const struct sim_producer *p = &b->producers[producer];
    if (p->epoch != epoch)
        return false;
    if (p->open != SIM_TXN_NONE)
        end_txn(b, p->open, commit);
    return true;
}

bool sim_broker_is_acked(const struct sim_broker *b, int producer) {
    uint32_t open = b->producers[producer].open;
    for (int i = 0; open != SIM_TXN_NONE && i < SIM_LOG_COUNT; i++)
        if (b->txns[open].logs & 1u << i && b->logs[i].hidden)
            return false;
    return true;
}

static void take_sent(struct sim_broker *b) {
    size_t kept = 0;
    for (size_t i = 0; i < b->sent_count; i++) {
        struct sim_sent *s = &b->sent[i];
        if (s->arrives_at > b->now_at) {
            b->sent[kept++] = *s;
            continue;
        }
        sim_broker_append(b, s->log, SIM_TXN_NONE, (struct slice){NULL, 0}, s->value);
        free((void *)(uintptr_t)s->value.at);
    }
    b->sent_count = kept;
}

void sim_broker_step(struct sim_broker *b, int64_t now_at) {
    b->now_at = now_at;
    take_sent(b);
    for (int i = 0; i < SIM_PRODUCERS; i++) {
        struct sim_producer *p = &b->producers[i];
        if (i == SIM_FOREIGN || p->open == SIM_TXN_NONE ||
            b->now_at - b->txns[p->open].begun_at < b->txn_timeout_ms)
            continue;
        end_txn(b, p->open, false);
        p->epoch++;
    }
}

bool sim_broker_is_settled(const struct sim_broker *b, enum engine_input input, int32_t partition) {
    for (int i = 0; i < SIM_PRODUCERS; i++) {
        uint32_t open = b->producers[i].open;
        if (open == SIM_TXN_NONE)
            continue;
        const struct sim_txn *t = &b->txns[open];
        for (size_t k = 0; k < t->position_count; k++)
            if (t->positions[k].input == (int)input && t->positions[k].partition == partition)
                return false;
    }
    return true;
}

void sim_broker_hide(struct sim_broker *b, struct sim_log *log, bool hidden) {
    (void)b;
    log->hidden = hidden;
    if (!hidden)
        log->visible = log->count;
}

void sim_broker_compact(struct sim_broker *b, struct sim_log *log) {
    size_t end = sim_broker_stable(b, log);
    for (size_t i = 0; i < end; i++) {
        struct sim_record *old = &log->records[i];
        if (!sim_broker_read(b, log, i))
            continue;
        for (size_t k = i + 1; k < end && !old->gone; k++) {
            const struct sim_record *newer = sim_broker_read(b, log, k);
            old->gone = newer && slice_equal(newer->key, old->key);
        }
    }
}
