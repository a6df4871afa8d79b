/* The live board of one tenant as text: figures in, a frame for the terminal out. Pure. */
#pragma once

#include "base/buf.h"
#include "core/alert.h"

#define BOARD_STALE_MS 10000 /* older figures are not the present: shown as unknown */
#define BOARD_ROWS_MAX 200   /* queues read and shown at most */

/* X(symbol, field in Redis, head, columns, unit): what a row shows, the dearest first: a narrow
 * terminal leaves out the last. */
#define BOARD_FIGURES(X)                                                                           \
    X(WAITING, "waiting", "waiting", 7, COUNT)                                                     \
    X(LONGEST, "oldest_waiting_at", "longest", 8, MILLIS)                                          \
    X(LEVEL, "service_level", "level", 7, RATIO)                                                   \
    X(IN_SERVICE, "in_service", "serving", 7, COUNT)                                               \
    X(OFFERED, "offered", "offered", 7, COUNT)                                                     \
    X(ANSWERED, "answered", "answered", 8, COUNT)                                                  \
    X(ABANDON, "abandon_rate", "abandon", 7, RATIO)                                                \
    X(ASA, "asa_ms", "asa", 8, MILLIS)

#define BOARD_FIGURE_ENUM(symbol, field, head, columns, unit) BOARD_##symbol,
enum board_figure { BOARD_FIGURES(BOARD_FIGURE_ENUM) BOARD_FIGURE_COUNT };

struct board_row {
    struct slice scope; /* "site=main/queue=PS" */
    struct slice site, queue;
    double figures[BOARD_FIGURE_COUNT]; /* NaN: nothing to divide by, or nobody waits */
};

struct board_objective {
    struct slice rule, scope, state;
    double value; /* NaN: nothing to divide by */
    double target;
    int64_t sample; /* ALERT_LONG_NONE */
};

struct board_alert {
    enum alert_kind kind;
    enum severity severity;
    int64_t opened_at;
    struct slice summary;
};

/* Everything is borrowed. */
struct board {
    struct slice tenant, contract, writer;
    size_t tenant_count; /* in Redis: more than one is said */
    int64_t contract_version;
    int64_t now_at; /* wall time */
    int64_t as_of;  /* of the figures; INSTANT_NONE: there are none */
    int64_t lag_ms;
    struct slice window; /* "15m" */
    struct board_row *rows;
    size_t row_count, rows_left_out;
    struct board_objective *objectives;
    size_t objective_count;
    struct board_alert *alerts;
    size_t alert_count;
};

/* The order in which a person reads: rows by name, objectives that fire first, the newest and
 * worst alerts first. */
void board_sort(struct board *b);

/* At most `height` lines of at most `width` columns; each ends with a newline. */
void board_render(const struct board *b, size_t width, size_t height, bool colour, struct buf *out);
