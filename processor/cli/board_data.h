/* What Redis holds of one tenant, as fields and texts, made into a board. Pure. */
#pragma once

#include "cli/board.h"

struct board_data; /* opaque: a board and the texts in it */

struct board_data *board_data_new(void);
void board_data_free(struct board_data *d);

/* An empty board of this tenant (percent-encoded, as in a key); now_at is wall time. */
void board_data_begin(struct board_data *d, struct slice tenant, struct slice window,
                      int64_t now_at);

/* A member of fw:{TENANT}:scopes; those of one queue at one site become rows. */
void board_data_scope(struct board_data *d, struct slice name);

/* After the last scope: sorts the rows and keeps BOARD_ROWS_MAX of them. */
size_t board_data_rows(struct board_data *d);
struct slice board_data_row_scope(const struct board_data *d, size_t row);

/* A field of fw:{TENANT}:now:SCOPE or :kpi:SCOPE:WINDOW of that row. */
void board_data_figure(struct board_data *d, size_t row, struct slice field, struct slice value);

/* A field of :objectives, :alerts, :meta. What cannot be read is left out. */
void board_data_objective(struct board_data *d, struct slice field, struct slice json);
void board_data_alert(struct board_data *d, struct slice field, struct slice json);
void board_data_meta(struct board_data *d, struct slice field, struct slice value);

/* Sorted; valid until the next board_data_begin. */
const struct board *board_data_board(struct board_data *d);
