/* Ids of interactions. They are the keys of the records, so they decide the partition too. */
#ifndef FLOORSIM_ID_H
#define FLOORSIM_ID_H

#include <stdint.h>

#include "options.h"

enum { ID_BYTES = 128 };

struct id_maker {
    char prefix[NAME_MAX_BYTES];
    double lean; /* share of the interactions that are made to fall into partition 0 */
    int32_t partitions;
};

/* Writes the id of interaction number `contact` with a 0 at the end, at most ID_BYTES; returns
 * where that stands. The same number gives the same id each time. */
char *id_put(const struct id_maker *ids, uint64_t contact, char *out);

#endif
