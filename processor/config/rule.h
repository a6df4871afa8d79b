/* What clocks, objectives and demand rules have in common: name, whom they are for, who is told. */
#pragma once

#include "config/reader.h"
#include "core/contract.h"

struct rule {
    struct slice name;
    struct match when;
    enum severity severity;
    const struct escalation *escalation; /* NULL: none */
    struct slice owner;
    struct slice outcome, runbook;
};

/* The readers of these keys take a struct rule, or what begins with one. */
#define RULE_KEY(key, required)                                                                    \
    { #key, rule_read_##key, required }
#define RULE_KEYS                                                                                  \
    RULE_KEY(name, true), RULE_KEY(when, false), RULE_KEY(severity, false),                        \
        RULE_KEY(escalation, false), RULE_KEY(owner, false), RULE_KEY(runbook, false)

reader_key_fn rule_read_name, rule_read_when, rule_read_severity, rule_read_escalation,
    rule_read_owner, rule_read_outcome, rule_read_runbook;

/* The items of a list of rules; NULL with a fault when it is none. */
const struct tree_node *rule_first(struct reader *r, const struct tree_node *list);

/* Sets r->what for the index-th item: `objective "voice-80-20"`. False when it is no map. */
bool rule_begin(struct reader *r, const struct tree_node *item, const char *kind, size_t index);

/* Refuses a `when` that leaves out inbound, where nothing else is counted; `what` names the thing:
 * "clocks run". */
void rule_needs_inbound(struct reader *r, const struct tree_node *item, const struct match *when,
                        const char *what);

/* Who is told first: the escalation's first tier, else the owner. */
struct slice rule_contact(const struct rule *rule);
