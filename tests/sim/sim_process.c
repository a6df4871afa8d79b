#include "sim_process.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "sim_draw.h"

#define TURNS_MOST 64

void sim_world_parts_init(struct sim_world_parts *w, const struct sim_settings *settings,
                          const struct sim_contracts *contracts) {
    *w = (struct sim_world_parts){.settings = settings, .contracts = contracts};
    sim_broker_init(&w->broker, SIM_START, settings->txn_timeout_ms);
    sim_group_init(&w->group, settings->seed, settings->partitions, settings->session_timeout_ms);
    sim_redis_init(&w->redis);
    w->redis.unguarded = settings->without == SIM_GUARD_VIEW_GUARD;
    w->wire.redis = &w->redis;
}

void sim_world_parts_deinit(struct sim_world_parts *w) {
    sim_wire_deinit(&w->wire);
    sim_redis_deinit(&w->redis);
    sim_broker_deinit(&w->broker);
}

/* What a reader sees next from *at on; *at is put behind it, and behind what it never sees. */
static size_t see(const struct sim_broker *b, const struct sim_log *log, size_t *at, size_t end,
                  struct log_record *records, size_t most) {
    size_t count = 0, last = *at;
    for (size_t k = *at; k < end && count < most; k++) {
        const struct sim_record *r = sim_broker_read(b, log, k);
        if (r)
            records[count++] = (struct log_record){.offset = (int64_t)k,
                                                   .log_at = r->log_at,
                                                   .append_time = true,
                                                   .key = r->key,
                                                   .value = r->value};
        last = k + 1;
    }
    *at = last;
    return count;
}

static size_t port_drain(void *self, enum engine_input input, int32_t partition, size_t room,
                         log_take_fn *take, void *context) {
    struct sim_process *p = self;
    struct sim_broker *b = &p->world->broker;
    struct sim_log *log = sim_broker_input(b, input, partition);
    size_t *at = &p->reading[input][partition], end = sim_broker_stable(b, log), taken = 0;
    if (p->owned[input][partition] && *at < log->low) {
        p->dead = "offset out of range";
        return 0;
    }
    while (p->owned[input][partition] && taken < room && *at < end) {
        struct log_record records[LOG_TAKE_MAX];
        size_t most = room - taken < LOG_TAKE_MAX ? room - taken : LOG_TAKE_MAX;
        size_t count = see(b, log, at, end, records, most);
        size_t some = count > 0 ? take(context, records, count) : 0;
        taken += some;
        if (some == count)
            continue;
        *at = (size_t)records[some].offset;
        break;
    }
    return taken;
}

static int64_t port_end(void *self, enum engine_input input, int32_t partition) {
    struct sim_process *p = self;
    return (int64_t)sim_broker_input(&p->world->broker, input, partition)->visible;
}

static void port_commit(void *self, struct epoch *epoch) {
    sim_committer_begin(self, epoch);
}

/* On its way for some milliseconds, rarely for long; a killed process's may still arrive. */
static void port_tick(void *self, enum engine_input input, int32_t partition, struct slice value) {
    struct sim_process *p = self;
    uint64_t draw = sim_draw(p->world->settings->seed, DRAW_TICK, p->life, p->ticks++);
    int64_t way_ms = sim_draw_in(draw, 1, sim_draw_one_in(draw >> 32, 32) ? 3000 : 15);
    sim_broker_append_later(&p->world->broker, p->now_at + way_ms,
                            sim_broker_input(&p->world->broker, input, partition), value);
}

static void port_fetch(void *self, int32_t schema_id) {
    struct sim_process *p = self;
    p->wanted_schema = schema_id;
    p->schema_at = p->now_at + 30;
}

static const struct contract_set *port_find(void *self, const char *name) {
    const struct sim_process *p = self;
    int version = sim_load_version(name);
    return version < 0 ? NULL : &p->world->contracts->versions[version].set;
}

static bool port_newer(void *self, const char *name, const char *than) {
    (void)self;
    return sim_load_version(name) > sim_load_version(than);
}

static void port_note(void *self, enum log_level level, const char *event, const char *members) {
    const struct sim_process *p = self;
    if (p->world->told)
        p->world->told(p->world->told_context, p->now_at, p->name, level, event, members);
}

static const char *version_name(const struct sim_process *p) {
    return p->world->contracts->versions[p->version].name;
}

static struct engine *engine_of(struct sim_process *p) {
    const struct sim_settings *s = p->world->settings;
    struct engine_options o = {.instance = p->name,
                               .interactions = "interactions",
                               .live = true,
                               .final_clock = INSTANT_NONE,
                               .publish_all = s->publish_all,
                               .commit_interval_ms = s->commit_interval_ms,
                               .view_interval_ms = s->view_interval_ms,
                               .snapshot_interval_ms = s->snapshot_interval_ms,
                               .state_partitions = 1,
                               .tick_interval_ms = s->tick_interval_ms,
                               .grace_ms = SIM_GRACE_MS,
                               .reorder_ms = SIM_REORDER_MS,
                               .lateness_ms = SIM_LATENESS_MS,
                               .max_skew_ms = SIM_MAX_SKEW_MS,
                               .max_source_lag_ms = 30 * SECOND_MS,
                               .max_alert_age_ms = 15 * MINUTE_MS,
                               .open_limit = 4000,
                               .scope_limit = 500,
                               .contracts = &p->world->contracts->versions[p->version].set,
                               .contracts_name = s->changes ? version_name(p) : NULL,
                               .known = {p, port_find, port_newer},
                               .log = {p, port_drain, port_end, port_commit, port_tick},
                               .view = sim_view_port(&p->view),
                               .schema = {p, port_fetch},
                               .note = {p, port_note}};
    memcpy(o.partitions, s->partitions, sizeof o.partitions);
    sim_load_framing(&o.framing);
    return engine_new(&o);
}

struct sim_process *sim_process_new(struct sim_world_parts *w, int instance, int64_t skew_ms,
                                    int64_t now_at) {
    struct sim_process *p = calloc(1, sizeof *p);
    CHECK(p);
    *p = (struct sim_process){.world = w,
                              .instance = instance,
                              .life = w->lives++,
                              .now_at = now_at,
                              .skew_ms = skew_ms,
                              .generation = -1,
                              .first_generation = -1,
                              .wanted_schema = -1,
                              .version = w->version};
    snprintf(p->name, sizeof p->name, "p%d", instance);
    sim_view_init(&p->view, &w->wire, now_at);
    p->engine = engine_of(p);
    uint64_t draw = sim_draw(w->settings->seed, DRAW_RESTART, p->life, 1);
    p->producer_at = now_at + sim_draw_in(draw, 1, 600);
    p->session = sim_group_join(&w->group, instance, now_at);
    p->heartbeat_at = now_at + sim_draw_in(draw >> 32, 1, 300);
    return p;
}

void sim_process_free(struct sim_process *p) {
    if (!p)
        return;
    sim_view_deinit(&p->view);
    engine_free(p->engine);
    free(p);
}

void sim_process_reload(struct sim_process *p) {
    if (p->version == p->world->version)
        return;
    p->version = p->world->version;
    engine_change_contracts(p->engine, version_name(p));
}

void sim_process_stop(struct sim_process *p) {
    p->stopping = true;
    engine_stop(p->engine);
}

static void answer_schema(struct sim_process *p) {
    if (p->wanted_schema < 0 || p->now_at < p->schema_at)
        return;
    int32_t id = p->wanted_schema;
    struct slice text = sim_load_schema(id);
    p->wanted_schema = -1;
    if (p->world->registry_down)
        engine_schema_later(p->engine, id);
    else if (text.size)
        engine_add_schema(p->engine, id, text);
    else
        engine_schema_missing(p->engine, id);
}

static void turn(struct sim_process *p) {
    int64_t wall_at = p->now_at + p->skew_ms;
    sim_assignment_serve(p);
    for (int i = 0; i < TURNS_MOST && !p->dead && engine_turn(p->engine, wall_at); i++)
        ;
    if (!p->dead)
        p->dead = engine_failure(p->engine);
    p->stopped = p->stopping && !p->dead && engine_is_clean(p->engine);
}

void sim_process_step(struct sim_process *p, int64_t now_at) {
    if (p->dead || p->stopped || now_at < p->paused_until)
        return;
    p->now_at = now_at;
    if (p->world->settings->has_redis)
        sim_view_step(&p->view, now_at);
    sim_committer_step(p);
    /* The client's thread hears of the group when it likes: before the loop serves, or after. */
    bool before = sim_draw_one_in(
        sim_draw(p->world->settings->seed, DRAW_TURN, p->life, p->heartbeats), 2);
    if (before)
        sim_assignment_hear(p);
    answer_schema(p);
    turn(p);
    if (!before)
        sim_assignment_hear(p);
}
