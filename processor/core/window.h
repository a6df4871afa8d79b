/* The rolling windows, their steps, and the tiers of panes that they are made of. */
#pragma once

#include "base/instant.h"

/* X(symbol, name, length_ms, step_ms): CONTRACT *Windows and steps*. */
#define WINDOWS(X)                                                                                 \
    X(1M, "1m", MINUTE_MS, 10 * SECOND_MS)                                                         \
    X(5M, "5m", 5 * MINUTE_MS, 10 * SECOND_MS)                                                     \
    X(15M, "15m", 15 * MINUTE_MS, 10 * SECOND_MS)                                                  \
    X(30M, "30m", 30 * MINUTE_MS, 10 * SECOND_MS)                                                  \
    X(1H, "1h", HOUR_MS, MINUTE_MS)                                                                \
    X(4H, "4h", 4 * HOUR_MS, MINUTE_MS)                                                            \
    X(8H, "8h", 8 * HOUR_MS, 5 * MINUTE_MS)                                                        \
    X(24H, "24h", 24 * HOUR_MS, 5 * MINUTE_MS)

#define WINDOW_ENUM(symbol, name, length, step) WINDOW_##symbol,
enum window_id { WINDOWS(WINDOW_ENUM) WINDOW_COUNT };

struct window_spec {
    const char *name;
    int64_t length_ms;
    int64_t step_ms;
};

const struct window_spec *window_spec(enum window_id w);
bool window_parse(struct slice name, enum window_id *w);
