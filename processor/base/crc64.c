#include "base/crc64.h"

#define CRC64_EMPTY UINT64_C(0xc15d213aa4d7a795)

/* Bit by bit: fingerprints are taken once per schema, so a table would gain nothing. */
uint64_t crc64_avro(struct slice bytes) {
    uint64_t crc = CRC64_EMPTY;
    for (size_t i = 0; i < bytes.size; i++) {
        crc ^= (unsigned char)bytes.at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (CRC64_EMPTY & (0 - (crc & 1)));
    }
    return crc;
}
