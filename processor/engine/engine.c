#include "engine/engine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "engine/engine_state.h"

struct engine *engine_new(const struct engine_options *options) {
    struct engine *e = calloc(1, sizeof *e);
    CHECK(e);
    e->options = *options;
    e->plan = memory_plan_of(options->memory_limit);
    e->near_at = INSTANT_NONE;
    e->memory = (struct engine_memory){.looked_at = INSTANT_NONE / 2,
                                       .since_at = INSTANT_NONE / 2,
                                       .given_back_at = INSTANT_NONE / 2,
                                       .said_at = INSTANT_NONE / 2};
    e->rules = engine_rules_find(e, options->contracts_name ? options->contracts_name : "");
    e->decoder = decoder_new(SLICE("interactions"));
    e->tenants_decoder = decoder_new(SLICE("tenants"));
    e->deltas = delta_table_new();
    e->silent_deltas = delta_table_new();
    e->writer = report_writer_new(options->instance, options->partitions[INPUT_TENANT_LOG],
                                  e->rules->leaves);
    e->reader = report_reader_new();
    e->open = epoch_new();
    e->spare = epoch_new();
    engine_effects_init(e);
    return e;
}

static void partition_free(struct partition *p) {
    interaction_task_free(p->source);
    relay_task_free(p->relay);
    tenant_task_free(p->tenant);
    view_batch_free(p->batch);
    buf_deinit(&p->snapshot.state);
    free(p);
}

void engine_free(struct engine *e) {
    if (!e)
        return;
    for (size_t i = 0; i < e->partition_count; i++)
        partition_free(e->partitions[i]);
    free(e->partitions);
    epoch_free(e->open);
    epoch_free(e->spare);
    epoch_free(e->flying);
    buf_deinit(&e->spare_state);
    report_writer_free(e->writer);
    report_reader_free(e->reader);
    delta_table_free(e->deltas);
    delta_table_free(e->silent_deltas);
    decoder_free(e->decoder);
    decoder_free(e->tenants_decoder);
    engine_rules_free(e);
    free(e);
}

const char *engine_input_name(enum engine_input input) {
    static const char *const names[INPUT_COUNT] = {"interactions", "tenant-log", "tenants"};
    CHECK(input < INPUT_COUNT);
    return names[input];
}

bool engine_add_file_schema(struct engine *e, struct slice json, struct err *err) {
    return decoder_add_file_schema(e->decoder, json, err) &&
           decoder_add_file_schema(e->tenants_decoder, json, err);
}

void engine_fail(struct engine *e, const char *format, ...) {
    if (e->failed)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(e->failure, sizeof e->failure, format, args);
    va_end(args);
    e->failed = true;
}

const char *engine_failure(const struct engine *e) {
    return e->failed ? e->failure : NULL;
}

void engine_note(const struct engine *e, enum log_level level, const char *event,
                 const char *format, ...) {
    char members[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(members, sizeof members, format, args);
    va_end(args);
    e->options.note.note(e->options.note.self, level, event, members);
}

static struct interaction_task *source_new(const struct engine *e, int32_t partition,
                                           const struct rulebook *rules) {
    const struct engine_options *o = &e->options;
    return interaction_task_new(&(struct interaction_task_options){
        .partition = partition,
        .grace_ms = o->grace_ms,
        .reorder_ms = o->reorder_ms,
        .lateness_ms = o->lateness_ms,
        .max_skew_ms = o->max_skew_ms,
        .open_limit = o->open_limit / (uint32_t)o->partitions[INPUT_INTERACTIONS],
        .leaves = rules->leaves,
        .contracts = rules->set});
}

static struct tenant_task *tenant_new(const struct engine *e, int32_t partition,
                                      const struct rulebook *rules) {
    const struct engine_options *o = &e->options;
    return tenant_task_new(&(struct tenant_task_options){.partition = partition,
                                                         .live = o->live,
                                                         .until_end = o->until_end,
                                                         .publish_all = o->publish_all,
                                                         .lateness_ms = o->lateness_ms,
                                                         .max_source_lag_ms = o->max_source_lag_ms,
                                                         .max_alert_age_ms = o->max_alert_age_ms,
                                                         .scope_limit = o->scope_limit,
                                                         .contracts = rules->set});
}

void engine_renew_task(const struct engine *e, struct partition *p, struct rulebook *rules) {
    interaction_task_free(p->source);
    relay_task_free(p->relay);
    tenant_task_free(p->tenant);
    p->source = NULL;
    p->relay = NULL;
    p->tenant = NULL;
    p->rules = rules;
    if (p->input == INPUT_INTERACTIONS)
        p->source = source_new(e, p->number, rules);
    else if (p->input == INPUT_TENANTS)
        p->relay = relay_task_new(&(struct relay_task_options){.grace_ms = e->options.grace_ms});
    else
        p->tenant = tenant_new(e, p->number, rules);
}

/* Staggered, so that not all tasks are serialised in one cut. */
static int64_t first_snapshot_after(const struct engine *e, int32_t partition) {
    int32_t most = e->options.partitions[INPUT_INTERACTIONS];
    return e->wall_at - e->options.snapshot_interval_ms * (partition % most) / most;
}

static struct partition *partition_new(const struct engine *e, const struct log_assignment *a) {
    struct partition *p = calloc(1, sizeof *p);
    CHECK(p);
    *p = (struct partition){.input = a->input,
                            .number = a->partition,
                            .state = PARTITION_REPLAYING,
                            .end = a->end,
                            .sent = a->committed,
                            .clock_sent = INSTANT_NONE,
                            .read_at = e->wall_at,
                            .tick_at = INSTANT_NONE,
                            .empty_at = INSTANT_NONE,
                            .held_at = INSTANT_NONE};
    snprintf(p->name, sizeof p->name, "%s-%" PRId32, engine_input_name(a->input), a->partition);
    p->snapshot.begun_at = first_snapshot_after(e, a->partition);
    p->batch = view_batch_new();
    /* Half, because the client copies it when it is sent. */
    view_batch_limit(p->batch, e->plan.views / 2 / (size_t)e->options.partitions[INPUT_TENANT_LOG]);
    return p;
}

static void keep_partition(struct engine *e, struct partition *p) {
    if (e->partition_count == e->partition_capacity) {
        e->partition_capacity = e->partition_capacity ? e->partition_capacity * 2 : 16;
        e->partitions = realloc(e->partitions, e->partition_capacity * sizeof *e->partitions);
        CHECK(e->partitions);
    }
    e->partitions[e->partition_count++] = p;
    p->show_all = true;
}

/* The metadata of a partition that was committed before; false when it cannot be taken on. */
static bool read_metadata(struct engine *e, const struct log_assignment *a, struct metadata *m) {
    struct err err;
    const char *input = engine_input_name(a->input);
    if (!metadata_parse(a->metadata, m, &err)) {
        engine_fail(e, "partition %" PRId32 " of %s: %s", a->partition, input, err.text);
        return false;
    }
    if (m->partitions == e->options.partitions[a->input])
        return true;
    engine_fail(e,
                "%s has %" PRId32 " partitions now and had %" PRId32
                " when this group last committed; keys would change their partition: make new "
                "topics under another topic_prefix and let this group finish",
                input, e->options.partitions[a->input], m->partitions);
    return false;
}

/* The task goes on without what it should have read: audibly, and with a snapshot soon, so that the
 * next start finds nothing lost. */
static void lose(struct engine *e, struct partition *p, int64_t begin, const char *why) {
    engine_note(e, LOG_LEVEL_ERROR, "data_gap",
                "\"task\":\"%s\",\"from\":%" PRId64 ",\"to\":%" PRId64 ",\"text\":\"%s\"", p->name,
                p->next, begin, why);
    e->counts.data_gaps++;
    p->next = begin;
    p->lost = true;
    p->snapshot.begun_at = INSTANT_NONE / 2;
}

/* What is left of the history: from where on, and whether that is all. */
static void find_beginning(struct engine *e, struct partition *p, const struct log_assignment *a,
                           bool snapshot_lost) {
    int64_t begin = p->next;
    if (snapshot_lost && e->options.live && a->horizon > begin)
        begin = a->horizon;
    if (a->low > begin)
        begin = a->low;
    if (begin > p->next)
        lose(e, p, begin,
             begin == a->low ? "what stands before is no longer in the log"
                             : "no snapshot could be read: the task begins recovery_horizon ago");
    else if (a->known)
        lose(e, p, begin, "the group has no offset of a task that GROUP.state knows");
}

/* Puts the task where its history stands: a snapshot, or the beginning. */
static bool restore(struct engine *e, struct partition *p, const struct log_assignment *a) {
    struct metadata m = {.from = a->start};
    if (a->committed >= 0) {
        if (!read_metadata(e, a, &m))
            return false;
    } else if (a->known) {
        m.from = e->options.live && a->horizon > a->low ? a->horizon : a->low;
    }
    p->committed = a->committed >= 0 ? a->committed : m.from;
    p->from = p->next = m.from;
    memcpy(p->contracts.of, m.contracts, sizeof p->contracts.of);
    bool exact = engine_snapshot_restore(e, p, a, &m);
    find_beginning(e, p, a, m.snapshots[0].number && !p->snapshot.kept[0].number);
    if (!exact && !p->lost)
        lose(e, p, p->next, "the contracts of then are not in GROUP.contracts any more");
    return true;
}

int64_t engine_assign(struct engine *e, const struct log_assignment *a) {
    CHECK(a->partition >= 0 && a->partition < e->options.partitions[a->input]);
    struct partition *p = partition_new(e, a);
    if (!restore(e, p, a)) {
        partition_free(p);
        return -1;
    }
    keep_partition(e, p);
    int64_t from = p->resumed = p->next;
    p->resumed_at = e->wall_at;
    engine_note(e, LOG_LEVEL_INFO, "partition_assigned",
                "\"task\":\"%s\",\"from\":%" PRId64 ",\"committed\":%" PRId64
                ",\"snapshot\":%" PRIu64,
                p->name, from, p->committed, p->snapshot.kept[0].number);
    if (p->next >= p->committed)
        engine_go_live(e, p);
    return from;
}

void engine_revoke(struct engine *e, enum engine_input input, int32_t partition) {
    CHECK(engine_is_clean(e));
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        if (p->input != input || p->number != partition)
            continue;
        partition_free(p);
        e->partitions[i] = e->partitions[--e->partition_count];
        engine_note(e, LOG_LEVEL_INFO, "partition_revoked", "\"input\":%d,\"partition\":%" PRId32,
                    input, partition);
        return;
    }
}

static bool read_all(struct engine *e) {
    bool more = false;
    engine_memory_look(e);
    engine_order(e);
    bool full = engine_is_full(e);
    for (size_t i = 0; i < e->partition_count && !full && !e->failed; i++) {
        more |= engine_read(e, e->partitions[i]);
        full = engine_is_full_now(e, e->partitions[i]);
    }
    e->read_out |= !more;
    return more;
}

static bool at_end(const struct engine *e, enum engine_input input) {
    int32_t ended = 0;
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct partition *p = e->partitions[i];
        if (p->input == input && p->next >= p->end)
            ended++;
    }
    return ended == e->options.partitions[input];
}

static int64_t final_clock(const struct engine *e) {
    if (e->options.final_clock != INSTANT_NONE)
        return e->options.final_clock;
    int64_t newest = INSTANT_NONE;
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct partition *p = e->partitions[i];
        if (partition_is_source(p) && partition_newest_log_at(p) > newest)
            newest = partition_newest_log_at(p);
    }
    return newest == INSTANT_NONE ? 0 : newest + e->options.lateness_ms + 2 * HOUR_MS;
}

/* Until-end: once every source is at its end, the final clock ends the day. */
static void finish_sources(struct engine *e) {
    if (e->finished || e->next || !at_end(e, INPUT_INTERACTIONS) || !at_end(e, INPUT_TENANTS))
        return;
    int64_t at = final_clock(e);
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        if (!partition_is_source(p))
            continue;
        if (p->state == PARTITION_REPLAYING)
            engine_go_live(e, p);
        if (p->source)
            interaction_task_finish(p->source, at, &e->live);
        else
            relay_task_finish(p->relay, at);
        partition_move(p, PARTITION_ENDED);
    }
    e->finished = true;
    engine_note(e, LOG_LEVEL_INFO, "input_ended", "\"final_clock\":%" PRId64, at);
}

static bool cut_is_due(struct engine *e) {
    if (e->flying)
        return false;
    return e->draining || e->finished || engine_is_full(e) ||
           e->wall_at - e->cut_at >= engine_epoch_ms(e) || e->wall_at < e->cut_at;
}

static bool all_is_judged(const struct engine *e) {
    int32_t ended = 0;
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct tenant_task *tenant = e->partitions[i]->tenant;
        ended += tenant && tenant_task_ended(tenant);
    }
    return ended == e->options.partitions[INPUT_TENANT_LOG];
}

/* Until-end: the view gets the last state even if it was busy at the last cut. */
static void show_final(struct engine *e) {
    if (!e->finished || e->final_shown || e->view_waits || !engine_is_clean(e) ||
        !all_is_judged(e) || !e->options.view.ready(e->options.view.self))
        return;
    if (!e->final_begun)
        engine_show_all(e);
    e->final_begun = true;
    engine_show(e);
    e->final_shown = !engine_owes_view(e);
}

/* A log that stands still lets no more epochs come; what the last one left out is shown then. */
static void show_rest(struct engine *e) {
    if (e->options.until_end || !engine_view_lags(e) || !engine_is_clean(e) ||
        !e->options.view.ready(e->options.view.self))
        return;
    engine_show(e);
}

bool engine_turn(struct engine *e, int64_t wall_at) {
    e->wall_at = wall_at;
    if (e->failed)
        return false;
    bool more = e->draining ? false : read_all(e);
    if (e->options.live && !e->draining)
        for (size_t i = 0; i < e->partition_count; i++)
            engine_tick(e, e->partitions[i]);
    if (e->options.until_end && !e->draining)
        finish_sources(e);
    if (!e->failed && cut_is_due(e) && engine_is_dirty(e))
        engine_cut(e);
    engine_rules_serve(e);
    show_final(e);
    show_rest(e);
    engine_send_view(e);
    return more && !e->failed;
}

void engine_drain(struct engine *e, bool drain) {
    e->draining = drain;
}

void engine_stop(struct engine *e) {
    e->stopping = true;
    e->draining = true;
}

void engine_leave(struct engine *e, enum engine_input input, int32_t partition) {
    for (size_t i = 0; i < e->partition_count; i++)
        if (e->partitions[i]->input == input && e->partitions[i]->number == partition)
            e->partitions[i]->leaving = true;
    e->draining = true;
}

bool engine_is_clean(const struct engine *e) {
    return !e->flying && !engine_is_dirty(e);
}

bool engine_is_done(const struct engine *e) {
    return e->final_shown && engine_is_clean(e) && !e->view_waits &&
           e->options.view.ready(e->options.view.self);
}

bool engine_is_ready(const struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++)
        if (e->partitions[i]->state == PARTITION_REPLAYING)
            return false;
    return e->partition_count > 0;
}

void engine_committed(struct engine *e, bool ok, int64_t took_us, const char *reason) {
    CHECK(e->flying);
    e->spare = e->flying;
    e->flying = NULL;
    if (!ok) {
        engine_fail(e, "epoch %" PRIu64 " was not committed: %s", e->epoch_number, reason);
        return;
    }
    e->counts.epochs++;
    engine_snapshot_committed(e, e->spare);
    timing_add(&e->commit_timing, took_us);
    engine_send_view(e);
}

static void unhold(struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++)
        if (e->partitions[i]->hold == HOLD_SCHEMA)
            e->partitions[i]->hold = HOLD_NONE;
}

static bool is_waited_for(const struct engine *e, const struct decoder *by, int32_t schema_id) {
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct partition *p = e->partitions[i];
        const struct decoder *its = p->source ? e->decoder : e->tenants_decoder;
        if (p->hold == HOLD_SCHEMA && p->schema_id == schema_id && its == by)
            return true;
    }
    return false;
}

/* Who waits for a schema hears of it, and nobody else: the table of an input is not filled by what
 * stands in another one. Where nobody does any more, both hear of it. */
static bool is_told(const struct engine *e, const struct decoder *d, int32_t schema_id) {
    const struct decoder *other = d == e->decoder ? e->tenants_decoder : e->decoder;
    return is_waited_for(e, d, schema_id) || !is_waited_for(e, other, schema_id);
}

void engine_add_schema(struct engine *e, int32_t schema_id, struct slice json) {
    struct decoder *decoders[] = {e->decoder, e->tenants_decoder};
    bool taken = true;
    struct err err;
    for (size_t i = 0; i < 2; i++)
        if (is_told(e, decoders[i], schema_id))
            taken &= decoder_add_schema(decoders[i], schema_id, json, &err);
    if (!taken)
        engine_note(e, LOG_LEVEL_ERROR, "schema_refused", "\"schema_id\":%" PRId32, schema_id);
    unhold(e);
}

void engine_schema_missing(struct engine *e, int32_t schema_id) {
    engine_note(e, LOG_LEVEL_WARN, "schema_missing", "\"schema_id\":%" PRId32, schema_id);
    struct decoder *decoders[] = {e->decoder, e->tenants_decoder};
    for (size_t i = 0; i < 2; i++)
        if (is_told(e, decoders[i], schema_id))
            decoder_add_missing(decoders[i], schema_id, e->wall_at + SCHEMA_MISSING_MS);
    unhold(e);
}

void engine_schema_later(struct engine *e, int32_t schema_id) {
    engine_note(e, LOG_LEVEL_WARN, "schema_wait",
                "\"schema_id\":%" PRId32
                ",\"text\":\"the schema registry does not answer; partitions that need this schema "
                "wait, others go on\"",
                schema_id);
    unhold(e);
}
