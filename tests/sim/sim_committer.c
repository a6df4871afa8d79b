/* The committer's thread as the broker sees it: records, offsets, end, one after the other, with
 * time between them in which anything may happen. */
#include "base/check.h"
#include "sim_draw.h"
#include "sim_process.h"

#define TRIES_MOST 5

static const struct sim_settings *settings_of(const struct sim_process *p) {
    return p->world->settings;
}

/* Commits take a few milliseconds, and one in sixteen takes long. */
static int64_t delay_of(struct sim_process *p) {
    uint64_t draw = sim_draw(settings_of(p)->seed, DRAW_COMMIT, p->life * 8 + p->commit.step,
                             p->commits);
    bool slow = !p->world->calm && sim_draw_one_in(draw >> 32, 16);
    return sim_draw_in(draw, 1, slow ? settings_of(p)->slowest_ms : 12);
}

static void go(struct sim_process *p, enum sim_commit_step step) {
    p->commit.step = step;
    p->commit.next_at = p->now_at + delay_of(p);
}

static void take_group(struct sim_process *p) {
    struct sim_commit *c = &p->commit;
    c->generation = p->generation;
    c->session = p->session;
    if (settings_of(p)->without != SIM_GUARD_FRESH_GROUP)
        return;
    if (p->first_generation < 0)
        p->first_generation = p->generation;
    c->generation = p->first_generation;
}

void sim_committer_begin(struct sim_process *p, struct epoch *epoch) {
    CHECK(!p->commit.epoch);
    p->commit = (struct sim_commit){.epoch = epoch, .losses = p->losses};
    p->commits++;
    take_group(p);
    go(p, SIM_COMMIT_PRODUCE);
    p->commit.next_at += p->commit_delay_ms;
    p->commit_delay_ms = 0;
}

static void answer(struct sim_process *p, bool ok, bool again, const char *reason) {
    p->commit.ok = ok;
    p->commit.again = again;
    p->commit.reason = reason;
    go(p, SIM_COMMIT_ANSWER);
}

static void fenced(struct sim_process *p) {
    p->world->refused++;
    answer(p, false, false, "a newer process of this name, or the broker, ended the transaction");
}

static struct sim_log *log_of(struct sim_process *p, const struct epoch_record *r) {
    struct sim_broker *b = &p->world->broker;
    return r->topic == OUTPUT_TENANT_LOG ? sim_broker_input(b, INPUT_TENANT_LOG, r->partition)
                                         : sim_broker_output(b, r->topic);
}

static void produce(struct sim_process *p) {
    struct sim_broker *b = &p->world->broker;
    struct epoch *e = p->commit.epoch;
    uint32_t txn = sim_broker_begin(b, p->instance, p->producer_epoch);
    if (txn == SIM_TXN_NONE) {
        fenced(p);
        return;
    }
    for (size_t i = 0; i < e->record_count; i++) {
        struct epoch_record *r = &e->records[i];
        r->offset = sim_broker_append(b, log_of(p, r), txn, epoch_key(e, r), epoch_value(e, r));
    }
    go(p, SIM_COMMIT_OFFSETS);
}

/* The coordinator looks at generation and member, if there are any (protocol: empty metadata is
 * taken unseen), and never at owners. */
static bool group_agrees(const struct sim_process *p) {
    const struct sim_group *g = &p->world->group;
    if (p->commit.generation < 0)
        return settings_of(p)->without == SIM_GUARD_GENERATION;
    return sim_group_is_member(g, p->instance, p->commit.session) &&
           p->commit.generation == g->generation;
}

/* The guard that is taken out: offsets beside the transaction. */
static void commit_offsets_apart(struct sim_process *p) {
    struct sim_broker *b = &p->world->broker;
    for (size_t i = 0; i < p->commit.epoch->position_count; i++) {
        const struct epoch_position *from = &p->commit.epoch->positions[i];
        struct sim_offset *to = &b->committed[from->input][from->partition];
        to->offset = from->offset;
        memcpy(to->metadata, from->metadata, sizeof to->metadata);
    }
}

static void send_offsets(struct sim_process *p) {
    if (!p->commit.epoch->position_count) {
        go(p, SIM_COMMIT_END);
    } else if (!group_agrees(p)) {
        p->world->refused++;
        go(p, SIM_COMMIT_ABORT);
    } else if (settings_of(p)->without == SIM_GUARD_OFFSETS) {
        commit_offsets_apart(p);
        go(p, SIM_COMMIT_END);
    } else if (sim_broker_send_offsets(&p->world->broker, p->instance, p->producer_epoch,
                                       p->commit.epoch)) {
        go(p, SIM_COMMIT_END);
    } else {
        fenced(p);
    }
}

static void end(struct sim_process *p) {
    struct sim_broker *b = &p->world->broker;
    if (!sim_broker_is_acked(b, p->instance)) {
        p->commit.next_at = p->now_at + 10;
        return;
    }
    enum sim_outcome outcome = p->outcome;
    p->outcome = SIM_OUTCOME_KNOWN;
    bool done = outcome == SIM_OUTCOME_UNKNOWN_LOST ||
                sim_broker_end(b, p->instance, p->producer_epoch, true);
    if (!done)
        fenced(p);
    else if (outcome == SIM_OUTCOME_KNOWN)
        answer(p, true, false, NULL);
    else
        answer(p, false, false, "commit the transaction: timed out, its outcome is not known");
}

static void abort_it(struct sim_process *p) {
    if (sim_broker_end(&p->world->broker, p->instance, p->producer_epoch, false))
        answer(p, false, true, "the group has another generation");
    else
        fenced(p);
}

/* As io/kafka_log: the identical epoch again while nothing was ever lost. */
static void tell(struct sim_process *p) {
    struct sim_commit *c = &p->commit;
    bool same_owner = p->losses == c->losses || settings_of(p)->without == SIM_GUARD_SAME_OWNERS;
    if (c->again && same_owner && ++c->tries < TRIES_MOST) {
        p->world->retries++;
        sim_assignment_hear(p);
        take_group(p);
        p->commits++;
        go(p, SIM_COMMIT_PRODUCE);
        return;
    }
    bool ok = c->ok;
    c->epoch = NULL;
    c->step = SIM_COMMIT_IDLE;
    engine_committed(p->engine, ok, 1000, c->reason);
}

void sim_committer_step(struct sim_process *p) {
    if (p->producer_at != INSTANT_NONE) {
        if (p->now_at < p->producer_at)
            return;
        p->producer_epoch = sim_broker_init_producer(&p->world->broker, p->instance);
        p->producer_at = INSTANT_NONE;
    }
    while (p->commit.epoch && p->now_at >= p->commit.next_at) {
        int64_t was_at = p->now_at;
        p->now_at = p->commit.next_at;
        switch (p->commit.step) {
        case SIM_COMMIT_PRODUCE: produce(p); break;
        case SIM_COMMIT_OFFSETS: send_offsets(p); break;
        case SIM_COMMIT_END: end(p); break;
        case SIM_COMMIT_ABORT: abort_it(p); break;
        case SIM_COMMIT_ANSWER: tell(p); break;
        case SIM_COMMIT_IDLE: UNREACHABLE("an epoch without a step");
        }
        p->now_at = was_at;
    }
}
