/* floorsim: simulated contact-centre sites into Kafka. */
#include <curl/curl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "floor.h"
#include "options.h"
#include "schema.h"
#include "sender.h"
#include "truth.h"
#include "wire.h"
#include "world.h"

static volatile sig_atomic_t stopped;

static void on_signal(int signal) {
    (void)signal;
    stopped = 1;
}

static int64_t clock_ms(clockid_t clock) {
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How simulated time follows the clock on the wall. */
struct pace {
    int64_t start_at;
    int64_t began_ms;
    double speed; /* 0: as fast as it goes */
};

static void wait_until(const struct pace *pace, struct wire *wire, int64_t at) {
    while (pace->speed > 0 && !stopped) {
        double due_ms = (double)(at - pace->start_at) / pace->speed;
        int64_t left_ms = (int64_t)due_ms - (clock_ms(CLOCK_MONOTONIC) - pace->began_ms);

        if (left_ms <= 0)
            return;
        if (left_ms > 50)
            left_ms = 50;
        if (wire != NULL)
            wire_poll(wire, (int)left_ms);
        else
            nanosleep(&(struct timespec){.tv_nsec = left_ms * 1000000}, NULL);
    }
}

static bool is_over(const struct options *options, const struct floor *floor, int64_t at) {
    const struct world *world = floor->world;

    if (options->duration_ms > 0 && at >= world->start_at + options->duration_ms)
        return true;
    return options->events > 0 && floor->truth->totals.events >= (uint64_t)options->events;
}

/* Runs the floor and the sender side by side in the order of simulated time. */
static void run(struct floor *floor, struct sender *sender, const struct pace *pace) {
    const struct options *options = floor->world->options;
    uint64_t steps = 0;

    while (!stopped) {
        int64_t floor_at = floor_next_at(floor);
        int64_t sender_at = sender_next_at(sender);
        int64_t next_at = floor_at < sender_at ? floor_at : sender_at;

        if (floor_at == INT64_MAX)
            break;
        if (!floor->closed && is_over(options, floor, next_at)) {
            if (!options->drain)
                break;
            floor_close(floor);
            continue;
        }
        wait_until(pace, sender->wire, next_at);
        if (sender_at <= floor_at)
            sender_release(sender, sender_at);
        else
            floor_step(floor);
        if ((++steps & 1023) == 0 && sender->wire != NULL)
            wire_poll(sender->wire, 0);
    }
    if (sender->wire != NULL)
        sender_release(sender, INT64_MAX);
}

static void report(const struct truth *truth, const struct sender *sender, int64_t took_ms) {
    const struct truth_totals *totals = &truth->totals;

    fprintf(stderr,
            "floorsim: %" PRIu64 " events of %" PRIu64 " interactions, %" PRIu64
            " records sent (%" PRIu64 " twice, %" PRIu64 " late, %" PRIu64 " lost, %" PRIu64
            " bad) in %.1f s\n",
            totals->events, totals->interactions, sender->sent, totals->duplicates, totals->late,
            totals->lost, sender->bad_sent, (double)took_ms / 1000);
}

/* `began_ms`: what the monotonic clock said at the world's start. */
static bool simulate(const struct options *options, const struct world *world, int64_t began_ms,
                     const struct id_maker *ids, const struct schema *schema, struct wire *wire) {
    struct truth truth;
    struct sender sender;
    struct floor floor;
    struct pace pace = {world->start_at, began_ms, options->speed};
    char bad[512];
    bool good;

    if (!truth_open(&truth, options->truth, options->totals, ids))
        return false;
    if (options->days_per_second > 0)
        pace.speed = options->days_per_second * 86400;
    if (options->live)
        pace.speed = 1;
    sender_init(&sender, world, ids, schema, wire);
    floor_init(&floor, world, &truth, sender_take, &sender);
    run(&floor, &sender, &pace);
    floor_finish(&floor);
    sender_bad_json(&sender, bad, sizeof(bad));
    truth_total(&truth, bad);
    report(&truth, &sender, clock_ms(CLOCK_MONOTONIC) - pace.began_ms);
    good = truth_close(&truth);
    floor_deinit(&floor);
    sender_deinit(&sender);
    return good;
}

static bool connect_and_simulate(const struct options *options) {
    int64_t start_at = options->live ? clock_ms(CLOCK_REALTIME) : options->start_at;
    int64_t began_ms = clock_ms(CLOCK_MONOTONIC);
    struct world world;
    struct schema schema = {0};
    struct wire wire = {0};
    struct id_maker ids = {.lean = options->lean, .partitions = (int32_t)options->partitions};
    bool good = true;

    if (options->ids != NULL)
        snprintf(ids.prefix, sizeof(ids.prefix), "%s", options->ids);
    else if (options->live)
        snprintf(ids.prefix, sizeof(ids.prefix), "%" PRIx64 "-", (uint64_t)start_at / 1000);
    world_init(&world, options, start_at);
    if (!options->print) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        good = schema_init(&schema, options->schemas, options->registry) &&
               wire_init(&wire, options);
    }
    if (!options->live) /* a replay begins when it can */
        began_ms = clock_ms(CLOCK_MONOTONIC);
    if (good)
        good = simulate(options, &world, began_ms, &ids, &schema, options->print ? NULL : &wire);
    if (!wire_deinit(&wire))
        good = false;
    world_deinit(&world);
    return good;
}

int main(int argc, char **argv) {
    struct options options;
    bool help;

    if (!options_parse(&options, argc, argv, &help))
        return 2;
    if (help)
        return 0;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    return connect_and_simulate(&options) ? 0 : 1;
}
