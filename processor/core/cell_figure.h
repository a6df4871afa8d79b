/* Figures out of sums, and the names under which they are published. */
#pragma once

#include "core/cell_sums.h"
#include "core/metric.h"

/* One published figure of a scope. */
struct cell_field {
    struct slice name;    /* "asa_ms", "arrival.service_level.removed_within" */
    struct slice formula; /* the variant of a service level, else the metric; empty when plain */
    enum metric metric;
    enum attribution attribution;
    enum level_variant variant; /* VARIANT_COUNT: the variant of the scope's plain service level */
};

/* What every scope has, in a fixed order: each metric, the plain service level and its variants at
 * the plain threshold, and the arrival forms. */
size_t cell_field_count(void);
const struct cell_field *cell_field_at(size_t index);

/* The figure of one metric; `threshold` is an index in the shape's list, used by levels alone. */
void cell_figure(const struct cell_sums *s, enum metric metric, enum attribution attribution,
                 enum level_variant variant, size_t threshold, struct figure *figure);

/* A numerator that is counted in so many parts each, in whole ones. */
int64_t cell_figure_whole(int64_t numerator, int32_t fineness);

/* Adds to `s` what the metric needs: counters, histograms, and for levels the threshold with what
 * this variant counts; VARIANT_COUNT: what any of them does, by either attribution. */
void cell_figure_needs(struct cell_shape *s, enum metric metric, enum attribution attribution,
                       enum level_variant variant, int64_t threshold_ms);

/* "service_level.answered_only.within_20000" with "arrival." before it, appended. */
void cell_level_name(struct buf *b, enum attribution attribution, enum level_variant variant,
                     int64_t within_ms);
