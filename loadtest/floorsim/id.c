#include "id.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

static char *put_hex(char *out, uint64_t number, int least) {
    char digits[24];
    int count = 0;

    for (; number > 0 || count < least; number /= 16)
        digits[count++] = "0123456789abcdef"[number % 16];
    while (count > 0)
        *out++ = digits[--count];
    *out = '\0';
    return out;
}

/* A share of all numbers, well mixed, and always the same ones. */
static bool leans(const struct id_maker *ids, uint64_t contact) {
    return (double)(contact * 0x9e3779b97f4a7c15U >> 11) * 0x1p-53 < ids->lean;
}

static int32_t partition_of(const struct id_maker *ids, const char *id, const char *end) {
    return rd_kafka_msg_partitioner_murmur2(NULL, id, (size_t)(end - id), ids->partitions, NULL,
                                            NULL);
}

char *id_put(const struct id_maker *ids, uint64_t contact, char *out) {
    size_t length = strlen(ids->prefix);
    char *end;

    memcpy(out, ids->prefix, length);
    end = put_hex(out + length, contact, 10);
    if (!leans(ids, contact))
        return end;
    *end = '-';
    for (uint64_t n = 0;; n++) {
        char *last = put_hex(end + 1, n, 1);

        if (partition_of(ids, out, last) == 0)
            return last;
    }
}
