#include "tasks/tenant_members.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/objective_window.h"
#include "tasks/tenant_state.h"

#define EACH_DIMENSION_MAX 3 /* contributors */
#define FEW 16               /* are looked through */

void tenant_members_deinit(struct tenant_members *m) {
    for (size_t i = 0; i < m->count; i++) {
        cell_free(m->items[i]->cell);
        free(m->items[i]);
    }
    free(m->items);
    table_deinit(&m->by_leaf);
    *m = (struct tenant_members){0};
}

/* Figures that parts of a scope add up to. */
static bool has_parts(const struct objective *o) {
    enum metric_form form = metric_parts(o->metric, o->attribution)->form;
    bool divided = form == FORM_MEAN || form == FORM_RATIO || form == FORM_LEVEL;
    return divided && !metric_is_of_forecasts(o->metric); /* those are of a queue, not of visits */
}

static struct cell *part_new(const struct tenant_rule *r) {
    struct cell_shape shape = r->cell->shape;
    shape.window_count = 0;
    return cell_new(&shape, r->cell->scratch);
}

static uint64_t hash_of(const struct tenant_leaf *leaf) {
    return (uint64_t)(uintptr_t)leaf;
}

static bool is_of(const void *context, uint32_t place, const void *leaf) {
    const struct tenant_members *m = context;
    return m->items[place]->leaf == leaf;
}

/* The newest is in the table too, once there is one. */
static void note_place(struct tenant_members *m) {
    size_t from = m->count - 1;
    if (m->count <= FEW)
        return;
    if (m->count == FEW + 1) {
        table_init(&m->by_leaf, 4 * FEW);
        from = 0;
    }
    for (size_t i = from; i < m->count; i++)
        table_insert(&m->by_leaf, hash_of(m->items[i]->leaf), (uint32_t)i);
}

static struct tenant_member *find(const struct tenant_members *m, const struct tenant_leaf *leaf) {
    if (m->count > FEW) {
        uint32_t place = table_find(&m->by_leaf, hash_of(leaf), is_of, m, leaf);
        return place == TABLE_NONE ? NULL : m->items[place];
    }
    for (size_t i = 0; i < m->count; i++)
        if (m->items[i]->leaf == leaf)
            return m->items[i];
    return NULL;
}

static struct tenant_member *add(struct tenant_members *m, const struct tenant_leaf *leaf,
                                 struct cell *cell) {
    if (m->count == m->capacity) {
        m->capacity = m->capacity == 0 ? 4 : m->capacity * 2;
        m->items = realloc(m->items, m->capacity * sizeof(struct tenant_member *));
        CHECK(m->items);
    }
    struct tenant_member *member = malloc(sizeof(*member));
    CHECK(member);
    *member = (struct tenant_member){leaf, cell};
    m->items[m->count++] = member;
    note_place(m);
    return member;
}

struct tenant_member *tenant_members_join(struct tenant_rule *r, const struct tenant_leaf *leaf) {
    struct tenant_member *there = find(&r->members, leaf);
    if (there)
        return there;
    bool head = r->members.count == 0 || !has_parts(r->objective);
    return add(&r->members, leaf, head ? NULL : part_new(r));
}

void tenant_member_save(const struct tenant_member *m, struct buf *b) {
    buf_put_u8(b, m->cell != NULL);
    if (m->cell)
        cell_save(m->cell, b);
}

/* Who the head is depends on who came first. */
void tenant_member_load(struct tenant_member *m, const struct tenant_rule *r, struct cursor *c) {
    uint8_t has_cell = cursor_u8(c);
    if (has_cell > 1 || (has_cell && !has_parts(r->objective)))
        cursor_fail(c);
    cell_free(m->cell);
    m->cell = has_cell && !c->failed ? part_new(r) : NULL;
    if (m->cell)
        cell_load(m->cell, c);
}

void tenant_members_take_over(struct tenant_rule *r, const struct tenant_rule *from,
                              int64_t step_at) {
    for (size_t i = 0; i < from->members.count; i++) {
        const struct tenant_member *was = from->members.items[i];
        struct tenant_member *member = add(&r->members, was->leaf, was->cell ? part_new(r) : NULL);
        if (!was->cell)
            continue;
        cell_advance(was->cell, step_at);
        cell_take_over(member->cell, was->cell);
    }
}

static void sum_part(const struct cell *cell, const struct tenant_rule *r, const struct contract *c,
                     int64_t from_at, int64_t to_at, struct cell_sums *sums) {
    unsigned window = r->objective->window;
    bool period = objective_window_is_period(window) &&
                  from_at == objective_window_start(c, window, to_at);
    if (period)
        cell_period_part(cell, objective_window_period(window), from_at, to_at, sums);
    else
        cell_range(cell, from_at, to_at, sums);
}

/* What is missing to the target, in cases or in what the mean is of; below 0 there is more. */
static double lack_of(const struct tenant_rule *r, const struct contract *c,
                      const struct cell *cell, int64_t from_at, int64_t to_at) {
    const struct objective *o = r->objective;
    struct cell_sums sums;
    struct figure f;
    cell_sums_init(&sums, &cell->shape);
    sum_part(cell, r, c, from_at, to_at, &sums);
    cell_figure(&sums, o->metric, o->attribution, o->variant, 0, &f);
    cell_sums_deinit(&sums);
    double lack = o->target * (double)f.denominator - (double)f.numerator;
    return o->at_least ? lack : -lack;
}

/* By member; the head has what the others leave. */
static double *lacks_of(const struct tenant_rule *r, const struct contract *c, int64_t from_at,
                        int64_t to_at) {
    const struct tenant_members *m = &r->members;
    double *lacks = calloc(m->count + 1, sizeof(*lacks));
    CHECK(lacks);
    double rest = lack_of(r, c, r->cell, from_at, to_at);
    for (size_t i = 0; i < m->count; i++) {
        if (!m->items[i]->cell)
            continue;
        cell_advance(m->items[i]->cell, r->cell->at);
        lacks[i] = lack_of(r, c, m->items[i]->cell, from_at, to_at);
        rest -= lacks[i];
    }
    for (size_t i = 0; i < m->count; i++) {
        if (!m->items[i]->cell)
            lacks[i] = rest;
    }
    return lacks;
}

struct value {
    struct slice name;
    double lack;
};

static int by_name(const void *a, const void *b) {
    return slice_compare(((const struct value *)a)->name, ((const struct value *)b)->name);
}

static int by_lack(const void *a, const void *b) {
    const struct value *x = a, *y = b;
    if (x->lack != y->lack)
        return x->lack > y->lack ? -1 : 1;
    return slice_compare(x->name, y->name);
}

/* The reason comes after the dimensions of scopes, of which agents are none of a leaf's. */
#define REASON SCOPE_AGENT

static struct slice value_in(const struct leaf *leaf, unsigned dimension) {
    return dimension == REASON ? leaf->reason
                               : scope_of_leaf(leaf, SCOPE_BIT(dimension)).values[dimension];
}

/* The values of one dimension with what each lacks, largest first; returns how many there are. */
static size_t values_of(const struct tenant_members *m, unsigned dimension, const double *lacks,
                        struct value *values) {
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++)
        values[i] = (struct value){value_in(&m->items[i]->leaf->leaf, dimension), lacks[i]};
    qsort(values, m->count, sizeof(*values), by_name);
    for (size_t i = 0; i < m->count; i++) {
        if (count > 0 && slice_equal(values[count - 1].name, values[i].name))
            values[count - 1].lack += values[i].lack;
        else
            values[count++] = values[i];
    }
    qsort(values, count, sizeof(*values), by_lack);
    return count;
}

/* Before the smaller ones; what does not fit is left out. */
static void insert(struct alert *a, struct slice dimension, struct slice value, double share) {
    size_t at = a->contributor_count;
    while (at > 0 && a->contributors[at - 1].share < share)
        at--;
    if (at == ALERT_CONTRIBUTORS_MAX)
        return;
    size_t kept = a->contributor_count < ALERT_CONTRIBUTORS_MAX ? a->contributor_count
                                                                : ALERT_CONTRIBUTORS_MAX - 1;
    memmove(&a->contributors[at + 1], &a->contributors[at],
            (kept - at) * sizeof(a->contributors[0]));
    a->contributors[at] = (struct alert_contributor){dimension, value, share};
    a->contributor_count = kept + 1;
}

static const char *dimension_name(unsigned d) {
#define NAME(symbol, name) name,
    static const char *const names[] = {SCOPE_DIMENSIONS(NAME)};
    return d == REASON ? "reason" : names[d];
}

/* Those that do better than they must drive nothing, and a dimension of one value says nothing. */
static void contribute(struct alert *a, unsigned dimension, const struct value *values,
                       size_t count) {
    double all = 0;
    for (size_t i = 0; i < count; i++)
        all += values[i].lack > 0 ? values[i].lack : 0;
    for (size_t i = 0; count > 1 && i < count && i < EACH_DIMENSION_MAX && values[i].lack > 0;
         i++) {
        if (values[i].name.size > 0)
            insert(a, slice_of(dimension_name(dimension)), values[i].name, values[i].lack / all);
    }
}

void tenant_members_contribute(const struct tenant_rule *r, const struct judge_context *ctx,
                               int64_t from_at, int64_t to_at, struct alert *alert) {
    const struct tenant_members *m = &r->members;
    if (m->count < 2 || !has_parts(r->objective))
        return;
    double *lacks = lacks_of(r, ctx->contract, from_at, to_at);
    struct value *values = calloc(m->count, sizeof(*values));
    CHECK(values);
    for (unsigned d = 0; d <= REASON; d++) {
        if (d == REASON || !(r->objective->per & SCOPE_BIT(d)))
            contribute(alert, d, values, values_of(m, d, lacks, values));
    }
    free(values);
    free(lacks);
}
