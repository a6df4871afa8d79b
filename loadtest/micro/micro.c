/* What the parts of the hot path cost, alone: nanoseconds per operation, by size, each beside what
 * one would take otherwise. To be compared within one run: caches and clocks differ between
 * machines.
 *
 *   micro [PART...]   wheel, table, histogram, calendar, decode, negbin; all without a name */
#include "micro.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "core/negbin.h"

double micro_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

void micro_print(const char *what, size_t size, double ns) {
    printf("%-44s %10zu %10.1f\n", what, size, ns);
    fflush(stdout);
}

static void measure_negbin(uint32_t mean) {
    double sum = 0;
    int rounds = 20000;
    double begin = micro_now_ns();
    for (int i = 0; i < rounds; i++)
        sum += negbin_upper(mean, 25, (int64_t)mean + i % (int)mean);
    micro_print("negbin: upper tail, size 25", mean, (micro_now_ns() - begin) / rounds);
    CHECK(sum > 0);
}

static void negbin(void) {
    for (uint32_t mean = 10; mean <= 1000000; mean *= 100)
        measure_negbin(mean);
}

static const struct {
    const char *name;
    void (*run)(void);
} parts[] = {{"wheel", micro_wheel},       {"table", micro_table},   {"histogram", micro_histogram},
             {"calendar", micro_calendar}, {"decode", micro_decode}, {"negbin", negbin}};
#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

static bool is_wanted(const char *name, int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc < 2;
}

int main(int argc, char **argv) {
    printf("%-44s %10s %10s\n", "", "size", "ns");
    for (size_t i = 0; i < PART_COUNT; i++)
        if (is_wanted(parts[i].name, argc, argv))
            parts[i].run();
    return 0;
}
