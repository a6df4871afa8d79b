/* base/wheel: beside a binary heap, and the timers of libuv. */
#include <stdlib.h>
#include <uv.h>

#include "base/check.h"
#include "base/instant.h"
#include "base/rng.h"
#include "base/wheel.h"
#include "micro.h"

#define START INT64_C(1700000000000)
#define HORIZON_MS ((uint64_t)(4 * HOUR_MS))
#define UV_MOST 1000000u

/* As large as an open interaction may be, so that caches miss as they will. */
struct record {
    char state[160];
    size_t place; /* in the heap */
    struct wheel_node timer;
};

static struct wheel_node *timer_of(void *context, uint32_t handle) {
    return &((struct record *)context)[handle].timer;
}

static int64_t some_due(struct rng *r, int64_t now) {
    return now + 1 + (int64_t)rng_below(r, HORIZON_MS);
}

/* The worst case: each event goes to any of the timers and arms it anew. */
static void measure_wheel(struct record *records, uint32_t size) {
    struct wheel *w = wheel_new(timer_of, NULL, records);
    struct rng r;
    rng_init(&r, 1);
    int64_t now = START, due_at;
    uint32_t *due;
    wheel_take_instant(w, now, &due_at, &due);
    for (uint32_t i = 0; i < size; i++)
        wheel_arm(w, i, some_due(&r, now));

    double begin = micro_now_ns();
    for (uint32_t i = 0; i < MICRO_OPERATIONS; i++) {
        wheel_arm(w, (uint32_t)rng_below(&r, size), some_due(&r, now));
        now += i % 16 == 0;
        for (size_t count; (count = wheel_take_instant(w, now, &due_at, &due)) > 0;) {
            for (size_t k = 0; k < count; k++)
                wheel_arm(w, due[k], some_due(&r, now));
        }
    }
    micro_print("wheel: arm anew, take", size, (micro_now_ns() - begin) / MICRO_OPERATIONS);

    int64_t sum = 0;
    begin = micro_now_ns();
    for (uint32_t i = 0; i < MICRO_OPERATIONS; i++)
        sum += wheel_next_due(w);
    micro_print("wheel: next due", size, (micro_now_ns() - begin) / MICRO_OPERATIONS);
    CHECK(sum != 0);
    wheel_free(w);
}

/* The earliest first; each record knows its place, so that it can be armed anew. */
struct heap {
    struct entry {
        int64_t due_at;
        uint32_t handle;
    } * entries;
    struct record *records;
    size_t count;
};

static void heap_set(struct heap *h, size_t place, struct entry e) {
    h->entries[place] = e;
    h->records[e.handle].place = place;
}

static void heap_move(struct heap *h, size_t place, struct entry e) {
    for (; place > 0 && h->entries[(place - 1) / 2].due_at > e.due_at; place = (place - 1) / 2)
        heap_set(h, place, h->entries[(place - 1) / 2]);
    for (size_t child; (child = 2 * place + 1) < h->count; place = child) {
        child += child + 1 < h->count && h->entries[child + 1].due_at < h->entries[child].due_at;
        if (h->entries[child].due_at >= e.due_at)
            break;
        heap_set(h, place, h->entries[child]);
    }
    heap_set(h, place, e);
}

static void measure_heap(struct record *records, uint32_t size) {
    struct heap h = {.entries = malloc(size * sizeof(*h.entries)), .records = records};
    struct rng r;
    rng_init(&r, 1);
    int64_t now = START;
    CHECK(h.entries);
    for (uint32_t i = 0; i < size; i++)
        heap_move(&h, h.count++, (struct entry){some_due(&r, now), i});

    double begin = micro_now_ns();
    for (uint32_t i = 0; i < MICRO_OPERATIONS; i++) {
        uint32_t handle = (uint32_t)rng_below(&r, size);
        heap_move(&h, records[handle].place, (struct entry){some_due(&r, now), handle});
        now += i % 16 == 0;
        while (h.entries[0].due_at <= now)
            heap_move(&h, 0, (struct entry){some_due(&r, now), h.entries[0].handle});
    }
    micro_print("  binary heap: arm anew, take", size, (micro_now_ns() - begin) / MICRO_OPERATIONS);
    free(h.entries);
}

static void fired(uv_timer_t *timer) {
    (void)timer;
}

/* Arming alone: its loop lets no other time pass than the machine's. */
static void measure_uv(uint32_t size) {
    uv_loop_t loop;
    uv_timer_t *timers = calloc(size, sizeof(*timers));
    struct rng r;
    rng_init(&r, 1);
    CHECK(timers && uv_loop_init(&loop) == 0);
    for (uint32_t i = 0; i < size; i++) {
        uv_timer_init(&loop, &timers[i]);
        uv_timer_start(&timers[i], fired, rng_below(&r, HORIZON_MS), 0);
    }
    double begin = micro_now_ns();
    for (uint32_t i = 0; i < MICRO_OPERATIONS; i++)
        uv_timer_start(&timers[rng_below(&r, size)], fired, rng_below(&r, HORIZON_MS), 0);
    micro_print("  libuv: arm anew", size, (micro_now_ns() - begin) / MICRO_OPERATIONS);
    for (uint32_t i = 0; i < size; i++)
        uv_close((uv_handle_t *)&timers[i], NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
    free(timers);
}

void micro_wheel(void) {
    for (uint32_t size = 10000; size <= 10000000; size *= 10) {
        struct record *records = calloc(size, sizeof(*records));
        CHECK(records);
        measure_wheel(records, size);
        measure_heap(records, size);
        if (size <= UV_MOST)
            measure_uv(size);
        free(records);
    }
}
