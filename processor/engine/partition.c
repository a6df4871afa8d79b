#include "engine/partition.h"

#include "base/check.h"

#define STATE_NAME(symbol, name, meaning) name,
static const char *const state_names[] = {PARTITION_STATES(STATE_NAME)};

#define HOLD_NAME(symbol, name) name,
static const char *const hold_names[] = {PARTITION_HOLDS(HOLD_NAME)};

static const bool permitted[PARTITION_STATE_COUNT][PARTITION_STATE_COUNT] = {
    [PARTITION_REPLAYING] = {[PARTITION_LIVE] = true},
    [PARTITION_LIVE] = {[PARTITION_ENDED] = true},
};

const char *partition_state_name(enum partition_state s) {
    CHECK(s < PARTITION_STATE_COUNT);
    return state_names[s];
}

const char *partition_hold_name(enum partition_hold h) {
    CHECK(h < HOLD_COUNT);
    return hold_names[h];
}

void partition_move(struct partition *p, enum partition_state to) {
    CHECK(permitted[p->state][to]);
    p->state = to;
}

uint32_t partition_tag(const struct partition *p) {
    return (uint32_t)p->input << 24 | (uint32_t)p->number;
}

int64_t partition_clock(const struct partition *p) {
    switch (p->input) {
    case INPUT_INTERACTIONS: return interaction_task_clock(p->source);
    case INPUT_TENANTS: return relay_task_clock(p->relay);
    case INPUT_TENANT_LOG: return tenant_task_clock(p->tenant);
    case INPUT_COUNT: break;
    }
    UNREACHABLE("an input that there is not");
}

bool partition_is_source(const struct partition *p) {
    return p->input != INPUT_TENANT_LOG;
}

int64_t partition_newest_log_at(const struct partition *p) {
    return p->source ? interaction_task_newest_log_at(p->source)
                     : relay_task_newest_log_at(p->relay);
}
