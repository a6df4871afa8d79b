/* The settings as the Kafka clients take them. */
#pragma once

#include "config/settings.h"
#include "io/kafka_conf.h"

/* `*properties` is allocated for them: free it when the options are used no more. */
struct kafka_options kafka_settings_options(const struct settings *s, struct note_port note,
                                            struct kafka_property **properties);
