#include "cli/run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/shell.h"

struct run_flags {
    bool until_end;
    const char *final_clock; /* NULL: not given */
    bool help;
};

static bool take_flags(int argc, char **argv, struct run_flags *flags) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--until-end") == 0)
            flags->until_end = true;
        else if (strcmp(argv[i], "--final-clock") == 0 && i + 1 < argc)
            flags->final_clock = argv[++i];
        else if (strcmp(argv[i], "--help") == 0)
            flags->help = true;
        else {
            fprintf(stderr, "floorwalker run: \"%s\" is not known; see floorwalker run --help\n",
                    argv[i]);
            return false;
        }
    }
    if (flags->final_clock && !flags->until_end) {
        fprintf(stderr, "floorwalker run: --final-clock needs --until-end\n");
        return false;
    }
    return true;
}

static void print_help(void) {
    printf("usage: floorwalker run --config FILE [--until-end [--final-clock TIME]] [--SETTING "
           "VALUE]...\n\n"
           "Reads events, keeps KPIs in Redis, writes alerts.\n"
           "  --until-end         stop at the end of the input as it is now; for replays\n"
           "  --final-clock TIME  then advance every clock to TIME (epoch ms or RFC 3339;\n"
           "                      default: newest log time + lateness + 2 h)\n\nSettings:\n");
    settings_print_help(stdout);
}

static int run(const struct cli_config *config, const struct run_flags *flags) {
    struct shell_options options = {.settings = &config->settings,
                                    .contracts = config->contracts,
                                    .until_end = flags->until_end,
                                    .final_clock = INSTANT_NONE};
    struct err err;
    if (flags->final_clock &&
        !instant_parse(slice_of(flags->final_clock), &options.final_clock, &err)) {
        fprintf(stderr, "floorwalker run: --final-clock: %s\n", err.text);
        return CLI_USAGE;
    }
    return shell_run(&options);
}

int run_main(int argc, char **argv) {
    struct cli_config config;
    struct run_flags flags = {0};
    int status = cli_config_load(&config, &argc, argv, true);
    if (status == CLI_DONE && !take_flags(argc, argv, &flags))
        status = CLI_USAGE;
    if (status == CLI_DONE && flags.help)
        print_help();
    else if (status == CLI_DONE)
        status = run(&config, &flags);
    cli_config_deinit(&config);
    return status;
}
