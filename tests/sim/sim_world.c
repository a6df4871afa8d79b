#include "sim_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "sim_draw.h"
#include "sim_oracle.h"

#define CALM_STEP_MS 100
#define CALM_LEAST_MS 14000 /* after the last record: sessions, transactions and timers run out */
#define CALM_SHOWN_MS 2000  /* after a view was begun that shows all anew: it has arrived */
#define CALM_MOST_MS 120000 /* a world that has not settled by then does not */

static int64_t pick(uint64_t seed, uint64_t number, const int64_t *from, size_t count) {
    return from[sim_draw(seed, DRAW_SETTINGS, number, 0) % count];
}

#define PICK(seed, number, ...)                                                                    \
    pick(seed, number, (const int64_t[]){__VA_ARGS__},                                             \
         sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

void sim_history_draw(struct sim_history *h, uint64_t seed, enum sim_guard without) {
    *h = (struct sim_history){0};
    h->settings = (struct sim_settings){
        .seed = seed,
        .partitions = {(int32_t)PICK(seed, 1, 1, 2, 2, 3, 4), (int32_t)PICK(seed, 2, 1, 1, 2)},
        .processes = (int)PICK(seed, 3, 1, 2, 2, 3),
        .step_ms = PICK(seed, 4, 10, 20, 40, 40),
        .span_ms = PICK(seed, 5, 5000, 8000, 12000, 25000),
        .commit_interval_ms = PICK(seed, 6, 50, 100, 300, 1000),
        .view_interval_ms = PICK(seed, 7, 1000, 5000, 8000, 8000),
        .snapshot_interval_ms = PICK(seed, 8, 200, 1000, 3000, 60000),
        .tick_interval_ms = 100,
        .session_timeout_ms = PICK(seed, 9, 1500, 3000, 6000),
        .txn_timeout_ms = PICK(seed, 10, 1000, 3000, 8000),
        .heartbeat_ms = PICK(seed, 11, 100, 400),
        .slowest_ms = PICK(seed, 12, 20, 300, 1500),
        .publish_all = PICK(seed, 13, 0, 0, 0, 1),
        .has_redis = PICK(seed, 14, 0, 1),
        .gaps = PICK(seed, 16, 0, 0, 0, 0, 0, 0, 1),
        .changes = PICK(seed, 15, 0, 0, 0, 1),
        .without = without,
    };
    unsigned calls = sim_load_calls(&h->settings);
    for (unsigned i = 0; i < calls; i++)
        h->calls[i] = true;
    h->fault_count = sim_faults_draw(&h->settings, h->faults);
}

void sim_world_violation(struct sim_world *w, const char *format, ...) {
    if (*w->violation)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(w->violation, sizeof w->violation, format, args);
    va_end(args);
}

static void told(void *context, int64_t at, const char *process, enum log_level level,
                 const char *event, const char *members) {
    const struct sim_world *w = context;
    char line[1400];
    (void)level;
    snprintf(line, sizeof line, "%6lld ms  %s: %s %s", (long long)(at - SIM_START), process, event,
             members);
    if (w->say)
        w->say(line);
}

static void say(const struct sim_world *w, const char *what, const char *process, const char *why) {
    if (w->say)
        told((void *)(uintptr_t)w, w->now_at, process, LOG_LEVEL_INFO, what, why);
}

static void start_processes(struct sim_world *w) {
    for (int i = 0; i < w->history->settings.processes; i++) {
        if (w->processes[i] || w->now_at < w->start_at[i])
            continue;
        w->processes[i] = sim_process_new(&w->parts, i, w->skew_ms[i], w->now_at);
        say(w, "started", w->processes[i]->name, "");
    }
}

static void bury(struct sim_world *w, struct sim_process **p) {
    if (!*p || (!(*p)->dead && !(*p)->stopped))
        return;
    bool own = *p == w->processes[(*p)->instance];
    say(w, "ended", (*p)->name, (*p)->dead ? (*p)->dead : "");
    w->deaths += (*p)->dead != NULL;
    if ((*p)->dead)
        snprintf(w->last_death, sizeof w->last_death, "%s", (*p)->dead);
    w->deaths_in_calm += (*p)->dead && w->calm && own;
    if (own && w->start_at[(*p)->instance] < w->now_at + 200)
        w->start_at[(*p)->instance] = w->now_at + 200;
    sim_process_free(*p);
    *p = NULL;
}

static void send_due(struct sim_world *w) {
    struct buf key, value;
    buf_init(&key);
    buf_init(&value);
    for (; w->sent < w->load.count && w->load.sends[w->sent].send_at <= w->now_at; w->sent++) {
        const struct sim_send *s = &w->load.sends[w->sent];
        buf_reset(&key);
        buf_reset(&value);
        sim_load_record(&w->load, s, &key, &value);
        int32_t partition = sim_load_partition(&w->history->settings, s->call);
        sim_broker_append(&w->parts.broker,
                          sim_broker_input(&w->parts.broker, INPUT_INTERACTIONS, partition),
                          SIM_TXN_NONE, buf_slice(&key), buf_slice(&value));
    }
    buf_deinit(&key);
    buf_deinit(&value);
}

static void step_processes(struct sim_world *w) {
    for (int i = 0; i < SIM_GHOSTS_MAX; i++)
        if (w->ghosts[i])
            sim_process_step(w->ghosts[i], w->now_at);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++)
        if (w->processes[i])
            sim_process_step(w->processes[i], w->now_at);
    for (int i = 0; i < SIM_GHOSTS_MAX; i++)
        bury(w, &w->ghosts[i]);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++)
        bury(w, &w->processes[i]);
}

static void step(struct sim_world *w, int64_t ms, bool start) {
    w->now_at += ms;
    sim_broker_step(&w->parts.broker, w->now_at);
    sim_group_expire(&w->parts.group, w->now_at);
    sim_wire_step(&w->parts.wire, w->now_at);
    send_due(w);
    if (start)
        start_processes(w);
    step_processes(w);
    if (*w->parts.broker.violation)
        sim_world_violation(w, "%s", w->parts.broker.violation);
}

/* Every partition is owned and live, and all that stands in the inputs is committed but what the
 * last moments brought. */
static bool is_settled(struct sim_world *w) {
    const struct sim_settings *s = &w->history->settings;
    for (int i = 0; i < s->processes; i++) {
        const struct sim_process *p = w->processes[i];
        if (!p || p->is_assigning || p->is_revoking)
            return false;
    }
    for (int i = 0; i < INPUT_COUNT; i++) {
        for (int32_t n = 0; n < s->partitions[i]; n++) {
            int owner = w->parts.group.owner[i][n];
            if (owner == SIM_NOBODY || owner != w->parts.group.target[i][n] ||
                !w->processes[owner]->owned[i][n] || !engine_is_ready(w->processes[owner]->engine))
                return false;
        }
    }
    return true;
}

/* Views are many seconds apart: one tells that Redis was wiped, the next one shows all. */
static bool is_lost(const struct sim_world *w) {
    const struct sim_settings *s = &w->history->settings;
    for (int32_t n = 0; n < s->partitions[INPUT_TENANT_LOG]; n++) {
        int owner = w->parts.group.owner[INPUT_TENANT_LOG][n];
        if (owner != SIM_NOBODY && w->processes[owner] && w->processes[owner]->view.lost)
            return true;
    }
    return false;
}

static void run_to_calm(struct sim_world *w) {
    const struct sim_settings *s = &w->history->settings;
    while (w->now_at < SIM_START + s->span_ms && !*w->violation) {
        sim_trouble_step(w);
        step(w, s->step_ms, true);
    }
    sim_trouble_end(w);
    int64_t from_at = w->now_at;
    while (w->sent < w->load.count && !*w->violation) {
        step(w, CALM_STEP_MS, true);
        from_at = w->now_at;
    }
    int64_t lost_at = from_at;
    while (!*w->violation && (w->now_at - from_at < CALM_LEAST_MS || !is_settled(w) ||
                              w->now_at - lost_at < CALM_SHOWN_MS)) {
        step(w, 2 * CALM_STEP_MS, true);
        if (is_lost(w))
            lost_at = w->now_at;
        if (w->now_at - from_at > CALM_MOST_MS)
            sim_world_violation(w, "the world does not settle");
    }
}

/* Where nothing befalls processes, none ends: a rebalance alone, or a Redis that is gone, kills
 * nobody. */
static void look_at_deaths(struct sim_world *w) {
    const struct sim_history *h = w->history;
    bool gentle = 4 * h->settings.slowest_ms < h->settings.txn_timeout_ms;
    for (size_t i = 0; i < h->fault_count; i++)
        gentle &= sim_faults_are_gentle(h->faults[i].kind);
    if (gentle && w->deaths)
        sim_world_violation(w, "a process ended, and nothing had befallen it: %s", w->last_death);
    if (w->deaths_in_calm > SIM_PROCESSES_MAX)
        sim_world_violation(w, "processes go on to end when all is calm: %s", w->last_death);
}

static void stop_all(struct sim_world *w) {
    for (int i = 0; i < SIM_PROCESSES_MAX; i++)
        if (w->processes[i])
            sim_process_stop(w->processes[i]);
    bool some = true;
    for (int64_t ms = 0; some && !*w->violation; ms += 20) {
        step(w, 20, false);
        some = false;
        for (int i = 0; i < SIM_PROCESSES_MAX; i++)
            some |= w->processes[i] != NULL;
        if (ms > CALM_MOST_MS)
            sim_world_violation(w, "a process that is stopped does not end");
    }
}

static void open_world(struct sim_world *w, const struct sim_history *h) {
    w->history = h;
    w->now_at = SIM_START;
    w->rewind_at = INSTANT_MAX;
    sim_load_contracts(&w->contracts);
    sim_world_parts_init(&w->parts, &h->settings, &w->contracts);
    w->parts.told = w->say ? told : NULL;
    w->parts.told_context = w;
    sim_load_init(&w->load, &h->settings);
    for (unsigned i = 0; i < SIM_CALLS_MAX; i++)
        if (h->calls[i])
            sim_load_add_call(&w->load, i);
    sim_load_seal(&w->load);
}

static void close_world(struct sim_world *w) {
    for (int i = 0; i < SIM_GHOSTS_MAX; i++)
        sim_process_free(w->ghosts[i]);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++)
        sim_process_free(w->processes[i]);
    sim_load_deinit(&w->load);
    sim_world_parts_deinit(&w->parts);
    free(w);
}

static void sum_up(const struct sim_world *w, struct sim_sums *sums) {
    sums->histories++;
    sums->deaths += w->deaths;
    sums->retries += w->parts.retries;
    sums->refused += w->parts.refused;
    sums->snapshots_found += w->parts.snapshots_found;
    sums->events += w->load.count;
    for (int i = 0; i < SIM_LOG_COUNT; i++)
        sums->records += w->parts.broker.logs[i].count;
}

bool sim_world_run(const struct sim_history *h, void (*say_it)(const char *), struct sim_sums *sums,
                   char *violation, size_t room) {
    struct sim_world *w = calloc(1, sizeof *w);
    CHECK(w);
    w->say = say_it;
    open_world(w, h);
    run_to_calm(w);
    look_at_deaths(w);
    struct sim_oracle *oracle = sim_oracle_new(w);
    if (!*w->violation)
        sim_oracle_look_at_processes(oracle);
    if (!*w->violation)
        stop_all(w);
    if (!*w->violation)
        sim_oracle_look_at_logs(oracle);
    sums->alerts += sim_oracle_alerts(oracle);
    sim_oracle_free(oracle);
    sum_up(w, sums);
    bool ok = !*w->violation;
    snprintf(violation, room, "%s", w->violation);
    close_world(w);
    return ok;
}
