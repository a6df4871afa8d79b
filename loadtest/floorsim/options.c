#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum option_type {
    TEXT,
    COUNT,
    NUMBER,
    SPAN,
    INSTANT,
    SWITCH,
    CHANNELS,
    LATE,
    BURST,
    OUTAGE,
    SKEW
};

struct option {
    const char *name;
    enum option_type type;
    size_t offset;
    const char *argument;
    const char *fallback; /* the default, as it would be typed; NULL is none */
    const char *help;
};

#define AT(field) offsetof(struct options, field)

static const struct option table[] = {
    {"brokers", TEXT, AT(brokers), "HOST:PORT", "127.0.0.1:9092", "Kafka"},
    {"registry", TEXT, AT(registry), "URL|file:DIR", "http://127.0.0.1:8081/apis/ccompat/v7",
     "schema registry, or a folder (single-object encoding)"},
    {"schemas", TEXT, AT(schemas), "DIR", FLOORSIM_SCHEMAS, "folder of the .avsc files"},
    {"topic-prefix", TEXT, AT(topic_prefix), "TEXT", "", "goes before the topic's name"},
    {"partitions", COUNT, AT(partitions), "N", "8", "when the topic has to be created"},
    {"tenant", TEXT, AT(tenant), "NAME", "acme", "tenant; with --tenants NAME-1, NAME-2, ..."},
    {"tenants", COUNT, AT(tenants), "N", "1", "tenants, each with sites of its own"},
    {"sites", COUNT, AT(sites), "N", "3", "sites of each tenant, in several time zones"},
    {"queues", COUNT, AT(queues), "N", "3", "queues of each site"},
    {"channels", CHANNELS, AT(channels), "LIST", "voice,chat,email", "comma-separated"},
    {"rate", NUMBER, AT(rate), "N", "100", "events per simulated second, on the week's average"},
    {"profile", TEXT, AT(profile), "week|flat", "week", "arrivals by weekday and hour, or even"},
    {"live", SWITCH, AT(live), NULL, NULL, "event times are now; else a replay from --start"},
    {"start", INSTANT, AT(start_at), "TIME", "2026-01-05T00:00:00Z", "replay: first instant"},
    {"speed", NUMBER, AT(speed), "X", "0", "replay: simulated seconds per second; 0 is at once"},
    {"days-per-second", NUMBER, AT(days_per_second), "X", "0", "replay: the same in days"},
    {"duration", SPAN, AT(duration_ms), "SPAN", "0s", "stop after this simulated time; 0s never"},
    {"events", COUNT, AT(events), "N", "0", "stop after this many events; 0 never"},
    {"drain", SWITCH, AT(drain), NULL, NULL, "at the end let open interactions finish"},
    {"seed", COUNT, AT(seed), "N", "1", "the same seed gives the same events"},
    {"ids", TEXT, AT(ids), "TEXT", NULL, "goes before interaction ids; live: the start time"},
    {"aht", NUMBER, AT(aht_s), "S", "180", "mean talk time of a leg, seconds"},
    {"patience", NUMBER, AT(patience_s), "S", "120", "mean patience in the queue, seconds"},
    {"load", NUMBER, AT(load), "RATIO", "0.9", "offered work per agent on duty"},
    {"reply", NUMBER, AT(reply_s), "S", "7200", "e-mail, ticket, social: mean first reply"},
    {"resolve", NUMBER, AT(resolve_s), "S", "43200", "and from there to the resolution"},
    {"burst", BURST, AT(bursts), "SITE:QUEUE:FACTOR:FROM:TO", NULL,
     "arrivals times FACTOR; * is any; repeatable"},
    {"outage", OUTAGE, AT(outages), "SITE:FROM:TO[:lose]", NULL,
     "the site sends nothing, then all of it at once, or loses it; repeatable"},
    {"skew", SKEW, AT(skews), "SITE:SPAN", NULL, "the site's clock is off by so much; repeatable"},
    {"duplicates", NUMBER, AT(duplicates), "P", "0", "share of events sent twice"},
    {"late", LATE, AT(late), "P:SPAN", NULL, "share of events sent up to SPAN late"},
    {"shuffle", SPAN, AT(shuffle_ms), "SPAN", "0s", "every event is sent up to SPAN late"},
    {"bad", NUMBER, AT(bad), "P", "0", "bad records sent besides, per event"},
    {"lean", NUMBER, AT(lean), "P", "0",
     "share of the interactions whose ids fall into the topic's first partition"},
    {"truth", TEXT, AT(truth), "FILE", NULL, "what really happened, as JSON lines"},
    {"totals", SWITCH, AT(totals), NULL, NULL, "of the truth its last line alone: faster"},
    {"print", SWITCH, AT(print), NULL, NULL, "print the events, send nothing"},
};

enum { TABLE_LENGTH = sizeof(table) / sizeof(table[0]) };

static const char *const channel_names[CHANNEL_COUNT] = {"UNKNOWN", "VOICE",     "CHAT",  "EMAIL",
                                                         "SOCIAL",  "MESSAGING", "TICKET"};

const char *options_channel_name(enum channel channel) {
    return channel_names[channel];
}

static bool copy_text(char *to, const char *from, size_t size) {
    size_t length = strlen(from);

    if (length >= size)
        return false;
    memcpy(to, from, length + 1);
    return true;
}

static bool parse_number(const char *text, double *out) {
    char *end;

    errno = 0;
    *out = strtod(text, &end);
    return errno == 0 && end != text && *end == '\0' && *out >= 0;
}

static bool parse_count(const char *text, int64_t *out) {
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *out >= 0;
}

/* 250ms 30s 5m 2h 7d, also negative; a bare number is seconds. */
static bool parse_span(const char *text, int64_t *out_ms) {
    static const struct {
        const char *suffix;
        double ms;
    } units[] = {{"", 1e3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 36e5}, {"d", 864e5}};
    char *end;
    double value = strtod(text, &end);

    if (end == text)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].suffix) == 0) {
            *out_ms = (int64_t)(value * units[i].ms);
            return true;
        }
    }
    return false;
}

/* Epoch milliseconds, or YYYY-MM-DD[THH:MM[:SS]][Z], which is UTC. */
static bool parse_instant(const char *text, int64_t *out_at) {
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S",
                                        "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm tm = {0};
        const char *end = strptime(text, forms[i], &tm);

        if (end != NULL && *end == '\0') {
            *out_at = (int64_t)timegm(&tm) * 1000;
            return true;
        }
    }
    return parse_count(text, out_at);
}

static bool parse_channels(const char *text, bool *channels) {
    char copy[128];
    char *rest;

    memset(channels, 0, CHANNEL_COUNT * sizeof(*channels));
    if (!copy_text(copy, text, sizeof(copy)))
        return false;
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        int i = CHANNEL_VOICE;

        while (i < CHANNEL_COUNT && strcasecmp(word, channel_names[i]) != 0)
            i++;
        if (i == CHANNEL_COUNT)
            return false;
        channels[i] = true;
    }
    return true;
}

/* Splits at ':' into at most max parts; returns how many, 0 when one is empty or there are more. */
static int split(char *text, char **parts, int max) {
    int count = 0;

    for (char *rest = text; rest != NULL;) {
        char *part = strsep(&rest, ":");

        if (*part == '\0' || count == max)
            return 0;
        parts[count++] = part;
    }
    return count;
}

static bool read_spec(enum option_type type, char **part, int parts, struct spec *spec) {
    if (!copy_text(spec->site, part[0], NAME_MAX_BYTES))
        return false;
    if (type == SKEW)
        return parts == 2 && parse_span(part[1], &spec->skew_ms);
    if (type == BURST)
        return parts == 5 && copy_text(spec->queue, part[1], NAME_MAX_BYTES) &&
               parse_number(part[2], &spec->factor) && parse_span(part[3], &spec->from_ms) &&
               parse_span(part[4], &spec->to_ms);
    spec->lose = parts == 4;
    return (parts == 3 || (parts == 4 && strcmp(part[3], "lose") == 0)) &&
           parse_span(part[1], &spec->from_ms) && parse_span(part[2], &spec->to_ms);
}

static bool parse_spec(enum option_type type, const char *text, struct specs *specs) {
    char copy[256];
    char *part[5];
    int parts;

    if (specs->count == SPECS_MAX || !copy_text(copy, text, sizeof(copy)))
        return false;
    parts = split(copy, part, 5);
    if (parts < 2 || !read_spec(type, part, parts, &specs->list[specs->count]))
        return false;
    specs->count++;
    return true;
}

static bool parse_late(const char *text, struct options *options) {
    char copy[64];
    char *part[2];

    if (!copy_text(copy, text, sizeof(copy)))
        return false;
    return split(copy, part, 2) == 2 && parse_number(part[0], &options->late) &&
           parse_span(part[1], &options->late_ms);
}

static bool set_option(struct options *options, const struct option *option, const char *text) {
    void *field = (char *)options + option->offset;

    switch (option->type) {
    case TEXT: *(const char **)field = text; return true;
    case COUNT: return parse_count(text, field);
    case NUMBER: return parse_number(text, field);
    case SPAN: return parse_span(text, field) && *(int64_t *)field >= 0;
    case INSTANT: return parse_instant(text, field);
    case SWITCH: *(bool *)field = true; return true;
    case CHANNELS: return parse_channels(text, field);
    case LATE: return parse_late(text, options);
    case BURST:
    case OUTAGE:
    case SKEW: return parse_spec(option->type, text, field);
    }
    return false;
}

static void print_help(void) {
    puts("floorsim: simulated contact-centre sites into Kafka.\n\nOptions:");
    for (int i = 0; i < TABLE_LENGTH; i++) {
        char left[64];

        snprintf(left, sizeof(left), "--%s %s", table[i].name,
                 table[i].argument ? table[i].argument : "");
        printf("  %-34s %s", left, table[i].help);
        if (table[i].fallback && table[i].fallback[0] != '\0')
            printf(" (%s)", table[i].fallback);
        putchar('\n');
    }
}

static const struct option *find(const char *name) {
    for (int i = 0; i < TABLE_LENGTH; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static bool refuse(const char *what, const char *why) {
    fprintf(stderr, "floorsim: %s: %s; see --help\n", what, why);
    return false;
}

static bool in_range(const struct options *options) {
    if (options->sites < 1 || options->sites > 1000)
        return refuse("--sites", "must be 1 to 1000");
    if (options->queues < 1 || options->queues > 100)
        return refuse("--queues", "must be 1 to 100");
    if (options->tenants < 1 || options->tenants > 1000)
        return refuse("--tenants", "must be 1 to 1000");
    if (options->partitions < 1 || options->partitions > 10000)
        return refuse("--partitions", "must be 1 to 10000");
    if (options->rate <= 0 || options->load <= 0)
        return refuse("--rate, --load", "must be above 0");
    if (strcmp(options->profile, "week") != 0 && strcmp(options->profile, "flat") != 0)
        return refuse("--profile", "must be week or flat");
    if (options->ids != NULL && strlen(options->ids) >= NAME_MAX_BYTES)
        return refuse("--ids", "is too long");
    if (!options->live && options->events == 0 && options->duration_ms == 0)
        return refuse("--events, --duration", "a replay needs one of them");
    return true;
}

bool options_parse(struct options *options, int argc, char **argv, bool *help) {
    memset(options, 0, sizeof(*options));
    *help = false;
    for (int i = 0; i < TABLE_LENGTH; i++)
        if (table[i].fallback != NULL && !set_option(options, &table[i], table[i].fallback))
            return refuse(table[i].name, "has a bad default");
    for (int i = 1; i < argc; i++) {
        const struct option *option;

        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            *help = true;
            return true;
        }
        option = strncmp(argv[i], "--", 2) == 0 ? find(argv[i] + 2) : NULL;
        if (option == NULL)
            return refuse(argv[i], "no such option");
        if (option->type != SWITCH && i + 1 == argc)
            return refuse(argv[i], "needs a value");
        if (!set_option(options, option, option->type == SWITCH ? "" : argv[++i]))
            return refuse(argv[i], "does not make sense there");
    }
    return in_range(options);
}
