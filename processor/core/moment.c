#include "core/moment.h"

#include "base/check.h"
#include "core/effort.h"

/* Within one instant: what ends something goes before what begins the next of its kind, and a
 * visit before its leg before its wrap. Lower goes first; 10 where it does not matter. */
static const uint8_t ranks[EVENT_TYPE_COUNT] = {
    [EVENT_CREATED] = 1,          [EVENT_PRIORITY_CHANGED] = 3,
    [EVENT_STATUS_CHANGED] = 4,   [EVENT_REOPENED] = 5,
    [EVENT_CUSTOMER_MESSAGE] = 6, [EVENT_BOT_MESSAGE] = 7,
    [EVENT_BOT_HANDOFF] = 8,      [EVENT_TRANSFERRED] = 20,
    [EVENT_QUEUED] = 21,          [EVENT_OFFERED] = 22,
    [EVENT_OFFER_MISSED] = 23,    [EVENT_OFFER_REJECTED] = 23,
    [EVENT_ANSWERED] = 24,        [EVENT_CALLBACK_REQUESTED] = 25,
    [EVENT_ABANDONED] = 26,       [EVENT_FLOW_OUT] = 27,
    [EVENT_DEQUEUED] = 28,        [EVENT_AGENT_MESSAGE] = 30,
    [EVENT_HOLD_START] = 31,      [EVENT_HOLD_END] = 32,
    [EVENT_DISCONNECTED] = 40,    [EVENT_WRAP_START] = 41,
    [EVENT_WRAP_END] = 42,        [EVENT_RESOLVED] = 43,
    [EVENT_CLOSED] = 50,          [EVENT_MERGED] = 51,
    [EVENT_CANCELLED] = 52,       [EVENT_RECORD_SNAPSHOT] = 60,
};
#define RANK_ANY 10

static uint8_t rank_of(const struct moment *m) {
    return ranks[m->type] != 0 ? ranks[m->type] : RANK_ANY;
}

static struct slice reason_of(const struct event *ev) {
    return ev->contact_reason.size <= LEAF_REASON_MAX ? ev->contact_reason : (struct slice){0};
}

static bool says(const struct leaf *leaf, const struct event *ev) {
    uint8_t direction = ev->direction == DIRECTION_UNKNOWN ? DIRECTION_INBOUND : ev->direction;
    return leaf->channel == ev->channel && leaf->priority == ev->priority &&
           leaf->direction == direction && slice_equal(leaf->queue, ev->queue) &&
           slice_equal(leaf->reason, reason_of(ev)) && slice_equal(leaf->site, ev->site) &&
           slice_equal(leaf->vendor, ev->vendor);
}

/* The last leaf is of the same tenant: an interaction belongs to one. */
static uint32_t leaf_of(const struct event *ev, struct leaf_dict *leaves, uint32_t last_leaf,
                        int64_t clock) {
    if (last_leaf != LEAF_NONE && says(leaf_dict_at(leaves, last_leaf), ev))
        return last_leaf;
    const struct leaf key = {.tenant = ev->tenant,
                             .vendor = ev->vendor,
                             .site = ev->site,
                             .queue = ev->queue,
                             .reason = reason_of(ev),
                             .channel = ev->channel,
                             .priority = ev->priority,
                             .direction = ev->direction};
    return leaf_dict_at_time(leaves, leaf_dict_intern(leaves, &key), clock);
}

static uint64_t agent_of(const struct event *ev) {
    bool shared = effort_is_shared(ev->channel) || ev->channel == CHANNEL_UNKNOWN;
    if (ev->type != EVENT_ANSWERED || ev->agent.size == 0 || !shared)
        return 0;
    return effort_identity(ev->tenant, ev->agent);
}

void moment_of_event(const struct event *ev, int64_t offset, struct leaf_dict *leaves,
                     uint32_t last_leaf, int64_t clock, struct moment *m) {
    uint64_t source = slice_hash(ev->source, 0), identity = slice_hash(ev->event_id, source);
    uint64_t agent = agent_of(ev);
    uint32_t leaf = leaf_of(ev, leaves, last_leaf, clock);
    *m = (struct moment){.event_at = ev->event_at,
                         .source_seq = ev->source_seq,
                         .identity = identity,
                         .offset = offset,
                         .queue_wait_ms = ev->queue_wait_ms,
                         .talk_ms = ev->talk_ms,
                         .hold_ms = ev->hold_ms,
                         .wrap_ms = ev->wrap_ms,
                         .agent = agent,
                         .source = (uint32_t)source,
                         .leaf = leaf,
                         .revision = ev->revision,
                         .type = ev->type,
                         .direction = ev->direction,
                         .author = ev->author,
                         .end_cause = ev->end_cause,
                         .is_public = ev->is_public};
    if (ev->status.size > 0) {
        const struct contract *contract = leaf_dict_at(leaves, leaf)->contract;
        m->status = (uint8_t)contract_status(contract, ev->status);
    }
}

int moment_compare(const struct moment *a, const struct moment *b) {
    uint8_t rank_a = rank_of(a), rank_b = rank_of(b);
    if (rank_a != rank_b)
        return rank_a < rank_b ? -1 : 1;
    return (a->identity > b->identity) - (a->identity < b->identity);
}

bool moment_numbered_before(const struct moment *a, const struct moment *b) {
    return a->source == b->source && a->source_seq != EVENT_ABSENT &&
           b->source_seq != EVENT_ABSENT && a->source_seq < b->source_seq;
}
