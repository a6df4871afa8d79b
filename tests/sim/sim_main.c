/* sim_world: many histories from their seeds, each judged; the first that fails is shrunk. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim_world.h"

struct options {
    uint64_t seed, histories;
    bool verbose;
    enum sim_guard without;
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

static bool parse(int argc, char **argv, struct options *o) {
    *o = (struct options){.seed = 1, .histories = 2000};
    const char *histories = getenv("FLOORWALKER_HISTORIES");
    if (histories)
        o->histories = strtoull(histories, NULL, 10);
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (more && strcmp(argv[i], "--seed") == 0)
            o->seed = strtoull(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--histories") == 0)
            o->histories = strtoull(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--without") == 0)
            o->without = guard_of(argv[++i]);
        else if (strcmp(argv[i], "--verbose") == 0)
            o->verbose = true;
        else
            return false;
    }
    return o->without < SIM_GUARD_COUNT;
}

static int run(const struct options *o) {
    struct sim_sums sums = {0};
    char violation[600];
    struct sim_history *h = malloc(sizeof *h);
    if (!h)
        return 1;
    bool ok = true;
    for (uint64_t i = 0; i < o->histories && ok; i++) {
        sim_history_draw(h, o->seed + i, o->without);
        ok = sim_world_run(h, o->verbose ? print_line : NULL, &sums, violation, sizeof violation);
        if (!ok)
            printf("seed %llu: %s\n", (unsigned long long)(o->seed + i), violation);
    }
    free(h);
    double cpu_s = (double)clock() / CLOCKS_PER_SEC;
    printf("histories=%llu events=%llu records=%llu alerts=%llu deaths=%llu retries=%llu "
           "refused=%llu snapshots=%llu cpu_s=%.1f per_s=%.0f\n",
           (unsigned long long)sums.histories, (unsigned long long)sums.events,
           (unsigned long long)sums.records, (unsigned long long)sums.alerts,
           (unsigned long long)sums.deaths, (unsigned long long)sums.retries,
           (unsigned long long)sums.refused, (unsigned long long)sums.snapshots_found, cpu_s,
           (double)sums.histories / cpu_s);
    return ok ? 0 : 1;
}

int main(int argc, char **argv) {
    struct options o;
    if (parse(argc, argv, &o))
        return run(&o);
    fprintf(stderr, "usage: sim_world [--seed N] [--histories M] [--without GUARD] [--verbose]\n");
    return 2;
}
