/* Memory: what the process holds is looked at often, and reading stops before limits.memory. */
#include <inttypes.h>

#include "engine/engine_state.h"

#define LOOK_EVERY_MS 10
#define GIVE_BACK_EVERY_MS SECOND_MS /* it walks the heap */
#define SAY_EVERY_MS (30 * SECOND_MS)
#define HOPELESS_MS (60 * SECOND_MS) /* until-end: nobody would see it stand still */

#define LEVEL_NAME(symbol, name, meaning) name,
static const char *const level_names[] = {MEMORY_LEVELS(LEVEL_NAME)};

static enum memory_level level_of(const struct memory_plan *plan, enum memory_level now,
                                  size_t held) {
    if (held >= plan->full)
        return MEMORY_FULL;
    if (held >= plan->pressed)
        return MEMORY_PRESSED;
    if (held >= plan->eased)
        return now == MEMORY_FREE ? MEMORY_FREE : MEMORY_PRESSED;
    return MEMORY_FREE;
}

static void say(struct engine *e) {
    if (e->memory.level == MEMORY_FREE) {
        engine_note(e, LOG_LEVEL_INFO, "memory_free", "\"held\":%zu", e->memory.held);
        return;
    }
    engine_note(e, e->memory.level == MEMORY_FULL ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN,
                "memory_limit",
                "\"level\":\"%s\",\"held\":%zu,\"limit\":%zu,\"text\":\"%s; raise limits.memory, "
                "lower limits.open_interactions and limits.scopes, or add a process\"",
                level_names[e->memory.level], e->memory.held, e->options.memory_limit,
                e->memory.level == MEMORY_FULL
                    ? "no input is read until memory is free"
                    : "only the input that is furthest behind is read until memory is free");
    e->memory.said_at = e->wall_at;
}

static void move_to(struct engine *e, enum memory_level level) {
    enum memory_level before = e->memory.level;
    e->memory.level = level;
    if (level > before) {
        e->counts.memory_pressed += before == MEMORY_FREE;
        e->counts.memory_full += level == MEMORY_FULL;
    }
    if (before == MEMORY_FREE)
        e->memory.since_at = e->wall_at;
    bool news = level > before && e->wall_at - e->memory.said_at >= SAY_EVERY_MS;
    if (news || (level == MEMORY_FREE && e->memory.said_at >= e->memory.since_at))
        say(e);
}

static void give_back(struct engine *e) {
    if (e->wall_at - e->memory.given_back_at < GIVE_BACK_EVERY_MS)
        return;
    e->memory.given_back_at = e->wall_at;
    e->options.memory.give_back(e->options.memory.self);
    e->memory.held = e->options.memory.held(e->options.memory.self);
}

static void stand_still(struct engine *e) {
    if (e->wall_at - e->memory.said_at >= SAY_EVERY_MS)
        say(e);
    if (e->options.until_end && e->memory.level == MEMORY_FULL && engine_is_clean(e) &&
        e->wall_at - e->memory.since_at >= HOPELESS_MS)
        engine_fail(e,
                    "what is open does not fit: the process holds %zu bytes and limits.memory is "
                    "%zu; raise it, or lower limits.open_interactions and limits.scopes",
                    e->memory.held, e->options.memory_limit);
}

void engine_memory_look(struct engine *e) {
    if (!e->options.memory_limit || !e->options.memory.held)
        return;
    int64_t passed_ms = e->wall_at - e->memory.looked_at;
    if (passed_ms >= 0 && passed_ms < LOOK_EVERY_MS)
        return;
    if (e->memory.level != MEMORY_FREE && passed_ms > 0)
        e->counts.memory_held_ms += (uint64_t)passed_ms;
    e->memory.looked_at = e->wall_at;
    e->memory.held = e->options.memory.held(e->options.memory.self);
    if (level_of(&e->plan, e->memory.level, e->memory.held) != MEMORY_FREE)
        give_back(e);
    enum memory_level level = level_of(&e->plan, e->memory.level, e->memory.held);
    if (level != e->memory.level)
        move_to(e, level);
    else if (level != MEMORY_FREE)
        stand_still(e);
}

const char *engine_memory_level(const struct engine *e) {
    return level_names[e->memory.level];
}
