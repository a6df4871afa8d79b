/* Random values of any schema, made and written by Avro C: the oracle of the decode plan. */
#pragma once

#include <avro.h>

#include "base/buf.h"

#include <stdio.h>

#include "base/property.h"

static void fill(struct rng *r, avro_value_t *value, unsigned depth);

static void fill_text(struct rng *r, char text[64]) {
    static const char *const pieces[] = {
        "a", "Q7", "-", "queue", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", " ", "0123456789"};
    text[0] = '\0';
    for (uint64_t left = rng_below(r, 6); left > 0; left--)
        strcat(text, pieces[rng_below(r, sizeof(pieces) / sizeof(pieces[0]))]);
}

static int64_t some_long(struct rng *r) {
    int64_t value = (int64_t)(rng_next(r) >> rng_below(r, 64));
    return rng_below(r, 2) ? value : -value;
}

static void fill_record(struct rng *r, avro_value_t *value, unsigned depth) {
    size_t count = 0;
    assert_int_equal(avro_value_get_size(value, &count), 0);
    for (size_t i = 0; i < count; i++) {
        avro_value_t field;
        assert_int_equal(avro_value_get_by_index(value, i, &field, NULL), 0);
        fill(r, &field, depth + 1);
    }
}

static void fill_collection(struct rng *r, avro_value_t *value, bool is_map, unsigned depth) {
    uint64_t count = depth > 6 ? 0 : rng_below(r, 4);
    for (uint64_t i = 0; i < count; i++) {
        avro_value_t element;
        char key[32];
        snprintf(key, sizeof(key), "key%u", (unsigned)i);
        if (is_map)
            assert_int_equal(avro_value_add(value, key, &element, NULL, NULL), 0);
        else
            assert_int_equal(avro_value_append(value, &element, NULL), 0);
        fill(r, &element, depth + 1);
    }
}

/* Deep down the null branch is taken, so that types that contain themselves come to an end. */
static void fill_union(struct rng *r, avro_value_t *value, unsigned depth) {
    avro_schema_t schema = avro_value_get_schema(value);
    size_t count = avro_schema_union_size(schema);
    int branch = (int)rng_below(r, count);
    for (size_t i = 0; i < count && depth > 6; i++) {
        if (avro_typeof(avro_schema_union_branch(schema, (int)i)) == AVRO_NULL)
            branch = (int)i;
    }
    avro_value_t part;
    assert_int_equal(avro_value_set_branch(value, branch, &part), 0);
    fill(r, &part, depth + 1);
}

static void fill_fixed(struct rng *r, avro_value_t *value) {
    char bytes[64];
    size_t size = (size_t)avro_schema_fixed_size(avro_value_get_schema(value));
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)rng_next(r);
    assert_int_equal(avro_value_set_fixed(value, bytes, size), 0);
}

static void fill_enum(struct rng *r, avro_value_t *value) {
    uint64_t count = (uint64_t)avro_schema_enum_number_of_symbols(avro_value_get_schema(value));
    assert_int_equal(avro_value_set_enum(value, (int)rng_below(r, count)), 0);
}

static void fill(struct rng *r, avro_value_t *value, unsigned depth) {
    char text[64];
    fill_text(r, text);
    switch (avro_value_get_type(value)) {
    case AVRO_STRING: avro_value_set_string(value, text); break;
    case AVRO_BYTES: avro_value_set_bytes(value, text, strlen(text)); break;
    case AVRO_INT32: avro_value_set_int(value, (int32_t)(some_long(r) % INT32_MAX)); break;
    case AVRO_INT64: avro_value_set_long(value, some_long(r)); break;
    case AVRO_FLOAT: avro_value_set_float(value, (float)rng_unit(r)); break;
    case AVRO_DOUBLE: avro_value_set_double(value, rng_unit(r)); break;
    case AVRO_BOOLEAN: avro_value_set_boolean(value, (int)rng_below(r, 2)); break;
    case AVRO_NULL: avro_value_set_null(value); break;
    case AVRO_ENUM: fill_enum(r, value); break;
    case AVRO_FIXED: fill_fixed(r, value); break;
    case AVRO_RECORD: fill_record(r, value, depth); break;
    case AVRO_ARRAY: fill_collection(r, value, false, depth); break;
    case AVRO_MAP: fill_collection(r, value, true, depth); break;
    case AVRO_UNION: fill_union(r, value, depth); break;
    default: fail_msg("a type that Avro C does not have"); break;
    }
}

/* What Avro C writes for the value. */
static void write_value(avro_value_t *value, struct buf *out) {
    size_t size = 0;
    assert_int_equal(avro_value_sizeof(value, &size), 0);
    char *at = buf_reserve(out, size + 1);
    avro_writer_t writer = avro_writer_memory(at, (int64_t)size + 1);
    assert_int_equal(avro_value_write(writer, value), 0);
    out->size += (size_t)avro_writer_tell(writer);
    avro_writer_free(writer);
}
