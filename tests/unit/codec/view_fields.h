/* Commands of a view as whoever reads the wire finds them: field by field. */
#pragma once

#include <stdlib.h>

#include "base/check.h"
#include "codec/view.h"

struct wire_field {
    struct slice name, value; /* empty where the command has none */
};

struct wire_command {
    enum view_command_kind kind;
    struct slice key;
    const struct wire_field *fields;
    size_t field_count;
};

/* An argument is "$SIZE\r\n", so many bytes, "\r\n". */
static inline struct slice wire_take(struct slice *text) {
    size_t size = 0, head = 1;
    CHECK(text->size > 0 && text->at[0] == '$');
    for (; text->at[head] != '\r'; head++)
        size = size * 10 + (size_t)(text->at[head] - '0');
    head += 2;
    CHECK(text->size >= head + size + 2 && memcmp(text->at + head + size, "\r\n", 2) == 0);
    struct slice argument = {text->at + head, size};
    *text = (struct slice){argument.at + size + 2, text->size - head - size - 2};
    return argument;
}

static inline void wire_read_part(enum view_command_kind kind, struct view_part part,
                                  struct wire_field *fields) {
    bool names = kind == VIEW_COMMAND_DEL_FIELDS || kind == VIEW_COMMAND_ADD_MEMBERS;
    CHECK(part.fields <= VIEW_PART_FIELDS);
    for (size_t i = 0; i < part.fields; i++) {
        fields[i] = (struct wire_field){{"", 0}, {"", 0}};
        if (kind != VIEW_COMMAND_PUBLISH)
            fields[i].name = wire_take(&part.text);
        if (!names)
            fields[i].value = wire_take(&part.text);
    }
    CHECK(part.text.size == 0);
}

/* The fields are owned by whoever asked; their texts are the batch's. */
static inline struct wire_command wire_read(const struct view_command *c) {
    struct wire_field *fields = calloc(c->field_count + 1, sizeof(*fields));
    CHECK(fields);
    size_t count = 0;
    for (size_t i = 0; i < c->part_count; i++) {
        wire_read_part(c->kind, c->parts[i], fields + count);
        count += c->parts[i].fields;
    }
    CHECK(count == c->field_count);
    return (struct wire_command){c->kind, c->key, fields, count};
}

static inline void wire_free(struct wire_command *c) {
    free((void *)(uintptr_t)c->fields);
}
