#include "io/kafka_conf.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

void kafka_input_topic(const struct kafka_options *o, enum engine_input input, char name[256]) {
    int size = input == INPUT_TENANT_LOG
                   ? snprintf(name, 256, "%s%s.tenant-log", o->topic_prefix, o->group)
                   : snprintf(name, 256, "%s%s", o->topic_prefix,
                              input == INPUT_TENANTS ? "tenants" : "interactions");
    CHECK(size > 0 && size < 256);
}

void kafka_output_topic(const struct kafka_options *o, enum epoch_topic topic, char name[256]) {
    bool internal = topic == OUTPUT_TENANT_LOG || topic == OUTPUT_STATE ||
                    topic == OUTPUT_CONTRACTS;
    int size = snprintf(name, 256, "%s%s%s%s", o->topic_prefix, internal ? o->group : "",
                        internal ? "." : "", epoch_topic_name(topic));
    CHECK(size > 0 && size < 256);
}

void kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char reason[256];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "librdkafka refuses %s=%s: %s\n", name, value, reason);
        UNREACHABLE("a property that this program sets itself was refused");
    }
}

void kafka_conf_set_default(rd_kafka_conf_t *conf, const struct kafka_options *o, const char *name,
                            const char *value) {
    for (size_t i = 0; i < o->property_count; i++)
        if (strcmp(o->properties[i].name, name) == 0)
            return;
    kafka_conf_set(conf, name, value);
}

/* librdkafka's own lines go through our log. */
static void log_line(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    const struct kafka_options *o = rd_kafka_opaque(rk);
    char clean[400];
    size_t size = 0;
    for (const char *c = text; *c && size + 1 < sizeof clean; c++)
        clean[size++] = *c == '"' || *c == '\\' || (unsigned char)*c < ' ' ? '\'' : *c;
    clean[size] = 0;
    char members[600];
    snprintf(members, sizeof members, "\"facility\":\"%s\",\"text\":\"%s\"", facility, clean);
    o->note.note(o->note.self, level <= 4 ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "kafka_client",
                 members);
}

rd_kafka_conf_t *kafka_conf_new(const struct kafka_options *o, const char *role, struct err *err) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char client_id[256];
    snprintf(client_id, sizeof client_id, "floorwalker-%s-%s", o->instance, role);
    kafka_conf_set(conf, "client.id", client_id);
    kafka_conf_set(conf, "enable.metrics.push", "false");
    kafka_conf_set(conf, "socket.nagle.disable", "true");
    kafka_conf_set(conf, "reconnect.backoff.max.ms", "1000");
    rd_kafka_conf_set_opaque(conf, (void *)(uintptr_t)o);
    rd_kafka_conf_set_log_cb(conf, log_line);
    char reason[256];
    if (rd_kafka_conf_set(conf, "bootstrap.servers", o->brokers, reason, sizeof reason) !=
        RD_KAFKA_CONF_OK) {
        rd_kafka_conf_destroy(conf);
        err_set(err, "kafka.brokers \"%s\": %s", o->brokers, reason);
        return NULL;
    }
    for (size_t i = 0; i < o->property_count; i++) {
        if (rd_kafka_conf_set(conf, o->properties[i].name, o->properties[i].value, reason,
                              sizeof reason) == RD_KAFKA_CONF_OK)
            continue;
        rd_kafka_conf_destroy(conf);
        err_set(err, "kafka.properties.%s: %s", o->properties[i].name, reason);
        return NULL;
    }
    return conf;
}

rd_kafka_conf_t *kafka_conf_new_outside(const struct kafka_options *o, const char *role,
                                        struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new(o, role, err);
    if (!conf)
        return NULL;
    char group[300];
    snprintf(group, sizeof group, "%s-%s", o->group, role); /* asked for by the API alone */
    kafka_conf_set(conf, "group.id", group);
    kafka_conf_set(conf, "enable.auto.commit", "false");
    kafka_conf_set(conf, "isolation.level", "read_committed");
    return conf;
}
