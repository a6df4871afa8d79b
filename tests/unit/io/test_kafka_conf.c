/* kafka_conf: who sets a client's property. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/kafka_conf.h"

static const struct kafka_property properties[] = {{"session.timeout.ms", "9000"}};
static const struct kafka_options options = {.brokers = "h:1",
                                             .group = "g",
                                             .instance = "i",
                                             .topic_prefix = "",
                                             .properties = properties,
                                             .property_count = 1};

static void expect(const rd_kafka_conf_t *conf, const char *name, const char *value) {
    char found[64];
    size_t size = sizeof found;
    assert_int_equal(rd_kafka_conf_get(conf, name, found, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(found, value);
}

static void test_a_default_yields_to_the_user(void **state) {
    (void)state;
    struct err err;
    rd_kafka_conf_t *conf = kafka_conf_new(&options, "consumer", &err);
    assert_non_null(conf);
    kafka_conf_set_default(conf, &options, "session.timeout.ms", "6000");
    kafka_conf_set_default(conf, &options, "heartbeat.interval.ms", "1500");
    expect(conf, "session.timeout.ms", "9000");
    expect(conf, "heartbeat.interval.ms", "1500");
    rd_kafka_conf_destroy(conf);
}

static void test_what_the_program_rests_on_does_not(void **state) {
    (void)state;
    struct err err;
    rd_kafka_conf_t *conf = kafka_conf_new(&options, "consumer", &err);
    assert_non_null(conf);
    kafka_conf_set(conf, "session.timeout.ms", "6000");
    expect(conf, "session.timeout.ms", "6000");
    rd_kafka_conf_destroy(conf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_default_yields_to_the_user),
        cmocka_unit_test(test_what_the_program_rests_on_does_not),
    };
    return cmocka_run_group_tests_name("kafka_conf", tests, NULL, NULL);
}
