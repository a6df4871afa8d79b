#include "schema.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canonical.h"

enum { ANSWER_MAX = 64 * 1024, CANONICAL_MAX = 64 * 1024, TEXT_MAX = 64 * 1024 };

#define NAME(name) #name,
static const char *const types[] = {EVENT_TYPES(NAME) NULL};
static const char *const initiations[] = {EVENT_INITIATIONS(NAME) NULL};
static const char *const priorities[] = {EVENT_PRIORITIES(NAME) NULL};
static const char *const authors[] = {EVENT_AUTHORS(NAME) NULL};
static const char *const end_causes[] = {EVENT_END_CAUSES(NAME) NULL};

static bool fail(const char *what, const char *why) {
    fprintf(stderr, "floorsim: %s: %s\n", what, why);
    return false;
}

uint64_t schema_fingerprint(const char *canonical, size_t length) {
    const uint64_t empty = 0xc15d213aa4d7a795U;
    uint64_t print = empty;

    for (size_t i = 0; i < length; i++) {
        print ^= (uint8_t)canonical[i];
        for (int bit = 0; bit < 8; bit++)
            print = (print >> 1) ^ (empty & (0 - (print & 1)));
    }
    return print;
}

static bool same_symbols(const json_t *field, const char *const *ours) {
    const json_t *symbols = json_object_get(json_object_get(field, "type"), "symbols");
    size_t i;
    json_t *symbol;

    json_array_foreach(symbols, i,
                       symbol) if (ours[i] == NULL ||
                                   strcmp(json_string_value(symbol), ours[i]) != 0) return false;
    return json_array_size(symbols) > 0 && ours[i] == NULL;
}

static bool same_enum(const json_t *field, const char *name) {
    static const struct {
        const char *field;
        const char *const *symbols;
    } enums[] = {{"type", types},
                 {"initiation", initiations},
                 {"priority", priorities},
                 {"author", authors},
                 {"end_cause", end_causes}};

    for (size_t i = 0; i < sizeof(enums) / sizeof(enums[0]); i++)
        if (strcmp(enums[i].field, name) == 0)
            return same_symbols(field, enums[i].symbols);
    return true;
}

static bool fits(const json_t *schema) {
    const json_t *fields = json_object_get(schema, "fields");
    size_t i;
    json_t *field;

    json_array_foreach(fields, i, field) {
        const char *name = json_string_value(json_object_get(field, "name"));

        if (name == NULL || record_fields[i] == NULL || strcmp(name, record_fields[i]) != 0)
            return fail(name ? name : "a field", "is not the field that floorsim writes there");
        if (!same_enum(field, name))
            return fail(name, "has other symbols than floorsim knows");
    }
    if (record_fields[i] != NULL)
        return fail(record_fields[i], "is missing in the schema");
    return true;
}

struct answer {
    char bytes[ANSWER_MAX];
    size_t length;
};

static size_t keep(char *bytes, size_t size, size_t count, void *context) {
    struct answer *answer = context;
    size_t length = size * count;

    if (length >= sizeof(answer->bytes) - answer->length)
        return 0;
    memcpy(answer->bytes + answer->length, bytes, length);
    answer->length += length;
    answer->bytes[answer->length] = '\0';
    return length;
}

static CURLcode post(const char *url, const char *body, struct answer *answer) {
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(
        NULL, "Content-Type: application/vnd.schemaregistry.v1+json");
    CURLcode code;

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return code;
}

static bool read_id(struct schema *schema, const char *url, const struct answer *answer) {
    json_t *json = json_loads(answer->bytes, 0, NULL);
    json_t *id = json_object_get(json, "id");
    uint32_t number = (uint32_t)json_integer_value(id);
    bool good = json_is_integer(id);

    json_decref(json);
    if (!good)
        return fail(url, answer->length ? answer->bytes : "gave no schema id");
    schema->registered = true;
    schema->prefix[0] = 0;
    for (int i = 0; i < 4; i++)
        schema->prefix[1 + i] = (uint8_t)(number >> (24 - 8 * i));
    schema->prefix_length = 5;
    return true;
}

/* Sends the file's very text: the same schema in other words would get another id. */
static bool announce(struct schema *schema, const char *text, const char *registry) {
    static struct answer answer;
    char url[1024];
    json_t *request = json_pack("{s:s}", "schema", text);
    char *body = json_dumps(request, JSON_COMPACT);
    CURLcode code;

    snprintf(url, sizeof(url), "%s/subjects/floorwalker.v1.InteractionEvent/versions", registry);
    code = post(url, body, &answer);
    json_decref(request);
    free(body);
    return code == CURLE_OK ? read_id(schema, url, &answer) : fail(url, curl_easy_strerror(code));
}

static bool stamp(struct schema *schema, const json_t *json) {
    static char canonical[CANONICAL_MAX];
    uint64_t print;

    if (!canonical_form(json, canonical, sizeof(canonical)))
        return fail("InteractionEvent.avsc", "has no canonical form");
    print = schema_fingerprint(canonical, strlen(canonical));
    schema->prefix[0] = 0xc3;
    schema->prefix[1] = 0x01;
    for (int i = 0; i < 8; i++)
        schema->prefix[2 + i] = (uint8_t)(print >> (8 * i));
    schema->prefix_length = 10;
    return true;
}

static bool read_text(const char *path, char *out, size_t size) {
    FILE *file = fopen(path, "r");
    size_t length;

    if (file == NULL)
        return fail(path, "cannot be opened");
    length = fread(out, 1, size - 1, file);
    out[length] = '\0';
    fclose(file);
    return length < size - 1 || fail(path, "is too long");
}

bool schema_init(struct schema *schema, const char *folder, const char *registry) {
    static char text[TEXT_MAX];
    char path[1024];
    json_error_t error;
    json_t *json;
    bool good;

    memset(schema, 0, sizeof(*schema));
    snprintf(path, sizeof(path), "%s/InteractionEvent.avsc", folder);
    if (!read_text(path, text, sizeof(text)))
        return false;
    json = json_loads(text, 0, &error);
    if (json == NULL)
        return fail(path, error.text);
    if (!fits(json))
        good = false;
    else if (strncmp(registry, "file:", 5) == 0)
        good = stamp(schema, json);
    else
        good = announce(schema, text, registry);
    json_decref(json);
    return good;
}
