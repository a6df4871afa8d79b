#include "io/kafka_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "io/kafka_ticker.h"

#define COMMIT_TRIES 5

struct kafka_log {
    const struct kafka_options *options;
    struct kafka_log_events events;
    struct kafka_consumer *consumer;
    struct kafka_committer *committer;
    struct kafka_ticker *ticker;
    int wake_fd;
    uv_poll_t poll;
    const struct epoch *epoch; /* under way; NULL: none */
    uint64_t losses_at_cut;
    int tries;
};

static void on_readable(uv_poll_t *poll, int status, int what) {
    struct kafka_log *l = poll->data;
    (void)status;
    (void)what;
    uint64_t count;
    ssize_t size = read(l->wake_fd, &count, sizeof count);
    (void)size; /* a wake-up that somebody else has read is no loss */
    l->events.readable(l->events.context);
}

/* The identical epoch again with the group as it is now, as long as nothing was ever lost: the
 * owners are the same, and nothing of the aborted try is in the log. */
static void on_committed(void *context, enum kafka_commit_result result, int64_t took_us,
                         const char *reason) {
    struct kafka_log *l = context;
    bool same_owner = kafka_consumer_losses(l->consumer) == l->losses_at_cut;
    if (result == KAFKA_COMMIT_AGAIN && same_owner && ++l->tries < COMMIT_TRIES) {
        kafka_committer_run(l->committer, l->epoch, kafka_consumer_group(l->consumer));
        return;
    }
    l->epoch = NULL;
    l->events.committed(l->events.context, result == KAFKA_COMMIT_DONE, took_us, reason);
}

static bool open_poll(struct kafka_log *l, uv_loop_t *loop) {
    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(l->wake_fd >= 0);
    l->poll.data = l;
    return uv_poll_init(loop, &l->poll, l->wake_fd) == 0 &&
           uv_poll_start(&l->poll, UV_READABLE, on_readable) == 0;
}

struct kafka_log *kafka_log_new(const struct kafka_options *o, uv_loop_t *loop,
                                const struct kafka_log_events *events, struct err *err) {
    struct kafka_log *l = calloc(1, sizeof *l);
    CHECK(l);
    l->options = o;
    l->events = *events;
    CHECK(open_poll(l, loop));
    l->committer = kafka_committer_new(o, loop, on_committed, l, err);
    l->ticker = l->committer ? kafka_ticker_new(o, err) : NULL;
    struct kafka_consumer_events group = {.context = events->context,
                                          .contract = events->contract,
                                          .assigned = events->assigned,
                                          .leaving = events->leaving,
                                          .revoked = events->revoked,
                                          .failed = events->failed};
    l->consumer = l->ticker ? kafka_consumer_new(o, loop, l->wake_fd, &group, err) : NULL;
    if (l->consumer)
        return l;
    kafka_log_free(l);
    return NULL;
}

static void freed(uv_handle_t *handle) {
    struct kafka_log *l = handle->data;
    close(l->wake_fd);
    free(l);
}

void kafka_log_free(struct kafka_log *l) {
    if (!l)
        return;
    kafka_consumer_free(l->consumer);
    kafka_ticker_free(l->ticker);
    kafka_committer_free(l->committer);
    uv_poll_stop(&l->poll);
    uv_close((uv_handle_t *)&l->poll, freed);
}

void kafka_log_serve(struct kafka_log *l) {
    kafka_consumer_serve(l->consumer);
    kafka_ticker_serve(l->ticker);
    if (kafka_ticker_failure(l->ticker))
        l->events.failed(l->events.context, kafka_ticker_failure(l->ticker));
}

bool kafka_log_is_revoking(const struct kafka_log *l) {
    return kafka_consumer_is_revoking(l->consumer);
}

void kafka_log_finish_revoke(struct kafka_log *l) {
    kafka_consumer_finish_revoke(l->consumer);
}

static size_t port_drain(void *self, enum engine_input input, int32_t partition, size_t room,
                         log_take_fn *take, void *context) {
    struct kafka_log *l = self;
    return kafka_consumer_drain(l->consumer, input, partition, room, take, context);
}

static int64_t port_end(void *self, enum engine_input input, int32_t partition) {
    struct kafka_log *l = self;
    return kafka_consumer_end(l->consumer, input, partition);
}

static void port_commit(void *self, struct epoch *epoch) {
    struct kafka_log *l = self;
    CHECK(!l->epoch);
    l->epoch = epoch;
    l->tries = 0;
    l->losses_at_cut = kafka_consumer_losses(l->consumer);
    kafka_committer_run(l->committer, epoch, kafka_consumer_group(l->consumer));
}

static void port_tick(void *self, enum engine_input input, int32_t partition, struct slice value) {
    struct kafka_log *l = self;
    kafka_ticker_write(l->ticker, input, partition, value);
}

struct log_port kafka_log_port(struct kafka_log *l) {
    return (struct log_port){
        .self = l, .drain = port_drain, .end = port_end, .commit = port_commit, .tick = port_tick};
}
