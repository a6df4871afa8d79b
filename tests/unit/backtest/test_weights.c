/* Are a formula's weights the formula? Random rows of every metric, by cells and by weights. */
#include "base/property.h"

#include "backtest/weights.h"
#include "core/cell.h"
#include "core/cell_figure.h"
#include "core/sums_put.h"

#define ROWS 40
#define COUNTS_MAX 12
#define LEVELS_MAX 12
#define WITHIN_MS 20000

struct scene {
    struct report_count counts[COUNTS_MAX];
    struct report_level levels[LEVELS_MAX];
    struct report report;
    struct report_row row;
};

static void fill(struct scene *s, struct rng *r) {
    *s = (struct scene){.row = {.count_count = (uint32_t)rng_below(r, COUNTS_MAX),
                                .level_count = (uint32_t)rng_below(r, LEVELS_MAX)}};
    for (uint32_t i = 0; i < s->row.count_count; i++)
        s->counts[i] = (struct report_count){(uint8_t)rng_below(r, COUNTER_COUNT),
                                             (int64_t)rng_below(r, 9000) - 3000};
    for (uint32_t i = 0; i < s->row.level_count; i++)
        s->levels[i] = (struct report_level){
            (uint8_t)rng_below(r, ATTRIBUTION_COUNT), (uint8_t)rng_below(r, LEVEL_COUNT),
            rng_below(r, 3) == 0 ? 30000 : WITHIN_MS, (int64_t)rng_below(r, 9) - 3};
    s->report.counts = s->counts;
    s->report.levels = s->levels;
}

static struct weight by_cells(const struct objective *o, const struct cell_shape *shape,
                              const struct scene *s) {
    struct pane_scratch scratch;
    struct cell_sums sums;
    struct figure f;
    pane_scratch_init(&scratch);
    cell_sums_init(&sums, shape);
    size_t count = cell_row_entries(shape, &s->report, &s->row, &scratch);
    for (size_t i = 0; i < count; i++)
        sums_put(&sums, scratch.entries[i].key, scratch.entries[i].value);
    cell_figure(&sums, o->metric, o->attribution, o->variant, 0, &f);
    cell_sums_deinit(&sums);
    pane_scratch_deinit(&scratch);
    if (metric_parts(o->metric, o->attribution)->form == FORM_COUNT)
        return (struct weight){(int64_t)f.value, 0};
    return (struct weight){f.numerator, f.denominator};
}

/* What the variant does not count makes no difference to it. */
static void compare(const struct objective *o, uint64_t seed) {
    struct cell_shape shape = {0}, wide = {0};
    cell_figure_needs(&shape, o->metric, o->attribution, o->variant, WITHIN_MS);
    cell_figure_needs(&wide, o->metric, o->attribution, VARIANT_COUNT, WITHIN_MS);
    struct weights weights;
    struct cell_sums sums;
    cell_sums_init(&sums, &(struct cell_shape){.threshold_count = 1});
    weights_init(&weights, o, &shape, &sums);
    REQUIRE(seed, !cell_sums_any(&sums));
    cell_sums_deinit(&sums);
    struct rng rng;
    rng_init(&rng, seed);
    for (int i = 0; i < ROWS; i++) {
        struct scene scene;
        fill(&scene, &rng);
        struct weight expected = by_cells(o, &wide, &scene);
        struct weight narrow = by_cells(o, &shape, &scene);
        struct weight sum = weights_row(&weights, &scene.report, &scene.row);
        REQUIRE(seed, narrow.over == expected.over && narrow.under == expected.under);
        REQUIRE(seed, sum.over == expected.over && sum.under == expected.under);
    }
}

static void a_row_weighs_what_its_figure_has(void **state) {
    (void)state;
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        for (unsigned a = 0; a < ATTRIBUTION_COUNT; a++) {
            const struct metric_parts *parts = metric_parts((enum metric)m, (enum attribution)a);
            if (!parts || parts->form == FORM_QUANTILE || parts->form == FORM_GAUGE)
                continue;
            for (unsigned v = 0; v < VARIANT_COUNT; v++)
                compare(&(struct objective){.metric = (enum metric)m,
                                            .attribution = (enum attribution)a,
                                            .variant = (enum level_variant)v},
                        property_first_seed() + m * 100 + v);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_weighs_what_its_figure_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
