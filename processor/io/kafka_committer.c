#include "io/kafka_committer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "io/kafka_fault.h"

struct kafka_committer {
    const struct kafka_options *options;
    rd_kafka_t *rk;
    rd_kafka_topic_t *topics[OUTPUT_COUNT];
    char inputs[INPUT_COUNT][256];
    kafka_commit_fn *done;
    void *context;
    uv_async_t wake; /* the loop, when an epoch has ended */
    pthread_t thread;
    pthread_mutex_t lock; /* what follows is shared between the two threads */
    pthread_cond_t changed;
    const struct epoch *epoch; /* to run; NULL: none */
    rd_kafka_consumer_group_metadata_t *group;
    bool ended; /* the epoch has ended, the loop has not seen it yet */
    bool stopping;
    enum kafka_commit_result result;
    int64_t took_us;
    char reason[512];
};

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int timeout_ms(const struct kafka_options *o) {
    return o->live ? 5000 : 60000;
}

/* What librdkafka says of an error decides: fatal or unknown ends the process, abortable may be
 * tried again, and what would repeat for ever, or comes because another process took the place,
 * counts as fatal. Destroys the error. */
static enum kafka_commit_result judge(rd_kafka_t *rk, rd_kafka_error_t *error, const char *step,
                                      char *reason, size_t room) {
    rd_kafka_resp_err_t rc = rd_kafka_error_code(error);
    bool repeats = rc == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
                   rc == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
                   rc == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
                   rc == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                   rc == RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
    char said[400];
    snprintf(said, sizeof said, "%s: %s", step, rd_kafka_error_string(error));
    bool fenced = kafka_fault_tell(rk, rc, said, reason, room);
    bool again = rd_kafka_error_txn_requires_abort(error) && !repeats && !fenced;
    rd_kafka_error_destroy(error);
    return again ? KAFKA_COMMIT_AGAIN : KAFKA_COMMIT_FAILED;
}

/* Where a record that asked for it came to stand; an aborted try's place is overwritten. */
static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
    (void)rk;
    (void)opaque;
    struct epoch_record *r = m->_private;
    if (r)
        r->offset = m->err ? -1 : m->offset;
}

static rd_kafka_resp_err_t produce_one(struct kafka_committer *c, const struct epoch *epoch,
                                       const struct epoch_record *r) {
    struct slice key = epoch_key(epoch, r);
    struct slice value = epoch_value(epoch, r);
    int32_t partition = r->partition < 0 ? RD_KAFKA_PARTITION_UA : r->partition;
    for (;;) {
        /* No copy: the epoch's bytes stay until the transaction has ended. */
        if (rd_kafka_produce(c->topics[r->topic], partition, 0, (void *)(uintptr_t)value.at,
                             value.size, key.size ? key.at : NULL, key.size,
                             r->topic == OUTPUT_STATE ? (void *)(uintptr_t)r : NULL) == 0)
            return RD_KAFKA_RESP_ERR_NO_ERROR;
        rd_kafka_resp_err_t rc = rd_kafka_last_error();
        if (rc != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return rc;
        rd_kafka_poll(c->rk, 5); /* room comes as the brokers acknowledge */
    }
}

static rd_kafka_topic_partition_list_t *offsets_of(const struct kafka_committer *c,
                                                   const struct epoch *epoch) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(
        (int)epoch->position_count);
    for (size_t i = 0; i < epoch->position_count; i++) {
        const struct epoch_position *p = &epoch->positions[i];
        rd_kafka_topic_partition_t *tp = rd_kafka_topic_partition_list_add(
            list, c->inputs[p->input], p->partition);
        tp->offset = p->offset;
        tp->metadata_size = strlen(p->metadata);
        tp->metadata = strdup(p->metadata);
        CHECK(tp->metadata);
    }
    return list;
}

static rd_kafka_error_t *send_offsets(struct kafka_committer *c, const struct epoch *epoch,
                                      const rd_kafka_consumer_group_metadata_t *group) {
    if (!epoch->position_count)
        return NULL;
    rd_kafka_topic_partition_list_t *offsets = offsets_of(c, epoch);
    rd_kafka_error_t *error;
    int64_t until_us = now_us() + (int64_t)timeout_ms(c->options) * 1000;
    /* Retriable but not resumable: the identical call again, as long as a transaction may last. */
    while ((error = rd_kafka_send_offsets_to_transaction(c->rk, offsets, group,
                                                         timeout_ms(c->options))) &&
           rd_kafka_error_is_retriable(error) && now_us() < until_us)
        rd_kafka_error_destroy(error);
    rd_kafka_topic_partition_list_destroy(offsets);
    return error;
}

/* Brokers take the offsets of nobody without asking who that is. */
static bool is_member(const rd_kafka_consumer_group_metadata_t *group) {
    const char *member = rd_kafka_consumer_group_metadata_member_id(group);
    return rd_kafka_consumer_group_metadata_generation_id(group) >= 0 && member && *member;
}

/* Begin to commit; NULL when all went well, else the first error and the step it came from. */
static rd_kafka_error_t *run_steps(struct kafka_committer *c, const char **step) {
    const struct epoch *epoch = c->epoch;
    *step = "begin the transaction";
    rd_kafka_error_t *error = rd_kafka_begin_transaction(c->rk);
    if (error)
        return error;
    for (size_t i = 0; i < epoch->record_count; i++) {
        const struct epoch_record *r = &epoch->records[i];
        rd_kafka_resp_err_t rc = produce_one(c, epoch, r);
        if (!rc)
            continue;
        *step = epoch_topic_name(r->topic);
        return rd_kafka_error_new(rc, "a record could not be produced: %s", rd_kafka_err2str(rc));
    }
    *step = "send the offsets";
    error = send_offsets(c, epoch, c->group);
    if (error)
        return error;
    *step = "commit the transaction";
    return rd_kafka_commit_transaction(c->rk, timeout_ms(c->options));
}

static enum kafka_commit_result run(struct kafka_committer *c, char *reason, size_t room) {
    const char *step;
    if (!is_member(c->group)) {
        snprintf(reason, room,
                 "this process is no member of its group any more: it did not answer "
                 "in time (session.timeout.ms)");
        return KAFKA_COMMIT_FAILED;
    }
    rd_kafka_error_t *error = run_steps(c, &step);
    if (!error)
        return KAFKA_COMMIT_DONE;
    enum kafka_commit_result result = judge(c->rk, error, step, reason, room);
    if (result != KAFKA_COMMIT_AGAIN)
        return result;
    error = rd_kafka_abort_transaction(c->rk, timeout_ms(c->options));
    if (!error)
        return KAFKA_COMMIT_AGAIN;
    judge(c->rk, error, "abort the transaction", reason, room);
    return KAFKA_COMMIT_FAILED;
}

static bool init_transactions(struct kafka_committer *c) {
    for (;;) {
        rd_kafka_error_t *error = rd_kafka_init_transactions(c->rk, 10000);
        if (!error)
            return true;
        bool again = rd_kafka_error_is_retriable(error);
        (void)judge(c->rk, error, "start of transactions", c->reason, sizeof c->reason);
        pthread_mutex_lock(&c->lock);
        bool stopping = c->stopping;
        pthread_mutex_unlock(&c->lock);
        if (!again || stopping)
            return false;
    }
}

static void tell(struct kafka_committer *c, enum kafka_commit_result result, int64_t took_us) {
    c->result = result;
    c->took_us = took_us;
    c->ended = true;
    uv_async_send(&c->wake);
}

static void *work(void *context) {
    struct kafka_committer *c = context;
    bool good = init_transactions(c);
    pthread_mutex_lock(&c->lock);
    while (!c->stopping) {
        if (!c->epoch || c->ended) {
            pthread_cond_wait(&c->changed, &c->lock);
            continue;
        }
        pthread_mutex_unlock(&c->lock);
        int64_t begun_us = now_us();
        enum kafka_commit_result result = good ? run(c, c->reason, sizeof c->reason)
                                               : KAFKA_COMMIT_FAILED;
        int64_t took_us = now_us() - begun_us;
        pthread_mutex_lock(&c->lock);
        tell(c, result, took_us);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void on_wake(uv_async_t *wake) {
    struct kafka_committer *c = wake->data;
    pthread_mutex_lock(&c->lock);
    bool ended = c->ended;
    if (ended) {
        rd_kafka_consumer_group_metadata_destroy(c->group);
        c->group = NULL;
        c->epoch = NULL;
        c->ended = false;
    }
    pthread_mutex_unlock(&c->lock);
    if (ended)
        c->done(c->context, c->result, c->took_us, c->reason);
}

static rd_kafka_t *producer_new(const struct kafka_options *o, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new(o, "committer", err);
    if (!conf)
        return NULL;
    char id[512], timeout[16];
    snprintf(id, sizeof id, "%s-%s", o->group, o->instance);
    snprintf(timeout, sizeof timeout, "%d", timeout_ms(o));
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    kafka_conf_set(conf, "transactional.id", id);
    kafka_conf_set(conf, "transaction.timeout.ms", timeout);
    kafka_conf_set(conf, "message.timeout.ms", timeout);
    kafka_conf_set(conf, "acks", "all");
    kafka_conf_set(conf, "compression.type", "lz4");
    kafka_conf_set(conf, "linger.ms", "1");
    /* With the default of 100 every commit that follows another waits that long. */
    kafka_conf_set(conf, "retry.backoff.ms", "10");
    kafka_conf_set(conf, "queue.buffering.max.messages", "500000");
    kafka_conf_set(conf, "queue.buffering.max.kbytes", "262144");
    char reason[256];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        err_set(err, "kafka producer: %s", reason);
    }
    return rk;
}

static void open_topics(struct kafka_committer *c) {
    for (int i = 0; i < OUTPUT_COUNT; i++) {
        char name[256];
        kafka_output_topic(c->options, (enum epoch_topic)i, name);
        rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
        rd_kafka_topic_conf_set(conf, "partitioner", "murmur2_random", NULL, 0);
        c->topics[i] = rd_kafka_topic_new(c->rk, name, conf);
        CHECK(c->topics[i]);
    }
    for (int i = 0; i < INPUT_COUNT; i++)
        kafka_input_topic(c->options, (enum engine_input)i, c->inputs[i]);
}

struct kafka_committer *kafka_committer_new(const struct kafka_options *o, uv_loop_t *loop,
                                            kafka_commit_fn *done, void *context, struct err *err) {
    rd_kafka_t *rk = producer_new(o, err);
    if (!rk)
        return NULL;
    struct kafka_committer *c = calloc(1, sizeof *c);
    CHECK(c);
    c->options = o;
    c->rk = rk;
    c->done = done;
    c->context = context;
    open_topics(c);
    c->wake.data = c;
    CHECK(uv_async_init(loop, &c->wake, on_wake) == 0);
    CHECK(pthread_mutex_init(&c->lock, NULL) == 0);
    CHECK(pthread_cond_init(&c->changed, NULL) == 0);
    CHECK(pthread_create(&c->thread, NULL, work, c) == 0);
    return c;
}

void kafka_committer_run(struct kafka_committer *c, const struct epoch *epoch,
                         rd_kafka_consumer_group_metadata_t *group) {
    pthread_mutex_lock(&c->lock);
    CHECK(!c->epoch && group);
    c->epoch = epoch;
    c->group = group;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

static void freed(uv_handle_t *handle) {
    free(handle->data);
}

void kafka_committer_free(struct kafka_committer *c) {
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    for (int i = 0; i < OUTPUT_COUNT; i++)
        rd_kafka_topic_destroy(c->topics[i]);
    rd_kafka_destroy(c->rk);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->changed);
    uv_close((uv_handle_t *)&c->wake, freed);
}
