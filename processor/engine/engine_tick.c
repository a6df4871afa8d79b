/* Ticks: asking the log what time it is, where nothing else does (DESIGN 4). */
#include "engine/engine_state.h"

#define TICK_SILENCE_MS SECOND_MS    /* a quiet partition is asked this often at least */
#define TICK_LOST_MS (2 * SECOND_MS) /* a tick that was not read back by then is written again */

static bool tick_is_due(const struct engine *e, const struct partition *p) {
    if (p->state != PARTITION_LIVE || p->hold != HOLD_NONE || p->waits)
        return false;
    if (p->tick_at != INSTANT_NONE && e->wall_at - p->tick_at < TICK_LOST_MS)
        return false;
    int64_t quiet_ms = e->wall_at - p->read_at;
    if (quiet_ms >= TICK_SILENCE_MS)
        return true;
    return p->source && quiet_ms >= e->options.tick_interval_ms &&
           interaction_task_next_due(p->source) <= e->wall_at - e->options.grace_ms;
}

void engine_tick(struct engine *e, struct partition *p) {
    if (!partition_is_source(p) || !tick_is_due(e, p))
        return;
    struct buf value;
    buf_init(&value);
    records_put_tick(&e->options.framing.of[SCHEMA_TICK], e->wall_at, slice_of(e->options.instance),
                     &value);
    e->options.log.tick(e->options.log.self, p->input, p->number, buf_slice(&value));
    buf_deinit(&value);
    p->tick_at = e->wall_at;
    e->counts.ticks_written++;
}
