#include "core/fold_parts.h"

#include "base/check.h"

/* What falls due, in the order in which things of one instant happen. */
enum due { DUE_THRESHOLD, DUE_CLOCK, DUE_AGEING = DUE_CLOCK + TRACK_COUNT, DUE_COUNT };

static int64_t ageing_at(const struct fold *f, const struct interaction *i) {
    if (i->leaf == LEAF_NONE || !interaction_is_open(i))
        return INSTANT_MAX;
    const struct leaf *leaf = fold_leaf(f, i->leaf);
    int64_t ageing_ms = leaf->contract->ageing_ms[leaf->channel];
    if (ageing_ms == 0)
        return INSTANT_MAX;
    return interaction_silent_from(i) + ageing_ms;
}

static int64_t next_due(const struct fold *f, const struct interaction *i, enum due *what) {
    int64_t next_at = visit_next_at(f, &i->visit);
    *what = DUE_THRESHOLD;
    for (enum track t = 0; t < i->tracks; t++) {
        int64_t at = clocks_next_at(f, i, t);
        if (at < next_at) {
            next_at = at;
            *what = DUE_CLOCK + t;
        }
    }
    int64_t at = ageing_at(f, i);
    if (at < next_at) {
        next_at = at;
        *what = DUE_AGEING;
    }
    return next_at;
}

int64_t fold_next_at(const struct fold *f, const struct interaction *i) {
    enum due what;
    return next_due(f, i, &what);
}

/* What never ended is closed, and counts as nothing. */
static void age(struct fold *f, struct interaction *i, int64_t at) {
    clocks_age(f, i, at);
    if (interaction_waits(i))
        visit_age(f, i, at);
    if (interaction_in_leg(i))
        leg_age(f, i, at);
    backlog_close(f, i, at);
    i->over = true;
    interaction_enter(i, PHASE_ENDED, at);
    f->aged++;
}

int64_t fold_time(struct fold *f, struct interaction *i, int64_t until_at) {
    enum due what;
    int64_t at;
    while ((at = next_due(f, i, &what)) < until_at) {
        if (what == DUE_THRESHOLD)
            visit_pass_threshold(f, &i->visit);
        else if (what == DUE_AGEING)
            age(f, i, at);
        else
            clocks_fire(f, i, (enum track)(what - DUE_CLOCK), at);
        if (at > i->fired_at)
            i->fired_at = at;
    }
    return at;
}

/* Its source numbered one before it that is still open. */
static bool is_held_back(const struct moment *m, const struct moment *moments, const uint32_t *open,
                         size_t count) {
    for (size_t k = 0; k < count; k++) {
        if (moment_numbered_before(&moments[open[k]], m))
            return true;
    }
    return false;
}

/* The next event of the instant to be tried: the first that has an effect now, else the first. */
static size_t choose(const struct interaction *i, const struct moment *moments,
                     const uint32_t *open, size_t count) {
    size_t first = count;
    for (size_t k = 0; k < count; k++) {
        const struct moment *m = &moments[open[k]];
        bool effect = fold_judge(i, m) == MOMENT_EFFECT;
        if ((!effect && first < count) || is_held_back(m, moments, open, count))
            continue;
        if (effect)
            return k;
        first = k;
    }
    CHECK(first < count);
    return first;
}

bool fold_instant(struct fold *f, struct interaction *i, struct moment *moments, size_t count) {
    CHECK(count > 0 && count <= MOMENTS_MAX);
    fold_time(f, i, moments[0].event_at);
    uint32_t open[MOMENTS_MAX];
    for (size_t k = 0; k < count; k++)
        open[k] = (uint32_t)k;
    bool plain = true;
    while (count > 0) {
        size_t next = count == 1 ? 0 : choose(i, moments, open, count);
        struct moment *m = &moments[open[next]];
        m->outcome = (uint8_t)fold_event(f, i, m);
        plain = plain && next == 0 && m->outcome == MOMENT_EFFECT;
        count--;
        memmove(&open[next], &open[next + 1], (count - next) * sizeof(*open));
    }
    return plain;
}

bool fold_all(struct fold *f, struct interaction *i, struct moment *moments, size_t count,
              int64_t until_at) {
    bool plain = true;
    for (size_t from = 0; from < count;) {
        size_t to = from + 1;
        while (to < count && moments[to].event_at == moments[from].event_at)
            to++;
        plain = fold_instant(f, i, &moments[from], to - from);
        from = to;
    }
    fold_time(f, i, until_at);
    return plain;
}

void fold_change_contract(struct fold *f, struct interaction *i, const struct fold_before *before,
                          int64_t at) {
    visit_change_contract(f, i, before, at);
    clocks_change_contract(f, i, before->contract, at);
}
