#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"

extern char **environ;

static int load(struct cli_config *c, const struct settings_flags *flags, bool contracts,
                struct faults *faults) {
    if (!settings_load(&c->settings, flags->config, environ, flags, faults))
        return CLI_USAGE;
    if (!*c->settings.instance) {
        char host[256] = "localhost";
        gethostname(host, sizeof host - 1);
        free(c->settings.instance);
        c->settings.instance = strdup(host);
        CHECK(c->settings.instance);
    }
    if (!contracts)
        return CLI_DONE;
    c->contracts = contracts_load(c->settings.contracts, faults);
    return c->contracts ? CLI_DONE : CLI_USAGE;
}

int cli_config_load(struct cli_config *c, int *argc, char **argv, bool contracts) {
    *c = (struct cli_config){0};
    struct settings_flags flags = {0};
    struct err err;
    if (!settings_take_flags(&flags, argc, argv, &err)) {
        fprintf(stderr, "floorwalker: %s\n", err.text);
        return CLI_USAGE;
    }
    for (int i = 1; i < *argc; i++)
        contracts = contracts && strcmp(argv[i], "--help") != 0;
    struct faults faults;
    faults_init(&faults);
    int status = load(c, &flags, contracts, &faults);
    if (status != CLI_DONE || faults.count)
        faults_print(&faults, stderr);
    faults_deinit(&faults);
    return status;
}

void cli_config_deinit(struct cli_config *c) {
    contracts_free(c->contracts);
    settings_deinit(&c->settings);
}
