#include "io/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "base/check.h"

struct loop {
    uv_loop_t uv;
    struct loop_events events;
    uv_timer_t timer;
    uv_idle_t again; /* active while there is more work at hand */
    uv_signal_t signals[3];
    bool turning;
};

static sigset_t our_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

void loop_hold_signals(void) {
    sigset_t set = our_signals();
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

bool loop_signal_waits(void) {
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1;
}

static void on_again(uv_idle_t *again) {
    loop_turn(again->data);
}

static void on_timer(uv_timer_t *timer) {
    loop_turn(timer->data);
}

static void on_signal(uv_signal_t *signal, int number) {
    struct loop *l = signal->data;
    if (number == SIGHUP)
        l->events.reload(l->events.context);
    else
        l->events.stop(l->events.context, number);
}

void loop_turn(struct loop *l) {
    if (l->turning)
        return;
    l->turning = true;
    if (l->events.turn(l->events.context))
        uv_idle_start(&l->again, on_again);
    else
        uv_idle_stop(&l->again);
    l->turning = false;
}

struct loop *loop_new(int64_t turn_every_ms, const struct loop_events *events) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    struct loop *l = calloc(1, sizeof *l);
    CHECK(l);
    l->events = *events;
    CHECK(uv_loop_init(&l->uv) == 0);
    uv_timer_init(&l->uv, &l->timer);
    l->timer.data = l;
    uv_timer_start(&l->timer, on_timer, 0, (uint64_t)turn_every_ms);
    uv_idle_init(&l->uv, &l->again);
    l->again.data = l;
    for (size_t i = 0; i < 3; i++) {
        uv_signal_init(&l->uv, &l->signals[i]);
        l->signals[i].data = l;
        uv_signal_start(&l->signals[i], on_signal, numbers[i]);
    }
    return l;
}

struct uv_loop_s *loop_uv(struct loop *l) {
    return &l->uv;
}

void loop_run(struct loop *l) {
    sigset_t set = our_signals();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l) {
    uv_stop(&l->uv);
}

static void close_handle(uv_handle_t *handle, void *context) {
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void loop_free(struct loop *l) {
    if (!l)
        return;
    l->turning = true; /* no more turns */
    uv_run(&l->uv, UV_RUN_NOWAIT);
    uv_walk(&l->uv, close_handle, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    uv_loop_close(&l->uv);
    free(l);
}
