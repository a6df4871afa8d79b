/* The schemas of our records, as they are in schemas/, inside the program. */
#pragma once

#include "base/slice.h"

/* X(symbol, record name): in the order of CMakeLists.txt. */
#define SCHEMAS(X)                                                                                 \
    X(INTERACTION_EVENT, "InteractionEvent")                                                       \
    X(TICK, "Tick") X(ALERT, "Alert") X(KPI_SNAPSHOT, "KpiSnapshot")                               \
    X(DEAD_LETTER, "DeadLetter") X(AUDIT, "AuditRecord") X(ALERT_COMMAND, "AlertCommand")    \
    X(FORECAST, "ForecastInterval")

#define SCHEMA_ENUM(symbol, name) SCHEMA_##symbol,
enum schema_id { SCHEMAS(SCHEMA_ENUM) SCHEMA_COUNT };

#define SCHEMA_NAMESPACE "floorwalker.v1."

/* Written at build time by embed.cmake. */
extern const struct slice schema_texts[];

/* The JSON; NUL-terminated besides. */
struct slice schema_text(enum schema_id id);

/* "floorwalker.v1.Alert": also the subject under which it is registered. */
const char *schema_name(enum schema_id id);

/* CRC-64-AVRO of the Parsing Canonical Form. Parses the text: call it once. */
uint64_t schema_fingerprint(enum schema_id id);
