/* kafka_fault: each way in which a process learns that its place was taken gives one reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "io/kafka_fault.h"

#define REASON "another process of the same instance name took over"

static char text[256];

/* What the brokers and the client say to a replaced member or producer, written out once more. */
static void test_each_fence_names_the_other_process(void **state) {
    (void)state;
    static const rd_kafka_resp_err_t fences[] = {
        RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR__FENCED};
    for (size_t i = 0; i < sizeof fences / sizeof *fences; i++) {
        assert_true(kafka_fault_tell(NULL, fences[i], "step: words", text, sizeof text));
        assert_ptr_equal(strstr(text, REASON), text);
        assert_non_null(strstr(text, "(step: words)"));
    }
}

static void test_what_also_befalls_one_alone_accuses_no_other(void **state) {
    (void)state;
    static const rd_kafka_resp_err_t others[] = {RD_KAFKA_RESP_ERR_NO_ERROR,
                                                 RD_KAFKA_RESP_ERR__TIMED_OUT,
                                                 RD_KAFKA_RESP_ERR__FATAL,
                                                 RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
                                                 RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
                                                 RD_KAFKA_RESP_ERR_INVALID_TXN_STATE,
                                                 RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(kafka_fault_tell(NULL, others[i], "step: words", text, sizeof text));
        assert_string_equal(text, "step: words");
    }
}

static rd_kafka_t *client(void) {
    char reason[256];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, NULL, reason, sizeof reason);
    CHECK(rk);
    return rk;
}

/* Once fenced, a client fails with whatever comes next: the reason stays. */
static void test_a_client_that_was_fenced_before(void **state) {
    (void)state;
    rd_kafka_t *rk = client();
    assert_false(kafka_fault_tell(rk, RD_KAFKA_RESP_ERR__STATE, "later", text, sizeof text));
    assert_string_equal(text, "later");
    rd_kafka_test_fatal_error(rk, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "by a test");
    assert_true(kafka_fault_tell(rk, RD_KAFKA_RESP_ERR__STATE, "later", text, sizeof text));
    assert_ptr_equal(strstr(text, REASON), text);
    rd_kafka_destroy(rk);
}

static void test_a_client_that_died_of_something_else(void **state) {
    (void)state;
    rd_kafka_t *rk = client();
    rd_kafka_test_fatal_error(rk, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "by a test");
    assert_false(kafka_fault_tell(rk, RD_KAFKA_RESP_ERR__FATAL, "later", text, sizeof text));
    assert_string_equal(text, "later");
    rd_kafka_destroy(rk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_fence_names_the_other_process),
        cmocka_unit_test(test_what_also_befalls_one_alone_accuses_no_other),
        cmocka_unit_test(test_a_client_that_was_fenced_before),
        cmocka_unit_test(test_a_client_that_died_of_something_else),
    };
    return cmocka_run_group_tests_name("kafka_fault", tests, NULL, NULL);
}
