#include "engine/metadata.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"

void metadata_format(const struct metadata *m, char *text, size_t room) {
    int size = snprintf(text, room, "fw1 from=%" PRId64 " partitions=%" PRId32, m->from,
                        m->partitions);
    CHECK(size > 0 && (size_t)size < room);
}

bool metadata_parse(struct slice text, struct metadata *m, struct err *err) {
    char copy[256];
    if (text.size >= sizeof copy)
        return err_set(err, "commit metadata of %zu bytes is longer than any of ours", text.size);
    if (text.size)
        memcpy(copy, text.at, text.size);
    copy[text.size] = 0;
    int end = 0;
    if (sscanf(copy, "fw1 from=%" SCNd64 " partitions=%" SCNd32 "%n", &m->from, &m->partitions,
               &end) != 2 ||
        (size_t)end != text.size || m->from < 0 || m->partitions < 1)
        return err_set(err,
                       "commit metadata \"%s\" is not \"fw1 from=OFFSET partitions=N\": the group "
                       "was committed by another program or another version; use another group",
                       copy);
    return true;
}
