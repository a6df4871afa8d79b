#include "codec/metadata.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

void metadata_format(const struct metadata *m, char *text, size_t room) {
    int size = snprintf(text, room, "fw1 from=%" PRId64 " partitions=%" PRId32, m->from,
                        m->partitions);
    CHECK(size > 0 && (size_t)size < room);
    for (int i = 0; i < METADATA_SNAPSHOTS && m->snapshots[i].number; i++) {
        const struct snapshot_pointer *p = &m->snapshots[i];
        int more = snprintf(text + size, room - (size_t)size,
                            " snapshot=%" PRIu64 ",%" PRId64 ",%" PRId64 ",%" PRIu32, p->number,
                            p->offset, p->place, p->chunks);
        CHECK(more > 0 && (size_t)(size + more) < room);
        size += more;
    }
}

static bool take_word(const char **at, const char *word) {
    size_t size = strlen(word);
    if (strncmp(*at, word, size) != 0)
        return false;
    *at += size;
    return true;
}

static bool take_number(const char **at, uint64_t most, uint64_t *value) {
    if (**at < '0' || **at > '9')
        return false;
    char *end;
    errno = 0;
    *value = strtoull(*at, &end, 10);
    *at = end;
    return !errno && *value <= most;
}

static bool take_offset(const char **at, int64_t *offset) {
    uint64_t value;
    if (!take_number(at, INT64_MAX, &value))
        return false;
    *offset = (int64_t)value;
    return true;
}

static bool read_snapshot(const char **at, struct snapshot_pointer *p) {
    uint64_t chunks = 0;
    bool good = take_word(at, " snapshot=") && take_number(at, UINT64_MAX, &p->number) &&
                take_word(at, ",") && take_offset(at, &p->offset) && take_word(at, ",") &&
                take_offset(at, &p->place) && take_word(at, ",") &&
                take_number(at, SNAPSHOT_CHUNKS_MAX, &chunks);
    p->chunks = (uint32_t)chunks;
    return good && p->number && p->chunks;
}

static bool read_all(const char *at, struct metadata *m) {
    uint64_t partitions = 0;
    if (!take_word(&at, "fw1 from=") || !take_offset(&at, &m->from) ||
        !take_word(&at, " partitions=") || !take_number(&at, INT32_MAX, &partitions) || !partitions)
        return false;
    m->partitions = (int32_t)partitions;
    for (int i = 0; i < METADATA_SNAPSHOTS && *at; i++)
        if (!read_snapshot(&at, &m->snapshots[i]))
            return false;
    return !*at;
}

bool metadata_parse(struct slice text, struct metadata *m, struct err *err) {
    char copy[METADATA_TEXT_MAX] = "";
    *m = (struct metadata){0};
    if (text.size < sizeof copy && text.size)
        memcpy(copy, text.at, text.size);
    if (text.size < sizeof copy && read_all(copy, m))
        return true;
    return err_set(err,
                   "commit metadata \"%.200s\" is not \"fw1 from=OFFSET partitions=N ...\": the "
                   "group was committed by another program or another version; use another group",
                   copy);
}
