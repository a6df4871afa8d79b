/* Reading: from the log's record to the task that owns its partition. */
#include <inttypes.h>

#include "base/check.h"
#include "core/event.h"
#include "engine/engine_state.h"

static struct outbox *outbox_of(struct engine *e, const struct partition *p) {
    return p->state == PARTITION_REPLAYING ? &e->silent : &e->live;
}

static const char *topic_of(const struct engine *e, const struct partition *p) {
    return p->input == INPUT_TENANTS ? e->options.tenants : e->options.interactions;
}

/* Producers may stamp anything; a clock that stood on that could never be saved. */
static bool stamp_is_a_time(struct engine *e, struct partition *p, const struct log_record *r) {
    if (r->log_at >= 0 && r->log_at <= EVENT_AT_MAX)
        return true;
    engine_fail(e,
                "partition %" PRId32 " of %s, offset %" PRId64 ": the record is stamped %" PRId64
                ", and clock: log needs milliseconds since 1970, of a time before 2200; write the "
                "records anew, to a topic that is stamped so",
                p->number, topic_of(e, p), r->offset, r->log_at);
    return false;
}

/* Live clocks stand on the broker's time stamps; false when the record may not be taken now. */
static bool stamp_is_good(struct engine *e, struct partition *p, const struct log_record *r) {
    if (!e->options.live)
        return stamp_is_a_time(e, p, r);
    if (!r->append_time) {
        engine_fail(e,
                    "partition %" PRId32 " of %s, offset %" PRId64
                    ": the record was stamped by its producer, but clock: live needs the broker's "
                    "time; set it with: kafka-configs.sh --alter --entity-type topics "
                    "--entity-name %s --add-config "
                    "message.timestamp.type=LogAppendTime, or run with clock: log",
                    p->number, topic_of(e, p), r->offset, topic_of(e, p));
        return false;
    }
    if (r->log_at <= e->wall_at + e->options.max_skew_ms)
        return true;
    if (p->hold != HOLD_FUTURE) {
        p->hold = HOLD_FUTURE;
        e->counts.held_future++;
        engine_note(e, LOG_LEVEL_ERROR, "record_ahead",
                    "\"partition\":%" PRId32 ",\"offset\":%" PRId64 ",\"log_at\":%" PRId64
                    ",\"text\":\"the broker stamped a record more than max_skew ahead of this "
                    "host's clock; the partition waits until time has caught up\"",
                    p->number, r->offset, r->log_at);
    }
    return false;
}

static bool wait_for_schema(struct engine *e, struct partition *p, int32_t schema_id) {
    p->hold = HOLD_SCHEMA;
    p->schema_id = schema_id;
    e->counts.held_schema++;
    e->options.schema.fetch(e->options.schema.self, schema_id);
    return false;
}

static void note_near(struct engine *e, int64_t log_at) {
    if (e->options.live && log_at > e->wall_at - BACKLOG_AFTER_MS)
        e->near_at = e->wall_at;
}

static void went_by(struct engine *e, struct partition *p, const struct log_record *r) {
    p->next = r->offset + 1;
    p->read_at = e->wall_at;
    p->hold = HOLD_NONE;
    e->counts.records++;
    p->snapshot.bytes_read += r->value.size;
    if (p->source)
        note_near(e, r->log_at);
    if (p->state == PARTITION_REPLAYING) {
        e->counts.replayed++;
        delta_table_reset(e->silent_deltas);
        if (p->next >= p->committed)
            engine_go_live(e, p);
    }
}

/* Ticks alone do not keep the program from being idle, nor do the reports that follow them. */
static void note_busy(struct engine *e, enum decode_result result) {
    if (result != DECODED_TICK)
        e->busy_at = e->wall_at;
}

static void apply_tick(struct engine *e, struct partition *p, const struct log_record *r) {
    e->counts.ticks_read++;
    p->tick_at = INSTANT_NONE;
    interaction_task_tick(p->source, r->log_at, outbox_of(e, p));
}

static struct record_place place_of(const struct engine *e, const struct partition *p,
                                    const struct log_record *r, int32_t schema_id) {
    return (struct record_place){.topic = slice_of(topic_of(e, p)),
                                 .partition = p->number,
                                 .offset = r->offset,
                                 .log_at = r->log_at,
                                 .key = r->key,
                                 .value = r->value,
                                 .schema_id = schema_id};
}

static bool take_event(struct engine *e, struct partition *p, const struct log_record *r,
                       const struct event *event, int32_t schema_id) {
    if (!stamp_is_good(e, p, r) || engine_is_ahead(e, p, r->log_at))
        return false;
    struct record_place place = place_of(e, p, r, schema_id);
    interaction_task_apply(p->source, &place, event, outbox_of(e, p));
    note_busy(e, DECODED_EVENT);
    went_by(e, p, r);
    return true;
}

static bool take_interaction(struct engine *e, struct partition *p, const struct log_record *r) {
    if (!stamp_is_good(e, p, r) || engine_is_ahead(e, p, r->log_at))
        return false;
    struct event event;
    struct decode_fault fault;
    enum decode_result result = decoder_decode(e->decoder, r->key, r->value, e->wall_at, &event,
                                               &fault);
    if (result == DECODE_NEED_SCHEMA)
        return wait_for_schema(e, p, fault.schema_id);
    struct record_place place = place_of(e, p, r, fault.schema_id);
    switch (result) {
    case DECODED_EVENT: interaction_task_apply(p->source, &place, &event, outbox_of(e, p)); break;
    case DECODED_TICK: apply_tick(e, p, r); break;
    case DECODED_OTHER:
        e->counts.other_records++;
        interaction_task_tick(p->source, r->log_at, outbox_of(e, p));
        break;
    case DECODE_REJECT:
        interaction_task_reject(p->source, &place, &fault.sender, fault.reason,
                                slice_of(fault.detail.text), outbox_of(e, p));
        break;
    case DECODED_COMMAND:
    case DECODED_FORECAST:
    case DECODE_NEED_SCHEMA: UNREACHABLE("handled above, or of another topic");
    }
    note_busy(e, result);
    went_by(e, p, r);
    return true;
}

static bool take_tenants(struct engine *e, struct partition *p, const struct log_record *r) {
    if (!stamp_is_good(e, p, r) || engine_is_ahead(e, p, r->log_at))
        return false;
    struct tenant_record record;
    struct decode_fault fault;
    enum decode_result result = decoder_decode_tenant(e->tenants_decoder, r->key, r->value,
                                                      e->wall_at, &record, &fault);
    if (result == DECODE_NEED_SCHEMA)
        return wait_for_schema(e, p, fault.schema_id);
    if (result == DECODED_FORECAST &&
        !forecast_is_near(&record.forecast.forecast, r->log_at, &fault.detail)) {
        fault.reason = DEAD_INVALID;
        result = DECODE_REJECT;
    }
    if (result == DECODED_COMMAND) {
        relay_task_command(p->relay, r->log_at, &record.command.command, outbox_of(e, p));
    } else if (result == DECODED_FORECAST) {
        relay_task_forecast(p->relay, r->log_at, &record.forecast.forecast, outbox_of(e, p));
    } else if (result == DECODE_REJECT) {
        struct record_place place = place_of(e, p, r, fault.schema_id);
        relay_task_reject(p->relay, &place, fault.reason, slice_of(fault.detail.text),
                          outbox_of(e, p));
    } else {
        if (result == DECODED_TICK) {
            e->counts.ticks_read++;
            p->tick_at = INSTANT_NONE;
        } else {
            e->counts.other_records++;
        }
        relay_task_tick(p->relay, r->log_at);
    }
    if (result != DECODED_TICK) /* in this topic no deadline waits for one */
        note_near(e, r->log_at);
    note_busy(e, result);
    went_by(e, p, r);
    return true;
}

/* Another process has read something recent: what came of it may be judged here. That it writes
 * now says nothing, it may do so while it reads a backlog. */
static void note_others(struct engine *e, const struct report *report) {
    if (slice_equal(report->instance, slice_of(e->options.instance)))
        return;
    for (size_t i = 0; i < report->clock_count; i++) {
        const struct report_clock *c = &report->clocks[i];
        if (slice_equal(c->topic, slice_of(engine_input_name(INPUT_INTERACTIONS))))
            note_near(e, c->clock);
    }
}

static bool take_report(struct engine *e, struct partition *p, const struct log_record *r) {
    struct report report;
    struct err err;
    if (report_reader_read(e->reader, r->value, &report, &err)) {
        note_others(e, &report);
        tenant_task_apply(p->tenant, &report, r->log_at, outbox_of(e, p));
    } else {
        e->counts.reports_refused++;
        engine_fail(e,
                    "tenant log partition %" PRId32 ", offset %" PRId64
                    ": %s; only floorwalker of the same version may write this topic",
                    p->number, r->offset, err.text);
        return false;
    }
    went_by(e, p, r);
    return true;
}

/* What is not known yet may be looked at; whether it can be taken is asked of each by itself. */
static bool may_look(const struct partition *p, const struct log_record *r) {
    return p->input == INPUT_INTERACTIONS && !r->end && r->log_at <= p->read_until;
}

/* Decodes the events at the beginning of these records before the first of them is applied, so that
 * what they look up is brought near for all side by side. Returns how many; whatever else stands
 * there is decoded when it is its turn. */
static size_t look_ahead(struct engine *e, struct partition *p, const struct log_record *records,
                         size_t count) {
    struct decode_fault fault; /* its text is nobody's */
    size_t known = 0;
    while (known < count && known < INTERACTION_EXPECT_MAX && may_look(p, &records[known])) {
        const struct log_record *r = &records[known];
        if (decoder_decode(e->decoder, r->key, r->value, e->wall_at, &e->ahead[known], &fault) !=
            DECODED_EVENT)
            break;
        e->ahead_schema[known++] = fault.schema_id;
    }
    if (known > 0)
        interaction_task_expect(p->source, e->ahead, known);
    return known;
}

/* `known`: its place among those that were decoded ahead; -1: it was not. */
static bool take_one(struct engine *e, struct partition *p, const struct log_record *r, int known) {
    if (e->failed)
        return false;
    if (r->end) {
        if (r->offset > p->next)
            p->next = r->offset;
        return true;
    }
    if (r->offset < p->next)
        return true; /* offered again after a seek: already applied */
    if ((p->state == PARTITION_LIVE && engine_is_full_for(e, p)) || engine_rules_wait(p))
        return false;
    if (p->contracts.due)
        engine_rules_replay(e, p, r->offset);
    switch (p->input) {
    case INPUT_INTERACTIONS:
        return known < 0 ? take_interaction(e, p, r)
                         : take_event(e, p, r, &e->ahead[known], e->ahead_schema[known]);
    case INPUT_TENANTS: return take_tenants(e, p, r);
    default: return take_report(e, p, r);
    }
}

static size_t take(void *context, const struct log_record *records, size_t count) {
    struct engine *e = context;
    size_t begin = 0, end = 0; /* of those that were decoded ahead */
    for (size_t i = 0; i < count; i++) {
        if (i >= end) {
            begin = i;
            end = i + look_ahead(e, e->taking, records + i, count - i);
        }
        if (!take_one(e, e->taking, &records[i], i < end ? (int)(i - begin) : -1))
            return i;
    }
    return count;
}

bool engine_read(struct engine *e, struct partition *p) {
    if (p->hold == HOLD_SCHEMA || p->state == PARTITION_ENDED || p->waits || engine_rules_wait(p))
        return false;
    int64_t held_at = p->held_at;
    e->taking = p;
    size_t taken = e->options.log.drain(e->options.log.self, p->input, p->number, TURN_RECORDS_MAX,
                                        take, e);
    e->taking = NULL;
    if (taken)
        p->empty_at = INSTANT_NONE;
    else if (p->empty_at == INSTANT_NONE && !p->waits)
        p->empty_at = e->wall_at;
    return taken > 0 || p->held_at != held_at; /* where it stands lets others go on */
}
