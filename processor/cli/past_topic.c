#include "cli/past_topic.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "cli/schema_source.h"
#include "cli/shell_schemas.h"
#include "io/kafka_range.h"

struct past_topic {
    struct past_topic_options options;
    struct past_counts counts;
    struct kafka_range *range;
    struct decoder *decoder;
    struct schema_source *schemas;
};

static void close_topic(void *self) {
    struct past_topic *t = self;
    kafka_range_close(t->range);
    decoder_free(t->decoder);
    schema_source_free(t->schemas);
    free(t);
}

static const struct past_counts *counts_of(void *self) {
    return &((struct past_topic *)self)->counts;
}

/* What the registry says of an id that is met for the first time. */
static bool learn(struct past_topic *t, int32_t schema_id, struct err *err) {
    struct frame frame = {.kind = FRAME_ID, .schema_id = schema_id};
    struct slice json;
    struct err refused; /* records of it are refused for that reason */
    switch (schema_source_find(t->schemas, &frame, &json, err)) {
    case SCHEMA_FOUND:
        (void)!decoder_add_schema(t->decoder, schema_id, json, &refused);
        return true;
    case SCHEMA_UNKNOWN: decoder_add_missing(t->decoder, schema_id, INSTANT_MAX); return true;
    case SCHEMA_NO_ANSWER: break;
    }
    return false;
}

static void refuse(struct past_topic *t, const struct log_record *r, int32_t partition,
                   const struct decode_fault *fault) {
    t->counts.refused[fault->reason]++;
    if (*t->counts.first_refusal.text)
        return;
    t->counts.first_refusal = fault->detail;
    (void)err_wrap(&t->counts.first_refusal, "partition %d, offset %lld", partition,
                   (long long)r->offset);
}

/* EVENT: there is one. END: the record is none that counts; the next one may be. */
static enum past_result decode(struct past_topic *t, const struct log_record *r, int32_t partition,
                               struct event *event, struct err *err) {
    struct decode_fault fault;
    enum decode_result found = decoder_decode(t->decoder, r->key, r->value, r->log_at, event,
                                              &fault);
    if (found == DECODE_NEED_SCHEMA) {
        if (!learn(t, fault.schema_id, err))
            return PAST_FAILED;
        found = decoder_decode(t->decoder, r->key, r->value, r->log_at, event, &fault);
    }
    if (found == DECODE_REJECT)
        refuse(t, r, partition, &fault);
    return found == DECODED_EVENT ? PAST_EVENT : PAST_END;
}

static enum past_result next(struct past_topic *t, struct event *event, int64_t *log_at,
                             struct err *err) {
    struct log_record record;
    int32_t partition;
    enum kafka_range_result found;
    while ((found = kafka_range_next(t->range, &record, &partition, err)) == KAFKA_RANGE_RECORD) {
        bool inside = record.log_at >= t->options.from_at && record.log_at < t->options.to_at;
        t->counts.outside += !inside;
        enum past_result result = inside ? decode(t, &record, partition, event, err) : PAST_END;
        if (result == PAST_END)
            continue;
        *log_at = record.log_at;
        t->counts.events += result == PAST_EVENT;
        return result;
    }
    return found == KAFKA_RANGE_END ? PAST_END : PAST_FAILED;
}

static enum past_result take(void *self, struct event *events, int64_t *log_ats, size_t most,
                             size_t *count, struct err *err) {
    CHECK(most > 0);
    enum past_result found = next(self, events, log_ats, err);
    *count = found == PAST_EVENT;
    return found;
}

static bool add_schema(void *context, struct slice json, struct err *err) {
    return decoder_add_file_schema(context, json, err);
}

bool past_topic_open(const struct past_topic_options *options, struct past_source *source,
                     struct err *err) {
    struct past_topic *t = calloc(1, sizeof(*t));
    char topic[256];
    CHECK(t);
    t->options = *options;
    t->decoder = decoder_new(SLICE("interactions"));
    t->schemas = schema_source_new(options->schema_registry);
    snprintf(topic, sizeof(topic), "%s%s", options->kafka->topic_prefix, options->topic);
    bool right = shell_schemas_load_folder(options->schema_registry, add_schema, t->decoder, err);
    if (right)
        t->range = kafka_range_open(options->kafka, topic, options->from_at, options->to_at, err);
    if (!t->range) {
        close_topic(t);
        return false;
    }
    *source = (struct past_source){t, false, take, counts_of, close_topic};
    return true;
}
