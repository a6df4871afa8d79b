#include "io/kafka_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"

#define READ_TIMEOUT_MS 60000 /* for all snapshots of an assignment */
#define LEADERS_TIMEOUT_MS 5000

static rd_kafka_t *client_new(const struct kafka_options *o, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf_new_outside(o, "state", err);
    if (!conf)
        return NULL;
    char reason[256];
    kafka_conf_set(conf, "auto.offset.reset", "error");
    kafka_conf_set(conf, "fetch.wait.max.ms", "10");
    kafka_conf_set(conf, "enable.partition.eof", "true"); /* what is not there by then is gone */
    /* Behind the last chunk that is looked for stand others: they would fill memory for nothing. */
    kafka_conf_set(conf, "queued.max.messages.kbytes", "4096");
    kafka_conf_set(conf, "fetch.max.bytes", "8388608");
    kafka_conf_set(conf, "fetch.queue.backoff.ms", "5"); /* a full queue is read in less */
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        err_set(err, "kafka consumer of snapshots: %s", reason);
        return NULL;
    }
    rd_kafka_poll_set_consumer(rk);
    return rk;
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_open(const struct kafka_state_want *w) {
    return w->reader.pointer.number && !snapshot_reader_is_whole(&w->reader);
}

/* Begins with the pointer of this age for those that have none yet. */
static size_t open_readers(struct kafka_state_want *wants, size_t count, int age) {
    size_t opened = 0;
    for (size_t i = 0; i < count; i++) {
        const struct snapshot_pointer *p = &wants[i].metadata.snapshots[age];
        if (wants[i].number || !p->number)
            continue;
        snapshot_reader_init(&wants[i].reader, slice_of(wants[i].task), p);
        opened++;
    }
    return opened;
}

/* Each partition from the first chunk that is looked for in it. */
static rd_kafka_topic_partition_list_t *places(const char *topic,
                                               const struct kafka_state_want *wants, size_t count) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        if (!is_open(&wants[i]))
            continue;
        rd_kafka_topic_partition_t *tp = rd_kafka_topic_partition_list_find(list, topic,
                                                                            wants[i].partition);
        int64_t place = wants[i].reader.pointer.place;
        if (!tp) {
            tp = rd_kafka_topic_partition_list_add(list, topic, wants[i].partition);
            tp->offset = place;
        }
        if (place < tp->offset)
            tp->offset = place;
    }
    return list;
}

/* A chunk of the task: its key begins with the task's name. */
static bool is_of(const struct kafka_state_want *w, const rd_kafka_message_t *m) {
    size_t size = strlen(w->task);
    return m->partition == w->partition && m->key_len > size &&
           memcmp(m->key, w->task, size) == 0 && ((const char *)m->key)[size] == '/';
}

/* What stands before its pointer's place may be of a former life, whose offsets were forgotten. */
static void note_newest(struct kafka_state_want *w, const rd_kafka_message_t *m) {
    if (m->offset < w->metadata.snapshots[0].place ||
        memcmp((const char *)m->key + m->key_len - 2, "/0", 2) != 0)
        return; /* the first chunk says enough */
    int64_t at = snapshot_chunk_offset(slice_of(w->task), (struct slice){m->payload, m->len});
    if (at > w->newest_at)
        w->newest_at = at;
}

/* Returns how many still look for chunks. */
static size_t take_chunk(struct kafka_state_want *wants, size_t count,
                         const rd_kafka_message_t *m) {
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        struct kafka_state_want *w = &wants[i];
        if (is_of(w, m)) {
            if (is_open(w))
                snapshot_reader_take(&w->reader, (struct slice){m->payload, m->len});
            note_newest(w, m);
        }
        open += is_open(w);
    }
    return open;
}

/* How far a partition has been read. Behind the end that a reader of committed records is told
 * there may stand others, which wait for a transaction that a dead process left open. */
enum reach { REACH_NOTHING, REACH_COMMITTED, REACH_ALL };

static enum reach reach_of(rd_kafka_t *rk, const rd_kafka_message_t *m) {
    int64_t low, high;
    if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
        return REACH_ALL;
    if (m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return REACH_NOTHING;
    bool all = rd_kafka_get_watermark_offsets(rk, rd_kafka_topic_name(m->rkt), m->partition, &low,
                                              &high) ||
               m->offset >= high;
    return all ? REACH_ALL : REACH_COMMITTED;
}

/* Notes it beside the partition, where its offset is of no use any more; the least of all. */
static enum reach note_reach(rd_kafka_topic_partition_list_t *list, int32_t partition,
                             enum reach reach) {
    enum reach least = REACH_ALL;
    for (int i = 0; i < list->cnt; i++) {
        int64_t *noted = &list->elems[i].offset;
        if (list->elems[i].partition == partition && (int64_t)reach > *noted)
            *noted = reach;
        if (*noted < (int64_t)least)
            least = (enum reach) * noted;
    }
    return least;
}

/* Returns how many are still not content. */
typedef size_t take_fn(struct kafka_state_want *wants, size_t count, const rd_kafka_message_t *m);

/* A client that does not know yet who leads a partition asks for its first offset half a second
 * later. What cannot be found out here is found out then. */
static void find_leaders(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list) {
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *rkt = list->cnt ? rd_kafka_topic_new(rk, list->elems[0].topic, NULL) : NULL;
    if (!rkt)
        return;
    if (!rd_kafka_metadata(rk, 0, rkt, &metadata, LEADERS_TIMEOUT_MS))
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(rkt);
}

/* Reads the partitions from where the list says until all wants are content and `enough` has been
 * reached, or to the very end. False when the brokers do not hand them out in time, which says
 * nothing about what they have. */
static bool read_from(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, take_fn *take,
                      enum reach enough, struct kafka_state_want *wants, size_t count) {
    int64_t until = now_ms() + READ_TIMEOUT_MS;
    find_leaders(rk, list);
    if (rd_kafka_assign(rk, list))
        return false;
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = REACH_NOTHING;
    enum reach reach = list->cnt ? REACH_NOTHING : REACH_ALL;
    size_t left = count;
    while ((left || reach < enough) && reach < REACH_ALL && now_ms() < until) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 100);
        if (!m)
            continue;
        if (!m->err)
            left = take(wants, count, m);
        else
            reach = note_reach(list, m->partition, reach_of(rk, m));
        rd_kafka_message_destroy(m);
    }
    return reach == REACH_ALL || (!left && reach >= enough);
}

static void close_readers(struct kafka_state_want *wants, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct kafka_state_want *w = &wants[i];
        if (w->reader.pointer.number && snapshot_reader_is_whole(&w->reader)) {
            w->number = w->reader.pointer.number;
            w->packed = w->reader.packed;
        } else if (w->reader.pointer.number) {
            if (!w->refusal.text[0])
                snapshot_reader_explain(&w->reader, &w->refusal);
            snapshot_reader_deinit(&w->reader);
        }
        w->reader = (struct snapshot_reader){.found = 0};
    }
}

bool kafka_state_read(const struct kafka_options *o, struct kafka_state_want *wants, size_t count,
                      struct err *err) {
    char topic[256];
    kafka_output_topic(o, OUTPUT_STATE, topic);
    rd_kafka_t *rk = client_new(o, err);
    if (!rk)
        return false;
    bool ok = true;
    for (int age = 0; age < METADATA_SNAPSHOTS && ok; age++) {
        if (!open_readers(wants, count, age))
            continue;
        rd_kafka_topic_partition_list_t *list = places(topic, wants, count);
        ok = read_from(rk, list, take_chunk, REACH_COMMITTED, wants, count);
        rd_kafka_topic_partition_list_destroy(list);
        close_readers(wants, count);
    }
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return ok || err_set(err, "the snapshots in %s could not be read in time", topic);
}

/* Returns how many were not heard of. */
static size_t look_at(struct kafka_state_want *wants, size_t count, const rd_kafka_message_t *m) {
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (wants[i].offsetless && !wants[i].known)
            wants[i].known = is_of(&wants[i], m);
        left += wants[i].offsetless && !wants[i].known;
    }
    return left;
}

/* From the beginning of each partition until all were heard of, or to its end: a group that is new
 * has nothing there. */
bool kafka_state_look(const struct kafka_options *o, struct kafka_state_want *wants, size_t count,
                      struct err *err) {
    char topic[256];
    kafka_output_topic(o, OUTPUT_STATE, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        if (wants[i].offsetless &&
            !rd_kafka_topic_partition_list_find(list, topic, wants[i].partition))
            rd_kafka_topic_partition_list_add(list, topic, wants[i].partition)->offset =
                RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_t *rk = list->cnt ? client_new(o, err) : NULL;
    bool ok = rk || !list->cnt;
    if (rk) {
        ok = read_from(rk, list, look_at, REACH_NOTHING, wants, count);
        if (!ok)
            err_set(err, "%s could not be read in time", topic);
        rd_kafka_consumer_close(rk);
        rd_kafka_destroy(rk);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return ok;
}
