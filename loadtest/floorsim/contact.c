#include "contact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTACTS_MAX = 32 * 1000 * 1000 };

static void grow(struct floor *floor) {
    uint32_t from = floor->capacity;
    uint32_t to = from == 0 ? 4096 : from * 2;

    floor->contacts = realloc(floor->contacts, to * sizeof(*floor->contacts));
    if (to > CONTACTS_MAX || floor->contacts == NULL) {
        fprintf(stderr, "floorsim: more than %u open interactions\n", from);
        exit(1);
    }
    memset(floor->contacts + from, 0, (to - from) * sizeof(*floor->contacts));
    for (uint32_t i = from; i < to; i++)
        floor->contacts[i].next = i + 1 < to ? i + 1 : NOBODY;
    floor->unused = from;
    floor->capacity = to;
}

uint32_t contact_take(struct floor *floor) {
    uint32_t ref;
    uint32_t generation;
    struct contact *contact;

    if (floor->unused == NOBODY)
        grow(floor);
    ref = floor->unused;
    contact = &floor->contacts[ref];
    floor->unused = contact->next;
    generation = contact->generation;
    memset(contact, 0, sizeof(*contact));
    contact->generation = generation + 1;
    contact->number = ++floor->started;
    contact->what.first_reply_at = contact->what.resolved_at = contact->what.ended_at = -1;
    floor->open++;
    return ref;
}

void contact_put_back(struct floor *floor, uint32_t ref) {
    struct contact *contact = &floor->contacts[ref];

    contact->state = CONTACT_FREE;
    contact->generation++;
    contact->next = floor->unused;
    floor->unused = ref;
    floor->open--;
}

void contact_line_up(struct floor *floor, struct desk *desk, uint32_t ref) {
    struct contact *contact = &floor->contacts[ref];

    contact->next = NOBODY;
    contact->previous = desk->last;
    if (desk->last == NOBODY)
        desk->first = ref;
    else
        floor->contacts[desk->last].next = ref;
    desk->last = ref;
    desk->waiting++;
}

void contact_leave_line(struct floor *floor, struct desk *desk, uint32_t ref) {
    struct contact *contact = &floor->contacts[ref];

    if (contact->previous == NOBODY)
        desk->first = contact->next;
    else
        floor->contacts[contact->previous].next = contact->next;
    if (contact->next == NOBODY)
        desk->last = contact->previous;
    else
        floor->contacts[contact->next].previous = contact->previous;
    desk->waiting--;
}
