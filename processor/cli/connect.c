#include "cli/connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/kafka_settings.h"
#include "io/kafka_admin.h"
#include "io/note.h"
#include "io/redis_reader.h"
#include "io/registry.h"

static int say(const char *what, bool good, const struct err *err) {
    printf("%-10s %s%s\n", what, good ? "good" : "cannot be used: ", good ? "" : err->text);
    return good ? 0 : 1;
}

static int try_kafka(const struct settings *s) {
    struct note_options quiet = {.level = LOG_LEVEL_ERROR};
    struct kafka_property *properties;
    struct kafka_options o = kafka_settings_options(s, note_port_of(&quiet), &properties);
    struct err err;
    int status = say("kafka", kafka_admin_try(&o, &err), &err);
    free(properties);
    return status;
}

static int try_registry(const struct settings *s) {
    struct err err;
    if (strncmp(s->schema_registry, "file:", 5) == 0)
        return 0; /* a folder, which the settings' check has looked at */
    return say("registry", registry_try(s->schema_registry, &err), &err);
}

static int try_redis(const struct settings *s) {
    struct err err;
    struct redis_reader *reader = redis_reader_new(s->redis, &err);
    bool good = reader && redis_reader_may_write(reader, &err);
    redis_reader_free(reader);
    return say("redis", good, &err);
}

int connect_check(const struct settings *settings) {
    return try_kafka(settings) + try_registry(settings) + try_redis(settings);
}
