/* Effort: what chats cost an agent who has several at a time. The time that he works is divided
 * over what he has open, so that the efforts of all his legs add up to that time. */
#pragma once

#include "base/instant.h"
#include "core/event.h"

/* One agent's leg of one chat, from its ANSWERED to its end, wrap included. */
struct effort_leg {
    uint64_t agent; /* effort_identity */
    uint64_t interaction;
    int64_t started_at;
    int64_t ended_at; /* INSTANT_NONE: it is open */
};

/* What a source task tells: the latest of (agent, interaction, started_at) stands. */
struct effort_row {
    struct effort_leg leg;
    uint32_t leaf; /* of its visit */
    bool gone;     /* there never was such a leg, or it has aged out */
};

/* Not 0. */
uint64_t effort_identity(struct slice tenant, struct slice agent);

/* Channels on which one agent serves several at a time. */
static inline bool effort_is_shared(uint8_t channel) {
    return channel == CHANNEL_CHAT || channel == CHANNEL_MESSAGING || channel == CHANNEL_SOCIAL;
}

/* The order of legs: by agent, begin, interaction. <0, 0, >0 */
int effort_compare(const struct effort_leg *a, const struct effort_leg *b);

const char *effort_fault(const struct effort_leg *leg); /* what of it cannot be, or NULL */

static inline bool effort_overlap(const struct effort_leg *a, int64_t from_at, int64_t to_at) {
    return a->started_at < to_at && (a->ended_at == INSTANT_NONE || a->ended_at > from_at);
}

/* Of one agent's legs in their order, that of one which has ended: each stretch of time goes in
 * equal parts to those that are open in it, what does not divide to the first of them. */
int64_t effort_ms(const struct effort_leg *legs, size_t count, size_t which);
