#include "tasks/tenant_rows.h"

#include "core/delta.h"
#include "tasks/tenant_ahead.h"
#include "tasks/tenant_kpi.h"

/* Its packed entries stand in t->packed, and unpacked in the scratch; returns how many. */
static size_t pack_row(struct tenant_task *t, const struct cell_shape *shape,
                       const struct report *report, const struct report_row *row) {
    size_t count = cell_row_entries(shape, report, row, &t->scratch.panes);
    buf_reset(&t->packed);
    pane_pack(t->scratch.panes.entries, count, &t->packed);
    return count;
}

static bool same_thresholds(const struct cell_shape *a, const struct cell_shape *b) {
    return a->threshold_count == b->threshold_count &&
           memcmp(a->thresholds_ms, b->thresholds_ms,
                  a->threshold_count * sizeof(*a->thresholds_ms)) == 0;
}

/* Scopes keep the same of a row, unless they count other thresholds. */
static bool add_to_scopes(struct tenant_task *t, struct tenant_leaf *leaf,
                          const struct report *report, const struct report_row *row) {
    const struct cell_shape *packed_for = NULL;
    struct tenant_touched touched = {0};
    bool late = t->step_at != INSTANT_NONE && row->pane_at < t->step_at;
    bool kept = true;
    for (size_t i = 0; i < leaf->scopes.count; i++) {
        struct tenant_scope *s = leaf->scopes.items[i];
        if (!packed_for || !same_thresholds(packed_for, &s->cell->shape)) {
            packed_for = &s->cell->shape;
            size_t count = pack_row(t, packed_for, report, row);
            if (late)
                touched = tenant_kpi_touched(t, t->scratch.panes.entries, count);
        }
        kept &= cell_add(s->cell, t->step_at, row->pane_at, buf_slice(&t->packed));
        if (t->packed.size == 0)
            continue;
        if (row->pane_at < s->minute_from_at)
            s->minute_from_at = instant_floor(row->pane_at, MINUTE_MS);
        if (late)
            tenant_kpi_late(t, leaf->tenant, s, row->pane_at, &touched);
    }
    return kept;
}

/* Counts of its metric that its variant does not need: still they say that what an episode opened
 * on is worth another look, for counts that came between its opening and its firing. */
static bool is_of_its_metric(struct tenant_task *t, const struct tenant_rule *r,
                             const struct report *report, const struct report_row *row) {
    const struct objective *o = r->objective;
    struct cell_shape all = r->cell->shape;
    if (!r->state.firing || row->pane_at >= r->state.condition_at)
        return false;
    cell_figure_needs(&all, o->metric, o->attribution, VARIANT_COUNT, all.thresholds_ms[0]);
    return cell_row_entries(&all, report, row, &t->scratch.panes) > 0;
}

void tenant_rows_add(struct tenant_task *t, struct tenant_leaf *leaf, const struct report *report,
                     const struct report_row *row) {
    if (tenant_ahead_hold(leaf, report, row))
        return;
    if (!t->options.judge_only)
        t->counts.late_rows += !add_to_scopes(t, leaf, report, row);

    for (size_t i = 0; i < leaf->rules.count; i++) {
        struct tenant_rule *r = leaf->rules.items[i];
        if (row->pane_at < r->from_at || (pack_row(t, &r->cell->shape, report, row) == 0 &&
                                          !is_of_its_metric(t, r, report, row)))
            continue;
        const struct tenant_member *member = leaf->members.items[i];
        cell_add(r->cell, t->step_at, row->pane_at, buf_slice(&t->packed));
        if (member && member->cell)
            cell_add(member->cell, t->step_at, row->pane_at, buf_slice(&t->packed));
        tenant_rule_begin(r, leaf->tenant->contract, t->step_at, row->pane_at);
        tenant_rule_late(r, row->pane_at);
        t->late |= r->late_from_at != INSTANT_MAX;
        tenant_state_due(leaf->tenant, tenant_rule_hear(r, row->pane_at));
    }
    for (size_t i = 0; i < leaf->demands.count; i++) {
        struct tenant_demand *d = leaf->demands.items[i];
        pack_row(t, &d->cell->shape, report, row);
        cell_add(d->cell, t->step_at, row->pane_at, buf_slice(&t->packed));
    }
    for (size_t i = 0; i < leaf->forecasts.count; i++) {
        struct tenant_forecast *f = leaf->forecasts.items[i];
        if (pack_row(t, &f->cell->shape, report, row) == 0)
            continue;
        cell_add(f->cell, t->step_at, row->pane_at, buf_slice(&t->packed));
        tenant_forecast_touch(t, f, row->pane_at);
    }
}
