/* The inside of the book of episodes, shared by the files episode*.c and by nobody else. */
#pragma once

#include "base/pool.h"
#include "base/table.h"
#include "core/episode.h"
#include "core/episode_due.h"
#include "core/episode_past.h"
#include "core/item_caps.h"
#include "core/page_budget.h"

#define EPISODE_ID_SIZE 32        /* 128 bits in hexadecimal */
#define EPISODE_COMMANDS_MAX 4096 /* ids of commands that are remembered */

/* X(from, transition, to): every move that an episode can make. ESCALATED, ACKED, SILENCED and
 * SUPPRESSED are said of an open episode and leave it open. */
#define EPISODE_MOVES(X)                                                                           \
    X(NONE, FIRING, OPEN)                                                                          \
    X(OPEN, UPDATED, OPEN)                                                                         \
    X(OPEN, ESCALATED, OPEN)                                                                       \
    X(OPEN, ACKED, OPEN)                                                                           \
    X(OPEN, SILENCED, OPEN)                                                                        \
    X(OPEN, SUPPRESSED, OPEN)                                                                      \
    X(OPEN, RESOLVED, ENDED)                                                                       \
    X(OPEN, EXPIRED, ENDED)                                                                        \
    X(OPEN, VOIDED, ENDED)

enum episode_state { EPISODE_FORBIDDEN, EPISODE_NONE, EPISODE_OPEN, EPISODE_ENDED, STATE_COUNT };

struct episode {
    struct slice key;   /* identity: the alert_key, for items without the scope; owned */
    struct slice bytes; /* latest Alert, episode_pack; owned */
    char id[EPISODE_ID_SIZE];
    int32_t seq;
    uint8_t kind;  /* enum alert_kind */
    uint8_t state; /* enum episode_state */
    bool changed;  /* since the last walk */

    /* How bad it is, and what of that was said. */
    uint8_t severity; /* as judged */
    bool held_back;   /* said as INFO: there were pages enough */
    bool counts_more; /* item alerts of its scope and minute that are silent (item_caps) */
    bool is_ground;   /* a child: one of those that its parent began with */
    int32_t spare;    /* a parent: how many of those that it began with it could do without */

    /* What people did to it. */
    bool acked;
    int64_t silent_until; /* INSTANT_NONE: it is not silent; INSTANT_MAX: until it is over */
    int64_t command_seq;  /* the latest that the sender of a command had seen */
    int64_t due_at;       /* its timer; INSTANT_MAX: none */
    int64_t told_at;      /* tiers count from here */
    uint8_t next_tier;    /* of the escalation */
};

struct gone {
    char id[EPISODE_ID_SIZE];
    uint8_t transition;
};

/* The ids of commands that came last: each is applied once. */
struct episode_commands {
    struct episode_print prints[EPISODE_COMMANDS_MAX]; /* a ring */
    uint32_t count, next;
};

/* One that was made in this step and is not said yet. */
struct held {
    uint32_t handle;
    size_t order;
};

struct episode_book {
    struct slice tenant; /* owned */
    uint32_t open_limit;
    struct pool pool; /* of struct episode */
    struct table table, by_id;
    uint32_t open_of[ALERT_KIND_COUNT];
    struct episode_due due;
    struct episode_past past;
    struct item_caps caps;
    struct page_budget pages;
    int64_t forget_at; /* clock of the next sweep; part of the state */
    struct episode_commands *commands;
    bool holding;   /* a step is judged */
    bool unsettled; /* something that has a parent began or ended since it was looked at */
    bool orphans;   /* a rule's parents were dropped since then, maybe not all their children */
    struct held *held;
    size_t held_count, held_capacity;
    struct gone *gone;
    size_t gone_count, gone_capacity;
    bool lost_track;
    struct episode_book_counts counts;
    struct buf identity, alert_key, bytes; /* scratch */
};

static inline struct episode *episode_at(const struct episode_book *book, uint32_t handle) {
    return pool_at(&book->pool, handle);
}

/* TABLE_NONE: none is open. */
uint32_t episode_handle(const struct episode_book *book, struct slice key);
uint32_t episode_handle_of_id(const struct episode_book *book, struct slice id);
uint32_t episode_handle_of_name(const struct judge_context *ctx, const struct episode_name *name);

/* Open episodes in key order (those that changed, or all); the caller frees the array. */
struct episode **episode_sorted(const struct episode_book *book, bool all, size_t *count);

int episode_by_key(const void *a, const void *b); /* for qsort: of struct episode * */

/* Into both indexes, and out again with its memory. */
void episode_insert(struct episode_book *book, uint32_t handle);
void episode_remove(struct episode_book *book, uint32_t handle);

/* Every transition of every episode passes here: checked against the table, handed over, kept. */
void episode_move(const struct judge_context *ctx, struct episode *episode, enum transition to,
                  struct alert *alert);

/* A new episode, not said yet: its key, id and names. TABLE_NONE: open_limit is reached. */
uint32_t episode_make(const struct judge_context *ctx, const struct episode_name *name,
                      struct alert *alert);

/* FIRING of one just made; the page is counted, and INFO where there were enough. */
void episode_begin(const struct judge_context *ctx, uint32_t handle, struct alert *alert);

/* Keeps what is to be said of one just made until the step is judged (or it ends before); then it
 * is said, as a child of parent_id where that is not empty. */
void episode_hold(struct episode_book *book, uint32_t handle, struct alert *alert);
void episode_unhold(const struct judge_context *ctx, uint32_t handle, struct slice parent_id);

/* From here on it is a child of that parent (SUPPRESSED), one of those that it began with or not;
 * or of none (it comes back; one not said yet stays so). */
void episode_suppress(const struct judge_context *ctx, uint32_t handle, struct slice parent_id,
                      bool is_ground);

/* A parent with other figures: UPDATED. */
void episode_update_roll_up(const struct judge_context *ctx, uint32_t handle, struct alert *alert);

/* One of those that a parent began with is VOIDED: it may have begun without ground. */
void episode_ground_lost(struct episode_book *book, struct slice parent_id);

/* Its last word on the silent ones that it counts. */
void episode_caps_end(struct episode_book *book, struct episode *episode, struct alert *alert);

/* The same of the Alert as it stands. */
void episode_say(const struct judge_context *ctx, uint32_t handle, enum transition to);

/* Sets its timer by what is known of it: what is due before from_at comes then. */
void episode_set_due(const struct judge_context *ctx, uint32_t handle, int64_t from_at);
/* The same, when its Alert and the escalation of its rule (or NULL) are at hand. */
void episode_set_due_by(const struct judge_context *ctx, uint32_t handle,
                        const struct escalation *escalation, const struct alert *alert,
                        int64_t from_at);
