#include "sim_shrink.h"

#include <stdio.h>

#define RUNS_MOST 2000

struct shrink {
    struct sim_history *best;
    char *violation;
    size_t room;
    unsigned runs;
};

/* True when the candidate fails too: it is the best one from here on. */
static bool try_it(struct shrink *s, const struct sim_history *candidate) {
    struct sim_sums sums = {0};
    char violation[600];
    if (s->runs >= RUNS_MOST)
        return false;
    s->runs++;
    if (sim_world_run(candidate, NULL, &sums, violation, sizeof violation))
        return false;
    *s->best = *candidate;
    snprintf(s->violation, s->room, "%s", violation);
    return true;
}

/* Faults [from, from + count) are left out; false when there are none. */
static bool drop_faults(struct shrink *s, size_t from, size_t count) {
    struct sim_history h = *s->best;
    size_t end = from + count < h.fault_count ? from + count : h.fault_count;
    memmove(&h.faults[from], &h.faults[end], (h.fault_count - end) * sizeof *h.faults);
    h.fault_count -= end - from;
    return try_it(s, &h);
}

static bool drop_calls(struct shrink *s, size_t from, size_t count) {
    struct sim_history h = *s->best;
    bool some = false;
    for (size_t i = from; i < from + count && i < SIM_CALLS_MAX; i++) {
        some |= h.calls[i];
        h.calls[i] = false;
    }
    return some && try_it(s, &h);
}

/* Ever smaller pieces are left out, until no single one can be; true when anything could. */
static bool thin_out(struct shrink *s) {
    bool any = false;
    for (size_t piece = SIM_CALLS_MAX / 2; piece > 0; piece /= 2) {
        for (size_t at = 0; at < SIM_CALLS_MAX; at += piece)
            any |= drop_calls(s, at, piece);
        for (size_t at = 0; at < s->best->fault_count;) {
            bool dropped = drop_faults(s, at, piece);
            any |= dropped;
            at += dropped ? 0 : piece;
        }
    }
    return any;
}

/* A smaller world, where that is enough. */
static void simplify(struct shrink *s) {
    struct sim_history h = *s->best;
    h.settings.has_redis = false;
    try_it(s, &h);
    h = *s->best;
    h.settings.publish_all = false;
    try_it(s, &h);
    for (h = *s->best; h.settings.processes > 1;) {
        h.settings.processes--;
        if (!try_it(s, &h))
            break;
    }
}

unsigned sim_shrink(struct sim_history *h, char *violation, size_t room) {
    struct shrink s = {.best = h, .violation = violation, .room = room};
    while (thin_out(&s))
        ;
    simplify(&s);
    return s.runs;
}

static void print_call(const struct sim_load *l, unsigned call) {
    struct buf text;
    buf_init(&text);
    sim_load_describe(l, call, &text);
    printf("  call %u in interactions-%d:%.*s\n", call, (int)sim_load_partition(l->settings, call),
           (int)text.size, text.at);
    buf_deinit(&text);
}

static void print_faults(const struct sim_history *h) {
    for (size_t i = 0; i < h->fault_count; i++) {
        struct buf text;
        buf_init(&text);
        sim_faults_describe(&h->faults[i], &text);
        printf("  %.*s\n", (int)text.size, text.at);
        buf_deinit(&text);
    }
}

static void print_command(const struct sim_history *h) {
    const char *comma = "";
    printf("  sim_world --seed %llu --calls ", (unsigned long long)h->settings.seed);
    for (unsigned i = 0; i < SIM_CALLS_MAX; i++) {
        if (h->calls[i])
            printf("%s%u", comma, i), comma = ",";
    }
    printf("%s --faults ", *comma ? "" : "none");
    comma = "";
    for (size_t i = 0; i < h->fault_count; i++, comma = ",")
        printf("%s%d", comma, h->faults[i].number);
    printf("%s --processes %d%s --verbose\n", h->fault_count ? "" : "none", h->settings.processes,
           h->settings.has_redis ? "" : " --no-redis");
}

void sim_shrink_print(const struct sim_history *h, const char *violation) {
    const struct sim_settings *s = &h->settings;
    struct sim_load load;
    sim_load_init(&load, s);
    for (unsigned i = 0; i < SIM_CALLS_MAX; i++)
        if (h->calls[i])
            sim_load_add_call(&load, i);
    sim_load_seal(&load);
    printf(
        "shrunk: %s\n  %d processes, interactions-0..%d, tenant-log-0..%d, commits every %lld ms, "
        "snapshots every %lld ms\n",
        violation, s->processes, (int)s->partitions[INPUT_INTERACTIONS] - 1,
        (int)s->partitions[INPUT_TENANT_LOG] - 1, (long long)s->commit_interval_ms,
        (long long)s->snapshot_interval_ms);
    for (unsigned i = 0; i < SIM_CALLS_MAX; i++)
        if (h->calls[i])
            print_call(&load, i);
    print_faults(h);
    print_command(h);
    sim_load_deinit(&load);
}
