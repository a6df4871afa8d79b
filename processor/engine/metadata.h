/* What is committed with an offset, atomically: where the task's history begins, and how many
 * partitions its topic had. ASCII, because brokers mangle other bytes. */
#pragma once

#include "base/err.h"
#include "base/slice.h"

struct metadata {
    int64_t from;       /* offset of the first record that the task ever applied */
    int32_t partitions; /* of the topic when it was committed */
};

/* "fw1 from=0 partitions=8" into text, NUL-terminated. */
void metadata_format(const struct metadata *m, char *text, size_t room);

MUST_USE bool metadata_parse(struct slice text, struct metadata *m, struct err *err);
