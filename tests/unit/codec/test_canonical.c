/* Is the canonical form that of the Avro specification, and are its fingerprints those of others?
 * The vectors come from another implementation (fastavro 1.x); its hex is little-endian. */
#include "base/property.h"

#include "codec/canonical.h"
#include "codec/schema_text.h"

struct vector {
    const char *json, *form, *fingerprint;
};

static const struct vector vectors[] = {
    {"\"null\"", "\"null\"", "8a8f25cce724dd63"},
    {"{\"type\": \"boolean\"}", "\"boolean\"", "64f7d4a478fc429f"},
    {" \"int\" ", "\"int\"", "8f5c393f1ad57572"},
    {"{\"type\":\"string\",\"avro.java.string\":\"String\"}", "\"string\"", "c70345637248018f"},
    {"{\"type\":\"record\",\"fields\":[],\"name\":\"Foo\"}",
     "{\"name\":\"Foo\",\"type\":\"record\",\"fields\":[]}", "13b1ccd5614f7c6e"},
    {"{\"fields\":[{\"type\":\"boolean\",\"name\":\"f1\",\"doc\":\"x\",\"default\":true}],"
     "\"type\":\"record\",\"name\":\"foo\",\"namespace\":\"x.y\"}",
     "{\"name\":\"x.y.foo\",\"type\":\"record\",\"fields\":[{\"name\":\"f1\","
     "\"type\":\"boolean\"}]}",
     "cdd28e7ea2365d1e"},
    {"{\"type\":\"enum\",\"name\":\"foo\",\"symbols\":[\"A1\"],\"default\":\"A1\"}",
     "{\"name\":\"foo\",\"type\":\"enum\",\"symbols\":[\"A1\"]}", "6931aa159e03fca7"},
    {"{\"type\":\"record\",\"name\":\"a.b.L\",\"namespace\":\"zz\",\"aliases\":[\"M\"],"
     "\"fields\":[{\"name\":\"v\",\"type\":{\"type\":\"long\","
     "\"logicalType\":\"timestamp-millis\"}},{\"name\":\"n\",\"type\":[\"null\",\"L\"]},"
     "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":{\"type\":\"fixed\","
     "\"name\":\"q.F\",\"size\":16}}},{\"name\":\"o\",\"type\":\"q.F\"}]}",
     "{\"name\":\"a.b.L\",\"type\":\"record\",\"fields\":[{\"name\":\"v\",\"type\":\"long\"},"
     "{\"name\":\"n\",\"type\":[\"null\",\"a.b.L\"]},{\"name\":\"m\",\"type\":{\"type\":\"map\","
     "\"values\":{\"name\":\"q.F\",\"type\":\"fixed\",\"size\":16}}},{\"name\":\"o\","
     "\"type\":\"q.F\"}]}",
     "fb622f5af44efe2a"},
};

static uint64_t from_hex(const char *hex) {
    return __builtin_bswap64(strtoull(hex, NULL, 16));
}

static void forms_are_those_of_others(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct err err = {""};
        struct buf form = {0};
        struct schema_tree *tree = schema_tree_new(slice_of(vectors[i].json), &err);
        assert_string_equal(err.text, "");
        canonical_put(tree, &form);
        buf_put_u8(&form, '\0');
        assert_string_equal(form.at, vectors[i].form);
        uint64_t fingerprint = 0;
        assert_true(canonical_fingerprint(slice_of(vectors[i].json), &fingerprint, &err));
        assert_true(fingerprint == from_hex(vectors[i].fingerprint));
        schema_tree_free(tree);
        buf_deinit(&form);
    }
}

/* A change here means that every reader of the fingerprint form needs the new schema. */
static void our_fingerprints(void **state) {
    (void)state;
    static const char *const expected[SCHEMA_COUNT] = {
        "e2e4427cc0c33744", "6cc22bad5823be8e", "acf8b9baeaaf9a45", "c494d2d44edc4535",
        "ba0e48e8cec252f5", "183fd7bcf04de5b9", "97cbf7ceaa854bfc", "26dfaf9c73319733",
    };
    for (enum schema_id id = 0; id < SCHEMA_COUNT; id++)
        assert_true(schema_fingerprint(id) == from_hex(expected[id]));
}

static void what_is_no_schema_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *json, *reason;
    } wrong[] = {
        {"{", "the schema is not JSON: line 1, string or '}' expected near end of file"},
        {"7", "the schema has a number, true, false or null where a type belongs"},
        {"\"Missing\"", "the schema names a type \"Missing\" that it does not define"},
        {"{\"type\":\"record\",\"name\":\"R\"}", "the schema has a record without fields"},
        {"{\"type\":\"enum\",\"name\":\"\",\"symbols\":[]}",
         "the schema has a type enum without a name"},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}",
         "the schema has a fixed without a usable size"},
        {"{\"type\":\"array\"}", "the schema has array without its type"},
        {"[\"int\",[\"null\"]]", "the schema has a union directly within a union"},
        {"[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},"
         "{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}]",
         "the schema defines \"F\" twice"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\"}]}",
         "the schema has a field without a name or a type"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\\\"\"]}",
         "the schema has a name with the byte 0x22; letters, digits and _ are right"},
        {"{\"name\":\"R\"}", "the schema has an object without a type"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct err err = {""};
        assert_null(schema_tree_new(slice_of(wrong[i].json), &err));
        assert_string_equal(err.text, wrong[i].reason);
    }
}

static void deep_schemas_are_refused(void **state) {
    (void)state;
    struct buf json = {0};
    struct err err = {""};
    for (int i = 0; i < 1000; i++)
        buf_put(&json, "{\"type\":\"array\",\"items\":", 24);
    buf_put(&json, "\"int\"", 5);
    for (int i = 0; i < 1000; i++)
        buf_put_u8(&json, '}');
    assert_null(schema_tree_new(buf_slice(&json), &err));
    assert_string_equal(err.text, "the schema is nested deeper than 64 types");
    buf_deinit(&json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_those_of_others),
        cmocka_unit_test(our_fingerprints),
        cmocka_unit_test(what_is_no_schema_is_refused),
        cmocka_unit_test(deep_schemas_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
