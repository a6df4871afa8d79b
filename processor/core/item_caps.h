/* How many item alerts of one kind each scope has had in each minute of their conditions: so many
 * are told one by one, and of the rest one of them says how many there are. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "base/instant.h"
#include "base/pool.h"
#include "base/table.h"

#define ITEM_CAPS_MAX 65536       /* minutes of scopes that are kept */
#define ITEM_CAPS_KEPT_MS HOUR_MS /* at least, behind the clock; then a late one counts anew */
#define ITEM_CAP_BEARER_SIZE 32   /* an alert_id */

struct item_cap {
    struct slice scope; /* as in Redis; owned */
    int64_t minute_at;  /* of condition_at */
    uint8_t kind;       /* enum alert_kind */
    int64_t told;
    int64_t more, said; /* that the bearer stands for, and what it has said of them */
    char bearer[ITEM_CAP_BEARER_SIZE];
};

struct item_caps {
    struct pool pool;
    struct table table;
    uint32_t limit;
    size_t unsaid; /* whose bearer has not said all */
    uint64_t forgotten;
};

void item_caps_init(struct item_caps *caps, uint32_t limit);
void item_caps_deinit(struct item_caps *caps);

/* That of the minute in which `at` lies, made when missing. Beyond the limit the older half is
 * forgotten and counted. Valid until the next call. */
struct item_cap *item_caps_get(struct item_caps *caps, uint8_t kind, struct slice scope,
                               int64_t at);

/* Those whose bearer has not said all, by minute, kind and scope; the caller frees the array. */
struct item_cap **item_caps_unsaid(const struct item_caps *caps, size_t *count);

/* One more is counted with the bearer; its bearer has said all, or ends saying so. */
void item_caps_more(struct item_caps *caps, struct item_cap *cap);
void item_caps_said(struct item_caps *caps, struct item_cap *cap);

/* Those of minutes before `at` whose bearer has said all. */
void item_caps_forget(struct item_caps *caps, int64_t at);

/* Canonical bytes; load goes into those just made, and the cursor tells. */
void item_caps_save(const struct item_caps *caps, struct buf *b);
void item_caps_load(struct item_caps *caps, struct cursor *c);
