#include "cli/kafka_settings.h"

#include <stdlib.h>

#include "base/check.h"
#include "engine/memory_plan.h"

static int64_t start_of(const struct settings *s) {
    switch (s->start.kind) {
    case SETTINGS_START_EARLIEST: return KAFKA_START_EARLIEST;
    case SETTINGS_START_LATEST: return KAFKA_START_LATEST;
    case SETTINGS_START_AT: break;
    }
    return s->start.at;
}

struct kafka_options kafka_settings_options(const struct settings *s, struct note_port note,
                                            struct kafka_property **properties) {
    struct kafka_property *list = calloc(s->property_count + 1, sizeof *list);
    CHECK(list);
    for (size_t i = 0; i < s->property_count; i++)
        list[i] = (struct kafka_property){s->properties[i].name, s->properties[i].value};
    *properties = list;
    return (struct kafka_options){.brokers = s->kafka_brokers,
                                  .group = s->kafka_group,
                                  .instance = s->instance,
                                  .topic_prefix = s->topic_prefix,
                                  .properties = list,
                                  .property_count = s->property_count,
                                  .partitions = (int32_t)s->kafka_partitions,
                                  .replication = (int32_t)s->kafka_replication,
                                  .retention_ms = s->kafka_retention_ms,
                                  .queue_bytes = memory_plan_of((size_t)s->memory_bytes).queues,
                                  .live = s->clock == SETTINGS_CLOCK_LIVE,
                                  .recovery_horizon_ms = s->recovery_horizon_ms,
                                  .start_at = start_of(s),
                                  .note = note};
}
