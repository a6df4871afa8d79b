#include "cli/explain.h"

#include <jansson.h>
#include <strings.h>

#include "core/objective_window.h"

static struct slice text_member(const json_t *object, const char *name) {
    const json_t *member = json_object_get(object, name);
    return json_is_string(member)
               ? (struct slice){json_string_value(member), json_string_length(member)}
               : (struct slice){0};
}

/* Enum symbols as in the records, or in lower case as in contracts. */
#define ENUM_NAME(symbol, name) name,
static const char *const channels[] = {EVENT_CHANNELS(ENUM_NAME)};
static const char *const priorities[] = {EVENT_PRIORITIES(ENUM_NAME)};
static const char *const directions[] = {EVENT_DIRECTIONS(ENUM_NAME)};

static bool enum_member(const json_t *object, const char *name, const char *const *words,
                        size_t count, uint8_t *value, struct err *err) {
    struct slice text = text_member(object, name);
    for (size_t i = 0; i < count; i++) {
        if (text.size == strlen(words[i]) && strncasecmp(words[i], text.at, text.size) == 0) {
            *value = (uint8_t)i;
            return true;
        }
    }
    if (text.size == 0)
        return true;
    return err_set(err, "unknown %s \"" SLICE_FMT "\"", name, SLICE_ARG(text));
}

#define ENUM_MEMBER(object, name, words, value, err)                                               \
    enum_member(object, name, words, sizeof(words) / sizeof((words)[0]), value, err)

static bool read_leaf(const json_t *object, struct leaf *leaf, struct err *err) {
    *leaf = (struct leaf){.tenant = text_member(object, "tenant_id"),
                          .vendor = text_member(object, "vendor_id"),
                          .site = text_member(object, "site_id"),
                          .queue = text_member(object, "queue_id"),
                          .direction = DIRECTION_INBOUND};
    if (leaf->tenant.size == 0)
        return err_set(err, "tenant_id is missing: write an InteractionEvent as one JSON object");
    return ENUM_MEMBER(object, "channel", channels, &leaf->channel, err) &&
           ENUM_MEMBER(object, "priority", priorities, &leaf->priority, err) &&
           ENUM_MEMBER(object, "direction", directions, &leaf->direction, err);
}

static struct slice said(const struct leaf *leaf, const char *dimension) {
    switch (dimension[0]) {
    case 'c': return slice_of(channel_name((enum channel)leaf->channel));
    case 'p': return slice_of(priority_name((enum priority)leaf->priority));
    case 'd': return slice_of(direction_name((enum direction)leaf->direction));
    case 'v': return leaf->vendor;
    case 's': return leaf->site;
    default: return leaf->queue;
    }
}

static void print_miss(FILE *out, const struct leaf *leaf, const char *dimension) {
    struct slice value = said(leaf, dimension);
    fprintf(out, "no: its %s is \"" SLICE_FMT "\", which `when` leaves out\n", dimension,
            SLICE_ARG(value));
}

static void print_clock(FILE *out, const struct clock_rule *rule, const struct clock_rule *first,
                        const struct leaf *leaf) {
    char target[32];
    const char *miss = match_miss(&rule->when, leaf);
    fprintf(out, "  %-28.*s %-16s ", SLICE_ARG(rule->name), clock_kind_name(rule->kind));
    if (leaf->direction != DIRECTION_INBOUND) {
        fputs("no: clocks run for inbound interactions\n", out);
    } else if (miss) {
        print_miss(out, leaf, miss);
    } else if (rule != first) {
        fprintf(out, "no: \"" SLICE_FMT "\" is the first of its kind that fits\n",
                SLICE_ARG(first->name));
    } else {
        if (rule->days)
            snprintf(target, sizeof(target), "%ubd", rule->days->count);
        else
            duration_format(rule->target_ms, target);
        fprintf(out, "yes: %s, ", target);
        if (rule->calendar)
            fprintf(out, "while \"" SLICE_FMT "\" is open\n", SLICE_ARG(rule->calendar->name));
        else
            fputs("at all hours\n", out);
    }
}

static void print_scope(FILE *out, const struct leaf *leaf, uint32_t per) {
    struct buf b;
    struct scope scope = scope_of_leaf(leaf, per);
    buf_init(&b);
    scope_format(&scope, &b);
    fprintf(out, "yes: judged for " SLICE_FMT, SLICE_ARG(buf_slice(&b)));
    buf_deinit(&b);
}

static void print_objective(FILE *out, const struct objective *o, const struct leaf *leaf) {
    const char *miss = match_miss(&o->when, leaf);
    fprintf(out, "  %-28.*s %-16s ", SLICE_ARG(o->name), metric_name_by(o->metric, o->attribution));
    if (miss) {
        print_miss(out, leaf, miss);
        return;
    }
    print_scope(out, leaf, o->per);
    fprintf(out, " over %s, %s %g\n", objective_window_name(o->window),
            o->at_least ? "at least" : "at most", o->target);
}

static void print_demand(FILE *out, const struct demand_rule *d, const struct leaf *leaf) {
    const char *miss = match_miss(&d->when, leaf);
    fprintf(out, "  %-28.*s %-16s ", SLICE_ARG(d->name), "arrivals");
    if (miss) {
        print_miss(out, leaf, miss);
        return;
    }
    print_scope(out, leaf, d->per);
    fputc('\n', out);
}

static void heading(FILE *out, const char *text, size_t count) {
    if (count > 0)
        fprintf(out, "%s\n", text);
}

static void explain(const struct contract *c, const struct leaf *leaf, bool alone, FILE *out) {
    if (c->is_default) {
        fprintf(out,
                "tenant \"" SLICE_FMT "\" has no contract%s: counters in UTC, nothing is judged\n",
                SLICE_ARG(leaf->tenant), alone ? "" : " at first");
        return;
    }
    fprintf(out, "contract " SLICE_FMT ", version %d, tenant " SLICE_FMT, SLICE_ARG(c->name),
            c->version, SLICE_ARG(c->tenant));
    if (c->effective_at > 0) {
        char from[32];
        instant_format(c->effective_at, from);
        fprintf(out, ", from %s", from);
    }
    fputc('\n', out);
    heading(out, "clocks", c->clock_count);
    for (size_t i = 0; i < c->clock_count; i++)
        print_clock(out, &c->clocks[i], contract_clock(c, c->clocks[i].kind, leaf), leaf);
    heading(out, "objectives", c->objective_count);
    for (size_t i = 0; i < c->objective_count; i++)
        print_objective(out, &c->objectives[i], leaf);
    heading(out, "demand", c->demand_count);
    for (size_t i = 0; i < c->demand_count; i++)
        print_demand(out, &c->demands[i], leaf);
}

bool explain_file(const char *path, const struct contract_set *contracts, FILE *out,
                  struct err *err) {
    json_error_t error;
    struct leaf leaf;
    json_t *object = json_load_file(path, 0, &error);
    if (!object)
        return err_set(err, "%s:%d: %s", path, error.line, error.text);
    bool read = read_leaf(object, &leaf, err);
    const struct contract *versions[CONTRACT_VERSIONS_MAX];
    size_t count = read ? contract_set_versions(contracts, leaf.tenant, versions) : 0;
    for (size_t v = 0; v < count; v++)
        explain(versions[v], &leaf, count == 1, out);
    json_decref(object);
    return read;
}
