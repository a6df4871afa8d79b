#include "core/event.h"

#include "base/check.h"

#define NAME(symbol, name) name,

const char *channel_name(enum channel c) {
    static const char *const names[] = {EVENT_CHANNELS(NAME)};
    CHECK(c < CHANNEL_COUNT);
    return names[c];
}

const char *direction_name(enum direction d) {
    static const char *const names[] = {EVENT_DIRECTIONS(NAME)};
    CHECK(d < DIRECTION_COUNT);
    return names[d];
}

const char *priority_name(enum priority p) {
    static const char *const names[] = {EVENT_PRIORITIES(NAME)};
    CHECK(p < PRIORITY_COUNT);
    return names[p];
}

const char *event_type_name(enum event_type t) {
    static const char *const names[] = {EVENT_TYPES(NAME)};
    CHECK(t < EVENT_TYPE_COUNT);
    return names[t];
}

/* Names of the fields are those of the record, because the sender reads them. */
static bool texts_are_there(const struct event *ev, struct err *err) {
    const struct {
        const char *field;
        struct slice text;
    } required[] = {
        {"event_id", ev->event_id},
        {"tenant_id", ev->tenant},
        {"site_id", ev->site},
        {"interaction_id", ev->interaction_id},
    };
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (required[i].text.size == 0)
            return err_set(err, "%s is missing; every InteractionEvent needs it",
                           required[i].field);
    }
    if (ev->queue.size == 0 && (ev->type == EVENT_QUEUED || ev->type == EVENT_CREATED))
        return err_set(err, "queue_id is missing; %s needs it",
                       ev->type == EVENT_QUEUED ? "QUEUED" : "CREATED");
    return true;
}

static bool durations_are_possible(const struct event *ev, struct err *err) {
    const struct {
        const char *field;
        int64_t value_ms;
    } durations[] = {
        {"queue_wait_ms", ev->queue_wait_ms},
        {"talk_ms", ev->talk_ms},
        {"hold_ms", ev->hold_ms},
        {"wrap_ms", ev->wrap_ms},
    };
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        if (durations[i].value_ms == EVENT_ABSENT)
            continue;
        if (durations[i].value_ms < 0 || durations[i].value_ms > EVENT_DURATION_MAX_MS)
            return err_set(err, "%s is %lld; a duration lies between 0 and a year of milliseconds",
                           durations[i].field, (long long)durations[i].value_ms);
    }
    return true;
}

/* Check by check, to the first that fails. */
static bool passes_checks(const struct event *ev, struct err *err) {
    if (!texts_are_there(ev, err))
        return false;
    if (ev->event_at == INSTANT_NONE)
        return err_set(err, "event_at is missing; every InteractionEvent needs it");
    if (ev->event_at < 0 || ev->event_at > EVENT_AT_MAX)
        return err_set(err, "event_at is %lld, which is no instant in epoch milliseconds",
                       (long long)ev->event_at);
    if (ev->revision < 0)
        return err_set(err, "revision is %d; 0 is the first", ev->revision);
    return durations_are_possible(ev, err);
}

static bool is_duration(int64_t value_ms) {
    return value_ms == EVENT_ABSENT || (uint64_t)value_ms <= EVENT_DURATION_MAX_MS;
}

static bool has_texts(const struct event *ev) {
    return ev->event_id.size > 0 && ev->tenant.size > 0 && ev->site.size > 0 &&
           ev->interaction_id.size > 0 && ev->queue.size > 0;
}

static bool has_numbers(const struct event *ev) {
    return (uint64_t)ev->event_at <= EVENT_AT_MAX && ev->revision >= 0 &&
           is_duration(ev->queue_wait_ms) && is_duration(ev->talk_ms) && is_duration(ev->hold_ms) &&
           is_duration(ev->wrap_ms);
}

/* Nearly every event has it all, which is quickly seen: by conditions that leave nothing out that
 * passes_checks asks. A type of UNKNOWN passes: it is what a
 * newer source's new types become, and has no effect. */
bool event_is_valid(const struct event *ev, struct err *err) {
    return (has_texts(ev) && has_numbers(ev)) || passes_checks(ev, err);
}
