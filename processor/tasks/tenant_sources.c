#include "tasks/tenant_sources.h"

#include <stdlib.h>

#include "base/check.h"

#define GAP_MOST_MS SECOND_MS
#define SHORTEST_GAP_MS (10 * SECOND_MS)

void tenant_sources_init(struct tenant_sources *s, bool live, bool until_end,
                         int64_t max_source_lag_ms) {
    *s = (struct tenant_sources){.live = live,
                                 .until_end = until_end,
                                 .max_source_lag_ms = max_source_lag_ms,
                                 .log_at = INSTANT_NONE};
}

void tenant_sources_deinit(struct tenant_sources *s) {
    for (size_t i = 0; i < s->topic_count; i++) {
        free((void *)(uintptr_t)s->topics[i].name.at);
        free(s->topics[i].sources);
    }
    free(s->topics);
    s->topics = NULL;
    s->topic_count = 0;
    while (s->gap_count > 0)
        tenant_sources_forget(s, s->gap_count - 1);
}

static struct tenant_topic *add_topic(struct tenant_sources *s, struct slice name) {
    size_t at = 0;
    while (at < s->topic_count && slice_compare(s->topics[at].name, name) < 0)
        at++;
    s->topics = realloc(s->topics, (s->topic_count + 1) * sizeof(*s->topics));
    CHECK(s->topics);
    memmove(&s->topics[at + 1], &s->topics[at], (s->topic_count - at) * sizeof(*s->topics));
    s->topic_count++;
    s->topics[at] = (struct tenant_topic){.name = slice_copy(name)};
    return &s->topics[at];
}

static struct tenant_topic *find_topic(struct tenant_sources *s, struct slice name) {
    for (size_t i = 0; i < s->topic_count; i++)
        if (slice_equal(s->topics[i].name, name))
            return &s->topics[i];
    return add_topic(s, name);
}

static void add_sources(const struct tenant_sources *s, struct tenant_topic *t,
                        int32_t partitions) {
    t->sources = realloc(t->sources, (size_t)partitions * sizeof(*t->sources));
    CHECK(t->sources);
    for (int32_t p = t->partitions; p < partitions; p++)
        t->sources[p] = (struct tenant_source){INSTANT_NONE, s->log_ms, false};
    t->partitions = partitions;
}

/* All partitions of a topic count from the moment it is heard of. */
static inline void grow_topic(const struct tenant_sources *s, struct tenant_topic *t,
                              int32_t partitions) {
    if (partitions > t->partitions)
        add_sources(s, t, partitions);
}

static void pass_log_time(struct tenant_sources *s, int64_t log_at) {
    if (s->log_at != INSTANT_NONE && log_at > s->log_at) {
        int64_t gap_ms = log_at - s->log_at;
        s->log_ms += gap_ms < GAP_MOST_MS ? gap_ms : GAP_MOST_MS;
    }
    if (log_at > s->log_at)
        s->log_at = log_at;
}

static void add_gap(struct tenant_sources *s, struct slice name, int32_t partition,
                    int32_t partitions, int64_t from_at) {
    if (s->gap_count == TENANT_GAPS_MAX) {
        s->gaps[s->gap_count - 1].to_at = INSTANT_NONE;
        return;
    }
    s->gaps[s->gap_count++] = (struct tenant_gap){.name = slice_copy(name),
                                                  .from_at = from_at,
                                                  .to_at = INSTANT_NONE,
                                                  .partition = partition,
                                                  .partitions = partitions};
}

/* A gap of no length would be seen by nobody. */
static void end_gaps(struct tenant_sources *s, struct slice topic, int32_t partition,
                     int64_t clock) {
    for (size_t i = 0; i < s->gap_count; i++) {
        struct tenant_gap *g = &s->gaps[i];
        bool same = g->partition == partition && g->name.size >= topic.size &&
                    memcmp(g->name.at, topic.at, topic.size) == 0;
        if (!same || g->to_at != INSTANT_NONE || clock <= g->from_at)
            continue;
        bool short_one = g->from_at != INSTANT_NONE && clock - g->from_at < SHORTEST_GAP_MS;
        g->to_at = short_one ? g->from_at + SHORTEST_GAP_MS : clock;
    }
}

void tenant_sources_lose(struct tenant_sources *s, int64_t clock) {
    add_gap(s, SLICE("tenant-log"), -1, 1, clock);
}

void tenant_sources_moved(struct tenant_sources *s, int64_t clock) {
    end_gaps(s, SLICE("tenant-log"), -1, clock);
}

bool tenant_sources_is_past(const struct tenant_gap *g, int64_t step_at, int64_t after_ms) {
    return g->to_at != INSTANT_NONE && g->to_at + after_ms <= step_at;
}

void tenant_sources_forget(struct tenant_sources *s, size_t gap) {
    free((void *)(uintptr_t)s->gaps[gap].name.at);
    s->gap_count--;
    memmove(&s->gaps[gap], &s->gaps[gap + 1], (s->gap_count - gap) * sizeof(*s->gaps));
}

static void note_lost(struct tenant_sources *s, const struct report_clock *c, int64_t since_at) {
    struct buf name;
    buf_init(&name);
    buf_put_format(&name, SLICE_FMT "-%d", SLICE_ARG(c->topic), (int)c->partition);
    add_gap(s, buf_slice(&name), c->partition, c->partitions, since_at);
    buf_deinit(&name);
}

static bool is_believed(const struct report_clock *c) {
    return c->partition >= 0 && c->partition < c->partitions &&
           c->partitions <= TENANT_PARTITIONS_MAX;
}

static struct tenant_source *find_in(const struct tenant_sources *s, struct tenant_topic *topic,
                                     const struct report_clock *c) {
    grow_topic(s, topic, c->partitions);
    return &topic->sources[c->partition];
}

struct tenant_source *tenant_sources_find(struct tenant_sources *s, const struct report_clock *c) {
    return is_believed(c) ? find_in(s, find_topic(s, c->topic), c) : NULL;
}

static void move(struct tenant_sources *s, struct tenant_source *source,
                 const struct report_clock *c) {
    source->ended |= c->ended;
    if (c->lost)
        note_lost(s, c, source->clock);
    if (c->clock <= source->clock)
        return;
    source->clock = c->clock;
    source->said_ms = s->log_ms;
    if (s->gap_count > 0)
        end_gaps(s, c->topic, c->partition, c->clock);
}

void tenant_sources_move(struct tenant_sources *s, struct tenant_source *source,
                         const struct report_clock *c, int64_t log_at) {
    pass_log_time(s, log_at);
    if (source)
        move(s, source, c);
}

void tenant_sources_hear(struct tenant_sources *s, const struct report_clock *clocks, size_t count,
                         int64_t log_at) {
    pass_log_time(s, log_at);
    struct tenant_topic *topic = NULL; /* of this name: many of one topic follow each other */
    struct slice name = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        const struct report_clock *c = &clocks[i];
        if (!is_believed(c))
            continue;
        if (!topic || c->topic.at != name.at || c->topic.size != name.size)
            topic = find_topic(s, c->topic);
        name = c->topic;
        move(s, find_in(s, topic, c), c);
    }
}

static bool counts(const struct tenant_sources *s, const struct tenant_source *source) {
    if (s->live)
        return s->log_ms - source->said_ms < s->max_source_lag_ms;
    if (source->clock == INSTANT_NONE)
        return s->until_end && !source->ended;
    return true;
}

int64_t tenant_sources_clock(const struct tenant_sources *s) {
    int64_t clock = INSTANT_MAX;
    for (size_t i = 0; i < s->topic_count; i++) {
        for (int32_t p = 0; p < s->topics[i].partitions; p++) {
            const struct tenant_source *source = &s->topics[i].sources[p];
            if (counts(s, source) && source->clock < clock)
                clock = source->clock;
        }
    }
    return clock == INSTANT_MAX ? INSTANT_NONE : clock;
}

double tenant_sources_completeness(const struct tenant_sources *s) {
    int64_t all = 0;
    int64_t counted = 0;
    if (!s->live)
        return 1.0; /* in a replay an empty partition is not a missing one */
    for (size_t i = 0; i < s->topic_count; i++) {
        all += s->topics[i].partitions;
        for (int32_t p = 0; p < s->topics[i].partitions; p++)
            counted += counts(s, &s->topics[i].sources[p]);
    }
    return all == 0 ? 1.0 : (double)counted / (double)all;
}

double tenant_sources_window(const struct tenant_sources *s, int64_t start_at, int64_t end_at) {
    double lost = 0;
    for (size_t i = 0; i < s->gap_count; i++) {
        const struct tenant_gap *g = &s->gaps[i];
        int64_t from_at = g->from_at > start_at ? g->from_at : start_at;
        int64_t to_at = g->to_at != INSTANT_NONE && g->to_at < end_at ? g->to_at : end_at;
        if (to_at > from_at && end_at > start_at)
            lost += (double)(to_at - from_at) / (double)(end_at - start_at) / g->partitions;
    }
    return tenant_sources_completeness(s) * (lost < 1 ? 1 - lost : 0);
}

bool tenant_sources_ended(const struct tenant_sources *s) {
    for (size_t i = 0; i < s->topic_count; i++) {
        for (int32_t p = 0; p < s->topics[i].partitions; p++) {
            if (!s->topics[i].sources[p].ended)
                return false;
        }
    }
    return s->topic_count > 0;
}

void tenant_sources_save(const struct tenant_sources *s, struct buf *b) {
    buf_put_zigzag(b, s->log_at);
    buf_put_zigzag(b, s->log_ms);
    buf_put_varint(b, s->topic_count);
    for (size_t i = 0; i < s->topic_count; i++) {
        const struct tenant_topic *t = &s->topics[i];
        buf_put_slice(b, t->name);
        buf_put_varint(b, (uint64_t)t->partitions);
        for (int32_t p = 0; p < t->partitions; p++) {
            buf_put_zigzag(b, t->sources[p].clock);
            buf_put_zigzag(b, t->sources[p].said_ms);
            buf_put_u8(b, t->sources[p].ended);
        }
    }
    buf_put_varint(b, s->gap_count);
    for (size_t i = 0; i < s->gap_count; i++) {
        buf_put_slice(b, s->gaps[i].name);
        buf_put_zigzag(b, s->gaps[i].from_at);
        buf_put_zigzag(b, s->gaps[i].to_at);
        buf_put_zigzag(b, s->gaps[i].partition);
        buf_put_varint(b, (uint64_t)s->gaps[i].partitions);
    }
}

static void load_gaps(struct tenant_sources *s, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    if (count > TENANT_GAPS_MAX)
        cursor_fail(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        struct slice name = cursor_slice(c);
        int64_t from_at = cursor_zigzag(c), to_at = cursor_zigzag(c);
        int64_t partition = cursor_zigzag(c);
        uint64_t partitions = cursor_varint(c);
        if (partitions == 0 || partitions > TENANT_PARTITIONS_MAX || partition < -1 ||
            partition >= TENANT_PARTITIONS_MAX)
            cursor_fail(c);
        if (c->failed)
            return;
        add_gap(s, name, (int32_t)partition, (int32_t)partitions, from_at);
        s->gaps[i].to_at = to_at;
    }
}

void tenant_sources_load(struct tenant_sources *s, struct cursor *c) {
    s->log_at = cursor_zigzag(c);
    s->log_ms = cursor_zigzag(c);
    uint64_t topics = cursor_varint(c);
    for (uint64_t i = 0; i < topics && !c->failed; i++) {
        struct tenant_topic *t = find_topic(s, cursor_slice(c));
        uint64_t partitions = cursor_varint(c);
        if (partitions > TENANT_PARTITIONS_MAX || t->partitions > 0)
            cursor_fail(c);
        if (c->failed)
            return;
        grow_topic(s, t, (int32_t)partitions);
        for (int32_t p = 0; p < t->partitions; p++) {
            t->sources[p].clock = cursor_zigzag(c);
            t->sources[p].said_ms = cursor_zigzag(c);
            t->sources[p].ended = cursor_u8(c) != 0;
        }
    }
    load_gaps(s, c);
}
