#include "codec/container_writer.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/check.h"

#define LOG_TIME_FIELD                                                                             \
    "{\"name\": \"log_at\", \"type\": {\"type\": \"long\", \"logicalType\": "                      \
    "\"timestamp-millis\"}, \"doc\": \"When the record was appended to the topic, epoch ms "       \
    "UTC.\"}"

struct container_writer {
    enum container_codec codec;
    char sync[CONTAINER_SYNC_SIZE];
    struct buf block;  /* of records */
    struct buf packed; /* the block compressed */
    struct buf bytes;  /* of the file */
    uint64_t in_block, count;
};

/* A length as Avro has it: zigzag. */
static void put_bytes(struct buf *b, struct slice s) {
    buf_put_zigzag(b, (int64_t)s.size);
    buf_put(b, s.at, s.size);
}

static void put_header(struct container_writer *w, struct slice schema) {
    struct buf *b = &w->bytes;
    buf_put(b, "Obj\1", 4);
    buf_put_zigzag(b, 2);
    put_bytes(b, SLICE("avro.codec"));
    put_bytes(b, slice_of(container_codec_name(w->codec)));
    put_bytes(b, SLICE("avro.schema"));
    put_bytes(b, schema);
    buf_put_zigzag(b, 0);
    buf_put(b, w->sync, CONTAINER_SYNC_SIZE);
}

struct container_writer *container_writer_new(struct slice schema, enum container_codec codec,
                                              const char sync[CONTAINER_SYNC_SIZE]) {
    struct container_writer *w = calloc(1, sizeof(*w));
    CHECK(w);
    w->codec = codec;
    memcpy(w->sync, sync, CONTAINER_SYNC_SIZE);
    buf_init(&w->block);
    buf_init(&w->packed);
    buf_init(&w->bytes);
    put_header(w, schema);
    return w;
}

void container_writer_free(struct container_writer *w) {
    if (!w)
        return;
    buf_deinit(&w->block);
    buf_deinit(&w->packed);
    buf_deinit(&w->bytes);
    free(w);
}

void container_writer_finish(struct container_writer *w) {
    if (w->in_block == 0)
        return;
    buf_reset(&w->packed);
    container_codec_pack(w->codec, buf_slice(&w->block), &w->packed);
    buf_put_zigzag(&w->bytes, (int64_t)w->in_block);
    put_bytes(&w->bytes, buf_slice(&w->packed));
    buf_put(&w->bytes, w->sync, CONTAINER_SYNC_SIZE);
    buf_reset(&w->block);
    w->in_block = 0;
}

void container_writer_add(struct container_writer *w, int64_t log_at, struct slice body) {
    buf_put_zigzag(&w->block, log_at);
    buf_put(&w->block, body.at, body.size);
    w->in_block++;
    w->count++;
    if (w->block.size >= CONTAINER_WRITE_AT)
        container_writer_finish(w);
}

struct buf *container_writer_bytes(struct container_writer *w) {
    return &w->bytes;
}

uint64_t container_writer_count(const struct container_writer *w) {
    return w->count;
}

static bool has_log_time(const json_t *fields) {
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(fields, i), "name"));
        if (name && strcmp(name, "log_at") == 0)
            return true;
    }
    return false;
}

static bool add_log_time(json_t *schema, struct buf *out, struct err *err) {
    json_t *fields = json_object_get(schema, "fields");
    if (!json_is_array(fields))
        return err_set(err, "the schema is not that of a record");
    if (has_log_time(fields))
        return err_set(err, "the records have a field log_at of their own");
    json_array_insert_new(fields, 0, json_loads(LOG_TIME_FIELD, 0, NULL));
    char *text = json_dumps(schema, JSON_COMPACT);
    CHECK(text);
    buf_put(out, text, strlen(text));
    free(text);
    return true;
}

bool container_writer_schema(struct slice json, struct buf *out, struct err *err) {
    json_error_t fault;
    json_t *schema = json_loadb(json.at, json.size, 0, &fault);
    if (!schema)
        return err_set(err, "the schema is no JSON: %s", fault.text);
    bool right = add_log_time(schema, out, err);
    json_decref(schema);
    return right;
}
