/* The alerts that would have fired: every episode up to a limit, and the sums of each kind and rule
 * without one. */
#pragma once

#include "core/alert.h"
#include "core/scope.h"

#define EPISODES_MAX ((size_t)1000000)                /* episodes kept, one by one */
#define EPISODES_TEXT_MAX ((size_t)256 * 1024 * 1024) /* bytes of their names */
#define EPISODE_GROUPS_MAX ((size_t)10000)            /* tenants times kinds times rules */

/* All of one kind and rule of one tenant. */
struct episode_group {
    struct slice tenant, contract, rule; /* owned */
    int32_t contract_version;            /* 0: of several */
    enum alert_kind kind;
    uint64_t fired, ended[TRANSITION_COUNT]; /* ended: by how */
    int64_t total_ms, longest_ms;            /* of those that ended, from opened_at on */
};

struct past_episode {
    uint32_t group;
    enum transition ended;    /* TRANSITION_UNKNOWN: still open */
    int32_t contract_version; /* with which it fired */
    int64_t opened_at, condition_at, resolved_at;
    struct slice alert_id, scope, interaction_id; /* scope as in Redis: "queue=PS" */
};

struct episodes; /* opaque */

struct episodes *episodes_new(void);
void episodes_free(struct episodes *e);

/* A transition, as it goes to the outbox. */
void episodes_take(struct episodes *e, const struct alert *alert);

/* By tenant, kind, rule; sorted when asked for. */
size_t episodes_group_count(const struct episodes *e);
const struct episode_group *episodes_group(struct episodes *e, size_t index);

/* In the order in which they fired. */
size_t episodes_count(const struct episodes *e);
struct past_episode episodes_at(const struct episodes *e, size_t index);
const struct episode_group *episodes_group_of(const struct episodes *e,
                                              const struct past_episode *p);

uint64_t episodes_left_out(const struct episodes *e);  /* not kept one by one */
uint64_t episodes_uncounted(const struct episodes *e); /* transitions beyond EPISODE_GROUPS_MAX */
