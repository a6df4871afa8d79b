#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "bench_parts.h"
#include "rivals.h"

#define LATE_MS (15 * MINUTE_MS) /* an alarm so long after the end still counts as found */
#define WHO (RIVALS + 1)         /* ours is the last */
#define KINDS 5
#define ALARMS_MAX 4096
#define GAP_MS (3 * DAY_MS) /* between two events of a scope */

static const struct kind {
    const char *name;
    double factor;
    int64_t length_ms;
    bool ramp;
} kinds[KINDS] = {{"1.3x for 30 min", 1.3, 30 * MINUTE_MS, false},
                  {"1.5x for 30 min", 1.5, 30 * MINUTE_MS, false},
                  {"2x for 30 min", 2, 30 * MINUTE_MS, false},
                  {"3x for 30 min", 3, 30 * MINUTE_MS, false},
                  {"ramp to 2x in 2 h", 2, 2 * HOUR_MS, true}};

struct found {
    size_t events, found;
    double *delays_min;
};

struct finder {
    const struct bench *b;
    struct ours *ours;
    size_t minutes;
    float *scores[RIVALS]; /* scopes x minutes, without anomalies */
    float *line;           /* one scope's, with them */
    double limits[RIVALS];
    struct found table[KINDS][BENCH_SIZES][WHO];
};

static size_t quiet_alarms(struct finder *f, enum rival rival, double limit) {
    size_t alarms = 0;
    struct arrivals a = {.from_at = ARRIVALS_FROM};
    for (size_t scope = 0; scope < f->b->scopes; scope++)
        alarms += rivals_alarms(&a, f->scores[rival] + scope * f->minutes, f->minutes, limit,
                                bench_live_at(f->b), NULL, 0);
    return alarms;
}

/* The limits at which all say as much as ours on the same quiet weeks. */
static void calibrate(struct finder *f) {
    size_t ours = 0;
    struct ours_plan plan = {f->b->budget, f->b->scopes, f->b->min_excess};
    for (size_t scope = 0; scope < f->b->scopes; scope++) {
        struct arrivals a;
        bench_arrivals(f->b, scope, NULL, 0, &a);
        ours_judge(f->ours, &plan, &a);
        for (size_t i = 0; i < f->ours->count; i++)
            ours += f->ours->alarms[i].at >= bench_live_at(f->b);
        for (enum rival r = 0; r < RIVALS; r++)
            rivals_score(r, &a, f->scores[r] + scope * f->minutes, f->minutes);
        arrivals_free(&a);
    }
    printf("false alarms in %d days: ours %zu;", f->b->days - f->b->warm_up_days, ours);
    for (enum rival r = 0; r < RIVALS; r++) {
        double low = 0.5;
        double high = 100;
        while (high - low > 0.001) {
            double middle = (low + high) / 2;
            if (quiet_alarms(f, r, middle) > ours)
                low = middle;
            else
                high = middle;
        }
        f->limits[r] = high;
        printf(" %s %zu at %.2f sigma;", rival_names[r], quiet_alarms(f, r, high), high);
    }
    printf("\n");
}

static void note(struct finder *f, size_t size, size_t who, const struct arrivals_event *events,
                 size_t event_count, size_t kind, const int64_t *alarms_at, size_t alarm_count) {
    struct found *cell = &f->table[kind][size][who];
    for (size_t e = 0; e < event_count; e++) {
        cell->delays_min = realloc(cell->delays_min, (cell->events + 1) * sizeof(double));
        CHECK(cell->delays_min);
        cell->events++;
        for (size_t i = 0; i < alarm_count; i++) {
            if (alarms_at[i] <= events[e].from_at || alarms_at[i] > events[e].to_at + LATE_MS)
                continue;
            cell->delays_min[cell->found++] = (double)(alarms_at[i] - events[e].from_at) /
                                              (double)MINUTE_MS;
            break;
        }
    }
}

static void try_scope(struct finder *f, size_t scope, size_t kind, struct rng *r) {
    struct arrivals_event events[64];
    size_t event_count = 0;
    int64_t end_at = ARRIVALS_FROM + (f->b->days - 1) * DAY_MS;
    for (int64_t at = bench_live_at(f->b); at < end_at; at += GAP_MS) {
        /* Between 8 and 20 o'clock of some day: nobody waits for spikes of an empty queue. */
        int64_t from_at = at + (int64_t)rng_below(r, GAP_MS / DAY_MS - 1) * DAY_MS + 8 * HOUR_MS +
                          (int64_t)rng_below(r, 12 * HOUR_MS / MINUTE_MS) * MINUTE_MS;
        events[event_count++] = (struct arrivals_event){from_at, from_at + kinds[kind].length_ms,
                                                        kinds[kind].factor, kinds[kind].ramp};
    }
    struct arrivals a;
    bench_arrivals(f->b, scope, events, event_count, &a);
    struct ours_plan plan = {f->b->budget, f->b->scopes, f->b->min_excess};
    ours_judge(f->ours, &plan, &a);
    int64_t alarms_at[ALARMS_MAX];
    size_t size = scope % BENCH_SIZES;
    size_t spikes = 0;
    for (size_t i = 0; i < f->ours->count; i++)
        if (f->ours->alarms[i].kind == ALERT_DEMAND_SPIKE)
            alarms_at[spikes++] = f->ours->alarms[i].at;
    note(f, size, RIVALS, events, event_count, kind, alarms_at, spikes);
    for (enum rival v = 0; v < RIVALS; v++) {
        rivals_score(v, &a, f->line, f->minutes);
        size_t n = rivals_alarms(&a, f->line, f->minutes, f->limits[v], bench_live_at(f->b),
                                 alarms_at, ALARMS_MAX);
        note(f, size, v, events, event_count, kind, alarms_at, n < ALARMS_MAX ? n : ALARMS_MAX);
    }
    arrivals_free(&a);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_cell(struct found *cell) {
    if (cell->found == 0) {
        printf(" | 0 %%");
        return;
    }
    qsort(cell->delays_min, cell->found, sizeof(double), ascending);
    printf(" | %.1f %%, %.0f min", 100.0 * (double)cell->found / (double)cell->events,
           cell->delays_min[cell->found / 2]);
}

static void print_table(struct finder *f) {
    static const int sizes[BENCH_SIZES] = {5, 20, 100};
    printf("| demand | per 15 min | ours");
    for (enum rival r = 0; r < RIVALS; r++)
        printf(" | %s", rival_names[r]);
    printf(" |\n| --- | --- | --- | --- | --- | --- |\n");
    for (size_t kind = 0; kind < KINDS; kind++)
        for (size_t size = 0; size < BENCH_SIZES; size++) {
            printf("| %s | %d", kinds[kind].name, sizes[size]);
            print_cell(&f->table[kind][size][RIVALS]);
            for (enum rival r = 0; r < RIVALS; r++)
                print_cell(&f->table[kind][size][r]);
            printf(" |\n");
        }
}

int bench_find(const struct bench *b) {
    static struct finder f;
    f.b = b;
    f.minutes = (size_t)b->days * 1440;
    f.ours = malloc(sizeof(*f.ours));
    f.line = malloc(f.minutes * sizeof(float));
    CHECK(f.ours && f.line);
    for (enum rival r = 0; r < RIVALS; r++) {
        f.scores[r] = malloc(b->scopes * f.minutes * sizeof(float));
        CHECK(f.scores[r]);
    }
    calibrate(&f);
    struct rng r;
    rng_init(&r, b->seed);
    for (size_t kind = 0; kind < KINDS; kind++)
        for (size_t scope = 0; scope < b->scopes; scope++)
            try_scope(&f, scope, kind, &r);
    print_table(&f);
    return 0;
}
