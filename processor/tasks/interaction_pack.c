#include "tasks/interaction_pack.h"

#include "base/check.h"

static void pack_u64(struct pack *p, uint64_t *value) {
    if (p->out)
        buf_put_varint(p->out, *value);
    else
        *value = cursor_varint(p->in);
}

static void pack_hash(struct pack *p, uint64_t *value) {
    if (p->out)
        buf_put_u64(p->out, *value);
    else
        *value = cursor_u64(p->in);
}

static void pack_u32(struct pack *p, uint32_t *value) {
    uint64_t wide = *value;
    pack_u64(p, &wide);
    if (wide > UINT32_MAX)
        cursor_fail(p->in);
    *value = (uint32_t)wide;
}

/* An enum or a small count: at most `most`. */
static void pack_u8(struct pack *p, uint8_t *value, unsigned most) {
    if (p->out) {
        buf_put_u8(p->out, *value);
        return;
    }
    *value = cursor_u8(p->in);
    if (*value > most) {
        cursor_fail(p->in);
        *value = 0;
    }
}

static void pack_bool(struct pack *p, bool *value) {
    uint8_t byte = *value;
    pack_u8(p, &byte, 1);
    *value = byte != 0;
}

static void pack_slice(struct pack *p, struct slice *s) {
    if (p->out)
        buf_put_slice(p->out, *s);
    else
        *s = cursor_slice(p->in);
}

void pack_number(struct pack *p, int64_t *value) {
    if (p->out)
        buf_put_zigzag(p->out, *value);
    else
        *value = cursor_zigzag(p->in);
}

/* 0 is none; else the distance, shifted away from 0. */
static uint64_t distance_of(int64_t at, int64_t near_at) {
    int64_t distance = at - near_at;
    return (((uint64_t)distance << 1) ^ (uint64_t)(distance >> 63)) + 1;
}

void pack_instant(struct pack *p, int64_t *at) {
    uint64_t shifted = p->out && *at != INSTANT_NONE ? distance_of(*at, p->near_at) : 0;
    pack_u64(p, &shifted);
    if (p->out)
        return;
    uint64_t folded = shifted - 1;
    int64_t distance = (int64_t)(folded >> 1) ^ -(int64_t)(folded & 1);
    if (shifted == 0)
        *at = INSTANT_NONE;
    else if (__builtin_add_overflow(p->near_at, distance, at))
        cursor_fail(p->in);
}

void pack_leaf(struct pack *p, uint32_t *leaf) {
    uint32_t place = 0;
    if (p->out && *leaf != LEAF_NONE)
        place = p->places[*leaf];
    pack_u32(p, &place);
    if (p->out)
        return;
    if (place > p->leaf_count)
        cursor_fail(p->in);
    *leaf = place == 0 || place > p->leaf_count ? LEAF_NONE : p->ids[place - 1];
}

static void pack_visit(struct pack *p, struct visit *v) {
    pack_u32(p, &v->number);
    if (v->number == 0)
        return;
    pack_instant(p, &v->queued_at);
    pack_instant(p, &v->ended_at);
    pack_number(p, &v->wait_ms);
    pack_leaf(p, &v->leaf);
    pack_u8(p, &v->end, VISIT_END_COUNT - 1);
    pack_u8(p, &v->late, LEAF_THRESHOLDS_MAX);
    pack_bool(p, &v->counted);
}

/* Measured durations: absent is -1. */
static void pack_measured(struct pack *p, int64_t *value) {
    int64_t shown = *value == EVENT_ABSENT ? -1 : *value;
    pack_number(p, &shown);
    *value = shown == -1 ? EVENT_ABSENT : shown;
}

static void pack_leg(struct pack *p, struct leg *leg) {
    pack_instant(p, &leg->started_at);
    if (leg->started_at == INSTANT_NONE)
        return;
    pack_instant(p, &leg->ended_at);
    pack_instant(p, &leg->since_at);
    pack_number(p, &leg->hold_ms);
    pack_number(p, &leg->wrap_ms);
    pack_measured(p, &leg->said_talk_ms);
    pack_measured(p, &leg->said_hold_ms);
    pack_measured(p, &leg->said_wrap_ms);
    pack_bool(p, &leg->transferred);
    pack_bool(p, &leg->resumable);
}

/* The rule by its name: its place in the contract may change. */
static void pack_rule(struct pack *p, struct clock *c, const struct contract *contract,
                      enum clock_kind kind) {
    struct slice name = {0};
    if (p->out)
        name = contract->clocks[c->rule].name;
    pack_slice(p, &name);
    if (p->out)
        return;
    c->rule = CLOCK_NO_RULE;
    for (size_t k = 0; contract && k < contract->clock_count; k++) {
        if (contract->clocks[k].kind == kind && slice_equal(contract->clocks[k].name, name))
            c->rule = (uint16_t)k;
    }
}

static void pack_clock(struct pack *p, struct clock *c, const struct contract *contract,
                       enum clock_kind kind) {
    pack_u8(p, &c->state, CLOCK_STATE_COUNT - 1);
    if (c->state == CLOCK_OFF)
        return;
    pack_rule(p, c, contract, kind);
    pack_instant(p, &c->started_at);
    pack_instant(p, &c->since_at);
    pack_number(p, &c->elapsed_ms);
    pack_instant(p, &c->risk_at);
    pack_instant(p, &c->breach_at);
    pack_u32(p, &c->instance);
    pack_u8(p, &c->warned, CONTRACT_WARNINGS_MAX);
    if (c->rule == CLOCK_NO_RULE)
        *c = (struct clock){0};
}

static void pack_beside(struct pack *p, struct interaction *i) {
    pack_instant(p, &i->created_at);
    pack_instant(p, &i->last_at);
    pack_instant(p, &i->moved_at);
    pack_instant(p, &i->fired_at);
    pack_instant(p, &i->reply_from_at);
    pack_instant(p, &i->turn_at);
    pack_instant(p, &i->resolved_at);
    pack_instant(p, &i->reopened_at);
    pack_leaf(p, &i->leaf);
    pack_u8(p, &i->priority, PRIORITY_COUNT - 1);
    pack_u8(p, &i->status, STATUS_COUNT - 1);
    pack_bool(p, &i->backlog);
    pack_bool(p, &i->over);
    pack_bool(p, &i->replied);
    pack_bool(p, &i->unanswered);
}

/* The invariant again, of bytes that somebody else may have written. */
static bool is_whole(const struct interaction *i) {
    bool leg_open = i->leg.started_at != INSTANT_NONE && i->leg.ended_at == INSTANT_NONE;
    bool waits = i->visit.number > 0 && i->visit.end == VISIT_OPEN;
    bool since = i->phase == PHASE_HELD || i->phase == PHASE_WRAPPING;
    if ((leg_open && i->visit.end != VISIT_ANSWERED) || (i->backlog && i->over) ||
        (i->unanswered && i->turn_at == INSTANT_NONE) ||
        (!waits && i->clocks[TRACK_ANSWER].state == CLOCK_RUNNING))
        return false;
    return waits == interaction_waits(i) && leg_open == interaction_in_leg(i) &&
           since == (i->leg.since_at != INSTANT_NONE) && i->leaf != LEAF_NONE &&
           (i->visit.number == 0 || i->visit.leaf != LEAF_NONE);
}

void pack_interaction(struct pack *p, struct interaction *i) {
    pack_u8(p, &i->phase, PHASE_COUNT - 1);
    if (i->phase == PHASE_NEW)
        return;
    p->near_at = 0;
    pack_instant(p, &i->opened_at);
    p->near_at = i->opened_at;
    pack_beside(p, i);
    pack_visit(p, &i->visit);
    pack_leg(p, &i->leg);
    const struct contract *contract = NULL;
    if (i->leaf != LEAF_NONE)
        contract = leaf_dict_at(p->leaves, i->leaf)->contract;
    for (enum track t = 0; t < TRACK_COUNT; t++)
        pack_clock(p, &i->clocks[t], contract, track_kind(t));
    if (p->in && (i->opened_at == INSTANT_NONE || !is_whole(i)))
        cursor_fail(p->in);
}

void pack_moment(struct pack *p, struct moment *m) {
    p->near_at = 0;
    pack_instant(p, &m->event_at);
    pack_instant(p, &m->source_seq); /* EVENT_ABSENT is INSTANT_NONE */
    pack_hash(p, &m->identity);
    pack_number(p, &m->offset);
    pack_measured(p, &m->queue_wait_ms);
    pack_measured(p, &m->talk_ms);
    pack_measured(p, &m->hold_ms);
    pack_measured(p, &m->wrap_ms);
    pack_u32(p, &m->source);
    pack_leaf(p, &m->leaf);
    uint32_t revision = (uint32_t)m->revision;
    pack_u32(p, &revision);
    m->revision = (int32_t)revision;
    pack_u8(p, &m->type, EVENT_TYPE_COUNT - 1);
    pack_u8(p, &m->direction, DIRECTION_COUNT - 1);
    pack_u8(p, &m->author, AUTHOR_COUNT - 1);
    pack_u8(p, &m->end_cause, END_CAUSE_COUNT - 1);
    pack_u8(p, &m->status, STATUS_COUNT - 1);
    pack_u8(p, &m->is_public, 1);
    if (p->in && (m->event_at == INSTANT_NONE || m->leaf == LEAF_NONE))
        cursor_fail(p->in);
}

void pack_place(struct pack *p, struct record_place *place) {
    int64_t partition = place->partition, schema_id = place->schema_id;
    pack_slice(p, &place->topic);
    pack_number(p, &partition);
    pack_number(p, &place->offset);
    pack_number(p, &place->log_at);
    pack_slice(p, &place->key);
    pack_slice(p, &place->value);
    pack_number(p, &schema_id);
    place->partition = (int32_t)partition;
    place->schema_id = (int32_t)schema_id;
}
