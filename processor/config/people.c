#include "config/people.h"

#include "base/instant.h"

static void read_contact(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_text(r, value, target);
}

void people_read_roles(struct reader *r, const struct tree_node *map) {
    static const struct reader_key keys[] = {{"contact", read_contact, false}, {NULL, NULL, false}};
    if (map->kind != TREE_MAP) {
        reader_fault(r, map->line, "write `name: {contact: ...}` lines", "roles is no map");
        return;
    }
    r->roles.list = arena_get(r->arena, tree_count(map), sizeof(*r->roles.list));
    for (const struct tree_node *n = map->first; n; n = n->next) {
        struct slice contact = {0};
        snprintf(r->what, sizeof(r->what), "role \"%s\"", n->key.at);
        if (!tree_is_empty(n))
            (void)reader_map(r, n, keys, &contact);
        if (tree_is_empty(n) || (n->kind == TREE_MAP && !tree_get(n, "contact")))
            reader_fault(r, n->key_line, "write {contact: \"pager:...\"}",
                         "it has no contact: nobody would be reached");
        reader_names_add(&r->roles, arena_copy(r->arena, n->key), contact);
    }
    r->what[0] = '\0';
}

struct tier {
    int64_t after_ms; /* -1: not given */
    struct slice role;
};

static void read_after(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_duration(r, value, 0, &((struct tier *)target)->after_ms);
}

static void read_role(struct reader *r, const struct tree_node *value, void *target) {
    const struct reader_name *found = reader_find(r, value, "role", &r->roles);
    if (found)
        ((struct tier *)target)->role = found->name;
}

/* The role of the first tier. */
static struct slice read_tiers(struct reader *r, const struct tree_node *list) {
    static const struct reader_key keys[] = {
        {"after", read_after, true}, {"role", read_role, true}, {NULL, NULL, false}};
    struct tier first = {0};
    int64_t before_ms = -1;
    for (const struct tree_node *n = list->first; n; n = n->next) {
        struct tier tier = {.after_ms = -1};
        if (!reader_map(r, n, keys, &tier) || tier.after_ms < 0)
            continue;
        if (tier.after_ms <= before_ms)
            reader_fault(r, n->line, "sort the tiers by after",
                         "a tier does not come after the one before it");
        before_ms = tier.after_ms;
        if (n == list->first)
            first = tier;
    }
    if (list->first && list->first->next)
        reader_note(r, list->line, "only the first tier is told as yet");
    return first.role;
}

void people_read_escalations(struct reader *r, const struct tree_node *map) {
    if (map->kind != TREE_MAP) {
        reader_fault(r, map->line, "write `name: [{after: 0s, role: ...}]` lines",
                     "escalations is no map");
        return;
    }
    r->escalations.list = arena_get(r->arena, tree_count(map), sizeof(*r->escalations.list));
    for (const struct tree_node *n = map->first; n; n = n->next) {
        struct slice role = {0};
        snprintf(r->what, sizeof(r->what), "escalation \"%s\"", n->key.at);
        if (n->kind == TREE_LIST && n->first)
            role = read_tiers(r, n);
        else
            reader_fault(r, n->line, "write [{after: 0s, role: ...}]", "it has no tiers");
        reader_names_add(&r->escalations, arena_copy(r->arena, n->key), role);
    }
    r->what[0] = '\0';
}
