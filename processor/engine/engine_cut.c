/* The cut: what all tasks applied and said since the last one becomes one transaction. */
#include <inttypes.h>

#include "base/check.h"
#include "engine/engine_state.h"

static bool has_news(const struct partition *p) {
    if (p->state == PARTITION_REPLAYING)
        return false;
    return p->sent != p->next || (p->state == PARTITION_ENDED && !p->end_sent) ||
           p->contracts.untold || p->lost;
}

bool engine_has_news(const struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++)
        if (has_news(e->partitions[i]))
            return true;
    return false;
}

bool engine_is_dirty(const struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++)
        if (has_news(e->partitions[i]) || engine_snapshot_is_wanted(e, e->partitions[i]))
            return true;
    return false;
}

/* True when a source has run so far ahead of its last report that one more would make the tenant
 * tasks judge too many steps at once. */
static bool span_is_full(const struct partition *p) {
    return partition_is_source(p) && p->state == PARTITION_LIVE && p->clock_sent != INSTANT_NONE &&
           partition_clock(p) - p->clock_sent > EPOCH_SPAN_MAX_MS;
}

static bool some_span_is_full(const struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++)
        if (span_is_full(e->partitions[i]))
            return true;
    return false;
}

static bool size_is_full(const struct engine *e) {
    return epoch_size(e->open) > e->plan.epoch || e->open->record_count > EPOCH_RECORDS_MAX ||
           delta_table_size(e->deltas) + report_writer_size(e->writer) > e->plan.sums;
}

bool engine_is_full_for(const struct engine *e, const struct partition *p) {
    return size_is_full(e) || span_is_full(p);
}

static bool note_full(struct engine *e, bool full) {
    if (full && !e->full_noted)
        e->counts.full_epochs++;
    e->full_noted = full;
    return full;
}

bool engine_is_full(struct engine *e) {
    return note_full(e, size_is_full(e) || some_span_is_full(e));
}

bool engine_is_full_now(struct engine *e, const struct partition *p) {
    return note_full(e, engine_is_full_for(e, p));
}

bool engine_is_near(const struct engine *e) {
    return e->read_out || (e->near_at != INSTANT_NONE && e->wall_at - e->near_at < NEAR_MS);
}

int64_t engine_epoch_ms(const struct engine *e) {
    int64_t interval_ms = e->options.commit_interval_ms;
    int64_t longer_ms = interval_ms * BACKLOG_EPOCHS < BACKLOG_EPOCH_MS
                            ? interval_ms * BACKLOG_EPOCHS
                            : BACKLOG_EPOCH_MS;
    return engine_is_near(e) || longer_ms < interval_ms ? interval_ms : longer_ms;
}

static void report_clock(struct engine *e, struct partition *p) {
    int64_t clock = partition_clock(p);
    bool ended = p->state == PARTITION_ENDED;
    if (clock == p->clock_sent && ended == p->end_sent && !p->lost)
        return;
    report_writer_clock(e->writer,
                        &(struct report_clock){.topic = slice_of(engine_input_name(p->input)),
                                               .partition = p->number,
                                               .partitions = e->options.partitions[p->input],
                                               .clock = clock,
                                               .ended = ended,
                                               .lost = p->lost});
    p->clock_sent = clock;
    p->end_sent = ended;
    p->lost = false;
}

static void report_gauges(struct engine *e, struct partition *p) {
    const struct gauge *gauges;
    size_t gauge_count = interaction_task_take_gauges(p->source, &gauges);
    for (size_t i = 0; i < gauge_count; i++)
        report_writer_gauge(e->writer, p->number, &gauges[i]);
    const struct report_feed *feeds;
    size_t feed_count = interaction_task_take_feeds(p->source, &feeds);
    for (size_t i = 0; i < feed_count; i++)
        report_writer_feed(e->writer, &feeds[i]);
}

static void put_report(void *context, int32_t partition, struct slice record) {
    struct engine *e = context;
    struct buf *b = epoch_begin(e->open, OUTPUT_TENANT_LOG, partition);
    epoch_key_done(e->open);
    buf_put(b, record.at, record.size);
    epoch_record_done(e->open);
    e->counts.reports++;
}

/* One report of all sources of this process, if any has news. */
static void report_sources(struct engine *e) {
    bool news = false;
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        if (!partition_is_source(p) || !has_news(p))
            continue;
        if (p->source)
            report_gauges(e, p);
        report_clock(e, p);
        news = true;
    }
    if (news)
        report_writer_finish(e->writer, e->deltas, put_report, e);
    delta_table_reset(e->deltas);
}

static void put_metadata(const struct engine *e, const struct partition *p,
                         struct epoch_position *position) {
    struct metadata m = {.from = p->from, .partitions = e->options.partitions[p->input]};
    for (int i = 0; i < METADATA_SNAPSHOTS && p->snapshot.kept[i].chunks; i++)
        m.snapshots[i] = p->snapshot.kept[i];
    memcpy(m.contracts, p->contracts.of, sizeof m.contracts);
    metadata_format(&m, position->metadata, sizeof position->metadata);
}

static void add_positions(struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        if (p->state == PARTITION_REPLAYING || (p->sent == p->next && !p->snapshot.untold &&
                                                !p->contracts.untold && !(p->tenant && p->lost)))
            continue;
        struct epoch_position *position = epoch_add_position(e->open);
        position->input = (int)p->input;
        position->partition = p->number;
        position->offset = p->next;
        put_metadata(e, p, position);
        p->sent = p->next;
        p->snapshot.untold = false;
        p->contracts.untold = false;
        p->lost = false;
    }
}

/* Of each partition, as soon as it is live. */
void engine_show_all(struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++)
        e->partitions[i]->show_all = true;
}

static void show_partition(struct engine *e, struct partition *p) {
    bool all = p->show_all || tenant_task_lost_track(p->tenant);
    uint64_t left_out = view_batch_left_out(p->batch);
    view_batch_begin(p->batch, all, e->wall_at);
    struct view view = view_batch_view(p->batch, slice_of(e->options.instance));
    p->view_owed = !tenant_task_show(p->tenant, all, &view);
    p->show_all = false;
    e->counts.view_left_out += view_batch_left_out(p->batch) - left_out;
    e->counts.view_parts += p->view_owed;
    view_batch_seal(p->batch);
    p->batch_offset = p->next;
}

/* Renders what wallboards will see once this epoch is committed. */
void engine_show(struct engine *e) {
    struct view_port *port = &e->options.view;
    e->view_behind = true;
    if (e->view_waits || (!e->finished && e->wall_at >= e->view_at &&
                          e->wall_at - e->view_at < e->options.view_interval_ms))
        return;
    if (!port->ready(port->self)) {
        e->counts.view_skipped++;
        return;
    }
    if (port->take_lost(port->self))
        engine_show_all(e);
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        if (!p->tenant || p->state == PARTITION_REPLAYING)
            continue;
        show_partition(e, p);
    }
    e->view_at = e->wall_at;
    e->view_waits = true;
    e->view_behind = false;
}

bool engine_owes_view(const struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++)
        if (e->partitions[i]->view_owed)
            return true;
    return false;
}

bool engine_view_lags(const struct engine *e) {
    for (size_t i = 0; i < e->partition_count; i++) {
        const struct partition *p = e->partitions[i];
        if (p->tenant && p->show_all && p->state != PARTITION_REPLAYING)
            return true;
    }
    return e->view_behind || engine_owes_view(e);
}

void engine_send_view(struct engine *e) {
    if (!e->view_waits || e->flying)
        return;
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        if (p->tenant && view_batch_count(p->batch)) {
            e->options.view.send(e->options.view.self, p->number, p->batch_offset, p->batch);
            e->counts.view_updates++;
        }
    }
    e->view_waits = false;
}

void engine_cut(struct engine *e) {
    CHECK(!e->flying);
    report_sources(e);
    add_positions(e);
    engine_snapshot_cut(e);
    engine_show(e);
    struct epoch *epoch = e->open;
    e->open = e->spare;
    e->spare = NULL;
    e->flying = epoch;
    epoch->number = ++e->epoch_number;
    epoch_reset(e->open, 0);
    e->cut_at = e->wall_at;
    e->read_out = false;
    e->options.log.commit(e->options.log.self, epoch);
}
