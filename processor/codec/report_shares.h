/* What of a report goes into which partition of the tenant log: shared out once, since looking
 * through everything for each of many partitions costs more than writing it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct report_shares {
    int32_t partitions;
    uint32_t *first;   /* by partition, one more than there are: where its numbers begin */
    uint32_t *numbers; /* of what was shared out, for each partition in their order */
    size_t room;
};

void report_shares_init(struct report_shares *s, int32_t partitions);
void report_shares_deinit(struct report_shares *s);

/* `count` things, of which each goes where partition_of says. */
void report_shares_make(struct report_shares *s, const int32_t *partition_of, size_t count);
