#include "tasks/interaction_parts.h"

#include <stdio.h>

/* What the event would have needed. */
static const char *needed(enum event_type type) {
    switch (type) {
    case EVENT_DEQUEUED:
    case EVENT_FLOW_OUT:
    case EVENT_ABANDONED: return "a QUEUED before it, whose wait is still open";
    case EVENT_ANSWERED:
        return "no agent's leg that is still open: TRANSFERRED or DISCONNECTED ends it";
    case EVENT_HOLD_START: return "an ANSWERED before it, whose leg is still open";
    case EVENT_HOLD_END: return "a HOLD_START before it";
    case EVENT_TRANSFERRED:
    case EVENT_DISCONNECTED: return "an ANSWERED or at least a QUEUED before it";
    case EVENT_WRAP_START: return "an ANSWERED before it, whose leg is open or was disconnected";
    case EVENT_WRAP_END: return "a WRAP_START before it";
    default: return "events before it that never came";
    }
}

void letter_send(struct interaction_task *t, const struct record_place *place,
                 enum dead_letter_reason reason, struct slice detail, struct outbox *out) {
    struct dead_letter letter = dead_letter_of(place, reason, detail, t->clock);
    t->counts.dead_letters++;
    out->dead_letter(out->context, &letter);
}

void letter_impossible(struct interaction_task *t, const struct record *r, enum phase phase,
                       const struct moment *m, const struct kept *kept, struct outbox *out) {
    struct slice id = record_id(&t->store, r), tenant = record_tenant(&t->store, r);
    struct record_place place = {.topic = slice_of(t->topic),
                                 .partition = t->options.partition,
                                 .offset = m->offset,
                                 .log_at = INSTANT_NONE,
                                 .key = id,
                                 .schema_id = -1};
    if (kept)
        place = kept->place;
    char at[32], detail[1024];
    instant_format(m->event_at, at);
    int size = snprintf(detail, sizeof(detail),
                        "%s at %s is impossible: interaction %.*s of tenant %.*s is %s then, and "
                        "nothing that came within the reorder time changed that; it needs %s%s",
                        event_type_name(m->type), at, (int)(id.size < 200 ? id.size : 200), id.at,
                        (int)(tenant.size < 200 ? tenant.size : 200), tenant.at, phase_name(phase),
                        needed(m->type),
                        kept ? ""
                             : " (it became impossible only later: the record's bytes are at "
                               "its offset)");
    struct slice text = {detail, size > 0 ? (size_t)size : 0};
    if (text.size >= sizeof(detail))
        text.size = sizeof(detail) - 1;
    feeds_refuse(&t->feeds, tenant, leaf_dict_at(t->store.leaves, m->leaf)->site, t->clock,
                 DEAD_IMPOSSIBLE_MOVE, true);
    letter_send(t, &place, DEAD_IMPOSSIBLE_MOVE, text, out);
}
