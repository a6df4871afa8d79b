#include "cli/export.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/instant.h"
#include "cli/cli.h"
#include "cli/export_files.h"
#include "cli/kafka_settings.h"
#include "io/kafka_range.h"

struct export_flags {
    const char *topic, *out; /* the topic without prefix */
    int64_t from_at, to_at;
    enum container_codec codec;
    bool help;
};

static void print_help(void) {
    printf(
        "usage: floorwalker export --config FILE --topic T [--from T] [--to T] --out FILE\n"
        "                          [--codec null|deflate|zstandard]\n\n"
        "Writes a range of a topic to an Avro container file, in the order of time, each record\n"
        "as its writer wrote it, with the time at which it was appended as first field, log_at.\n"
        "Records of a further writer's schema go to a file beside it: FILE-2. Ticks are left\n"
        "out; so are records without a schema that is known, and how many is told.\n"
        "  --topic T         without topic_prefix: interactions, alerts.sla, kpis, ...\n"
        "  --from T, --to T  from the first record of that time on, to before the first of this\n"
        "                    (epoch ms or RFC 3339); default: all that there is now\n"
        "  --out FILE        written anew\n"
        "  --codec NAME      how blocks are compressed; default: deflate\n");
}

static bool refuse(const char *flag, const char *text) {
    fprintf(stderr, "floorwalker export: %s %s; see floorwalker export --help\n", flag, text);
    return false;
}

static bool take_value(struct export_flags *f, const char *flag, const char *value) {
    struct err err;
    bool right = true;
    if (strcmp(flag, "--topic") == 0)
        f->topic = value;
    else if (strcmp(flag, "--out") == 0)
        f->out = value;
    else if (strcmp(flag, "--from") == 0)
        right = instant_parse(slice_of(value), &f->from_at, &err);
    else if (strcmp(flag, "--to") == 0)
        right = instant_parse(slice_of(value), &f->to_at, &err);
    else if (strcmp(flag, "--codec") == 0)
        right = container_codec_parse(slice_of(value), &f->codec, &err);
    else
        return refuse(flag, "is not known");
    return right || refuse(flag, err.text);
}

static bool take_flags(int argc, char **argv, struct export_flags *f) {
    *f = (struct export_flags){
        .from_at = INSTANT_NONE, .to_at = INSTANT_MAX, .codec = CONTAINER_CODEC_DEFLATE};
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0) {
            f->help = true;
            return true;
        }
        if (i + 1 == argc)
            return refuse(argv[i], "is not known, or has no value");
        if (!take_value(f, argv[i], argv[i + 1]))
            return false;
    }
    if (!f->topic)
        return refuse("--topic T", "is missing");
    return f->out || refuse("--out FILE", "is missing");
}

static void tell_note(void *self, enum log_level level, const char *event, const char *members) {
    (void)self;
    if (level >= LOG_LEVEL_ERROR)
        fprintf(stderr, "floorwalker export: %s {%s}\n", event, members);
}

/* Records that were left out, and the first one's place and fault. */
struct left_out {
    uint64_t count;
    struct err first;
};

static bool copy_one(struct export_files *files, const struct log_record *r, int32_t partition,
                     struct left_out *left, struct err *err) {
    enum export_result result = export_files_add(files, r->value, r->log_at, err);
    if (result == EXPORT_DONE)
        return true;
    (void)err_wrap(err, "partition %d, offset %lld", partition, (long long)r->offset);
    if (result == EXPORT_NONE && left->count++ == 0)
        left->first = *err;
    return result == EXPORT_NONE;
}

static bool copy(struct kafka_range *range, struct export_files *files, struct err *err) {
    struct log_record record;
    struct left_out left = {0};
    int32_t partition;
    enum kafka_range_result found;
    while ((found = kafka_range_next(range, &record, &partition, err)) == KAFKA_RANGE_RECORD)
        if (!copy_one(files, &record, partition, &left, err))
            return false;
    if (found == KAFKA_RANGE_FAILED || !export_files_finish(files, err))
        return false;
    if (left.count > 0)
        fprintf(stderr, "floorwalker export: %llu record%s left out; the first: %s\n",
                (unsigned long long)left.count, left.count == 1 ? "" : "s", left.first.text);
    return true;
}

static int export(const struct settings *s, const struct export_flags *f) {
    struct kafka_property *properties;
    struct kafka_options options = kafka_settings_options(s, (struct note_port){.note = tell_note},
                                                          &properties);
    char topic[256];
    struct err err;
    snprintf(topic, sizeof(topic), "%s%s", s->topic_prefix, f->topic);
    struct kafka_range *range = kafka_range_open(&options, topic, f->from_at, f->to_at, &err);
    struct export_files *files = export_files_new(f->out, s->schema_registry, f->codec);
    bool right = range && copy(range, files, &err);
    if (!right)
        fprintf(stderr, "floorwalker export: %s\n", err.text);
    export_files_free(files);
    kafka_range_close(range);
    free(properties);
    return right ? CLI_DONE : CLI_FAILED;
}

int export_main(int argc, char **argv) {
    struct cli_config config;
    struct export_flags flags;
    int status = cli_config_load(&config, &argc, argv, false);
    if (status == CLI_DONE && !take_flags(argc, argv, &flags))
        status = CLI_USAGE;
    if (status == CLI_DONE && flags.help)
        print_help();
    else if (status == CLI_DONE)
        status = export(&config.settings, &flags);
    cli_config_deinit(&config);
    return status;
}
