/* The load: calls that are made up with their truth, which is counted straight from the story and
 * not from events; then the events as records, late, in disorder and twice. Each call depends on
 * the seed and its number alone. */
#pragma once

#include "base/buf.h"
#include "codec/manifest.h"
#include "core/counter.h"
#include "sim_settings.h"

#define SIM_CALLS_MAX 40
#define SIM_VISITS_MAX 4
#define SIM_LEAVES 8
#define SIM_PANES 64
#define SIM_PANES_FROM (SIM_START - 200 * SECOND_MS)

/* X(symbol, name): records that are none of the story, each a dead letter. */
#define SIM_JUNKS(X)                                                                               \
    X(GARBAGE, "bytes that are no record")                                                         \
    X(TOO_LATE, "an event from before lateness")                                                   \
    X(FUTURE, "an event from beyond max_skew")                                                     \
    X(WRONG_KEY, "an event under another key")

#define SIM_JUNK_ENUM(symbol, name) SIM_JUNK_##symbol,
enum sim_junk { SIM_JUNKS(SIM_JUNK_ENUM) SIM_JUNK_COUNT };

/* One record to be sent. */
struct sim_send {
    int64_t send_at;
    unsigned call;
    uint16_t number; /* of the event within its call */
    uint8_t type;    /* enum event_type */
    uint8_t leaf;    /* queue included */
    int64_t event_at;
};

/* What is true of the clock of one visit. */
struct sim_verdict {
    bool at_risk, breached, ended;
};

/* What one call adds to its journey; began_at 0: there is no such call. */
struct sim_part {
    size_t leaf;
    int64_t began_at, ended_at, resolved_at; /* 0: it is open, or not resolved */
    int64_t wait_ms, handle_ms;
    int64_t visits, legs, transfers;
};

struct sim_truth {
    int64_t counters[SIM_LEAVES][SIM_PANES][COUNTER_SOURCE_COUNT];
    int64_t levels[SIM_LEAVES][SIM_PANES][ATTRIBUTION_COUNT][LEVEL_COUNT];
    struct sim_verdict verdicts[SIM_CALLS_MAX][SIM_VISITS_MAX + 1];
    struct sim_part parts[SIM_CALLS_MAX];
    int64_t open; /* interactions */
};

struct sim_load {
    const struct sim_settings *settings;
    bool disorder;          /* events of one call overtake each other */
    struct sim_send *sends; /* owned; in the order of send_at once sealed */
    size_t count, capacity;
    int64_t last_send_at;
    struct sim_truth truth;
};

void sim_load_init(struct sim_load *l, const struct sim_settings *settings);
void sim_load_deinit(struct sim_load *l);
/* Tells one call: its sends and its truth. */
void sim_load_add_call(struct sim_load *l, unsigned number);
void sim_load_seal(struct sim_load *l);

/* Which calls are in a history, and what they were, in one line each. */
unsigned sim_load_calls(const struct sim_settings *settings);
void sim_load_describe(const struct sim_load *l, unsigned call, struct buf *text);

/* The record of one send, key and value appended. */
void sim_load_record(const struct sim_load *l, const struct sim_send *s, struct buf *key,
                     struct buf *value);
void sim_load_junk(enum sim_junk junk, uint64_t number, int64_t now_at, struct buf *key,
                   struct buf *value);
int32_t sim_load_partition(const struct sim_settings *settings, unsigned call);

/* Three calls in a row are of one name, which means something within a tenant; -1: in none. */
int sim_load_journey(unsigned call);

/* Names of the leaf of a truth's row. */
struct slice sim_load_tenant(size_t leaf);
struct slice sim_load_site(size_t leaf);
struct slice sim_load_queue(size_t leaf);
int64_t sim_load_target_ms(struct slice tenant); /* of answering, and T of the service level */
enum attribution sim_load_attribution(struct slice tenant); /* of the service level judged */

/* The registry: ids of our own schemas, and the text behind an id; empty where there is none. */
void sim_load_framing(struct record_framing *framing);
struct slice sim_load_schema(int32_t id);

/* The contracts of the tenants, in versions that differ in what they want of the service level. It
 * points into itself: must not be moved. */
#define SIM_VERSIONS 3

struct sim_version {
    char name[MANIFEST_HASH + 1]; /* of its manifest: the version as so many digits */
    struct contract contracts[3]; /* the third follows the first, in one version */
    struct clock_rule clocks[3];
    struct objective objectives[3];
    struct contract_set set;
};

struct sim_contracts {
    struct sim_version versions[SIM_VERSIONS];
};

void sim_load_contracts(struct sim_contracts *c);
int sim_load_version(const char *name); /* -1: none of ours */
