/* The shell around the engine: the loop, its turns, signals, and what stands behind the ports. */
#pragma once

#include "config/contracts.h"
#include "config/settings.h"

struct shell_options {
    const struct settings *settings;      /* outlives the shell */
    const struct contract_set *contracts; /* outlives the shell */
    bool until_end;
    int64_t final_clock; /* INSTANT_NONE: newest log time + lateness + 2 h */
};

/* Runs until SIGTERM, SIGINT, the end of the input (until_end) or a failure. Returns the exit
 * status: 0 done, 1 failed while running. */
int shell_run(const struct shell_options *options);
