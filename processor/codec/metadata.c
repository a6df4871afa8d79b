#include "codec/metadata.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

__attribute__((format(printf, 4, 5))) static void put(char *text, size_t room, size_t *size,
                                                      const char *format, ...) {
    va_list args;
    va_start(args, format);
    int more = vsnprintf(text + *size, room - *size, format, args);
    va_end(args);
    CHECK(more > 0 && *size + (size_t)more < room);
    *size += (size_t)more;
}

void metadata_format(const struct metadata *m, char *text, size_t room) {
    size_t size = 0;
    put(text, room, &size, "fw1 from=%" PRId64 " partitions=%" PRId32, m->from, m->partitions);
    for (int i = 0; i < METADATA_SNAPSHOTS && m->snapshots[i].number; i++) {
        const struct snapshot_pointer *p = &m->snapshots[i];
        put(text, room, &size, " snapshot=%" PRIu64 ",%" PRId64 ",%" PRId64 ",%" PRIu32, p->number,
            p->offset, p->place, p->chunks);
    }
    for (int i = 0; i < METADATA_CONTRACTS && *m->contracts[i].name; i++) {
        const struct metadata_contracts *c = &m->contracts[i];
        put(text, room, &size, " contracts=%s,%" PRId64 ",%" PRIu64, c->name, c->offset,
            c->snapshot);
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

static bool read_contracts(const char **at, struct metadata_contracts *c) {
    if (!take_word(at, " contracts=") || strspn(*at, "0123456789abcdef") != MANIFEST_HASH)
        return false;
    memcpy(c->name, *at, MANIFEST_HASH);
    *at += MANIFEST_HASH;
    return take_word(at, ",") && take_offset(at, &c->offset) && take_word(at, ",") &&
           take_number(at, UINT64_MAX, &c->snapshot);
}

static bool read_all(const char *at, struct metadata *m) {
    uint64_t partitions = 0;
    if (!take_word(&at, "fw1 from=") || !take_offset(&at, &m->from) ||
        !take_word(&at, " partitions=") || !take_number(&at, INT32_MAX, &partitions) || !partitions)
        return false;
    m->partitions = (int32_t)partitions;
    for (int i = 0; i < METADATA_SNAPSHOTS && strncmp(at, " snapshot=", 10) == 0; i++)
        if (!read_snapshot(&at, &m->snapshots[i]))
            return false;
    for (int i = 0; i < METADATA_CONTRACTS && *at; i++)
        if (!read_contracts(&at, &m->contracts[i]))
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
