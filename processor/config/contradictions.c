#include "config/contradictions.h"

#include "config/rule.h"

static bool bits_hold(uint32_t wide, uint32_t narrow) {
    return wide == 0 || (narrow != 0 && (narrow & ~wide) == 0);
}

static bool is_one_of(struct slice value, const struct match_values *those) {
    for (size_t i = 0; i < those->count; i++) {
        if (slice_equal(those->values[i], value))
            return true;
    }
    return false;
}

static bool values_hold(const struct match_values *wide, const struct match_values *narrow) {
    for (size_t i = 0; wide->count > 0 && i < narrow->count; i++) {
        if (!is_one_of(narrow->values[i], wide))
            return false;
    }
    return wide->count == 0 || narrow->count > 0;
}

/* Whatever fits the narrow one fits the wide one. */
static bool holds(const struct match *wide, const struct match *narrow) {
    return bits_hold(wide->channels, narrow->channels) &&
           bits_hold(wide->priorities, narrow->priorities) &&
           bits_hold(wide->directions, narrow->directions) &&
           values_hold(&wide->vendor, &narrow->vendor) && values_hold(&wide->site, &narrow->site) &&
           values_hold(&wide->queue, &narrow->queue);
}

static void check_clock(struct reader *r, int line, const struct contract *c, size_t index) {
    const struct clock_rule *clock = &c->clocks[index];
    for (size_t i = 0; i < index; i++) {
        const struct clock_rule *above = &c->clocks[i];
        if (above->kind != clock->kind || !holds(&above->when, &clock->when))
            continue;
        reader_fault(r, line, "put the narrower one first, or give one of them another `when`",
                     "it never applies: \"" SLICE_FMT
                     "\" stands above it and fits whatever it fits",
                     SLICE_ARG(above->name));
        return;
    }
}

/* The very same figure is judged. */
static bool of_one_figure(const struct objective *a, const struct objective *b) {
    bool one_level = a->metric != METRIC_SERVICE_LEVEL ||
                     (a->variant == b->variant && a->within_ms == b->within_ms);
    return a->metric == b->metric && a->attribution == b->attribution && one_level &&
           a->per == b->per && a->window == b->window && holds(&a->when, &b->when) &&
           holds(&b->when, &a->when);
}

static bool same_bound(const struct objective *a, const struct objective *b) {
    return a->at_least == b->at_least && !(a->target < b->target) && !(a->target > b->target) &&
           a->hold_ms == b->hold_ms && a->min_sample == b->min_sample &&
           !(a->deviations < b->deviations) && !(a->deviations > b->deviations);
}

/* At least the one and at most the other, and nothing between them. */
static bool shut_out(const struct objective *a, const struct objective *b) {
    const struct objective *least = a->at_least ? a : b;
    return a->at_least != b->at_least && least->target > (least == a ? b : a)->target;
}

static void check_objective(struct reader *r, int line, const struct contract *c, size_t index) {
    const struct objective *o = &c->objectives[index];
    for (size_t i = 0; i < index; i++) {
        const struct objective *above = &c->objectives[i];
        if (!of_one_figure(above, o))
            continue;
        if (same_bound(above, o))
            reader_fault(r, line, "keep one of the two", "\"" SLICE_FMT "\" promises the same",
                         SLICE_ARG(above->name));
        else if (shut_out(above, o))
            reader_fault(r, line, "leave room between the two bounds",
                         "no figure keeps both this and \"" SLICE_FMT "\"", SLICE_ARG(above->name));
        else
            continue;
        return;
    }
}

typedef void check_fn(struct reader *r, int line, const struct contract *c, size_t index);

static void check_all(struct reader *r, const struct tree_node *root, const char *key,
                      const char *kind, const struct contract *c, check_fn *check) {
    const struct tree_node *list = tree_get(root, key);
    size_t index = 0;
    for (const struct tree_node *n = list ? list->first : NULL; n; n = n->next, index++) {
        (void)rule_begin(r, n, kind, index);
        check(r, n->line, c, index);
    }
    r->what[0] = '\0';
}

void contradictions_check(struct reader *r, const struct tree_node *root,
                          const struct contract *c) {
    check_all(r, root, "clocks", "clock", c, check_clock);
    check_all(r, root, "objectives", "objective", c, check_objective);
}
