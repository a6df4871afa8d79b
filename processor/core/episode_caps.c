#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/episode_pack.h"
#include "core/episode_parts.h"
#include "core/summary.h"

_Static_assert(ITEM_CAP_BEARER_SIZE == EPISODE_ID_SIZE, "a bearer is named by its alert_id");

static void put_more(struct buf *b, int32_t more) {
    if (more <= 0)
        return;
    summary_text(b, " And ");
    summary_count(b, more);
    summary_text(b, " more like it in that minute.");
}

static bool ends_with(struct slice s, struct slice end) {
    return end.size && s.size >= end.size &&
           memcmp(s.at + s.size - end.size, end.at, end.size) == 0;
}

/* Its sentence with this number of others in place of what it said of them. One that is silent
 * itself is in the number, but not beside itself. */
static void put_summary(struct buf *b, const struct alert *last, int32_t more) {
    int32_t itself = last->suppressed_by.size > 0;
    struct buf said;
    buf_init(&said);
    put_more(&said, last->more - itself);
    struct slice sentence = last->summary;
    if (ends_with(sentence, buf_slice(&said)))
        sentence.size -= said.size;
    summary_slice(b, sentence);
    put_more(b, more - itself);
    buf_deinit(&said);
}

static int32_t more_of(const struct item_cap *cap) {
    return cap->more < INT32_MAX ? (int32_t)cap->more : INT32_MAX;
}

static uint32_t bearer_of(const struct episode_book *book, const struct item_cap *cap) {
    return episode_handle_of_id(book, (struct slice){cap->bearer, EPISODE_ID_SIZE});
}

/* The bearer counts one more: its id. Where it is over before its minute, the new one counts on,
 * itself included. */
static struct slice count_one(struct episode_book *book, struct item_cap *cap, uint32_t handle) {
    uint32_t bearer = bearer_of(book, cap);
    if (bearer == TABLE_NONE) {
        item_caps_said(&book->caps, cap);
        cap->more = cap->said = 0;
        memcpy(cap->bearer, episode_at(book, handle)->id, EPISODE_ID_SIZE);
        bearer = handle;
    }
    episode_at(book, bearer)->counts_more = true;
    item_caps_more(&book->caps, cap);
    book->counts.capped++;
    return (struct slice){cap->bearer, EPISODE_ID_SIZE};
}

static void scope_of_alert(const struct alert *a, struct buf *b) {
    struct scope s = {0};
    const struct slice values[SCOPE_DIMENSION_COUNT] = {
        [SCOPE_VENDOR] = a->vendor,   [SCOPE_SITE] = a->site,         [SCOPE_QUEUE] = a->queue,
        [SCOPE_CHANNEL] = a->channel, [SCOPE_PRIORITY] = a->priority, [SCOPE_AGENT] = a->agent};
    for (unsigned d = 0; d < SCOPE_DIMENSION_COUNT; d++) {
        s.values[d] = values[d];
        s.mask |= values[d].size > 0 ? SCOPE_BIT(d) : 0;
    }
    scope_format(&s, b);
}

bool episode_fire_item(const struct judge_context *ctx, const struct episode_name *name,
                       struct alert *alert) {
    struct episode_book *book = ctx->book;
    struct buf scope;
    buf_init(&scope);
    scope_of_alert(alert, &scope);
    struct item_cap *cap = item_caps_get(&book->caps, (uint8_t)name->kind, buf_slice(&scope),
                                         alert->condition_at);
    buf_deinit(&scope);
    book->counts.caps_forgotten = book->caps.forgotten;
    bool told = cap->told < ctx->contract->items_per_minute;
    uint32_t handle = episode_make(ctx, name, alert);
    if (handle == TABLE_NONE)
        return false;
    if (told) {
        memcpy(cap->bearer, episode_at(book, handle)->id, EPISODE_ID_SIZE);
        cap->told++;
    } else {
        alert->suppressed_by = count_one(book, cap, handle);
    }
    episode_begin(ctx, handle, alert);
    alert->suppressed_by = (struct slice){NULL, 0};
    return true;
}

static void say_more(const struct judge_context *ctx, uint32_t handle, int32_t more) {
    struct episode *episode = episode_at(ctx->book, handle);
    struct alert alert;
    struct buf summary;
    CHECK(episode_unpack(episode->bytes, &alert));
    buf_init(&summary);
    put_summary(&summary, &alert, more);
    alert.more = more;
    alert.summary = buf_slice(&summary);
    episode_move(ctx, episode, TRANSITION_UPDATED, &alert);
    buf_deinit(&summary);
}

void episode_book_count_more(const struct judge_context *ctx) {
    struct episode_book *book = ctx->book;
    if (book->caps.unsaid == 0)
        return;
    size_t count;
    struct item_cap **list = item_caps_unsaid(&book->caps, &count);
    for (size_t i = 0; i < count; i++) {
        uint32_t handle = bearer_of(book, list[i]);
        if (handle != TABLE_NONE)
            say_more(ctx, handle, more_of(list[i]));
        item_caps_said(&book->caps, list[i]);
    }
    free(list);
}

void episode_caps_end(struct episode_book *book, struct episode *episode, struct alert *alert) {
    if (book->caps.unsaid == 0)
        return;
    size_t count;
    struct item_cap **list = item_caps_unsaid(&book->caps, &count);
    for (size_t i = 0; i < count; i++) {
        if (memcmp(list[i]->bearer, episode->id, EPISODE_ID_SIZE) != 0)
            continue;
        alert->more = more_of(list[i]);
        item_caps_said(&book->caps, list[i]);
    }
    free(list);
}
