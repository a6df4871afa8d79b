#include "cli/text_table.h"

#include <stdlib.h>

#include "base/check.h"
#include "cli/term.h"

void text_table_init(struct text_table *t, size_t columns, uint32_t right) {
    CHECK(columns > 0 && columns <= TEXT_TABLE_COLUMNS_MAX);
    *t = (struct text_table){.columns = columns, .right = right};
    buf_init(&t->texts);
}

void text_table_deinit(struct text_table *t) {
    buf_deinit(&t->texts);
    free(t->ends);
}

struct buf *text_table_begin(struct text_table *t) {
    if (t->cell_count == t->capacity) {
        t->capacity = t->capacity ? t->capacity * 2 : 64;
        t->ends = realloc(t->ends, t->capacity * sizeof(*t->ends));
        CHECK(t->ends);
    }
    return &t->texts;
}

void text_table_end(struct text_table *t) {
    t->ends[t->cell_count++] = t->texts.size;
}

void text_table_put(struct text_table *t, const char *text) {
    buf_put(text_table_begin(t), text, strlen(text));
    text_table_end(t);
}

static struct slice cell(const struct text_table *t, size_t index) {
    size_t from = index > 0 ? t->ends[index - 1] : 0;
    return (struct slice){t->texts.at + from, t->ends[index] - from};
}

static void measure(const struct text_table *t, size_t widths[TEXT_TABLE_COLUMNS_MAX]) {
    memset(widths, 0, TEXT_TABLE_COLUMNS_MAX * sizeof(*widths));
    for (size_t i = 0; i < t->cell_count; i++) {
        size_t width = term_width(cell(t, i));
        if (width > widths[i % t->columns])
            widths[i % t->columns] = width;
    }
}

void text_table_render(const struct text_table *t, struct buf *out) {
    CHECK(t->cell_count % t->columns == 0);
    size_t widths[TEXT_TABLE_COLUMNS_MAX];
    measure(t, widths);
    for (size_t i = 0; i < t->cell_count; i++) {
        size_t column = i % t->columns;
        if (t->right >> column & 1)
            term_put_right(out, cell(t, i), widths[column]);
        else
            term_put_left(out, cell(t, i), widths[column]);
        term_spaces(out, 2);
        if (column + 1 < t->columns)
            continue;
        while (out->size > 0 && out->at[out->size - 1] == ' ')
            out->size--;
        buf_put_u8(out, '\n');
    }
}
