#include "sim_group.h"

#include "base/check.h"
#include "sim_draw.h"

void sim_group_init(struct sim_group *g, uint64_t seed, const int32_t partitions[INPUT_COUNT],
                    int64_t session_timeout_ms) {
    *g = (struct sim_group){.seed = seed, .session_timeout_ms = session_timeout_ms};
    for (int i = 0; i < INPUT_COUNT; i++) {
        g->partitions[i] = partitions[i];
        for (int p = 0; p < SIM_PARTITIONS_MAX; p++)
            g->owner[i][p] = g->target[i][p] = SIM_NOBODY;
    }
}

static int pick(const struct sim_group *g, uint64_t draw) {
    int in[SIM_PROCESSES_MAX], count = 0;
    for (int m = 0; m < SIM_PROCESSES_MAX; m++)
        if (g->members[m].in)
            in[count++] = m;
    return count ? in[draw % (uint64_t)count] : SIM_NOBODY;
}

/* One plan: whose target is gone is dealt anew; of the others one in `one_in`. */
static void plan(struct sim_group *g, uint64_t one_in) {
    g->plans++;
    g->generation++;
    for (int i = 0; i < INPUT_COUNT; i++) {
        for (int32_t p = 0; p < g->partitions[i]; p++) {
            int *target = &g->target[i][p];
            uint64_t draw = sim_draw(g->seed, DRAW_TARGET, (uint64_t)(i * 8 + p), g->plans);
            bool homeless = *target == SIM_NOBODY || !g->members[*target].in;
            if (homeless || draw / 64 % one_in == 0)
                *target = pick(g, draw);
        }
    }
}

uint64_t sim_group_join(struct sim_group *g, int member, int64_t now_at) {
    struct sim_member *m = &g->members[member];
    bool was_in = m->in;
    *m = (struct sim_member){.in = true, .session = ++g->sessions, .heard_at = now_at};
    if (!was_in)
        plan(g, 3);
    return m->session;
}

bool sim_group_is_member(const struct sim_group *g, int member, uint64_t session) {
    return g->members[member].in && g->members[member].session == session;
}

bool sim_group_hear(struct sim_group *g, int member, uint64_t session, int64_t now_at) {
    if (!sim_group_is_member(g, member, session))
        return false;
    g->members[member].heard_at = now_at;
    return true;
}

static void put_out(struct sim_group *g, int member) {
    g->members[member].in = false;
    for (int i = 0; i < INPUT_COUNT; i++)
        for (int32_t p = 0; p < g->partitions[i]; p++)
            if (g->owner[i][p] == member)
                g->owner[i][p] = SIM_NOBODY;
    plan(g, 1000);
}

void sim_group_expire(struct sim_group *g, int64_t now_at) {
    for (int m = 0; m < SIM_PROCESSES_MAX; m++)
        if (g->members[m].in && now_at - g->members[m].heard_at > g->session_timeout_ms)
            put_out(g, m);
}

void sim_group_shuffle(struct sim_group *g) {
    plan(g, 2);
}

void sim_group_release(struct sim_group *g, enum engine_input input, int32_t partition) {
    CHECK(partition < g->partitions[input]);
    g->owner[input][partition] = SIM_NOBODY;
    g->generation++;
}
