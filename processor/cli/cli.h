/* What every command shares: loading the settings and the contracts, and saying what is wrong. */
#pragma once

#include "config/contracts.h"
#include "config/settings.h"

enum cli_status { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli_config {
    struct settings settings;
    struct contract_set *contracts; /* NULL unless asked for */
};

/* Takes --config and the flags that are settings out of argv; loads them, and the contracts where
 * asked for. Prints every fault to stderr. CLI_DONE or CLI_USAGE; deinit in either case. */
int cli_config_load(struct cli_config *c, int *argc, char **argv, bool contracts);
void cli_config_deinit(struct cli_config *c);
