/* A table of texts for a terminal: columns as wide as their widest cell. */
#pragma once

#include "base/buf.h"

#define TEXT_TABLE_COLUMNS_MAX 16

struct text_table {
    size_t columns;
    uint32_t right; /* bits of the columns that are flush right */
    struct buf texts;
    size_t *ends; /* owned; of the cells, in texts */
    size_t cell_count, capacity;
};

void text_table_init(struct text_table *t, size_t columns, uint32_t right);
void text_table_deinit(struct text_table *t);

/* Where the next cell's text is to be appended; text_table_end ends it. Rows fill from the left. */
struct buf *text_table_begin(struct text_table *t);
void text_table_end(struct text_table *t);
void text_table_put(struct text_table *t, const char *text);

/* Appends the rows, two spaces between columns; what would steer a terminal is shown as '?'. */
void text_table_render(const struct text_table *t, struct buf *out);
