#include "codec/event_slots.h"

#define SLOT(field, kind, null, member, symbols)                                                   \
    {#field, SLOT_##kind, offsetof(struct event, member), symbols},

const struct event_slot event_slots[EVENT_SLOT_COUNT] = {EVENT_SLOTS(SLOT)};

void event_set_defaults(struct event *ev) {
    *ev = (struct event){
        .event_at = INSTANT_NONE,
        .emitted_at = EVENT_ABSENT,
        .source_seq = EVENT_ABSENT,
        .queue_wait_ms = EVENT_ABSENT,
        .talk_ms = EVENT_ABSENT,
        .hold_ms = EVENT_ABSENT,
        .wrap_ms = EVENT_ABSENT,
        .is_public = true,
        .resolved = -1,
    };
}
