/* sim_world: many histories from their seeds, each judged; one that fails is shrunk and printed. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim_shrink.h"

struct options {
    uint64_t seed, histories;
    bool verbose, no_redis, no_shrink;
    enum sim_guard without;
    const char *calls, *faults; /* those to keep, "3,7" or "none"; NULL: all */
    int processes;              /* 0: as drawn */
};

static void print_line(const char *line) {
    puts(line);
}

static enum sim_guard guard_of(const char *name) {
#define GUARD_NAME(symbol, text, meaning) text,
    static const char *const names[SIM_GUARD_COUNT] = {SIM_GUARDS(GUARD_NAME)};
    int found = SIM_GUARD_COUNT;
    for (int i = 0; i < SIM_GUARD_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            found = i;
    return (enum sim_guard)found;
}

static bool take_value(struct options *o, const char *name, const char *value) {
    if (strcmp(name, "--seed") == 0)
        o->seed = strtoull(value, NULL, 10);
    else if (strcmp(name, "--histories") == 0)
        o->histories = strtoull(value, NULL, 10);
    else if (strcmp(name, "--without") == 0)
        o->without = guard_of(value);
    else if (strcmp(name, "--calls") == 0)
        o->calls = value;
    else if (strcmp(name, "--faults") == 0)
        o->faults = value;
    else if (strcmp(name, "--processes") == 0)
        o->processes = atoi(value);
    else
        return false;
    return true;
}

static bool take_word(struct options *o, const char *name) {
    if (strcmp(name, "--verbose") == 0)
        o->verbose = true;
    else if (strcmp(name, "--no-redis") == 0)
        o->no_redis = true;
    else if (strcmp(name, "--no-shrink") == 0)
        o->no_shrink = true;
    else
        return false;
    return true;
}

/* A list of calls or faults is of one history; the others run as many as they are told. */
static bool parse(int argc, char **argv, struct options *o) {
    const char *histories = getenv("FLOORWALKER_HISTORIES"), *seed = getenv("FLOORWALKER_SEED");
    *o = (struct options){.seed = seed ? strtoull(seed, NULL, 10) : 1,
                          .histories = histories ? strtoull(histories, NULL, 10) : 2000};
    for (int i = 1; i < argc; i++) {
        if (take_word(o, argv[i]))
            continue;
        if (i + 1 >= argc || !take_value(o, argv[i], argv[i + 1]))
            return false;
        i++;
    }
    if (o->calls || o->faults)
        o->histories = 1;
    return o->without < SIM_GUARD_COUNT && o->processes >= 0 && o->processes <= SIM_PROCESSES_MAX;
}

static bool is_listed(const char *list, int number) {
    if (!list)
        return true;
    for (const char *at = list; *at;) {
        char *end;
        if (strtol(at, &end, 10) == number && end > at)
            return true;
        at = end > at ? end + (*end == ',') : at + strlen(at);
    }
    return false;
}

static void draw(struct sim_history *h, uint64_t seed, const struct options *o) {
    sim_history_draw(h, seed, o->without);
    for (int i = 0; i < SIM_CALLS_MAX; i++)
        h->calls[i] &= is_listed(o->calls, i);
    size_t kept = 0;
    for (size_t i = 0; i < h->fault_count; i++)
        if (is_listed(o->faults, h->faults[i].number))
            h->faults[kept++] = h->faults[i];
    h->fault_count = kept;
    if (o->processes)
        h->settings.processes = o->processes;
    h->settings.has_redis &= !o->no_redis;
}

static void explain(struct sim_history *h, char *violation, size_t room, const struct options *o) {
    printf("seed %llu: %s\n", (unsigned long long)h->settings.seed, violation);
    if (o->no_shrink || o->verbose)
        return;
    unsigned runs = sim_shrink(h, violation, room);
    printf("in %u histories ", runs);
    sim_shrink_print(h, violation);
}

static void print_sums(const struct sim_sums *s) {
    double cpu_s = (double)clock() / CLOCKS_PER_SEC;
    printf("histories=%llu events=%llu records=%llu alerts=%llu deaths=%llu retries=%llu "
           "refused=%llu snapshots=%llu cpu_s=%.1f per_s=%.0f\n",
           (unsigned long long)s->histories, (unsigned long long)s->events,
           (unsigned long long)s->records, (unsigned long long)s->alerts,
           (unsigned long long)s->deaths, (unsigned long long)s->retries,
           (unsigned long long)s->refused, (unsigned long long)s->snapshots_found, cpu_s,
           (double)s->histories / cpu_s);
}

static int run(const struct options *o) {
    struct sim_sums sums = {0};
    struct sim_history h;
    char violation[600];
    bool ok = true;
    for (uint64_t i = 0; i < o->histories && ok; i++) {
        draw(&h, o->seed + i, o);
        ok = sim_world_run(&h, o->verbose ? print_line : NULL, &sums, violation, sizeof violation);
    }
    print_sums(&sums);
    if (!ok)
        explain(&h, violation, sizeof violation, o);
    return ok ? 0 : 1;
}

int main(int argc, char **argv) {
    struct options o;
    if (parse(argc, argv, &o))
        return run(&o);
    fprintf(stderr, "usage: sim_world [--seed N] [--histories M] [--verbose] [--no-shrink]\n"
                    "                 [--without GUARD] [--calls N,M|none] [--faults N,M|none]\n"
                    "                 [--processes N] [--no-redis]\n");
    return 2;
}
