#include "config/calendars.h"

#include "base/instant.h"
#include "config/opening_hours.h"
#include "config/zone_data.h"

static bool two_digits(const char *at, int most, int *number) {
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *number = (at[0] - '0') * 10 + at[1] - '0';
    return *number <= most;
}

bool calendars_parse_date(struct slice text, int64_t *day) {
    char instant[32];
    int64_t at;
    if (text.size != 10)
        return false;
    snprintf(instant, sizeof(instant), SLICE_FMT "T00:00:00Z", SLICE_ARG(text));
    if (!instant_parse(slice_of(instant), &at, NULL))
        return false;
    *day = instant_floor(at, DAY_MS) / DAY_MS;
    return true;
}

/* "22:00-06:00" crosses midnight, "00:00-24:00" is the whole day. */
static bool parse_span(struct slice text, struct opening_span *span) {
    int from_hour;
    int from_minute;
    int to_hour;
    int to_minute;
    if (text.size != 11 || text.at[2] != ':' || text.at[5] != '-' || text.at[8] != ':' ||
        !two_digits(text.at, 23, &from_hour) || !two_digits(text.at + 3, 59, &from_minute) ||
        !two_digits(text.at + 6, 24, &to_hour) || !two_digits(text.at + 9, 59, &to_minute))
        return false;
    span->from_min = from_hour * 60 + from_minute;
    span->to_min = to_hour * 60 + to_minute;
    if (span->from_min == span->to_min || span->to_min > 24 * 60)
        return false;
    if (span->to_min < span->from_min)
        span->to_min += 24 * 60;
    return true;
}

static void add_span(struct reader *r, const struct tree_node *n, struct opening_day *day,
                     struct opening_span span) {
    for (size_t i = 0; i < day->count; i++) {
        if (span.from_min < day->spans[i].to_min && day->spans[i].from_min < span.to_min) {
            reader_fault(r, n->line, "join the two", "\"%s\" overlaps another span of its day",
                         n->text.at);
            return;
        }
    }
    if (day->count == OPENING_SPANS_MAX)
        reader_fault(r, n->line, "join some of them", "a day has more than %d spans",
                     OPENING_SPANS_MAX);
    else
        day->spans[day->count++] = span;
}

static void read_spans(struct reader *r, const struct tree_node *list, struct opening_day *day) {
    for (const struct tree_node *n = reader_first(r, list); n; n = reader_next(list, n)) {
        struct slice text;
        struct opening_span span;
        if (!reader_text(r, n, &text))
            continue;
        if (parse_span(text, &span))
            add_span(r, n, day, span);
        else
            reader_fault(r, n->line, "write it like \"09:00-17:30\"", "\"%s\" is no span of hours",
                         text.at);
    }
}

/* From Monday; -1: no day. */
static int day_of(const char *at) {
    static const char days[] = "mon tue wed thu fri sat sun";
    for (int i = 0; i < 7; i++) {
        if (memcmp(at, days + (size_t)i * 4, 3) == 0)
            return i;
    }
    return -1;
}

/* "sat" or "mon-fri"; "sat-mon" goes over the week's end. */
static bool parse_days(struct slice text, int *from, int *to) {
    if (text.size != 3 && (text.size != 7 || text.at[3] != '-'))
        return false;
    *from = day_of(text.at);
    *to = day_of(text.at + text.size - 3);
    return *from >= 0 && *to >= 0;
}

struct calendar_reading {
    struct opening_hours hours;
    uint32_t days_given; /* bits of weekdays */
};

static void read_days(struct reader *r, const struct tree_node *n, struct calendar_reading *c,
                      int from, int to) {
    struct opening_day hours = {0};
    read_spans(r, n, &hours);
    for (int day = from;; day = (day + 1) % 7) {
        if (c->days_given >> day & 1)
            reader_fault(r, n->key_line, "say each day once", "\"%s\" names a day a second time",
                         n->key.at);
        c->days_given |= 1u << day;
        c->hours.week[day] = hours;
        if (day == to)
            return;
    }
}

static void read_weekly(struct reader *r, const struct tree_node *value, void *target) {
    if (value->kind != TREE_MAP) {
        reader_fault(r, value->line, "write `mon-fri: [\"09:00-17:00\"]` lines",
                     "weekly is no map");
        return;
    }
    for (const struct tree_node *n = value->first; n; n = n->next) {
        int from;
        int to;
        struct opening_day ignored = {0};
        if (parse_days(n->key, &from, &to)) {
            read_days(r, n, target, from, to);
            continue;
        }
        reader_fault(r, n->key_line, "write mon, tue ... or mon-fri",
                     "\"%s\" is no day of the week", n->key.at);
        read_spans(r, n, &ignored);
    }
}

/* The hours of a date, closed as yet; NULL with a fault when the text is none or is there. */
static struct opening_day *add_date(struct reader *r, int line, struct slice text,
                                    struct opening_hours *o) {
    int64_t day;
    if (!calendars_parse_date(text, &day)) {
        reader_fault(r, line, "write it like 2026-12-25", "\"%s\" is no date", text.at);
        return NULL;
    }
    if (day < OPENING_FIRST_DAY || day >= OPENING_END_DAY) {
        reader_fault(r, line, "write the year that is meant",
                     "%s is outside of the years that calendars have, 1990 to 2049", text.at);
        return NULL;
    }
    for (size_t i = 0; i < o->date_count; i++) {
        if (o->dates[i].day == day) {
            reader_fault(r, line, "keep one of the two", "%s is given a second time", text.at);
            return NULL;
        }
    }
    o->dates[o->date_count] = (struct opening_date){.day = day};
    return &o->dates[o->date_count++].hours;
}

static void read_holidays(struct reader *r, const struct tree_node *value, void *target) {
    struct calendar_reading *c = target;
    for (const struct tree_node *n = reader_first(r, value); n; n = reader_next(value, n)) {
        struct slice text;
        if (reader_text(r, n, &text))
            (void)add_date(r, n->line, text, &c->hours);
    }
}

static void read_exceptions(struct reader *r, const struct tree_node *value, void *target) {
    struct calendar_reading *c = target;
    if (value->kind != TREE_MAP) {
        reader_fault(r, value->line, "write `2026-12-24: [\"09:00-12:00\"]` lines",
                     "exceptions is no map");
        return;
    }
    for (const struct tree_node *n = value->first; n; n = n->next) {
        struct opening_day ignored = {0};
        struct opening_day *hours = add_date(r, n->key_line, n->key, &c->hours);
        read_spans(r, n, hours ? hours : &ignored);
    }
}

static void read_timezone(struct reader *r, const struct tree_node *value, void *target) {
    struct slice name;
    struct calendar_reading *c = target;
    if (reader_text(r, value, &name) && !zone_data_load(name, r->arena, &c->hours.zone))
        reader_fault(r, value->line, "write an IANA name like Europe/Berlin",
                     "unknown time zone \"%s\"", name.at);
}

/* So many dates can be in it at most. */
static size_t dates_in(const struct tree_node *n) {
    const struct tree_node *holidays = tree_get(n, "holidays");
    const struct tree_node *exceptions = tree_get(n, "exceptions");
    return (holidays ? tree_count(holidays) + 1 : 0) + (exceptions ? tree_count(exceptions) : 0);
}

static void read_one(struct reader *r, const struct tree_node *n, struct calendar *calendar) {
    static const struct reader_key keys[] = {
        {"timezone", read_timezone, false},
        {"weekly", read_weekly, false},
        {"holidays", read_holidays, false},
        {"exceptions", read_exceptions, false},
        {NULL, NULL, false},
    };
    struct calendar_reading c = {0};
    size_t errors = r->faults->errors;
    snprintf(r->what, sizeof(r->what), "calendar \"%s\"", n->key.at);
    if (n->kind == TREE_MAP)
        c.hours.dates = arena_get(r->arena, dates_in(n), sizeof(*c.hours.dates));
    if (!reader_map(r, n, keys, &c))
        return;
    if (!tree_get(n, "timezone"))
        reader_fault(r, n->key_line, "write timezone: Area/City below it",
                     "it has no timezone: its hours would be anybody's");
    if (r->faults->errors > errors)
        return;
    opening_hours_compile(&c.hours, r->arena, calendar);
    if (calendar->count == 0)
        reader_fault(r, n->key_line, "write weekly: {mon-fri: [\"09:00-17:00\"]} below it",
                     "it is never open");
}

void calendars_read(struct reader *r, const struct tree_node *map, struct contract *c) {
    if (map->kind != TREE_MAP) {
        reader_fault(r, map->line, "write `name: {timezone: ..., weekly: ...}` lines",
                     "calendars is no map");
        return;
    }
    size_t count = tree_count(map);
    r->calendars.list = arena_get(r->arena, count, sizeof(*r->calendars.list));
    c->calendars = arena_get(r->arena, count, sizeof(*c->calendars));
    for (const struct tree_node *n = map->first; n; n = n->next) {
        struct slice name = arena_copy(r->arena, n->key);
        if (!reader_names_add(&r->calendars, name, (struct slice){0}))
            continue;
        struct calendar *calendar = &c->calendars[c->calendar_count++];
        calendar->name = name;
        read_one(r, n, calendar);
    }
    r->what[0] = '\0';
}
