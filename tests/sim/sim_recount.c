#include <stdlib.h>

#include "base/check.h"
#include "base/cursor.h"
#include "core/delta.h"
#include "sim_oracle.h"

static size_t leaf_of(const struct report_leaf *names) {
    for (size_t i = 0; i < SIM_LEAVES; i++)
        if (slice_equal(sim_load_tenant(i), names->tenant) &&
            slice_equal(sim_load_site(i), names->site) &&
            slice_equal(sim_load_queue(i), names->queue))
            return i;
    return SIM_LEAVES;
}

static void add_row(struct sim_recount *r, const struct report *report,
                    const struct report_row *row) {
    size_t leaf = leaf_of(&report->leaves[row->leaf]);
    int64_t pane = (row->pane_at - SIM_PANES_FROM) / DELTA_PANE_MS;
    if (leaf == SIM_LEAVES || pane < 0 || pane >= SIM_PANES) {
        r->strangers++;
        return;
    }
    for (uint32_t k = 0; k < row->count_count; k++) {
        const struct report_count *c = &report->counts[row->first_count + k];
        r->counters[leaf][pane][c->counter] += c->value;
    }
    for (uint32_t k = 0; k < row->level_count; k++) {
        const struct report_level *l = &report->levels[row->first_level + k];
        if (l->threshold_ms == sim_load_target_ms(sim_load_tenant(leaf)))
            r->levels[leaf][pane][l->attribution][l->counter] += l->value;
    }
}

void sim_recount_add(struct sim_recount *r, const struct report *report) {
    for (size_t i = 0; i < report->row_count; i++)
        add_row(r, report, &report->rows[i]);
}

static void compare_pane(const struct sim_recount *r, struct sim_world *w, size_t leaf,
                         size_t pane) {
    const struct sim_truth *t = &w->load.truth;
    long long at = (long long)(SIM_PANES_FROM - SIM_START + (int64_t)pane * DELTA_PANE_MS);
    for (enum counter c = 0; c < COUNTER_SOURCE_COUNT; c++)
        if (r->counters[leaf][pane][c] != t->counters[leaf][pane][c])
            sim_world_violation(w,
                                "recount: %s of %.*s/%.*s/%.*s in the pane of %lld ms is %lld, in "
                                "truth %lld",
                                counter_name(c), SLICE_ARG(sim_load_tenant(leaf)),
                                SLICE_ARG(sim_load_site(leaf)), SLICE_ARG(sim_load_queue(leaf)), at,
                                (long long)r->counters[leaf][pane][c],
                                (long long)t->counters[leaf][pane][c]);
    if (memcmp(r->levels[leaf][pane], t->levels[leaf][pane], sizeof r->levels[leaf][pane]) != 0)
        sim_world_violation(w, "recount: service levels of %.*s/%.*s/%.*s in the pane of %lld ms",
                            SLICE_ARG(sim_load_tenant(leaf)), SLICE_ARG(sim_load_site(leaf)),
                            SLICE_ARG(sim_load_queue(leaf)), at);
}

void sim_recount_compare(const struct sim_recount *r, struct sim_world *w) {
    if (r->strangers)
        sim_world_violation(w, "recount: %llu rows of nothing in the story",
                            (unsigned long long)r->strangers);
    for (size_t leaf = 0; leaf < SIM_LEAVES; leaf++)
        for (size_t pane = 0; pane < SIM_PANES; pane++)
            compare_pane(r, w, leaf, pane);
}

/* One episode as a reader of the topic sees it. */
struct episode {
    struct slice id, key;
    int64_t seq;
    uint8_t last; /* enum transition */
    uint8_t kind; /* enum alert_kind */
};

struct episodes {
    struct episode *items;
    size_t count, capacity;
};

static bool is_end(uint8_t transition) {
    return transition == TRANSITION_RESOLVED || transition == TRANSITION_EXPIRED ||
           transition == TRANSITION_VOIDED;
}

static struct episode *find(struct episodes *all, struct slice id) {
    for (size_t i = 0; i < all->count; i++)
        if (slice_equal(all->items[i].id, id))
            return &all->items[i];
    return NULL;
}

static struct episode *open_one(struct sim_world *w, struct episodes *all, struct slice id,
                                struct slice key) {
    for (size_t i = 0; i < all->count; i++)
        if (slice_equal(all->items[i].key, key) && !is_end(all->items[i].last))
            sim_world_violation(w, "two episodes of %.*s are open", SLICE_ARG(key));
    if (all->count == all->capacity) {
        all->capacity = all->capacity ? all->capacity * 2 : 64;
        all->items = realloc(all->items, all->capacity * sizeof *all->items);
        CHECK(all->items);
    }
    all->items[all->count] = (struct episode){.id = id, .key = key};
    return &all->items[all->count++];
}

/* The first fields of an Alert, in the order of its schema, read by hand. */
static void take_alert(struct sim_world *w, struct episodes *all, struct slice value) {
    struct cursor c = cursor_of((struct slice){value.at + 5, value.size - 5});
    struct slice id = cursor_bytes(&c, (size_t)cursor_zigzag(&c));
    struct slice key = cursor_bytes(&c, (size_t)cursor_zigzag(&c));
    int64_t seq = cursor_zigzag(&c);
    uint8_t transition = (uint8_t)cursor_zigzag(&c), kind = (uint8_t)cursor_zigzag(&c);
    struct episode *e = find(all, id);
    if (!e)
        e = open_one(w, all, id, key);
    /* A task that lost the records since its snapshot may say again what it had said. */
    if (w->has_gap && seq == 1 && is_end(e->last))
        e->seq = 0;
    if (seq != e->seq + 1)
        sim_world_violation(w, "%.*s: %s has the number %lld after %lld", SLICE_ARG(key),
                            transition_name((enum transition)transition), (long long)seq,
                            (long long)e->seq);
    else if (seq > 1 && is_end(e->last))
        sim_world_violation(w, "%.*s: %s after its end", SLICE_ARG(key),
                            transition_name((enum transition)transition));
    else if ((seq == 1) != (transition == TRANSITION_FIRING))
        sim_world_violation(w, "%.*s: %s is number %lld", SLICE_ARG(key),
                            transition_name((enum transition)transition), (long long)seq);
    e->seq = seq;
    e->last = transition;
    e->kind = kind;
}

/* "acme|acme|answer|item_breach|SCOPE|c12|2": the call and its visit; false for other alerts. */
static bool place_of(struct slice key, unsigned *call, unsigned *visit) {
    const char *end = key.at + key.size, *at = end;
    int bars = 0;
    while (at > key.at && bars < 2)
        bars += *--at == '|';
    if (bars < 2 || at + 2 >= end || at[1] != 'c')
        return false;
    char *stop;
    *call = (unsigned)strtoul(at + 2, &stop, 10);
    *visit = (unsigned)strtoul(stop + 1, NULL, 10);
    return true;
}

/* An item's breach is told when it is true, and in the end as it is. What was told too early, and
 * was over before the event that proves it wrong, cannot be voided any more: a breach with disorder
 * only, a warning besides where a breach took its place. */
static void compare_item(struct sim_world *w, const struct episode *e,
                         bool told[SIM_CALLS_MAX][SIM_VISITS_MAX + 1]) {
    unsigned call, visit;
    bool breach = e->kind == ALERT_ITEM_BREACH;
    if ((!breach && e->kind != ALERT_ITEM_AT_RISK) || !place_of(e->key, &call, &visit))
        return;
    if (call >= SIM_CALLS_MAX || visit > SIM_VISITS_MAX) {
        sim_world_violation(w, "an alert of no call: %.*s", SLICE_ARG(e->key));
        return;
    }
    const struct sim_verdict *v = &w->load.truth.verdicts[call][visit];
    bool is_true = breach ? v->breached : v->at_risk;
    bool open = breach ? !v->ended : !v->ended && !v->breached;
    if (e->last == TRANSITION_VOIDED)
        return;
    bool too_early = e->last == TRANSITION_RESOLVED && (w->load.disorder || !breach);
    if (!is_true && too_early)
        return;
    if (!is_true)
        sim_world_violation(w, "%.*s is %s and never was", SLICE_ARG(e->key),
                            transition_name((enum transition)e->last));
    else if (is_end(e->last) == open)
        sim_world_violation(w, "%.*s is %s in the end, but the wait is %s", SLICE_ARG(e->key),
                            transition_name((enum transition)e->last), open ? "on" : "over");
    if (breach)
        told[call][visit] = true;
}

static void compare_items(struct sim_world *w, const struct episodes *all) {
    bool told[SIM_CALLS_MAX][SIM_VISITS_MAX + 1] = {0};
    for (size_t i = 0; i < all->count; i++)
        compare_item(w, &all->items[i], told);
    for (unsigned call = 0; call < SIM_CALLS_MAX; call++)
        for (unsigned visit = 1; visit <= SIM_VISITS_MAX; visit++)
            if (w->load.truth.verdicts[call][visit].breached && !told[call][visit])
                sim_world_violation(w, "the breach of call %u, visit %u, was never told", call,
                                    visit);
}

void sim_recount_episodes(struct sim_world *w, uint64_t open) {
    struct episodes all = {0};
    for (int topic = OUTPUT_ALERTS_SLA; topic <= OUTPUT_ALERTS_OPERATIONS; topic++) {
        struct sim_log *log = sim_broker_output(&w->parts.broker, (enum epoch_topic)topic);
        for (size_t i = 0; i < log->count; i++) {
            const struct sim_record *r = sim_broker_read(&w->parts.broker, log, i);
            if (r)
                take_alert(w, &all, r->value);
        }
    }
    if (!w->has_gap)
        compare_items(w, &all);
    for (size_t i = 0; i < all.count; i++)
        open -= !is_end(all.items[i].last);
    if (open)
        sim_world_violation(w, "the tasks count %lld more open episodes than the topics",
                            (long long)open);
    free(all.items);
}

void sim_recount_letters(struct sim_world *w) {
    struct sim_log *log = sim_broker_output(&w->parts.broker, OUTPUT_DEAD_LETTERS);
    uint64_t count = 0;
    for (size_t i = 0; i < log->count; i++)
        count += sim_broker_read(&w->parts.broker, log, i) != NULL;
    if (count != w->junk_count)
        sim_world_violation(w, "%llu dead letters, but %llu records were none of ours",
                            (unsigned long long)count, (unsigned long long)w->junk_count);
}
