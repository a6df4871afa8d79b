#include "codec/metadata.h"

#include <inttypes.h>
#include <stdio.h>

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

static bool read_snapshot(const char **at, struct snapshot_pointer *p) {
    int end = 0;
    if (sscanf(*at, " snapshot=%" SCNu64 ",%" SCNd64 ",%" SCNd64 ",%" SCNu32 "%n", &p->number,
               &p->offset, &p->place, &p->chunks, &end) != 4 ||
        !end || !p->number || p->offset < 0 || p->place < 0 || !p->chunks ||
        p->chunks > SNAPSHOT_STATE_MAX / SNAPSHOT_CHUNK_MAX)
        return false;
    *at += end;
    return true;
}

static bool read_all(const char *at, struct metadata *m) {
    int end = 0;
    if (sscanf(at, "fw1 from=%" SCNd64 " partitions=%" SCNd32 "%n", &m->from, &m->partitions,
               &end) != 2 ||
        !end || m->from < 0 || m->partitions < 1)
        return false;
    at += end;
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
