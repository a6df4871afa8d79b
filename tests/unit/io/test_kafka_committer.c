/* kafka_committer: whatever request the brokers refuse because another process took the place, the
 * epoch ends with that reason and is not tried again. On librdkafka's own mock cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/check.h"
#include "io/kafka_committer.h"

#include <librdkafka/rdkafka_mock.h> /* after rdkafka.h */

/* Kafka's numbers of requests. */
enum request {
    PRODUCE = 0,
    INIT_PRODUCER_ID = 22,
    ADD_PARTITIONS_TO_TXN = 24,
    ADD_OFFSETS_TO_TXN = 25,
    END_TXN = 26,
    TXN_OFFSET_COMMIT = 28
};

struct fixture {
    rd_kafka_mock_cluster_t *cluster; /* one for all tests */
    struct kafka_options options;
    char instance[16]; /* another one in each test */
    uv_loop_t loop;
    struct epoch *epoch;
    struct kafka_committer *committer;
    bool ended;
    enum kafka_commit_result result;
    char reason[512];
};

static void ignore_note(void *self, enum log_level level, const char *event, const char *members) {
    (void)self;
    (void)level;
    (void)event;
    (void)members;
}

static void ended(void *context, enum kafka_commit_result result, int64_t took_us,
                  const char *reason) {
    struct fixture *f = context;
    (void)took_us;
    f->ended = true;
    f->result = result;
    snprintf(f->reason, sizeof f->reason, "%s", reason);
}

static int open_cluster(void **state) {
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    CHECK(host);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(host, 1);
    CHECK(!rd_kafka_mock_topic_create(cluster, "interactions", 1, 1));
    CHECK(!rd_kafka_mock_topic_create(cluster, "alerts.sla", 1, 1));
    *state = cluster;
    return 0;
}

static int close_cluster(void **state) {
    rd_kafka_t *host = rd_kafka_mock_cluster_handle(*state);
    rd_kafka_mock_cluster_destroy(*state);
    rd_kafka_destroy(host);
    return 0;
}

static void fill_epoch(struct epoch *epoch) {
    epoch_reset(epoch, 1);
    buf_put_format(epoch_begin(epoch, OUTPUT_ALERTS_SLA, 0), "key");
    epoch_key_done(epoch);
    buf_put_format(&epoch->bytes, "value");
    epoch_record_done(epoch);
    struct epoch_position *p = epoch_add_position(epoch);
    *p = (struct epoch_position){.input = INPUT_INTERACTIONS, .partition = 0, .offset = 7};
}

static void setup(struct fixture *f, rd_kafka_mock_cluster_t *cluster) {
    static int count;
    *f = (struct fixture){.cluster = cluster};
    snprintf(f->instance, sizeof f->instance, "i%d", ++count);
    f->options = (struct kafka_options){.brokers = rd_kafka_mock_cluster_bootstraps(cluster),
                                        .group = "g",
                                        .instance = f->instance,
                                        .topic_prefix = "",
                                        .live = true,
                                        .note = {.note = ignore_note}};
    f->epoch = epoch_new();
    fill_epoch(f->epoch);
    CHECK(uv_loop_init(&f->loop) == 0);
}

static void open_committer(struct fixture *f) {
    struct err err;
    f->committer = kafka_committer_new(&f->options, &f->loop, ended, f, &err);
    assert_non_null(f->committer);
}

static void commit_as(struct fixture *f, int32_t generation, const char *member) {
    f->ended = false;
    kafka_committer_run(
        f->committer, f->epoch,
        rd_kafka_consumer_group_metadata_new_with_genid("g", generation, member, NULL));
    while (!f->ended)
        uv_run(&f->loop, UV_RUN_ONCE);
}

static void commit(struct fixture *f) {
    commit_as(f, 1, "m");
}

static void teardown(struct fixture *f) {
    kafka_committer_free(f->committer);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&f->loop) == 0);
    epoch_free(f->epoch);
}

static void test_an_epoch_is_committed(void **state) {
    struct fixture f;
    setup(&f, *state);
    open_committer(&f);
    commit(&f);
    assert_int_equal(f.result, KAFKA_COMMIT_DONE);
    teardown(&f);
}

static void test_a_new_generation_may_be_tried_again(void **state) {
    struct fixture f;
    setup(&f, *state);
    open_committer(&f);
    rd_kafka_mock_push_request_errors(f.cluster, TXN_OFFSET_COMMIT, 1,
                                      RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    commit(&f);
    assert_int_equal(f.result, KAFKA_COMMIT_AGAIN);
    assert_null(strstr(f.reason, "another process"));
    commit(&f);
    assert_int_equal(f.result, KAFKA_COMMIT_DONE);
    teardown(&f);
}

/* The broker would take it: nobody's offsets are not fenced. */
static void test_who_is_no_member_does_not_commit(void **state) {
    static const struct {
        int32_t generation;
        const char *member;
    } lost[] = {{-1, "m"}, {1, ""}, {-1, ""}};
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        struct fixture f;
        setup(&f, *state);
        open_committer(&f);
        commit_as(&f, lost[i].generation, lost[i].member);
        assert_int_equal(f.result, KAFKA_COMMIT_FAILED);
        assert_non_null(strstr(f.reason, "no member"));
        teardown(&f);
    }
}

static void expect_refusal(rd_kafka_mock_cluster_t *cluster, enum request request,
                           rd_kafka_resp_err_t code) {
    struct fixture f;
    setup(&f, cluster);
    if (request != INIT_PRODUCER_ID) { /* which comes with the first epoch at the latest */
        open_committer(&f);
        commit(&f);
        assert_int_equal(f.result, KAFKA_COMMIT_DONE);
    }
    rd_kafka_mock_push_request_errors(f.cluster, (int16_t)request, 1, code);
    if (!f.committer)
        open_committer(&f);
    commit(&f);
    if (f.result != KAFKA_COMMIT_FAILED ||
        strstr(f.reason, "another process of the same instance name took over") != f.reason)
        fail_msg("request %d, %s: result %d, \"%s\"", (int)request, rd_kafka_err2name(code),
                 (int)f.result, f.reason);
    teardown(&f);
}

static void test_each_refusal_of_a_process_that_was_replaced(void **state) {
    static const struct {
        enum request request;
        rd_kafka_resp_err_t code;
    } refusals[] = {{INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_PRODUCER_FENCED},
                    {ADD_PARTITIONS_TO_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED},
                    {ADD_PARTITIONS_TO_TXN, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH},
                    {PRODUCE, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH},
                    {ADD_OFFSETS_TO_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED},
                    {ADD_OFFSETS_TO_TXN, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH},
                    {TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID},
                    {TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_PRODUCER_FENCED},
                    {TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH},
                    {END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED},
                    {END_TXN, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH}};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        expect_refusal(*state, refusals[i].request, refusals[i].code);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_epoch_is_committed),
        cmocka_unit_test(test_a_new_generation_may_be_tried_again),
        cmocka_unit_test(test_who_is_no_member_does_not_commit),
        cmocka_unit_test(test_each_refusal_of_a_process_that_was_replaced),
    };
    return cmocka_run_group_tests_name("kafka_committer", tests, open_cluster, close_cluster);
}
