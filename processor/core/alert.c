#include "core/alert.h"

#include "base/check.h"

#define NAME_ROW(symbol, name) name,
#define KIND_NAME_ROW(symbol, name, topic) name,
#define KIND_TOPIC_ROW(symbol, name, topic) ALERT_TOPIC_##topic,

const char *transition_name(enum transition t) {
    static const char *const names[] = {ALERT_TRANSITIONS(NAME_ROW)};
    CHECK((unsigned)t < TRANSITION_COUNT);
    return names[t];
}

const char *alert_kind_name(enum alert_kind k) {
    static const char *const names[] = {ALERT_KINDS(KIND_NAME_ROW)};
    CHECK((unsigned)k < ALERT_KIND_COUNT);
    return names[k];
}

const char *severity_name(enum severity s) {
    static const char *const names[] = {ALERT_SEVERITIES(NAME_ROW)};
    CHECK((unsigned)s < SEVERITY_COUNT);
    return names[s];
}

const char *unit_name(enum unit u) {
    static const char *const names[] = {ALERT_UNITS(NAME_ROW)};
    CHECK((unsigned)u < UNIT_KIND_COUNT);
    return names[u];
}

enum alert_topic alert_kind_topic(enum alert_kind k) {
    static const enum alert_topic topics[] = {ALERT_KINDS(KIND_TOPIC_ROW)};
    CHECK((unsigned)k < ALERT_KIND_COUNT);
    return topics[k];
}
