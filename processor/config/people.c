#include "config/people.h"

#include "base/instant.h"

struct role {
    struct slice contact;
    const struct calendar *hours;
    const struct contract *contract;
};

static void read_contact(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_text(r, value, &((struct role *)target)->contact);
}

static void read_hours(struct reader *r, const struct tree_node *value, void *target) {
    struct role *role = target;
    const struct reader_name *found = reader_find(r, value, "calendar", &r->calendars);
    if (found)
        role->hours = &role->contract->calendars[found - r->calendars.list];
}

void people_read_roles(struct reader *r, const struct tree_node *map, const struct contract *c) {
    static const struct reader_key keys[] = {
        {"contact", read_contact, false}, {"hours", read_hours, false}, {NULL, NULL, false}};
    if (map->kind != TREE_MAP) {
        reader_fault(r, map->line, "write `name: {contact: ...}` lines", "roles is no map");
        return;
    }
    r->roles.list = arena_get(r->arena, tree_count(map), sizeof(*r->roles.list));
    for (const struct tree_node *n = map->first; n; n = n->next) {
        struct role role = {.contract = c};
        snprintf(r->what, sizeof(r->what), "role \"%s\"", n->key.at);
        if (!tree_is_empty(n))
            (void)reader_map(r, n, keys, &role);
        if (tree_is_empty(n) || (n->kind == TREE_MAP && !tree_get(n, "contact")))
            reader_fault(r, n->key_line, "write {contact: \"pager:...\"}",
                         "it has no contact: nobody would be reached");
        if (reader_names_add(&r->roles, arena_copy(r->arena, n->key), role.contact))
            r->roles.list[r->roles.count - 1].hours = role.hours;
    }
    r->what[0] = '\0';
}

static void read_after(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_duration(r, value, 0, &((struct escalation_tier *)target)->after_ms);
}

static void read_role(struct reader *r, const struct tree_node *value, void *target) {
    struct escalation_tier *tier = target;
    const struct reader_name *found = reader_find(r, value, "role", &r->roles);
    if (!found)
        return;
    tier->role = found->name;
    tier->hours = found->hours;
}

static const char *severity_word(size_t index) {
    return index + 1 < SEVERITY_COUNT ? severity_name((enum severity)(index + 1)) : NULL;
}

static void read_least(struct reader *r, const struct tree_node *value, void *target) {
    size_t index;
    if (reader_word(r, value, "severity", severity_word, &index))
        ((struct escalation_tier *)target)->least = (enum severity)(index + 1);
}

static void add_tier(struct reader *r, const struct tree_node *n, struct escalation *e,
                     const struct escalation_tier *tier) {
    if (e->count == 0 && tier->after_ms > 0)
        reader_note(r, n->line, "the first tier is told at once, whatever its after says");
    if (e->count > 0 && tier->after_ms <= e->tiers[e->count - 1].after_ms)
        reader_fault(r, n->line, "sort the tiers by after",
                     "a tier does not come after the one before it");
    else if (e->count == ESCALATION_TIERS_MAX)
        reader_fault(r, n->line, "leave some out", "it has more than %d tiers",
                     ESCALATION_TIERS_MAX);
    else
        e->tiers[e->count++] = *tier;
}

static void read_tiers(struct reader *r, const struct tree_node *list, struct escalation *e) {
    static const struct reader_key keys[] = {{"after", read_after, true},
                                             {"role", read_role, true},
                                             {"severity", read_least, false},
                                             {NULL, NULL, false}};
    for (const struct tree_node *n = list->first; n; n = n->next) {
        struct escalation_tier tier = {.after_ms = -1};
        if (reader_map(r, n, keys, &tier) && tier.after_ms >= 0)
            add_tier(r, n, e, &tier);
    }
}

void people_read_escalations(struct reader *r, const struct tree_node *map) {
    if (map->kind != TREE_MAP) {
        reader_fault(r, map->line, "write `name: [{after: 0s, role: ...}]` lines",
                     "escalations is no map");
        return;
    }
    size_t count = tree_count(map);
    r->escalations.list = arena_get(r->arena, count, sizeof(*r->escalations.list));
    struct escalation *next = arena_get(r->arena, count, sizeof(*next));
    for (const struct tree_node *n = map->first; n; n = n->next) {
        struct slice name = arena_copy(r->arena, n->key);
        snprintf(r->what, sizeof(r->what), "escalation \"%s\"", n->key.at);
        if (!reader_names_add(&r->escalations, name, (struct slice){0}))
            continue;
        struct escalation *e = next++;
        e->name = name;
        r->escalations.list[r->escalations.count - 1].escalation = e;
        if (n->kind == TREE_LIST && n->first)
            read_tiers(r, n, e);
        else
            reader_fault(r, n->line, "write [{after: 0s, role: ...}]", "it has no tiers");
    }
    r->what[0] = '\0';
}
