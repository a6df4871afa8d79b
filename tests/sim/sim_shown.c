#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "sim_oracle.h"
#include "tasks/tenant_task.h"

/* Fields that say when or by whom, not what. */
static bool is_moment(struct slice name) {
    return slice_equal(name, SLICE("as_of")) || slice_equal(name, SLICE("lag_ms")) ||
           slice_equal(name, SLICE("writer"));
}

/* What stands in the JSON of an alert or an objective before the moments in it: an alert's
 * emitted_at is wall time, and an objective that did not change is not written again. */
static struct slice lasting(struct slice value) {
    static const char *const moments[] = {",\"emitted_at\":", ",\"window_end_at\":"};
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        const char *at = value.size ? memmem(value.at, value.size, moments[i], strlen(moments[i]))
                                    : NULL;
        if (at)
            value.size = (size_t)(at - value.at);
    }
    return value;
}

static bool is_minutes(struct slice key) {
    return key.size > 18 && memcmp(key.at + 9, ":minutes:", 9) == 0;
}

static void compare_entry(struct sim_world *w, const struct sim_redis_entry *should,
                          const struct sim_redis_entry *is, bool back) {
    for (size_t i = 0; i < should->count; i++) {
        struct slice name = should->fields[i].name;
        if (is_moment(name))
            continue;
        bool same_place = is && i < is->count && slice_equal(is->fields[i].name, name);
        struct slice value = same_place ? is->fields[i].value : sim_redis_value(is, name);
        if (value.at && slice_equal(value, should->fields[i].value))
            continue;
        if (!value.at || !slice_equal(lasting(should->fields[i].value), lasting(value))) {
            sim_world_violation(w, "%.*s, field %.*s: %s has %.*s, %s %.*s", SLICE_ARG(should->key),
                                SLICE_ARG(name), back ? "Redis" : "a straight run",
                                SLICE_ARG(should->fields[i].value),
                                back ? "a straight run" : "Redis", value.at ? (int)value.size : 7,
                                value.at ? value.at : "nothing");
            return;
        }
    }
}

void sim_shown_compare(struct sim_world *w, struct sim_straight *runs) {
    struct sim_redis *is = &w->parts.redis, should;
    sim_redis_init(&should);
    struct view_batch *batch = view_batch_new();
    for (int32_t p = 0; p < w->history->settings.partitions[INPUT_TENANT_LOG]; p++) {
        view_batch_begin(batch, true, w->now_at);
        struct view view = view_batch_view(batch, SLICE("straight"));
        tenant_task_show(runs[p].task, true, &view);
        view_batch_seal(batch);
        for (size_t i = 0; i < view_batch_count(batch); i++) {
            struct view_command c = view_batch_at(batch, i);
            struct wire_command read = wire_read(&c);
            sim_redis_apply(&should, 0, 0, &read, 1);
            wire_free(&read);
        }
        view_batch_reset(batch);
    }
    for (size_t i = 0; i < should.count && !*w->violation; i++)
        compare_entry(w, &should.entries[i], sim_redis_find(is, should.entries[i].key), false);
    for (size_t i = 0; i < is->count && !*w->violation; i++)
        if (!is_minutes(is->entries[i].key))
            compare_entry(w, &is->entries[i], sim_redis_find(&should, is->entries[i].key), true);
    view_batch_free(batch);
    sim_redis_deinit(&should);
}

static const struct sim_redis_entry *entry_of(const struct sim_world *w, struct slice tenant,
                                              const char *rest) {
    char key[100];
    snprintf(key, sizeof key, "fw:{%.*s}:%s", SLICE_ARG(tenant), rest);
    return sim_redis_find(&w->parts.redis, slice_of(key));
}

static int64_t number(struct slice text) {
    return text.size ? strtoll(text.at, NULL, 10) : 0; /* what is absent is nothing */
}

/* The newest step that the view's owner had judged. */
static int64_t step_of(const struct sim_world *w, struct slice tenant) {
    struct slice as_of = sim_redis_value(entry_of(w, tenant, "meta"), SLICE("as_of"));
    return number(as_of) / (10 * SECOND_MS) * 10 * SECOND_MS;
}

static void recount_tenant(struct sim_world *w, struct slice tenant) {
    static const enum counter counters[] = {COUNTER_OFFERED, COUNTER_ANSWERED, COUNTER_ABANDONED,
                                            COUNTER_HANDLED, COUNTER_ITEMS_BREACHED};
    const struct sim_redis_entry *shown = entry_of(w, tenant, "kpi:all:30m");
    int64_t step_at = step_of(w, tenant);
    if (!shown || step_at < w->load.last_send_at + SECOND_MS)
        return; /* the last ones may have come after the step */
    for (size_t c = 0; c < sizeof counters / sizeof *counters; c++) {
        int64_t truth = 0;
        for (size_t leaf = 0; leaf < SIM_LEAVES; leaf++)
            for (int64_t pane = 0; pane < SIM_PANES; pane++)
                if (slice_equal(sim_load_tenant(leaf), tenant) &&
                    SIM_PANES_FROM + pane * 10 * SECOND_MS < step_at)
                    truth += w->load.truth.counters[leaf][pane][counters[c]];
        struct slice is = sim_redis_value(shown, slice_of(counter_name(counters[c])));
        if (number(is) != truth)
            sim_world_violation(w, "Redis: %s of %.*s is %.*s, in truth %lld",
                                counter_name(counters[c]), SLICE_ARG(tenant), SLICE_ARG(is),
                                (long long)truth);
    }
}

/* What the calls of one tenant that are of one name come to, added to the sums below. */
static void add_journey(const struct sim_world *w, struct slice tenant, int journey,
                        int64_t step_at, int64_t *sums) {
    const struct sim_part *first = NULL;
    struct sim_part all = {.began_at = 0};
    bool over = true;
    for (unsigned c = 0; c < SIM_CALLS_MAX; c++) {
        const struct sim_part *p = &w->load.truth.parts[c];
        if (p->began_at == 0 || sim_load_journey(c) != journey ||
            !slice_equal(sim_load_tenant(p->leaf), tenant))
            continue;
        if (!first || p->began_at < first->began_at)
            first = p;
        over &= p->ended_at != 0;
        all.ended_at = p->ended_at > all.ended_at ? p->ended_at : all.ended_at;
        all.resolved_at = p->resolved_at > all.resolved_at ? p->resolved_at : all.resolved_at;
        all.visits += p->visits;
        all.wait_ms += p->wait_ms;
        all.legs += p->legs;
        all.handle_ms += p->handle_ms;
        all.transfers += p->transfers;
    }
    if (!first || !over || all.ended_at / (10 * SECOND_MS) * 10 * SECOND_MS >= step_at)
        return;
    const int64_t adds[] = {1,
                            all.wait_ms,
                            all.visits > 0,
                            all.handle_ms,
                            all.legs > 0,
                            all.transfers > 0,
                            all.transfers,
                            all.resolved_at ? all.resolved_at - first->began_at : 0,
                            all.resolved_at != 0};
    for (size_t k = 0; k < sizeof adds / sizeof *adds; k++)
        sums[k] += adds[k];
}

static void recount_journeys(struct sim_world *w, struct slice tenant) {
    static const char *const fields[] = {"journeys",
                                         "journey_wait_ms.n",
                                         "journey_wait_ms.d",
                                         "journey_handle_ms.n",
                                         "journey_handle_ms.d",
                                         "journey_transfer_rate.n",
                                         "journey_transfers",
                                         "journey_resolution_ms.n",
                                         "journey_resolution_ms.d"};
    int64_t sums[sizeof fields / sizeof *fields] = {0};
    const struct sim_redis_entry *shown = entry_of(w, tenant, "kpi:all:30m");
    int64_t step_at = step_of(w, tenant);
    if (!shown || step_at < w->load.last_send_at + SECOND_MS)
        return;
    for (int journey = 0; journey <= SIM_CALLS_MAX / 3; journey++)
        add_journey(w, tenant, journey, step_at, sums);
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        struct slice is = sim_redis_value(shown, slice_of(fields[f]));
        if (number(is) != sums[f])
            sim_world_violation(w, "Redis: %s of %.*s is %.*s, in truth %lld", fields[f],
                                SLICE_ARG(tenant), SLICE_ARG(is), (long long)sums[f]);
    }
}

static int64_t part(struct slice json, const char *name) {
    const char *at = memmem(json.at, json.size, name, strlen(name));
    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

/* One leaf's service level of the last minute, answered of offered, as its tenant judges it. */
static void recount_level(struct sim_world *w, size_t leaf) {
    struct slice tenant = sim_load_tenant(leaf);
    char field[100];
    snprintf(field, sizeof field, "level-80 site=%.*s/queue=%.*s", SLICE_ARG(sim_load_site(leaf)),
             SLICE_ARG(sim_load_queue(leaf)));
    struct slice json = sim_redis_value(entry_of(w, tenant, "objectives"), slice_of(field));
    int64_t step_at = step_of(w, tenant), n = 0, d = 0;
    if (!json.at || step_at < w->load.last_send_at + SECOND_MS)
        return;
    for (int64_t pane = 0; pane < SIM_PANES; pane++) {
        int64_t at = SIM_PANES_FROM + pane * 10 * SECOND_MS;
        const int64_t *l = w->load.truth.levels[leaf][pane][sim_load_attribution(tenant)];
        if (at < step_at - MINUTE_MS || at >= step_at)
            continue;
        n += l[LEVEL_ANSWERED_IN];
        d += l[LEVEL_ANSWERED_IN] + l[LEVEL_ABANDONED_SHORT] + l[LEVEL_ABANDONED_IN] +
             l[LEVEL_LATE];
    }
    if (part(json, "\"n\":") != n || part(json, "\"d\":") != d)
        sim_world_violation(w, "Redis: %s is %.*s, in truth %lld of %lld", field, SLICE_ARG(json),
                            (long long)n, (long long)d);
}

void sim_shown_recount(struct sim_world *w) {
    recount_tenant(w, SLICE("acme"));
    recount_tenant(w, SLICE("zeta"));
    recount_journeys(w, SLICE("acme"));
    recount_journeys(w, SLICE("zeta"));
    for (size_t leaf = 0; leaf < SIM_LEAVES; leaf++)
        recount_level(w, leaf);
}
