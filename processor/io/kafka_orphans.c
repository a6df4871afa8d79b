#include "io/kafka_orphans.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define LOOK_EVERY_MS 2000
#define LOOK_TIMEOUT_MS 5000
/* Shorter than that is an ordinary rebalance, whose members commit before they give up. */
#define LOOKS_IN_A_ROW 4

struct kafka_orphans {
    const struct kafka_options *options;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    int64_t look_at_ms;
    int looks; /* in a row that found the same */
    int32_t missing;
};

struct kafka_orphans *kafka_orphans_new(const struct kafka_options *o, rd_kafka_t *rk,
                                        int64_t now_ms) {
    struct kafka_orphans *w = calloc(1, sizeof *w);
    CHECK(w);
    w->options = o;
    w->rk = rk;
    w->queue = rd_kafka_queue_new(rk);
    w->look_at_ms = now_ms + LOOK_EVERY_MS;
    return w;
}

void kafka_orphans_free(struct kafka_orphans *w) {
    if (!w)
        return;
    rd_kafka_queue_destroy(w->queue);
    free(w);
}

static void ask(struct kafka_orphans *w) {
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(
        w->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    char reason[64];
    rd_kafka_AdminOptions_set_request_timeout(options, LOOK_TIMEOUT_MS, reason, sizeof reason);
    const char *groups[] = {w->options->group};
    rd_kafka_DescribeConsumerGroups(w->rk, groups, 1, options, w->queue);
    rd_kafka_AdminOptions_destroy(options);
}

static const char *name_of(const rd_kafka_MemberDescription_t *member) {
    const char *instance = rd_kafka_MemberDescription_group_instance_id(member);
    return instance ? instance : "";
}

/* How many partitions no member has; 0 unless the group stands still. `first` tells whether no
 * member's name comes before ours. */
static int32_t missing_in(const struct kafka_orphans *w,
                          const rd_kafka_ConsumerGroupDescription_t *group, bool *first) {
    if (rd_kafka_ConsumerGroupDescription_error(group) ||
        rd_kafka_ConsumerGroupDescription_state(group) != RD_KAFKA_CONSUMER_GROUP_STATE_STABLE)
        return 0;
    int32_t missing = w->options->input_partitions;
    *first = true;
    size_t count = rd_kafka_ConsumerGroupDescription_member_count(group);
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_MemberDescription_t *member = rd_kafka_ConsumerGroupDescription_member(group,
                                                                                              i);
        missing -= rd_kafka_MemberAssignment_partitions(
                       rd_kafka_MemberDescription_assignment(member))
                       ->cnt;
        *first = *first && strcmp(name_of(member), w->options->instance) >= 0;
    }
    return missing > 0 ? missing : 0;
}

static bool judge(struct kafka_orphans *w, rd_kafka_event_t *event) {
    const rd_kafka_DescribeConsumerGroups_result_t *result =
        rd_kafka_event_DescribeConsumerGroups_result(event);
    size_t count = 0;
    const rd_kafka_ConsumerGroupDescription_t **groups =
        result ? rd_kafka_DescribeConsumerGroups_result_groups(result, &count) : NULL;
    bool first = false;
    int32_t missing = count ? missing_in(w, groups[0], &first) : 0;
    w->looks = missing && missing == w->missing ? w->looks + 1 : missing != 0;
    w->missing = missing;
    if (w->looks < LOOKS_IN_A_ROW)
        return false;
    w->looks = 0;
    return first;
}

bool kafka_orphans_found(struct kafka_orphans *w, int64_t now_ms) {
    bool found = false;
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(w->queue, 0))) {
        found = judge(w, event) || found;
        rd_kafka_event_destroy(event);
        w->look_at_ms = now_ms + LOOK_EVERY_MS;
    }
    if (now_ms >= w->look_at_ms) {
        w->look_at_ms = INT64_MAX; /* until the answer, which comes in time or as a time-out */
        ask(w);
    }
    return found;
}
