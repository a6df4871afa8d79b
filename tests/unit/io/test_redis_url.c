/* redis_url: what the setting may look like, and what it says when it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/redis_url.h"

static struct redis_address parsed[REDIS_ADDRESSES_MAX];
static struct err err;

static void test_host_alone_has_the_defaults(void **state) {
    (void)state;
    assert_int_equal(redis_url_parse("redis://cache", parsed, &err), 1);
    assert_string_equal(parsed[0].host, "cache");
    assert_int_equal(parsed[0].port, 6379);
    assert_int_equal(parsed[0].database, 0);
    assert_false(parsed[0].tls);
    assert_string_equal(parsed[0].user, "");
}

static void test_all_parts_are_taken(void **state) {
    (void)state;
    assert_int_equal(redis_url_parse("rediss://wall:s3:c@ret@10.0.0.1:7000/3", parsed, &err), 1);
    assert_true(parsed[0].tls);
    assert_string_equal(parsed[0].user, "wall");
    assert_string_equal(parsed[0].password, "s3:c@ret");
    assert_string_equal(parsed[0].host, "10.0.0.1");
    assert_int_equal(parsed[0].port, 7000);
    assert_int_equal(parsed[0].database, 3);
}

static void test_password_alone_is_the_default_users(void **state) {
    (void)state;
    assert_int_equal(redis_url_parse("redis://secret@h:1", parsed, &err), 1);
    assert_string_equal(parsed[0].user, "");
    assert_string_equal(parsed[0].password, "secret");
}

static void test_several_addresses(void **state) {
    (void)state;
    assert_int_equal(redis_url_parse("redis://a:1,redis://b:2/5,rediss://c", parsed, &err), 3);
    assert_string_equal(parsed[1].host, "b");
    assert_int_equal(parsed[1].database, 5);
    assert_true(parsed[2].tls);
}

static void test_the_master_that_a_sentinel_is_asked_for(void **state) {
    (void)state;
    assert_int_equal(
        redis_url_parse("redis://u:p?x@s1:26379/2?master=wall,redis://s2", parsed, &err), 2);
    assert_string_equal(parsed[0].password, "p?x");
    assert_string_equal(parsed[0].host, "s1");
    assert_int_equal(parsed[0].database, 2);
    assert_string_equal(parsed[0].master, "wall");
    assert_string_equal(parsed[1].master, "");
    assert_int_equal(redis_url_parse("redis://s1?master=wall", parsed, &err), 1);
    assert_string_equal(parsed[0].host, "s1");
    assert_int_equal(parsed[0].port, 6379);
}

static void test_malformed_is_refused_without_telling_secrets(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "cache:6379",
                                      "http://cache",
                                      "redis://",
                                      "redis://:6379",
                                      "redis://h:x",
                                      "redis://h:99999",
                                      "redis://h/db",
                                      "redis://h/0?master=",
                                      "redis://h/0?other=x",
                                      "redis://a,,redis://b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&err, 0, sizeof err);
        assert_int_equal(redis_url_parse(bad[i], parsed, &err), 0);
        assert_non_null(strstr(err.text, "redis://"));
    }
    assert_int_equal(redis_url_parse("redis://u:geheim@h:port", parsed, &err), 0);
    assert_null(strstr(err.text, "geheim"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_alone_has_the_defaults),
        cmocka_unit_test(test_all_parts_are_taken),
        cmocka_unit_test(test_password_alone_is_the_default_users),
        cmocka_unit_test(test_several_addresses),
        cmocka_unit_test(test_the_master_that_a_sentinel_is_asked_for),
        cmocka_unit_test(test_malformed_is_refused_without_telling_secrets),
    };
    return cmocka_run_group_tests_name("redis_url", tests, NULL, NULL);
}
