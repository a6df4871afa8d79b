/* The loop of the process: turns of the owner, as often as there is work, and signals. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct uv_loop_s;
struct loop; /* opaque */

struct loop_events {
    void *context;
    /* A turn of work; true: there is more at hand, come again at once. */
    bool (*turn)(void *context);
    void (*stop)(void *context, int signal); /* SIGTERM or SIGINT */
    void (*reload)(void *context);           /* SIGHUP */
};

/* `turn_every_ms`: at least so often the owner gets a turn. */
struct loop *loop_new(int64_t turn_every_ms, const struct loop_events *events);
void loop_free(struct loop *l); /* after all parts that stand on it: waits for their handles */

struct uv_loop_s *loop_uv(struct loop *l);
void loop_run(struct loop *l); /* until loop_stop */
void loop_stop(struct loop *l);

/* Gives the owner a turn now; called by a turn itself it has no effect. */
void loop_turn(struct loop *l);

/* Before the loop runs, SIGTERM and SIGINT wait: true when one has come. */
void loop_hold_signals(void);
bool loop_signal_waits(void);
