/* The finest scope that is counted: tenant, vendor, site, queue, channel, priority, direction, and
 * why the customer came. The reason is in no scope: it says what drives an alert. */
#pragma once

#include "core/fact.h"

#define LEAF_NONE UINT32_MAX
#define LEAF_REASON_MAX 64    /* bytes: what is longer is a story, and counts without */
#define LEAF_REASONS_MAX 16   /* beside the same names; further ones count without */
#define LEAF_THRESHOLDS_MAX 6 /* service-level thresholds that one visit can be counted for */

struct contract;
struct contract_set;

struct leaf {
    struct slice tenant, vendor, site, queue, reason; /* owned by the dictionary */
    uint8_t channel;                                  /* enum channel */
    uint8_t priority;                                 /* enum priority */
    uint8_t direction;                                /* enum direction; UNKNOWN was made INBOUND */
    uint8_t threshold_count;
    uint8_t
        reason_count;    /* without reason: of how many reasons there are leaves with these names */
    uint8_t version;     /* which of the tenant's contracts: contract_set_versions() */
    uint8_t misses;      /* bits of 1 << enum miss_kind that some objective may count; not of */
    uint8_t late_misses; /* MISS_LATE: for that, bits of the thresholds that one does */
    uint16_t clocks[CLOCK_KIND_COUNT]; /* contract_clock(), as an index, or CLOCK_NO_RULE; */
    uint16_t clocks_anywhere[CLOCK_KIND_COUNT]; /* contract_clock_anywhere() */
    uint32_t plain; /* id of the leaf with the same names and version, and no reason */
    int64_t thresholds_ms[LEAF_THRESHOLDS_MAX]; /* ascending; contract_thresholds() */
    const struct contract *contract;            /* in force; never NULL (default contract) */
};

/* Interns leaves: a cache of names shared by the tasks of a process, never part of their state.
 * Ids depend on history, so no saved byte may contain one. */
struct leaf_dict;

/* `limit` leaves at most; beyond it leaf_dict_intern gives the tenant's leaf without vendor, site,
 * queue (counted in leaf_dict_refused). Half as many may have a reason beside them; one too many
 * is that without (leaf_dict_refused_reasons), and so is one whose names have no leaf. `contracts`
 * must outlive the dictionary. */
struct leaf_dict *leaf_dict_new(const struct contract_set *contracts, uint32_t limit);
void leaf_dict_free(struct leaf_dict *d);

/* Before the first leaf: visits are counted for what another set asks for too, whose contracts have
 * the same tenants and versions in the same order. False when there may be too many T. */
bool leaf_dict_join(struct leaf_dict *d, const struct contract_set *contracts);

/* The id of the leaf with these names, under the contract of this version; strings are copied when
 * new. `key` needs tenant, vendor, site, queue, reason, channel, priority, direction, version. */
uint32_t leaf_dict_intern(struct leaf_dict *d, const struct leaf *key);

/* The leaf with the same names under the contract that is in force at `at`. */
uint32_t leaf_dict_at_time(const struct leaf_dict *d, uint32_t id, int64_t at);
const struct contract_set *leaf_dict_contracts(const struct leaf_dict *d);

/* The leaf with the same names and version, and no reason: of what does not add. */
uint32_t leaf_dict_plain(const struct leaf_dict *d, uint32_t id);
const struct leaf *leaf_dict_at(const struct leaf_dict *d, uint32_t id);
uint32_t leaf_dict_count(const struct leaf_dict *d);
uint64_t leaf_dict_refused(const struct leaf_dict *d);
uint64_t leaf_dict_refused_reasons(const struct leaf_dict *d);

/* By id: the place of each leaf in the order of leaf_compare. Valid until a leaf is added. */
const uint32_t *leaf_dict_ranks(struct leaf_dict *d);

/* Total order by names, then version, for canonical bytes. */
int leaf_compare(const struct leaf *a, const struct leaf *b);
