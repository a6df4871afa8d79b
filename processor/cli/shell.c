#include "cli/shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/kafka_settings.h"
#include "cli/shell_contracts.h"
#include "cli/shell_schemas.h"
#include "engine/engine.h"
#include "io/http_server.h"
#include "io/kafka_admin.h"
#include "io/kafka_log.h"
#include "io/loop.h"
#include "io/note.h"
#include "io/process_memory.h"
#include "io/redis_view.h"
#include "io/registry.h"
#include "io/wall.h"

#define TURN_EVERY_MS 10      /* at least so often the engine gets a turn */
#define STOP_TIMEOUT_MS 15000 /* a graceful stop that takes longer is given up */
/* So long may the last commit of partitions that go take: the group waits for it. */
#define REVOKE_TIMEOUT_MS 10000
#define REVOKE_TIMEOUT_LOG_MS 65000 /* clock: log, whose transactions may last a minute */

/* New contracts on their way into the topic. */
struct reload {
    struct contract_set *set;       /* NULL: none */
    const struct contract_set *was; /* in force before */
    char name[MANIFEST_HASH + 1];
};

struct shell {
    const struct shell_options *options;
    struct note_options note_options;
    struct note_port note;
    struct kafka_options kafka_options;
    struct kafka_property *properties;
    char interactions[256]; /* the topics' whole names */
    char tenants[256];
    struct loop *loop;
    struct kafka_log *log;
    struct redis_view *view;
    struct registry *registry;
    struct http_server *http;
    struct process_memory *memory;
    struct engine *engine;
    struct shell_contracts *contracts;
    char contracts_name[MANIFEST_HASH + 1]; /* of those of the files at the start */
    struct reload reload;
    int64_t stopping_at; /* wall time of the signal; INSTANT_NONE: not stopping */
    int64_t revoking_ms; /* since when partitions are to go, by the monotonic clock; -1: none do */
    bool closed;
    int status;
};

static int64_t stopwatch_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note(const struct shell *s, enum log_level level, const char *event,
                 const char *members) {
    s->note.note(s->note.self, level, event, members);
}

/* Quotes and control characters would break the line's JSON. */
static void note_text(const struct shell *s, enum log_level level, const char *event,
                      const char *text) {
    char clean[700], members[800];
    size_t size = 0;
    for (; *text && size + 1 < sizeof clean; text++)
        clean[size++] = *text == '"' || *text == '\\' || (unsigned char)*text < ' ' ? '\'' : *text;
    clean[size] = 0;
    snprintf(members, sizeof members, "\"text\":\"%s\"", clean);
    note(s, level, event, members);
}

static void shut(struct shell *s, int status) {
    if (s->closed)
        return;
    s->closed = true;
    s->status = status;
    loop_stop(s->loop);
}

static void fail(void *context, const char *reason) {
    struct shell *s = context;
    if (s->closed)
        return;
    note_text(s, LOG_LEVEL_ERROR, "failed", reason);
    shut(s, 1);
}

static int64_t revoke_timeout_ms(const struct shell *s) {
    return s->kafka_options.live ? REVOKE_TIMEOUT_MS : REVOKE_TIMEOUT_LOG_MS;
}

static void serve_revocation(struct shell *s) {
    int64_t now_ms = stopwatch_us() / 1000;
    if (!kafka_log_is_revoking(s->log)) {
        s->revoking_ms = -1;
        return;
    }
    if (s->revoking_ms < 0)
        s->revoking_ms = now_ms;
    if (!engine_is_clean(s->engine)) {
        if (now_ms - s->revoking_ms > revoke_timeout_ms(s))
            fail(s, "the last epoch of partitions that go to another process could not be "
                    "committed in time; that process will do it again");
        return;
    }
    kafka_log_finish_revoke(s->log);
    engine_drain(s->engine, s->stopping_at != INSTANT_NONE);
}

static void serve_stop(struct shell *s, int64_t now_at) {
    if (s->stopping_at == INSTANT_NONE)
        return;
    if (engine_is_clean(s->engine)) {
        note(s, LOG_LEVEL_INFO, "stopped", "");
        shut(s, 0);
    } else if (now_at - s->stopping_at > STOP_TIMEOUT_MS) {
        fail(s, "the last epoch could not be committed in time; it will be done again at the "
                "next start");
    }
}

static bool turn(void *context) {
    struct shell *s = context;
    if (s->closed || !s->log)
        return false;
    kafka_log_serve(s->log);
    serve_revocation(s);
    int64_t now_at = wall_now();
    bool more = engine_turn(s->engine, now_at);
    if (engine_failure(s->engine))
        fail(s, engine_failure(s->engine));
    if (!s->closed && s->options->until_end && engine_is_done(s->engine)) {
        note(s, LOG_LEVEL_INFO, "done", "");
        shut(s, 0);
    }
    serve_stop(s, now_at);
    return more && !s->closed;
}

static void on_readable(void *context) {
    struct shell *s = context;
    loop_turn(s->loop);
}

static void refuse_reload(struct shell *s, const char *reason) {
    note_text(s, LOG_LEVEL_ERROR, "reload_refused", reason);
    contracts_free(s->reload.set);
    s->reload.set = NULL;
}

static void note_change(const struct shell *s, const char *what, const struct contract *was,
                        const struct contract *now) {
    char text[400];
    const struct contract *c = now ? now : was;
    snprintf(text, sizeof text, "tenant %.*s, contract %.*s: %s", SLICE_ARG(c->tenant),
             SLICE_ARG(c->name), what);
    note_text(s, LOG_LEVEL_INFO, "contract_changed", text);
}

/* The one that it takes the place of: its own version, else the last that there was. */
static const struct contract *version_before(const struct contract_set *was,
                                             const struct contract *c) {
    const struct contract *versions[CONTRACT_VERSIONS_MAX];
    size_t count = contract_set_versions(was, c->tenant, versions);
    for (size_t v = 0; v < count; v++)
        if (versions[v]->version == c->version)
            return versions[v];
    return versions[count - 1];
}

/* What the reload changes, tenant by tenant. */
static void note_changes(const struct shell *s, const struct contract_set *was,
                         const struct contract_set *now) {
    for (size_t i = 0; i < now->count; i++) {
        const struct contract *c = &now->contracts[i];
        const struct contract *before = version_before(was, c);
        char text[64];
        snprintf(text, sizeof text, "version %d in place of %d", c->version, before->version);
        if (before->is_default)
            note_change(s, "added", NULL, c);
        else if (!contract_same(before, c))
            note_change(s, text, before, c);
    }
    for (size_t i = 0; i < was->count; i++)
        if (contract_set_find(now, was->contracts[i].tenant, INSTANT_MAX)->is_default)
            note_change(s, "removed", &was->contracts[i], NULL);
}

/* Everything of it is in the topic: as if it had been read from there. */
static void learn(struct shell *s, const struct contract_set *set, char *name) {
    struct kafka_contract_list list = {.count = 0};
    shell_contracts_prepare(s->contracts, set, &list, name);
    for (size_t i = 0; i < list.count; i++)
        shell_contracts_add(s->contracts, list.records[i].key, list.records[i].value);
    kafka_contracts_free(&list);
    shell_contracts_use(s->contracts, name, set);
}

static void finish_reload(void *context, const char *reason) {
    struct shell *s = context;
    struct reload *r = &s->reload;
    if (reason) {
        refuse_reload(s, reason);
        return;
    }
    note_changes(s, r->was, r->set);
    shell_contracts_keep(s->contracts, r->set);
    learn(s, r->set, r->name);
    r->was = r->set;
    r->set = NULL;
    engine_change_contracts(s->engine, r->name);
    note_text(s, LOG_LEVEL_INFO, "reloaded", r->name);
    loop_turn(s->loop);
}

/* Bad contracts are refused as a whole, and the old ones stay. */
static void on_reload(void *context) {
    struct shell *s = context;
    struct reload *r = &s->reload;
    struct err err;
    if (r->set || s->stopping_at != INSTANT_NONE) {
        note_text(s, LOG_LEVEL_WARN, "reload_refused", "another one is under way, or the end");
        return;
    }
    struct faults faults;
    faults_init(&faults);
    r->set = contracts_load(s->options->settings->contracts, &faults);
    if (!r->set)
        faults_to_err(&faults, &err);
    faults_deinit(&faults);
    if (!r->set || !shell_contracts_check(s->contracts, r->set, &err)) {
        refuse_reload(s, err.text);
        return;
    }
    struct kafka_contract_list missing = {.count = 0};
    shell_contracts_prepare(s->contracts, r->set, &missing, r->name);
    if (missing.count)
        kafka_contracts_write_start(&s->kafka_options, &missing, loop_uv(s->loop), finish_reload,
                                    s);
    else
        finish_reload(s, NULL);
}

static void on_stop(void *context, int number) {
    struct shell *s = context;
    char members[64];
    snprintf(members, sizeof members, "\"signal\":%d", number);
    note(s, LOG_LEVEL_INFO, "stopping", members);
    if (s->stopping_at != INSTANT_NONE)
        return;
    s->stopping_at = wall_now();
    engine_stop(s->engine);
    loop_turn(s->loop);
}

static void on_contract(void *context, struct slice key, struct slice value) {
    struct shell *s = context;
    shell_contracts_add(s->contracts, key, value);
}

static int64_t on_assigned(void *context, const struct log_assignment *a) {
    struct shell *s = context;
    return engine_assign(s->engine, a);
}

static void on_leaving(void *context, enum engine_input input, int32_t partition) {
    struct shell *s = context;
    engine_leave(s->engine, input, partition);
}

static void on_revoked(void *context, enum engine_input input, int32_t partition) {
    struct shell *s = context;
    if (engine_is_clean(s->engine))
        engine_revoke(s->engine, input, partition);
}

static void on_committed(void *context, bool ok, int64_t took_us, const char *reason) {
    struct shell *s = context;
    engine_committed(s->engine, ok, took_us, reason);
    loop_turn(s->loop);
}

static void on_schema(void *context, int32_t schema_id, struct slice json) {
    struct shell *s = context;
    engine_add_schema(s->engine, schema_id, json);
    loop_turn(s->loop);
}

static void on_schema_missing(void *context, int32_t schema_id) {
    struct shell *s = context;
    engine_schema_missing(s->engine, schema_id);
    loop_turn(s->loop);
}

static void on_schema_later(void *context, int32_t schema_id) {
    struct shell *s = context;
    engine_schema_later(s->engine, schema_id);
    loop_turn(s->loop);
}

static int page_metrics(void *context, struct buf *body) {
    struct shell *s = context;
    engine_write_metrics(s->engine, body);
    redis_view_write_metrics(s->view, body);
    return 200;
}

static int page_health(void *context, struct buf *body) {
    (void)context; /* whoever answers turns */
    buf_put_format(body, "ok\n");
    return 200;
}

static int page_ready(void *context, struct buf *body) {
    struct shell *s = context;
    bool ready = engine_is_ready(s->engine);
    buf_put_format(body, ready ? "ready\n" : "not ready: a task is still being rebuilt\n");
    return ready ? 200 : 503;
}

static int page_progress(void *context, struct buf *body) {
    struct shell *s = context;
    engine_write_progress(s->engine, body);
    return 200;
}

static const struct http_page pages[] = {
    {"/metrics", "text/plain; version=0.0.4", page_metrics},
    {"/healthz", "text/plain", page_health},
    {"/readyz", "text/plain", page_ready},
    {"/progress", "application/json", page_progress},
    {NULL, NULL, NULL},
};

static void fill_kafka_options(struct shell *s) {
    s->kafka_options = kafka_settings_options(s->options->settings, s->note, &s->properties);
    s->kafka_options.until_end = s->options->until_end;
}

static struct engine_options engine_options_of(const struct shell *s,
                                               const struct record_framing *framing) {
    const struct settings *t = s->options->settings;
    return (struct engine_options){.instance = t->instance,
                                   .interactions = s->interactions,
                                   .tenants = s->tenants,
                                   .live = t->clock == SETTINGS_CLOCK_LIVE,
                                   .until_end = s->options->until_end,
                                   .final_clock = s->options->final_clock,
                                   .publish_all = t->publish == SETTINGS_PUBLISH_ALL,
                                   .snapshot_interval_ms = t->snapshot_interval_ms,
                                   .commit_interval_ms = t->commit_interval_ms,
                                   .view_interval_ms = t->view_interval_ms,
                                   .tick_interval_ms = t->tick_interval_ms,
                                   .grace_ms = t->grace_ms,
                                   .reorder_ms = t->reorder_ms,
                                   .lateness_ms = t->lateness_ms,
                                   .max_skew_ms = t->max_skew_ms,
                                   .max_source_lag_ms = t->max_source_lag_ms,
                                   .max_alert_age_ms = t->max_alert_age_ms,
                                   .open_limit = (uint32_t)t->open_interactions,
                                   .scope_limit = (uint32_t)t->scopes,
                                   .memory_limit = (size_t)t->memory_bytes,
                                   .contracts = s->options->contracts,
                                   .contracts_name = s->contracts_name,
                                   .known = shell_contracts_port(s->contracts),
                                   .framing = *framing,
                                   .now_us = stopwatch_us,
                                   .log = kafka_log_port(s->log),
                                   .view = redis_view_port(s->view),
                                   .memory = process_memory_port(s->memory),
                                   .schema = registry_port(s->registry),
                                   .note = s->note};
}

static bool add_schema(void *context, struct slice json, struct err *err) {
    return engine_add_file_schema(context, json, err);
}

/* The parts that stand on the loop. The engine comes last: its ports must be there. */
static bool open_parts(struct shell *s, const struct kafka_topics *topics,
                       const struct record_framing *framing, struct err *err) {
    const struct settings *t = s->options->settings;
    struct registry_events registry = {
        .context = s, .found = on_schema, .missing = on_schema_missing, .later = on_schema_later};
    s->memory = process_memory_new();
    s->registry = registry_new(t->schema_registry, loop_uv(s->loop), &registry);
    s->view = redis_view_new(t->redis, topics->tenant_log_id, REDIS_VIEW_ANSWER_MS,
                             loop_uv(s->loop), s->note, err);
    if (!s->view)
        return false;
    s->http = http_server_new(loop_uv(s->loop), t->listen, pages, s, err);
    if (!s->http)
        return false;
    struct kafka_log_events log = {.context = s,
                                   .contract = on_contract,
                                   .assigned = on_assigned,
                                   .leaving = on_leaving,
                                   .revoked = on_revoked,
                                   .committed = on_committed,
                                   .failed = fail,
                                   .readable = on_readable};
    s->log = kafka_log_new(&s->kafka_options, loop_uv(s->loop), &log, err);
    if (!s->log)
        return false;
    struct engine_options options = engine_options_of(s, framing);
    for (int i = 0; i < INPUT_COUNT; i++)
        options.partitions[i] = topics->partitions[i];
    options.state_partitions = topics->state_partitions;
    s->engine = engine_new(&options);
    return shell_schemas_load_folder(t->schema_registry, add_schema, s->engine, err);
}

static void close_parts(struct shell *s) {
    http_server_free(s->http);
    kafka_log_free(s->log);
    registry_free(s->registry);
    redis_view_free(s->view);
    loop_free(s->loop);
    engine_free(s->engine);
    contracts_free(s->reload.set);
    process_memory_free(s->memory);
}

/* The files' contracts are in the topic before anything is judged by them. */
static bool publish_contracts(struct shell *s, struct err *err) {
    struct kafka_contract_list list = {.count = 0};
    const struct contract_set *own = s->options->contracts;
    bool ok = kafka_contracts_read(&s->kafka_options, &list, err);
    for (size_t i = 0; i < list.count; i++)
        shell_contracts_add(s->contracts, list.records[i].key, list.records[i].value);
    kafka_contracts_free(&list);
    if (!ok)
        return false;
    if (!shell_contracts_check(s->contracts, own, err)) {
        s->status = 2;
        return false;
    }
    shell_contracts_prepare(s->contracts, own, &list, s->contracts_name);
    ok = !list.count || kafka_contracts_write(&s->kafka_options, &list, err);
    kafka_contracts_free(&list);
    if (!ok)
        return false;
    learn(s, own, s->contracts_name);
    s->reload.was = own;
    s->kafka_options.known_contracts = shell_contracts_names(s->contracts);
    return true;
}

/* What must be known before the loop turns: topics, contracts, and ids of our schemas. */
static bool prepare(struct shell *s, struct kafka_topics *topics, struct record_framing *framing,
                    struct err *err) {
    if (!kafka_admin_prepare(&s->kafka_options, loop_signal_waits, topics, err))
        return false;
    s->kafka_options.state_partitions = topics->state_partitions;
    for (int i = 0; i < INPUT_COUNT; i++)
        s->kafka_options.input_partitions += topics->partitions[i];
    if (!publish_contracts(s, err))
        return false;
    return shell_schemas_register(s->options->settings->schema_registry, &s->note,
                                  loop_signal_waits, framing, err);
}

static int run_loop(struct shell *s, const struct kafka_topics *topics,
                    const struct record_framing *framing) {
    struct err err;
    s->loop = loop_new(
        TURN_EVERY_MS,
        &(struct loop_events){.context = s, .turn = turn, .stop = on_stop, .reload = on_reload});
    if (open_parts(s, topics, framing, &err)) {
        note(s, LOG_LEVEL_INFO, "started", "");
        loop_run(s->loop);
        /* Crash only: to close what has failed could take as long as the brokers are away. */
        if (s->status)
            _exit(s->status);
    } else {
        fail(s, err.text);
    }
    close_parts(s);
    return s->status;
}

static int start(struct shell *s) {
    struct kafka_topics topics;
    struct record_framing framing;
    struct err err;
    if (prepare(s, &topics, &framing, &err))
        return run_loop(s, &topics, &framing);
    if (loop_signal_waits()) {
        note_text(s, LOG_LEVEL_INFO, "stopped", "before the start was complete");
        return 0;
    }
    note_text(s, LOG_LEVEL_ERROR, "failed", err.text);
    return s->status ? s->status : 1;
}

int shell_run(const struct shell_options *options) {
    struct shell s = {.options = options, .stopping_at = INSTANT_NONE, .revoking_ms = -1};
    s.note_options = (struct note_options){.level = (enum log_level)options->settings->log_level,
                                           .json = options->settings->log_format ==
                                                   SETTINGS_LOG_JSON};
    s.note = note_port_of(&s.note_options);
    fill_kafka_options(&s);
    kafka_input_topic(&s.kafka_options, INPUT_INTERACTIONS, s.interactions);
    kafka_input_topic(&s.kafka_options, INPUT_TENANTS, s.tenants);
    loop_hold_signals();
    s.contracts = shell_contracts_new(s.note);
    int status = start(&s);
    shell_contracts_free(s.contracts);
    free(s.properties);
    return status;
}
