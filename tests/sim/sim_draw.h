/* Chances that depend on nothing but their names: a seed, what is drawn, and for whom. A history
 * that loses one fault draws the same for all others, which is what lets it be shrunk. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What is drawn: the second part of each chance's name. */
enum sim_stream {
    DRAW_SETTINGS = 1,
    DRAW_CALL,
    DRAW_FAULT,
    DRAW_TARGET,
    DRAW_TURN,
    DRAW_COMMIT,
    DRAW_LOOKUP,
    DRAW_RESTART,
    DRAW_HEARTBEAT,
    DRAW_TICK,
    DRAW_REPLY,
    DRAW_OUTCOME
};

static inline uint64_t sim_mix(uint64_t x) {
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint64_t sim_draw(uint64_t seed, enum sim_stream what, uint64_t whom, uint64_t when) {
    uint64_t x = sim_mix(seed + UINT64_C(0x9e3779b97f4a7c15));
    x = sim_mix(x ^ (uint64_t)what * UINT64_C(0xd1342543de82ef95));
    x = sim_mix(x ^ (whom + 1) * UINT64_C(0xaf251af3b0f025b5));
    return sim_mix(x ^ (when + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* low .. high, both of them possible. */
static inline int64_t sim_draw_in(uint64_t draw, int64_t low, int64_t high) {
    return low + (int64_t)(draw % (uint64_t)(high - low + 1));
}

static inline bool sim_draw_one_in(uint64_t draw, uint64_t n) {
    return draw % n == 0;
}
