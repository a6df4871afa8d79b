/* Journeys: what several interactions of one person come to together, when their source names one
 * journey_id on them: after a transfer, a callback, a change of channel. */
#pragma once

#include "base/instant.h"
#include "core/counter.h"
#include "core/event.h"

/* An interaction that begins later than this after all before it was over begins a new journey,
 * whatever its name. Ends may be corrected for as long, and no longer. */
#define JOURNEY_GAP_MS DAY_MS

/* Of one interaction, in its state: all 0 while no journey is named. A new part begins where the
 * interaction opens again after the gap. */
struct journey_part {
    uint64_t journey;  /* journey_identity; 0: in none */
    int64_t began_at;  /* INSTANT_NONE: not yet */
    int64_t ended_at;  /* when it left the backlog; INSTANT_NONE: it is open */
    int64_t wait_ms;   /* of its visits that count, however they ended */
    int64_t handle_ms; /* of its legs */
    uint32_t visits, legs;
    uint32_t transfers; /* legs that ended by transfer */
    /* The interaction's last visit or leg has ended and is among them: only then can it be taken
     * back. One from before the gap is the part's that it was counted in. */
    bool has_visit, has_leg;
};

/* The same as it is told: the latest of (journey, interaction, began_at) stands. */
struct journey_member {
    struct journey_part part;
    uint64_t interaction; /* identity */
    int64_t resolved_at;  /* INSTANT_NONE: it is not resolved */
};

/* What a source task tells of one interaction, when it has changed. */
struct journey_row {
    struct journey_member member;
    uint32_t leaf; /* where the interaction counts */
    bool gone;     /* there never was such a member */
};

/* Not 0. Two names that give one identity would be one journey: of a million at a time, that is one
 * chance in ten million. */
uint64_t journey_identity(struct slice tenant, struct slice journey_id);

/* No effect on what is in no journey. */
void journey_part_open(struct journey_part *p, int64_t at);
void journey_part_close(struct journey_part *p, int64_t at);

/* The last visit or leg ends, and is one of the part from now on. */
void journey_part_take_visit(struct journey_part *p);
void journey_part_take_leg(struct journey_part *p);

/* Counts it, or takes it back; no effect where it is none of the part. */
void journey_part_visit(struct journey_part *p, int64_t wait_ms, int sign);
void journey_part_leg(struct journey_part *p, int64_t handle_ms, bool transferred, int sign);

/* What is told of both is the same. */
bool journey_part_same(const struct journey_part *a, const struct journey_part *b);

/* The order of members: by journey, begin, interaction. <0, 0, >0 */
int journey_compare(const struct journey_member *a, const struct journey_member *b);

/* What of it cannot be, or NULL. As many waits or legs as fit 32 bits, each as long as any can be,
 * stay below JOURNEY_SUM_MAX. */
#define JOURNEY_SUM_MAX (INT64_C(1) << 60)
const char *journey_fault(const struct journey_member *m);

#define JOURNEY_COUNTERS (COUNTER_JOURNEY_LAST - COUNTER_JOURNEYS + 1)

/* What one journey comes to: counts in the pane of its end, where its first member counts. */
struct journey_sum {
    bool over; /* none of its members is open: only then it counts */
    int64_t ended_at;
    int64_t counts[JOURNEY_COUNTERS]; /* from COUNTER_JOURNEYS on */
};

/* Of members of one name, in their order: the first journey among them. Returns how many of them it
 * is made of; count must not be 0. */
size_t journey_first(const struct journey_member *members, size_t count, struct journey_sum *sum);
