#include "config/rule.h"

#include "config/when.h"

static const char *severity_word(size_t index) {
    return index + 1 < SEVERITY_COUNT ? severity_name((enum severity)(index + 1)) : NULL;
}

void rule_read_name(struct reader *r, const struct tree_node *value, void *target) {
    struct rule *rule = target;
    if (reader_text(r, value, &rule->name) &&
        !reader_names_add(&r->rules, rule->name, (struct slice){0}))
        reader_fault(r, value->line, "give each clock, objective and demand rule a name of its own",
                     "another rule of this contract has this name");
}

void rule_read_when(struct reader *r, const struct tree_node *value, void *target) {
    when_read(r, value, &((struct rule *)target)->when);
}

void rule_read_severity(struct reader *r, const struct tree_node *value, void *target) {
    size_t index;
    if (reader_word(r, value, "severity", severity_word, &index))
        ((struct rule *)target)->severity = (enum severity)(index + 1);
}

void rule_read_escalation(struct reader *r, const struct tree_node *value, void *target) {
    const struct reader_name *found = reader_find(r, value, "escalation", &r->escalations);
    if (found)
        ((struct rule *)target)->escalation = found->escalation;
}

/* Where the contract lists its roles, the owner is one of them. */
void rule_read_owner(struct reader *r, const struct tree_node *value, void *target) {
    struct rule *rule = target;
    if (r->roles.count > 0) {
        const struct reader_name *found = reader_find(r, value, "role", &r->roles);
        if (found)
            rule->owner = found->name;
    } else {
        (void)reader_text(r, value, &rule->owner);
    }
}

void rule_read_outcome(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_text(r, value, &((struct rule *)target)->outcome);
}

void rule_read_runbook(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_text(r, value, &((struct rule *)target)->runbook);
}

const struct tree_node *rule_first(struct reader *r, const struct tree_node *list) {
    if (list->kind == TREE_LIST)
        return list->first;
    reader_fault(r, list->line, "write each as `- name: ...`", "%s is no list", list->key.at);
    return NULL;
}

bool rule_begin(struct reader *r, const struct tree_node *item, const char *kind, size_t index) {
    const struct tree_node *name = item->kind == TREE_MAP ? tree_get(item, "name") : NULL;
    if (name && name->kind == TREE_TEXT)
        snprintf(r->what, sizeof(r->what), "%s \"%s\"", kind, name->text.at);
    else
        snprintf(r->what, sizeof(r->what), "%s %zu", kind, index + 1);
    if (item->kind == TREE_MAP)
        return true;
    reader_fault(r, item->line, "write `- name: ...` with its keys below", "it is no map");
    return false;
}

void rule_needs_inbound(struct reader *r, const struct tree_node *item, const struct match *when,
                        const char *what) {
    const struct tree_node *node = tree_get(item, "when");
    if (node && when->directions != 0 && !(when->directions & 1u << DIRECTION_INBOUND))
        reader_fault(r, tree_get(node, "direction")->line, "say inbound, or leave direction out",
                     "nothing can fit: %s for inbound alone", what);
}

struct slice rule_contact(const struct rule *rule) {
    bool tiers = rule->escalation && rule->escalation->count > 0;
    return tiers ? rule->escalation->tiers[0].role : rule->owner;
}
