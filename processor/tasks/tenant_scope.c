#include "tasks/tenant_scope.h"

#include <stdlib.h>

#include "base/check.h"

struct scope tenant_scope_copy(const struct scope *s) {
    size_t size = 1;
    for (size_t d = 0; d < SCOPE_DIMENSION_COUNT; d++)
        size += s->values[d].size;
    char *place = malloc(size);
    CHECK(place);
    struct scope copy = {.mask = s->mask};
    /* The block begins with the first value, so that is how it is found again. */
    for (size_t d = 0; d < SCOPE_DIMENSION_COUNT; d++) {
        copy.values[d] = (struct slice){place, s->values[d].size};
        if (s->values[d].size > 0)
            memcpy(place, s->values[d].at, s->values[d].size);
        place += s->values[d].size;
    }
    return copy;
}

void tenant_scope_free_values(struct scope *s) {
    free((void *)(uintptr_t)s->values[0].at);
    *s = (struct scope){0};
}

int64_t tenant_scope_within_ms(const struct contract *contract, const struct scope *scope,
                               const struct objective *objective) {
    int64_t within_ms = objective->within_ms;
    enum level_variant variant;
    if (within_ms == 0)
        contract_plain_level(contract, scope, &within_ms, &variant);
    return within_ms;
}

static bool is_level_here(const struct objective *o, const struct scope *scope) {
    return o->metric == METRIC_SERVICE_LEVEL && match_covers_scope(&o->when, scope);
}

static void add_level(struct tenant_scope *s, enum level_variant variant, int64_t within_ms) {
    size_t threshold = cell_shape_threshold(&s->cell->shape, within_ms);
    if (threshold == s->cell->shape.threshold_count)
        return;
    for (size_t i = 0; i < s->level_count; i++) {
        if (s->levels[i].variant == variant && s->levels[i].threshold == threshold)
            return;
    }
    s->levels = realloc(s->levels, (s->level_count + 1) * sizeof(*s->levels));
    CHECK(s->levels);
    struct tenant_level *l = &s->levels[s->level_count++];
    *l = (struct tenant_level){.variant = variant, .threshold = threshold};
    struct buf name;
    buf_init(&name);
    for (unsigned a = 0; a < ATTRIBUTION_COUNT; a++) {
        buf_reset(&name);
        cell_level_name(&name, (enum attribution)a, variant, within_ms);
        l->names[a] = slice_copy(buf_slice(&name));
    }
    buf_deinit(&name);
}

/* Of the version that follows too: it counts what is known of them from its first step on. */
static void add_thresholds(struct cell_shape *shape, const struct contract *contract,
                           const struct scope *scope) {
    for (size_t i = 0; i < contract->objective_count; i++) {
        const struct objective *o = &contract->objectives[i];
        if (is_level_here(o, scope))
            cell_figure_needs(shape, METRIC_SERVICE_LEVEL, BY_EVENT, VARIANT_COUNT,
                              tenant_scope_within_ms(contract, scope, o));
    }
    const struct contract *next = contract->next;
    if (!next)
        return;
    int64_t plain_ms;
    enum level_variant variant;
    contract_plain_level(next, scope, &plain_ms, &variant);
    cell_figure_needs(shape, METRIC_SERVICE_LEVEL, BY_EVENT, VARIANT_COUNT, plain_ms);
    for (size_t i = 0; i < next->objective_count; i++) {
        const struct objective *o = &next->objectives[i];
        if (is_level_here(o, scope))
            cell_figure_needs(shape, METRIC_SERVICE_LEVEL, BY_EVENT, VARIANT_COUNT,
                              tenant_scope_within_ms(next, scope, o));
    }
}

/* Everything, in all windows; panes for as long as late events may correct a closed hour, which
 * can be two where the clocks change. */
static struct cell_shape shape_of(const struct contract *contract, const struct scope *scope,
                                  int64_t plain_ms, int64_t lateness_ms) {
    struct cell_shape shape = {.window_count = WINDOW_COUNT,
                               .fine_ms = 30 * MINUTE_MS,
                               .minute_ms = 4 * HOUR_MS,
                               .keep_ms = lateness_ms + 2 * HOUR_MS,
                               .zone = &contract->zone,
                               .week_starts = contract->week_starts,
                               .lateness_ms = lateness_ms,
                               .counters = CELL_ALL_COUNTERS,
                               .histograms = CELL_ALL_HISTOGRAMS,
                               .levels = CELL_ALL_LEVELS,
                               .threshold_count = 1,
                               .thresholds_ms = {plain_ms}};
    for (unsigned w = 0; w < WINDOW_COUNT; w++) {
        const struct window_spec *spec = window_spec((enum window_id)w);
        shape.windows[w] = (struct cell_span){spec->length_ms, spec->step_ms};
        if (shape.keep_ms < spec->length_ms)
            shape.keep_ms = spec->length_ms;
    }
    add_thresholds(&shape, contract, scope);
    return shape;
}

struct tenant_scope *tenant_scope_new(const struct contract *contract, const struct scope *scope,
                                      int64_t lateness_ms, struct cell_scratch *scratch) {
    struct tenant_scope *s = calloc(1, sizeof(*s));
    CHECK(s);
    s->scope = tenant_scope_copy(scope);
    int64_t plain_ms;
    contract_plain_level(contract, scope, &plain_ms, &s->plain_variant);
    struct cell_shape shape = shape_of(contract, scope, plain_ms, lateness_ms);
    s->cell = cell_new(&shape, scratch);
    s->minute_from_at = s->minute_told_at = INSTANT_NONE;
    s->next.oldest_waiting_at = s->next.oldest_open_at = INSTANT_NONE;
    bool first = true;
    for (size_t i = 0; i < contract->objective_count; i++) {
        const struct objective *o = &contract->objectives[i];
        if (!is_level_here(o, scope))
            continue;
        if (!first)
            add_level(s, o->variant, tenant_scope_within_ms(contract, scope, o));
        first = false;
    }
    return s;
}

void tenant_scope_free(struct tenant_scope *s) {
    if (!s)
        return;
    for (size_t i = 0; i < s->level_count; i++) {
        for (size_t a = 0; a < ATTRIBUTION_COUNT; a++)
            free((void *)(uintptr_t)s->levels[i].names[a].at);
    }
    free(s->levels);
    free(s->wanted);
    free(s->closes);
    cell_free(s->cell);
    tenant_scope_free_values(&s->scope);
    free(s);
}

size_t tenant_scope_fields(const struct tenant_scope *s) {
    return cell_field_count() + s->level_count * ATTRIBUTION_COUNT;
}

void tenant_scope_field(const struct tenant_scope *s, size_t index, struct tenant_field *field) {
    if (index < cell_field_count()) {
        const struct cell_field *f = cell_field_at(index);
        *field = (struct tenant_field){f->name,        f->formula, f->metric,
                                       f->attribution, f->variant, 0};
        if (f->variant == VARIANT_COUNT) {
            field->variant = s->plain_variant;
            if (f->metric == METRIC_SERVICE_LEVEL)
                field->formula = slice_of(level_variant_name(s->plain_variant));
        }
        return;
    }
    index -= cell_field_count();
    const struct tenant_level *l = &s->levels[index / ATTRIBUTION_COUNT];
    unsigned a = (unsigned)(index % ATTRIBUTION_COUNT);
    *field = (struct tenant_field){.name = l->names[a],
                                   .formula = slice_of(level_variant_name(l->variant)),
                                   .metric = METRIC_SERVICE_LEVEL,
                                   .attribution = (enum attribution)a,
                                   .variant = l->variant,
                                   .threshold = l->threshold};
}

void tenant_scope_figure(const struct cell_sums *sums, const struct tenant_field *field,
                         struct figure *figure) {
    cell_figure(sums, field->metric, field->attribution, field->variant, field->threshold, figure);
}

static const struct objective *first_level(const struct contract *contract,
                                           const struct scope *scope) {
    for (size_t i = 0; i < contract->objective_count; i++) {
        if (is_level_here(&contract->objectives[i], scope))
            return &contract->objectives[i];
    }
    return NULL;
}

size_t tenant_scope_objective(const struct tenant_scope *s, const struct contract *contract,
                              const struct objective *objective) {
    bool plain = objective->metric != METRIC_SERVICE_LEVEL ||
                 first_level(contract, &s->scope) == objective;
    size_t threshold = cell_shape_threshold(&s->cell->shape,
                                            tenant_scope_within_ms(contract, &s->scope, objective));
    for (size_t i = plain ? 0 : cell_field_count(); i < tenant_scope_fields(s); i++) {
        struct tenant_field f;
        tenant_scope_field(s, i, &f);
        if (f.metric != objective->metric || f.attribution != objective->attribution)
            continue;
        if (plain || (f.variant == objective->variant && f.threshold == threshold))
            return i;
    }
    return tenant_scope_fields(s); /* more thresholds than a scope counts */
}

bool tenant_scope_wants(const struct tenant_scope *s, size_t field) {
    for (size_t i = 0; i < s->wanted_count; i++) {
        if (s->wanted[i] == field)
            return true;
    }
    return false;
}

void tenant_scope_want(struct tenant_scope *s, size_t field) {
    if (tenant_scope_wants(s, field))
        return;
    s->wanted = realloc(s->wanted, (s->wanted_count + 1) * sizeof(*s->wanted));
    CHECK(s->wanted);
    s->wanted[s->wanted_count++] = field;
}

static int compare_close(const struct tenant_close *a, int64_t end_at, unsigned window) {
    if (a->end_at != end_at)
        return a->end_at < end_at ? -1 : 1;
    return (a->window > window) - (a->window < window);
}

/* How many closes are not after this one: nearly always all. */
static size_t closes_until(const struct tenant_scope *s, int64_t end_at, unsigned window) {
    size_t count = s->close_count;
    while (count > 0 && compare_close(&s->closes[count - 1], end_at, window) > 0)
        count--;
    return count;
}

const struct tenant_close *tenant_scope_find_close(const struct tenant_scope *s, int64_t end_at,
                                                   unsigned window) {
    size_t count = closes_until(s, end_at, window);
    bool found = count > 0 && compare_close(&s->closes[count - 1], end_at, window) == 0;
    return found ? &s->closes[count - 1] : NULL;
}

struct tenant_close *tenant_scope_close(struct tenant_scope *s, int64_t end_at, unsigned window) {
    size_t at = closes_until(s, end_at, window);
    if (at > 0 && compare_close(&s->closes[at - 1], end_at, window) == 0)
        return &s->closes[at - 1];
    if (s->close_count == s->close_capacity) {
        s->close_capacity = s->close_capacity == 0 ? 16 : s->close_capacity * 2;
        s->closes = realloc(s->closes, s->close_capacity * sizeof(*s->closes));
        CHECK(s->closes);
    }
    memmove(&s->closes[at + 1], &s->closes[at], (s->close_count - at) * sizeof(*s->closes));
    s->close_count++;
    s->closes[at] = (struct tenant_close){
        .end_at = end_at, .revision = -1, .window = (uint8_t)window};
    return &s->closes[at];
}
