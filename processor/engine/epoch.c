#include "engine/epoch.h"

#include <stdlib.h>

#include "base/check.h"

#define TOPIC_NAME(symbol, name) name,
static const char *const topic_names[] = {EPOCH_TOPICS(TOPIC_NAME)};

const char *epoch_topic_name(enum epoch_topic t) {
    CHECK(t < OUTPUT_COUNT);
    return topic_names[t];
}

struct epoch *epoch_new(void) {
    struct epoch *e = calloc(1, sizeof *e);
    CHECK(e);
    buf_init(&e->bytes);
    return e;
}

void epoch_free(struct epoch *e) {
    if (!e)
        return;
    buf_deinit(&e->bytes);
    free(e->records);
    free(e->positions);
    free(e);
}

size_t epoch_size(const struct epoch *e) {
    return e->bytes.size + e->record_count * sizeof *e->records +
           e->position_count * sizeof *e->positions;
}

void epoch_reset(struct epoch *e, uint64_t number) {
    e->number = number;
    buf_reset(&e->bytes);
    e->record_count = 0;
    e->position_count = 0;
}

static void *grown(void *items, size_t count, size_t *capacity, size_t item_size) {
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 64;
    items = realloc(items, *capacity * item_size);
    CHECK(items);
    return items;
}

struct buf *epoch_begin(struct epoch *e, enum epoch_topic topic, int32_t partition) {
    e->records = grown(e->records, e->record_count, &e->record_capacity, sizeof *e->records);
    e->records[e->record_count] = (struct epoch_record){
        .topic = topic, .partition = partition, .key_at = e->bytes.size};
    return &e->bytes;
}

void epoch_key_done(struct epoch *e) {
    struct epoch_record *r = &e->records[e->record_count];
    r->key_size = e->bytes.size - r->key_at;
    r->value_at = e->bytes.size;
}

void epoch_record_done(struct epoch *e) {
    struct epoch_record *r = &e->records[e->record_count];
    CHECK(r->value_at >= r->key_at);
    r->value_size = e->bytes.size - r->value_at;
    e->record_count++;
}

struct epoch_position *epoch_add_position(struct epoch *e) {
    e->positions = grown(e->positions, e->position_count, &e->position_capacity,
                         sizeof *e->positions);
    struct epoch_position *p = &e->positions[e->position_count++];
    memset(p, 0, sizeof *p);
    return p;
}

struct slice epoch_key(const struct epoch *e, const struct epoch_record *r) {
    return (struct slice){e->bytes.at + r->key_at, r->key_size};
}

struct slice epoch_value(const struct epoch *e, const struct epoch_record *r) {
    return (struct slice){e->bytes.at + r->value_at, r->value_size};
}
