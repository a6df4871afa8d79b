#include "base/check.h"
#include "core/command.h"
#include "core/episode_pack.h"
#include "core/episode_parts.h"

#define NAME(symbol, name) name,

const char *command_result_name(enum command_result result) {
    static const char *const names[] = {COMMAND_RESULTS(NAME)};
    CHECK((unsigned)result < COMMAND_RESULT_COUNT);
    return names[result];
}

/* True when it was seen before; else it is remembered, in place of the oldest. */
static bool is_repeated(struct episode_book *book, struct slice id) {
    struct episode_commands *seen = book->commands;
    struct episode_print print = episode_print_of(id);
    for (uint32_t i = 0; i < seen->count; i++)
        if (seen->prints[i].high == print.high && seen->prints[i].low == print.low)
            return true;
    seen->prints[seen->next] = print;
    seen->next = (seen->next + 1) % EPISODE_COMMANDS_MAX;
    if (seen->count < EPISODE_COMMANDS_MAX)
        seen->count++;
    else
        book->counts.commands_forgotten++;
    return false;
}

static size_t bar_after(struct slice key, size_t from) {
    while (from < key.size && key.at[from] != '|')
        from++;
    return from;
}

/* By its key: that of an item is known without its scope, the fifth of seven parts. */
static uint32_t handle_of_key(struct episode_book *book, struct slice key) {
    size_t bars[6], place = 0;
    for (size_t i = 0; i < 6; i++, place++) {
        place = bars[i] = bar_after(key, place);
        if (place == key.size)
            return TABLE_NONE;
    }
    if (bars[5] == bars[4] + 1)
        return episode_handle(book, key);
    buf_reset(&book->identity);
    buf_put(&book->identity, key.at, bars[3] + 1);
    buf_put(&book->identity, key.at + bars[4], key.size - bars[4]);
    return episode_handle(book, buf_slice(&book->identity));
}

static uint32_t find(struct episode_book *book, const struct command *c) {
    return c->alert_id.size > 0 ? episode_handle_of_id(book, c->alert_id)
                                : handle_of_key(book, c->alert_key);
}

static enum command_result acknowledge(const struct judge_context *ctx, uint32_t handle, bool on) {
    struct episode *e = episode_at(ctx->book, handle);
    if (e->acked == on)
        return COMMAND_RESULT_NO_EFFECT;
    e->acked = on;
    episode_say(ctx, handle, on ? TRANSITION_ACKED : TRANSITION_UPDATED);
    return COMMAND_RESULT_DONE;
}

static enum command_result silence(const struct judge_context *ctx, uint32_t handle,
                                   int64_t until_at) {
    struct episode *e = episode_at(ctx->book, handle);
    if (e->silent_until == until_at)
        return COMMAND_RESULT_NO_EFFECT;
    e->silent_until = until_at;
    bool on = until_at != INSTANT_NONE;
    episode_say(ctx, handle, on ? TRANSITION_SILENCED : TRANSITION_UPDATED);
    return COMMAND_RESULT_DONE;
}

static enum command_result assign(const struct judge_context *ctx, uint32_t handle,
                                  struct slice role) {
    struct episode *e = episode_at(ctx->book, handle);
    struct alert alert;
    CHECK(episode_unpack(e->bytes, &alert));
    if (slice_equal(alert.contact_role, role))
        return COMMAND_RESULT_NO_EFFECT;
    alert.contact_role = role;
    episode_move(ctx, e, TRANSITION_UPDATED, &alert);
    return COMMAND_RESULT_DONE;
}

/* Both: whatever of it has an effect counts. */
static enum command_result settle(const struct judge_context *ctx, uint32_t handle) {
    enum command_result acked = acknowledge(ctx, handle, true);
    enum command_result silenced = silence(ctx, handle, INSTANT_MAX);
    return acked == COMMAND_RESULT_DONE ? acked : silenced;
}

static enum command_result apply(const struct judge_context *ctx, uint32_t handle,
                                 const struct command *c) {
    int64_t until_at = c->until_at == INSTANT_NONE ? INSTANT_MAX : c->until_at;
    switch ((enum command_op)c->op) {
    case COMMAND_ACK: return acknowledge(ctx, handle, true);
    case COMMAND_UNACK: return acknowledge(ctx, handle, false);
    case COMMAND_SILENCE:
        return until_at <= c->log_at ? COMMAND_RESULT_PAST : silence(ctx, handle, until_at);
    case COMMAND_UNSILENCE: return silence(ctx, handle, INSTANT_NONE);
    case COMMAND_RESOLVE: return settle(ctx, handle);
    case COMMAND_ASSIGN:
        return assign(ctx, handle, c->assignee.size > 0 ? c->assignee : c->actor_role);
    case COMMAND_NOTE:
    case COMMAND_FEEDBACK_TRUE:
    case COMMAND_FEEDBACK_FALSE:
        episode_say(ctx, handle, TRANSITION_UPDATED);
        return COMMAND_RESULT_DONE;
    case COMMAND_UNKNOWN:
    case COMMAND_OP_COUNT: break;
    }
    return COMMAND_RESULT_UNKNOWN_OP;
}

enum command_result episode_command(const struct judge_context *ctx, const struct command *c) {
    struct episode_book *book = ctx->book;
    bool ordered = command_op_is_ordered((enum command_op)c->op);
    if (is_repeated(book, c->command_id))
        return COMMAND_RESULT_REPEATED;
    if (c->op == COMMAND_UNKNOWN)
        return COMMAND_RESULT_UNKNOWN_OP;
    uint32_t handle = find(book, c);
    if (handle == TABLE_NONE) /* what is said of one that is over is for the record */
        return ordered ? COMMAND_RESULT_NOT_OPEN : COMMAND_RESULT_DONE;
    if (ordered && c->seq > 0 && c->seq < episode_at(book, handle)->command_seq)
        return COMMAND_RESULT_STALE;
    enum command_result result = apply(ctx, handle, c);
    if (ordered && c->seq > episode_at(book, handle)->command_seq)
        episode_at(book, handle)->command_seq = c->seq;
    episode_set_due(ctx, handle, c->log_at);
    return result;
}
