#include "core/summary.h"

#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "base/instant.h"

#define DECIMALS_MAX 4

/* X(metric, words) */
#define METRIC_WORDS(X)                                                                            \
    X(OFFERED, "Offered")                                                                          \
    X(ANSWERED, "Answered")                                                                        \
    X(ASA_MS, "Average speed of answer")                                                           \
    X(WAIT_P50_MS, "Median wait")                                                                  \
    X(WAIT_P90_MS, "Wait of the slowest tenth")                                                    \
    X(WAIT_P95_MS, "Wait of the slowest twentieth")                                                \
    X(ABANDONED, "Abandoned")                                                                      \
    X(ABANDONED_SHORT, "Abandoned at once")                                                        \
    X(FLOWED_OUT, "Flowed out")                                                                    \
    X(CALLBACKS, "Callbacks asked for")                                                            \
    X(ABANDON_RATE, "Abandon rate")                                                                \
    X(SERVICE_LEVEL, "Service level")                                                              \
    X(HANDLED, "Handled")                                                                          \
    X(AHT_MS, "Average handle time")                                                               \
    X(TALK_MS, "Average talk time")                                                                \
    X(HOLD_MS, "Average hold time")                                                                \
    X(WRAP_MS, "Average wrap-up time")                                                             \
    X(HANDLE_P90_MS, "Handle time of the longest tenth")                                           \
    X(TRANSFERRED, "Transferred")                                                                  \
    X(TRANSFER_RATE, "Transfer rate")                                                              \
    X(FIRST_REPLY_MS, "Average time to first reply")                                               \
    X(FIRST_REPLY_P90_MS, "Time to first reply of the slowest tenth")                              \
    X(NEXT_REPLY_MS, "Average time to next reply")                                                 \
    X(RESOLUTION_MS, "Average time to resolution")                                                 \
    X(RESOLUTION_P90_MS, "Time to resolution of the slowest tenth")                                \
    X(REOPENED, "Reopened")                                                                        \
    X(REOPEN_RATE, "Reopen rate")                                                                  \
    X(ITEMS_AT_RISK, "Items at risk")                                                              \
    X(ITEMS_BREACHED, "Items breached")                                                            \
    X(ATTAINMENT, "Attainment")                                                                    \
    X(WAITING, "Waiting")                                                                          \
    X(IN_SERVICE, "In service")                                                                    \
    X(BACKLOG, "Backlog")                                                                          \
    X(JOURNEYS, "Journeys")                                                                        \
    X(JOURNEY_WAIT_MS, "Average wait of a journey")                                                \
    X(JOURNEY_HANDLE_MS, "Average handle time of a journey")                                       \
    X(JOURNEY_TRANSFERS, "Transfers of journeys")                                                  \
    X(JOURNEY_TRANSFER_RATE, "Journeys transferred")                                               \
    X(JOURNEY_RESOLUTION_MS, "Average time to the resolution of a journey")                        \
    X(EFFORT_MS, "Average effort of a chat")                                                       \
    X(CONCURRENCY, "Chats that an agent has at a time")                                            \
    X(FORECAST_WAPE, "Error of the forecast")                                                      \
    X(FORECAST_BIAS, "Bias of the forecast")                                                       \
    X(FORECAST_WAPE_1D, "Error of the forecast of a day before")                                   \
    X(FORECAST_BIAS_1D, "Bias of the forecast of a day before")                                    \
    X(FORECAST_WAPE_7D, "Error of the forecast of a week before")                                  \
    X(FORECAST_BIAS_7D, "Bias of the forecast of a week before")

#define METRIC_WORD(symbol, words) [METRIC_##symbol] = words,
static const char *const metric_words[METRIC_COUNT] = {METRIC_WORDS(METRIC_WORD)};

const char *summary_metric(enum metric metric) {
    CHECK(metric < METRIC_COUNT);
    /* A metric without a row yet still has its name. */
    return metric_words[metric] ? metric_words[metric] : metric_name(metric);
}

void summary_text(struct buf *b, const char *text) {
    buf_put(b, text, strlen(text));
}

void summary_slice(struct buf *b, struct slice s) {
    buf_put(b, s.at, s.size);
}

/* At most `decimals` digits after the point, none that are only zeros, thousands with commas. */
static void put_decimal(struct buf *b, double value, int decimals) {
    char digits[400];
    int size = snprintf(digits, sizeof(digits), "%.*f", decimals, fabs(value));
    CHECK(size > 0 && (size_t)size < sizeof(digits));
    while (decimals > 0 && digits[size - 1] == '0') {
        size--;
        decimals--;
    }
    if (digits[size - 1] == '.')
        size--;
    const char *point = memchr(digits, '.', (size_t)size);
    int whole = point ? (int)(point - digits) : size;
    bool zero = size == 1 && digits[0] == '0';
    if (value < 0 && !zero)
        buf_put_u8(b, '-');
    for (int i = 0; i < size; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0)
            buf_put_u8(b, ',');
        buf_put_u8(b, (uint8_t)digits[i]);
    }
}

void summary_ratio(struct buf *b, double ratio) {
    put_decimal(b, ratio * 100, 1);
    summary_text(b, " %");
}

void summary_count(struct buf *b, int64_t count) {
    put_decimal(b, (double)count, 0);
}

void summary_number(struct buf *b, double value) {
    put_decimal(b, value, 1);
}

static void put_units(struct buf *b, int64_t count, const char *unit) {
    buf_put_decimal(b, count);
    buf_put_u8(b, ' ');
    summary_text(b, unit);
}

static void put_two_units(struct buf *b, int64_t ms, int64_t large_ms, const char *large,
                          int64_t small_ms, const char *small) {
    put_units(b, ms / large_ms, large);
    if (ms % large_ms / small_ms == 0)
        return;
    buf_put_u8(b, ' ');
    put_units(b, ms % large_ms / small_ms, small);
}

/* As put_decimal says it of the double. What lies half way between two decimals is left to that: it
 * is nearer to the one or the other. */
static void put_seconds(struct buf *b, int64_t ms) {
    int decimals = ms < 10 * SECOND_MS ? 1 : 0;
    int64_t step = decimals ? 100 : SECOND_MS;
    int64_t steps = (ms + step / 2) / step;
    if (ms % step == step / 2) {
        put_decimal(b, (double)ms / 1000, decimals);
        return;
    }
    int64_t tenths = decimals ? steps : steps * 10;
    buf_put_decimal(b, tenths / 10);
    if (tenths % 10 == 0)
        return;
    buf_put_u8(b, '.');
    buf_put_decimal(b, tenths % 10);
}

void summary_duration(struct buf *b, int64_t ms) {
    if (ms < 0) {
        buf_put_u8(b, '-');
        ms = ms == INT64_MIN ? INT64_MAX : -ms;
    }
    if (ms < SECOND_MS && ms > 0) {
        put_units(b, ms, "ms");
    } else if (ms < MINUTE_MS) {
        put_seconds(b, ms);
        summary_text(b, " s");
    } else if (ms < HOUR_MS) {
        put_two_units(b, ms, MINUTE_MS, "min", SECOND_MS, "s");
    } else if (ms < 2 * DAY_MS) {
        put_two_units(b, ms, HOUR_MS, "h", MINUTE_MS, "min");
    } else {
        put_two_units(b, ms, DAY_MS, "d", HOUR_MS, "h");
    }
}

void summary_value(struct buf *b, double value, enum unit unit) {
    if (unit == UNIT_RATIO)
        summary_ratio(b, value);
    else if (unit == UNIT_MILLIS)
        summary_duration(b, llround(value));
    else
        summary_number(b, value);
}

/* The same unit with this many decimals; durations in seconds. */
static void put_finer(struct buf *b, double value, enum unit unit, int decimals) {
    double scale = unit == UNIT_RATIO ? 100 : unit == UNIT_MILLIS ? 0.001 : 1;
    put_decimal(b, value * scale, decimals);
    summary_text(b, unit == UNIT_RATIO ? " %" : unit == UNIT_MILLIS ? " s" : "");
}

static bool drop_if_equal(struct buf *b, size_t from, const struct buf *other) {
    struct slice written = {b->at + from, b->size - from};
    if (!slice_equal(written, buf_slice(other)))
        return false;
    b->size = from;
    return true;
}

void summary_beside(struct buf *b, double value, double other, enum unit unit) {
    size_t from = b->size;
    struct buf text;
    buf_init(&text);
    summary_value(&text, other, unit);
    summary_value(b, value, unit);
    for (int decimals = 1; decimals <= DECIMALS_MAX && value != other; decimals++) {
        if (!drop_if_equal(b, from, &text))
            break;
        put_finer(b, value, unit, decimals);
        buf_reset(&text);
        put_finer(&text, other, unit, decimals);
    }
    buf_deinit(&text);
}

/* " at site main" after something, "site main" alone. */
static void put_part(struct buf *b, size_t begin, const char *link, const char *word,
                     struct slice value) {
    if (value.size == 0)
        return;
    if (b->size > begin)
        summary_text(b, link);
    summary_text(b, word);
    summary_slice(b, value);
}

void summary_scope(struct buf *b, const struct scope *scope) {
    size_t begin = b->size;
    put_part(b, begin, "", "queue ", scope->values[SCOPE_QUEUE]);
    put_part(b, begin, " at ", "site ", scope->values[SCOPE_SITE]);
    put_part(b, begin, " of ", "vendor ", scope->values[SCOPE_VENDOR]);
    put_part(b, begin, ", ", "channel ", scope->values[SCOPE_CHANNEL]);
    put_part(b, begin, ", ", "priority ", scope->values[SCOPE_PRIORITY]);
    put_part(b, begin, ", ", "agent ", scope->values[SCOPE_AGENT]);
    if (b->size == begin)
        summary_text(b, "all queues");
}
