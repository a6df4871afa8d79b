#include "sim_faults.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim_draw.h"

#define WEIGHT(symbol, weight, gentle, meaning) weight,
#define GENTLE(symbol, weight, gentle, meaning) gentle,
#define MEANING(symbol, weight, gentle, meaning) meaning,

static enum sim_fault_kind kind_of(uint64_t draw) {
    static const unsigned weights[SIM_FAULT_KINDS] = {SIM_FAULTS(WEIGHT)};
    unsigned all = 0;
    for (size_t k = 0; k < SIM_FAULT_KINDS; k++)
        all += weights[k];
    unsigned left = (unsigned)(draw % all);
    size_t k = 0;
    while (left >= weights[k])
        left -= weights[k++];
    return (enum sim_fault_kind)k;
}

static int64_t extent_of(enum sim_fault_kind kind, uint64_t draw) {
    switch (kind) {
    case SIM_FAULT_CLOCK: return sim_draw_in(draw, -4000, 9000);
    case SIM_FAULT_SKEW: return sim_draw_in(draw, -4000, 4000);
    case SIM_FAULT_COMMIT_SLOW: return sim_draw_in(draw, 100, 4000);
    case SIM_FAULT_REDIS_SLOW: return sim_draw_in(draw, 100, 9000);
    default: return sim_draw_in(draw, 100, sim_draw_one_in(draw >> 32, 2) ? 12000 : 1500);
    }
}

static int by_time(const void *left, const void *right) {
    const struct sim_fault *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return (int)a->kind - (int)b->kind;
}

size_t sim_faults_draw(const struct sim_settings *settings, struct sim_fault *faults) {
    uint64_t seed = settings->seed;
    size_t count = (size_t)sim_draw_in(sim_draw(seed, DRAW_SETTINGS, 200, 0), 1, 16);
    for (size_t i = 0; i < count; i++) {
        enum sim_fault_kind kind = kind_of(sim_draw(seed, DRAW_FAULT, i, 0));
        uint64_t who = sim_draw(seed, DRAW_FAULT, i, 1);
        faults[i] = (struct sim_fault){
            .at = sim_draw_in(sim_draw(seed, DRAW_FAULT, i, 2), 500, settings->span_ms),
            .kind = kind,
            .who = (int)(who % 12),
            .ms = extent_of(kind, sim_draw(seed, DRAW_FAULT, i, 3))};
    }
    qsort(faults, count, sizeof *faults, by_time);
    for (size_t i = 0; i < count; i++)
        faults[i].number = (int)i;
    return count;
}

bool sim_faults_are_gentle(enum sim_fault_kind kind) {
    static const bool gentle[SIM_FAULT_KINDS] = {SIM_FAULTS(GENTLE)};
    return gentle[kind];
}

void sim_faults_describe(const struct sim_fault *f, struct buf *text) {
    static const char *const meanings[SIM_FAULT_KINDS] = {SIM_FAULTS(MEANING)};
    const char *meaning = meanings[f->kind], *mark = strstr(meaning, "%d");
    buf_put_format(text, "%6lld ms  %.*s%d%s, %lld ms", (long long)f->at, (int)(mark - meaning),
                   meaning, f->who, mark + 2, (long long)f->ms);
}
