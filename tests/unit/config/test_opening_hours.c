/* Do weekly hours, holidays and zones become the right open spans? Vectors: domain.md 5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "config/opening_hours.h"
#include "config/zone_data.h"

struct fixture {
    struct arena *arena;
    struct opening_hours hours;
    struct calendar calendar;
};

static void begin(struct fixture *f, const char *zone) {
    *f = (struct fixture){.arena = arena_new()};
    assert_true(zone_data_load(slice_of(zone), f->arena, &f->hours.zone));
}

static void open_on(struct fixture *f, int from_day, int to_day, int from_min, int to_min) {
    for (int day = from_day; day <= to_day; day++) {
        struct opening_day *d = &f->hours.week[day];
        d->spans[d->count++] = (struct opening_span){from_min, to_min};
    }
}

static void compile(struct fixture *f) {
    opening_hours_compile(&f->hours, f->arena, &f->calendar);
}

static int64_t at_of(const char *text) {
    int64_t at;
    assert_true(instant_parse(slice_of(text), &at, NULL));
    return at;
}

static void assert_due(const struct fixture *f, const char *from, int64_t open_ms,
                       const char *due) {
    char found[32];
    char wanted[32];
    instant_format(calendar_after(&f->calendar, at_of(from), open_ms), found);
    instant_format(at_of(due), wanted);
    assert_string_equal(found, wanted);
}

static void assert_open(const struct fixture *f, const char *from, const char *to,
                        int64_t open_ms) {
    assert_int_equal(calendar_open_ms(&f->calendar, at_of(from), at_of(to)), open_ms);
}

/* 2026-11-23 is a Monday. */
static void office_hours_of_chatwoot(void **state) {
    (void)state;
    struct fixture f;
    begin(&f, "UTC");
    open_on(&f, 0, 4, 9 * 60, 17 * 60);
    compile(&f);
    assert_due(&f, "2026-11-27T16:30:00Z", HOUR_MS, "2026-11-30T09:30:00Z");
    assert_due(&f, "2026-11-25T07:00:00Z", 2 * HOUR_MS, "2026-11-25T11:00:00Z");
    assert_due(&f, "2026-11-25T10:00:00Z", 2 * HOUR_MS, "2026-11-25T12:00:00Z");
    arena_free(f.arena);
}

static void office_hours_of_glpi(void **state) {
    (void)state;
    struct fixture f;
    begin(&f, "UTC");
    open_on(&f, 0, 4, 8 * 60, 18 * 60);
    compile(&f);
    assert_due(&f, "2026-11-23T10:00:00Z", 4 * HOUR_MS, "2026-11-23T14:00:00Z");
    assert_due(&f, "2026-11-23T17:00:00Z", 4 * HOUR_MS, "2026-11-24T11:00:00Z");
    assert_due(&f, "2026-11-23T17:00:00Z", 3 * HOUR_MS, "2026-11-24T10:00:00Z");
    arena_free(f.arena);
}

static void days_of_23_and_25_hours(void **state) {
    (void)state;
    struct fixture f;
    begin(&f, "Europe/London");
    open_on(&f, 0, 6, 0, 24 * 60);
    compile(&f);
    assert_int_equal(f.calendar.count, 1);
    assert_open(&f, "2026-03-28T12:00:00Z", "2026-03-29T11:00:00Z", 23 * HOUR_MS);
    arena_free(f.arena);
    begin(&f, "America/New_York");
    open_on(&f, 6, 6, 0, 24 * 60); /* Sunday 2026-11-01 */
    compile(&f);
    assert_open(&f, "2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", 25 * HOUR_MS);
    arena_free(f.arena);
}

static void a_gap_shortens_a_span_and_a_fold_lengthens_it(void **state) {
    (void)state;
    struct fixture f;
    begin(&f, "Europe/Berlin");
    open_on(&f, 6, 6, 2 * 60 + 30, 5 * 60);
    compile(&f);
    /* 29 March: 02:00 becomes 03:00; 25 October: 03:00 becomes 02:00. */
    assert_open(&f, "2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z", 2 * HOUR_MS);
    assert_due(&f, "2026-03-29T00:00:00Z", MINUTE_MS, "2026-03-29T01:01:00Z");
    assert_open(&f, "2026-10-25T00:00:00Z", "2026-10-25T12:00:00Z", 3 * HOUR_MS + 30 * MINUTE_MS);
    arena_free(f.arena);
}

static void a_night_shift_belongs_to_the_day_on_which_it_opens(void **state) {
    (void)state;
    struct fixture f;
    struct opening_date closed = {.day = at_of("2026-12-25T00:00:00Z") / DAY_MS};
    begin(&f, "UTC");
    open_on(&f, 0, 6, 22 * 60, 30 * 60);
    f.hours.dates = &closed;
    f.hours.date_count = 1;
    compile(&f);
    assert_open(&f, "2026-12-24T12:00:00Z", "2026-12-25T12:00:00Z", 8 * HOUR_MS);
    assert_open(&f, "2026-12-25T12:00:00Z", "2026-12-26T12:00:00Z", 0);
    assert_open(&f, "2026-12-26T12:00:00Z", "2026-12-27T12:00:00Z", 8 * HOUR_MS);
    arena_free(f.arena);
}

static void exceptions_replace_the_hours_of_their_day(void **state) {
    (void)state;
    struct fixture f;
    struct opening_date dates[] = {
        {.day = at_of("2026-12-25T00:00:00Z") / DAY_MS},
        {.day = at_of("2026-12-24T00:00:00Z") / DAY_MS,
         .hours = {.spans = {{9 * 60, 12 * 60}}, .count = 1}},
    };
    begin(&f, "UTC");
    open_on(&f, 0, 4, 9 * 60, 13 * 60);
    open_on(&f, 0, 4, 14 * 60, 18 * 60);
    f.hours.dates = dates;
    f.hours.date_count = 2;
    compile(&f);
    assert_open(&f, "2026-12-23T00:00:00Z", "2026-12-24T00:00:00Z", 8 * HOUR_MS);
    assert_open(&f, "2026-12-24T00:00:00Z", "2026-12-26T00:00:00Z", 3 * HOUR_MS);
    assert_due(&f, "2026-12-24T11:30:00Z", HOUR_MS, "2026-12-28T09:30:00Z");
    arena_free(f.arena);
}

/* Oracle: of all minutes around the day, those from the first whose local time has reached the
 * opening to the last whose local time is before the close. */
static void mark_open(const struct zone *z, int64_t day, struct opening_span span, int64_t base_at,
                      bool *open) {
    int64_t from = -1;
    int64_t to = -1;
    for (int64_t m = 0; m < 6 * 1440; m++) {
        int64_t at = base_at + m * MINUTE_MS;
        int64_t local = at + zone_offset_ms(z, at);
        if (from < 0 && local >= day * DAY_MS + span.from_min * MINUTE_MS)
            from = m;
        if (local < day * DAY_MS + span.to_min * MINUTE_MS)
            to = m + 1;
    }
    for (int64_t m = from; from >= 0 && m < to; m++)
        open[m] = true;
}

static void check_days(struct fixture *f, int64_t day) {
    static bool open[6 * 1440];
    int64_t base_at = (day - 3) * DAY_MS;
    memset(open, 0, sizeof(open));
    for (int64_t d = day - 3; d <= day + 3; d++) {
        const struct opening_day *hours = &f->hours.week[(d + 3) % 7];
        for (size_t i = 0; i < hours->count; i++)
            mark_open(&f->hours.zone, d, hours->spans[i], base_at, open);
    }
    for (int64_t m = 1440; m < 5 * 1440; m++) {
        if (calendar_is_open(&f->calendar, base_at + m * MINUTE_MS) != open[m])
            fail_msg(SLICE_FMT ", day %lld: minute %lld is not %s", SLICE_ARG(f->hours.zone.name),
                     (long long)day, (long long)m, open[m] ? "open" : "closed");
    }
}

static void days_of_change_in_many_zones(void **state) {
    (void)state;
    static const char *const zones[] = {
        "America/New_York",  "Europe/Berlin",    "Australia/Lord_Howe",
        "America/Sao_Paulo", "America/St_Johns", "Africa/Casablanca",
        "Asia/Kathmandu",    "Pacific/Apia",     "America/Havana"};
    struct rng rng;
    rng_init(&rng, 99);
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct fixture f;
        begin(&f, zones[i]);
        for (int day = 0; day < 7; day++) {
            int from = (int)rng_below(&rng, 24) * 30;
            open_on(&f, day, day, from, from + ((int)rng_below(&rng, 30) + 1) * 15);
            int later = from + 480 + (int)rng_below(&rng, 16) * 15;
            open_on(&f, day, day, later, later + ((int)rng_below(&rng, 30) + 1) * 15);
        }
        compile(&f);
        const struct zone *z = &f.hours.zone;
        for (size_t k = 1; k < z->count; k++) {
            int64_t day = z->changes[k].from_at / DAY_MS;
            if (day > 8000 && day < 21000)
                check_days(&f, day);
        }
        check_days(&f, 20780);
        arena_free(f.arena);
    }
}

static void assert_days(const struct fixture *f, const char *from, uint32_t days, const char *due) {
    char found[32];
    char wanted[32];
    instant_format(calendar_days_after(&f->calendar, at_of(from), days), found);
    instant_format(at_of(due), wanted);
    assert_string_equal(found, wanted);
}

/* domain.md 3.4: a business day is the next open day at the same local time, not 24 hours. */
static void business_days_of_glpi(void **state) {
    (void)state;
    struct fixture f;
    begin(&f, "UTC");
    open_on(&f, 0, 4, 8 * 60, 18 * 60);
    compile(&f);
    assert_days(&f, "2026-11-23T10:00:00Z", 1, "2026-11-24T10:00:00Z");
    assert_days(&f, "2026-11-27T17:00:00Z", 1, "2026-11-30T17:00:00Z");
    assert_days(&f, "2026-11-26T17:00:00Z", 5, "2026-12-03T17:00:00Z");
    assert_days(&f, "2026-11-28T12:00:00Z", 1, "2026-12-01T08:00:00Z");
    arena_free(f.arena);
}

/* Two days of change: one on which 02:30 does not exist, and one on which it comes twice. */
static void business_days_keep_their_local_time_when_clocks_change(void **state) {
    (void)state;
    struct fixture f;
    begin(&f, "Europe/Berlin");
    open_on(&f, 0, 6, 0, 24 * 60);
    compile(&f);
    assert_days(&f, "2026-03-28T11:00:00Z", 1, "2026-03-29T10:00:00Z");
    assert_days(&f, "2026-03-28T01:30:00Z", 1, "2026-03-29T01:00:00Z");
    assert_days(&f, "2026-10-24T00:30:00Z", 1, "2026-10-25T01:30:00Z");
    assert_days(&f, "2026-10-25T00:30:00Z", 1, "2026-10-26T01:30:00Z");
    assert_days(&f, "2026-10-24T10:00:00Z", 1, "2026-10-25T11:00:00Z");
    arena_free(f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(office_hours_of_chatwoot),
        cmocka_unit_test(office_hours_of_glpi),
        cmocka_unit_test(days_of_23_and_25_hours),
        cmocka_unit_test(a_gap_shortens_a_span_and_a_fold_lengthens_it),
        cmocka_unit_test(a_night_shift_belongs_to_the_day_on_which_it_opens),
        cmocka_unit_test(exceptions_replace_the_hours_of_their_day),
        cmocka_unit_test(days_of_change_in_many_zones),
        cmocka_unit_test(business_days_of_glpi),
        cmocka_unit_test(business_days_keep_their_local_time_when_clocks_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
