#include "cli/board_data.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

#include "base/check.h"
#include "base/instant.h"
#include "core/scope.h"

struct board_data {
    struct board board;
    struct slice *texts; /* owned, each on the heap */
    size_t text_count, text_capacity;
    size_t row_capacity, objective_capacity, alert_capacity;
};

struct board_data *board_data_new(void) {
    struct board_data *d = calloc(1, sizeof(*d));
    CHECK(d);
    return d;
}

static void free_texts(struct board_data *d) {
    for (size_t i = 0; i < d->text_count; i++)
        free((void *)(uintptr_t)d->texts[i].at);
    d->text_count = 0;
}

void board_data_free(struct board_data *d) {
    if (!d)
        return;
    free_texts(d);
    free(d->texts);
    free(d->board.rows);
    free(d->board.objectives);
    free(d->board.alerts);
    free(d);
}

static void *more_room(void *items, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity)
        return items;
    *capacity = count ? count * 2 : 64;
    items = realloc(items, *capacity * size);
    CHECK(items);
    return items;
}

static struct slice keep(struct board_data *d, struct slice text) {
    d->texts = more_room(d->texts, d->text_count, &d->text_capacity, sizeof(*d->texts));
    return d->texts[d->text_count++] = slice_copy(text);
}

/* "%7C" back to "|", into memory of the board. */
static struct slice decoded(struct board_data *d, struct slice text) {
    struct slice copy = keep(d, text);
    char *out = (char *)(uintptr_t)copy.at;
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char hex[3] = {0};
        if (text.at[i] == '%' && i + 2 < text.size) {
            memcpy(hex, text.at + i + 1, 2);
            out[size++] = (char)strtol(hex, NULL, 16);
            i += 2;
        } else {
            out[size++] = text.at[i];
        }
    }
    return (struct slice){copy.at, size};
}

void board_data_begin(struct board_data *d, struct slice tenant, struct slice window,
                      int64_t now_at) {
    struct board old = d->board;
    free_texts(d);
    d->board = (struct board){.rows = old.rows,
                              .objectives = old.objectives,
                              .alerts = old.alerts,
                              .tenant_count = 1,
                              .now_at = now_at,
                              .as_of = INSTANT_NONE};
    d->board.tenant = decoded(d, tenant);
    d->board.window = keep(d, window);
}

static bool eat(struct slice *text, struct slice start) {
    if (text->size < start.size || memcmp(text->at, start.at, start.size) != 0)
        return false;
    text->at += start.size;
    text->size -= start.size;
    return true;
}

void board_data_scope(struct board_data *d, struct slice name) {
    struct slice rest = name;
    if (!eat(&rest, SLICE("site=")))
        return;
    const char *slash = memchr(rest.at, '/', rest.size);
    if (!slash)
        return;
    struct slice site = {rest.at, (size_t)(slash - rest.at)};
    rest = (struct slice){slash, rest.size - site.size};
    if (!eat(&rest, SLICE("/queue=")) || memchr(rest.at, '/', rest.size))
        return;
    struct board *b = &d->board;
    b->rows = more_room(b->rows, b->row_count, &d->row_capacity, sizeof(*b->rows));
    struct board_row *row = &b->rows[b->row_count++];
    *row = (struct board_row){
        .scope = keep(d, name), .site = decoded(d, site), .queue = decoded(d, rest)};
    for (size_t i = 0; i < BOARD_FIGURE_COUNT; i++)
        row->figures[i] = ALERT_DOUBLE_NONE;
}

size_t board_data_rows(struct board_data *d) {
    board_sort(&d->board);
    if (d->board.row_count > BOARD_ROWS_MAX) {
        d->board.rows_left_out = d->board.row_count - BOARD_ROWS_MAX;
        d->board.row_count = BOARD_ROWS_MAX;
    }
    return d->board.row_count;
}

struct slice board_data_row_scope(const struct board_data *d, size_t row) {
    CHECK(row < d->board.row_count);
    return d->board.rows[row].scope;
}

static bool to_double(struct slice text, double *value) {
    char copy[64], *end;
    if (text.size == 0 || text.size >= sizeof(copy))
        return false;
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    *value = strtod(copy, &end);
    return *end == '\0';
}

static bool to_long(struct slice text, int64_t *value) {
    char copy[32], *end;
    if (text.size == 0 || text.size >= sizeof(copy))
        return false;
    memcpy(copy, text.at, text.size);
    copy[text.size] = '\0';
    errno = 0;
    *value = strtoll(copy, &end, 10);
    return *end == '\0' && errno == 0;
}

void board_data_figure(struct board_data *d, size_t row, struct slice field, struct slice value) {
#define FIELD_NAME(symbol, name, head, columns, unit) name,
    static const char *const names[] = {BOARD_FIGURES(FIELD_NAME)};
    CHECK(row < d->board.row_count);
    for (size_t i = 0; i < BOARD_FIGURE_COUNT; i++) {
        if (slice_equal(field, slice_of(names[i])))
            to_double(value, &d->board.rows[row].figures[i]);
    }
}

static struct slice text_member(struct board_data *d, const json_t *object, const char *name) {
    const json_t *member = json_object_get(object, name);
    if (!json_is_string(member))
        return (struct slice){0};
    struct slice text = {json_string_value(member), json_string_length(member)};
    return keep(d, text);
}

static double number_member(const json_t *object, const char *name) {
    const json_t *member = json_object_get(object, name);
    return json_is_number(member) ? json_number_value(member) : ALERT_DOUBLE_NONE;
}

static int64_t long_member(const json_t *object, const char *name, int64_t otherwise) {
    const json_t *member = json_object_get(object, name);
    return json_is_integer(member) ? json_integer_value(member) : otherwise;
}

static json_t *parse(struct slice field, struct slice json) {
    /* `_guard` and its like are not for people. */
    return field.size == 0 || field.at[0] == '_' ? NULL : json_loadb(json.at, json.size, 0, NULL);
}

void board_data_objective(struct board_data *d, struct slice field, struct slice json) {
    const char *space = field.size ? memrchr(field.at, ' ', field.size) : NULL;
    json_t *object = space ? parse(field, json) : NULL;
    if (json_is_object(object)) {
        struct board *b = &d->board;
        size_t rule_size = (size_t)(space - field.at);
        b->objectives = more_room(b->objectives, b->objective_count, &d->objective_capacity,
                                  sizeof(*b->objectives));
        b->objectives[b->objective_count++] = (struct board_objective){
            .rule = keep(d, (struct slice){field.at, rule_size}),
            .scope = keep(d, (struct slice){space + 1, field.size - rule_size - 1}),
            .state = text_member(d, object, "state"),
            .value = number_member(object, "value"),
            .target = number_member(object, "target"),
            .sample = long_member(object, "sample", ALERT_LONG_NONE),
        };
    }
    json_decref(object);
}

#define KIND_NAME(symbol, name, topic) name,
#define PLAIN_NAME(symbol, name) name,

static unsigned find_name(struct slice text, const char *const *names, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (strlen(names[i]) == text.size && strncasecmp(text.at, names[i], text.size) == 0)
            return i;
    }
    return 0;
}

void board_data_alert(struct board_data *d, struct slice field, struct slice json) {
    static const char *const kinds[] = {ALERT_KINDS(KIND_NAME)};
    static const char *const severities[] = {ALERT_SEVERITIES(PLAIN_NAME)};
    json_t *object = parse(field, json);
    if (json_is_object(object)) {
        struct board *b = &d->board;
        b->alerts = more_room(b->alerts, b->alert_count, &d->alert_capacity, sizeof(*b->alerts));
        struct slice kind = text_member(d, object, "kind");
        struct slice severity = text_member(d, object, "severity");
        b->alerts[b->alert_count++] = (struct board_alert){
            .kind = (enum alert_kind)find_name(kind, kinds, ALERT_KIND_COUNT),
            .severity = (enum severity)find_name(severity, severities, SEVERITY_COUNT),
            .opened_at = long_member(object, "opened_at", d->board.now_at),
            .summary = text_member(d, object, "summary"),
        };
    }
    json_decref(object);
}

void board_data_meta(struct board_data *d, struct slice field, struct slice value) {
    struct board *b = &d->board;
    if (slice_equal(field, SLICE("as_of")) && !to_long(value, &b->as_of))
        b->as_of = INSTANT_NONE;
    else if (slice_equal(field, SLICE("lag_ms")) && !to_long(value, &b->lag_ms))
        b->lag_ms = 0;
    else if (slice_equal(field, SLICE("contract_version")) && !to_long(value, &b->contract_version))
        b->contract_version = 0;
    else if (slice_equal(field, SLICE("contract")))
        b->contract = keep(d, value);
    else if (slice_equal(field, SLICE("writer")))
        b->writer = keep(d, value);
}

const struct board *board_data_board(struct board_data *d) {
    board_sort(&d->board);
    return &d->board;
}
