/* The decode plan against Avro C: random writers' schemas made from ours, random data. */
#include "avro_oracle.h"

#include "codec/event_slots.h"
#include "codec/plan_ops.h"
#include "codec/schema_text.h"

#define ROUNDS 1500
#define DATA_PER_SCHEMA 6
#define EVENTS 20000

/* A writer's schema while it is written. */
struct draft {
    struct rng *rng;
    struct buf json;
    unsigned names; /* types of the draft's own */
};

static bool one_in(struct draft *d, uint64_t odds) {
    return rng_below(d->rng, odds) == 0;
}

static void put(struct draft *d, const char *text) {
    buf_put(&d->json, text, strlen(text));
}

static void put_random_type(struct draft *d, unsigned depth);

static void put_random_union(struct draft *d, unsigned depth) {
    put(d, one_in(d, 2) ? "[\"null\",{\"type\":\"array\",\"items\":"
                        : "[\"string\",\"int\",{\"type\":\"array\",\"items\":");
    put_random_type(d, depth + 1);
    put(d, one_in(d, 2) ? "}]" : "},\"boolean\",\"double\"]");
}

/* A list: a record that contains itself. */
static void put_random_record(struct draft *d, unsigned depth) {
    unsigned name = d->names++;
    buf_put_format(&d->json, "{\"type\":\"record\",\"name\":\"R%u\",\"fields\":[", name);
    buf_put_format(&d->json, "{\"name\":\"next\",\"type\":[\"R%u\",\"null\"]},", name);
    put(d, "{\"name\":\"value\",\"type\":");
    put_random_type(d, depth + 1);
    put(d, "}]}");
}

/* Avro C cannot append what takes no bytes: null is only a field of the outermost record. */
static void put_random_type(struct draft *d, unsigned depth) {
    static const char *const simple[] = {"null",  "boolean", "int",   "long",
                                         "float", "double",  "bytes", "string"};
    switch (rng_below(d->rng, depth > 3 ? 2 : 8)) {
    case 2:
        buf_put_format(&d->json, "{\"type\":\"fixed\",\"name\":\"F%u\",\"size\":%u}", d->names++,
                       1 + (unsigned)rng_below(d->rng, 20));
        break;
    case 3:
        buf_put_format(&d->json, "{\"type\":\"enum\",\"name\":\"E%u\",\"symbols\":[\"A\",\"B\"]}",
                       d->names++);
        break;
    case 4:
    case 5:
        put(d, one_in(d, 2) ? "{\"type\":\"array\",\"items\":" : "{\"type\":\"map\",\"values\":");
        put_random_type(d, depth + 1);
        put(d, "}");
        break;
    case 6: put_random_record(d, depth); break;
    case 7: put_random_union(d, depth); break;
    default:
        buf_put_format(&d->json, "\"%s\"",
                       simple[depth == 0 ? rng_below(d->rng, 8) : 1 + rng_below(d->rng, 7)]);
        break;
    }
}

static const struct schema_field *our_field(const struct schema_tree *ours, const char *name) {
    const struct schema_node *root = schema_tree_root(ours);
    for (size_t i = 0; i < root->field_count; i++) {
        if (slice_equal(root->fields[i].name, slice_of(name)))
            return &root->fields[i];
    }
    fail_msg("no field %s", name);
    return NULL;
}

/* Some of our symbols in another order, and some that we do not know. */
static void put_enum(struct draft *d, const struct schema_node *ours) {
    buf_put_format(&d->json, "{\"type\":\"enum\",\"name\":\"E%u\",\"symbols\":[\"%s\"", d->names++,
                   one_in(d, 2) ? "UNKNOWN" : "NEWER");
    size_t first = (size_t)rng_below(d->rng, ours->symbol_count);
    for (size_t i = 0; i < ours->symbol_count; i++) {
        struct slice symbol = ours->symbols[(first + i) % ours->symbol_count];
        if (!one_in(d, 4) && !slice_equal(symbol, SLICE("UNKNOWN")))
            buf_put_format(&d->json, ",\"" SLICE_FMT "\"", SLICE_ARG(symbol));
    }
    put(d, one_in(d, 2) ? ",\"NEWEST\"]}" : "]}");
}

static void put_wanted_type(struct draft *d, const struct schema_tree *ours, size_t slot) {
    const struct schema_node *type = our_field(ours, event_slots[slot].field)->type;
    switch (event_slots[slot].kind) {
    case SLOT_TEXT: put(d, one_in(d, 5) ? "\"bytes\"" : "\"string\""); break;
    case SLOT_LONG: put(d, one_in(d, 3) ? "\"int\"" : "\"long\""); break;
    case SLOT_INT: put(d, "\"int\""); break;
    case SLOT_ENUM: put_enum(d, type); break;
    default: put(d, "\"boolean\""); break;
    }
}

static void put_wanted_field(struct draft *d, const struct schema_tree *ours, size_t slot) {
    buf_put_format(&d->json, "{\"name\":\"%s\",\"type\":", event_slots[slot].field);
    uint64_t form = rng_below(d->rng, 5);
    put(d, form == 0 ? "[\"null\"," : form == 1 || form == 2 ? "[" : "");
    put_wanted_type(d, ours, slot);
    put(d, form == 0 ? "]" : form == 1 ? ",\"null\"]" : form == 2 ? ",\"null\",\"float\"]" : "");
    put(d, "}");
}

/* As it is, or with two symbols of an enum in each other's place. */
static void put_our_schema(struct draft *d) {
    struct slice text = schema_text(SCHEMA_INTERACTION_EVENT);
    buf_put(&d->json, text.at, text.size);
    if (one_in(d, 2)) {
        char *voice = memmem(d->json.at, d->json.size, "\"VOICE\"", 7);
        char *email = memmem(d->json.at, d->json.size, "\"EMAIL\"", 7);
        assert_true(voice && email);
        memcpy(voice, "\"EMAIL\"", 7);
        memcpy(email, "\"VOICE\"", 7);
    }
    buf_put_u8(&d->json, '\0');
}

static void put_schema(struct draft *d, const struct schema_tree *ours) {
    size_t order[EVENT_SLOT_COUNT];
    for (size_t i = 0; i < EVENT_SLOT_COUNT; i++)
        order[i] = i;
    for (size_t i = EVENT_SLOT_COUNT - 1; i > 0 && one_in(d, 2); i--) {
        size_t other = (size_t)rng_below(d->rng, i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    put(d, "{\"type\":\"record\",\"name\":\"InteractionEvent\",\"namespace\":\"floorwalker.v1\","
           "\"fields\":[{\"name\":\"first\",\"type\":\"int\"}");
    for (size_t i = 0; i < EVENT_SLOT_COUNT; i++) {
        while (one_in(d, 5)) {
            buf_put_format(&d->json, ",{\"name\":\"extra%u\",\"type\":", d->names++);
            put_random_type(d, 0);
            put(d, "}");
        }
        if (one_in(d, 8))
            continue;
        put(d, ",");
        put_wanted_field(d, ours, order[i]);
    }
    put(d, "]}");
    buf_put_u8(&d->json, '\0');
}

/* What must come of one field. */
struct expected {
    struct slice text;
    int64_t number;
    bool refused; /* a branch that cannot become ours */
};

static const char *symbol_name(avro_value_t *field) {
    int index = 0;
    avro_value_get_enum(field, &index);
    return avro_schema_enum_get(avro_value_get_schema(field), index);
}

static void expect_enum(struct expected *e, avro_value_t *field, const struct schema_node *ours) {
    e->number = 0;
    for (size_t i = 0; i < ours->symbol_count; i++) {
        if (slice_equal(ours->symbols[i], slice_of(symbol_name(field))))
            e->number = (int64_t)i;
    }
}

static void expected_of(struct expected *e, avro_value_t *field, const struct schema_node *ours) {
    const char *text = NULL;
    const void *bytes = NULL;
    size_t size = 0;
    int narrow = 0;
    switch (avro_value_get_type(field)) {
    case AVRO_STRING:
        avro_value_get_string(field, &text, &size);
        e->text = (struct slice){text, size - 1};
        break;
    case AVRO_BYTES:
        avro_value_get_bytes(field, &bytes, &size);
        e->text = (struct slice){bytes, size};
        break;
    case AVRO_INT32:
        avro_value_get_int(field, &narrow);
        e->number = narrow;
        break;
    case AVRO_BOOLEAN:
        avro_value_get_boolean(field, &narrow);
        e->number = narrow;
        break;
    case AVRO_INT64: avro_value_get_long(field, &e->number); break;
    case AVRO_ENUM: expect_enum(e, field, ours); break;
    case AVRO_FLOAT: e->refused = true; break;
    default: break; /* null: the default stays */
    }
}

static int64_t number_at(const struct event *ev, size_t slot) {
    const char *at = (const char *)ev + event_slots[slot].offset;
    switch (event_slots[slot].kind) {
    case SLOT_LONG: return *(const int64_t *)(const void *)at;
    case SLOT_INT: return *(const int32_t *)(const void *)at;
    case SLOT_TRISTATE: return *(const int8_t *)at;
    default: return *(const uint8_t *)at;
    }
}

static struct slice text_at(const struct event *ev, size_t slot) {
    const char *at = (const char *)ev + event_slots[slot].offset;
    return *(const struct slice *)(const void *)at;
}

/* What Avro C says of each field that we want, beginning with the defaults. */
static bool expect_all(struct expected *expected, avro_value_t *datum,
                       const struct schema_tree *ours) {
    struct event blank;
    bool refused = false;
    event_set_defaults(&blank);
    for (size_t slot = 0; slot < EVENT_SLOT_COUNT; slot++) {
        struct expected *e = &expected[slot];
        *e = (struct expected){0};
        if (event_slots[slot].kind != SLOT_TEXT)
            e->number = number_at(&blank, slot);
        avro_value_t field;
        if (avro_value_get_by_name(datum, event_slots[slot].field, &field, NULL) != 0)
            continue;
        if (avro_value_get_type(&field) == AVRO_UNION)
            avro_value_get_current_branch(&field, &field);
        expected_of(e, &field, our_field(ours, event_slots[slot].field)->type);
        refused = refused || e->refused;
    }
    return !refused;
}

static void check_datum(uint64_t seed, const struct plan *plan, avro_value_t *datum,
                        const struct schema_tree *ours) {
    struct expected expected[EVENT_SLOT_COUNT];
    struct event ev;
    struct err err = {""};
    struct buf bytes;
    buf_init(&bytes);
    write_value(datum, &bytes);
    if (!expect_all(expected, datum, ours)) {
        REQUIRE(seed, plan_run(plan, buf_slice(&bytes), &ev, &err) == PLAN_UNDECODABLE);
        buf_deinit(&bytes);
        return;
    }
    REQUIRE(seed, plan_run(plan, buf_slice(&bytes), &ev, &err) == PLAN_DECODED);
    for (size_t slot = 0; slot < EVENT_SLOT_COUNT; slot++) {
        if (event_slots[slot].kind == SLOT_TEXT)
            REQUIRE(seed, slice_equal(text_at(&ev, slot), expected[slot].text));
        else
            REQUIRE(seed, number_at(&ev, slot) == expected[slot].number);
    }

    /* Nothing shorter and nothing longer is the same record. */
    size_t size = bytes.size, cut = (size_t)rng_below(&(struct rng){{seed, 1, 2, 3}}, size);
    buf_put_u8(&bytes, 0);
    REQUIRE(seed, plan_run(plan, buf_slice(&bytes), &ev, &err) == PLAN_UNDECODABLE);
    char *copy = malloc(cut + 1);
    memcpy(copy, bytes.at, cut);
    REQUIRE(seed, plan_run(plan, (struct slice){copy, cut}, &ev, &err) != PLAN_DECODED);
    free(copy);
    buf_deinit(&bytes);
}

static void check_schema(uint64_t seed, const struct schema_tree *ours) {
    struct rng rng;
    rng_init(&rng, seed);
    struct draft draft = {.rng = &rng};
    if (one_in(&draft, 8))
        put_our_schema(&draft);
    else
        put_schema(&draft, ours);

    avro_schema_t schema = NULL;
    if (avro_schema_from_json_length(draft.json.at, draft.json.size - 1, &schema) != 0)
        fail_msg("FLOORWALKER_SEED=%llu: %s: %s", (unsigned long long)seed, avro_strerror(),
                 draft.json.at);
    struct err err = {""};
    struct slice json = {draft.json.at, draft.json.size - 1};
    struct schema_tree *tree = schema_tree_new(json, &err);
    REQUIRE(seed, tree != NULL);
    struct plan *plan = plan_new(tree, ours);
    schema_tree_free(tree);

    avro_value_iface_t *iface = avro_generic_class_from_schema(schema);
    for (int i = 0; i < DATA_PER_SCHEMA; i++) {
        avro_value_t datum;
        assert_int_equal(avro_generic_value_new(iface, &datum), 0);
        fill(&rng, &datum, 0);
        check_datum(seed, plan, &datum, ours);
        avro_value_decref(&datum);
    }
    avro_value_iface_decref(iface);
    avro_schema_decref(schema);
    plan_free(plan);
    buf_deinit(&draft.json);
}

static void agrees_with_avro_c(void **state) {
    (void)state;
    struct schema_tree *ours = schema_tree_new(schema_text(SCHEMA_INTERACTION_EVENT), NULL);
    assert_non_null(ours);
    uint64_t first = property_first_seed();
    for (uint64_t seed = first; seed < first + ROUNDS; seed++)
        check_schema(seed, ours);
    schema_tree_free(ours);
}

/* Plans of our schema as it is, whose fields are read in one go, and of it with a record of no
 * fields and no bytes among them, whose fields are read one by one. */
static void make_plans(const struct schema_tree *ours, struct plan *plans[2]) {
    struct slice text = schema_text(SCHEMA_INTERACTION_EVENT);
    const char *second = memmem(text.at, text.size, "\"name\": \"tenant_id\"", 19);
    assert_non_null(second);
    second = memrchr(text.at, '{', (size_t)(second - text.at));
    struct buf json = {0};
    buf_put(&json, text.at, (size_t)(second - text.at));
    buf_put_format(&json, "{\"name\":\"none\",\"type\":{\"type\":\"record\",\"name\":\"None\","
                          "\"fields\":[]}},");
    buf_put(&json, second, text.size - (size_t)(second - text.at));
    struct schema_tree *other = schema_tree_new(buf_slice(&json), NULL);
    assert_non_null(other);
    plans[0] = plan_new(ours, ours);
    plans[1] = plan_new(other, ours);
    assert_int_equal(plans[0]->ops[0].code, PLAN_USUAL);
    assert_int_not_equal(plans[1]->ops[0].code, PLAN_USUAL);
    schema_tree_free(other);
    buf_deinit(&json);
}

static void put_text(struct rng *rng, struct buf *b) {
    static const uint8_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 30, 62, 63, 64, 65, 200};
    size_t size = sizes[rng_below(rng, sizeof(sizes))];
    buf_put_zigzag(b, (int64_t)size);
    for (size_t i = 0; i < size; i++)
        buf_put_u8(b, (uint8_t)(rng_below(rng, 600) == 0 ? 0xC3 : 'a' + rng_below(rng, 26)));
}

static void put_value(struct rng *rng, struct buf *b, size_t slot) {
    switch (event_slots[slot].kind) {
    case SLOT_TEXT: put_text(rng, b); break;
    case SLOT_LONG: buf_put_zigzag(b, (int64_t)(rng_next(rng) >> rng_below(rng, 64))); break;
    case SLOT_INT: buf_put_zigzag(b, (int32_t)(rng_next(rng) >> (32 + rng_below(rng, 32)))); break;
    case SLOT_ENUM: /* rarely the first one that is not there */
        buf_put_zigzag(b, rng_below(rng, 100) == 0
                              ? event_slots[slot].symbols
                              : (int64_t)rng_below(rng, event_slots[slot].symbols));
        break;
    default: buf_put_u8(b, (uint8_t)rng_below(rng, 2)); break;
    }
}

static void put_event(struct rng *rng, const struct schema_tree *ours, struct buf *b) {
    buf_reset(b);
    for (size_t slot = 0; slot < EVENT_SLOT_COUNT; slot++) {
        bool option = our_field(ours, event_slots[slot].field)->type->kind == SCHEMA_KIND_UNION;
        bool there = !option || rng_below(rng, 3) == 0;
        if (option)
            buf_put_zigzag(b, there);
        if (there)
            put_value(rng, b, slot);
    }
    buf_put(b, "\0\0\0", 3); /* no sentiment, order_ref_key and attrs */
}

/* Most often nothing; else a byte is another one, or the end is missing. */
static void damage(struct rng *rng, struct buf *b) {
    size_t at = (size_t)rng_below(rng, b->size);
    uint64_t how = rng_below(rng, 4);
    if (how == 0)
        b->at[at] = (char)rng_next(rng);
    else if (how == 1)
        b->size = at;
}

/* The same results, fields and faults, for whatever bytes. */
static void in_one_go_as_one_by_one(void **state) {
    (void)state;
    struct schema_tree *ours = schema_tree_new(schema_text(SCHEMA_INTERACTION_EVENT), NULL);
    struct plan *plans[2];
    struct buf bytes = {0};
    make_plans(ours, plans);
    uint64_t first = property_first_seed(), decoded = 0;
    for (uint64_t seed = first; seed < first + EVENTS; seed++) {
        struct rng rng;
        struct event events[2];
        struct err errs[2] = {{""}, {""}};
        rng_init(&rng, seed);
        put_event(&rng, ours, &bytes);
        damage(&rng, &bytes);
        char *copy = malloc(bytes.size + 1); /* nothing behind it may be read */
        struct slice datum = {memcpy(copy + 1, bytes.at, bytes.size), bytes.size};
        enum plan_result result = plan_run(plans[0], datum, &events[0], &errs[0]);
        REQUIRE(seed, plan_run(plans[1], datum, &events[1], &errs[1]) == result);
        REQUIRE(seed, strcmp(errs[0].text, errs[1].text) == 0);
        REQUIRE(seed,
                result != PLAN_DECODED || memcmp(&events[0], &events[1], sizeof(*events)) == 0);
        decoded += result == PLAN_DECODED;
        free(copy);
    }
    assert_in_range(decoded, EVENTS / 4, EVENTS * 3 / 4);
    plan_free(plans[0]);
    plan_free(plans[1]);
    schema_tree_free(ours);
    buf_deinit(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_avro_c),
                                       cmocka_unit_test(in_one_go_as_one_by_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
