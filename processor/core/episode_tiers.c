#include "core/episode_tiers.h"

#include <stdlib.h>

#include "base/check.h"
#include "core/episode_pack.h"
#include "core/episode_parts.h"

#define DUE_STALE_MAX 1024

static bool is_on_duty(const struct escalation_tier *tier, const struct alert *alert, int64_t at) {
    return alert->severity >= tier->least && (!tier->hours || calendar_is_open(tier->hours, at));
}

/* The first from here on that is on duty; where nobody is: the last one (or `none`). */
static size_t first_on_duty(const struct escalation *e, size_t from, const struct alert *alert,
                            int64_t at, size_t none) {
    for (size_t i = from; i < e->count; i++)
        if (is_on_duty(&e->tiers[i], alert, at))
            return i;
    return none;
}

void episode_tiers_begin(const struct judge_context *ctx, struct episode *episode,
                         struct alert *alert) {
    const struct escalation *e = contract_escalation(ctx->contract, alert->rule);
    episode->told_at = alert->late ? ctx->clock : alert->condition_at;
    if (!e)
        return;
    size_t first = first_on_duty(e, 0, alert, episode->told_at, 0);
    alert->tier = (int32_t)first;
    alert->contact_role = e->tiers[first].role;
    episode->next_tier = (uint8_t)(first + 1);
}

void episode_tiers_again(struct episode *episode, const struct alert *told) {
    if (episode->next_tier > told->tier + 1)
        episode->next_tier = (uint8_t)(told->tier + 1);
}

/* A person is paged for it. */
static bool is_told(const struct episode *episode, const struct alert *alert) {
    return !episode->acked && episode->silent_until == INSTANT_NONE &&
           alert->severity > SEVERITY_INFO && alert->suppressed_by.size == 0;
}

static int64_t next_tier_at(const struct escalation *e, const struct episode *episode,
                            const struct alert *alert) {
    if (!e || episode->next_tier >= e->count || !is_told(episode, alert))
        return INSTANT_MAX;
    return episode->told_at + e->tiers[episode->next_tier].after_ms;
}

/* Those that were set anew are passed over; not too many of them are kept. */
static void add_due(struct episode_book *book, int64_t at, uint32_t handle) {
    if (book->due.count >= 2 * book->table.used + DUE_STALE_MAX) {
        size_t place = 0;
        episode_due_clear(&book->due);
        for (uint32_t h; (h = table_next(&book->table, &place)) != TABLE_NONE;)
            if (h != handle && episode_at(book, h)->due_at != INSTANT_MAX)
                episode_due_add(&book->due, episode_at(book, h)->due_at, h);
    }
    episode_due_add(&book->due, at, handle);
}

void episode_set_due_by(const struct judge_context *ctx, uint32_t handle,
                        const struct escalation *escalation, const struct alert *alert,
                        int64_t from_at) {
    struct episode *episode = episode_at(ctx->book, handle);
    int64_t due_at = next_tier_at(escalation, episode, alert);
    if (episode->silent_until != INSTANT_NONE && episode->silent_until < due_at)
        due_at = episode->silent_until;
    if (due_at < from_at)
        due_at = from_at;
    if (due_at == episode->due_at)
        return;
    episode->due_at = due_at;
    if (due_at != INSTANT_MAX)
        add_due(ctx->book, due_at, handle);
}

void episode_set_due(const struct judge_context *ctx, uint32_t handle, int64_t from_at) {
    struct alert alert;
    CHECK(episode_unpack(episode_at(ctx->book, handle)->bytes, &alert));
    episode_set_due_by(ctx, handle, contract_escalation(ctx->contract, alert.rule), &alert,
                       from_at);
}

/* The tiers whose time has come: only the last of them is told, as it is the one that counts; it
 * waits while there were pages enough. From when on the next is to be told. */
static int64_t escalate(const struct judge_context *ctx, uint32_t handle, int64_t at) {
    struct episode_book *book = ctx->book;
    struct episode *episode = episode_at(book, handle);
    uint8_t first_tier = episode->next_tier;
    struct alert alert;
    CHECK(episode_unpack(episode->bytes, &alert));
    const struct escalation *e = contract_escalation(ctx->contract, alert.rule);
    size_t told = SIZE_MAX;
    while (next_tier_at(e, episode, &alert) <= at) {
        const struct escalation_tier *tier = &e->tiers[episode->next_tier];
        bool last = episode->next_tier + 1u == e->count;
        if (alert.severity >= tier->least && (last || is_on_duty(tier, &alert, at)))
            told = episode->next_tier;
        episode->next_tier++;
    }
    if (told == SIZE_MAX)
        return at;
    if (!page_budget_take(&book->pages, at, ctx->contract->pages_per_hour)) {
        episode->next_tier = first_tier;
        book->counts.delayed++;
        return page_budget_free_at(&book->pages, ctx->contract->pages_per_hour);
    }
    alert.tier = (int32_t)told;
    alert.contact_role = e->tiers[told].role;
    episode_move(ctx, episode, TRANSITION_ESCALATED, &alert);
    book->counts.escalated++;
    book->counts.paged++;
    return at;
}

/* Its timer. */
static void ring(const struct judge_context *ctx, uint32_t handle, int64_t at) {
    struct episode *episode = episode_at(ctx->book, handle);
    episode->due_at = INSTANT_MAX;
    if (episode->silent_until != INSTANT_NONE && episode->silent_until <= at) {
        episode->silent_until = INSTANT_NONE;
        episode_say(ctx, handle, TRANSITION_UPDATED);
    }
    episode_set_due(ctx, handle, escalate(ctx, handle, at));
}

void episode_tiers_before(const struct judge_context *ctx, uint32_t handle, int64_t ended_at) {
    while (episode_at(ctx->book, handle)->due_at < ended_at)
        ring(ctx, handle, episode_at(ctx->book, handle)->due_at);
}

/* Those whose timers are due at this very instant, in key order; the caller frees them. */
static size_t take_due(struct episode_book *book, int64_t at, struct episode ***list) {
    size_t count = 0, capacity = 0;
    *list = NULL;
    while (episode_due_next(&book->due) == at) {
        struct episode *episode = episode_at(book, episode_due_take(&book->due).handle);
        if (episode->due_at != at)
            continue; /* set anew, or over */
        episode->due_at = INSTANT_MAX;
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            *list = realloc(*list, capacity * sizeof(**list));
            CHECK(*list);
        }
        (*list)[count++] = episode;
    }
    if (count > 1)
        qsort(*list, count, sizeof(**list), episode_by_key);
    return count;
}

int64_t episode_book_due(const struct episode_book *book) {
    return episode_due_next(&book->due);
}

void episode_book_pass(const struct judge_context *ctx, int64_t until_at) {
    struct episode_book *book = ctx->book;
    for (int64_t at; (at = episode_due_next(&book->due)) <= until_at;) {
        struct judge_context then = *ctx;
        struct episode **list;
        size_t count = take_due(book, at, &list);
        if (then.clock < at)
            then.clock = at;
        for (size_t i = 0; i < count; i++)
            ring(&then, episode_handle(book, list[i]->key), at);
        free(list);
    }
}

void episode_book_retime(const struct judge_context *ctx, int64_t at) {
    size_t count;
    struct episode **list = episode_sorted(ctx->book, true, &count);
    for (size_t i = 0; i < count; i++)
        episode_set_due(ctx, episode_handle(ctx->book, list[i]->key), at);
    free(list);
}
