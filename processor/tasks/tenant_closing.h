/* What is published when it closes: rolling windows at multiples of their length, and periods. */
#pragma once

#include "core/contract.h"
#include "core/period.h"

/* A window here is an enum window_id, or WINDOW_COUNT + enum period. */
#define TENANT_CLOSING_COUNT (3 + PERIOD_COUNT)

/* The index-th of them, shorter ones first. */
unsigned tenant_closing_at(size_t index);
struct slice tenant_closing_name(unsigned window);

/* Begin and end of the one that contains `at`, in the contract's zone. Where its clocks change it
 * may be shorter or longer than its name says. */
int64_t tenant_closing_start(const struct contract *c, unsigned window, int64_t at);
int64_t tenant_closing_end(const struct contract *c, unsigned window, int64_t at);
