/* In which order partitions are read, and which of them wait for others (DESIGN 4). */
#include "engine/engine_state.h"

/* A source may be so far ahead of the one that is furthest behind: the counts of what lies between
 * are held apart in the tenant tasks until the clock gets there. */
#define AHEAD_MAX_MS (30 * MINUTE_MS)
/* With clock: live, one that is this close to the present is read in any case: it can only get
 * ahead as fast as time passes, and its items must not wait for another's backlog. */
#define FRESH_MS MINUTE_MS
/* Nobody waits for a source from which nothing has come for so long. */
#define PATIENCE_MS 500

/* Where it stands: at the record that it would read next, where that is known. After an hour in
 * which nothing happened anywhere each would else wait for another one's clock. */
static int64_t position_of(const struct partition *p) {
    return p->held_at != INSTANT_NONE ? p->held_at : partition_clock(p);
}

/* The furthest behind first, so that panes of one time are made together. */
static void order_by_position(struct engine *e) {
    for (size_t i = 1; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        size_t at = i;
        for (; at > 0 && position_of(e->partitions[at - 1]) > position_of(p); at--)
            e->partitions[at] = e->partitions[at - 1];
        e->partitions[at] = p;
    }
}

static bool is_waited_for(const struct engine *e, const struct partition *p) {
    if (!partition_is_source(p) || p->state != PARTITION_LIVE || p->hold != HOLD_NONE ||
        engine_rules_wait(p))
        return false;
    return p->empty_at == INSTANT_NONE || e->wall_at - p->empty_at < PATIENCE_MS;
}

/* How far a source may be read in this turn: for all but the furthest behind that one's position
 * decides, for itself the next one's. */
struct horizon {
    const struct partition *behind; /* NULL: nobody is waited for */
    int64_t others_until, its_until;
};

static int64_t ahead_of(int64_t clock) {
    return clock == INSTANT_MAX ? clock : clock + AHEAD_MAX_MS;
}

static struct horizon look(const struct engine *e) {
    int64_t clocks[2] = {INSTANT_MAX, INSTANT_MAX};
    const struct partition *behind = NULL;
    bool silent = false; /* some source has not said yet where it stands */
    int found = 0;
    for (size_t i = 0; i < e->partition_count && found < 2; i++) {
        if (!is_waited_for(e, e->partitions[i]))
            continue;
        int64_t clock = position_of(e->partitions[i]);
        silent |= clock == INSTANT_NONE;
        if (clock == INSTANT_NONE)
            continue;
        clocks[found++] = clock;
        behind = behind ? behind : e->partitions[i];
    }
    return (struct horizon){behind, ahead_of(clocks[0]), ahead_of(clocks[silent ? 0 : 1])};
}

static bool waits_for_memory(const struct engine *e, const struct partition *p,
                             const struct horizon *h) {
    switch (e->memory.level) {
    case MEMORY_PRESSED: return h->behind && p != h->behind;
    case MEMORY_FULL: return true;
    case MEMORY_FREE:
    case MEMORY_LEVEL_COUNT: break;
    }
    return false;
}

void engine_order(struct engine *e) {
    order_by_position(e);
    struct horizon h = look(e);
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        if (!partition_is_source(p))
            continue;
        p->read_until = h.behind && p == h.behind ? h.its_until : h.others_until;
        bool waits = waits_for_memory(e, p, &h);
        if (waits && !p->waits)
            e->counts.held_memory++;
        p->waited = p->waits;
        p->waits = waits;
    }
}

bool engine_is_ahead(struct engine *e, struct partition *p, int64_t log_at) {
    if (p->state != PARTITION_LIVE)
        return false;
    if (partition_clock(p) == INSTANT_NONE && ahead_of(log_at) < p->read_until)
        p->read_until = ahead_of(log_at);
    p->held_at = INSTANT_NONE;
    if (log_at <= p->read_until)
        return false;
    if (e->options.live && e->wall_at - log_at <= FRESH_MS)
        return false;
    p->held_at = log_at;
    e->counts.held_ahead += !p->waited;
    p->waits = true;
    return true;
}
