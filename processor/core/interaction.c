#include "core/interaction.h"

#include "base/check.h"

#define TRACK_KIND(symbol, kind) kind,
static const enum clock_kind kinds[TRACK_COUNT] = {TRACKS(TRACK_KIND)};

void interaction_init(struct interaction *i) {
    *i = (struct interaction){.opened_at = INSTANT_NONE,
                              .created_at = INSTANT_NONE,
                              .last_at = INSTANT_NONE,
                              .heard_at = INSTANT_NONE,
                              .moved_at = INSTANT_NONE,
                              .fired_at = INSTANT_NONE,
                              .reply_from_at = INSTANT_NONE,
                              .turn_at = INSTANT_NONE,
                              .resolved_at = INSTANT_NONE,
                              .reopened_at = INSTANT_NONE,
                              .leaf = LEAF_NONE,
                              .visit.leaf = LEAF_NONE,
                              .leg.started_at = INSTANT_NONE,
                              .leg.ended_at = INSTANT_NONE,
                              .leg.since_at = INSTANT_NONE};
}

enum clock_kind track_kind(enum track t) {
    CHECK(t < TRACK_COUNT);
    return kinds[t];
}

void interaction_enter(struct interaction *i, enum phase to, int64_t at) {
    if (i->phase != to)
        CHECK(lifecycle_may_enter(i->phase, to));
    i->phase = (uint8_t)to;
    if (at > i->moved_at)
        i->moved_at = at;
}

void interaction_check(const struct interaction *i) {
    bool leg_open = i->leg.started_at != INSTANT_NONE && i->leg.ended_at == INSTANT_NONE;
    CHECK(interaction_waits(i) == (i->visit.number > 0 && i->visit.end == VISIT_OPEN));
    CHECK(interaction_in_leg(i) == leg_open);
    CHECK((i->phase == PHASE_HELD || i->phase == PHASE_WRAPPING) ==
          (i->leg.since_at != INSTANT_NONE));
    CHECK((i->phase == PHASE_NEW) == (i->opened_at == INSTANT_NONE));
    CHECK(!leg_open || i->visit.end == VISIT_ANSWERED);
    CHECK(interaction_waits(i) || i->clocks[TRACK_ANSWER].state != CLOCK_RUNNING);
    CHECK(!i->backlog || !i->over);
}

bool interaction_is_open(const struct interaction *i) {
    if (interaction_waits(i) || interaction_in_leg(i) || i->backlog)
        return true;
    for (size_t t = 0; t < TRACK_COUNT; t++) {
        if (i->clocks[t].state == CLOCK_RUNNING)
            return true;
    }
    return false;
}
