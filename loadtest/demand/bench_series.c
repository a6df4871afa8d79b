#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "bench_parts.h"

/* "2015-02-26 21:42:53" as if it were UTC. */
static bool instant_of(const char *text, int64_t *at) {
    struct tm tm = {0};
    if (!strptime(text, "%Y-%m-%d %H:%M:%S", &tm))
        return false;
    *at = (int64_t)timegm(&tm) * SECOND_MS;
    return true;
}

static void put_time(char text[32], int64_t at) {
    time_t seconds = (time_t)(at / SECOND_MS);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm);
}

/* Counts per step first, running sums at the end. */
static void spread(struct arrivals *a, int64_t at, int64_t bin_ms, long value) {
    for (long i = 0; i < value; i++) {
        int64_t event_at = at + (int64_t)((double)bin_ms * ((double)i + 0.5) / (double)value);
        size_t step = (size_t)((event_at - a->from_at) / ARRIVALS_STEP_MS);
        if (step < a->steps)
            a->sums[step + 1]++;
    }
}

static bool read_series(const struct bench *b, const char *path, struct arrivals *a) {
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    char line[256];
    a->steps = 0;
    while (fgets(line, sizeof(line), f)) {
        char *comma = strchr(line, ',');
        int64_t at;
        if (!comma || !instant_of(line, &at))
            continue;
        if (a->steps == 0) {
            a->from_at = instant_floor(at, ARRIVALS_STEP_MS);
            a->steps = 400 * (size_t)(DAY_MS / ARRIVALS_STEP_MS);
            a->sums = calloc(a->steps + 1, sizeof(*a->sums));
            CHECK(a->sums);
        }
        spread(a, at, b->bin_ms, (long)strtod(comma + 1, NULL));
        a->steps = 400 * (size_t)(DAY_MS / ARRIVALS_STEP_MS);
    }
    (void)fclose(f);
    return a->steps > 0;
}

static void cut_and_sum(struct arrivals *a) {
    size_t end = a->steps;
    while (end > 0 && a->sums[end] == 0)
        end--;
    a->steps = end;
    for (size_t i = 0; i < end; i++)
        a->sums[i + 1] += a->sums[i];
}

int bench_series(const struct bench *b, const char *path) {
    struct arrivals a = {0};
    if (!read_series(b, path, &a)) {
        fprintf(stderr, "%s: no series in it\n", path);
        return 1;
    }
    cut_and_sum(&a);
    struct ours *o = malloc(sizeof(*o));
    CHECK(o);
    struct ours_plan plan = {b->budget, b->scopes, b->min_excess};
    ours_judge(o, &plan, &a);
    for (size_t i = 0; i < o->count; i++) {
        char text[32];
        put_time(text, o->alarms[i].at);
        printf("%s,%s,%s,%.0f,%.1f,%.3g\n", path, text,
               o->alarms[i].kind == ALERT_DEMAND_SPIKE ? "SPIKE" : "DROP", o->alarms[i].observed,
               o->alarms[i].baseline, o->alarms[i].p);
    }
    free(o);
    arrivals_free(&a);
    return 0;
}
