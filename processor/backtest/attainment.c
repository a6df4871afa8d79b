#include "backtest/attainment.h"

#include <stdlib.h>

#include "backtest/weights.h"
#include "base/check.h"
#include "base/table.h"
#include "core/cell.h"
#include "core/cell_figure.h"
#include "core/delta.h"
#include "core/objective_window.h"
#include "core/period.h"

/* Steps of one objective and scope come again and again. A scope lives as long as the version of
 * the contract that its objective stands in. */
#define NEAR_ROWS 1024u

struct near_row {
    const struct objective *objective;
    const struct scope *scope;
    struct attainment_row *row;
};

/* What an objective counts of a leaf. */
struct near_objective {
    bool counted; /* it counts something of it */
    struct cell_shape shape;
    struct scope scope; /* views into the leaf */
    const struct metric_parts *parts;
    struct weights weights;     /* unless it is a quantile */
    struct attainment_row *row; /* NULL: nothing was counted so far */
};

/* Rows of one leaf come again and again too. */
#define NEAR_LEAVES 256u

struct near_leaf {
    struct leaf leaf; /* names owned */
    const struct contract *contract;
    int64_t from_at, until_at;         /* of panes to which this contract applies, some at least */
    struct near_objective *objectives; /* owned, in the contract's order; NULL: the place is free */
    uint64_t number;                   /* of all that were made */
};

/* Where a leaf of the report that is added was found. */
struct found_leaf {
    struct near_leaf *near;
    uint64_t number; /* another one has its place where this differs */
};

struct attainment {
    const struct contract_set *contracts;
    struct attainment_row **rows;
    size_t row_count, row_capacity;
    size_t period_count;
    bool sorted;
    struct table table;
    uint64_t left_out;
    struct near_row near[NEAR_ROWS];      /* by their addresses */
    struct near_leaf leaves[NEAR_LEAVES]; /* by what they are */
    uint64_t leaves_made;
    struct found_leaf *found; /* by the report's numbers */
    size_t found_room;
    struct pane_scratch scratch;
    struct cell_sums sums; /* of a report's row, for one objective */
};

/* By which a row is looked up. */
struct row_name {
    const struct objective *objective;
    const struct scope *scope;
};

static const char *const span_names[] = {
#define SPAN_NAME(symbol, name) name,
    ATTAINMENT_SPANS(SPAN_NAME)};

const char *attainment_span_name(enum attainment_span s) {
    CHECK(s < ATTAINMENT_SPAN_COUNT);
    return span_names[s];
}

static struct cell_shape shape_of(const struct contract *contract, const struct objective *o,
                                  const struct scope *scope) {
    struct cell_shape shape = {0};
    int64_t within_ms = o->within_ms;
    enum level_variant variant;
    if (o->metric == METRIC_SERVICE_LEVEL && within_ms == 0)
        contract_plain_level(contract, scope, &within_ms, &variant);
    cell_figure_needs(&shape, o->metric, o->attribution, o->variant, within_ms);
    return shape;
}

struct attainment *attainment_new(const struct contract_set *contracts) {
    struct attainment *a = calloc(1, sizeof(*a));
    CHECK(a);
    a->contracts = contracts;
    table_init(&a->table, 64);
    pane_scratch_init(&a->scratch);
    cell_sums_init(&a->sums, &(struct cell_shape){.threshold_count = 1});
    return a;
}

static void free_row(struct attainment_row *row) {
    for (int s = 0; s < ATTAINMENT_SPAN_COUNT; s++) {
        struct attainment_list *list = &row->spans[s];
        for (size_t i = 0; i < list->count; i++) {
            if (list->items[i].histogram)
                histogram_deinit(list->items[i].histogram);
            free(list->items[i].histogram);
        }
        free(list->items);
    }
    for (int d = 0; d < SCOPE_DIMENSION_COUNT; d++)
        free((char *)(uintptr_t)row->scope.values[d].at);
    tightest_deinit(&row->tightest);
    free(row);
}

static void forget_leaf(struct near_leaf *l) {
    const struct slice names[] = {l->leaf.tenant, l->leaf.vendor, l->leaf.site, l->leaf.queue};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        free((char *)(uintptr_t)names[i].at);
    free(l->objectives);
    *l = (struct near_leaf){0};
}

void attainment_free(struct attainment *a) {
    if (!a)
        return;
    for (size_t i = 0; i < NEAR_LEAVES; i++)
        forget_leaf(&a->leaves[i]);
    for (size_t i = 0; i < a->row_count; i++)
        free_row(a->rows[i]);
    free(a->rows);
    free(a->found);
    table_deinit(&a->table);
    pane_scratch_deinit(&a->scratch);
    cell_sums_deinit(&a->sums);
    free(a);
}

static uint64_t hash_of(const struct row_name *name) {
    return scope_hash(name->scope, (uint64_t)(uintptr_t)name->objective);
}

static bool same_row(const void *context, uint32_t handle, const void *key) {
    const struct attainment *a = context;
    const struct row_name *name = key;
    const struct attainment_row *row = a->rows[handle];
    return row->objective == name->objective && scope_equal(&row->scope, name->scope);
}

static struct attainment_row *new_row(const struct contract *contract,
                                      const struct row_name *name) {
    struct attainment_row *row = calloc(1, sizeof(*row));
    CHECK(row);
    row->contract = contract;
    row->tenant = contract->tenant;
    row->objective = name->objective;
    row->scope.mask = name->scope->mask;
    for (int d = 0; d < SCOPE_DIMENSION_COUNT; d++)
        row->scope.values[d] = slice_copy(name->scope->values[d]);
    tightest_init(&row->tightest, name->objective->at_least, name->objective->hold_ms);
    return row;
}

/* NULL when there are too many already. */
static struct attainment_row *row_of(struct attainment *a, const struct contract *contract,
                                     const struct row_name *name) {
    uint64_t hash = hash_of(name);
    uint32_t handle = table_find(&a->table, hash, same_row, a, name);
    if (handle != TABLE_NONE)
        return a->rows[handle];
    if (a->row_count == ATTAINMENT_ROWS_MAX)
        return NULL;
    if (a->row_count == a->row_capacity) {
        a->row_capacity = a->row_capacity ? a->row_capacity * 2 : 64;
        a->rows = realloc(a->rows, a->row_capacity * sizeof(struct attainment_row *));
        CHECK(a->rows);
    }
    table_insert(&a->table, hash, (uint32_t)a->row_count);
    a->rows[a->row_count] = new_row(contract, name);
    return a->rows[a->row_count++];
}

static struct attainment_period *insert_period(struct attainment *a, struct attainment_list *list,
                                               size_t index) {
    if (a->period_count == ATTAINMENT_PERIODS_MAX)
        return NULL;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 1;
        list->items = realloc(list->items, list->capacity * sizeof(*list->items));
        CHECK(list->items);
    }
    a->period_count++;
    struct attainment_period *p = &list->items[index];
    memmove(p + 1, p, (list->count++ - index) * sizeof(*p));
    *p = (struct attainment_period){0};
    return p;
}

/* The span that holds the pane; most panes are of the last one. NULL beyond the limit. */
static struct attainment_period *period_of(struct attainment *a, struct attainment_row *row,
                                           enum attainment_span span, int64_t pane_at) {
    static const enum period periods[] = {
        [ATTAINMENT_MONTH] = PERIOD_MONTH, [ATTAINMENT_DAY] = PERIOD_DAY};
    struct attainment_list *list = &row->spans[span];
    size_t index = list->count;
    if (span == ATTAINMENT_ALL && index > 0)
        return &list->items[0];
    while (index > 0 && list->items[index - 1].start_at > pane_at)
        index--;
    if (index > 0 && pane_at < list->items[index - 1].end_at)
        return &list->items[index - 1];
    struct attainment_period *p = insert_period(a, list, index);
    if (!p)
        return NULL;
    p->start_at = pane_at;
    p->end_at = pane_at + DELTA_PANE_MS;
    if (span != ATTAINMENT_ALL) {
        const struct contract *c = row->contract;
        p->start_at = period_start(periods[span], &c->zone, c->week_starts, pane_at);
        p->end_at = period_end(periods[span], &c->zone, c->week_starts, pane_at);
    }
    return p;
}

static void add_samples(struct attainment_period *p, enum histogram_id id,
                        const struct pane_entry *entries, size_t count) {
    if (!p->histogram) {
        p->histogram = malloc(sizeof(*p->histogram));
        CHECK(p->histogram);
        histogram_init(p->histogram);
    }
    uint32_t first = cell_key_bin(id, 0);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].key >= first && entries[i].key < first + CELL_BINS_EACH)
            histogram_add(p->histogram, (uint16_t)(entries[i].key - first), entries[i].value);
    }
}

static void add_to_row(struct attainment *a, struct attainment_row *row, int64_t pane_at,
                       const struct weight *sum, const struct near_objective *near,
                       size_t entry_count) {
    for (int s = 0; s < ATTAINMENT_SPAN_COUNT; s++) {
        struct attainment_period *p = period_of(a, row, (enum attainment_span)s, pane_at);
        if (!p) {
            a->left_out++;
            continue;
        }
        p->over += sum->over;
        p->under += sum->under;
        if (s == ATTAINMENT_ALL && pane_at < p->start_at)
            p->start_at = pane_at;
        if (s == ATTAINMENT_ALL && pane_at + DELTA_PANE_MS > p->end_at)
            p->end_at = pane_at + DELTA_PANE_MS;
        if (entry_count > 0)
            add_samples(p, (enum histogram_id)near->parts->histogram, a->scratch.entries,
                        entry_count);
    }
}

static void add_for(struct attainment *a, const struct contract *contract,
                    const struct objective *o, struct near_objective *near,
                    const struct report *report, const struct report_row *row) {
    struct weight sum = {0, 0};
    size_t samples = 0;
    if (near->parts->form == FORM_QUANTILE)
        samples = cell_row_entries(&near->shape, report, row, &a->scratch);
    else
        sum = weights_row(&near->weights, report, row);
    if (samples == 0 && sum.over == 0 && sum.under == 0)
        return;
    if (!near->row)
        near->row = row_of(a, contract, &(struct row_name){o, &near->scope});
    if (near->row)
        add_to_row(a, near->row, row->pane_at, &sum, near, samples);
    else
        a->left_out++;
}

static struct near_objective near_objective(struct attainment *a, const struct contract *contract,
                                            const struct objective *o, const struct leaf *leaf) {
    struct near_objective near = {.scope = scope_of_leaf(leaf, o->per),
                                  .parts = metric_parts(o->metric, o->attribution)};
    near.counted = metric_parts(o->metric, BY_EVENT)->form != FORM_GAUGE &&
                   match_leaf(&o->when, leaf);
    near.shape = shape_of(contract, o, &near.scope);
    if (near.counted && near.parts->form != FORM_QUANTILE)
        weights_init(&near.weights, o, &near.shape, &a->sums);
    return near;
}

static struct near_leaf near_leaf(struct attainment *a, const struct contract *contract,
                                  const struct report_leaf *names, int64_t pane_at) {
    struct near_leaf near = {.contract = contract,
                             .from_at = pane_at,
                             .until_at = contract_set_until(a->contracts, names->tenant, pane_at),
                             .number = ++a->leaves_made,
                             .leaf = {.tenant = slice_copy(names->tenant),
                                      .vendor = slice_copy(names->vendor),
                                      .site = slice_copy(names->site),
                                      .queue = slice_copy(names->queue),
                                      .channel = names->channel,
                                      .priority = names->priority,
                                      .direction = names->direction}};
    near.objectives = calloc(contract->objective_count + 1, sizeof(*near.objectives));
    CHECK(near.objectives);
    for (size_t k = 0; k < contract->objective_count; k++)
        near.objectives[k] = near_objective(a, contract, &contract->objectives[k], &near.leaf);
    return near;
}

static bool is_leaf(const struct leaf *l, const struct report_leaf *names) {
    return slice_equal(l->queue, names->queue) && l->priority == names->priority &&
           l->channel == names->channel && l->direction == names->direction &&
           slice_equal(l->site, names->site) && slice_equal(l->vendor, names->vendor) &&
           slice_equal(l->tenant, names->tenant);
}

/* Of those that share a place the last one stays. */
static struct near_leaf *leaf_of(struct attainment *a, const struct report_leaf *names,
                                 int64_t pane_at) {
    uint64_t seed = names->site.size +
                    ((uint64_t)names->priority << 16 | (uint64_t)names->channel << 8);
    struct near_leaf *l = &a->leaves[slice_hash(names->queue, seed) % NEAR_LEAVES];
    const struct contract *contract = contract_set_find(a->contracts, names->tenant, pane_at);
    if (!l->objectives || l->contract != contract || !is_leaf(&l->leaf, names)) {
        forget_leaf(l);
        *l = near_leaf(a, contract, names, pane_at);
    }
    if (pane_at < l->from_at)
        l->from_at = pane_at;
    return l;
}

/* The same, looked for once in each report as a rule. */
static struct near_leaf *find_leaf(struct attainment *a, const struct report *report,
                                   const struct report_row *row) {
    struct found_leaf *f = &a->found[row->leaf];
    if (f->near && f->near->number == f->number && row->pane_at >= f->near->from_at &&
        row->pane_at < f->near->until_at)
        return f->near;
    f->near = leaf_of(a, &report->leaves[row->leaf], row->pane_at);
    f->number = f->near->number;
    return f->near;
}

static void forget_found(struct attainment *a, size_t count) {
    if (count > a->found_room) {
        a->found_room = count * 2;
        a->found = realloc(a->found, a->found_room * sizeof(*a->found));
        CHECK(a->found);
    }
    if (count > 0)
        memset(a->found, 0, count * sizeof(*a->found));
}

void attainment_add(struct attainment *a, const struct report *report) {
    a->sorted = a->sorted && report->row_count == 0;
    forget_found(a, report->leaf_count);
    for (size_t i = 0; i < report->row_count; i++) {
        const struct report_row *row = &report->rows[i];
        struct near_leaf *leaf = find_leaf(a, report, row);
        const struct contract *contract = leaf->contract;
        for (size_t k = 0; k < contract->objective_count; k++)
            if (leaf->objectives[k].counted)
                add_for(a, contract, &contract->objectives[k], &leaf->objectives[k], report, row);
    }
}

/* Ratios and means are compared as the one rounded quotient of their integer parts, as the judge
 * does it. */
static double value_of(const struct figure *f) {
    if (f->denominator != ALERT_LONG_NONE && f->denominator > 0)
        return (double)f->numerator / (double)f->denominator;
    return f->value;
}

static bool meets(const struct objective *o, double value) {
    return o->at_least ? value >= o->target : value <= o->target;
}

bool attainment_is_met(const struct objective *objective, const struct figure *figure) {
    return meets(objective, value_of(figure));
}

/* As the judge says it: counts and gauges have no sample that could be too small. */
static bool is_thin(const struct objective *o, const struct figure *f) {
    return !f->present || (f->sample != ALERT_LONG_NONE && f->sample < o->min_sample);
}

static struct attainment_row *judged_row(struct attainment *a, const struct judged_steps *step) {
    const struct objective *o = step->objective;
    uint64_t mixed = ((uintptr_t)step->scope ^ (uintptr_t)o << 1) * UINT64_C(0x9E3779B97F4A7C15);
    struct near_row *near = &a->near[(mixed >> 32) % NEAR_ROWS];
    if (near->objective == o && near->scope == step->scope)
        return near->row;
    const struct contract *contract = contract_set_find(a->contracts, step->tenant,
                                                        step->first_at - 1);
    struct attainment_row *row = row_of(a, contract, &(struct row_name){o, step->scope});
    if (row)
        *near = (struct near_row){o, step->scope, row};
    return row;
}

void attainment_judge(struct attainment *a, const struct judged_steps *step) {
    const struct objective *o = step->objective;
    struct attainment_row *row = judged_row(a, step);
    if (!row) {
        a->left_out++;
        return;
    }
    bool thin = is_thin(o, step->figure);
    double value = thin ? 0 : value_of(step->figure);
    tightest_step(&row->tightest, step->first_at, thin, value);
    if (step->count > 1 && o->hold_ms > 0)
        tightest_step(&row->tightest, step->last_at, thin, value); /* stands for those between */
    if (objective_window_is_over(row->contract, o->window, step->last_at))
        tightest_step(&row->tightest, step->last_at, true, 0); /* the next period begins clean */
    row->steps += thin ? 0 : step->count;
    row->missed += thin || meets(o, value) ? 0 : step->count;
}

static int compare_rows(const void *left, const void *right) {
    const struct attainment_row *a = *(struct attainment_row *const *)left;
    const struct attainment_row *b = *(struct attainment_row *const *)right;
    int64_t from_at = a->contract->effective_at, other_at = b->contract->effective_at;
    int order = slice_compare(a->tenant, b->tenant);
    if (order == 0)
        order = (from_at > other_at) - (from_at < other_at);
    if (order == 0)
        order = (a->objective > b->objective) - (a->objective < b->objective);
    return order != 0 ? order : scope_compare(&a->scope, &b->scope);
}

size_t attainment_count(const struct attainment *a) {
    return a->row_count;
}

/* Handles move with the rows: the index is made anew. */
static void sort_rows(struct attainment *a) {
    if (a->row_count > 0)
        qsort(a->rows, a->row_count, sizeof(struct attainment_row *), compare_rows);
    table_deinit(&a->table);
    table_init(&a->table, a->row_count + 64);
    for (size_t i = 0; i < a->row_count; i++) {
        struct row_name name = {a->rows[i]->objective, &a->rows[i]->scope};
        table_insert(&a->table, hash_of(&name), (uint32_t)i);
    }
    a->sorted = true;
}

const struct attainment_row *attainment_at(struct attainment *a, size_t index) {
    CHECK(index < a->row_count);
    if (!a->sorted)
        sort_rows(a);
    return a->rows[index];
}

void attainment_figure(const struct attainment_row *row, const struct attainment_period *period,
                       struct figure *figure) {
    const struct metric_parts *parts = metric_parts(row->objective->metric,
                                                    row->objective->attribution);
    *figure = (struct figure){false, 0, ALERT_LONG_NONE, ALERT_LONG_NONE, ALERT_LONG_NONE};
    int64_t value_ms = 0;
    switch (parts->form) {
    case FORM_GAUGE: return;
    case FORM_COUNT:
        figure->present = true;
        figure->value = (double)period->over;
        return;
    case FORM_QUANTILE:
        figure->present = period->histogram &&
                          histogram_quantile(period->histogram, parts->per_mille, &value_ms);
        figure->value = (double)value_ms;
        figure->sample = period->histogram ? period->histogram->count : 0;
        return;
    case FORM_MEAN:
    case FORM_RATIO:
    case FORM_LEVEL: break;
    }
    figure->present = period->under > 0;
    figure->value = figure->present ? (double)period->over / (double)period->under : 0;
    figure->numerator = period->over;
    figure->denominator = figure->sample = period->under;
}

uint64_t attainment_left_out(const struct attainment *a) {
    return a->left_out;
}
