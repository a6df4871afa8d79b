#include "config/objective_rules.h"

#include "config/expected.h"
#include "config/rule.h"
#include "config/target.h"
#include "config/value.h"
#include "config/when.h"
#include "core/objective_window.h"
#include "core/wilson.h"

#define DEFAULT_WITHIN_MS (20 * SECOND_MS)

struct objective_reading {
    struct rule rule; /* first: the common keys are read into it */
    bool has_metric, has_variant, has_window;
    enum metric metric;
    enum level_variant variant;
    enum attribution attribution;
    int64_t within_ms; /* 0: not given */
    uint32_t per;
    unsigned window;
    int64_t min_sample; /* 0: not given */
    double confidence;  /* 0: not given */
    int64_t hold_ms;
    bool at_risk;
    double margin; /* 0: not given */
    struct expected expected;
};

/* By event, all of them; then by arrival, those that a visit's QUEUED can be asked for. */
static bool nth_metric(size_t index, enum metric *metric, enum attribution *attribution) {
    for (unsigned a = 0; a < ATTRIBUTION_COUNT; a++) {
        for (unsigned m = 0; m < METRIC_COUNT; m++) {
            if (!metric_parts((enum metric)m, (enum attribution)a) || index-- > 0)
                continue;
            *metric = (enum metric)m;
            *attribution = (enum attribution)a;
            return true;
        }
    }
    return false;
}

static const char *metric_word(size_t index) {
    enum metric metric;
    enum attribution attribution;
    return nth_metric(index, &metric, &attribution) ? metric_name_by(metric, attribution) : NULL;
}

static const char *variant_word(size_t index) {
    return index < VARIANT_COUNT ? level_variant_name((enum level_variant)index) : NULL;
}

static const char *window_word(size_t index) {
    return index < OBJECTIVE_WINDOW_COUNT ? objective_window_name((unsigned)index) : NULL;
}

static bool is_one_of(struct slice word, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(word, slice_of(words[i])))
            return true;
    }
    return false;
}

/* Figures that CONTRACT names and nothing computes as yet. */
static bool is_later_metric(struct slice name) {
    static const char *const words[] = {
        "repeat_rate", "fcr",           "csat",      "csat_mean",           "nps",
        "ces",         "quality_score", "occupancy", "critical_error_rate", "utilisation",
        "adherence",   "conformance",   "shrinkage",
    };
    return is_one_of(name, words, sizeof(words) / sizeof(words[0]));
}

/* "service_level.removed_within" names metric and variant in one. */
static bool split_variant(struct objective_reading *o, struct slice text) {
    struct slice prefix = SLICE("service_level.");
    enum attribution attribution = metric_take_attribution(&text);
    if (text.size <= prefix.size || memcmp(text.at, prefix.at, prefix.size) != 0)
        return false;
    text.at += prefix.size;
    text.size -= prefix.size;
    if (!level_variant_parse(text, &o->variant))
        return false;
    o->metric = METRIC_SERVICE_LEVEL;
    o->attribution = attribution;
    return o->has_metric = o->has_variant = true;
}

static void read_metric(struct reader *r, const struct tree_node *value, void *target) {
    struct objective_reading *o = target;
    size_t index;
    if (value->kind == TREE_TEXT && split_variant(o, value->text))
        return;
    if (value->kind == TREE_TEXT && is_later_metric(value->text)) {
        char thing[96];
        snprintf(thing, sizeof(thing), "metric %.64s", value->text.at);
        reader_unsupported(r, value->line, "`floorwalker check --metrics` lists those that are",
                           thing);
        return;
    }
    if (!reader_word(r, value, "metric", metric_word, &index))
        return;
    o->has_metric = nth_metric(index, &o->metric, &o->attribution);
}

static void read_variant(struct reader *r, const struct tree_node *value, void *target) {
    struct objective_reading *o = target;
    size_t index;
    if (!reader_word(r, value, "variant", variant_word, &index))
        return;
    if (o->has_metric && o->metric != METRIC_SERVICE_LEVEL)
        reader_fault(r, value->line, "leave it out", "%s has no variants", metric_name(o->metric));
    else if (o->has_variant && o->variant != (enum level_variant)index)
        reader_fault(r, value->line, "name it once", "the metric names another variant, %s",
                     variant_word(o->variant));
    o->has_variant = true;
    o->variant = (enum level_variant)index;
}

static void read_within(struct reader *r, const struct tree_node *value, void *target) {
    struct objective_reading *o = target;
    if (reader_duration(r, value, 1, &o->within_ms) && o->has_metric &&
        o->metric != METRIC_SERVICE_LEVEL)
        reader_fault(r, value->line, "leave it out", "within is for service_level, not for %s",
                     metric_name(o->metric));
}

static void read_per(struct reader *r, const struct tree_node *value, void *target) {
    when_read_per(r, value, &((struct objective_reading *)target)->per);
}

static void read_window(struct reader *r, const struct tree_node *value, void *target) {
    struct objective_reading *o = target;
    size_t index;
    if (!reader_word(r, value, "window", window_word, &index))
        return;
    o->has_window = true;
    o->window = (unsigned)index;
}

static void read_min_sample(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_count(r, value, 1, INT32_MAX, &((struct objective_reading *)target)->min_sample);
}

#define CONFIDENCE_MIN 0.5
#define CONFIDENCE_MAX 0.9999

static void read_confidence(struct reader *r, const struct tree_node *value, void *target) {
    struct objective_reading *o = target;
    struct slice text;
    struct err err;
    double share;
    if (!reader_text(r, value, &text))
        return;
    if (!value_share(text, &share, &err))
        reader_fault(r, value->line, "", "confidence: %s", err.text);
    else if (share < CONFIDENCE_MIN || share > CONFIDENCE_MAX)
        reader_fault(r, value->line, "write a share from 50% to 99.99%, 95% as a rule",
                     "confidence \"%s\" is no degree of being sure", text.at);
    else
        o->confidence = share;
}

static void read_hold(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_duration(r, value, 0, &((struct objective_reading *)target)->hold_ms);
}

static void read_at_risk(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_flag(r, value, &((struct objective_reading *)target)->at_risk);
}

static void read_margin(struct reader *r, const struct tree_node *value, void *target) {
    struct slice text;
    struct err err;
    double share;
    if (!reader_text(r, value, &text))
        return;
    if (!value_share(text, &share, &err))
        reader_fault(r, value->line, "", "margin: %s", err.text);
    else if (share <= 0 || share >= 1)
        reader_fault(r, value->line, "write a share like 5%; at_risk: no tells nobody",
                     "margin \"%s\" is no distance", text.at);
    else
        ((struct objective_reading *)target)->margin = share;
}

static void read_expected(struct reader *r, const struct tree_node *value, void *target) {
    expected_read(r, value, &((struct objective_reading *)target)->expected);
}

static const struct reader_key keys[] = {
    RULE_KEYS,
    {"outcome", rule_read_outcome, false},
    {"metric", read_metric, false},
    {"variant", read_variant, false},
    {"within", read_within, false},
    {"per", read_per, false},
    {"window", read_window, false},
    {"target", NULL, false},
    {"clear", NULL, false},
    {"min_sample", read_min_sample, false},
    {"confidence", read_confidence, false},
    {"hold", read_hold, false},
    {"at_risk", read_at_risk, false},
    {"margin", read_margin, false},
    {"expected", read_expected, false},
    {NULL, NULL, false},
};

/* A metric without a target, a window, a sample, an owner and an outcome promises nothing. */
static void refuse_vague(struct reader *r, const struct tree_node *item) {
    static const char *const needed[] = {"metric",     "target", "window",
                                         "min_sample", "owner",  "outcome"};
    char missing[READER_LINE_MAX] = "";
    size_t size = 0;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        const struct tree_node *value = tree_get(item, needed[i]);
        if (!value || tree_is_empty(value))
            size += (size_t)snprintf(missing + size, sizeof(missing) - size, "%s%s",
                                     size > 0 ? ", " : "", needed[i]);
    }
    if (size > 0)
        reader_fault(r, item->line,
                     "a promise says what is measured, against what, over how long, from how many "
                     "on, whose it is, and what is lost when it is broken",
                     "it is vague: it has no %s", missing);
}

static bool values_meet(const struct match_values *a, const struct match_values *b) {
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            if (slice_equal(a->values[i], b->values[k]))
                return true;
        }
    }
    return a->count == 0 || b->count == 0;
}

static bool bits_meet(uint32_t a, uint32_t b) {
    return a == 0 || b == 0 || (a & b) != 0;
}

/* Some visit can fit both: no dimension has values that exclude each other. */
static bool can_both_fit(const struct match *a, const struct match *b) {
    return values_meet(&a->vendor, &b->vendor) && values_meet(&a->site, &b->site) &&
           values_meet(&a->queue, &b->queue) && bits_meet(a->channels, b->channels) &&
           bits_meet(a->priorities, b->priorities) && bits_meet(a->directions, b->directions);
}

/* T: `within`, else the target of the speed_of_answer clock for the same visits, else 20 s. */
static void resolve_within(struct reader *r, const struct tree_node *item, const struct contract *c,
                           struct objective *o) {
    if (o->within_ms > 0)
        return;
    for (size_t i = 0; i < c->clock_count; i++) {
        const struct clock_rule *clock = &c->clocks[i];
        if (clock->kind != CLOCK_SPEED_OF_ANSWER || !can_both_fit(&clock->when, &o->when))
            continue;
        if (o->within_ms == 0)
            o->within_ms = clock->target_ms;
        else if (o->within_ms != clock->target_ms) {
            reader_fault(r, item->line, "say within",
                         "several speed_of_answer clocks fit, with different targets");
            return;
        }
    }
    if (o->within_ms == 0)
        o->within_ms = DEFAULT_WITHIN_MS;
}

/* Nothing is below zero, and no share above the whole. */
static bool is_always_met(const struct target *target, enum metric metric) {
    return target->at_least ? target->value <= 0 : metric_is_share(metric) && target->value >= 1;
}

/* An episode ends with its period, which may be shorter by two hours where clocks change. */
static void refuse_endless_hold(struct reader *r, const struct tree_node *item,
                                const struct objective_reading *o) {
    static const int64_t days[PERIOD_COUNT] = {1, 7, 28, 90};
    if (!o->has_window || !objective_window_is_period(o->window))
        return;
    int64_t length_ms = days[objective_window_period(o->window)] * DAY_MS - 2 * HOUR_MS;
    if (o->hold_ms >= length_ms)
        reader_fault(r, tree_get(item, "hold")->line, "write a hold that is well within the window",
                     "hold %s may not pass before %s is over, and then nobody is told",
                     tree_get(item, "hold")->text.at, objective_window_name(o->window));
}

static bool counts_inbound_alone(enum metric m) {
    switch (m) {
    case METRIC_HANDLED:
    case METRIC_AHT_MS:
    case METRIC_TALK_MS:
    case METRIC_HOLD_MS:
    case METRIC_WRAP_MS:
    case METRIC_HANDLE_P90_MS:
    case METRIC_TRANSFERRED:
    case METRIC_TRANSFER_RATE:
    case METRIC_RESOLUTION_MS:
    case METRIC_RESOLUTION_P90_MS:
    case METRIC_REOPENED:
    case METRIC_REOPEN_RATE:
    case METRIC_IN_SERVICE:
    case METRIC_BACKLOG: return false;
    default: return true;
    }
}

static void read_targets(struct reader *r, const struct tree_node *item, struct objective *o) {
    const struct tree_node *target_node = tree_get(item, "target");
    const struct tree_node *clear_node = tree_get(item, "clear");
    struct target target;
    if (!target_node || tree_is_empty(target_node) ||
        !target_read(r, target_node, metric_unit(o->metric), &target))
        return;
    o->at_least = target.at_least;
    o->target = o->clear = target.value;
    if (is_always_met(&target, o->metric))
        reader_fault(r, target_node->line, "name a bound that can be missed",
                     "target \"%s\" is always met", target_node->text.at);
    struct target clear;
    if (!clear_node || tree_is_empty(clear_node) ||
        !target_read(r, clear_node, metric_unit(o->metric), &clear))
        return;
    o->clear = clear.value;
    bool wrong_side = target.at_least ? clear.value < target.value : clear.value > target.value;
    if (clear.at_least != target.at_least)
        reader_fault(r, clear_node->line, "use the same words in both",
                     "clear \"%s\" looks the other way than the target \"%s\"", clear_node->text.at,
                     target_node->text.at);
    else if (wrong_side)
        reader_fault(r, clear_node->line, "an episode may end only where the target is met",
                     "clear \"%s\" is on the wrong side of the target \"%s\"", clear_node->text.at,
                     target_node->text.at);
}

static void refuse_confidence(struct reader *r, const struct tree_node *item, enum metric metric) {
    const struct tree_node *given = tree_get(item, "confidence");
    if (given && !metric_is_share(metric))
        reader_fault(r, given->line, "leave it out; min_sample asks for enough cases",
                     "confidence is for shares of cases, which %s is not", metric_name(metric));
}

/* What is said of the rest of a period means nothing where there is none. */
static void refuse_outlook(struct reader *r, const struct tree_node *item,
                           const struct objective_reading *o) {
    static const char *const names[] = {"at_risk", "margin", "expected"};
    bool period = !o->has_window || objective_window_is_period(o->window);
    if (period && metric_is_share(o->metric))
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct tree_node *given = tree_get(item, names[i]);
        if (given && !period)
            reader_fault(r, given->line, "leave it out, or judge today, week, month or quarter",
                         "%s is about the rest of a period, and %s has none", names[i],
                         objective_window_name(o->window));
        else if (given)
            reader_fault(r, given->line, "leave it out",
                         "%s is for shares of cases, which %s is not", names[i],
                         metric_name(o->metric));
    }
}

static void read_one(struct reader *r, const struct tree_node *item, const struct contract *c,
                     struct objective *o) {
    struct objective_reading found = {.rule.severity = SEVERITY_WARNING, .at_risk = true};
    if (!reader_map(r, item, keys, &found))
        return;
    refuse_vague(r, item);
    *o = (struct objective){
        .name = found.rule.name,
        .metric = found.metric,
        .variant = found.variant,
        .attribution = found.attribution,
        .within_ms = found.within_ms,
        .within_given = found.within_ms > 0,
        .when = found.rule.when,
        .per = found.per,
        .window = found.window,
        .min_sample = found.min_sample,
        .deviations = found.confidence > 0 ? wilson_deviations(found.confidence) : 0,
        .hold_ms = found.hold_ms,
        .at_risk = found.at_risk,
        .margin = found.margin,
        .expected_per_ms = found.expected.per_ms,
        .expected_volume = found.expected.volume,
        .severity = found.rule.severity,
        .contact_role = rule_contact(&found.rule),
        .escalation = found.rule.escalation,
        .outcome = found.rule.outcome,
        .runbook = found.rule.runbook,
    };
    refuse_endless_hold(r, item, &found);
    if (!found.has_metric)
        return;
    if (counts_inbound_alone(o->metric))
        rule_needs_inbound(r, item, &o->when, "this metric is counted");
    refuse_confidence(r, item, o->metric);
    refuse_outlook(r, item, &found);
    read_targets(r, item, o);
    if (o->metric == METRIC_SERVICE_LEVEL)
        resolve_within(r, item, c, o);
}

void objective_rules_read(struct reader *r, const struct tree_node *list, struct contract *c) {
    c->objectives = arena_get(r->arena, tree_count(list), sizeof(*c->objectives));
    size_t index = 0;
    for (const struct tree_node *n = rule_first(r, list); n; n = n->next, index++) {
        if (rule_begin(r, n, "objective", index))
            read_one(r, n, c, &c->objectives[c->objective_count++]);
    }
    r->what[0] = '\0';
}
