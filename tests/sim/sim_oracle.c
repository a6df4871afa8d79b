#include "sim_oracle.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/murmur2.h"
#include "sim_draw.h"
#include "tasks/tenant_task.h"

struct sim_oracle {
    struct sim_world *world;
    struct sim_recount recount;
    int32_t partitions; /* of the tenant log */
    struct sim_straight runs[SIM_PARTITIONS_MAX];
    uint64_t open_alerts; /* that the straight runs count, at the last committed offsets */
};

struct sim_oracle *sim_oracle_new(struct sim_world *w) {
    struct sim_oracle *o = calloc(1, sizeof *o);
    CHECK(o);
    o->world = w;
    o->partitions = w->history->settings.partitions[INPUT_TENANT_LOG];
    for (int32_t p = 0; p < o->partitions; p++)
        sim_straight_init(&o->runs[p], w, p);
    return o;
}

void sim_oracle_free(struct sim_oracle *o) {
    for (int32_t p = 0; p < o->partitions; p++)
        sim_straight_deinit(&o->runs[p]);
    free(o);
}

uint64_t sim_oracle_alerts(const struct sim_oracle *o) {
    uint64_t count = 0;
    for (int32_t p = 0; p < o->partitions; p++)
        for (size_t i = 0; i < o->runs[p].count; i++)
            count += o->runs[p].effects[i].topic < OUTPUT_AUDIT;
    return count;
}

static void add_up(void *context, const struct report *report) {
    sim_recount_add(context, report);
}

static void run_to(struct sim_oracle *o, int32_t partition, size_t end) {
    sim_straight_run(&o->runs[partition], o->world, partition, end, add_up, &o->recount);
}

/* The sum of a metric over all processes. */
static int64_t metric(const struct sim_world *w, const char *name) {
    int64_t sum = 0;
    struct buf text;
    buf_init(&text);
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        if (!w->processes[i])
            continue;
        buf_reset(&text);
        engine_write_metrics(w->processes[i]->engine, &text);
        buf_put_u8(&text, 0);
        const char *at = strstr(text.at, name);
        CHECK(at);
        sum += strtoll(at + strlen(name), NULL, 10);
    }
    buf_deinit(&text);
    return sum;
}

/* Each partition's straight run comes to where its owner's last shown batch stands. */
static void run_to_view(struct sim_oracle *o) {
    size_t ends[SIM_PARTITIONS_MAX] = {0};
    const struct sim_redis *r = &o->world->parts.redis;
    for (size_t i = 0; i < r->count; i++) {
        struct slice key = r->entries[i].key;
        if (r->entries[i].guard < 0 || key.size < 9)
            continue;
        struct slice tenant = {key.at + 4, 4}; /* fw:{acme}:... */
        int32_t p = murmur2_partition(tenant, o->partitions);
        if ((size_t)r->entries[i].guard > ends[p])
            ends[p] = (size_t)r->entries[i].guard;
    }
    for (int32_t p = 0; p < o->partitions; p++)
        run_to(o, p, ends[p]);
}

void sim_oracle_look_at_processes(struct sim_oracle *o) {
    struct sim_world *w = o->world;
    int64_t open = metric(w, "\nfloorwalker_open_interactions ");
    if (!w->has_gap && open != w->load.truth.open)
        sim_world_violation(w, "%lld interactions are open, in truth %lld", (long long)open,
                            (long long)w->load.truth.open);
    if (!w->history->settings.has_redis || *w->violation)
        return;
    run_to_view(o);
    if (!*w->violation)
        sim_shown_compare(w, o->runs);
    if (!*w->violation && !w->has_gap)
        sim_shown_recount(w);
}

static int32_t partition_of(const struct sim_oracle *o, struct slice key) {
    size_t size = 0;
    while (size < key.size && key.at[size] != '|')
        size++;
    return murmur2_partition((struct slice){key.at, size}, o->partitions);
}

/* The committed records of one topic are the effects of the straight runs, each in its order. */
static void compare_topic(struct sim_oracle *o, enum epoch_topic topic) {
    struct sim_world *w = o->world;
    struct sim_log *log = sim_broker_output(&w->parts.broker, topic);
    size_t next[SIM_PARTITIONS_MAX] = {0};
    for (size_t i = 0; i < log->count; i++) {
        const struct sim_record *r = sim_broker_read(&w->parts.broker, log, i);
        if (!r)
            continue;
        int32_t p = partition_of(o, r->key);
        const struct sim_straight *run = &o->runs[p];
        while (next[p] < run->count && run->effects[next[p]].topic != topic)
            next[p]++;
        if (next[p] == run->count ||
            !sim_straight_equals(run, &run->effects[next[p]], r->key, r->value)) {
            sim_world_violation(w, "%s, offset %zu: not what a straight run says (key %.*s)",
                                epoch_topic_name(topic), i, SLICE_ARG(r->key));
            return;
        }
        next[p]++;
    }
    for (int32_t p = 0; p < o->partitions; p++)
        for (; next[p] < o->runs[p].count; next[p]++)
            if (o->runs[p].effects[next[p]].topic == topic)
                sim_world_violation(w,
                                    "%s: an effect of the straight run over tenant-log-%d was "
                                    "never told",
                                    epoch_topic_name(topic), (int)p);
}

void sim_oracle_look_at_logs(struct sim_oracle *o) {
    struct sim_world *w = o->world;
    for (int32_t p = 0; p < o->partitions; p++) {
        int64_t committed = w->parts.broker.committed[INPUT_TENANT_LOG][p].offset;
        struct sim_log *log = sim_broker_input(&w->parts.broker, INPUT_TENANT_LOG, p);
        size_t stable = sim_broker_stable(&w->parts.broker, log);
        if (stable != log->count)
            sim_world_violation(w, "tenant-log-%d: a transaction is open for ever", (int)p);
        size_t end = committed < 0 ? 0 : (size_t)committed;
        run_to(o, p, end);
    }
    for (int32_t p = 0; p < o->partitions; p++)
        o->open_alerts += tenant_task_open_alerts(o->runs[p].task);
    for (int topic = OUTPUT_ALERTS_SLA; topic <= OUTPUT_KPIS && !*w->violation; topic++)
        compare_topic(o, (enum epoch_topic)topic);
    /* What was told after the last applied report counts as well: sums only. */
    for (int32_t p = 0; p < o->partitions && !*w->violation; p++)
        run_to(o, p, sim_broker_input(&w->parts.broker, INPUT_TENANT_LOG, p)->count);
    if (!*w->violation && !w->has_gap)
        sim_recount_compare(&o->recount, w);
    if (!*w->violation)
        sim_recount_episodes(w, o->open_alerts);
    if (!*w->violation && !w->has_gap)
        sim_recount_letters(w);
}
