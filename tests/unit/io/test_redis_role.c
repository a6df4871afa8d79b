/* redis_role: what servers answer when they are asked who they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/redis_role.h"

/* As hiredis reads it from the wire. */
static redisReply *reply_of(const char *wire) {
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;
    assert_int_equal(redisReaderFeed(reader, wire, strlen(wire)), REDIS_OK);
    assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
    assert_non_null(reply);
    redisReaderFree(reader);
    return reply;
}

static enum redis_role role_of(const char *wire, struct redis_address *address) {
    redisReply *reply = reply_of(wire);
    enum redis_role role = redis_role_of(reply, address);
    freeReplyObject(reply);
    return role;
}

static void test_a_master_takes_writes(void **state) {
    (void)state;
    struct redis_address a = {.host = "h", .port = 1};
    assert_int_equal(role_of("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n", &a), REDIS_ROLE_MASTER);
    assert_string_equal(a.host, "h");
}

static void test_a_replica_names_its_master(void **state) {
    (void)state;
    struct redis_address a = {.host = "h", .port = 1};
    assert_int_equal(role_of("*5\r\n$5\r\nslave\r\n$8\r\n10.0.0.7\r\n:6380\r\n$9\r\nconnected\r\n"
                             ":14\r\n",
                             &a),
                     REDIS_ROLE_REPLICA);
    assert_string_equal(a.host, "10.0.0.7");
    assert_int_equal(a.port, 6380);
}

static void test_a_sentinel_with_one_master_needs_no_name(void **state) {
    (void)state;
    struct redis_address a = {.port = 1};
    assert_int_equal(role_of("*2\r\n$8\r\nsentinel\r\n*1\r\n$4\r\nwall\r\n", &a),
                     REDIS_ROLE_SENTINEL);
    assert_string_equal(a.master, "wall");
}

static void test_a_sentinel_with_several_does(void **state) {
    (void)state;
    struct redis_address none = {.port = 1}, given = {.master = "b"};
    static const char *const two = "*2\r\n$8\r\nsentinel\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n";
    assert_int_equal(role_of(two, &none), REDIS_ROLE_SENTINEL);
    assert_string_equal(none.master, "");
    assert_int_equal(role_of(two, &given), REDIS_ROLE_SENTINEL);
    assert_string_equal(given.master, "b");
}

static void test_whoever_does_not_tell_is_unknown(void **state) {
    (void)state;
    static const char *const others[] = {
        "-NOPERM this user has no permissions to run the 'role' command\r\n",
        "*0\r\n",
        "+OK\r\n",
        "*2\r\n:1\r\n:2\r\n",
        "*5\r\n$5\r\nslave\r\n$0\r\n\r\n:6380\r\n$1\r\nx\r\n:14\r\n",
        "*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:99999\r\n$1\r\nx\r\n:14\r\n"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct redis_address a = {.host = "h", .port = 1};
        assert_int_equal(role_of(others[i], &a), REDIS_ROLE_UNKNOWN);
        assert_string_equal(a.host, "h");
        assert_int_equal(a.port, 1);
    }
}

static void test_the_masters_address(void **state) {
    (void)state;
    struct redis_address a = {.port = 1};
    redisReply *reply = reply_of("*2\r\n$9\r\n127.0.0.1\r\n$4\r\n7001\r\n");
    assert_true(redis_role_take_master(reply, &a));
    assert_string_equal(a.host, "127.0.0.1");
    assert_int_equal(a.port, 7001);
    freeReplyObject(reply);
    reply = reply_of("*-1\r\n");
    assert_false(redis_role_take_master(reply, &a));
    freeReplyObject(reply);
}

static void test_a_refusal_of_a_replica(void **state) {
    (void)state;
    redisReply *reply = reply_of(
        "-READONLY You can't write against a read only replica. script: f, on @user_script:1.\r\n");
    assert_true(redis_role_is_refusal(reply));
    freeReplyObject(reply);
    reply = reply_of("-OOM command not allowed\r\n");
    assert_false(redis_role_is_refusal(reply));
    freeReplyObject(reply);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_master_takes_writes),
        cmocka_unit_test(test_a_replica_names_its_master),
        cmocka_unit_test(test_a_sentinel_with_one_master_needs_no_name),
        cmocka_unit_test(test_a_sentinel_with_several_does),
        cmocka_unit_test(test_whoever_does_not_tell_is_unknown),
        cmocka_unit_test(test_the_masters_address),
        cmocka_unit_test(test_a_refusal_of_a_replica),
    };
    return cmocka_run_group_tests_name("redis_role", tests, NULL, NULL);
}
