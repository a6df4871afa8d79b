/* One scope that has a view: its cell, the figures published of it, and its closed windows. */
#pragma once

#include "core/cell.h"
#include "core/cell_figure.h"
#include "core/contract.h"
#include "core/view.h"

/* A service level by an objective that is not the scope's first. */
struct tenant_level {
    struct slice names[ATTRIBUTION_COUNT]; /* owned */
    enum level_variant variant;
    size_t threshold; /* in the cell's shape */
};

/* An aligned window or a period that was published and may still change, or has changed since. */
struct tenant_close {
    int64_t end_at;
    uint64_t dirty;   /* bits of 1 << enum metric: changed since it was published */
    int32_t revision; /* of what was published; -1: nothing was */
    uint8_t window;   /* enum window_id, or WINDOW_COUNT + enum period */
};

struct tenant_scope {
    struct scope scope; /* values owned, in one block */
    struct cell *cell;
    enum level_variant plain_variant; /* its threshold is the first in the shape */
    struct tenant_level *levels;
    size_t level_count;
    size_t *wanted; /* fields of the objectives that are judged here */
    size_t wanted_count;
    struct tenant_close *closes; /* by end, then window */
    size_t close_count, close_capacity;
    bool late; /* some close is dirty */

    /* What is below is no part of the state: what the view was told last. */
    bool shown;
    bool owed; /* all of it is still to be shown: the view was full */
    double completeness[WINDOW_COUNT];
    struct view_now now;
    struct view_now next;   /* being put together */
    int64_t minute_from_at; /* minutes from here on were not shown as they are */
    int64_t minute_told_at; /* minutes before this were shown */
};

/* A figure's definition in one scope; `index` runs below tenant_scope_fields. */
struct tenant_field {
    struct slice name, formula;
    enum metric metric;
    enum attribution attribution;
    enum level_variant variant;
    size_t threshold;
};

/* A copy whose values lie in one block, freed by tenant_scope_free_values. */
struct scope tenant_scope_copy(const struct scope *s);
void tenant_scope_free_values(struct scope *s);

struct tenant_scope *tenant_scope_new(const struct contract *contract, const struct scope *scope,
                                      int64_t lateness_ms, struct cell_scratch *scratch);
void tenant_scope_free(struct tenant_scope *s);

size_t tenant_scope_fields(const struct tenant_scope *s);
void tenant_scope_field(const struct tenant_scope *s, size_t index, struct tenant_field *field);
void tenant_scope_figure(const struct cell_sums *sums, const struct tenant_field *field,
                         struct figure *figure);

/* Index of the field under which an objective is published here: plain for the first that covers
 * the scope, with its threshold for others; tenant_scope_fields when it is not counted here. */
size_t tenant_scope_objective(const struct tenant_scope *s, const struct contract *contract,
                              const struct objective *objective);

/* From now on this field is published with `publish: objectives` too. */
void tenant_scope_want(struct tenant_scope *s, size_t field);
bool tenant_scope_wants(const struct tenant_scope *s, size_t field);

/* T of an objective in a scope. */
int64_t tenant_scope_within_ms(const struct contract *contract, const struct scope *scope,
                               const struct objective *objective);

/* The close of this window, made (unpublished, clean) when missing. */
struct tenant_close *tenant_scope_close(struct tenant_scope *s, int64_t end_at, unsigned window);

/* The close of this window, or NULL. */
const struct tenant_close *tenant_scope_find_close(const struct tenant_scope *s, int64_t end_at,
                                                   unsigned window);
