#include "canonical.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *out;
    size_t size;
    size_t length;
    bool good;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...) {
    va_list arguments;
    int written;

    va_start(arguments, format);
    written = vsnprintf(text->out + text->length, text->size - text->length, format, arguments);
    va_end(arguments);
    if (written < 0 || (size_t)written >= text->size - text->length)
        text->good = false;
    else
        text->length += (size_t)written;
}

static bool is_primitive(const char *name) {
    static const char *const names[] = {"null",  "boolean", "int",   "long",
                                        "float", "double",  "bytes", "string"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void put_name(struct text *text, const char *name, const char *space) {
    if (name == NULL)
        text->good = false;
    else if (is_primitive(name) || strchr(name, '.') != NULL || space == NULL || *space == '\0')
        put(text, "\"%s\"", name);
    else
        put(text, "\"%s.%s\"", space, name);
}

static void put_schema(struct text *text, const json_t *schema, const char *space);

static void put_fields(struct text *text, const json_t *fields, const char *space) {
    size_t i;
    json_t *field;

    put(text, ",\"fields\":[");
    json_array_foreach(fields, i, field) {
        put(text, "%s{\"name\":\"%s\",\"type\":", i ? "," : "",
            json_string_value(json_object_get(field, "name")));
        put_schema(text, json_object_get(field, "type"), space);
        put(text, "}");
    }
    put(text, "]}");
}

static void put_symbols(struct text *text, const json_t *symbols) {
    size_t i;
    json_t *symbol;

    put(text, ",\"symbols\":[");
    json_array_foreach(symbols, i, symbol)
        put(text, "%s\"%s\"", i ? "," : "", json_string_value(symbol));
    put(text, "]}");
}

static void put_named(struct text *text, const json_t *schema, const char *type,
                      const char *space) {
    const char *own = json_string_value(json_object_get(schema, "namespace"));
    const char *inner = own ? own : space;

    put(text, "{\"name\":");
    put_name(text, json_string_value(json_object_get(schema, "name")), inner);
    put(text, ",\"type\":\"%s\"", type);
    if (strcmp(type, "record") == 0)
        put_fields(text, json_object_get(schema, "fields"), inner);
    else if (strcmp(type, "enum") == 0)
        put_symbols(text, json_object_get(schema, "symbols"));
    else
        put(text, ",\"size\":%" JSON_INTEGER_FORMAT "}",
            json_integer_value(json_object_get(schema, "size")));
}

static void put_object(struct text *text, const json_t *schema, const char *space) {
    const json_t *type = json_object_get(schema, "type");
    const char *name = json_string_value(type);

    if (name == NULL) {
        put_schema(text, type, space);
    } else if (strcmp(name, "record") == 0 || strcmp(name, "enum") == 0 ||
               strcmp(name, "fixed") == 0) {
        put_named(text, schema, name, space);
    } else if (strcmp(name, "array") == 0 || strcmp(name, "map") == 0) {
        const char *inside = strcmp(name, "array") == 0 ? "items" : "values";

        put(text, "{\"type\":\"%s\",\"%s\":", name, inside);
        put_schema(text, json_object_get(schema, inside), space);
        put(text, "}");
    } else {
        put_name(text, name, space);
    }
}

static void put_schema(struct text *text, const json_t *schema, const char *space) {
    size_t i;
    json_t *branch;

    if (json_is_string(schema)) {
        put_name(text, json_string_value(schema), space);
    } else if (json_is_object(schema)) {
        put_object(text, schema, space);
    } else if (json_is_array(schema)) {
        put(text, "[");
        json_array_foreach(schema, i, branch) {
            put(text, "%s", i ? "," : "");
            put_schema(text, branch, space);
        }
        put(text, "]");
    } else {
        text->good = false;
    }
}

bool canonical_form(const json_t *schema, char *out, size_t size) {
    struct text text = {out, size, 0, true};

    put_schema(&text, schema, NULL);
    return text.good;
}
