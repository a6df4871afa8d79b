#include "tasks/interaction_journey.h"

#include "base/check.h"
#include "tasks/interaction_parts.h"

struct journey_standing journey_standing(const struct interaction *now) {
    struct journey_standing s = {.part = now->journey, .resolved_at = INSTANT_NONE};
    if (now->journey.journey == 0)
        return s;
    s.leaf = now->leaf;
    if (now->reopened_at == INSTANT_NONE || now->reopened_at <= now->resolved_at)
        s.resolved_at = now->resolved_at;
    return s;
}

static bool is_there(const struct journey_standing *s) {
    return s->part.journey != 0 && s->part.began_at != INSTANT_NONE;
}

static bool is_same(const struct journey_standing *a, const struct journey_standing *b) {
    return journey_part_same(&a->part, &b->part) && a->resolved_at == b->resolved_at &&
           a->leaf == b->leaf;
}

/* It opened again after so long that it began anew: what it was before stands. */
static bool has_gone_on(const struct journey_standing *was, const struct journey_standing *is) {
    return was->part.ended_at != INSTANT_NONE &&
           is->part.began_at - was->part.ended_at > JOURNEY_GAP_MS;
}

static void tell(const struct interaction_task *t, const struct record *r,
                 const struct journey_standing *s, bool gone, struct outbox *out) {
    struct record_names names = record_names(&t->store, r);
    struct journey_row row = {
        .member = {.part = s->part,
                   .interaction = record_hash(record_tenant(&t->store, r), names.id),
                   .resolved_at = s->resolved_at},
        .leaf = s->leaf,
        .gone = gone,
    };
    out->journey(out->context, &row);
}

void journey_follow(const struct interaction_task *t, const struct record *r,
                    const struct journey_standing *stood, const struct interaction *now,
                    struct outbox *out) {
    if (now->journey.journey == 0 || !out->journey)
        return;
    struct journey_standing stands = journey_standing(now);
    bool was = is_there(stood), is = is_there(&stands);
    if (was &&
        (!is || (stands.part.began_at != stood->part.began_at && !has_gone_on(stood, &stands))))
        tell(t, r, stood, true, out);
    if (is && !(was && is_same(stood, &stands)))
        tell(t, r, &stands, false, out);
}
