#include "sender.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

enum {
    TWICE_WITHIN_MS = 2000,
    CATCH_UP_MS = 2000,
    MIXED_MOST_MS = 5 * 60 * 1000,
    HOUR_MS = 3600 * 1000
};

/* The texts of one record, which have to live as long as the record. */
struct texts {
    char event_id[ID_BYTES + 16];
    char interaction_id[ID_BYTES];
    char customer_key[20];
    char agent_id[ID_BYTES];
};

#define NAME(name) #name,
static const char *const type_names[] = {EVENT_TYPES(NAME)};

void sender_init(struct sender *sender, const struct world *world, const struct id_maker *ids,
                 const struct schema *schema, struct wire *wire) {
    const struct options *options = world->options;

    memset(sender, 0, sizeof(*sender));
    sender->options = options;
    sender->world = world;
    sender->ids = ids;
    sender->schema = schema;
    sender->wire = wire;
    sender->noisy = options->duplicates > 0 || options->late > 0 || options->shuffle_ms > 0 ||
                    options->outages.count > 0 || options->bad > 0;
    rng_init(&sender->rng, (uint64_t)options->seed ^ 0x5eed0f5e9de7U);
}

void sender_deinit(struct sender *sender) {
    while (sender->waiting.count > 0)
        free(sender->parcels[heap_pop(&sender->waiting).ref]);
    free(sender->parcels);
    free(sender->unused);
    heap_deinit(&sender->waiting);
}

/* snprintf would be a tenth of all work here: every event has four texts. Each returns the end. */
static char *put_text(char *out, const char *text) {
    size_t length = strlen(text);

    memcpy(out, text, length + 1);
    return out + length;
}

static char *put_number(char *out, uint64_t number, unsigned base, int least) {
    char digits[24];
    int count = 0;

    for (; number > 0 || count < least; number /= base)
        digits[count++] = "0123456789abcdef"[number % base];
    while (count > 0)
        *out++ = digits[--count];
    *out = '\0';
    return out;
}

/* Names have at most NAME_MAX_BYTES and numbers 20 digits, so all of it fits into ID_BYTES. */
static void fill_texts(const struct sender *sender, const struct event *event,
                       struct texts *texts) {
    char *end;

    id_put(sender->ids, event->contact, texts->interaction_id);
    end = put_text(texts->event_id, texts->interaction_id);
    put_number(put_text(end, "."), event->seq, 10, 1);
    put_number(texts->customer_key, event->customer * 0x9e3779b97f4a7c15U, 16, 16);
    end = put_text(texts->agent_id, event->queue->site->name);
    end = put_number(put_text(end, "-"), (uint64_t)event->queue->index, 10, 1);
    put_number(put_text(end, "-"), event->agent, 10, 1);
}

static void fill(const struct sender *sender, const struct event *event, struct record *record,
                 struct texts *texts) {
    const struct site *site = event->queue->site;

    fill_texts(sender, event, texts);
    *record = (struct record){
        .event_id = texts->event_id,
        .tenant_id = site->tenant,
        .vendor_id = site->vendor,
        .site_id = site->name,
        .source_seq = event->seq,
        .event_at = event->event_at + site->skew_ms,
        .interaction_id = texts->interaction_id,
        .customer_key = texts->customer_key,
        .channel = (int)event->queue->channel,
        .queue_id = event->queue->name,
        .agent_id = event->agent ? texts->agent_id : NULL,
        .to_queue_id = event->to_queue ? event->to_queue->name : NULL,
        .type = event->type,
        .initiation = event->initiation,
        .priority = event->priority,
        .author = event->author,
        .end_cause = event->end_cause,
    };
}

static void grow(struct sender *sender) {
    uint32_t from = sender->capacity;
    uint32_t to = from == 0 ? 1024 : from * 2;

    sender->parcels = realloc(sender->parcels, to * sizeof(struct parcel *));
    sender->unused = realloc(sender->unused, to * sizeof(uint32_t));
    if (sender->parcels == NULL || sender->unused == NULL) {
        fputs("floorsim: out of memory\n", stderr);
        exit(1);
    }
    for (uint32_t i = from; i < to; i++)
        sender->unused[sender->unused_count++] = i;
    sender->capacity = to;
}

static void lay_by(struct sender *sender, const char *key, const uint8_t *value, size_t length,
                   int64_t send_at) {
    size_t key_length = strlen(key);
    struct parcel *parcel = malloc(sizeof(*parcel) + key_length + length);
    uint32_t ref;

    if (sender->unused_count == 0)
        grow(sender);
    if (parcel == NULL) {
        fputs("floorsim: out of memory\n", stderr);
        exit(1);
    }
    ref = sender->unused[--sender->unused_count];
    parcel->key_length = (uint16_t)key_length;
    parcel->value_length = (uint16_t)length;
    memcpy(parcel->bytes, key, key_length);
    memcpy(parcel->bytes + key_length, value, length);
    sender->parcels[ref] = parcel;
    heap_push(&sender->waiting, (struct heap_item){.at = send_at, .ref = ref});
}

static size_t pack(const struct sender *sender, const struct record *record, uint8_t *out) {
    memcpy(out, sender->schema->prefix, sender->schema->prefix_length);
    return sender->schema->prefix_length +
           record_write(record, out + sender->schema->prefix_length);
}

static int64_t within(struct sender *sender, int64_t span_ms) {
    return span_ms <= 0 ? 0 : (int64_t)rng_below(&sender->rng, (uint64_t)span_ms + 1);
}

static void spoil_bytes(enum sender_bad bad, uint8_t *value, size_t *length) {
    if (bad == BAD_GARBAGE) {
        memset(value, 0x7f, *length);
    } else if (bad == BAD_UNKNOWN_SCHEMA) {
        memset(value, 0, 5);
        value[1] = 0x7f;
        value[4] = 0x99;
    } else if (bad == BAD_TRUNCATED) {
        *length /= 2;
    }
}

/* A record of its own interaction, so that what is bad about it touches no other. */
static void send_bad(struct sender *sender, const struct event *event) {
    enum sender_bad bad = (enum sender_bad)(sender->bad_sent++ % BAD_COUNT);
    struct record record;
    struct texts texts;
    uint8_t value[RECORD_PREFIX_MAX + RECORD_MAX_BYTES];
    size_t length;

    fill(sender, event, &record, &texts);
    snprintf(texts.interaction_id, ID_BYTES, "%sx%" PRIu64, sender->ids->prefix, sender->bad_sent);
    snprintf(texts.event_id, sizeof(texts.event_id), "%s.1", texts.interaction_id);
    record.type = TYPE_QUEUED;
    if (bad == BAD_NO_ID)
        record.interaction_id = "";
    if (bad == BAD_NEGATIVE)
        record.talk_ms = -5000;
    if (bad == BAD_TOO_LATE)
        record.event_at -= 25 * (int64_t)HOUR_MS;
    if (bad == BAD_FUTURE)
        record.event_at += HOUR_MS;
    length = pack(sender, &record, value);
    spoil_bytes(bad, value, &length);
    sender->bad[bad]++;
    lay_by(sender, bad == BAD_WRONG_KEY ? "another" : record.interaction_id, value, length,
           event->event_at);
}

static void print_event(const struct record *record, int64_t send_at) {
    printf("{\"event_id\":\"%s\",\"tenant_id\":\"%s\",\"site_id\":\"%s\",\"event_at\":%" PRId64
           ",\"sent_at\":%" PRId64
           ",\"type\":\"%s\",\"interaction_id\":\"%s\",\"queue_id\":\"%s\"}\n",
           record->event_id, record->tenant_id, record->site_id, record->event_at, send_at,
           type_names[record->type], record->interaction_id, record->queue_id);
}

/* After an outage a site sends what it kept: mixed up when that is a few minutes. What is longer
 * comes in order, since nobody could undo that. */
static int64_t catch_up(struct sender *sender, const struct spec *outage) {
    int64_t mixed_ms = outage->to_ms - outage->from_ms > MIXED_MOST_MS ? 0 : CATCH_UP_MS;

    return sender->world->start_at + outage->to_ms + within(sender, mixed_ms);
}

/* When the record leaves the site, and what became of it on the way. */
static unsigned delay(struct sender *sender, const struct event *event, int64_t *send_at) {
    const struct spec *outage = world_outage(sender->world, event->queue->site, event->event_at);
    unsigned fate = 0;

    *send_at = event->event_at + within(sender, sender->options->shuffle_ms);
    if (outage != NULL && outage->lose)
        return FATE_LOST;
    if (outage != NULL)
        *send_at = catch_up(sender, outage);
    if (rng_chance(&sender->rng, sender->options->late)) {
        *send_at += within(sender, sender->options->late_ms);
        fate |= FATE_LATE;
    }
    return fate;
}

static void put(struct sender *sender, const struct record *record, int64_t send_at, bool wait) {
    uint8_t value[RECORD_PREFIX_MAX + RECORD_MAX_BYTES];
    size_t length;

    if (sender->wire == NULL) {
        print_event(record, send_at);
        return;
    }
    length = pack(sender, record, value);
    if (wait) {
        lay_by(sender, record->interaction_id, value, length, send_at);
        return;
    }
    wire_send(sender->wire, record->interaction_id, strlen(record->interaction_id), value, length,
              sender->options->live ? 0 : send_at);
    sender->sent++;
}

unsigned sender_take(void *context, const struct event *event) {
    struct sender *sender = context;
    struct record record;
    struct texts texts;
    int64_t send_at = event->event_at;
    unsigned fate = 0;

    fill(sender, event, &record, &texts);
    if (!sender->noisy) {
        put(sender, &record, send_at, false);
        return 0;
    }
    fate = delay(sender, event, &send_at);
    if (fate & FATE_LOST)
        return fate;
    put(sender, &record, send_at, true);
    if (rng_chance(&sender->rng, sender->options->duplicates)) {
        put(sender, &record, send_at + within(sender, TWICE_WITHIN_MS), true);
        fate |= FATE_DUPLICATED;
    }
    if (sender->wire != NULL && rng_chance(&sender->rng, sender->options->bad))
        send_bad(sender, event);
    return fate;
}

int64_t sender_next_at(const struct sender *sender) {
    return heap_next_at(&sender->waiting);
}

void sender_release(struct sender *sender, int64_t now_at) {
    while (heap_next_at(&sender->waiting) <= now_at && sender->waiting.count > 0) {
        struct heap_item item = heap_pop(&sender->waiting);
        struct parcel *parcel = sender->parcels[item.ref];

        wire_send(sender->wire, (const char *)parcel->bytes, parcel->key_length,
                  parcel->bytes + parcel->key_length, parcel->value_length,
                  sender->options->live ? 0 : item.at);
        sender->sent++;
        sender->unused[sender->unused_count++] = item.ref;
        free(parcel);
    }
}

void sender_bad_json(const struct sender *sender, char *out, size_t size) {
#define TEXT_OF(name, text) text,
    static const char *const names[BAD_COUNT] = {SENDER_BAD(TEXT_OF)};
    size_t length = 0;

    for (int i = 0; i < BAD_COUNT && length < size; i++)
        length += (size_t)snprintf(out + length, size - length, "%s\"%s\":%" PRIu64, i ? "," : "{",
                                   names[i], sender->bad[i]);
    if (length < size)
        snprintf(out + length, size - length, "}");
}
