/* The load as records: contracts, the registry's schemas, and events in Avro's framing. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/murmur2.h"
#include "codec/schema_text.h"
#include "sim_draw.h"
#include "sim_load.h"

#define EVENT_SCHEMA 7
#define EVENT_SCHEMA_OTHER 8 /* another writer: more fields, another order */
#define OWN_SCHEMAS 100

#define SYMBOL(symbol, name) "\"" #symbol "\","
#define ENUM(name, symbols)                                                                        \
    "{\"type\":\"enum\",\"name\":\"" name "\",\"symbols\":[" symbols(SYMBOL) "\"LAST_\"]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define EVENT_HEAD                                                                                 \
    "{\"type\":\"record\",\"name\":\"InteractionEvent\",\"namespace\":\"floorwalker.v1\","         \
    "\"fields\":["

static const char event_schema[] = {EVENT_HEAD FIELD("event_id", "\"string\"") ","   /**/
                                    FIELD("tenant_id", "\"string\"") ","             /**/
                                    FIELD("site_id", "\"string\"") ","               /**/
                                    FIELD("event_at", "\"long\"") ","                /**/
                                    FIELD("interaction_id", "\"string\"") ","        /**/
                                    FIELD("queue_id", "\"string\"") ","              /**/
                                    FIELD("journey_id", "[\"null\",\"string\"]") "," /**/
                                    FIELD("channel", ENUM("Channel", EVENT_CHANNELS)) "," FIELD(
                                        "type", ENUM("InteractionType", EVENT_TYPES)) "]}"};

static const char event_schema_other[] = {
    EVENT_HEAD FIELD("type", ENUM("InteractionType", EVENT_TYPES)) "," FIELD(
        "channel", ENUM("Channel", EVENT_CHANNELS)) "," /**/
    FIELD("mood", "[\"null\",\"double\"]") ","          /**/
    FIELD("journey_id", "[\"null\",\"string\"]") ","    /**/
    FIELD("queue_id", "\"string\"") ","                 /**/
    FIELD("interaction_id", "\"string\"") ","           /**/
    FIELD("event_at", "\"long\"") ","                   /**/
    FIELD("site_id", "\"string\"") ","                  /**/
    FIELD("tenant_id", "\"string\"") ","                /**/
    FIELD("event_id", "\"string\"") "]}"};

struct slice sim_load_schema(int32_t id) {
    if (id == EVENT_SCHEMA)
        return slice_of(event_schema);
    if (id == EVENT_SCHEMA_OTHER)
        return slice_of(event_schema_other);
    return id >= OWN_SCHEMAS && id < OWN_SCHEMAS + SCHEMA_COUNT
               ? schema_text((enum schema_id)(id - OWN_SCHEMAS))
               : (struct slice){NULL, 0};
}

void sim_load_framing(struct record_framing *framing) {
    for (int i = 0; i < SCHEMA_COUNT; i++)
        framing->of[i] = (struct frame){.kind = FRAME_ID, .schema_id = OWN_SCHEMAS + i};
}

struct slice sim_load_tenant(size_t leaf) {
    return leaf < SIM_LEAVES / 2 ? SLICE("acme") : SLICE("zeta");
}

struct slice sim_load_site(size_t leaf) {
    return leaf / 2 % 2 ? SLICE("south") : SLICE("north");
}

struct slice sim_load_queue(size_t leaf) {
    return leaf % 2 ? SLICE("support") : SLICE("sales");
}

int64_t sim_load_target_ms(struct slice tenant) {
    return tenant.at[0] == 'a' ? 3000 : 5000;
}

enum attribution sim_load_attribution(struct slice tenant) {
    return slice_equal(tenant, SLICE("zeta")) ? BY_ARRIVAL : BY_EVENT;
}

static void put_text(struct buf *b, struct slice text) {
    buf_put_zigzag(b, (int64_t)text.size);
    buf_put(b, text.at, text.size);
}

struct names {
    char event[48], interaction[32], journey[32]; /* empty: in none */
};

static void put_journey(struct buf *b, const struct names *n) {
    buf_put_zigzag(b, n->journey[0] != 0);
    if (n->journey[0] != 0)
        put_text(b, slice_of(n->journey));
}

static void put_event(const struct names *n, size_t leaf, int64_t event_at, uint8_t type,
                      bool other, struct buf *b) {
    struct slice event = slice_of(n->event), interaction = slice_of(n->interaction);
    struct slice tenant = sim_load_tenant(leaf), site = sim_load_site(leaf),
                 queue = sim_load_queue(leaf);
    frame_put(
        &(struct frame){.kind = FRAME_ID, .schema_id = other ? EVENT_SCHEMA_OTHER : EVENT_SCHEMA},
        b);
    if (other) {
        buf_put_zigzag(b, type);
        buf_put_zigzag(b, CHANNEL_VOICE);
        buf_put_zigzag(b, 1);
        buf_put_double(b, 0.5);
        put_journey(b, n);
        put_text(b, queue);
        put_text(b, interaction);
        buf_put_zigzag(b, event_at);
        put_text(b, site);
        put_text(b, tenant);
        put_text(b, event);
        return;
    }
    put_text(b, event);
    put_text(b, tenant);
    put_text(b, site);
    buf_put_zigzag(b, event_at);
    put_text(b, interaction);
    put_text(b, queue);
    put_journey(b, n);
    buf_put_zigzag(b, CHANNEL_VOICE);
    buf_put_zigzag(b, type);
}

void sim_load_record(const struct sim_load *l, const struct sim_send *s, struct buf *key,
                     struct buf *value) {
    struct names n = {.journey = ""};
    if (sim_load_journey(s->call) >= 0)
        snprintf(n.journey, sizeof n.journey, "journey-%d", sim_load_journey(s->call));
    snprintf(n.event, sizeof n.event, "c%u-%u", s->call, s->number);
    snprintf(n.interaction, sizeof n.interaction, "c%u", s->call);
    buf_put(key, n.interaction, strlen(n.interaction));
    bool other = sim_draw_one_in(sim_draw(l->settings->seed, DRAW_CALL, 1000 + s->call, 0), 4);
    put_event(&n, s->leaf, s->event_at, s->type, other, value);
}

void sim_load_junk(enum sim_junk junk, uint64_t number, int64_t now_at, struct buf *key,
                   struct buf *value) {
    struct names n = {.journey = ""};
    snprintf(n.event, sizeof n.event, "junk%llu", (unsigned long long)number);
    snprintf(n.interaction, sizeof n.interaction, "j%llu", (unsigned long long)number);
    buf_put(key, n.interaction, strlen(n.interaction));
    int64_t event_at = now_at;
    switch (junk) {
    case SIM_JUNK_GARBAGE: buf_put(value, "\x07no record", 10); return;
    case SIM_JUNK_TOO_LATE: event_at -= 2 * SIM_LATENESS_MS; break;
    case SIM_JUNK_FUTURE: event_at += SIM_MAX_SKEW_MS + MINUTE_MS; break;
    case SIM_JUNK_WRONG_KEY: buf_put(key, "x", 1); break;
    case SIM_JUNK_COUNT: UNREACHABLE("no junk");
    }
    put_event(&n, number % SIM_LEAVES, event_at, EVENT_QUEUED, false, value);
}

int32_t sim_load_partition(const struct sim_settings *settings, unsigned call) {
    char key[32];
    snprintf(key, sizeof key, "c%u", call);
    return murmur2_partition(slice_of(key), settings->partitions[INPUT_INTERACTIONS]);
}

static void fill_contract(struct contract *c, const char *tenant, int version,
                          struct clock_rule *clock, struct objective *objective) {
    contract_init_default(c);
    c->name = c->tenant = slice_of(tenant);
    c->version = version + 1;
    c->is_default = false;
    c->short_abandon_ms = SECOND_MS;
    c->items_per_minute = 1; /* storms come soon */
    c->pages_per_hour = 5;
    c->roll_up_children = 2;
    int64_t target_ms = sim_load_target_ms(c->tenant);
    *clock = (struct clock_rule){.name = SLICE("answer"),
                                 .kind = CLOCK_SPEED_OF_ANSWER,
                                 .target_ms = target_ms,
                                 .warnings = {{target_ms - SECOND_MS}},
                                 .warning_count = 1,
                                 .severity = SEVERITY_MAJOR};
    *objective = (struct objective){.name = SLICE("level-80"),
                                    .metric = METRIC_SERVICE_LEVEL,
                                    .attribution = sim_load_attribution(c->tenant),
                                    .within_ms = target_ms,
                                    .within_given = true,
                                    .per = SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_QUEUE),
                                    .window = WINDOW_1M,
                                    .at_least = true,
                                    .target = version == 1 ? 0.6 : 0.8,
                                    .clear = version == 1 ? 0.6 : 0.85,
                                    .min_sample = 2,
                                    .severity = SEVERITY_CRITICAL};
    c->clocks = clock;
    c->clock_count = 1;
    c->objectives = objective;
    c->objective_count = 1;
}

void sim_load_contracts(struct sim_contracts *c) {
    for (int i = 0; i < SIM_VERSIONS; i++) {
        struct sim_version *v = &c->versions[i];
        snprintf(v->name, sizeof v->name, "%0*d", MANIFEST_HASH, i + 1);
        fill_contract(&v->contracts[0], "acme", i, &v->clocks[0], &v->objectives[0]);
        /* The other tenant's changes with the last version only. */
        fill_contract(&v->contracts[1], "zeta", i == 2, &v->clocks[1], &v->objectives[1]);
        v->set = (struct contract_set){.contracts = v->contracts, .count = 2};
        contract_init_default(&v->set.fallback);
        if (i == 1) { /* a version that takes over by itself */
            fill_contract(&v->contracts[2], "acme", 2, &v->clocks[2], &v->objectives[2]);
            v->contracts[2].effective_at = SIM_START + MINUTE_MS;
            v->set.count = 3;
            contract_set_link(&v->set);
        }
    }
}

int sim_load_version(const char *name) {
    long number = strtol(name, NULL, 10) - 1;
    return number < SIM_VERSIONS ? (int)number : -1;
}
