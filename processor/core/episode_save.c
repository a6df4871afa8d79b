#include <stdlib.h>

#include "base/check.h"
#include "core/episode_pack.h"
#include "core/episode_parts.h"

#define FLAG_ACKED 1u
#define FLAG_HELD_BACK 2u
#define FLAG_COUNTS_MORE 4u
#define FLAG_IS_GROUND 8u
#define FLAGS (FLAG_ACKED | FLAG_HELD_BACK | FLAG_COUNTS_MORE | FLAG_IS_GROUND)

static uint8_t flags_of(const struct episode *e) {
    return (uint8_t)((e->acked ? FLAG_ACKED : 0) | (e->held_back ? FLAG_HELD_BACK : 0) |
                     (e->counts_more ? FLAG_COUNTS_MORE : 0) | (e->is_ground ? FLAG_IS_GROUND : 0));
}

static void save_one(const struct episode *e, struct buf *b) {
    buf_put_slice(b, e->key);
    buf_put_slice(b, e->bytes);
    buf_put_u8(b, flags_of(e));
    buf_put_u8(b, e->severity);
    buf_put_zigzag(b, e->spare);
    buf_put_zigzag(b, e->silent_until);
    buf_put_zigzag(b, e->command_seq);
    buf_put_zigzag(b, e->due_at);
    buf_put_zigzag(b, e->told_at);
    buf_put_u8(b, e->next_tier);
}

/* The ring from its oldest on. */
static void save_commands(const struct episode_commands *c, struct buf *b) {
    buf_put_varint(b, c->count);
    uint32_t first = (c->next + EPISODE_COMMANDS_MAX - c->count) % EPISODE_COMMANDS_MAX;
    for (uint32_t i = 0; i < c->count; i++) {
        const struct episode_print *p = &c->prints[(first + i) % EPISODE_COMMANDS_MAX];
        buf_put_u64(b, p->high);
        buf_put_u64(b, p->low);
    }
}

void episode_book_save(const struct episode_book *book, struct buf *b) {
    size_t count;
    struct episode **list = episode_sorted(book, true, &count);
    buf_put_varint(b, count);
    for (size_t i = 0; i < count; i++)
        save_one(list[i], b);
    free(list);
    buf_put_zigzag(b, book->forget_at);
    buf_put_u8(b, (uint8_t)(book->unsettled | book->orphans << 1));
    save_commands(book->commands, b);
    page_budget_save(&book->pages, b);
    item_caps_save(&book->caps, b);
    episode_past_save(&book->past, b);
}

static bool load_one(struct episode_book *book, struct cursor *c) {
    struct episode e = {.state = EPISODE_OPEN, .changed = true};
    struct alert alert;
    e.key = cursor_slice(c);
    e.bytes = cursor_slice(c);
    uint8_t flags = cursor_u8(c);
    e.acked = flags & FLAG_ACKED;
    e.held_back = flags & FLAG_HELD_BACK;
    e.counts_more = flags & FLAG_COUNTS_MORE;
    e.is_ground = flags & FLAG_IS_GROUND;
    e.severity = cursor_u8(c);
    e.spare = (int32_t)cursor_zigzag(c);
    e.silent_until = cursor_zigzag(c);
    e.command_seq = cursor_zigzag(c);
    e.due_at = cursor_zigzag(c);
    e.told_at = cursor_zigzag(c);
    e.next_tier = cursor_u8(c);
    bool told = e.told_at >= 0 && e.told_at <= EVENT_CLOCK_MAX; /* what comes after is added */
    if (c->failed || !told || flags > FLAGS || e.severity >= SEVERITY_COUNT ||
        !episode_unpack(e.bytes, &alert) || alert.seq < 1 ||
        alert.alert_id.size != EPISODE_ID_SIZE || episode_handle(book, e.key) != TABLE_NONE)
        return false;
    memcpy(e.id, alert.alert_id.at, EPISODE_ID_SIZE);
    e.kind = (uint8_t)alert.kind;
    e.seq = alert.seq;
    e.key = slice_copy(e.key);
    e.bytes = slice_copy(e.bytes);
    uint32_t handle = pool_get(&book->pool);
    *episode_at(book, handle) = e;
    episode_insert(book, handle);
    if (e.due_at != INSTANT_MAX)
        episode_due_add(&book->due, e.due_at, handle);
    return true;
}

static void load_commands(struct episode_commands *commands, struct cursor *c) {
    uint64_t count = cursor_varint(c);
    if (count > EPISODE_COMMANDS_MAX)
        cursor_fail(c);
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        commands->prints[i].high = cursor_u64(c);
        commands->prints[i].low = cursor_u64(c);
    }
    commands->count = c->failed ? 0 : (uint32_t)count;
    commands->next = commands->count % EPISODE_COMMANDS_MAX;
}

bool episode_book_load(struct episode_book *book, struct cursor *c, struct err *err) {
    uint64_t count = cursor_varint(c);
    for (uint64_t i = 0; i < count; i++) {
        if (!load_one(book, c))
            return err_set(err, "alert episodes of a snapshot: number %llu of %llu is damaged",
                           (unsigned long long)i + 1, (unsigned long long)count);
    }
    book->forget_at = cursor_zigzag(c);
    uint8_t unsettled = cursor_u8(c);
    book->unsettled = unsettled & 1;
    book->orphans = unsettled >> 1 & 1;
    if (unsettled > 3)
        cursor_fail(c);
    load_commands(book->commands, c);
    page_budget_load(&book->pages, c);
    item_caps_load(&book->caps, c);
    episode_past_load(&book->past, c);
    if (c->failed)
        return err_set(err, "alert episodes of a snapshot: the memory of ended keys is damaged");
    return true;
}
