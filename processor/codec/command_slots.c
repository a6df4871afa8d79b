#include "codec/command_slots.h"

/* X(field, kind, member, count of enum symbols) */
#define COMMAND_SLOTS(X)                                                                           \
    X(event_id, TEXT, event_id, 0)                                                                 \
    X(tenant_id, TEXT, command.tenant, 0)                                                          \
    X(command_id, TEXT, command.command_id, 0)                                                     \
    X(alert_id, TEXT, command.alert_id, 0)                                                         \
    X(alert_key, TEXT, command.alert_key, 0)                                                       \
    X(op, ENUM, command.op, COMMAND_OP_COUNT)                                                      \
    X(seq, LONG, command.seq, 0)                                                                   \
    X(actor_role, TEXT, command.actor_role, 0)                                                     \
    X(actor_key, TEXT, command.actor_key, 0)                                                       \
    X(assignee, TEXT, command.assignee, 0)                                                         \
    X(until_at, LONG, command.until_at, 0)                                                         \
    X(note_code, TEXT, command.note_code, 0)                                                       \
    X(issued_at, LONG, command.issued_at, 0)

#define SLOT(field, kind, member, symbols)                                                         \
    {#field, SLOT_##kind, offsetof(struct command_record, member), symbols},
static const struct event_slot slots[] = {COMMAND_SLOTS(SLOT)};

static const struct command_record blank = {
    .command = {.until_at = INSTANT_NONE, .issued_at = INSTANT_NONE, .log_at = INSTANT_NONE},
};

const struct slot_table command_slots = {
    .slots = slots,
    .count = sizeof(slots) / sizeof(slots[0]),
    .size = sizeof(blank),
    .blank = &blank,
};

bool command_record_complete(struct command_record *r, struct err *err) {
    struct command *c = &r->command;
    if (c->command_id.size == 0)
        c->command_id = r->event_id;
    if (c->tenant.size == 0)
        return err_set(err, "tenant_id is missing; every AlertCommand needs it");
    if (c->command_id.size == 0)
        return err_set(err, "command_id and event_id are missing; an AlertCommand needs one");
    if (c->alert_id.size == 0 && c->alert_key.size == 0)
        return err_set(err, "alert_id and alert_key are missing; an AlertCommand needs one");
    if (c->op == COMMAND_ASSIGN && c->assignee.size == 0 && c->actor_role.size == 0)
        return err_set(err, "assignee and actor_role are missing; ASSIGN needs one");
    return true;
}
