#include "sim_view.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/instant.h"

#define ANSWER_TIMEOUT_MS 5000

static size_t texts_of(const struct view_command *c) {
    size_t bytes = c->key.size;
    for (size_t i = 0; i < c->part_count; i++)
        bytes += c->parts[i].text.size;
    return bytes;
}

static struct slice keep(char **text, struct slice s) {
    char *to = *text;
    if (s.size)
        memcpy(to, s.at, s.size);
    *text += s.size;
    return (struct slice){to, s.size};
}

/* One block: the commands, their fields, then the texts. */
static struct wire_command *copy_commands(const struct view_batch *batch, size_t count) {
    size_t fields = 0, bytes = 0;
    for (size_t i = 0; i < count; i++) {
        struct view_command c = view_batch_at(batch, i);
        fields += c.field_count;
        bytes += texts_of(&c);
    }
    struct wire_command *to = malloc(count * sizeof *to + fields * sizeof(struct wire_field) +
                                     bytes + 1);
    CHECK(to);
    struct wire_field *field = (struct wire_field *)(to + count);
    char *text = (char *)(field + fields);
    for (size_t i = 0; i < count; i++) {
        struct view_command c = view_batch_at(batch, i);
        to[i] = (struct wire_command){c.kind, keep(&text, c.key), field, c.field_count};
        for (size_t k = 0; k < c.part_count; k++) {
            struct view_part part = {keep(&text, c.parts[k].text), c.parts[k].fields};
            wire_read_part(c.kind, part, field);
            field += part.fields;
        }
    }
    return to;
}

/* True when all of it is there. */
static bool arrive(struct sim_wire *w, struct sim_update *u) {
    size_t part = u->gap_ms && !u->done ? (u->count + 1) / 2 : u->count - u->done;
    bool gone = sim_redis_apply(w->redis, u->session, u->offset, u->commands + u->done, part);
    u->done += part;
    u->arrives_at += u->gap_ms;
    bool whole = u->done == u->count;
    if (!u->from)
        return whole;
    u->from->lost |= gone;
    if (whole && --u->from->under_way == 0)
        u->from->busy_since = INSTANT_NONE;
    return whole;
}

void sim_wire_step(struct sim_wire *w, int64_t now_at) {
    size_t kept = 0;
    for (size_t i = 0; i < w->count; i++) {
        struct sim_update *u = &w->updates[i];
        if (u->arrives_at > now_at || w->redis->down || !arrive(w, u))
            w->updates[kept++] = *u;
        else
            free(u->commands);
    }
    w->count = kept;
}

void sim_wire_deinit(struct sim_wire *w) {
    for (size_t i = 0; i < w->count; i++)
        free(w->updates[i].commands);
    free(w->updates);
}

void sim_view_init(struct sim_view *v, struct sim_wire *wire, int64_t now_at) {
    *v = (struct sim_view){.wire = wire, .now_at = now_at, .busy_since = INSTANT_NONE};
}

static void let_go(struct sim_view *v) {
    for (size_t i = 0; i < v->wire->count; i++)
        if (v->wire->updates[i].from == v)
            v->wire->updates[i].from = NULL;
    v->under_way = 0;
    v->busy_since = INSTANT_NONE;
}

void sim_view_deinit(struct sim_view *v) {
    let_go(v);
}

static void drop(struct sim_view *v) {
    let_go(v);
    v->connected = false;
    v->lost = true;
}

void sim_view_step(struct sim_view *v, int64_t now_at) {
    struct sim_redis *r = v->wire->redis;
    v->now_at = now_at;
    bool broken = r->down || v->generation != r->generation;
    bool silent = v->busy_since != INSTANT_NONE && now_at - v->busy_since > ANSWER_TIMEOUT_MS;
    if (v->connected && (broken || silent)) {
        drop(v);
    } else if (!v->connected && !r->down) {
        v->connected = v->lost = true;
        v->generation = r->generation;
        v->session = ++r->sessions;
    }
}

static bool port_ready(void *self) {
    const struct sim_view *v = self;
    return v->connected && v->busy_since == INSTANT_NONE;
}

static void port_send(void *self, int32_t partition, int64_t offset, struct view_batch *batch) {
    struct sim_view *v = self;
    struct sim_wire *w = v->wire;
    (void)partition;
    size_t count = view_batch_count(batch);
    if (!v->connected || !count) {
        v->lost |= !v->connected;
        view_batch_reset(batch);
        return;
    }
    if (w->count == w->capacity) {
        w->capacity = w->capacity ? w->capacity * 2 : 16;
        w->updates = realloc(w->updates, w->capacity * sizeof *w->updates);
        CHECK(w->updates);
    }
    w->updates[w->count++] = (struct sim_update){.arrives_at = v->now_at + w->redis->slow_ms,
                                                 .gap_ms = w->redis->slow_ms / 2,
                                                 .session = v->session,
                                                 .offset = offset,
                                                 .commands = copy_commands(batch, count),
                                                 .count = count,
                                                 .from = v};
    view_batch_reset(batch);
    v->under_way++;
    v->busy_since = v->now_at;
}

static bool port_take_lost(void *self) {
    struct sim_view *v = self;
    bool lost = v->lost;
    v->lost = false;
    return lost;
}

struct view_port sim_view_port(struct sim_view *v) {
    return (struct view_port){
        .self = v, .ready = port_ready, .send = port_send, .take_lost = port_take_lost};
}
