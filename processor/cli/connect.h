/* `floorwalker check --connect`: can Kafka, the schema registry and Redis be used as configured? */
#pragma once

#include "config/settings.h"

/* Prints a line for each; returns how many cannot. */
int connect_check(const struct settings *settings);
