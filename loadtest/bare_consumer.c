/* The least that any program reading a topic must do: librdkafka drains it to its end in batches,
 * and nothing is done with the records. The benchmark's measure of what is possible. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 4096, PARTITIONS_MAX = 1024, WAIT_MS = 20000, TURN_MS = 10 };

static bool fail(const char *what, const char *why) {
    fprintf(stderr, "bare_consumer: %s: %s\n", what, why);
    return false;
}

static rd_kafka_t *connect_to(const char *brokers) {
    const char *const settings[][2] = {
        {"bootstrap.servers", brokers},     {"group.id", "bare-consumer"},
        {"enable.auto.commit", "false"},    {"enable.auto.offset.store", "false"},
        {"queued.min.messages", "1000000"}, {"fetch.wait.max.ms", "50"},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *consumer;
    char why[256];

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof(why)) !=
            RD_KAFKA_CONF_OK) {
            fail(settings[i][0], why);
            return NULL;
        }
    }
    consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    if (consumer == NULL)
        fail("consumer", why);
    return consumer;
}

static int count_partitions(rd_kafka_t *consumer, const char *name) {
    rd_kafka_topic_t *topic = rd_kafka_topic_new(consumer, name, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error = rd_kafka_metadata(consumer, 0, topic, &metadata, WAIT_MS);
    int count = 0;

    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        count = metadata->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(topic);
    return count <= PARTITIONS_MAX ? count : 0;
}

/* Assigns every partition from its beginning; returns how many records they hold, -1 on failure. */
static int64_t assign_all(rd_kafka_t *consumer, const char *topic) {
    int count = count_partitions(consumer, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    int64_t records = count > 0 ? 0 : -1;

    for (int i = 0; i < count && records >= 0; i++) {
        int64_t low, high;
        rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(consumer, topic, i, &low,
                                                                     &high, WAIT_MS);

        rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
        records = error == RD_KAFKA_RESP_ERR_NO_ERROR ? records + high - low : -1;
    }
    if (records >= 0)
        rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return records;
}

static double seconds(clockid_t clock) {
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int64_t drain(rd_kafka_t *consumer, int64_t records, int64_t *bytes) {
    static rd_kafka_message_t *batch[BATCH];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    int64_t seen = 0;
    double began = 0, cpu = 0;

    /* The call waits for a whole batch: short turns, so that the last one costs no time. */
    for (int idle_ms = 0; seen < records && idle_ms < WAIT_MS; idle_ms += TURN_MS) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, TURN_MS, batch, BATCH);

        if (count > 0)
            idle_ms = 0;
        if (seen == 0) {
            began = seconds(CLOCK_MONOTONIC);
            cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        }
        for (ssize_t i = 0; i < count; i++) {
            if (batch[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                seen++;
                *bytes += (int64_t)batch[i]->len;
            }
            rd_kafka_message_destroy(batch[i]);
        }
    }
    printf("steady %" PRId64 " %.3f %.3f\n", seen, seconds(CLOCK_MONOTONIC) - began,
           seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    rd_kafka_queue_destroy(queue);
    return seen;
}

int main(int argc, char **argv) {
    rd_kafka_t *consumer;
    int64_t records, seen, bytes = 0;

    if (argc != 3) {
        fputs("usage: bare_consumer BROKERS TOPIC\n", stderr);
        return 2;
    }
    consumer = connect_to(argv[1]);
    if (consumer == NULL)
        return 1;
    rd_kafka_poll_set_consumer(consumer);
    records = assign_all(consumer, argv[2]);
    seen = records < 0 ? -1 : drain(consumer, records, &bytes);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    if (seen != records || records < 0)
        return fail(argv[2], "could not be read to its end") ? 0 : 1;
    printf("%" PRId64 " records, %" PRId64 " bytes\n", seen, bytes);
    return 0;
}
