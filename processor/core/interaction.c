#include "core/interaction.h"

#include <stddef.h>

#include "base/check.h"

#define TRACK_KIND(symbol, kind) kind,
static const enum clock_kind kinds[TRACK_COUNT] = {TRACKS(TRACK_KIND)};

uint8_t interaction_tracks(const struct contract_set *contracts) {
    uint8_t tracks = TRACKS_LEAST;
    for (size_t c = 0; c < contracts->count; c++) {
        const struct contract *contract = &contracts->contracts[c];
        for (enum track t = tracks; t < TRACK_COUNT; t++)
            for (size_t k = 0; k < contract->clock_count; k++)
                if (contract->clocks[k].kind == kinds[t])
                    tracks = (uint8_t)(t + 1);
    }
    return tracks;
}

size_t interaction_size(uint8_t tracks) {
    return offsetof(struct interaction, clocks) + tracks * sizeof(struct clock);
}

void interaction_init(struct interaction *i, uint8_t tracks) {
    CHECK(tracks <= TRACK_COUNT);
    memset(i, 0, interaction_size(tracks));
    i->tracks = tracks;
    i->opened_at = i->created_at = i->last_at = INSTANT_NONE;
    i->heard_at = i->moved_at = i->fired_at = INSTANT_NONE;
    i->reply_from_at = i->turn_at = INSTANT_NONE;
    i->resolved_at = i->reopened_at = INSTANT_NONE;
    i->leaf = i->visit.leaf = LEAF_NONE;
    i->leg.started_at = i->leg.ended_at = i->leg.since_at = INSTANT_NONE;
    i->record.at = INSTANT_NONE;
}

void interaction_forget_leg(struct interaction *i) {
    i->leg = (struct leg){
        .started_at = INSTANT_NONE, .ended_at = INSTANT_NONE, .since_at = INSTANT_NONE};
}

void interaction_forget_record(struct interaction *i) {
    i->record = (struct restatement){.at = INSTANT_NONE};
}

void interaction_copy(struct interaction *to, const struct interaction *from) {
    memcpy(to, from, interaction_size(from->tracks));
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

bool interaction_is_timed(const struct interaction *i) {
    for (size_t t = 0; t < i->tracks; t++) {
        if (i->clocks[t].state == CLOCK_RUNNING && !clock_is_silent(&i->clocks[t]))
            return true;
    }
    return false;
}
