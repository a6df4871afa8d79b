/* What has to be true of a world that has settled; whatever is not is noted as its violation. */
#pragma once

#include "codec/report_codec.h"
#include "sim_world.h"

struct sim_oracle; /* opaque */

struct sim_oracle *sim_oracle_new(struct sim_world *w);
void sim_oracle_free(struct sim_oracle *o);

/* While the processes are there: what they count as open, and the view they keep. */
void sim_oracle_look_at_processes(struct sim_oracle *o);
/* After their graceful end: what they committed. */
void sim_oracle_look_at_logs(struct sim_oracle *o);

uint64_t sim_oracle_alerts(const struct sim_oracle *o); /* transitions that a straight run told */

/* sim_straight.c: one run of a fresh tenant task over a committed tenant log, and its effects. */
struct sim_effect {
    enum epoch_topic topic;
    size_t at, key_size, size; /* in bytes: key, then value */
    size_t emitted_at;         /* of an alert: where the one byte of its emitted_at is */
};

struct sim_straight {
    struct tenant_task *task;
    struct report_reader *reader;
    struct record_framing framing;
    struct buf bytes, scratch;
    struct sim_effect *effects;
    size_t count, capacity;
    size_t next; /* offset to go on from */
    int change;  /* of contracts, that comes next */
};

typedef void sim_straight_report_fn(void *context, const struct report *report);

void sim_straight_init(struct sim_straight *s, const struct sim_world *w, int32_t partition);
void sim_straight_deinit(struct sim_straight *s);
/* On to the offset `end`; each report is handed over besides. */
void sim_straight_run(struct sim_straight *s, struct sim_world *w, int32_t partition, size_t end,
                      sim_straight_report_fn *report, void *context);
/* True when a committed record says the same; an alert's emitted_at is wall time. */
bool sim_straight_equals(const struct sim_straight *s, const struct sim_effect *e, struct slice key,
                         struct slice value);

/* sim_recount.c: sums of the reports and the episodes of the topics against the truth. */
struct sim_recount {
    int64_t counters[SIM_LEAVES][SIM_PANES][COUNTER_SOURCE_COUNT];
    int64_t levels[SIM_LEAVES][SIM_PANES][ATTRIBUTION_COUNT][LEVEL_COUNT];
    uint64_t strangers; /* rows of no leaf or pane of the story */
};

void sim_recount_add(struct sim_recount *r, const struct report *report);
void sim_recount_compare(const struct sim_recount *r, struct sim_world *w);
/* What a reader of the topics sees: also as many open episodes as the tasks count. */
void sim_recount_episodes(struct sim_world *w, uint64_t open);
void sim_recount_letters(struct sim_world *w);

/* sim_shown.c: the view against what a straight run shows at the same place. */
void sim_shown_compare(struct sim_world *w, struct sim_straight *runs);
/* And against the story: counts of the last half hour, and the service level that is judged. */
void sim_shown_recount(struct sim_world *w);
