/* CRC-64-AVRO, the fingerprint of Avro's single-object encoding. */
#pragma once

#include "base/slice.h"

uint64_t crc64_avro(struct slice bytes);
