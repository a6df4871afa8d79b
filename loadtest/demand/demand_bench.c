/* demand_bench: false alarms, recall and delay of the demand judge on simulated weeks, beside three
 * rivals at the same rate of false alarms; and what it says on a series from a file.
 *
 *   demand_bench quiet  [--scopes 200] [--days 60] [--budget 1] [--cv2 0.04] [--block-min 15] ...
 *   demand_bench find   the same options: spikes and ramps too, and the rivals
 *   demand_bench series --bin-min 5 FILE...     a line `file,time,kind` for each alert
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/instant.h"
#include "bench.h"

static double number(int argc, char **argv, const char *name, double otherwise) {
    for (int i = 2; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtod(argv[i + 1], NULL);
    return otherwise;
}

static struct bench bench_of(int argc, char **argv) {
    struct bench b = {.scopes = (size_t)number(argc, argv, "--scopes", 200),
                      .days = (int)number(argc, argv, "--days", 60),
                      .warm_up_days = 14,
                      .budget = number(argc, argv, "--budget", 1),
                      .cv2 = number(argc, argv, "--cv2", 0.04),
                      .day_cv2 = number(argc, argv, "--day-cv2", 0),
                      .block_ms = (int64_t)number(argc, argv, "--block-min", 15) * MINUTE_MS,
                      .size = number(argc, argv, "--size", 0),
                      .min_excess = (int64_t)number(argc, argv, "--min-excess", 10),
                      .bin_ms = (int64_t)number(argc, argv, "--bin-min", 5) * MINUTE_MS,
                      .seed = (uint64_t)number(argc, argv, "--seed", 1)};
    CHECK(b.scopes > 0 && b.days > b.warm_up_days && b.block_ms > 0);
    return b;
}

int main(int argc, char **argv) {
    if (argc >= 2) {
        struct bench b = bench_of(argc, argv);
        if (strcmp(argv[1], "quiet") == 0)
            return bench_quiet(&b);
        if (strcmp(argv[1], "find") == 0)
            return bench_find(&b);
        if (strcmp(argv[1], "series") == 0 && argc >= 3)
            return bench_series(&b, argv[argc - 1]);
    }
    fprintf(stderr, "usage: demand_bench quiet|find|series [--OPTION NUMBER]... [FILE]\n");
    return 2;
}
