/* What the engine says of itself: /metrics and /progress, written from the tables. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/episode.h"
#include "engine/engine_state.h"

static void head(struct buf *text, const char *name, const char *type, const char *meaning) {
    buf_put_format(text, "# HELP floorwalker_%s %s\n# TYPE floorwalker_%s %s\n", name, meaning,
                   name, type);
}

static void count(struct buf *text, const char *name, const char *meaning, uint64_t value) {
    buf_put_format(text,
                   "# HELP floorwalker_%s_total %s\n# TYPE floorwalker_%s_total counter\n"
                   "floorwalker_%s_total %" PRIu64 "\n",
                   name, meaning, name, name, value);
}

static void gauge(struct buf *text, const char *name, const char *meaning, double value) {
    head(text, name, "gauge", meaning);
    buf_put_format(text, "floorwalker_%s %.17g\n", name, value);
}

static void write_engine_counts(const struct engine *e, struct buf *text) {
#define WRITE(name, meaning) count(text, #name, meaning, e->counts.name);
    ENGINE_COUNTS(WRITE)
#undef WRITE
    head(text, "alerts_total", "counter", "alert transitions by kind");
    for (int k = 0; k < ALERT_KIND_COUNT; k++)
        for (int t = 0; t < TRANSITION_COUNT; t++)
            if (e->counts.alerts[k][t])
                buf_put_format(
                    text, "floorwalker_alerts_total{kind=\"%s\",transition=\"%s\"} %" PRIu64 "\n",
                    alert_kind_name((enum alert_kind)k), transition_name((enum transition)t),
                    e->counts.alerts[k][t]);
    head(text, "dead_letters_total", "counter", "records that could not be used, by reason");
    for (int r = 0; r < DEAD_REASON_COUNT; r++)
        if (e->counts.dead_letters[r])
            buf_put_format(text, "floorwalker_dead_letters_total{reason=\"%s\"} %" PRIu64 "\n",
                           dead_letter_reason_name((enum dead_letter_reason)r),
                           e->counts.dead_letters[r]);
}

static void write_source_counts(const struct engine *e, struct buf *text) {
    struct interaction_task_counts sum = {0};
    size_t open = 0;
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct interaction_task *source = e->partitions[i]->source;
        if (!source)
            continue;
        const struct interaction_task_counts *c = interaction_task_counts(source);
#define ADD(name, meaning) sum.name += c->name;
        INTERACTION_TASK_COUNTS(ADD)
#undef ADD
        open += interaction_task_open(source);
    }
#define WRITE(name, meaning) count(text, "interaction_" #name, meaning, sum.name);
    INTERACTION_TASK_COUNTS(WRITE)
#undef WRITE
    gauge(text, "open_interactions", "interactions open", (double)open);
}

static void write_tenant_counts(const struct engine *e, struct buf *text) {
    struct tenant_task_counts sum = {0};
    struct episode_book_counts episodes = {0};
    size_t scopes = 0, open_alerts = 0;
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct tenant_task *tenant = e->partitions[i]->tenant;
        if (!tenant)
            continue;
        const struct tenant_task_counts *c = tenant_task_counts(tenant);
#define ADD(name, meaning) sum.name += c->name;
        TENANT_TASK_COUNTS(ADD)
#undef ADD
        scopes += tenant_task_scopes(tenant);
        open_alerts += tenant_task_open_alerts(tenant);
        tenant_task_add_episodes(tenant, &episodes);
    }
#define WRITE(name, meaning) count(text, "tenant_" #name, meaning, sum.name);
    TENANT_TASK_COUNTS(WRITE)
#undef WRITE
#define WRITE(name, meaning) count(text, "episodes_" #name, meaning, episodes.name);
    EPISODE_BOOK_COUNTS(WRITE)
#undef WRITE
    gauge(text, "scopes", "scopes that have windows", (double)scopes);
    gauge(text, "open_alerts", "alert episodes open", (double)open_alerts);
}

/* How far a recovery has come. */
static void write_recovery(const struct engine *e, struct buf *text) {
    int64_t left = 0;
    size_t states[PARTITION_STATE_COUNT] = {0};
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct partition *p = e->partitions[i];
        states[p->state]++;
        if (p->state == PARTITION_REPLAYING)
            left += p->committed - p->next;
    }
    head(text, "partitions", "gauge", "partitions of this process, by state");
    for (int s = 0; s < PARTITION_STATE_COUNT; s++)
        buf_put_format(text, "floorwalker_partitions{state=\"%s\"} %zu\n",
                       partition_state_name((enum partition_state)s), states[s]);
    gauge(text, "replay_left", "offsets that are still to be replayed", (double)left);
}

/* A summary; `label` is empty or ends with a comma. */
static void write_timing(struct buf *text, const char *name, const char *label,
                         const struct timing *t) {
    static const double quantiles[] = {0.5, 0.9, 0.99, 1};
    int bare = label[0] ? (int)strlen(label) - 1 : 0;
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
        buf_put_format(text, "floorwalker_%s{%squantile=\"%g\"} %.6f\n", name, label, quantiles[i],
                       (double)timing_quantile_us(t, quantiles[i]) / 1e6);
    const char *open = bare ? "{" : "", *close = bare ? "}" : "";
    buf_put_format(text, "floorwalker_%s_sum%s%.*s%s %.6f\n", name, open, bare, label, close,
                   (double)t->sum_us / 1e6);
    buf_put_format(text, "floorwalker_%s_count%s%.*s%s %" PRIu64 "\n", name, open, bare, label,
                   close, t->count);
}

static void write_timings(const struct engine *e, struct buf *text) {
    head(text, "commit_seconds", "summary", "from the cut of an epoch to its commit");
    write_timing(text, "commit_seconds", "", &e->commit_timing);
    head(text, "snapshot_stall_seconds", "summary", "the loop waits while a task is serialised");
    for (int i = 0; i < INPUT_COUNT; i++) {
        char label[64];
        snprintf(label, sizeof label, "input=\"%s\",", engine_input_name((enum engine_input)i));
        write_timing(text, "snapshot_stall_seconds", label, &e->stall_timing[i]);
    }
}

static void write_clocks(const struct engine *e, struct buf *text) {
    head(text, "clock_lag_seconds", "gauge", "wall clock less the clock of a task");
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct partition *p = e->partitions[i];
        int64_t clock = partition_clock(p);
        if (clock != INSTANT_NONE)
            buf_put_format(
                text,
                "floorwalker_clock_lag_seconds{input=\"%s\",partition=\"%" PRId32 "\"} %.3f\n",
                engine_input_name(p->input), p->number, (double)(e->wall_at - clock) / 1e3);
    }
}

static void write_memory(const struct engine *e, struct buf *text) {
    gauge(text, "memory_limit_bytes", "limits.memory; 0: none", (double)e->options.memory_limit);
    gauge(text, "memory_held_bytes", "memory of the process at the last look",
          (double)e->memory.held);
    gauge(text, "memory_level", "0 free, 1 only the furthest behind is read, 2 no input is read",
          e->memory.level);
    head(text, "memory_share_bytes", "gauge", "what is bounded in advance: the most it may take");
#define WRITE(name, divisor, least, most, meaning)                                                 \
    buf_put_format(text, "floorwalker_memory_share_bytes{of=\"" #name "\"} %zu\n", e->plan.name);
    MEMORY_SHARES(WRITE)
#undef WRITE
    head(text, "memory_used_bytes", "gauge", "what is in use of a share");
    buf_put_format(text,
                   "floorwalker_memory_used_bytes{of=\"epoch\"} %zu\n"
                   "floorwalker_memory_used_bytes{of=\"sums\"} %zu\n",
                   epoch_size(e->open) + (e->flying ? epoch_size(e->flying) : 0),
                   delta_table_size(e->deltas) + report_writer_size(e->writer));
}

void engine_write_metrics(const struct engine *e, struct buf *text) {
    write_engine_counts(e, text);
    write_source_counts(e, text);
    write_tenant_counts(e, text);
    write_recovery(e, text);
    write_timings(e, text);
    write_clocks(e, text);
    write_memory(e, text);
    count(text, "leaves_refused", "finest scopes that were not kept: too many",
          leaf_dict_refused(e->rules->leaves));
    count(text, "reasons_refused", "events counted without their reason: too many reasons",
          leaf_dict_refused_reasons(e->rules->leaves));
}

static int64_t end_of(const struct engine *e, const struct partition *p) {
    return e->options.log.end(e->options.log.self, p->input, p->number);
}

/* Nothing is left to read, to commit, to judge or to show. The end of the tenant log holds our own
 * transactions' markers, which are no records, so it cannot be compared with; what is written there
 * is read back within a commit's time, and IDLE_AFTER_MS is much longer. */
static bool is_idle(const struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct partition *p = e->partitions[i];
        if (p->state == PARTITION_REPLAYING || p->hold != HOLD_NONE)
            return false;
        if (partition_is_source(p) && p->next < end_of(e, p))
            return false;
    }
    /* With ticks there is always an update to come. */
    bool shown = e->options.live ? !engine_owes_view(e) : !engine_view_lags(e);
    return e->partition_count > 0 && engine_is_clean(e) && !e->view_waits && shown &&
           e->options.view.ready(e->options.view.self) && e->wall_at - e->busy_at >= IDLE_AFTER_MS;
}

void engine_write_progress(const struct engine *e, struct buf *json) {
    buf_put_format(json, "{\"idle\":%s,\"partitions\":[", is_idle(e) ? "true" : "false");
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct partition *p = e->partitions[i];
        int64_t clock = partition_clock(p);
        buf_put_format(json,
                       "%s{\"input\":\"%s\",\"partition\":%" PRId32
                       ",\"state\":\"%s\",\"hold\":\"%s\",\"next_offset\":%" PRId64
                       ",\"committed_offset\":%" PRId64 ",\"end_offset\":%" PRId64 ",\"clock\":",
                       i ? "," : "", engine_input_name(p->input), p->number,
                       partition_state_name(p->state), partition_hold_name(p->hold), p->next,
                       p->sent >= 0 ? p->sent : p->committed, end_of(e, p));
        if (clock == INSTANT_NONE)
            buf_put_format(json, "null}");
        else
            buf_put_format(json, "%" PRId64 "}", clock);
    }
    buf_put_format(json, "]}\n");
}
