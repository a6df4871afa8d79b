#include "config/contract_file.h"

#include "config/alerts_keys.h"
#include "config/calendars.h"
#include "config/clock_rules.h"
#include "config/contradictions.h"
#include "config/demand_rules.h"
#include "config/examples.h"
#include "config/objective_rules.h"
#include "config/people.h"
#include "config/thresholds.h"
#include "config/when.h"
#include "config/zone_data.h"

#define FIRST_EFFECTIVE_DAY INT64_C(7305) /* 1990-01-01 */

struct contract_reading {
    struct contract *c;
    struct contract_file *file;
    int64_t effective_day; /* since 1970-01-01; 0: not given */
};

static struct contract *to_contract(void *target) {
    return ((struct contract_reading *)target)->c;
}

static void read_contract(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_text(r, value, &to_contract(target)->name);
}

static void read_version(struct reader *r, const struct tree_node *value, void *target) {
    int64_t version;
    if (reader_count(r, value, 1, INT32_MAX, &version))
        to_contract(target)->version = (int32_t)version;
}

static void read_effective_from(struct reader *r, const struct tree_node *value, void *target) {
    struct contract_reading *reading = target;
    struct slice text;
    if (!reader_text(r, value, &text))
        return;
    reading->file->effective_line = value->line;
    if (!calendars_parse_date(text, &reading->effective_day))
        reader_fault(r, value->line, "write it like 2026-01-01", "\"%s\" is no date", text.at);
    else if (reading->effective_day < FIRST_EFFECTIVE_DAY)
        reader_fault(r, value->line, "leave it out: the contract then holds always",
                     "\"%s\" is before 1990", text.at);
}

static void read_tenant(struct reader *r, const struct tree_node *value, void *target) {
    struct contract_reading *reading = target;
    if (reader_text(r, value, &reading->c->tenant))
        reading->file->tenant_line = value->line;
}

static void read_timezone(struct reader *r, const struct tree_node *value, void *target) {
    struct slice name;
    if (reader_text(r, value, &name) && !zone_data_load(name, r->arena, &to_contract(target)->zone))
        reader_fault(r, value->line, "write an IANA name like Europe/Berlin",
                     "unknown time zone \"%s\"", name.at);
}

static const char *weekday_word(size_t index) {
    static const char *const words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
    return words[index];
}

static void read_week_starts(struct reader *r, const struct tree_node *value, void *target) {
    size_t index;
    if (reader_word(r, value, "day", weekday_word, &index))
        to_contract(target)->week_starts = (unsigned)index;
}

static void read_short_abandon(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_duration(r, value, 0, &to_contract(target)->short_abandon_ms);
}

static void read_fcr_window(struct reader *r, const struct tree_node *value, void *target) {
    (void)target;
    int64_t window_ms;
    if (reader_duration(r, value, 1, &window_ms))
        reader_note(r, value->line, "fcr_window: fcr and repeat_rate are not computed as yet");
}

static const char *status_word(size_t index) {
    static const char *const words[] = {"open",   "pending_customer", "on_hold",
                                        "solved", "closed",           NULL};
    return words[index];
}

static void read_statuses(struct reader *r, const struct tree_node *value, void *target) {
    struct contract *c = to_contract(target);
    if (value->kind != TREE_MAP) {
        reader_fault(r, value->line, "write `word: status` lines", "statuses is no map");
        return;
    }
    c->statuses = arena_get(r->arena, tree_count(value), sizeof(*c->statuses));
    snprintf(r->what, sizeof(r->what), "statuses");
    for (const struct tree_node *n = value->first; n; n = n->next) {
        size_t index;
        if (reader_word(r, n, "status", status_word, &index))
            c->statuses[c->status_count++] = (struct status_word){
                .word = arena_copy(r->arena, n->key),
                .status = (enum mapped_status)(STATUS_OPEN + index)};
    }
    r->what[0] = '\0';
}

static void read_calendars(struct reader *r, const struct tree_node *value, void *target) {
    calendars_read(r, value, to_contract(target));
}

static void read_roles(struct reader *r, const struct tree_node *value, void *target) {
    people_read_roles(r, value, to_contract(target));
}

static void read_escalations(struct reader *r, const struct tree_node *value, void *target) {
    (void)target;
    people_read_escalations(r, value);
}

static void read_clocks(struct reader *r, const struct tree_node *value, void *target) {
    clock_rules_read(r, value, to_contract(target));
}

static void read_objectives(struct reader *r, const struct tree_node *value, void *target) {
    objective_rules_read(r, value, to_contract(target));
}

static void read_demand(struct reader *r, const struct tree_node *value, void *target) {
    demand_rules_read(r, value, to_contract(target));
}

static void read_alerts(struct reader *r, const struct tree_node *value, void *target) {
    alerts_keys_read(r, value, to_contract(target));
}

static void read_feeds(struct reader *r, const struct tree_node *value, void *target) {
    alerts_keys_read_feeds(r, value, to_contract(target));
}

static void read_ageing(struct reader *r, const struct tree_node *value, void *target) {
    struct contract *c = to_contract(target);
    if (value->kind != TREE_MAP) {
        reader_fault(r, value->line, "write `voice: 4h` lines", "ageing is no map");
        return;
    }
    snprintf(r->what, sizeof(r->what), "ageing");
    for (const struct tree_node *n = value->first; n; n = n->next) {
        size_t index;
        struct tree_node channel = {.kind = TREE_TEXT, .line = n->key_line, .text = n->key};
        if (reader_word(r, &channel, "channel", when_channel_word, &index))
            (void)reader_duration(r, n, MINUTE_MS, &c->ageing_ms[index + 1]);
    }
    r->what[0] = '\0';
}

static void read_later(struct reader *r, const struct tree_node *value, void *target) {
    (void)target;
    if (value->kind != TREE_LIST)
        reader_fault(r, value->line, "write []", "%s is no list", value->key.at);
    else if (value->first)
        reader_unsupported(r, value->key_line, "leave it out", value->key.at);
}

/* In the order in which they depend on each other. */
static const struct reader_key keys[] = {
    {"contract", read_contract, true},
    {"version", read_version, true},
    {"tenant", read_tenant, true},
    {"effective_from", read_effective_from, false},
    {"timezone", read_timezone, false},
    {"week_starts", read_week_starts, false},
    {"short_abandon", read_short_abandon, false},
    {"fcr_window", read_fcr_window, false},
    {"statuses", read_statuses, false},
    {"calendars", read_calendars, false},
    {"roles", read_roles, false},
    {"escalations", read_escalations, false},
    {"clocks", read_clocks, false},
    {"objectives", read_objectives, false},
    {"demand", read_demand, false},
    {"alerts", read_alerts, false},
    {"feeds", read_feeds, false},
    {"ageing", read_ageing, false},
    {"examples", NULL, false},
    {"scorecards", read_later, false},
    {"pilots", read_later, false},
    {NULL, NULL, false},
};

static size_t rules_in(const struct tree_node *root) {
    static const char *const lists[] = {"clocks", "objectives", "demand"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const struct tree_node *list = tree_get(root, lists[i]);
        count += list ? tree_count(list) : 0;
    }
    return count;
}

static void read_tree(const struct tree *t, struct contract_file *file, struct arena *arena,
                      struct contract *c, struct faults *faults) {
    contract_init_default(c);
    c->is_default = false;
    if (!t)
        return;
    const struct tree_node *root = tree_root(t);
    size_t errors = faults->errors;
    struct reader r = {.file = file->name, .faults = faults, .arena = arena};
    r.rules.list = arena_get(arena, rules_in(root), sizeof(*r.rules.list));
    struct contract_reading reading = {.c = c, .file = file};
    (void)reader_map(&r, root, keys, &reading);
    if (reading.effective_day > 0)
        c->effective_at = zone_instant(&c->zone, reading.effective_day * DAY_MS, false);
    const struct tree_node *objectives = tree_get(root, "objectives");
    thresholds_check(&r, objectives ? objectives->key_line : 1, c);
    if (faults->errors == errors)
        contradictions_check(&r, root, c);
    const struct tree_node *examples = tree_get(root, "examples");
    if (examples && !tree_is_empty(examples) && faults->errors == errors)
        examples_read(&r, examples, c);
}

void contract_file_read_text(struct slice text, struct contract_file *file, struct arena *arena,
                             struct contract *c, struct faults *faults) {
    struct tree *t = tree_load_text(text, file->name, faults);
    read_tree(t, file, arena, c, faults);
    tree_free(t);
}
