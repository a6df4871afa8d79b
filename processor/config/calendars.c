#include "config/calendars.h"

#include "base/instant.h"
#include "config/zone_data.h"

static bool two_digits(const char *at, int most, int *number) {
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *number = (at[0] - '0') * 10 + at[1] - '0';
    return *number <= most;
}

bool calendars_is_date(struct slice text) {
    char instant[32];
    int64_t at;
    if (text.size != 10)
        return false;
    snprintf(instant, sizeof(instant), SLICE_FMT "T00:00:00Z", SLICE_ARG(text));
    return instant_parse(slice_of(instant), &at, NULL);
}

/* "22:00-06:00" crosses midnight. */
static bool is_span(struct slice text) {
    int from_hour;
    int from_minute;
    int to_hour;
    int to_minute;
    if (text.size != 11 || text.at[2] != ':' || text.at[5] != '-' || text.at[8] != ':' ||
        !two_digits(text.at, 24, &from_hour) || !two_digits(text.at + 3, 59, &from_minute) ||
        !two_digits(text.at + 6, 24, &to_hour) || !two_digits(text.at + 9, 59, &to_minute))
        return false;
    int from = from_hour * 60 + from_minute;
    int to = to_hour * 60 + to_minute;
    return from != to && from < 24 * 60 && to <= 24 * 60;
}

static void read_spans(struct reader *r, const struct tree_node *list) {
    for (const struct tree_node *n = reader_first(r, list); n; n = reader_next(list, n)) {
        struct slice text;
        if (reader_text(r, n, &text) && !is_span(text))
            reader_fault(r, n->line, "write it like \"09:00-17:30\"", "\"%s\" is no span of hours",
                         text.at);
    }
}

static bool is_day(const char *at) {
    static const char days[] = "mon tue wed thu fri sat sun";
    for (size_t i = 0; i < sizeof(days); i += 4) {
        if (memcmp(at, days + i, 3) == 0)
            return true;
    }
    return false;
}

/* "sat" or "mon-fri" */
static bool is_days(struct slice text) {
    if (text.size == 3)
        return is_day(text.at);
    return text.size == 7 && text.at[3] == '-' && is_day(text.at) && is_day(text.at + 4);
}

static void read_weekly(struct reader *r, const struct tree_node *value, void *target) {
    (void)target;
    if (value->kind != TREE_MAP) {
        reader_fault(r, value->line, "write `mon-fri: [\"09:00-17:00\"]` lines",
                     "weekly is no map");
        return;
    }
    for (const struct tree_node *n = value->first; n; n = n->next) {
        if (!is_days(n->key))
            reader_fault(r, n->key_line, "write mon, tue ... or mon-fri",
                         "\"%s\" is no day of the week", n->key.at);
        read_spans(r, n);
    }
}

static void check_date(struct reader *r, int line, struct slice text) {
    if (!calendars_is_date(text))
        reader_fault(r, line, "write it like 2026-12-25", "\"%s\" is no date", text.at);
}

static void read_holidays(struct reader *r, const struct tree_node *value, void *target) {
    (void)target;
    for (const struct tree_node *n = reader_first(r, value); n; n = reader_next(value, n)) {
        struct slice text;
        if (reader_text(r, n, &text))
            check_date(r, n->line, text);
    }
}

static void read_exceptions(struct reader *r, const struct tree_node *value, void *target) {
    (void)target;
    if (value->kind != TREE_MAP) {
        reader_fault(r, value->line, "write `2026-12-24: [\"09:00-12:00\"]` lines",
                     "exceptions is no map");
        return;
    }
    for (const struct tree_node *n = value->first; n; n = n->next) {
        check_date(r, n->key_line, n->key);
        read_spans(r, n);
    }
}

static void read_timezone(struct reader *r, const struct tree_node *value, void *target) {
    (void)target;
    struct slice name;
    struct zone zone;
    if (reader_text(r, value, &name) && !zone_data_load(name, r->arena, &zone))
        reader_fault(r, value->line, "write an IANA name like Europe/Berlin",
                     "unknown time zone \"%s\"", name.at);
}

static void read_one(struct reader *r, const struct tree_node *n) {
    static const struct reader_key keys[] = {
        {"timezone", read_timezone, false},
        {"weekly", read_weekly, false},
        {"holidays", read_holidays, false},
        {"exceptions", read_exceptions, false},
        {NULL, NULL, false},
    };
    snprintf(r->what, sizeof(r->what), "calendar \"%s\"", n->key.at);
    if (reader_map(r, n, keys, NULL) && !tree_get(n, "timezone"))
        reader_fault(r, n->key_line, "write timezone: Area/City below it",
                     "it has no timezone: its hours would be anybody's");
}

void calendars_read(struct reader *r, const struct tree_node *map) {
    if (map->kind != TREE_MAP) {
        reader_fault(r, map->line, "write `name: {timezone: ..., weekly: ...}` lines",
                     "calendars is no map");
        return;
    }
    r->calendars.list = arena_get(r->arena, tree_count(map), sizeof(*r->calendars.list));
    for (const struct tree_node *n = map->first; n; n = n->next) {
        read_one(r, n);
        reader_names_add(&r->calendars, arena_copy(r->arena, n->key), (struct slice){0});
    }
    r->what[0] = '\0';
    if (map->first)
        reader_note(r, map->line, "no clock runs by a calendar as yet");
}
