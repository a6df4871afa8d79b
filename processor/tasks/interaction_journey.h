/* What an interaction adds to its journey, told whenever it has changed. */
#pragma once

#include "tasks/interaction_record.h"

struct interaction_task;
struct outbox;

/* Where an interaction stands in its journey. */
struct journey_standing {
    struct journey_part part;
    int64_t resolved_at;
    uint32_t leaf;
};

struct journey_standing journey_standing(const struct interaction *now);

/* The difference to where it stood. */
void journey_follow(const struct interaction_task *t, const struct record *r,
                    const struct journey_standing *stood, const struct interaction *now,
                    struct outbox *out);
