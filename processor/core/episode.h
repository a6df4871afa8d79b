/* The open alert episodes of one tenant, by alert_key, and the life that each must lead: FIRING
 * first, exactly one end, seq without gaps from 1, at most one open per key. Checked at each
 * move. */
#pragma once

#include "base/cursor.h"
#include "core/judge.h"

/* What an episode is about; with tenant and contract of the context it makes the alert_key
 * "tenant|contract|rule|kind|scope|interaction|instance", each part percent-encoded. An
 * interaction is found again whatever scope it has by then: its scope is no part of the
 * identity. */
struct episode_name {
    enum alert_kind kind;
    struct slice rule;
    struct slice contract;       /* empty: the name of the contract in force */
    const struct scope *scope;   /* NULL: the whole tenant */
    struct slice interaction_id; /* empty: none */
    uint32_t instance;           /* of the clock; 0: none */
};

/* X(name, meaning) */
#define EPISODE_BOOK_COUNTS(X)                                                                     \
    X(fired, "episodes begun")                                                                     \
    X(ended, "episodes ended")                                                                     \
    X(moves, "transitions emitted")                                                                \
    X(refused, "episodes not begun because open_limit was reached")                                \
    X(forgotten, "ended episodes forgotten before their time because there were too many")         \
    X(not_open, "ends told of episodes that were not open")                                        \
    X(commands_forgotten, "ids of commands forgotten: a repeat of one would count again")          \
    X(escalated, "further tiers told")                                                             \
    X(paged, "pages: FIRING and ESCALATED above INFO, late ones apart")                            \
    X(held_back, "FIRING said as INFO: pages_per_hour, or another stands for it")                  \
    X(rolled_up, "alerts of parents, which stand for those of their children")                     \
    X(suppressed, "children SUPPRESSED by their parent")                                           \
    X(delayed, "further tiers that waited for room within pages_per_hour")                         \
    X(capped, "item alerts beyond items_per_minute, which another one counts")                     \
    X(caps_forgotten, "minutes of scopes forgotten before their time: too many of them")

#define EPISODE_BOOK_COUNT_FIELD(name, meaning) uint64_t name;
struct episode_book_counts {
    EPISODE_BOOK_COUNTS(EPISODE_BOOK_COUNT_FIELD)
};

#define EPISODE_OPEN_LIMIT 200000 /* a sensible open_limit for one tenant */
/* An ended key is remembered this long (longer when `quiet` is): opened again, it gets a new id. */
#define EPISODE_MEMORY_MS (26 * HOUR_MS)
#define EPISODE_MEMORY_MAX 65536

struct episode_book *episode_book_new(struct slice tenant, uint32_t open_limit);
void episode_book_free(struct episode_book *book);

size_t episode_book_open(const struct episode_book *book);
const struct episode_book_counts *episode_book_counts(const struct episode_book *book);

/* Canonical bytes: sorted by key. Load goes into a book just made; on false free it. */
void episode_book_save(const struct episode_book *book, struct buf *b);
MUST_USE bool episode_book_load(struct episode_book *book, struct cursor *c, struct err *err);

/* Calls `visit` with the latest Alert of each episode that is open and changed since the last
 * walk (`all`: of each that is open), in key order; then, with open = false and nothing but
 * alert_id, tenant and transition set, for each that ended since then. */
typedef void episode_visit_fn(void *context, const struct alert *alert, bool open);
void episode_book_show(struct episode_book *book, bool all, episode_visit_fn *visit, void *context);

/* True when so many ended since the last walk that not all are listed: whoever shows them must
 * publish the tenant in full. */
bool episode_book_lost_track(const struct episode_book *book);

/* Fills *alert with the latest Alert of the open episode; views until the book's next change.
 * False: none is open. `alert` may be NULL. */
bool episode_find(const struct judge_context *ctx, const struct episode_name *name,
                  struct alert *alert);

/* False while the key stays silent after its last episode (alerts.quiet; VOIDED leaves none). */
bool episode_may_fire(const struct judge_context *ctx, const struct episode_name *name, int64_t at);

/* FIRING. The caller has filled in what is known; id, key, seq, transition, kind, rule, late are
 * set here, and INFO where it is not to be a page. False: open_limit is reached, nothing was said.
 * None may be open. */
bool episode_fire(const struct judge_context *ctx, const struct episode_name *name,
                  struct alert *alert);

/* The same of an item: beyond items_per_minute of its kind and scope it is silent, `suppressed_by`
 * the one that counts it, which may be itself. */
bool episode_fire_item(const struct judge_context *ctx, const struct episode_name *name,
                       struct alert *alert);

/* Around the judges of a step: what fires between is said at the release, the gravest first, so
 * that parents can stand for it (core/episode_roll_up.h). */
void episode_book_hold(struct episode_book *book);
void episode_book_release(const struct judge_context *ctx);

/* True when something that can have a parent began or ended since the last release. */
bool episode_book_is_unsettled(const struct episode_book *book);

/* The contract changed: parents are judged anew at the next step. */
void episode_book_unsettle(struct episode_book *book);

/* UPDATED of those that count silent ones, where there are more of them than was said. To be called
 * at steps. */
void episode_book_count_more(const struct judge_context *ctx);

/* UPDATED with these fields; the episode must be open. `opened_at` stays. Graver than before it may
 * be for tiers that were not told. */
void episode_update(const struct judge_context *ctx, const struct episode_name *name,
                    struct alert *alert);

/* The end: RESOLVED, EXPIRED or VOIDED. `alert` is what episode_find gave, changed where the end
 * changes it, or NULL for the last Alert as it stands. Nothing open: counted, false (a VOIDED is
 * remembered, so that the same condition said again is a new episode). */
bool episode_end(const struct judge_context *ctx, const struct episode_name *name,
                 enum transition end, int64_t ended_at, const struct alert *alert);

struct command; /* core/command.h */

/* X(symbol, name): what became of a command. */
#define COMMAND_RESULTS(X)                                                                         \
    X(DONE, "done")                                                                                \
    X(REPEATED, "repeated")   /* it has been seen before: nothing is said of it */                 \
    X(UNKNOWN_OP, "unknown_op")                                                                    \
    X(NOT_OPEN, "not_open")   /* the alert is over, or there never was one */                      \
    X(STALE, "stale")         /* the sender had not seen what another one did */                   \
    X(PAST, "past")           /* until_at has passed */                                            \
    X(NO_EFFECT, "no_effect") /* it is so already */

#define COMMAND_RESULT_ENUM(symbol, name) COMMAND_RESULT_##symbol,
enum command_result { COMMAND_RESULTS(COMMAND_RESULT_ENUM) COMMAND_RESULT_COUNT };

const char *command_result_name(enum command_result result);

/* A person's command, in the order of the log: its transition is said, if it has an effect. The
 * condition of an alert is not a person's to end: RESOLVE is ACK and SILENCE until it is over. */
enum command_result episode_command(const struct judge_context *ctx, const struct command *command);

/* When the next timer rings, or earlier; INSTANT_MAX: none is set. */
int64_t episode_book_due(const struct episode_book *book);

/* Time passes: silences end, further tiers are told (ESCALATED), each at its own instant. */
void episode_book_pass(const struct judge_context *ctx, int64_t until_at);

/* The contract changed at `at`, and its escalations with it: of tiers that would have been due
 * before, the last is told then. */
void episode_book_retime(const struct judge_context *ctx, int64_t at);

/* Lets ended keys be forgotten whose time has passed. To be called at steps, however often. */
void episode_book_forget(struct episode_book *book, int64_t clock, int64_t quiet_ms);
