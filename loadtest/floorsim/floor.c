#include "floor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contact.h"

enum timer {
    TIMER_ARRIVAL,
    TIMER_PATIENCE,
    TIMER_ANSWER,
    TIMER_MESSAGE,
    TIMER_HOLD,
    TIMER_UNHOLD,
    TIMER_LEG_END,
    TIMER_WRAP_END,
    TIMER_CALLBACK,
    TIMER_REPLY,
    TIMER_RESOLVE,
    TIMER_REOPEN,
};

/* How often each thing happens; shares of contacts. */
static const double hold_share = 0.15, wrap_share = 0.6, transfer_share = 0.03;
static const double flow_out_share = 0.1, callback_share = 0.1; /* of those who do not wait */
static const double urgent_share = 0.03, high_share = 0.1, reopen_share = 0.04;
enum { VISITS_MAX = 3, CUSTOMERS = 1000 * 1000 };

static int64_t draw_ms(struct floor *floor, double mean_s) {
    return 1 + (int64_t)(rng_exp(&floor->rng, mean_s) * 1000);
}

static const struct queue *queue_of(const struct floor *floor, const struct contact *contact) {
    return &floor->world->queues[contact->queue];
}

static void set_timer(struct floor *floor, uint32_t ref, enum timer kind, int64_t at) {
    heap_push(&floor->timers, (struct heap_item){.at = at,
                                                 .kind = kind,
                                                 .ref = ref,
                                                 .generation = floor->contacts[ref].generation});
}

static struct event event_of(const struct floor *floor, struct contact *contact, int64_t at,
                             enum event_type type) {
    return (struct event){.event_at = at,
                          .contact = contact->number,
                          .customer = contact->customer,
                          .queue = queue_of(floor, contact),
                          .agent = contact->agent,
                          .seq = ++contact->seq,
                          .type = type,
                          .initiation = INITIATION_CUSTOMER,
                          .priority = contact->priority,
                          .author = contact->agent ? AUTHOR_AGENT : AUTHOR_CUSTOMER};
}

static void send(struct floor *floor, struct contact *contact, const struct event *event) {
    unsigned fate = floor->sink(floor->sink_context, event);

    contact->what.events++;
    contact->what.duplicates += (fate & FATE_DUPLICATED) != 0;
    contact->what.late += (fate & FATE_LATE) != 0;
    contact->what.lost += (fate & FATE_LOST) != 0;
    floor->truth->totals.events++;
    floor->truth->totals.last_at = event->event_at;
    floor->truth->totals.duplicates += (fate & FATE_DUPLICATED) != 0;
    floor->truth->totals.late += (fate & FATE_LATE) != 0;
    floor->truth->totals.lost += (fate & FATE_LOST) != 0;
}

static void say(struct floor *floor, struct contact *contact, int64_t at, enum event_type type) {
    struct event event = event_of(floor, contact, at, type);

    send(floor, contact, &event);
}

static struct truth_who who_is(const struct floor *floor, const struct contact *contact) {
    return (struct truth_who){queue_of(floor, contact), contact->number, contact->priority};
}

static void tell_visit(struct floor *floor, struct contact *contact, int64_t ended_at,
                       const char *how) {
    struct truth_who who = who_is(floor, contact);

    truth_visit(floor->truth, &who, contact->queued_at, ended_at, how);
}

static void tell_leg(struct floor *floor, struct contact *contact, int64_t ended_at,
                     const char *how) {
    struct truth_who who = who_is(floor, contact);
    int64_t wrap_ms = contact->state == CONTACT_WRAPPED ? ended_at - contact->left_at : 0;

    truth_leg(floor->truth, &who, contact->answered_at, ended_at, how, contact->hold_ms, wrap_ms);
}

static void finish(struct floor *floor, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];
    struct truth_who who;

    if (queue_of(floor, contact)->channel == CHANNEL_CHAT)
        say(floor, contact, at, TYPE_CLOSED);
    who = who_is(floor, contact);
    contact->what.ended_at = at;
    truth_interaction(floor->truth, &who, &contact->what);
    contact_put_back(floor, ref);
}

/* Agents on duty follow the plan, not a burst: that is why a burst hurts. */
static void staff(struct floor *floor, const struct queue *queue, int64_t at) {
    const struct options *options = floor->world->options;
    double planned = queue->per_ms * 1000 * world_planned(floor->world, queue, at);
    double work_s = options->aht_s * (1 + hold_share / 5 + wrap_share / 6);

    floor->desks[queue->index].on_duty = (uint32_t)fmax(1, ceil(planned * work_s / options->load));
}

static void ring(struct floor *floor, struct desk *desk, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];
    int64_t longest_ms = 1 + (int64_t)(fmin(4, floor->world->options->aht_s / 10) * 1000);

    contact->agent = desk_seat(desk);
    contact->state = CONTACT_RINGING;
    set_timer(floor, ref, TIMER_ANSWER,
              at + 1 + (int64_t)rng_below(&floor->rng, (uint64_t)longest_ms));
}

static void call_next(struct floor *floor, uint32_t queue, int64_t at) {
    struct desk *desk = &floor->desks[queue];

    while (desk->waiting > 0 && desk->busy < desk->on_duty) {
        uint32_t ref = desk->first;

        contact_leave_line(floor, desk, ref);
        ring(floor, desk, ref, at);
    }
}

static void release_agent(struct floor *floor, struct contact *contact, int64_t at) {
    desk_release(&floor->desks[contact->queue], contact->agent);
    contact->agent = 0;
    call_next(floor, contact->queue, at);
}

static void join(struct floor *floor, uint32_t ref, int64_t at, enum event_initiation initiation) {
    struct contact *contact = &floor->contacts[ref];
    struct desk *desk = &floor->desks[contact->queue];
    struct event event = event_of(floor, contact, at, TYPE_QUEUED);

    event.initiation = initiation;
    send(floor, contact, &event);
    contact->queued_at = at;
    contact->visits++;
    contact->generation++;
    set_timer(floor, ref, TIMER_PATIENCE, at + draw_ms(floor, floor->world->options->patience_s));
    if (desk->waiting == 0 && desk->busy < desk->on_duty) {
        ring(floor, desk, ref, at);
    } else {
        contact->state = CONTACT_IN_LINE;
        contact_line_up(floor, desk, ref);
    }
}

static void greet(struct floor *floor, const struct queue *queue, int64_t at) {
    const struct options *options = floor->world->options;
    uint32_t ref = contact_take(floor);
    struct contact *contact = &floor->contacts[ref];
    double dice = rng_unit(&floor->rng);

    contact->queue = (uint32_t)queue->index;
    contact->customer = rng_below(&floor->rng, CUSTOMERS);
    contact->priority = dice < urgent_share                ? PRIORITY_URGENT
                        : dice < urgent_share + high_share ? PRIORITY_HIGH
                                                           : PRIORITY_NORMAL;
    contact->what.created_at = at;
    if (queue->channel == CHANNEL_CHAT || !world_is_live(queue->channel))
        say(floor, contact, at, TYPE_CREATED);
    if (world_is_live(queue->channel)) {
        join(floor, ref, at, INITIATION_CUSTOMER);
    } else {
        contact->state = CONTACT_AWAY;
        set_timer(floor, ref, TIMER_REPLY, at + draw_ms(floor, options->reply_s));
    }
}

static void plan_arrival(struct floor *floor, uint32_t index) {
    const struct queue *queue = &floor->world->queues[index];

    floor->next_arrival_ms[index] += rng_exp(&floor->rng, 1 / (queue->per_ms * queue->ceiling));
    heap_push(&floor->timers, (struct heap_item){.at = (int64_t)floor->next_arrival_ms[index],
                                                 .kind = TIMER_ARRIVAL,
                                                 .ref = index});
}

/* Thinning: candidates come at the ceiling's rate, and so many of them are real. */
static void arrive(struct floor *floor, uint32_t index, int64_t at) {
    const struct queue *queue = &floor->world->queues[index];
    double share = world_factor(floor->world, queue, at) / queue->ceiling;

    if (floor->closed)
        return;
    plan_arrival(floor, index);
    staff(floor, queue, at);
    call_next(floor, index, at);
    if (rng_chance(&floor->rng, share))
        greet(floor, queue, at);
}

static void give_up(struct floor *floor, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];
    double dice = rng_unit(&floor->rng);

    if (contact->state == CONTACT_IN_LINE)
        contact_leave_line(floor, &floor->desks[contact->queue], ref);
    else
        release_agent(floor, contact, at);
    contact->generation++;
    if (dice < callback_share && contact->visits < VISITS_MAX) {
        say(floor, contact, at, TYPE_CALLBACK_REQUESTED);
        tell_visit(floor, contact, at, "callback");
        contact->state = CONTACT_AWAY;
        set_timer(floor, ref, TIMER_CALLBACK,
                  at + draw_ms(floor, floor->world->options->aht_s * 5));
        return;
    }
    if (dice < callback_share + flow_out_share) {
        say(floor, contact, at, TYPE_FLOW_OUT);
        tell_visit(floor, contact, at, "flow_out");
    } else {
        say(floor, contact, at, TYPE_ABANDONED);
        tell_visit(floor, contact, at, "abandoned");
    }
    finish(floor, ref, at);
}

static void answer(struct floor *floor, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];
    int64_t talk_ms = draw_ms(floor, floor->world->options->aht_s);

    say(floor, contact, at, TYPE_ANSWERED);
    tell_visit(floor, contact, at, "answered");
    contact->generation++;
    contact->state = CONTACT_SERVED;
    contact->answered_at = at;
    contact->hold_ms = 0;
    if (queue_of(floor, contact)->channel == CHANNEL_CHAT)
        set_timer(floor, ref, TIMER_MESSAGE, at + talk_ms / 4);
    if (rng_chance(&floor->rng, hold_share)) {
        contact->talk_left_ms = talk_ms - talk_ms / 2;
        set_timer(floor, ref, TIMER_HOLD, at + talk_ms / 2);
    } else {
        set_timer(floor, ref, TIMER_LEG_END, at + talk_ms);
    }
}

static void reply(struct floor *floor, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];

    if (contact->what.first_reply_at < 0)
        contact->what.first_reply_at = at;
    if (contact->state == CONTACT_AWAY)
        contact->agent = 1 + (uint32_t)rng_below(&floor->rng, 20);
    say(floor, contact, at, TYPE_AGENT_MESSAGE);
    if (contact->state == CONTACT_AWAY)
        set_timer(floor, ref, TIMER_RESOLVE, at + draw_ms(floor, floor->world->options->resolve_s));
}

static void hold(struct floor *floor, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];

    say(floor, contact, at, TYPE_HOLD_START);
    contact->hold_since = at;
    set_timer(floor, ref, TIMER_UNHOLD, at + draw_ms(floor, floor->world->options->aht_s / 5));
}

static void unhold(struct floor *floor, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];

    say(floor, contact, at, TYPE_HOLD_END);
    contact->hold_ms += at - contact->hold_since;
    set_timer(floor, ref, TIMER_LEG_END, at + contact->talk_left_ms);
}

static void transfer(struct floor *floor, uint32_t ref, int64_t at, const struct queue *to) {
    struct contact *contact = &floor->contacts[ref];
    struct event event = event_of(floor, contact, at, TYPE_TRANSFERRED);

    event.to_queue = to;
    send(floor, contact, &event);
    tell_leg(floor, contact, at, "transferred");
    release_agent(floor, contact, at);
    contact->queue = (uint32_t)to->index;
    join(floor, ref, at, INITIATION_TRANSFER);
}

static void end_leg(struct floor *floor, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];
    const struct queue *other = NULL;
    struct event event;

    if (contact->visits < VISITS_MAX && rng_chance(&floor->rng, transfer_share))
        other = world_other_queue(floor->world, queue_of(floor, contact),
                                  rng_below(&floor->rng, 8));
    if (other != NULL) {
        transfer(floor, ref, at, other);
        return;
    }
    event = event_of(floor, contact, at, TYPE_DISCONNECTED);
    event.end_cause = END_CAUSE_CUSTOMER;
    send(floor, contact, &event);
    if (rng_chance(&floor->rng, wrap_share)) {
        say(floor, contact, at, TYPE_WRAP_START);
        contact->state = CONTACT_WRAPPED;
        contact->left_at = at;
        set_timer(floor, ref, TIMER_WRAP_END,
                  at + draw_ms(floor, floor->world->options->aht_s / 6));
        return;
    }
    tell_leg(floor, contact, at, "disconnected");
    release_agent(floor, contact, at);
    finish(floor, ref, at);
}

static void end_wrap(struct floor *floor, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];

    say(floor, contact, at, TYPE_WRAP_END);
    tell_leg(floor, contact, at, "disconnected");
    release_agent(floor, contact, at);
    finish(floor, ref, at);
}

static void resolve(struct floor *floor, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];

    say(floor, contact, at, TYPE_RESOLVED);
    contact->what.resolved_at = at;
    if (rng_chance(&floor->rng, reopen_share))
        set_timer(floor, ref, TIMER_REOPEN, at + draw_ms(floor, floor->world->options->resolve_s));
    else
        finish(floor, ref, at);
}

static void reopen(struct floor *floor, uint32_t ref, int64_t at) {
    struct contact *contact = &floor->contacts[ref];

    say(floor, contact, at, TYPE_REOPENED);
    contact->what.resolved_at = -1;
    contact->what.reopened++;
    set_timer(floor, ref, TIMER_RESOLVE, at + draw_ms(floor, floor->world->options->resolve_s));
}

void floor_init(struct floor *floor, const struct world *world, struct truth *truth,
                event_sink *sink, void *sink_context) {
    memset(floor, 0, sizeof(*floor));
    floor->world = world;
    floor->truth = truth;
    floor->sink = sink;
    floor->sink_context = sink_context;
    floor->unused = NOBODY;
    rng_init(&floor->rng, (uint64_t)world->options->seed);
    floor->desks = calloc((size_t)world->queue_count, sizeof(*floor->desks));
    floor->next_arrival_ms = calloc((size_t)world->queue_count, sizeof(double));
    if (floor->desks == NULL || floor->next_arrival_ms == NULL) {
        fputs("floorsim: out of memory\n", stderr);
        exit(1);
    }
    for (uint32_t i = 0; i < (uint32_t)world->queue_count; i++) {
        desk_init(&floor->desks[i]);
        floor->next_arrival_ms[i] = (double)world->start_at;
        plan_arrival(floor, i);
    }
}

void floor_deinit(struct floor *floor) {
    for (int i = 0; i < floor->world->queue_count; i++)
        desk_deinit(&floor->desks[i]);
    free(floor->desks);
    free(floor->next_arrival_ms);
    free(floor->contacts);
    heap_deinit(&floor->timers);
}

int64_t floor_next_at(const struct floor *floor) {
    return floor->closed && floor->open == 0 ? INT64_MAX : heap_next_at(&floor->timers);
}

void floor_step(struct floor *floor) {
    static void (*const handlers[])(struct floor *, uint32_t, int64_t) = {
        [TIMER_PATIENCE] = give_up,  [TIMER_ANSWER] = answer, [TIMER_MESSAGE] = reply,
        [TIMER_HOLD] = hold,         [TIMER_UNHOLD] = unhold, [TIMER_LEG_END] = end_leg,
        [TIMER_WRAP_END] = end_wrap, [TIMER_REPLY] = reply,   [TIMER_RESOLVE] = resolve,
        [TIMER_REOPEN] = reopen,
    };
    struct heap_item item = heap_pop(&floor->timers);

    if (item.kind == TIMER_ARRIVAL)
        arrive(floor, item.ref, item.at);
    else if (floor->contacts[item.ref].generation != item.generation)
        return;
    else if (item.kind == TIMER_CALLBACK)
        join(floor, item.ref, item.at, INITIATION_CALLBACK);
    else
        handlers[item.kind](floor, item.ref, item.at);
}

void floor_close(struct floor *floor) {
    floor->closed = true;
}

void floor_finish(struct floor *floor) {
    for (uint32_t ref = 0; ref < floor->capacity; ref++) {
        struct contact *contact = &floor->contacts[ref];
        struct truth_who who;

        if (contact->state == CONTACT_FREE)
            continue;
        if (contact->state == CONTACT_IN_LINE || contact->state == CONTACT_RINGING)
            tell_visit(floor, contact, -1, "open");
        if (contact->state == CONTACT_SERVED || contact->state == CONTACT_WRAPPED)
            tell_leg(floor, contact, -1, "open");
        who = who_is(floor, contact);
        truth_interaction(floor->truth, &who, &contact->what);
    }
}
