#include "sim_redis.h"

#include <stdlib.h>

#include "base/check.h"

void sim_redis_init(struct sim_redis *r) {
    *r = (struct sim_redis){.generation = 1};
    table_init(&r->index, 256);
}

static void free_entries(struct sim_redis_entry *entries, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(entries[i].fields);
        free((void *)(uintptr_t)entries[i].key.at);
    }
    free(entries);
}

void sim_redis_deinit(struct sim_redis *r) {
    free_entries(r->entries, r->count);
    free_entries(r->saved, r->saved_count);
    table_deinit(&r->index);
}

static bool same_key(const void *context, uint32_t handle, const void *key) {
    const struct sim_redis *r = context;
    return slice_equal(r->entries[handle].key, *(const struct slice *)key);
}

static uint64_t hash_of(struct slice key) {
    return slice_hash(key, 1) | 1;
}

static struct sim_redis_entry *find(const struct sim_redis *r, struct slice key) {
    uint32_t at = table_find(&r->index, hash_of(key), same_key, r, &key);
    return at == TABLE_NONE ? NULL : &r->entries[at];
}

const struct sim_redis_entry *sim_redis_find(const struct sim_redis *r, struct slice key) {
    return find(r, key);
}

static struct sim_redis_entry *add(struct sim_redis *r, struct slice key) {
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 64;
        r->entries = realloc(r->entries, r->capacity * sizeof *r->entries);
        CHECK(r->entries);
    }
    table_insert(&r->index, hash_of(key), (uint32_t)r->count);
    r->entries[r->count] = (struct sim_redis_entry){.key = slice_copy(key), .guard = -1};
    return &r->entries[r->count++];
}

static size_t field_at(const struct sim_redis_entry *e, struct slice name) {
    size_t i = 0;
    while (i < e->count && !slice_equal(e->fields[i].name, name))
        i++;
    return i;
}

struct slice sim_redis_value(const struct sim_redis_entry *e, struct slice name) {
    size_t i = e ? field_at(e, name) : 0;
    return e && i < e->count ? e->fields[i].value : (struct slice){NULL, 0};
}

static char *put_text(char *to, struct slice *s) {
    if (s->size)
        memcpy(to, s->at, s->size);
    s->at = to;
    return to + s->size;
}

/* The entry has these fields now, copied into one block. */
static void store(struct sim_redis_entry *e, const struct wire_field *from, size_t count) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += from[i].name.size + from[i].value.size;
    struct wire_field *fields = malloc(count * sizeof *fields + bytes + 1);
    CHECK(fields);
    char *text = (char *)(fields + count);
    for (size_t i = 0; i < count; i++) {
        fields[i] = from[i];
        text = put_text(text, &fields[i].name);
        text = put_text(text, &fields[i].value);
    }
    free(e->fields);
    e->fields = fields;
    e->count = count;
}

/* Beside those that are there, or instead of those of the same name. */
static void change(struct sim_redis_entry *e, const struct wire_command *c) {
    struct wire_field *fields = malloc((e->count + c->field_count + 1) * sizeof *fields);
    CHECK(fields);
    struct sim_redis_entry now = {.fields = fields, .count = e->count};
    if (e->count)
        memcpy(fields, e->fields, e->count * sizeof *fields);
    for (size_t i = 0; i < c->field_count; i++) {
        size_t at = field_at(&now, c->fields[i].name);
        if (c->kind != VIEW_COMMAND_DEL_FIELDS) {
            fields[at] = c->fields[i];
            if (c->kind == VIEW_COMMAND_ADD_MEMBERS)
                fields[at].value = (struct slice){"", 0};
            now.count += at == now.count;
        } else if (at < now.count) {
            fields[at] = fields[--now.count];
        }
    }
    store(e, fields, now.count);
    free(fields);
}

static void run(struct sim_redis_entry *e, const struct wire_command *c) {
    if (c->kind == VIEW_COMMAND_REPLACE_HASH)
        store(e, c->fields, c->field_count);
    else
        change(e, c);
}

static bool ends_with(struct slice s, struct slice end) {
    return s.size >= end.size && memcmp(s.at + s.size - end.size, end.at, end.size) == 0;
}

/* One command as the script runs it: nothing below a newer guard; true: a meta of another session,
 * or of none. */
static bool apply_command(struct sim_redis *r, uint64_t session, int64_t offset,
                          const struct wire_command *c) {
    struct sim_redis_entry *e = find(r, c->key);
    if (c->kind == VIEW_COMMAND_ADD_MEMBERS) {
        run(e ? e : add(r, c->key), c);
        return false;
    }
    bool had_guard = e && e->guard >= 0;
    if (had_guard && e->guard > offset && !r->unguarded)
        return false;
    e = e ? e : add(r, c->key);
    bool others = e->session != session;
    run(e, c);
    e->guard = offset;
    e->session = session;
    return ends_with(c->key, SLICE(":meta")) && others;
}

bool sim_redis_apply(struct sim_redis *r, uint64_t session, int64_t offset,
                     const struct wire_command *commands, size_t count) {
    bool gone = false;
    for (size_t i = 0; i < count; i++)
        if (commands[i].kind != VIEW_COMMAND_PUBLISH)
            gone |= apply_command(r, session, offset, &commands[i]);
    return gone;
}

static void forget_all(struct sim_redis *r) {
    free_entries(r->entries, r->count);
    r->entries = NULL;
    r->count = r->capacity = 0;
    table_deinit(&r->index);
    table_init(&r->index, 256);
}

void sim_redis_wipe(struct sim_redis *r) {
    forget_all(r);
}

static struct sim_redis_entry *copy_entries(const struct sim_redis_entry *from, size_t count) {
    struct sim_redis_entry *to = calloc(count + 1, sizeof *to);
    CHECK(to);
    for (size_t i = 0; i < count; i++) {
        to[i] = (struct sim_redis_entry){
            .key = slice_copy(from[i].key), .guard = from[i].guard, .session = from[i].session};
        store(&to[i], from[i].fields, from[i].count);
    }
    return to;
}

void sim_redis_save(struct sim_redis *r) {
    free_entries(r->saved, r->saved_count);
    r->saved = copy_entries(r->entries, r->count);
    r->saved_count = r->count;
}

void sim_redis_rewind(struct sim_redis *r) {
    forget_all(r);
    for (size_t i = 0; i < r->saved_count; i++) {
        struct sim_redis_entry *e = add(r, r->saved[i].key);
        e->guard = r->saved[i].guard;
        e->session = r->saved[i].session;
        store(e, r->saved[i].fields, r->saved[i].count);
    }
    r->generation++;
}
