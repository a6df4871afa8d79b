/* Who is told of an open episode, and when the next one is: the tiers of its rule's escalation, by
 * time since FIRING, severity and hours of the roles. Nobody further once it is acknowledged. */
#pragma once

#include "core/judge.h"

struct episode;

/* Before FIRING: whose it is at first. */
void episode_tiers_begin(const struct judge_context *ctx, struct episode *episode,
                         struct alert *alert);

/* It is graver than when it was `told` last: tiers passed over since then are due after all. */
void episode_tiers_again(struct episode *episode, const struct alert *told);

/* It is about to end at ended_at: what was due by then is told first. */
void episode_tiers_before(const struct judge_context *ctx, uint32_t handle, int64_t ended_at);
