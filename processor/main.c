/* floorwalker: finds the command and hands over. */
#include <stdio.h>
#include <string.h>

#include "cli/alert.h"
#include "cli/backtest.h"
#include "cli/check.h"
#include "cli/export.h"
#include "cli/run.h"
#include "cli/tail.h"
#include "cli/top.h"

struct command {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *meaning;
};

static const struct command commands[] = {
    {"run", run_main, "the processor"},
    {"check", check_main, "check settings and contracts"},
    {"backtest", backtest_main, "contracts tried on past events"},
    {"export", export_main, "a topic range as Avro container files"},
    {"top", top_main, "live terminal board"},
    {"tail", tail_main, "alerts as they come"},
    {"alert", alert_main, "acknowledge, silence, assign or note an alert"},
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static int usage(FILE *out, int status) {
    fprintf(out,
            "floorwalker " FLOORWALKER_VERSION ": contact-centre events in, KPIs and alerts out\n\n"
            "usage: floorwalker COMMAND --config FILE ...\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].meaning);
    fprintf(out, "floorwalker COMMAND --help tells more; --version tells the version\n");
    return status;
}

int main(int argc, char **argv) {
    if (argc < 2)
        return usage(stderr, 2);
    if (strcmp(argv[1], "--version") == 0) {
        printf("floorwalker %s\n", FLOORWALKER_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].main(argc - 1, argv + 1);
    fprintf(stderr, "floorwalker: \"%s\" is not a command\n", argv[1]);
    return usage(stderr, 2);
}
