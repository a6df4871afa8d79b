#include "core_records.h"

#include <inttypes.h>
#include <stdio.h>

#include "../floorsim/record.h"

#define SITES 3
#define QUEUES 9
#define AGENTS 400
#define FRAME 5 /* bytes before the datum */
#define VOICE 1 /* enum Channel */

/* When each kind of event comes, in eighths of a call. */
static const struct {
    unsigned eighths;
    enum event_type type;
} life[] = {{0, TYPE_QUEUED}, {1, TYPE_ANSWERED}, {7, TYPE_WRAP_START}, {8, TYPE_WRAP_END}};

#define STEPS (sizeof(life) / sizeof(life[0]))

struct texts {
    char event[32], site[16], queue[16], agent[24];
};

static size_t write_event(uint64_t call, size_t step, int64_t event_at, char key[32],
                          uint8_t *out) {
    struct texts t;
    snprintf(key, 32, "call-%016" PRIx64, call * UINT64_C(0x9E3779B97F4A7C15));
    snprintf(t.event, sizeof(t.event), "%" PRIx64 "-%zu", call, step);
    snprintf(t.site, sizeof(t.site), "site-%02u", (unsigned)(call % SITES));
    snprintf(t.queue, sizeof(t.queue), "queue-%02u", (unsigned)(call / SITES % QUEUES));
    snprintf(t.agent, sizeof(t.agent), "agent-%u", (unsigned)(call % AGENTS));
    struct record record = {.event_id = t.event,
                            .tenant_id = "acme",
                            .vendor_id = "partner",
                            .site_id = t.site,
                            .source_seq = (int64_t)(call * STEPS + step + 1),
                            .event_at = event_at,
                            .interaction_id = key,
                            .channel = VOICE,
                            .queue_id = t.queue,
                            .agent_id = step > 0 ? t.agent : NULL,
                            .type = life[step].type,
                            .initiation = INITIATION_CUSTOMER,
                            .priority = PRIORITY_NORMAL,
                            .end_cause = step < 2 ? END_CAUSE_UNKNOWN : END_CAUSE_CUSTOMER};
    return record_write(&record, out);
}

size_t core_records_next(struct core_records *r, uint8_t *value, char key[32], int64_t *event_at) {
    uint64_t turn = r->number / STEPS, step = r->number % STEPS;
    uint64_t calls_ago = (uint64_t)r->open * life[step].eighths / 8;
    r->number++;
    if (turn < calls_ago)
        return 0;
    *event_at = r->begin_at + (int64_t)(turn * CORE_CALL_MS / r->open);
    for (size_t i = 0; i < FRAME; i++)
        value[i] = i + 1 == FRAME;
    return FRAME + write_event(turn - calls_ago, step, *event_at, key, value + FRAME);
}
