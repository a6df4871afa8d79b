#include "codec/schema_text.h"

#include "base/check.h"
#include "codec/canonical.h"

#define NAME(symbol, name) SCHEMA_NAMESPACE name,

struct slice schema_text(enum schema_id id) {
    CHECK(id < SCHEMA_COUNT);
    return schema_texts[id];
}

const char *schema_name(enum schema_id id) {
    static const char *const names[] = {SCHEMAS(NAME)};
    CHECK(id < SCHEMA_COUNT);
    return names[id];
}

uint64_t schema_fingerprint(enum schema_id id) {
    uint64_t fingerprint = 0;
    CHECK(canonical_fingerprint(schema_text(id), &fingerprint, NULL));
    return fingerprint;
}
