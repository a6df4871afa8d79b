/* What a process is told: every setting with its type, default, bounds and meaning. The file is
 * overridden by environment variables, and these by flags. */
#pragma once

#include "base/instant.h"
#include "config/fault.h"

/* X(field, path, type, default, words, least, most, meaning). The path is the key in the file; the
 * variable FLOORWALKER_KAFKA_BROKERS and the flag --kafka.brokers come from it. Types: TEXT, NAME
 * (not empty), ADDRESS (host:port), SECRET (may be file:/path), FOLDER (relative to the settings
 * file), REGISTRY (URL, or file:FOLDER), COUNT, BYTES, DURATION (ms), START, and CHOICE: one of the
 * words, in the enum's order. */
#define SETTINGS(X)                                                                                \
    X(kafka_brokers, "kafka.brokers", NAME, "127.0.0.1:9092", "", 0, 0,                            \
      "brokers to begin with, host:port, comma-separated")                                         \
    X(kafka_group, "kafka.group", NAME, "floorwalker", "", 0, 0,                                   \
      "consumer group; the internal topics are named after it")                                    \
    X(kafka_partitions, "kafka.topics.partitions", COUNT, "8", "", 1, 10000,                       \
      "partitions of topics that floorwalker creates")                                             \
    X(kafka_replication, "kafka.topics.replication", COUNT, "1", "", 1, 100,                       \
      "replicas of topics that floorwalker creates")                                               \
    X(kafka_retention_ms, "kafka.topics.retention", DURATION, "7d", "", MINUTE_MS, 36500 * DAY_MS, \
      "how long topics that floorwalker creates keep their records")                               \
    X(topic_prefix, "topic_prefix", TEXT, "", "", 0, 0,                                            \
      "stands before the name of each topic")                                                      \
    X(schema_registry, "schema_registry", REGISTRY, "http://127.0.0.1:8081/apis/ccompat/v7",       \
      "", 0, 0, "URL of the registry's Confluent API, or file:DIR, a folder of .avsc files")       \
    X(redis, "redis", SECRET, "redis://127.0.0.1:6379/0", "", 0, 0,                                \
      "where the KPI view goes; rediss:// is TLS, user:password@ an ACL user, more with commas: "  \
      "master, replicas or sentinels (?master=NAME where they watch several)")                     \
    X(instance, "instance", TEXT, "", "", 0, 0,                                                    \
      "stable, unique name of this process; the host name if empty (two on one host: set it)")     \
    X(clock, "clock", CHOICE, "live", "live|log", 0, 0,                                            \
      "live: topics stamp LogAppendTime, quiet partitions get ticks; log: replay")                 \
    X(start, "start", START, "latest", "", 0, 0,                                                   \
      "earliest, latest or a time; only while the group has no offset for the topic")              \
    X(contracts, "contracts", FOLDER, "contracts/", "", 0, 0,                                      \
      "folder of contract files (*.yaml), relative to this file")                                  \
    X(commit_interval_ms, "commit_interval", DURATION, "100ms", "", 10, 10 * SECOND_MS,            \
      "length of an epoch, which is one transaction; up to 500ms while a backlog is read")         \
    X(snapshot_interval_ms, "snapshot_interval", DURATION, "30s", "", SECOND_MS, DAY_MS,           \
      "time between two snapshots of a task")                                                      \
    X(view_interval_ms, "view_interval", DURATION, "250ms", "", 50, MINUTE_MS,                     \
      "the KPI view is sent at most this often")                                                   \
    X(grace_ms, "grace", DURATION, "500ms", "", 0, HOUR_MS,                                        \
      "a task's clock stays this far behind log time")                                             \
    X(tick_interval_ms, "tick_interval", DURATION, "100ms", "", 10, SECOND_MS,                     \
      "ticks into a quiet partition come at most this often (clock: live)")                        \
    X(reorder_ms, "reorder", DURATION, "5m", "", 0, DAY_MS,                                        \
      "events of one interaction may come this far out of order")                                  \
    X(lateness_ms, "lateness", DURATION, "24h", "", MINUTE_MS, 366 * DAY_MS,                       \
      "figures are final after this; later events are dead letters")                               \
    X(max_skew_ms, "max_skew", DURATION, "60s", "", 0, DAY_MS,                                     \
      "events further ahead of log time are dead letters")                                         \
    X(max_source_lag_ms, "max_source_lag", DURATION, "30s", "", SECOND_MS, DAY_MS,                 \
      "a source silent for longer is left out and lowers completeness (clock: live)")              \
    X(max_alert_age_ms, "max_alert_age", DURATION, "15m", "", 0, 31 * DAY_MS,                      \
      "alerts about an older condition are marked late")                                           \
    X(recovery_horizon_ms, "recovery_horizon", DURATION, "26h", "", MINUTE_MS, 366 * DAY_MS,       \
      "how far back to begin when no snapshot is left")                                            \
    X(listen, "listen", ADDRESS, "127.0.0.1:9464", "", 0, 0,                                       \
      "for /metrics /healthz /readyz /progress")                                                   \
    X(publish, "publish", CHOICE, "all", "all|objectives", 0, 0,                                   \
      "figures written at aligned closes")                                                         \
    X(log_level, "log.level", CHOICE, "info", "debug|info|warning|error", 0, 0,                    \
      "the least level that is told")                                                              \
    X(log_format, "log.format", CHOICE, "json", "json|text", 0, 0,                                 \
      "of the lines on stderr")                                                                    \
    X(open_interactions, "limits.open_interactions", COUNT, "10000000", "", 1000, 1000000000,      \
      "open interactions kept at most")                                                            \
    X(scopes, "limits.scopes", COUNT, "20000", "", 10, 10000000,                                   \
      "scopes kept at most; a further one counts in its parents only")                             \
    X(memory_bytes, "limits.memory", BYTES, "8GiB", "", INT64_C(64) << 20, INT64_C(1) << 46,       \
      "memory taken at most")

enum settings_clock { SETTINGS_CLOCK_LIVE, SETTINGS_CLOCK_LOG };
enum settings_publish { SETTINGS_PUBLISH_ALL, SETTINGS_PUBLISH_OBJECTIVES };
enum settings_log_level {
    SETTINGS_LOG_DEBUG,
    SETTINGS_LOG_INFO,
    SETTINGS_LOG_WARNING,
    SETTINGS_LOG_ERROR
};
enum settings_log_format { SETTINGS_LOG_JSON, SETTINGS_LOG_TEXT };
enum settings_start_kind { SETTINGS_START_EARLIEST, SETTINGS_START_LATEST, SETTINGS_START_AT };

struct settings_start {
    enum settings_start_kind kind;
    int64_t at; /* of SETTINGS_START_AT, epoch ms */
};

#define SETTINGS_TYPE_TEXT char *
#define SETTINGS_TYPE_NAME char *
#define SETTINGS_TYPE_ADDRESS char *
#define SETTINGS_TYPE_SECRET char *
#define SETTINGS_TYPE_FOLDER char *
#define SETTINGS_TYPE_REGISTRY char *
#define SETTINGS_TYPE_COUNT int64_t
#define SETTINGS_TYPE_BYTES int64_t
#define SETTINGS_TYPE_DURATION int64_t
#define SETTINGS_TYPE_START struct settings_start
#define SETTINGS_TYPE_CHOICE int
#define SETTINGS_FIELD(field, path, type, preset, words, least, most, meaning)                     \
    SETTINGS_TYPE_##type field;

struct settings_property {
    char *name;  /* owned */
    char *value; /* owned; what file:/path held */
};

struct settings {
    SETTINGS(SETTINGS_FIELD)              /* texts are owned and never NULL */
    struct settings_property *properties; /* kafka.properties, handed to librdkafka as they are */
    size_t property_count;
};

#define SETTINGS_FLAGS_MAX 64

/* `--config FILE` and the flags that are settings, taken out of a command line. Views of argv. */
struct settings_flags {
    const char *config; /* NULL: not given */
    struct slice path[SETTINGS_FLAGS_MAX];
    const char *value[SETTINGS_FLAGS_MAX];
    size_t count;
};

/* Takes what it knows out of argv (from argv[1] on) and leaves the rest to the command, in order;
 * *argc becomes less. False with a reason when a value is missing or there are too many. */
MUST_USE bool settings_take_flags(struct settings_flags *flags, int *argc, char **argv,
                                  struct err *err);

/* Defaults, then the file (NULL: none), `environment` ("NAME=value", NULL at the end; NULL: none),
 * and the flags. False with at least one error in `faults`; `s` is to be deinited either way. */
MUST_USE bool settings_load(struct settings *s, const char *file, char *const *environment,
                            const struct settings_flags *flags, struct faults *faults);
void settings_deinit(struct settings *s);

/* The setting (its path) that a mistyped one was probably meant to be, or NULL. */
const char *settings_nearest(struct slice path);

/* The table for --help, and as the page docs/configuration.md. */
void settings_print_help(FILE *out);
void settings_print_page(FILE *out);
