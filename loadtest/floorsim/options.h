/* What floorsim was asked to do: one table holds name, type, default and help of every option. */
#ifndef FLOORSIM_OPTIONS_H
#define FLOORSIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { SPECS_MAX = 16, NAME_MAX_BYTES = 64 };

/* Channels as the InteractionEvent schema orders them. */
enum channel {
    CHANNEL_UNKNOWN,
    CHANNEL_VOICE,
    CHANNEL_CHAT,
    CHANNEL_EMAIL,
    CHANNEL_SOCIAL,
    CHANNEL_MESSAGING,
    CHANNEL_TICKET,
    CHANNEL_COUNT
};

/* A stretch of time, in ms from the start of the run, with the site and queue that it touches. */
struct spec {
    char site[NAME_MAX_BYTES];  /* "*" is every site */
    char queue[NAME_MAX_BYTES]; /* "*" is every queue; bursts only */
    double factor;              /* bursts: of the arrival rate */
    int64_t from_ms;
    int64_t to_ms;
    int64_t skew_ms; /* skews: added to the site's event times */
    bool lose;       /* outages: what was not sent is lost, not sent later */
};

struct specs {
    struct spec list[SPECS_MAX];
    int count;
};

struct options {
    const char *brokers;
    const char *registry;
    const char *schemas;
    const char *topic_prefix;
    const char *tenant;
    const char *profile;
    const char *truth;
    const char *ids;
    int64_t partitions;
    int64_t sites;
    int64_t queues;
    int64_t tenants;
    int64_t seed;
    int64_t start_at;
    int64_t duration_ms;
    int64_t events;
    int64_t shuffle_ms;
    int64_t late_ms;
    double late;
    double rate;
    double speed;
    double days_per_second;
    double duplicates;
    double bad;
    double lean;
    double aht_s;
    double patience_s;
    double load;
    double reply_s;
    double resolve_s;
    bool channels[CHANNEL_COUNT];
    bool live;
    bool drain;
    bool print;
    bool totals;
    struct specs bursts;
    struct specs outages;
    struct specs skews;
};

/* Reads the command line over the defaults. Returns false, with a sentence on stderr, when it makes
 * no sense; *help is set when help was asked for and printed. */
bool options_parse(struct options *options, int argc, char **argv, bool *help);

/* The name of a channel as the schema spells it. */
const char *options_channel_name(enum channel channel);

#endif
