#include "core/episode.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/episode_pack.h"
#include "core/episode_parts.h"
#include "core/episode_tiers.h"

#define KEY_SEED UINT64_C(0x65706973)
#define ID_SEED_HIGH UINT64_C(0x616c657274206964)
#define ID_SEED_LOW UINT64_C(0x6f66206570697364)
#define ID_SEED UINT64_C(0x6279206964)
#define GONE_MAX 65536
#define FORGET_EVERY_MS HOUR_MS

#define MOVE_ENTRY(from, transition, to) [EPISODE_##from][TRANSITION_##transition] = EPISODE_##to,
static const uint8_t moves[STATE_COUNT][TRANSITION_COUNT] = {EPISODE_MOVES(MOVE_ENTRY)};

struct episode_book *episode_book_new(struct slice tenant, uint32_t open_limit) {
    struct episode_book *book = calloc(1, sizeof(*book));
    CHECK(book);
    book->tenant = slice_copy(tenant);
    book->open_limit = open_limit;
    book->forget_at = INSTANT_NONE;
    pool_init(&book->pool, sizeof(struct episode));
    table_init(&book->table, 64);
    table_init(&book->by_id, 64);
    book->commands = calloc(1, sizeof(*book->commands));
    CHECK(book->commands);
    episode_past_init(&book->past, EPISODE_MEMORY_MAX);
    item_caps_init(&book->caps, ITEM_CAPS_MAX);
    buf_init(&book->identity);
    buf_init(&book->alert_key);
    buf_init(&book->bytes);
    return book;
}

static void free_slice(struct slice s) {
    free((void *)(uintptr_t)s.at);
}

void episode_book_free(struct episode_book *book) {
    if (!book)
        return;
    size_t place = 0;
    for (uint32_t h; (h = table_next(&book->table, &place)) != TABLE_NONE;) {
        free_slice(episode_at(book, h)->key);
        free_slice(episode_at(book, h)->bytes);
    }
    pool_deinit(&book->pool);
    table_deinit(&book->table);
    table_deinit(&book->by_id);
    episode_due_deinit(&book->due);
    free(book->commands);
    episode_past_deinit(&book->past);
    item_caps_deinit(&book->caps);
    page_budget_deinit(&book->pages);
    buf_deinit(&book->identity);
    buf_deinit(&book->alert_key);
    buf_deinit(&book->bytes);
    free(book->held);
    free(book->gone);
    free_slice(book->tenant);
    free(book);
}

size_t episode_book_open(const struct episode_book *book) {
    return book->table.used;
}

const struct episode_book_counts *episode_book_counts(const struct episode_book *book) {
    return &book->counts;
}

bool episode_book_lost_track(const struct episode_book *book) {
    return book->lost_track;
}

static void put_key(const struct judge_context *ctx, const struct episode_name *name,
                    bool with_scope, struct buf *b) {
    static const struct scope all = {0};
    buf_reset(b);
    scope_encode(ctx->tenant, b);
    buf_put_u8(b, '|');
    scope_encode(name->contract.size ? name->contract : ctx->contract->name, b);
    buf_put_u8(b, '|');
    scope_encode(name->rule, b);
    buf_put_u8(b, '|');
    const char *kind = alert_kind_name(name->kind);
    buf_put(b, kind, strlen(kind));
    buf_put_u8(b, '|');
    if (with_scope)
        scope_format(name->scope ? name->scope : &all, b);
    buf_put_u8(b, '|');
    scope_encode(name->interaction_id, b);
    buf_put_u8(b, '|');
    if (name->instance > 0)
        buf_put_decimal(b, name->instance);
}

/* What an episode is found by; a view into the book's scratch. */
static struct slice identify(const struct judge_context *ctx, const struct episode_name *name) {
    put_key(ctx, name, name->interaction_id.size == 0, &ctx->book->identity);
    return buf_slice(&ctx->book->identity);
}

static bool has_key(const void *context, uint32_t handle, const void *key) {
    return slice_equal(episode_at(context, handle)->key, *(const struct slice *)key);
}

uint32_t episode_handle(const struct episode_book *book, struct slice key) {
    return table_find(&book->table, slice_hash(key, KEY_SEED), has_key, book, &key);
}

static struct slice id_of(const struct episode *episode) {
    return (struct slice){episode->id, EPISODE_ID_SIZE};
}

static bool has_id(const void *context, uint32_t handle, const void *id) {
    return slice_equal(id_of(episode_at(context, handle)), *(const struct slice *)id);
}

uint32_t episode_handle_of_id(const struct episode_book *book, struct slice id) {
    return table_find(&book->by_id, slice_hash(id, ID_SEED), has_id, book, &id);
}

void episode_insert(struct episode_book *book, uint32_t handle) {
    const struct episode *episode = episode_at(book, handle);
    table_insert(&book->table, slice_hash(episode->key, KEY_SEED), handle);
    table_insert(&book->by_id, slice_hash(id_of(episode), ID_SEED), handle);
    book->open_of[episode->kind]++;
}

void episode_remove(struct episode_book *book, uint32_t handle) {
    struct episode *episode = episode_at(book, handle);
    table_remove(&book->table, slice_hash(episode->key, KEY_SEED), handle);
    table_remove(&book->by_id, slice_hash(id_of(episode), ID_SEED), handle);
    book->open_of[episode->kind]--;
    free_slice(episode->key);
    free_slice(episode->bytes);
    episode->due_at = INSTANT_MAX;
    pool_put(&book->pool, handle);
}

uint32_t episode_handle_of_name(const struct judge_context *ctx, const struct episode_name *name) {
    return episode_handle(ctx->book, identify(ctx, name));
}

bool episode_find(const struct judge_context *ctx, const struct episode_name *name,
                  struct alert *alert) {
    uint32_t handle = episode_handle(ctx->book, identify(ctx, name));
    if (handle == TABLE_NONE)
        return false;
    if (alert)
        CHECK(episode_unpack(episode_at(ctx->book, handle)->bytes, alert));
    return true;
}

bool episode_may_fire(const struct judge_context *ctx, const struct episode_name *name,
                      int64_t at) {
    const struct past_key *past = episode_past_find(&ctx->book->past, identify(ctx, name));
    return !past || past->silent_from == INSTANT_NONE ||
           at - past->silent_from >= ctx->contract->quiet_ms;
}

/* The id follows from what the episode is about and when it began. `voids` tells apart episodes
 * of one condition that was taken back and said again. */
static void make_id(const struct alert *alert, uint32_t voids, char id[EPISODE_ID_SIZE + 1]) {
    static const char hex[] = "0123456789abcdef";
    struct buf b;
    buf_init(&b);
    buf_put(&b, alert->alert_key.at, alert->alert_key.size);
    buf_put_u8(&b, '|');
    buf_put_decimal(&b, alert->opened_at);
    buf_put_u8(&b, '|');
    buf_put_decimal(&b, alert->condition_at);
    buf_put_u8(&b, '|');
    buf_put_decimal(&b, voids);
    uint64_t halves[2] = {slice_hash(buf_slice(&b), ID_SEED_HIGH),
                          slice_hash(buf_slice(&b), ID_SEED_LOW)};
    buf_deinit(&b);
    for (int i = 0; i < EPISODE_ID_SIZE; i++)
        id[i] = hex[halves[i / 16] >> (60 - 4 * (i % 16)) & 15];
    id[EPISODE_ID_SIZE] = '\0';
}

void episode_move(const struct judge_context *ctx, struct episode *episode, enum transition to,
                  struct alert *alert) {
    struct episode_book *book = ctx->book;
    uint8_t state = moves[episode->state][to];
    CHECK(state != EPISODE_FORBIDDEN);
    CHECK((to == TRANSITION_FIRING) == (episode->seq == 0));
    CHECK(alert->alert_id.size == EPISODE_ID_SIZE);
    episode->state = state;
    alert->seq = ++episode->seq;
    alert->transition = to;
    ctx->out->alert(ctx->out->context, alert);
    book->counts.moves++;
    if (state == EPISODE_ENDED)
        return; /* nobody asks for its Alert any more */
    buf_reset(&book->bytes);
    episode_pack(alert, &book->bytes);
    free_slice(episode->bytes);
    episode->bytes = slice_copy(buf_slice(&book->bytes));
    episode->changed = true;
}

void episode_say(const struct judge_context *ctx, uint32_t handle, enum transition to) {
    struct alert alert;
    struct episode *episode = episode_at(ctx->book, handle);
    CHECK(episode_unpack(episode->bytes, &alert));
    episode_move(ctx, episode, to, &alert);
}

/* The names of the episode that is about to begin. */
static void name_alert(const struct judge_context *ctx, const struct episode_name *name,
                       struct alert *alert) {
    struct episode_book *book = ctx->book;
    put_key(ctx, name, true, &book->alert_key);
    alert->kind = name->kind;
    alert->rule = name->rule;
    alert->alert_key = buf_slice(&book->alert_key);
    alert->late = judge_is_late(ctx, alert->condition_at);
}

uint32_t episode_make(const struct judge_context *ctx, const struct episode_name *name,
                      struct alert *alert) {
    struct episode_book *book = ctx->book;
    CHECK(slice_equal(ctx->tenant, book->tenant));
    struct slice key = identify(ctx, name);
    CHECK(episode_handle(book, key) == TABLE_NONE);
    if (book->table.used >= book->open_limit) {
        book->counts.refused++;
        return TABLE_NONE;
    }
    uint32_t handle = pool_get(&book->pool);
    struct episode *episode = episode_at(book, handle);
    *episode = (struct episode){.key = slice_copy(key),
                                .kind = (uint8_t)name->kind,
                                .state = EPISODE_NONE,
                                .silent_until = INSTANT_NONE,
                                .due_at = INSTANT_MAX};
    name_alert(ctx, name, alert);
    const struct past_key *past = episode_past_find(&book->past, key);
    char id[EPISODE_ID_SIZE + 1];
    make_id(alert, past ? past->voids : 0, id);
    memcpy(episode->id, id, EPISODE_ID_SIZE);
    episode_insert(book, handle);
    alert->alert_id = id_of(episode);
    return handle;
}

/* A page, or INFO: there were enough, or another alert stands for it. What is late pages nobody. */
static void count_page(const struct judge_context *ctx, struct episode *episode,
                       struct alert *alert) {
    struct episode_book *book = ctx->book;
    bool silent = alert->suppressed_by.size > 0;
    int64_t at = alert->condition_at > ctx->now_at ? alert->condition_at : ctx->now_at;
    if (alert->severity <= SEVERITY_INFO || (alert->late && !silent))
        return;
    if (!silent && page_budget_take(&book->pages, at, ctx->contract->pages_per_hour)) {
        book->counts.paged++;
        return;
    }
    episode->held_back = true;
    alert->severity = SEVERITY_INFO;
    book->counts.held_back++;
}

void episode_begin(const struct judge_context *ctx, uint32_t handle, struct alert *alert) {
    struct episode *episode = episode_at(ctx->book, handle);
    episode->severity = (uint8_t)alert->severity;
    episode_tiers_begin(ctx, episode, alert);
    count_page(ctx, episode, alert);
    /* Texts of the alert may be gone when it is said: they may be of the bytes before. */
    const struct escalation *escalation = contract_escalation(ctx->contract, alert->rule);
    episode_move(ctx, episode, TRANSITION_FIRING, alert);
    episode_set_due_by(ctx, handle, escalation, alert, ctx->now_at);
    alert->alert_id = alert->alert_key = (struct slice){0};
    ctx->book->counts.fired++;
    ctx->book->unsettled |= alert->interaction_id.size == 0;
}

bool episode_fire(const struct judge_context *ctx, const struct episode_name *name,
                  struct alert *alert) {
    uint32_t handle = episode_make(ctx, name, alert);
    if (handle == TABLE_NONE)
        return false;
    if (ctx->book->holding)
        episode_hold(ctx->book, handle, alert);
    else
        episode_begin(ctx, handle, alert);
    alert->alert_id = alert->alert_key = (struct slice){0};
    return true;
}

void episode_update(const struct judge_context *ctx, const struct episode_name *name,
                    struct alert *alert) {
    uint32_t handle = episode_handle(ctx->book, identify(ctx, name));
    CHECK(handle != TABLE_NONE);
    struct episode *episode = episode_at(ctx->book, handle);
    struct alert last;
    CHECK(episode_unpack(episode->bytes, &last));
    alert->kind = last.kind;
    alert->rule = last.rule;
    alert->alert_id = last.alert_id;
    alert->alert_key = last.alert_key;
    alert->opened_at = last.opened_at;
    alert->tier = last.tier;
    alert->contact_role = last.contact_role;
    alert->late = judge_is_late(ctx, alert->condition_at);
    alert->more = last.more;
    alert->suppressed_by = last.suppressed_by;
    episode->severity = (uint8_t)alert->severity;
    if (episode->held_back)
        alert->severity = last.severity;
    if (alert->severity > last.severity)
        episode_tiers_again(episode, &last);
    episode_move(ctx, episode, TRANSITION_UPDATED, alert);
    episode_set_due(ctx, handle, ctx->now_at);
    alert->alert_id = alert->alert_key = alert->rule = (struct slice){0};
    alert->contact_role = alert->suppressed_by = (struct slice){0};
}

void episode_update_roll_up(const struct judge_context *ctx, uint32_t handle, struct alert *alert) {
    struct episode *episode = episode_at(ctx->book, handle);
    struct alert last;
    CHECK(episode_unpack(episode->bytes, &last));
    episode->severity = (uint8_t)alert->severity;
    if (episode->held_back)
        alert->severity = last.severity;
    if (alert->severity > last.severity)
        episode_tiers_again(episode, &last);
    episode_move(ctx, episode, TRANSITION_UPDATED, alert);
    episode_set_due(ctx, handle, ctx->now_at);
}

static void note_gone(struct episode_book *book, const struct episode *episode,
                      enum transition end) {
    if (book->gone_count >= GONE_MAX) {
        book->lost_track = true;
        return;
    }
    if (book->gone_count == book->gone_capacity) {
        book->gone_capacity = book->gone_capacity ? book->gone_capacity * 2 : 64;
        book->gone = realloc(book->gone, book->gone_capacity * sizeof(*book->gone));
        CHECK(book->gone);
    }
    struct gone *gone = &book->gone[book->gone_count++];
    memcpy(gone->id, episode->id, EPISODE_ID_SIZE);
    gone->transition = (uint8_t)end;
}

/* What the book keeps of an episode that has ended. An item's condition comes only once, so its
 * key needs no silence. */
static void remember(const struct judge_context *ctx, const struct episode_name *name,
                     struct slice key, enum transition end, int64_t ended_at) {
    if (end == TRANSITION_VOIDED)
        episode_past_void(&ctx->book->past, key, ctx->clock);
    else if (ctx->contract->quiet_ms > 0 && name->interaction_id.size == 0)
        episode_past_silence(&ctx->book->past, key, ctx->clock, ended_at);
    ctx->book->counts.forgotten = ctx->book->past.forgotten;
}

/* What its end says: what the caller knows, and what only the book does. */
static void fill_end(const struct episode *episode, int64_t ended_at, const struct alert *from,
                     struct alert *alert) {
    struct alert last;
    CHECK(episode_unpack(episode->bytes, &last));
    *alert = from ? *from : last;
    CHECK(slice_equal(alert->alert_id, last.alert_id));
    alert->tier = last.tier;
    alert->contact_role = last.contact_role;
    alert->severity = last.severity;
    alert->resolved_at = ended_at;
}

/* Its id is at hand where it was found before, and its key need not be put together anew. */
static uint32_t handle_to_end(const struct judge_context *ctx, const struct episode_name *name,
                              const struct alert *alert) {
    return alert ? episode_handle_of_id(ctx->book, alert->alert_id)
                 : episode_handle_of_name(ctx, name);
}

bool episode_end(const struct judge_context *ctx, const struct episode_name *name,
                 enum transition end, int64_t ended_at, const struct alert *alert) {
    struct episode_book *book = ctx->book;
    uint32_t handle = handle_to_end(ctx, name, alert);
    if (handle == TABLE_NONE) {
        book->counts.not_open++;
        if (end == TRANSITION_VOIDED)
            remember(ctx, name, identify(ctx, name), end, ended_at);
        return false;
    }
    struct episode *episode = episode_at(book, handle);
    /* The caller's alert has views into these bytes: they stay while its timers ring. */
    struct slice bytes = episode->bytes;
    episode->bytes = slice_copy(bytes);
    if (episode->state == EPISODE_NONE)
        episode_unhold(ctx, handle, (struct slice){NULL, 0});
    if (end != TRANSITION_VOIDED)
        episode_tiers_before(ctx, handle, ended_at);
    struct alert last;
    fill_end(episode, ended_at, alert, &last);
    if (episode->counts_more)
        episode_caps_end(book, episode, &last);
    if (end == TRANSITION_VOIDED && episode->is_ground)
        episode_ground_lost(book, last.suppressed_by);
    episode_move(ctx, episode, end, &last);
    CHECK(episode->state == EPISODE_ENDED);
    book->unsettled |= name->interaction_id.size == 0;
    note_gone(book, episode, end);
    remember(ctx, name, episode->key, end, ended_at);
    episode_remove(book, handle);
    free_slice(bytes);
    book->counts.ended++;
    return true;
}

void episode_book_forget(struct episode_book *book, int64_t clock, int64_t quiet_ms) {
    if (clock < book->forget_at)
        return;
    int64_t memory_ms = quiet_ms > EPISODE_MEMORY_MS ? quiet_ms : EPISODE_MEMORY_MS;
    episode_past_forget(&book->past, clock - memory_ms);
    item_caps_forget(&book->caps, clock - ITEM_CAPS_KEPT_MS);
    book->forget_at = clock + FORGET_EVERY_MS;
}

int episode_by_key(const void *a, const void *b) {
    return slice_compare((*(struct episode *const *)a)->key, (*(struct episode *const *)b)->key);
}

struct episode **episode_sorted(const struct episode_book *book, bool all, size_t *count) {
    struct episode **list = calloc(book->table.used + 1, sizeof(struct episode *));
    CHECK(list);
    size_t place = 0;
    *count = 0;
    for (uint32_t h; (h = table_next(&book->table, &place)) != TABLE_NONE;) {
        struct episode *episode = episode_at(book, h);
        if (all || episode->changed)
            list[(*count)++] = episode;
    }
    qsort(list, *count, sizeof(struct episode *), episode_by_key);
    return list;
}

void episode_book_show(struct episode_book *book, bool all, episode_visit_fn *visit,
                       void *context) {
    size_t count;
    struct episode **list = episode_sorted(book, all, &count);
    struct alert alert;
    for (size_t i = 0; i < count; i++) {
        CHECK(episode_unpack(list[i]->bytes, &alert));
        visit(context, &alert, true);
        list[i]->changed = false;
    }
    free(list);
    for (size_t i = 0; i < book->gone_count; i++) {
        memset(&alert, 0, sizeof(alert));
        alert.tenant = book->tenant;
        alert.alert_id = (struct slice){book->gone[i].id, EPISODE_ID_SIZE};
        alert.transition = (enum transition)book->gone[i].transition;
        visit(context, &alert, false);
    }
    book->gone_count = 0;
    book->lost_track = false;
}
