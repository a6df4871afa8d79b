/* One entry of a tenant's audit trail: AuditRecord of the contract. */
#pragma once

#include "base/slice.h"

struct audit {
    struct slice tenant;
    int64_t seq;                  /* 1 .., without gaps */
    struct slice prev_hash, hash; /* hexadecimal; prev_hash is empty in the first */
    int64_t at;
    struct slice actor, action, object;
    int32_t contract_version;
    struct slice inputs_digest, detail;
};
