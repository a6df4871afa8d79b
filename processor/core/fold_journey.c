#include "core/fold_parts.h"

#include "base/check.h"

void fold_name_journey(struct interaction *i, uint64_t journey) {
    CHECK(i->journey.journey == 0 && journey != 0);
    i->journey = (struct journey_part){
        .journey = journey, .began_at = INSTANT_NONE, .ended_at = INSTANT_NONE};
    if (i->phase == PHASE_NEW)
        return;
    i->journey.began_at = i->opened_at;
    if (!i->backlog)
        journey_part_close(&i->journey, i->last_at);
    visit_join_journey(i);
    leg_join_journey(i);
}

bool fold_journey_is_whole(const struct interaction *i) {
    const struct journey_part *p = &i->journey;
    return (!p->has_visit || visit_is_in_journey(i)) && (!p->has_leg || leg_is_in_journey(i));
}
