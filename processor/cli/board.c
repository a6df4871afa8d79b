#include "cli/board.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/instant.h"
#include "cli/term.h"
#include "core/summary.h"

#define NAME_COLUMNS_LEAST 6
#define NAME_COLUMNS_MOST 24
#define GAP 2
#define HEAD_LINES 3 /* the tenant, the age of the figures, an empty line */

struct column {
    const char *head;
    size_t columns;
    enum unit unit;
};

#define COLUMN_ROW(symbol, field, head, columns, unit) {head, columns, UNIT_##unit},
static const struct column table[] = {BOARD_FIGURES(COLUMN_ROW)};

/* What a frame is drawn with. */
struct frame_state {
    const struct board *board;
    size_t width;
    bool colour;
    bool stale; /* every figure is unknown */
    struct buf *out;
    size_t site_columns, queue_columns, figures; /* of the table */
};

static int compare_rows(const void *a, const void *b) {
    return slice_compare(((const struct board_row *)a)->scope,
                         ((const struct board_row *)b)->scope);
}

static int rank(const struct board_objective *o) {
    if (slice_equal(o->state, SLICE("firing")))
        return 0;
    return slice_equal(o->state, SLICE("pending")) ? 1 : 2;
}

static int compare_objectives(const void *a, const void *b) {
    const struct board_objective *x = a, *y = b;
    if (rank(x) != rank(y))
        return rank(x) - rank(y);
    int order = slice_compare(x->rule, y->rule);
    return order ? order : slice_compare(x->scope, y->scope);
}

static int compare_alerts(const void *a, const void *b) {
    const struct board_alert *x = a, *y = b;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->opened_at != y->opened_at)
        return x->opened_at > y->opened_at ? -1 : 1;
    return slice_compare(x->summary, y->summary);
}

void board_sort(struct board *b) {
    if (b->row_count)
        qsort(b->rows, b->row_count, sizeof(*b->rows), compare_rows);
    if (b->objective_count)
        qsort(b->objectives, b->objective_count, sizeof(*b->objectives), compare_objectives);
    if (b->alert_count)
        qsort(b->alerts, b->alert_count, sizeof(*b->alerts), compare_alerts);
}

static void put_age(struct buf *b, int64_t age_ms) {
    summary_duration(b, age_ms < 0 ? 0 : instant_floor(age_ms, SECOND_MS));
}

/* One line, cut to the width of the terminal. */
static void put_line(struct frame_state *f, enum term_style style, const struct buf *text) {
    term_style(f->out, style, f->colour);
    size_t width = term_width(buf_slice(text));
    term_put_left(f->out, buf_slice(text), width < f->width ? width : f->width);
    term_style(f->out, TERM_PLAIN, f->colour);
    buf_put_u8(f->out, '\n');
}

static void put_title(struct frame_state *f, const char *title) {
    struct buf text;
    buf_init(&text);
    summary_text(&text, title);
    put_line(f, TERM_BOLD, &text);
    buf_deinit(&text);
}

/* "0:07", "12:34", "1:02:03": short enough for a column. */
static void put_clock(struct buf *b, int64_t ms) {
    long long seconds = ms < 0 ? 0 : ms / SECOND_MS;
    if (seconds >= 3600)
        buf_put_format(b, "%lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60, seconds % 60);
    else
        buf_put_format(b, "%lld:%02lld", seconds / 60, seconds % 60);
}

static void put_head(struct frame_state *f) {
    const struct board *b = f->board;
    struct buf text;
    buf_init(&text);
    summary_text(&text, "floorwalker  ");
    summary_slice(&text, b->tenant);
    if (b->tenant_count > 1)
        buf_put_format(&text, " (one of %zu tenants)", b->tenant_count);
    if (b->contract.size > 0) {
        summary_text(&text, "  contract ");
        summary_slice(&text, b->contract);
        buf_put_format(&text, " v%lld", (long long)b->contract_version);
    }
    if (b->writer.size > 0) {
        summary_text(&text, "  written by ");
        summary_slice(&text, b->writer);
    }
    put_line(f, TERM_BOLD, &text);
    buf_deinit(&text);
}

static void put_freshness(struct frame_state *f) {
    const struct board *b = f->board;
    struct buf text;
    buf_init(&text);
    if (b->as_of == INSTANT_NONE) {
        summary_text(&text, "UNKNOWN: Redis has no figures of this tenant");
    } else {
        char as_of[32];
        instant_format(b->as_of, as_of);
        if (f->stale)
            summary_text(&text, "UNKNOWN: the last figures are ");
        else
            summary_text(&text, "figures are ");
        put_age(&text, b->now_at - b->as_of);
        buf_put_format(&text, " old (as of %s), lag ", as_of);
        summary_duration(&text, b->lag_ms);
        summary_text(&text, "; counts and rates over ");
        summary_slice(&text, b->window);
    }
    put_line(f, f->stale ? TERM_RED : TERM_DIM, &text);
    buf_put_u8(f->out, '\n');
    buf_deinit(&text);
}

static size_t clamp(size_t value, size_t least, size_t most) {
    return value < least ? least : value > most ? most : value;
}

/* As many figures as fit beside names of their least width; names take what is left. */
static void lay_out(struct frame_state *f) {
    size_t site = strlen("site"), queue = strlen("queue");
    for (size_t i = 0; i < f->board->row_count; i++) {
        size_t s = term_width(f->board->rows[i].site);
        size_t q = term_width(f->board->rows[i].queue);
        site = s > site ? s : site;
        queue = q > queue ? q : queue;
    }
    site = clamp(site, NAME_COLUMNS_LEAST, NAME_COLUMNS_MOST);
    queue = clamp(queue, NAME_COLUMNS_LEAST, NAME_COLUMNS_MOST);
    size_t used = 2 * NAME_COLUMNS_LEAST + GAP;
    for (f->figures = 0; f->figures < BOARD_FIGURE_COUNT; f->figures++) {
        size_t more = GAP + table[f->figures].columns;
        if (used + more > f->width)
            break;
        used += more;
    }
    size_t spare = f->width > used ? f->width - used : 0;
    size_t site_more = site - NAME_COLUMNS_LEAST, queue_more = queue - NAME_COLUMNS_LEAST;
    if (site_more + queue_more > spare) {
        size_t half = spare / 2;
        site_more = site_more < half ? site_more : half;
        queue_more = queue_more < spare - site_more ? queue_more : spare - site_more;
    }
    f->site_columns = NAME_COLUMNS_LEAST + site_more;
    f->queue_columns = NAME_COLUMNS_LEAST + queue_more;
}

static void put_figure(const struct frame_state *f, const struct board_row *row, size_t i,
                       struct buf *text) {
    double value = row->figures[i];
    bool nobody = i == BOARD_LONGEST && !(row->figures[BOARD_WAITING] > 0);
    if (f->stale)
        summary_text(text, "?");
    else if (isnan(value) || nobody)
        summary_text(text, "-");
    else if (i == BOARD_LONGEST)
        put_clock(text, f->board->now_at - (int64_t)value);
    else if (table[i].unit == UNIT_MILLIS)
        put_clock(text, llround(value));
    else
        summary_value(text, value, table[i].unit);
}

static enum term_style style_of(const struct board *b, struct slice scope) {
    enum term_style style = TERM_PLAIN;
    for (size_t i = 0; i < b->objective_count; i++) {
        if (!slice_equal(b->objectives[i].scope, scope))
            continue;
        if (rank(&b->objectives[i]) == 0)
            return TERM_RED;
        if (rank(&b->objectives[i]) == 1)
            style = TERM_YELLOW;
    }
    return style;
}

static void put_table_head(struct frame_state *f) {
    term_style(f->out, TERM_BOLD, f->colour);
    term_put_left(f->out, SLICE("site"), f->site_columns);
    term_spaces(f->out, GAP);
    term_put_left(f->out, SLICE("queue"), f->queue_columns);
    for (size_t i = 0; i < f->figures; i++) {
        term_spaces(f->out, GAP);
        term_put_right(f->out, slice_of(table[i].head), table[i].columns);
    }
    term_style(f->out, TERM_PLAIN, f->colour);
    buf_put_u8(f->out, '\n');
}

static void put_row(struct frame_state *f, const struct board_row *row) {
    struct buf text;
    buf_init(&text);
    term_style(f->out, f->stale ? TERM_DIM : style_of(f->board, row->scope), f->colour);
    term_put_left(f->out, row->site, f->site_columns);
    term_spaces(f->out, GAP);
    term_put_left(f->out, row->queue, f->queue_columns);
    for (size_t i = 0; i < f->figures; i++) {
        buf_reset(&text);
        put_figure(f, row, i, &text);
        term_spaces(f->out, GAP);
        term_put_right(f->out, buf_slice(&text), table[i].columns);
    }
    term_style(f->out, TERM_PLAIN, f->colour);
    buf_put_u8(f->out, '\n');
    buf_deinit(&text);
}

static void put_more(struct frame_state *f, size_t count) {
    struct buf text;
    buf_init(&text);
    summary_text(&text, "and ");
    summary_count(&text, (int64_t)count);
    summary_text(&text, " more");
    put_line(f, TERM_DIM, &text);
    buf_deinit(&text);
}

/* Ratios, times and counts are told apart by their size only: Redis does not say the unit. */
static void put_objective_value(struct buf *text, double value, double target) {
    if (isnan(value))
        summary_text(text, "-");
    else if (target <= 1)
        summary_ratio(text, value);
    else
        summary_number(text, value);
}

static void put_objective(struct frame_state *f, const struct board_objective *o) {
    struct buf text;
    buf_init(&text);
    term_put_left(&text, f->stale ? SLICE("unknown") : o->state, 8);
    summary_slice(&text, o->rule);
    summary_text(&text, "  ");
    summary_slice(&text, o->scope);
    summary_text(&text, "  ");
    if (f->stale)
        summary_text(&text, "?");
    else
        put_objective_value(&text, o->value, o->target);
    summary_text(&text, " (target ");
    put_objective_value(&text, o->target, o->target);
    if (o->sample != ALERT_LONG_NONE && !f->stale) {
        summary_text(&text, ", of ");
        summary_count(&text, o->sample);
    }
    summary_text(&text, ")");
    enum term_style styles[] = {TERM_RED, TERM_YELLOW, TERM_PLAIN};
    put_line(f, f->stale ? TERM_DIM : styles[rank(o)], &text);
    buf_deinit(&text);
}

static void put_alert(struct frame_state *f, const struct board_alert *a) {
    struct buf text, age;
    buf_init(&text);
    buf_init(&age);
    put_age(&age, f->board->now_at - a->opened_at);
    term_put_right(&text, buf_slice(&age), 11);
    term_spaces(&text, GAP);
    term_put_left(&text, slice_of(severity_name(a->severity)), 8);
    term_spaces(&text, GAP);
    term_put_left(&text, slice_of(alert_kind_name(a->kind)), 16);
    term_spaces(&text, GAP);
    term_put(&text, a->summary);
    enum term_style style = a->severity >= SEVERITY_MAJOR     ? TERM_RED
                            : a->severity == SEVERITY_WARNING ? TERM_YELLOW
                                                              : TERM_PLAIN;
    put_line(f, f->stale ? TERM_DIM : style, &text);
    buf_deinit(&text);
    buf_deinit(&age);
}

/* Lines that the objectives ask for: where room is scarce only for those in trouble. */
static size_t objective_lines(const struct board *b, size_t lines) {
    if (b->row_count + b->objective_count + b->alert_count <= lines)
        return b->objective_count;
    size_t trouble = 0;
    while (trouble < b->objective_count && rank(&b->objectives[trouble]) < 2)
        trouble++;
    return trouble < b->objective_count ? trouble + 1 : trouble;
}

/* Lines for the items of three lists that share `lines`: what one does not need the others get. */
static void share_out(size_t lines, const size_t wanted[3], size_t given[3]) {
    given[0] = given[1] = given[2] = 0;
    size_t left = lines;
    for (bool any = true; any && left > 0;) {
        any = false;
        for (size_t i = 0; i < 3 && left > 0; i++) {
            if (given[i] == wanted[i])
                continue;
            given[i]++;
            left--;
            any = true;
        }
    }
}

/* How many of `count` items fit, the last line saying how many do not. */
static size_t shown(size_t count, size_t lines) {
    return count <= lines ? count : lines > 0 ? lines - 1 : 0;
}

static void put_rows(struct frame_state *f, size_t lines) {
    const struct board *b = f->board;
    size_t total = b->row_count + b->rows_left_out;
    size_t count = shown(total, lines);
    if (count > b->row_count)
        count = b->row_count;
    lay_out(f);
    put_table_head(f);
    for (size_t i = 0; i < count; i++)
        put_row(f, &b->rows[i]);
    if (count < total && lines > 0)
        put_more(f, total - count);
}

static void put_objectives(struct frame_state *f, size_t lines) {
    size_t count = shown(f->board->objective_count, lines);
    for (size_t i = 0; i < count; i++)
        put_objective(f, &f->board->objectives[i]);
    if (count < f->board->objective_count && lines > 0)
        put_more(f, f->board->objective_count - count);
}

static void put_alerts(struct frame_state *f, size_t lines) {
    size_t count = shown(f->board->alert_count, lines);
    for (size_t i = 0; i < count; i++)
        put_alert(f, &f->board->alerts[i]);
    if (count < f->board->alert_count && lines > 0)
        put_more(f, f->board->alert_count - count);
}

void board_render(const struct board *b, size_t width, size_t height, bool colour,
                  struct buf *out) {
    struct frame_state f = {.board = b, .width = width, .colour = colour, .out = out};
    f.stale = b->as_of == INSTANT_NONE || b->now_at - b->as_of > BOARD_STALE_MS;
    put_head(&f);
    if (height < HEAD_LINES)
        return;
    put_freshness(&f);
    /* Heads of three lists, and an empty line before the second and the third. */
    size_t taken = HEAD_LINES + 5;
    if (height <= taken)
        return;
    size_t lines = height - taken;
    size_t wanted[3] = {b->row_count + (b->rows_left_out > 0), objective_lines(b, lines),
                        b->alert_count};
    size_t given[3];
    share_out(lines, wanted, given);
    put_rows(&f, given[0]);
    buf_put_u8(out, '\n');
    put_title(&f, "objectives");
    put_objectives(&f, given[1]);
    buf_put_u8(out, '\n');
    char title[64];
    snprintf(title, sizeof(title), "open alerts: %zu", b->alert_count);
    put_title(&f, title);
    put_alerts(&f, given[2]);
}
