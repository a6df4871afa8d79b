/* The decode plan beside Avro C's generic and resolved reading, on an event as the simulated sites
 * write it. */
#include <avro.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "codec/plan.h"
#include "codec/schema_text.h"
#include "micro.h"

#define DECODES 500000u

/* The nullable fields that such an event has. */
static const char *const present[] = {"emitted_at", "queue_id", "agent_id", "leg_id",
                                      "queue_wait_ms"};

static bool is_present(const char *field) {
    for (size_t i = 0; i < sizeof(present) / sizeof(present[0]); i++)
        if (strcmp(present[i], field) == 0)
            return true;
    return false;
}

static void fill_one(avro_value_t *value, const char *name) {
    avro_value_t branch;
    switch (avro_value_get_type(value)) {
    case AVRO_STRING: avro_value_set_string(value, name); break;
    case AVRO_INT64: avro_value_set_long(value, INT64_C(1700000000000)); break;
    case AVRO_INT32: avro_value_set_int(value, 0); break;
    case AVRO_ENUM: avro_value_set_enum(value, 1); break;
    case AVRO_BOOLEAN: avro_value_set_boolean(value, 1); break;
    case AVRO_UNION:
        CHECK(avro_value_set_branch(value, is_present(name), &branch) == 0);
        if (is_present(name))
            fill_one(&branch, name);
        else
            avro_value_set_null(&branch);
        break;
    default: break;
    }
}

/* Returns the bytes written. */
static size_t write_event(avro_value_iface_t *generic, char *bytes, size_t room) {
    avro_value_t event;
    size_t fields = 0;
    CHECK(avro_generic_value_new(generic, &event) == 0);
    avro_value_get_size(&event, &fields);
    for (size_t i = 0; i < fields; i++) {
        avro_value_t field;
        const char *name;
        CHECK(avro_value_get_by_index(&event, i, &field, &name) == 0);
        fill_one(&field, name);
    }
    avro_writer_t to = avro_writer_memory(bytes, (int64_t)room);
    CHECK(avro_value_write(to, &event) == 0);
    size_t size = (size_t)avro_writer_tell(to);
    avro_writer_free(to);
    avro_value_decref(&event);
    return size;
}

static void measure_plan(struct slice datum) {
    struct schema_tree *tree = schema_tree_new(schema_text(SCHEMA_INTERACTION_EVENT), NULL);
    struct plan *plan = plan_new(tree, tree);
    struct event event;
    struct err err;
    int64_t sum = 0;
    double begin = micro_now_ns();
    for (uint32_t i = 0; i < MICRO_OPERATIONS; i++) {
        CHECK(plan_run(plan, datum, &event, &err) == PLAN_DECODED);
        sum += event.event_at;
    }
    micro_print("decode: plan, bytes", datum.size, (micro_now_ns() - begin) / MICRO_OPERATIONS);
    CHECK(sum != 0);
    plan_free(plan);
    schema_tree_free(tree);
}

static double read_all(avro_value_t *into, struct slice datum) {
    avro_reader_t from = avro_reader_memory(datum.at, (int64_t)datum.size);
    double begin = micro_now_ns();
    for (uint32_t i = 0; i < DECODES; i++) {
        avro_reader_memory_set_source(from, datum.at, (int64_t)datum.size);
        CHECK(avro_value_read(from, into) == 0);
    }
    double ns = (micro_now_ns() - begin) / DECODES;
    avro_reader_free(from);
    return ns;
}

static void measure_avro(avro_schema_t schema, avro_value_iface_t *generic, struct slice datum) {
    avro_value_t event, resolved;
    CHECK(avro_generic_value_new(generic, &event) == 0);
    micro_print("  Avro C, generic", datum.size, read_all(&event, datum));
    avro_value_iface_t *resolver = avro_resolved_writer_new(schema, schema);
    CHECK(resolver && avro_resolved_writer_new_value(resolver, &resolved) == 0);
    avro_resolved_writer_set_dest(&resolved, &event);
    micro_print("  Avro C, resolved", datum.size, read_all(&resolved, datum));
    avro_value_decref(&resolved);
    avro_value_decref(&event);
    avro_value_iface_decref(resolver);
}

void micro_decode(void) {
    char bytes[1024];
    struct slice text = schema_text(SCHEMA_INTERACTION_EVENT);
    avro_schema_t schema;
    CHECK(avro_schema_from_json_length(text.at, text.size, &schema) == 0);
    avro_value_iface_t *generic = avro_generic_class_from_schema(schema);
    struct slice datum = {bytes, write_event(generic, bytes, sizeof(bytes))};
    measure_plan(datum);
    measure_avro(schema, generic, datum);
    avro_value_iface_decref(generic);
    avro_schema_decref(schema);
}
