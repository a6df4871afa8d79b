#include "cli/tail.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/kafka_settings.h"
#include "cli/tail_line.h"
#include "cli/tail_schemas.h"
#include "codec/alert_json.h"
#include "io/kafka_reader.h"

#define POLL_MS 200

struct tail_flags {
    const char *tenant; /* NULL: all */
    uint32_t kinds;     /* bits of enum alert_kind; 0: all */
    int64_t from_at;
    bool json, help;
};

struct tail {
    const struct tail_flags *flags;
    struct tail_schemas *schemas;
    struct buf line;
    bool colour;
    int signals; /* signalfd */
};

static void print_help(void) {
    printf(
        "usage: floorwalker tail --config FILE [--tenant T] [--kind K...] [--from T] [--json]\n\n"
        "Prints alerts as they come, one line each; Ctrl-C ends it.\n"
        "  --tenant T   only this tenant's\n"
        "  --kind K...  only these kinds, e.g. ITEM_BREACH DEMAND_SPIKE\n"
        "  --from T     from this time on (epoch ms, RFC 3339, or earliest); default: from now\n"
        "  --json       the whole record, one JSON object a line\n");
}

static bool take_kind(const char *name, uint32_t *kinds) {
    for (unsigned k = 1; k < ALERT_KIND_COUNT; k++) {
        if (strcasecmp(name, alert_kind_name((enum alert_kind)k)) == 0) {
            *kinds |= UINT32_C(1) << k;
            return true;
        }
    }
    fprintf(stderr, "floorwalker tail: \"%s\" is no kind of alert; there are", name);
    for (unsigned k = 1; k < ALERT_KIND_COUNT; k++)
        fprintf(stderr, " %s", alert_kind_name((enum alert_kind)k));
    fprintf(stderr, "\n");
    return false;
}

static bool take_from(const char *text, int64_t *from_at) {
    struct err err;
    if (strcmp(text, "earliest") == 0) {
        *from_at = KAFKA_START_EARLIEST;
        return true;
    }
    if (instant_parse(slice_of(text), from_at, &err))
        return true;
    fprintf(stderr, "floorwalker tail: --from: %s\n", err.text);
    return false;
}

/* All names up to the next flag. */
static bool take_kinds(int argc, char **argv, int *i, uint32_t *kinds) {
    while (*i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0) {
        if (!take_kind(argv[++*i], kinds))
            return false;
    }
    if (*kinds == 0)
        fprintf(stderr, "floorwalker tail: --kind needs the name of a kind\n");
    return *kinds != 0;
}

static bool take_flags(int argc, char **argv, struct tail_flags *flags) {
    *flags = (struct tail_flags){.from_at = KAFKA_START_LATEST};
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0) {
            flags->json = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            flags->help = true;
        } else if (strcmp(argv[i], "--tenant") == 0 && more) {
            flags->tenant = argv[++i];
        } else if (strcmp(argv[i], "--kind") == 0) {
            if (!take_kinds(argc, argv, &i, &flags->kinds))
                return false;
        } else if (strcmp(argv[i], "--from") == 0 && more) {
            if (!take_from(argv[++i], &flags->from_at))
                return false;
        } else {
            fprintf(stderr, "floorwalker tail: \"%s\" is not known; see floorwalker tail --help\n",
                    argv[i]);
            return false;
        }
    }
    return true;
}

static bool is_wanted(const struct tail_flags *flags, const struct alert *a) {
    if (flags->tenant && !slice_equal(a->tenant, slice_of(flags->tenant)))
        return false;
    return flags->kinds == 0 || (flags->kinds >> a->kind & 1) != 0;
}

static void print(struct tail *t, const struct alert_record *record) {
    buf_reset(&t->line);
    if (t->flags->json) {
        alert_json_put(record, &t->line);
        buf_put_u8(&t->line, '\n');
    } else {
        tail_line_put(record, t->flags->tenant == NULL, t->colour, &t->line);
    }
    fwrite(t->line.at, 1, t->line.size, stdout);
    fflush(stdout);
}

static bool show(struct tail *t, const struct log_record *record, struct err *err) {
    struct frame frame;
    struct alert_record alert;
    if (!frame_parse(record->value, &frame, err))
        return false;
    struct alert_reader *reader = tail_schemas_find(t->schemas, &frame, err);
    if (!reader || !alert_reader_read(reader, frame.body, &alert, err))
        return false;
    if (is_wanted(t->flags, &alert.alert))
        print(t, &alert);
    return true;
}

/* The topics of the kinds that are wanted. */
static size_t wanted_topics(const struct tail_flags *flags, const struct kafka_options *o,
                            char names[ALERT_TOPIC_COUNT][256]) {
    static const enum epoch_topic outputs[ALERT_TOPIC_COUNT] = {
        [ALERT_TOPIC_SLA] = OUTPUT_ALERTS_SLA,
        [ALERT_TOPIC_DEMAND] = OUTPUT_ALERTS_DEMAND,
        [ALERT_TOPIC_QUALITY] = OUTPUT_ALERTS_QUALITY,
        [ALERT_TOPIC_OPERATIONS] = OUTPUT_ALERTS_OPERATIONS,
    };
    bool wanted[ALERT_TOPIC_COUNT] = {false};
    for (unsigned k = 0; k < ALERT_KIND_COUNT; k++) {
        if (flags->kinds == 0 || (flags->kinds >> k & 1) != 0)
            wanted[alert_kind_topic((enum alert_kind)k)] = true;
    }
    size_t count = 0;
    for (unsigned topic = 0; topic < ALERT_TOPIC_COUNT; topic++) {
        if (wanted[topic])
            kafka_output_topic(o, outputs[topic], names[count++]);
    }
    return count;
}

static struct kafka_reader *open_topics(const struct tail_flags *flags,
                                        const struct kafka_options *o, struct err *err) {
    char names[ALERT_TOPIC_COUNT][256];
    const char *topics[ALERT_TOPIC_COUNT];
    size_t count = wanted_topics(flags, o, names);
    for (size_t i = 0; i < count; i++)
        topics[i] = names[i];
    return kafka_reader_new(o, topics, count, flags->from_at, err);
}

static bool was_told_to_end(const struct tail *t) {
    struct pollfd p = {.fd = t->signals, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

static void follow(struct tail *t, struct kafka_reader *reader) {
    struct log_record record;
    while (!was_told_to_end(t) && !ferror(stdout)) {
        struct err err = {""};
        if (kafka_reader_next(reader, POLL_MS, &record) && !show(t, &record, &err))
            fprintf(stderr, "floorwalker tail: offset %lld: %s\n", (long long)record.offset,
                    err.text);
    }
}

static void ignore_note(void *self, enum log_level level, const char *event, const char *members) {
    (void)self;
    if (level >= LOG_LEVEL_ERROR)
        fprintf(stderr, "floorwalker tail: %s {%s}\n", event, members);
}

static int tail(const struct settings *s, const struct tail_flags *flags) {
    struct kafka_property *properties;
    struct kafka_options options = kafka_settings_options(
        s, (struct note_port){.note = ignore_note}, &properties);
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    struct tail t = {.flags = flags,
                     .schemas = tail_schemas_new(s->schema_registry),
                     .colour = isatty(STDOUT_FILENO),
                     .signals = signalfd(-1, &ending, SFD_CLOEXEC)};
    buf_init(&t.line);
    struct err err;
    struct kafka_reader *reader = open_topics(flags, &options, &err);
    if (reader)
        follow(&t, reader);
    else
        fprintf(stderr, "floorwalker tail: %s\n", err.text);
    kafka_reader_free(reader);
    close(t.signals);
    buf_deinit(&t.line);
    tail_schemas_free(t.schemas);
    free(properties);
    return reader ? CLI_DONE : CLI_FAILED;
}

int tail_main(int argc, char **argv) {
    struct cli_config config;
    struct tail_flags flags = {0};
    int status = cli_config_load(&config, &argc, argv, false);
    if (status == CLI_DONE && !take_flags(argc, argv, &flags))
        status = CLI_USAGE;
    if (status == CLI_DONE && flags.help)
        print_help();
    else if (status == CLI_DONE)
        status = tail(&config.settings, &flags);
    cli_config_deinit(&config);
    return status;
}
