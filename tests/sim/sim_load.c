#include "sim_load.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/delta.h"
#include "sim_draw.h"

struct story {
    struct sim_load *load;
    unsigned call;
    uint64_t draws;
    size_t leaf;
    int64_t at, queued_at, reply_from_at;
    uint32_t visit;
    uint16_t event;
    bool created, replied;
    int64_t behind_ms; /* all of the call comes so late */
};

static uint64_t draw(struct story *s) {
    return sim_draw(s->load->settings->seed, DRAW_CALL, s->call, s->draws++);
}

static int64_t chance_ms(struct story *s, int64_t most_ms) {
    return sim_draw_in(draw(s), 0, most_ms);
}

static bool maybe(struct story *s, unsigned one_in) {
    return sim_draw_one_in(draw(s), one_in);
}

static size_t pane_of(int64_t at) {
    CHECK(at >= SIM_PANES_FROM && at < SIM_PANES_FROM + SIM_PANES * (int64_t)DELTA_PANE_MS);
    return (size_t)((at - SIM_PANES_FROM) / DELTA_PANE_MS);
}

static struct sim_part *part_of(struct story *s) {
    return &s->load->truth.parts[s->call];
}

static void truth(struct story *s, int64_t at, enum counter c, int64_t value) {
    struct sim_part *p = part_of(s);
    s->load->truth.counters[s->leaf][pane_of(at)][c] += value;
    if (c != COUNTER_BACKLOG_CHANGE)
        return;
    if (p->began_at == 0)
        *p = (struct sim_part){.leaf = s->leaf, .began_at = at};
    p->ended_at = value > 0 ? 0 : at;
}

static void truth_level(struct story *s, int64_t at, enum level_counter c) {
    struct sim_truth *t = &s->load->truth;
    t->levels[s->leaf][pane_of(at)][BY_EVENT][c]++;
    t->levels[s->leaf][pane_of(s->queued_at)][BY_ARRIVAL][c]++;
}

static void send_at(struct story *s, enum event_type type, int64_t send_at) {
    struct sim_load *l = s->load;
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 256;
        l->sends = realloc(l->sends, l->capacity * sizeof *l->sends);
        CHECK(l->sends);
    }
    l->sends[l->count++] = (struct sim_send){.send_at = send_at,
                                             .call = s->call,
                                             .number = s->event,
                                             .type = (uint8_t)type,
                                             .leaf = (uint8_t)s->leaf,
                                             .event_at = s->at};
}

/* In order each event comes the same while after it was; in disorder up to eight seconds. */
static void happen(struct story *s, enum event_type type) {
    bool disorder = s->load->disorder && !s->behind_ms && maybe(s, 3);
    int64_t late_ms = disorder ? chance_ms(s, 8000) : 40;
    send_at(s, type, s->at + s->behind_ms + late_ms);
    if (!s->behind_ms && maybe(s, 8))
        send_at(s, type, s->at + s->behind_ms + late_ms + chance_ms(s, 3000));
    s->event++;
}

static int64_t target_of(const struct story *s) {
    return sim_load_target_ms(sim_load_tenant(s->leaf));
}

static void wait_begins(struct story *s) {
    s->queued_at = s->at;
    s->visit++;
    truth(s, s->at, COUNTER_OFFERED, 1);
    truth(s, s->at, COUNTER_WAITING_CHANGE, 1);
    if (!s->created)
        truth(s, s->at, COUNTER_BACKLOG_CHANGE, 1);
    if (s->reply_from_at == 0)
        s->reply_from_at = s->at;
}

/* The warning comes a second before the target. Only an answer is a verdict, or the breach. */
static void clock_truth(struct story *s, int64_t wait_ms, bool ended, bool answered) {
    struct sim_verdict *v = &s->load->truth.verdicts[s->call][s->visit];
    int64_t target_ms = target_of(s);
    if (wait_ms > target_ms - SECOND_MS) {
        truth(s, s->queued_at + target_ms - SECOND_MS, COUNTER_ITEMS_AT_RISK, 1);
        v->at_risk = true;
    }
    if (wait_ms > target_ms) {
        truth(s, s->queued_at + target_ms, COUNTER_ITEMS_BREACHED, 1);
        v->breached = true;
        if (ended)
            truth(s, s->at, COUNTER_CLOCKS_MISSED, 1);
    } else if (answered) {
        truth(s, s->at, COUNTER_CLOCKS_MET, 1);
    }
    v->ended = ended;
}

static void wait_ends(struct story *s, enum counter counter, enum counter by_arrival,
                      enum level_counter in_time) {
    int64_t wait_ms = s->at - s->queued_at;
    truth(s, s->at, COUNTER_WAITING_CHANGE, -1);
    truth(s, s->at, counter, 1);
    truth(s, s->queued_at, by_arrival, 1);
    truth(s, s->queued_at, COUNTER_ARR_ENDED, 1);
    if (wait_ms <= target_of(s))
        truth_level(s, s->at, in_time);
    else
        truth_level(s, s->queued_at + target_of(s), LEVEL_LATE);
    clock_truth(s, wait_ms, true, counter == COUNTER_ANSWERED);
    part_of(s)->visits++;
    part_of(s)->wait_ms += wait_ms;
    if (counter != COUNTER_ANSWERED && !s->created)
        truth(s, s->at, COUNTER_BACKLOG_CHANGE, -1);
}

static void abandon(struct story *s) {
    bool is_short = s->at - s->queued_at < SECOND_MS;
    happen(s, maybe(s, 3) ? EVENT_DISCONNECTED : EVENT_ABANDONED);
    wait_ends(s, COUNTER_ABANDONED, COUNTER_ARR_ABANDONED,
              is_short ? LEVEL_ABANDONED_SHORT : LEVEL_ABANDONED_IN);
    if (!is_short)
        return;
    truth(s, s->at, COUNTER_ABANDONED_SHORT, 1);
    truth(s, s->queued_at, COUNTER_ARR_ABANDONED_SHORT, 1);
}

static void leg_truth(struct story *s, int64_t from_at, int64_t hold_ms, int64_t wrap_ms,
                      bool transferred) {
    const struct {
        enum counter by_event, by_arrival;
        int64_t value;
    } sums[] = {
        {COUNTER_HANDLED, COUNTER_ARR_HANDLED, 1},
        {COUNTER_TALK_MS, COUNTER_ARR_TALK_MS, s->at - from_at - hold_ms - wrap_ms},
        {COUNTER_HOLD_MS, COUNTER_ARR_HOLD_MS, hold_ms},
        {COUNTER_WRAP_MS, COUNTER_ARR_WRAP_MS, wrap_ms},
        {COUNTER_TRANSFERRED, COUNTER_ARR_TRANSFERRED, transferred},
    };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        truth(s, s->at, sums[i].by_event, sums[i].value);
        truth(s, s->queued_at, sums[i].by_arrival, sums[i].value);
    }
    truth(s, s->at, COUNTER_IN_SERVICE_CHANGE, -1);
    part_of(s)->legs++;
    part_of(s)->transfers += transferred;
    part_of(s)->handle_ms += s->at - from_at;
    if (!s->created)
        truth(s, s->at, COUNTER_BACKLOG_CHANGE, -1);
}

/* Talk with holds, then a transfer, or a disconnect and perhaps a wrap; true when transferred. */
static bool serve(struct story *s) {
    int64_t from_at = s->at, hold_ms = 0, wrap_ms = 0;
    truth(s, s->at, COUNTER_IN_SERVICE_CHANGE, 1);
    while (maybe(s, 4)) {
        s->at += chance_ms(s, 3000) + 1;
        happen(s, EVENT_HOLD_START);
        int64_t held_ms = chance_ms(s, 2000) + 1;
        s->at += held_ms;
        hold_ms += held_ms;
        happen(s, EVENT_HOLD_END);
    }
    s->at += chance_ms(s, 9000) + 1;
    bool transferred = maybe(s, 4);
    happen(s, transferred ? EVENT_TRANSFERRED : EVENT_DISCONNECTED);
    if (!transferred && maybe(s, 2)) {
        happen(s, EVENT_WRAP_START);
        wrap_ms = chance_ms(s, 4000) + 1;
        s->at += wrap_ms;
        happen(s, EVENT_WRAP_END);
    }
    leg_truth(s, from_at, hold_ms, wrap_ms, transferred);
    return transferred;
}

static void answer(struct story *s) {
    int64_t wait_ms = s->at - s->queued_at;
    happen(s, EVENT_ANSWERED);
    wait_ends(s, COUNTER_ANSWERED, COUNTER_ARR_ANSWERED, LEVEL_ANSWERED_IN);
    truth(s, s->at, COUNTER_WAIT_MS, wait_ms);
    truth(s, s->queued_at, COUNTER_ARR_WAIT_MS, wait_ms);
    if (s->replied)
        return;
    s->replied = true;
    truth(s, s->at, COUNTER_FIRST_REPLIES, 1);
    truth(s, s->at, COUNTER_FIRST_REPLY_MS, s->at - s->reply_from_at);
}

/* One visit from QUEUED on; true when another one follows. */
static bool visit(struct story *s) {
    happen(s, EVENT_QUEUED);
    wait_begins(s);
    int64_t target_ms = target_of(s);
    s->at += s->behind_ms  ? target_ms + 1 + chance_ms(s, 3000)
             : maybe(s, 4) ? (int64_t)(draw(s) % 3 + 1) * target_ms / 2
                           : chance_ms(s, target_ms * 2);
    switch (draw(s) % 8) {
    case 0: abandon(s); return false;
    case 1:
        s->at++;
        happen(s, maybe(s, 2) ? EVENT_FLOW_OUT : EVENT_DEQUEUED);
        wait_ends(s, COUNTER_FLOWED_OUT, COUNTER_ARR_FLOWED_OUT, LEVEL_FLOWED_OUT_IN);
        s->at += 500;
        return maybe(s, 2);
    case 2:
        s->at++;
        happen(s, EVENT_CALLBACK_REQUESTED);
        wait_ends(s, COUNTER_CALLBACKS, COUNTER_ARR_CALLBACKS, LEVEL_CALLBACK_IN);
        s->at += 6000;
        return maybe(s, 2);
    default: break;
    }
    answer(s);
    return serve(s);
}

static void resolve(struct story *s, int64_t from_at) {
    s->at += 1000;
    happen(s, EVENT_RESOLVED);
    truth(s, s->at, COUNTER_RESOLVED, 1);
    truth(s, s->at, COUNTER_RESOLUTION_MS, s->at - from_at);
    truth(s, s->at, COUNTER_BACKLOG_CHANGE, -1);
    part_of(s)->resolved_at = s->at;
    s->at += 3000;
    if (!maybe(s, 3)) {
        happen(s, EVENT_CLOSED);
        return;
    }
    part_of(s)->resolved_at = 0;
    happen(s, EVENT_REOPENED);
    truth(s, s->at, COUNTER_REOPENED, 1);
    truth(s, s->at, COUNTER_BACKLOG_CHANGE, 1);
    s->load->truth.open++;
}

/* Nobody ever answers: the wait is still on when the history ends. */
static void left_waiting(struct story *s) {
    happen(s, EVENT_QUEUED);
    wait_begins(s);
    truth_level(s, s->queued_at + target_of(s), LEVEL_LATE);
    clock_truth(s, INT64_MAX, false, false);
    s->load->truth.open++;
}

void sim_load_add_call(struct sim_load *l, unsigned number) {
    CHECK(number < SIM_CALLS_MAX);
    struct story s = {.load = l, .call = number};
    size_t leaves = (size_t)1 << sim_draw(l->settings->seed, DRAW_SETTINGS, 102, 0) % 4;
    s.leaf = (size_t)(draw(&s) % leaves) * (SIM_LEAVES / leaves);
    s.at = SIM_START + 1000 + chance_ms(&s, l->settings->span_ms);
    if (maybe(&s, 12)) {
        left_waiting(&s);
        return;
    }
    if (maybe(&s, 12)) { /* the site's gateway was cut off for a while */
        s.behind_ms = 30000 + chance_ms(&s, 60000);
        s.at -= s.behind_ms;
    }
    s.created = maybe(&s, 3);
    int64_t from_at = s.at;
    if (s.created) {
        happen(&s, EVENT_CREATED);
        truth(&s, s.at, COUNTER_BACKLOG_CHANGE, 1);
        s.reply_from_at = s.at;
        s.at += chance_ms(&s, 500);
    }
    bool more = true;
    while (more && s.visit < SIM_VISITS_MAX - 1)
        more = visit(&s);
    if (more) { /* the last one was announced: it has to come */
        happen(&s, EVENT_QUEUED);
        wait_begins(&s);
        s.at += s.behind_ms ? target_of(&s) + 1 : 300;
        abandon(&s);
    }
    if (s.created)
        resolve(&s, from_at);
}

int sim_load_journey(unsigned call) {
    return call / 3 % 4 == 3 ? -1 : (int)(call / 3);
}

unsigned sim_load_calls(const struct sim_settings *settings) {
    return (unsigned)sim_draw_in(sim_draw(settings->seed, DRAW_SETTINGS, 100, 0), 2,
                                 SIM_CALLS_MAX / 2);
}

void sim_load_init(struct sim_load *l, const struct sim_settings *settings) {
    *l = (struct sim_load){.settings = settings};
    l->disorder = !settings->changes &&
                  sim_draw_one_in(sim_draw(settings->seed, DRAW_SETTINGS, 101, 0), 2);
}

void sim_load_deinit(struct sim_load *l) {
    free(l->sends);
}

static int by_time(const void *left, const void *right) {
    const struct sim_send *a = left, *b = right;
    if (a->send_at != b->send_at)
        return a->send_at < b->send_at ? -1 : 1;
    if (a->call != b->call)
        return a->call < b->call ? -1 : 1;
    return (int)a->number - (int)b->number;
}

void sim_load_seal(struct sim_load *l) {
    if (l->count)
        qsort(l->sends, l->count, sizeof *l->sends, by_time);
    l->last_send_at = l->count ? l->sends[l->count - 1].send_at : SIM_START;
}

void sim_load_describe(const struct sim_load *l, unsigned call, struct buf *text) {
    for (size_t i = 0; i < l->count; i++) {
        const struct sim_send *s = &l->sends[i];
        if (s->call != call)
            continue;
        buf_put_format(text, " %s@%lld", event_type_name((enum event_type)s->type),
                       (long long)(s->event_at - SIM_START));
        if (s->send_at != s->event_at + 40)
            buf_put_format(text, "(sent %lld)", (long long)(s->send_at - SIM_START));
    }
}
