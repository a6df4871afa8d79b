#include "io/kafka_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "io/kafka_fault.h"

#define ADMIN_TIMEOUT_MS 10000
#define ID_TRIES 50
#define ID_PAUSE_US 100000
#define TOPICS_MAX (INPUT_COUNT + OUTPUT_COUNT)

enum topic_use { USE_INPUT, USE_OUTPUT, USE_STATE, USE_CONTRACTS };

struct topic {
    char name[256];
    enum topic_use use;
    int32_t partitions; /* found; 0: missing */
};

static size_t list_topics(const struct kafka_options *o, struct topic topics[TOPICS_MAX]) {
    size_t count = 0;
    for (int i = 0; i < INPUT_COUNT; i++) {
        kafka_input_topic(o, (enum engine_input)i, topics[count].name);
        topics[count++].use = i == INPUT_TENANT_LOG ? USE_OUTPUT : USE_INPUT;
    }
    for (int i = 0; i < OUTPUT_COUNT; i++) {
        if (i == OUTPUT_TENANT_LOG)
            continue;
        kafka_output_topic(o, (enum epoch_topic)i, topics[count].name);
        topics[count++].use = i == OUTPUT_STATE       ? USE_STATE
                              : i == OUTPUT_CONTRACTS ? USE_CONTRACTS
                                                      : USE_OUTPUT;
    }
    return count;
}

static void look(const rd_kafka_metadata_t *metadata, struct topic *topics, size_t count) {
    for (size_t i = 0; i < count; i++) {
        topics[i].partitions = 0;
        for (int k = 0; k < metadata->topic_cnt; k++)
            if (strcmp(metadata->topics[k].topic, topics[i].name) == 0)
                topics[i].partitions = metadata->topics[k].partition_cnt;
    }
}

/* Waits for the brokers; false when told to stop or when the login is refused. */
static bool find_topics(rd_kafka_t *rk, const struct kafka_options *o, bool (*stop)(void),
                        struct topic *topics, size_t count, struct err *err) {
    for (;;) {
        const rd_kafka_metadata_t *metadata;
        rd_kafka_resp_err_t rc = rd_kafka_metadata(rk, 1, NULL, &metadata, 1000);
        if (rc == RD_KAFKA_RESP_ERR_NO_ERROR) {
            look(metadata, topics, count);
            rd_kafka_metadata_destroy(metadata);
            return true;
        }
        if (kafka_fault_login(rk, o, err))
            return false;
        if (stop())
            return err_set(err, "the brokers at %s do not answer: %s", o->brokers,
                           rd_kafka_err2str(rc));
        char members[512];
        snprintf(members, sizeof members,
                 "\"brokers\":\"%s\",\"text\":\"the brokers do not answer (%s); trying again\"",
                 o->brokers, rd_kafka_err2str(rc));
        o->note.note(o->note.self, LOG_LEVEL_WARN, "kafka_wait", members);
    }
}

static void configure(const struct kafka_options *o, const struct topic *topic,
                      rd_kafka_NewTopic_t *new_topic) {
    char retention[32];
    if (topic->use == USE_STATE || topic->use == USE_CONTRACTS) {
        rd_kafka_NewTopic_set_config(new_topic, "cleanup.policy", "compact");
        return;
    }
    bool keep = topic->use == USE_INPUT && !o->live; /* a replay's input */
    snprintf(retention, sizeof retention, "%lld", keep ? -1LL : (long long)o->retention_ms);
    rd_kafka_NewTopic_set_config(new_topic, "retention.ms", retention);
    const char *stamp = topic->use == USE_INPUT && !o->live ? "CreateTime" : "LogAppendTime";
    rd_kafka_NewTopic_set_config(new_topic, "message.timestamp.type", stamp);
}

/* One that was missing and is there now was made by another process meanwhile; if nothing is to be
 * made, it was hidden. */
static bool check_created(rd_kafka_event_t *event, bool validate, struct err *err) {
    if (rd_kafka_event_error(event))
        return err_set(err, "topics could not be created: %s", rd_kafka_event_error_string(event));
    size_t count;
    const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = rd_kafka_topic_result_name(results[i]);
        rd_kafka_resp_err_t rc = rd_kafka_topic_result_error(results[i]);
        if (rc == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS && validate)
            return err_set(err, "topic %s: this user needs the right to describe it", name);
        if (rc && rc != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            return err_set(err,
                           "topic %s does not exist and could not be created: %s; create it, or "
                           "give this user the right to",
                           name, rd_kafka_topic_result_error_string(results[i]));
    }
    return true;
}

static rd_kafka_AdminOptions_t *only_validate(rd_kafka_t *rk) {
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk,
                                                                 RD_KAFKA_ADMIN_OP_CREATETOPICS);
    char reason[256];
    CHECK(!rd_kafka_AdminOptions_set_validate_only(options, 1, reason, sizeof reason));
    return options;
}

static bool create_missing(rd_kafka_t *rk, const struct kafka_options *o, struct topic *topics,
                           size_t count, bool validate, struct err *err) {
    rd_kafka_NewTopic_t *wanted[TOPICS_MAX];
    size_t wanted_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (topics[i].partitions)
            continue;
        char reason[256];
        int32_t partitions = topics[i].use == USE_CONTRACTS ? 1 : o->partitions;
        wanted[wanted_count] = rd_kafka_NewTopic_new(topics[i].name, partitions, o->replication,
                                                     reason, sizeof reason);
        if (!wanted[wanted_count]) {
            rd_kafka_NewTopic_destroy_array(wanted, wanted_count);
            return err_set(err, "topic %s: %s", topics[i].name, reason);
        }
        configure(o, &topics[i], wanted[wanted_count++]);
        topics[i].partitions = partitions;
    }
    if (!wanted_count)
        return true;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AdminOptions_t *options = validate ? only_validate(rk) : NULL;
    rd_kafka_CreateTopics(rk, wanted, wanted_count, options, queue);
    if (options)
        rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_TIMEOUT_MS);
    bool ok = event ? check_created(event, validate, err)
                    : err_set(err, "the brokers at %s did not answer the creation of topics",
                              o->brokers);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy_array(wanted, wanted_count);
    return ok;
}

static const char *config_value(const rd_kafka_ConfigResource_t *resource, const char *name) {
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
            return rd_kafka_ConfigEntry_value(entries[i]);
    return NULL;
}

static bool check_stamp(rd_kafka_event_t *event, const char *topic, struct err *err) {
    size_t count;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count);
    const char *value = count ? config_value(resources[0], "message.timestamp.type") : NULL;
    /* Without the right to describe, the stamp on each record still tells. */
    if (!value || strcmp(value, "LogAppendTime") == 0)
        return true;
    return err_set(err,
                   "topic %s has message.timestamp.type=%s, but clock: live needs the broker's "
                   "time; set it with: kafka-configs.sh --alter --entity-type topics "
                   "--entity-name %s --add-config message.timestamp.type=LogAppendTime, or run "
                   "with clock: log",
                   topic, value, topic);
}

static bool check_input(rd_kafka_t *rk, const char *topic, struct err *err) {
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
                                                                      topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DescribeConfigs(rk, &resource, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_TIMEOUT_MS);
    bool ok = true;
    if (event && !rd_kafka_event_error(event))
        ok = check_stamp(event, topic, err);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_ConfigResource_destroy(resource);
    return ok;
}

/* Those that are there already. */
static bool check_inputs(rd_kafka_t *rk, const struct topic topics[TOPICS_MAX], struct err *err) {
    for (int i = 0; i < INPUT_COUNT; i++)
        if (topics[i].use == USE_INPUT && topics[i].partitions > 0 &&
            !check_input(rk, topics[i].name, err))
            return false;
    return true;
}

static bool read_id(rd_kafka_event_t *event, char id[64]) {
    size_t count;
    const rd_kafka_TopicDescription_t **topics = rd_kafka_DescribeTopics_result_topics(
        rd_kafka_event_DescribeTopics_result(event), &count);
    if (!count || rd_kafka_error_code(rd_kafka_TopicDescription_error(topics[0])))
        return false;
    snprintf(id, 64, "%s", rd_kafka_Uuid_base64str(rd_kafka_TopicDescription_topic_id(topics[0])));
    return true;
}

static bool ask_id(rd_kafka_t *rk, const char *topic, char id[64]) {
    rd_kafka_TopicCollection_t *names = rd_kafka_TopicCollection_of_topic_names(&topic, 1);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DescribeTopics(rk, names, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_TIMEOUT_MS);
    bool found = event && !rd_kafka_event_error(event) && read_id(event, id);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_TopicCollection_destroy(names);
    return found;
}

/* A topic that was just made is not known to every broker at once. */
static bool find_id(rd_kafka_t *rk, const char *topic, char id[64], struct err *err) {
    for (int i = 0; i < ID_TRIES; i++) {
        if (ask_id(rk, topic, id))
            return true;
        usleep(ID_PAUSE_US);
    }
    return err_set(err,
                   "topic %s: the brokers do not tell its id; is this user allowed to describe "
                   "it?",
                   topic);
}

static bool prepare(rd_kafka_t *rk, const struct kafka_options *o, bool (*stop)(void),
                    struct kafka_topics *found, struct err *err) {
    struct topic topics[TOPICS_MAX];
    size_t count = list_topics(o, topics);
    if (!find_topics(rk, o, stop, topics, count, err))
        return false;
    if (o->live && !check_inputs(rk, topics, err))
        return false;
    if (!create_missing(rk, o, topics, count, false, err))
        return false;
    for (int i = 0; i < INPUT_COUNT; i++)
        found->partitions[i] = topics[i].partitions;
    for (size_t i = 0; i < count; i++)
        if (topics[i].use == USE_STATE)
            found->state_partitions = topics[i].partitions;
    return find_id(rk, topics[INPUT_TENANT_LOG].name, found->tenant_log_id, err);
}

static bool may(const rd_kafka_TopicDescription_t *topic, rd_kafka_AclOperation_t wanted) {
    size_t count;
    const rd_kafka_AclOperation_t *allowed = rd_kafka_TopicDescription_authorized_operations(
        topic, &count);
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found = found || allowed[i] == wanted;
    return found || !allowed; /* a broker without an authorizer tells nothing */
}

static bool check_rights_told(const struct kafka_options *o, const struct topic *t,
                              rd_kafka_event_t *event, struct err *err) {
    size_t count;
    const rd_kafka_TopicDescription_t **found = rd_kafka_DescribeTopics_result_topics(
        rd_kafka_event_DescribeTopics_result(event), &count);
    if (!count || rd_kafka_error_code(rd_kafka_TopicDescription_error(found[0])))
        return err_set(err, "topic %s cannot be described: is this user allowed to?", t->name);
    bool reads = t->use != USE_OUTPUT;
    bool writes = t->use != USE_INPUT || o->live; /* ticks */
    if (reads && !may(found[0], RD_KAFKA_ACL_OPERATION_READ))
        return err_set(err, "topic %s: this user needs the right to read", t->name);
    if (writes && !may(found[0], RD_KAFKA_ACL_OPERATION_WRITE))
        return err_set(err, "topic %s: this user needs the right to write%s", t->name,
                       t->use == USE_INPUT ? " (ticks; clock: log needs none)" : "");
    return true;
}

static bool check_rights(rd_kafka_t *rk, const struct kafka_options *o, const struct topic *t,
                         struct err *err) {
    const char *name = t->name;
    rd_kafka_TopicCollection_t *names = rd_kafka_TopicCollection_of_topic_names(&name, 1);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk,
                                                                 RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
    rd_kafka_error_t *error = rd_kafka_AdminOptions_set_include_authorized_operations(options, 1);
    CHECK(!error);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DescribeTopics(rk, names, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_TIMEOUT_MS);
    bool ok = event && !rd_kafka_event_error(event)
                  ? check_rights_told(o, t, event, err)
                  : err_set(err, "topic %s: the brokers do not describe it", t->name);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_TopicCollection_destroy(names);
    return ok;
}

/* One try is enough. */
static bool at_once(void) {
    return true;
}

static bool try_all(rd_kafka_t *rk, const struct kafka_options *o, struct err *err) {
    struct topic topics[TOPICS_MAX];
    size_t count = list_topics(o, topics);
    if (!find_topics(rk, o, at_once, topics, count, err))
        return false;
    if (o->live && !check_inputs(rk, topics, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (topics[i].partitions && !check_rights(rk, o, &topics[i], err))
            return false;
    return create_missing(rk, o, topics, count, true, err);
}

static rd_kafka_t *client_new(const struct kafka_options *o, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new(o, "admin", err);
    if (!conf)
        return NULL;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_ERROR);
    char reason[256];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (rk)
        return rk;
    rd_kafka_conf_destroy(conf);
    err_set(err, "kafka: %s", reason);
    return NULL;
}

bool kafka_admin_prepare(const struct kafka_options *o, bool (*stop)(void),
                         struct kafka_topics *found, struct err *err) {
    rd_kafka_t *rk = client_new(o, err);
    if (!rk)
        return false;
    bool ok = prepare(rk, o, stop, found, err);
    rd_kafka_destroy(rk);
    return ok;
}

bool kafka_admin_try(const struct kafka_options *o, struct err *err) {
    rd_kafka_t *rk = client_new(o, err);
    if (!rk)
        return false;
    bool ok = try_all(rk, o, err);
    rd_kafka_destroy(rk);
    return ok;
}
