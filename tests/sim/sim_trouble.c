/* Faults as they befall the world. */
#include <stdlib.h>

#include "base/check.h"
#include "sim_draw.h"
#include "sim_world.h"

static void end_process(struct sim_world *w, int instance, int64_t down_ms) {
    sim_process_free(w->processes[instance]);
    w->processes[instance] = NULL;
    w->start_at[instance] = w->now_at + down_ms;
}

static void make_ghost(struct sim_world *w, int instance, int64_t ms) {
    for (int i = 0; i < SIM_GHOSTS_MAX; i++) {
        if (w->ghosts[i])
            continue;
        w->ghosts[i] = w->processes[instance];
        w->ghosts[i]->paused_until = w->now_at + ms;
        w->processes[instance] = NULL;
        w->start_at[instance] = w->now_at + 200;
        return;
    }
}

static void befall_process(struct sim_world *w, const struct sim_fault *f) {
    int instance = f->who % w->history->settings.processes;
    struct sim_process *p = w->processes[instance];
    if (f->kind == SIM_FAULT_SKEW) {
        w->skew_ms[instance] = f->ms;
        w->skew_until[instance] = w->now_at + 5000;
    }
    /* One in three tells a process only what was published before. */
    if (f->kind == SIM_FAULT_CONTRACTS && w->history->settings.changes && f->ms % 3 &&
        w->parts.version + 1 < SIM_VERSIONS)
        w->parts.version++;
    if (!p)
        return;
    switch (f->kind) {
    case SIM_FAULT_KILL: end_process(w, instance, f->ms); break;
    case SIM_FAULT_PAUSE: p->paused_until = w->now_at + f->ms; break;
    case SIM_FAULT_TWIN: make_ghost(w, instance, f->ms); break;
    case SIM_FAULT_STOP:
        sim_process_stop(p);
        w->start_at[instance] = w->now_at + f->ms;
        break;
    case SIM_FAULT_COMMIT_DONE: p->outcome = SIM_OUTCOME_UNKNOWN_DONE; break;
    case SIM_FAULT_COMMIT_LOST: p->outcome = SIM_OUTCOME_UNKNOWN_LOST; break;
    case SIM_FAULT_COMMIT_SLOW: p->commit_delay_ms = f->ms; break;
    case SIM_FAULT_SKEW: p->skew_ms = f->ms; break;
    case SIM_FAULT_CONTRACTS: sim_process_reload(p); break;
    default: UNREACHABLE("no fault of a process");
    }
}

/* One of the newest chunks: a bit is turned, or it is gone. */
static void hurt_snapshot(struct sim_world *w, const struct sim_fault *f) {
    struct sim_log *log = sim_broker_output(&w->parts.broker, OUTPUT_STATE);
    size_t back = (size_t)f->who % 6;
    for (size_t i = log->count; i-- > 0;) {
        struct sim_record *r = &log->records[i];
        if (r->marker || r->gone || back-- > 0)
            continue;
        if (f->kind == SIM_FAULT_LOSE)
            r->gone = true;
        else
            ((char *)(uintptr_t)r->value.at)[(size_t)f->ms % r->value.size] ^= 4;
        return;
    }
}

static void hide(struct sim_world *w, int number, int64_t ms) {
    w->hidden_until[number] = w->now_at + ms;
    sim_broker_hide(&w->parts.broker, &w->parts.broker.logs[number], true);
}

static void send_junk(struct sim_world *w, const struct sim_fault *f, uint32_t txn) {
    enum sim_junk junk = (enum sim_junk)((uint64_t)f->ms % SIM_JUNK_COUNT);
    struct buf key, value;
    buf_init(&key);
    buf_init(&value);
    sim_load_junk(junk, w->junk_count++, w->now_at, &key, &value);
    int32_t partition = f->who % w->history->settings.partitions[INPUT_INTERACTIONS];
    sim_broker_append(&w->parts.broker,
                      sim_broker_input(&w->parts.broker, INPUT_INTERACTIONS, partition), txn,
                      buf_slice(&key), buf_slice(&value));
    buf_deinit(&key);
    buf_deinit(&value);
}

/* Nothing behind it is readable until it ends; one in two is given up. */
static void hold(struct sim_world *w, const struct sim_fault *f) {
    struct sim_broker *b = &w->parts.broker;
    if (b->producers[SIM_FOREIGN].open != SIM_TXN_NONE)
        return;
    uint32_t epoch = b->producers[SIM_FOREIGN].epoch;
    w->held_until = w->now_at + f->ms;
    w->held_is_junk = f->ms % 2;
    send_junk(w, f, sim_broker_begin(b, SIM_FOREIGN, epoch));
    w->junk_count -= !w->held_is_junk; /* will never have been */
}

static void let_go(struct sim_world *w) {
    struct sim_broker *b = &w->parts.broker;
    if (b->producers[SIM_FOREIGN].open == SIM_TXN_NONE || w->now_at < w->held_until)
        return;
    sim_broker_end(b, SIM_FOREIGN, b->producers[SIM_FOREIGN].epoch, w->held_is_junk);
}

/* All but the last few, whether they were read or not. */
static void expire(struct sim_world *w, const struct sim_fault *f) {
    const struct sim_settings *s = &w->history->settings;
    int32_t partition = f->who % s->partitions[INPUT_INTERACTIONS];
    struct sim_log *log = sim_broker_input(&w->parts.broker, INPUT_INTERACTIONS, partition);
    size_t kept = (size_t)f->ms % 6;
    if (!s->gaps || log->visible < log->low + kept)
        return;
    log->low = log->visible - kept;
    w->has_gap = true;
}

static void befall(struct sim_world *w, const struct sim_fault *f) {
    const struct sim_settings *s = &w->history->settings;
    struct sim_redis *redis = &w->parts.redis;
    switch (f->kind) {
    case SIM_FAULT_SHUFFLE: sim_group_shuffle(&w->parts.group); break;
    case SIM_FAULT_HIDE_INPUT:
        hide(w, SIM_LOG_INTERACTIONS + f->who % s->partitions[INPUT_INTERACTIONS], f->ms);
        break;
    case SIM_FAULT_HIDE_LOG:
        hide(w, SIM_LOG_TENANT + f->who % s->partitions[INPUT_TENANT_LOG], f->ms);
        break;
    case SIM_FAULT_CLOCK: /* a change would fold what a clock ahead told too early */
        if (s->changes)
            break;
        w->parts.broker.logs[SIM_LOG_INTERACTIONS + f->who % s->partitions[INPUT_INTERACTIONS]]
            .clock_ahead_ms = f->ms;
        break;
    case SIM_FAULT_REDIS_DOWN:
        redis->down = true;
        redis->generation++;
        w->redis_until = w->now_at + f->ms;
        break;
    case SIM_FAULT_REDIS_SLOW:
        redis->slow_ms = f->ms;
        w->slow_until = w->now_at + 3000;
        break;
    case SIM_FAULT_REDIS_WIPE: sim_redis_wipe(redis); break;
    case SIM_FAULT_REDIS_REWIND:
        sim_redis_save(redis);
        w->rewind_at = w->now_at + f->ms;
        break;
    case SIM_FAULT_REGISTRY_DOWN:
        w->parts.registry_down = true;
        w->registry_until = w->now_at + f->ms;
        break;
    case SIM_FAULT_TEAR:
    case SIM_FAULT_LOSE: hurt_snapshot(w, f); break;
    case SIM_FAULT_COMPACT:
        sim_broker_compact(&w->parts.broker, sim_broker_output(&w->parts.broker, OUTPUT_STATE));
        break;
    case SIM_FAULT_JUNK: send_junk(w, f, SIM_TXN_NONE); break;
    case SIM_FAULT_HOLD: hold(w, f); break;
    case SIM_FAULT_RETENTION: expire(w, f); break;
    default: befall_process(w, f); break;
    }
}

static void end_some(struct sim_world *w) {
    let_go(w);
    for (int i = 0; i < SIM_LOG_COUNT; i++)
        if (w->parts.broker.logs[i].hidden && w->now_at >= w->hidden_until[i])
            sim_broker_hide(&w->parts.broker, &w->parts.broker.logs[i], false);
    if (w->now_at >= w->redis_until)
        w->parts.redis.down = false;
    if (w->now_at >= w->slow_until)
        w->parts.redis.slow_ms = 0;
    if (w->now_at >= w->registry_until)
        w->parts.registry_down = false;
    if (w->now_at >= w->rewind_at) {
        sim_redis_rewind(&w->parts.redis);
        w->rewind_at = INSTANT_MAX;
    }
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        if (w->now_at < w->skew_until[i])
            continue;
        w->skew_ms[i] = 0;
        if (w->processes[i])
            w->processes[i]->skew_ms = 0;
    }
}

void sim_trouble_step(struct sim_world *w) {
    const struct sim_history *h = w->history;
    while (w->faults_done < h->fault_count &&
           SIM_START + h->faults[w->faults_done].at <= w->now_at) {
        const struct sim_fault *f = &h->faults[w->faults_done++];
        if (w->say) {
            struct buf text;
            buf_init(&text);
            sim_faults_describe(f, &text);
            buf_put_u8(&text, 0);
            w->say(text.at);
            buf_deinit(&text);
        }
        befall(w, f);
    }
    end_some(w);
}

void sim_trouble_end(struct sim_world *w) {
    for (int i = 0; i < SIM_LOG_COUNT; i++) {
        w->hidden_until[i] = 0;
        w->parts.broker.logs[i].clock_ahead_ms = 0;
    }
    w->held_until = 0;
    w->redis_until = w->slow_until = w->registry_until = 0;
    if (w->rewind_at != INSTANT_MAX)
        w->rewind_at = 0;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        w->skew_until[i] = 0;
        if (w->processes[i])
            w->processes[i]->paused_until = 0;
    }
    for (int i = 0; i < SIM_GHOSTS_MAX; i++)
        if (w->ghosts[i])
            w->ghosts[i]->paused_until = 0;
    end_some(w);
    w->calm = w->parts.calm = true;
}
