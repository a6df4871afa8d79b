#include "tasks/interaction_feeds.h"

#include <stdlib.h>

#include "base/check.h"

void feeds_init(struct feeds *f, uint64_t *left_out) {
    *f = (struct feeds){.left_out = left_out};
    table_init(&f->index, FEEDS_FEW * 4);
}

static void free_name(struct slice *name) {
    free((void *)(uintptr_t)name->at);
    *name = (struct slice){NULL, 0};
}

/* The next feed is likely one of the same site. */
static void forget(struct feeds *f) {
    for (uint32_t k = 0; k < f->count; k++) {
        free_name(&f->tenant);
        free_name(&f->site);
        f->tenant = f->feeds[k].tenant;
        f->site = f->feeds[k].site;
    }
    if (f->count > FEEDS_FEW) {
        table_deinit(&f->index);
        table_init(&f->index, FEEDS_FEW * 4);
    }
    f->count = 0;
    f->handed_over = false;
}

void feeds_deinit(struct feeds *f) {
    forget(f);
    free_name(&f->tenant);
    free_name(&f->site);
    table_deinit(&f->index);
    free(f->feeds);
}

/* A copy: the one that is kept, where it is the same. */
static struct slice take_name(struct slice *kept, struct slice name) {
    struct slice copy = *kept;
    if (!kept->at || !slice_equal(*kept, name))
        return slice_copy(name);
    *kept = (struct slice){NULL, 0};
    return copy;
}

struct feed_key {
    struct slice tenant, site;
    int64_t at; /* log time */
};

static bool has_names(const struct report_feed *feed, const struct feed_key *key) {
    return slice_equal(feed->site, key->site) && slice_equal(feed->tenant, key->tenant);
}

static bool is_feed(const void *context, uint32_t handle, const void *key) {
    const struct report_feed *feed = &((const struct feeds *)context)->feeds[handle];
    const struct feed_key *wanted = key;
    return feed_step_alike(feed->heard_at, wanted->at) && has_names(feed, wanted);
}

static uint64_t hash_of(struct slice tenant, struct slice site, int64_t at) {
    uint64_t place = (uint64_t)feed_step_place(at);
    return slice_hash(site, slice_hash(tenant, tenant.size) ^ place);
}

static void put_in_index(struct feeds *f, uint32_t place) {
    const struct report_feed *feed = &f->feeds[place];
    table_insert(&f->index, hash_of(feed->tenant, feed->site, feed->heard_at), place);
}

/* Few are looked through, of more there is an index. */
static uint32_t place_of(const struct feeds *f, const struct feed_key *key) {
    if (f->count > FEEDS_FEW)
        return table_find(&f->index, hash_of(key->tenant, key->site, key->at), is_feed, f, key);
    for (uint32_t place = f->count; place-- > 0;)
        if (is_feed(f, place, key))
            return place;
    return TABLE_NONE;
}

/* Mute, until it is heard. */
static uint32_t add(struct feeds *f, const struct feed_key *key) {
    if (f->count == f->capacity) {
        f->capacity = f->capacity == 0 ? 16 : f->capacity * 2;
        f->feeds = realloc(f->feeds, f->capacity * sizeof(*f->feeds));
        CHECK(f->feeds);
    }
    f->feeds[f->count] = (struct report_feed){.tenant = take_name(&f->tenant, key->tenant),
                                              .site = take_name(&f->site, key->site),
                                              .heard_at = key->at,
                                              .mute = true};
    uint32_t added = f->count++;
    for (uint32_t place = 0; place < added && added == FEEDS_FEW; place++)
        put_in_index(f, place);
    if (added >= FEEDS_FEW)
        put_in_index(f, added);
    return added;
}

/* The instants that feed_step_place has for alike. */
static void remember(struct feed_near *near, int64_t at, uint32_t place) {
    int64_t step_at = feed_step_of(at);
    bool between = at > step_at;
    near->from_at = step_at + between;
    near->until_at = between ? step_at + FEED_STEP_MS : at + 1;
    near->place = place;
}

/* Names of sites mostly differ at their end. */
static struct feed_near *near_of(struct feeds *f, struct slice site) {
    unsigned end = site.size > 0 ? (unsigned char)site.at[site.size - 1] : 0;
    return &f->near[end % FEEDS_NEAR];
}

/* The feed's place, or TABLE_NONE when there are too many, which is counted. */
static uint32_t find_far(struct feeds *f, struct feed_near *near, const struct feed_key *key) {
    uint32_t place = place_of(f, key);
    if (place == TABLE_NONE && f->count < FEEDS_MAX)
        place = add(f, key);
    if (place == TABLE_NONE)
        ++*f->left_out;
    else
        remember(near, key->at, place);
    return place;
}

static inline uint32_t find(struct feeds *f, const struct feed_key *key) {
    struct feed_near *near = near_of(f, key->site);
    bool same = key->at >= near->from_at && key->at < near->until_at && near->place < f->count &&
                has_names(&f->feeds[near->place], key);
    return same ? near->place : find_far(f, near, key);
}

void feeds_hear(struct feeds *f, struct slice tenant, struct slice site, int64_t log_at,
                int64_t event_at) {
    if (f->handed_over)
        forget(f);
    uint32_t place = find(f, &(struct feed_key){tenant, site, log_at});
    if (place == TABLE_NONE)
        return;
    struct report_feed *feed = &f->feeds[place];
    if (log_at > feed->heard_at || feed->mute)
        feed->heard_at = log_at;
    if (event_at - log_at > feed->lead_ms || feed->mute)
        feed->lead_ms = event_at - log_at;
    feed->mute = false;
    feed->records++;
}

void feeds_refuse(struct feeds *f, struct slice tenant, struct slice site, int64_t at,
                  enum dead_letter_reason reason, bool heard) {
    if (tenant.size == 0)
        return;
    if (f->handed_over)
        forget(f);
    uint32_t place = find(f, &(struct feed_key){tenant, site, at});
    if (place == TABLE_NONE)
        return;
    struct report_feed *feed = &f->feeds[place];
    if (feed->mute && at > feed->heard_at)
        feed->heard_at = at;
    feed->records += !heard;
    feed->refused[reason]++;
}

static int compare_feeds(const void *left, const void *right) {
    const struct report_feed *a = left;
    const struct report_feed *b = right;
    int order = slice_compare(a->tenant, b->tenant);
    if (order == 0)
        order = slice_compare(a->site, b->site);
    return order != 0 ? order : a->heard_at < b->heard_at ? -1 : a->heard_at > b->heard_at;
}

size_t feeds_take(struct feeds *f, const struct report_feed **out) {
    if (f->handed_over)
        forget(f);
    if (f->count > 1)
        qsort(f->feeds, f->count, sizeof(*f->feeds), compare_feeds);
    f->handed_over = f->count > 0;
    *out = f->feeds;
    return f->count;
}
