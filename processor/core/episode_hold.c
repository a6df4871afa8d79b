#include <stdlib.h>

#include "base/check.h"
#include "core/episode_pack.h"
#include "core/episode_parts.h"
#include "core/episode_tiers.h"

void episode_book_hold(struct episode_book *book) {
    CHECK(!book->holding && book->held_count == 0);
    book->holding = true;
}

bool episode_book_is_unsettled(const struct episode_book *book) {
    return book->unsettled;
}

void episode_book_unsettle(struct episode_book *book) {
    book->unsettled = true;
}

void episode_hold(struct episode_book *book, uint32_t handle, struct alert *alert) {
    struct episode *episode = episode_at(book, handle);
    if (book->held_count == book->held_capacity) {
        book->held_capacity = book->held_capacity ? book->held_capacity * 2 : 16;
        book->held = realloc(book->held, book->held_capacity * sizeof(*book->held));
        CHECK(book->held);
    }
    book->held[book->held_count] = (struct held){handle, book->held_count};
    book->held_count++;
    episode->severity = (uint8_t)alert->severity;
    buf_reset(&book->bytes);
    episode_pack(alert, &book->bytes);
    episode->bytes = slice_copy(buf_slice(&book->bytes));
    book->unsettled = true;
}

void episode_unhold(const struct judge_context *ctx, uint32_t handle, struct slice parent_id) {
    struct alert alert;
    CHECK(episode_at(ctx->book, handle)->state == EPISODE_NONE);
    CHECK(episode_unpack(episode_at(ctx->book, handle)->bytes, &alert));
    alert.suppressed_by = parent_id;
    episode_begin(ctx, handle, &alert);
}

static int by_severity(const void *a, const void *b, void *context) {
    const struct held *x = a;
    const struct held *y = b;
    const struct episode_book *book = context;
    int gravest = episode_at(book, y->handle)->severity - episode_at(book, x->handle)->severity;
    return gravest ? gravest : x->order < y->order ? -1 : x->order > y->order;
}

/* Some were said before, because they ended or have a parent; their place may be another's. */
void episode_book_release(const struct judge_context *ctx) {
    struct episode_book *book = ctx->book;
    if (book->held_count > 1)
        qsort_r(book->held, book->held_count, sizeof(*book->held), by_severity, book);
    for (size_t i = 0; i < book->held_count; i++)
        if (episode_at(book, book->held[i].handle)->state == EPISODE_NONE)
            episode_unhold(ctx, book->held[i].handle, (struct slice){NULL, 0});
    book->held_count = 0;
    book->holding = book->unsettled = false;
}

/* Nobody was told of it before: now somebody is, if there is room and nobody has it in hand. */
static enum transition tell_at_last(const struct judge_context *ctx, struct episode *episode,
                                    struct alert *alert) {
    struct episode_book *book = ctx->book;
    bool in_hand = episode->acked || episode->silent_until != INSTANT_NONE || alert->late;
    if (!in_hand && !page_budget_take(&book->pages, ctx->now_at, ctx->contract->pages_per_hour))
        return TRANSITION_UPDATED;
    episode->held_back = false;
    alert->severity = (enum severity)episode->severity;
    if (in_hand)
        return TRANSITION_UPDATED;
    episode_tiers_begin(ctx, episode, alert);
    book->counts.paged++;
    return TRANSITION_ESCALATED;
}

/* Its tiers count from here. */
static void come_back(const struct judge_context *ctx, struct episode *episode,
                      struct alert *alert) {
    enum transition how = TRANSITION_UPDATED;
    alert->suppressed_by = (struct slice){NULL, 0};
    if (episode->held_back)
        how = tell_at_last(ctx, episode, alert);
    episode->told_at = ctx->now_at;
    episode_move(ctx, episode, how, alert);
}

void episode_suppress(const struct judge_context *ctx, uint32_t handle, struct slice parent_id,
                      bool is_ground) {
    struct episode *episode = episode_at(ctx->book, handle);
    struct alert alert;
    bool begins = episode->state == EPISODE_NONE;
    if (begins && parent_id.size == 0)
        return;
    if (begins)
        episode_unhold(ctx, handle, parent_id);
    CHECK(episode_unpack(episode->bytes, &alert));
    if (!begins && slice_equal(alert.suppressed_by, parent_id))
        return;
    episode->is_ground = is_ground;
    if (parent_id.size > 0) {
        alert.suppressed_by = parent_id;
        episode_move(ctx, episode, TRANSITION_SUPPRESSED, &alert);
        ctx->book->counts.suppressed++;
    } else {
        come_back(ctx, episode, &alert);
    }
    episode_set_due(ctx, handle, ctx->now_at);
}

void episode_ground_lost(struct episode_book *book, struct slice parent_id) {
    uint32_t parent = episode_handle_of_id(book, parent_id);
    if (parent != TABLE_NONE)
        episode_at(book, parent)->spare--;
}
