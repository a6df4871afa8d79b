#include "config/demand_rules.h"

#include "config/expected.h"
#include "config/rule.h"
#include "config/value.h"
#include "config/when.h"

struct demand_reading {
    struct rule rule; /* first: the common keys are read into it */
    struct demand_rule *to;
};

static struct demand_rule *to_rule(void *target) {
    return ((struct demand_reading *)target)->to;
}

static const char *window_word(size_t index) {
    return index < WINDOW_COUNT ? window_spec((enum window_id)index)->name : NULL;
}

static void read_per(struct reader *r, const struct tree_node *value, void *target) {
    when_read_per(r, value, &to_rule(target)->per);
}

static bool is_there(const struct demand_rule *rule, int64_t length_ms) {
    for (size_t i = 0; i < rule->window_count; i++) {
        if (rule->windows_ms[i] == length_ms)
            return true;
    }
    return false;
}

static void read_windows(struct reader *r, const struct tree_node *value, void *target) {
    struct demand_rule *rule = to_rule(target);
    rule->window_count = 0;
    for (const struct tree_node *n = reader_first(r, value); n; n = reader_next(value, n)) {
        size_t index;
        if (!reader_word(r, n, "window", window_word, &index))
            continue;
        if (rule->window_count == DEMAND_WINDOWS_MAX) {
            reader_fault(r, n->line, "keep the ones that somebody acts on",
                         "windows has more than %d entries", DEMAND_WINDOWS_MAX);
            return;
        }
        if (is_there(rule, window_spec((enum window_id)index)->length_ms))
            reader_fault(r, n->line, "name it once", "windows names %s twice", n->text.at);
        else
            rule->windows_ms[rule->window_count++] = window_spec((enum window_id)index)->length_ms;
    }
    if (value->kind == TREE_LIST && !value->first)
        reader_fault(r, value->line, "leave the key out: then it is [5m, 15m, 1h]",
                     "windows: [] looks at nothing");
}

/* "1 per day" to false alarms per day. */
static bool per_day(struct slice text, double *number) {
    static const struct {
        struct slice words;
        double in_day;
    } periods[] = {
        {SLICE(" per hour"), 24.0}, {SLICE(" per day"), 1.0}, {SLICE(" per week"), 1.0 / 7}};
    for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
        struct slice words = periods[i].words;
        if (text.size <= words.size ||
            memcmp(text.at + text.size - words.size, words.at, words.size) != 0)
            continue;
        struct slice amount = value_trim((struct slice){text.at, text.size - words.size});
        if (!value_number(amount, number, NULL) || *number <= 0)
            return false;
        *number *= periods[i].in_day;
        return true;
    }
    return false;
}

static void read_false_alarms(struct reader *r, const struct tree_node *value, void *target) {
    struct slice text;
    if (reader_text(r, value, &text) && !per_day(text, &to_rule(target)->false_alarms_per_day))
        reader_fault(r, value->line, "write it like `1 per day`",
                     "false_alarms \"%s\" is no rate above 0", text.at);
}

static void read_expected(struct reader *r, const struct tree_node *value, void *target) {
    struct expected expected = {0};
    expected_read(r, value, &expected);
    to_rule(target)->expected_per_ms = expected.per_ms;
    to_rule(target)->expected_volume = expected.volume;
}

static void read_min_excess(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_count(r, value, 1, INT32_MAX, &to_rule(target)->min_excess);
}

static void read_one(struct reader *r, const struct tree_node *item, struct demand_rule *rule) {
    static const struct reader_key keys[] = {
        RULE_KEYS,
        {"per", read_per, false},
        {"windows", read_windows, false},
        {"false_alarms", read_false_alarms, false},
        {"expected", read_expected, false},
        {"min_excess", read_min_excess, false},
        {NULL, NULL, false},
    };
    *rule = (struct demand_rule){
        .per = SCOPE_BIT(SCOPE_QUEUE) | SCOPE_BIT(SCOPE_CHANNEL),
        .windows_ms = {5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS},
        .window_count = 3,
        .false_alarms_per_day = 1,
        .min_excess = 10,
    };
    struct demand_reading found = {.rule.severity = SEVERITY_WARNING, .to = rule};
    (void)reader_map(r, item, keys, &found);
    rule_needs_inbound(r, item, &found.rule.when, "arrivals are counted");
    rule->name = found.rule.name;
    rule->when = found.rule.when;
    rule->severity = found.rule.severity;
    rule->contact_role = rule_contact(&found.rule);
    rule->escalation = found.rule.escalation;
    rule->runbook = found.rule.runbook;
}

void demand_rules_read(struct reader *r, const struct tree_node *list, struct contract *c) {
    c->demands = arena_get(r->arena, tree_count(list), sizeof(*c->demands));
    size_t index = 0;
    for (const struct tree_node *n = rule_first(r, list); n; n = n->next, index++) {
        if (rule_begin(r, n, "demand", index))
            read_one(r, n, &c->demands[c->demand_count++]);
    }
    r->what[0] = '\0';
}
