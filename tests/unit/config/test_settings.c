/* Are settings read from file, variables and flags in this order, and is every mistake told? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/files.h"
#include "config/settings.h"

/* A text that may be written to, as those of main are. */
#define WORD(text) ((char[]){text})

struct fixture {
    struct files files;
    struct faults faults;
    struct settings settings;
    bool ok;
};

static void load(struct fixture *x, const char *yaml, char *const *environment,
                 const struct settings_flags *flags) {
    files_init(&x->files);
    faults_init(&x->faults);
    const char *file = yaml ? files_add(&x->files, "floorwalker.yaml", yaml) : NULL;
    x->ok = settings_load(&x->settings, file, environment, flags, &x->faults);
}

static void unload(struct fixture *x) {
    settings_deinit(&x->settings);
    faults_deinit(&x->faults);
    files_deinit(&x->files);
}

static void assert_refused(const char *yaml, const char *expected) {
    struct fixture x;
    load(&x, yaml, NULL, NULL);
    char *text = files_faults(&x.files, &x.faults);
    assert_false(x.ok);
    assert_string_equal(text, expected);
    free(text);
    unload(&x);
}

static void test_defaults(void **state) {
    (void)state;
    struct fixture x;
    load(&x, NULL, NULL, NULL);
    assert_true(x.ok);
    const struct settings *s = &x.settings;
    assert_string_equal(s->kafka_brokers, "127.0.0.1:9092");
    assert_int_equal(s->kafka_partitions, 8);
    assert_int_equal(s->kafka_retention_ms, 7 * DAY_MS);
    assert_string_equal(s->topic_prefix, "");
    assert_int_equal(s->clock, SETTINGS_CLOCK_LIVE);
    assert_int_equal(s->start.kind, SETTINGS_START_LATEST);
    assert_int_equal(s->commit_interval_ms, 100);
    assert_int_equal(s->log_level, SETTINGS_LOG_INFO);
    assert_int_equal(s->memory_bytes, INT64_C(8) << 30);
    assert_string_equal(s->contracts, "contracts/");
    unload(&x);
}

static void test_file(void **state) {
    (void)state;
    struct fixture x;
    load(&x,
         "kafka:\n"
         "  brokers: a:1,b:2\n"
         "  properties: {security.protocol: SASL_SSL, \"socket.timeout.ms\": 5000}\n"
         "  topics: {partitions: 3}\n"
         "topic_prefix: no\n"
         "clock: log\n"
         "start: 2026-11-27T17:30:00Z\n"
         "contracts: agreements\n"
         "schema_registry: file:/schemas\n"
         "limits: {memory: 512MiB}\n"
         "reorder: 1h30m\n"
         "log:\n",
         NULL, NULL);
    assert_true(x.ok);
    const struct settings *s = &x.settings;
    assert_string_equal(s->kafka_brokers, "a:1,b:2");
    assert_int_equal(s->kafka_partitions, 3);
    assert_string_equal(s->topic_prefix, "no"); /* text, not false */
    assert_int_equal(s->clock, SETTINGS_CLOCK_LOG);
    assert_int_equal(s->start.kind, SETTINGS_START_AT);
    assert_int_equal(s->start.at, INT64_C(1795800600000));
    assert_int_equal(s->memory_bytes, INT64_C(512) << 20);
    assert_int_equal(s->reorder_ms, 90 * MINUTE_MS);
    assert_string_equal(s->schema_registry, "file:/schemas");
    char folder[64];
    snprintf(folder, sizeof(folder), "%s/agreements", x.files.folder);
    assert_string_equal(s->contracts, folder);
    assert_int_equal(s->property_count, 2);
    assert_string_equal(s->properties[0].name, "security.protocol");
    assert_string_equal(s->properties[1].value, "5000");
    unload(&x);
}

static void test_variables_then_flags_win(void **state) {
    (void)state;
    char *const environment[] = {WORD("FLOORWALKER_KAFKA_BROKERS=env:1"),
                                 WORD("FLOORWALKER_TOPIC_PREFIX=env-"),
                                 WORD("FLOORWALKER_KAFKA_PROPERTIES_SASL_USERNAME=user"),
                                 WORD("FLOORWALKER_CONTRACTS=here"),
                                 WORD("FLOORWALKER_PORT=tcp://10.0.0.1:9464"),
                                 WORD("PATH=/bin"),
                                 NULL};
    char *argv[] = {WORD("run"),
                    WORD("--kafka.brokers"),
                    WORD("flag:1"),
                    WORD("--until-end"),
                    WORD("--config"),
                    WORD("x.yaml"),
                    WORD("--kafka.properties.debug=all"),
                    WORD("--grace=1s"),
                    WORD("--kafka.broker=z"),
                    NULL};
    int argc = 9;
    struct settings_flags flags;
    assert_true(settings_take_flags(&flags, &argc, argv, NULL));
    assert_int_equal(argc, 3);
    assert_string_equal(argv[1], "--until-end");
    assert_string_equal(argv[2], "--kafka.broker=z"); /* the command refuses it */
    assert_null(argv[3]);
    assert_string_equal(flags.config, "x.yaml");

    struct fixture x;
    load(&x, "kafka: {brokers: file:1, group: g}\n", environment, &flags);
    assert_true(x.ok);
    assert_string_equal(x.settings.kafka_brokers, "flag:1");
    assert_string_equal(x.settings.topic_prefix, "env-");
    assert_string_equal(x.settings.kafka_group, "g");
    assert_string_equal(x.settings.contracts, "here"); /* as the caller's folder sees it */
    assert_int_equal(x.settings.grace_ms, 1000);
    assert_int_equal(x.settings.property_count, 2);
    assert_string_equal(x.settings.properties[0].name, "sasl.username");
    assert_string_equal(x.settings.properties[1].name, "debug");
    unload(&x);
}

static void test_flag_without_value(void **state) {
    (void)state;
    char *argv[] = {WORD("run"), WORD("--grace"), NULL};
    int argc = 2;
    struct settings_flags flags;
    struct err err;
    assert_false(settings_take_flags(&flags, &argc, argv, &err));
    assert_string_equal(err.text, "--grace needs a value");
}

static void test_secrets_are_read_from_their_files(void **state) {
    (void)state;
    struct files files;
    files_init(&files);
    const char *secret = files_add(&files, "secret", "redis://:geheim@r:6379/0\nsecond line\n");
    char yaml[256];
    snprintf(yaml, sizeof(yaml), "redis: file:%s\nkafka: {properties: {sasl.password: file:%s}}\n",
             secret, secret);
    struct fixture x;
    load(&x, yaml, NULL, NULL);
    assert_true(x.ok);
    assert_string_equal(x.settings.redis, "redis://:geheim@r:6379/0");
    assert_string_equal(x.settings.properties[0].value, "redis://:geheim@r:6379/0");
    unload(&x);
    files_deinit(&files);
    assert_refused("redis: file:/nowhere/at/all\n",
                   "floorwalker.yaml:1: redis: cannot read the secret in /nowhere/at/all: No such "
                   "file or directory\n");
}

static void test_unknown_keys(void **state) {
    (void)state;
    assert_refused("kafka:\n  broker: a:1\n",
                   "floorwalker.yaml:2: unknown key \"kafka.broker\"; did you mean "
                   "\"kafka.brokers\"?\n");
    assert_refused("comit_interval: 1s\nlimit: {scopes: 5}\n",
                   "floorwalker.yaml:1: unknown key \"comit_interval\"; did you mean "
                   "\"commit_interval\"?\n"
                   "floorwalker.yaml:2: unknown key \"limit\"; did you mean \"limits\"?\n");
    assert_refused("zzzzzzzzzz: 1\n",
                   "floorwalker.yaml:1: unknown key \"zzzzzzzzzz\"; `floorwalker run --help` lists "
                   "the settings\n");
}

static void test_bad_values_are_all_told(void **state) {
    (void)state;
    assert_refused("clock: lives\n"
                   "grace: 5\n"
                   "reorder: 400d\n"
                   "listen: 9464\n"
                   "limits:\n"
                   "  memory: 8 GB RAM\n"
                   "  scopes: many\n"
                   "start: yesterday\n"
                   "schema_registry: localhost:8081\n"
                   "kafka: {group: \"\", topics: 8, properties: [a]}\n",
                   "floorwalker.yaml:1: clock: \"lives\" is none of live|log\n"
                   "floorwalker.yaml:2: grace: \"5\" is no duration: write whole numbers with a "
                   "unit of ms, s, m, h or d, like 20s, 15m, 1h30m\n"
                   "floorwalker.yaml:3: reorder: 400d is not within 0s to 1d\n"
                   "floorwalker.yaml:4: listen: \"9464\" is no host:port\n"
                   "floorwalker.yaml:6: limits.memory: \"8 GB RAM\" is no size in bytes: write it "
                   "like 512MiB or 8GiB\n"
                   "floorwalker.yaml:7: limits.scopes: \"many\" is no whole number\n"
                   "floorwalker.yaml:8: start: \"yesterday\" is neither earliest, latest nor a "
                   "time like 2026-11-27T17:30:00Z\n"
                   "floorwalker.yaml:9: schema_registry: \"localhost:8081\" is neither http://..., "
                   "https://... nor file:DIR\n"
                   "floorwalker.yaml:10: kafka.group: it must not be empty\n"
                   "floorwalker.yaml:10: kafka.topics is no single value; write its keys below it\n"
                   "floorwalker.yaml:10: kafka.properties is no map; write `name: value` lines "
                   "below it\n");
}

static void test_owned_properties(void **state) {
    (void)state;
    assert_refused("kafka: {properties: {group.id: x}}\n",
                   "floorwalker.yaml:1: kafka.properties.group.id is floorwalker's own; set "
                   "kafka.group\n");
}

static void test_missing_values_and_repeats(void **state) {
    (void)state;
    assert_refused("redis:\ngrace: 1s\ngrace: 2s\n",
                   "floorwalker.yaml:3: key \"grace\" stands here twice; keep one of the two\n"
                   "floorwalker.yaml:1: redis has no value; write `key: value`, or leave the key "
                   "out\n");
}

static void test_no_yaml(void **state) {
    (void)state;
    struct fixture x;
    load(&x, "a: [1\nb: 2\n", NULL, NULL);
    assert_false(x.ok);
    assert_int_equal(x.faults.errors, 1);
    assert_true(x.faults.list[0].line > 0);
    unload(&x);

    struct settings s;
    struct faults faults;
    faults_init(&faults);
    assert_false(settings_load(&s, "/nowhere/x.yaml", NULL, NULL, &faults));
    struct err err;
    faults_to_err(&faults, &err);
    assert_string_equal(err.text, "/nowhere/x.yaml: cannot read /nowhere/x.yaml: No such file or "
                                  "directory; name a file that can be read");
    settings_deinit(&s);
    faults_deinit(&faults);
}

/* UPDATE_GOLDEN=1 writes the page anew. */
static void test_page_is_the_table(void **state) {
    (void)state;
    static const char path[] = FLOORWALKER_SOURCE_DIR "/docs/configuration.md";
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    settings_print_page(out);
    fclose(out);
    if (getenv("UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(page, file);
        fclose(file);
    }
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *found = calloc(size + 2, 1);
    size_t got = fread(found, 1, size + 1, file);
    fclose(file);
    assert_int_equal(got, size);
    assert_string_equal(found, page);
    free(found);
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_variables_then_flags_win),
        cmocka_unit_test(test_flag_without_value),
        cmocka_unit_test(test_secrets_are_read_from_their_files),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_bad_values_are_all_told),
        cmocka_unit_test(test_owned_properties),
        cmocka_unit_test(test_missing_values_and_repeats),
        cmocka_unit_test(test_no_yaml),
        cmocka_unit_test(test_page_is_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
