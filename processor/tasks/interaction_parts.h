/* The inside of the interaction task, for its own files only. */
#pragma once

#include "tasks/interaction_efforts.h"
#include "tasks/interaction_facts.h"
#include "tasks/interaction_feeds.h"
#include "tasks/interaction_gauges.h"
#include "tasks/interaction_graves.h"
#include "tasks/interaction_journey.h"
#include "tasks/interaction_misses.h"
#include "tasks/interaction_tail.h"
#include "tasks/interaction_task.h"

/* How long a closed interaction is remembered after its last event: repeats and late news find it
 * at least so long, REOPENED finds a resolved one. */
#define CLOSED_KEPT_MS HOUR_MS
#define RESOLVED_KEPT_MS DAY_MS

/* Many more interactions end in a day than are kept at one time. A grave takes about 28 bytes with
 * its place in the table, a record about 140. */
#define GRAVES_PER_RECORD 4

/* Interactions that are cold and closed, in the order of (last event, name). */
struct closed_list {
    uint32_t first, last;         /* RECORD_NONE: it is empty */
    uint32_t near;                /* the last one that did not come to the end */
    int64_t oldest_at, newest_at; /* the last events of both; INSTANT_NONE of an empty one */
};

struct interaction_task {
    struct interaction_task_options options;
    struct interaction_task_counts counts;
    struct record_store store;
    struct wheel *wheel;
    struct gauges gauges;
    struct feeds feeds;
    struct graves graves;
    int64_t clock;         /* INSTANT_NONE before the first record */
    int64_t newest_log_at; /* INSTANT_NONE: none */
    int64_t effective_at;  /* the clock at which another version of a contract takes over */
    bool ended;
    char *topic; /* owned, of the records; NULL before the first */
    size_t open; /* interactions that something can still come of */

    struct closed_list closed; /* nearly all: forgotten one after the other, without timers */
    struct closed_list kept;   /* resolved, or heard of late: each has a timer */

    struct ledger_facts told, holds;   /* scratch: facts before and after */
    struct moment before[MOMENTS_MAX]; /* scratch: the tail as it was, */
    struct moment after[MOMENTS_MAX];  /* and as it will be */
};

/* interaction_closed.c: the lists of closed interactions. */
void closed_init(struct interaction_task *t);
/* No effect unless it is cold. In order: see settle_is_in_order. */
void closed_add(struct interaction_task *t, uint32_t handle, int64_t last_at, bool in_order);
void closed_remove(struct interaction_task *t, uint32_t handle);
/* Of both lists, or RECORD_NONE. */
uint32_t closed_oldest(const struct interaction_task *t);
/* What forgetting the first one and those after it will touch. */
void closed_bring_near(const struct interaction_task *t);

/* interaction_change.c: one record changes. Writes the moment's outcome. */
void change_by_event(struct interaction_task *t, uint32_t handle, struct moment *m,
                     uint64_t journey, const struct record_place *place, struct outbox *out);

/* Time has gone on to the task's clock; settles, drops or arms it as change_finish does. */
void change_on_timer(struct interaction_task *t, uint32_t handle, struct outbox *out);

/* Settles, drops or arms the record after a change; it may be gone afterwards. */
void change_finish(struct interaction_task *t, uint32_t handle, struct outbox *out);

/* What is kept of an interaction's state elsewhere. */
struct standing {
    struct gauge_standing ages;      /* unless nobody asks for them */
    struct journey_standing journey; /* of one in none its name alone, 0 */
    bool open;
};
static inline struct standing change_standing(const struct interaction_task *t,
                                              const struct interaction *now) {
    struct standing s;
    if (!t->options.without_ages)
        s.ages = gauges_standing(now);
    s.open = interaction_is_open(now);
    s.journey.part.journey = now->journey.journey;
    if (now->journey.journey != 0)
        s.journey = journey_standing(now);
    return s;
}

/* It follows the state. */
void change_follow(struct interaction_task *t, const struct record *r, const struct standing *stood,
                   const struct interaction *now, struct outbox *out);

/* One that was loaded: gauges and the count of the open hear of it. */
void change_appear(struct interaction_task *t, const struct interaction *now);

/* Sets the record's timer; INSTANT_MAX: none. */
void change_arm(struct interaction_task *t, uint32_t handle, int64_t due_at);

/* Out of every list, the wheel and the store; a grave stays where repeats can still come. */
void change_drop(struct interaction_task *t, uint32_t handle);

/* interaction_settle.c: what is older than `reorder` goes from the tail into the base. True when
 * all of it did at once: the record is cold, and `base` is what it holds. */
bool settle_until(struct interaction_task *t, struct record *r, int64_t horizon_at,
                  struct interaction *base, struct outbox *out);
void settle_first_instant(struct interaction_task *t, struct record *r, struct outbox *out);

/* When something of the record has to be looked at again, or INSTANT_MAX. */
int64_t settle_due_at(const struct interaction_task *t, const struct record *r,
                      const struct interaction *now);

/* When one that is closed is forgotten follows from its last event alone, as that of all others
 * for which it does. */
bool settle_is_in_order(const struct interaction *now);

/* When the first of those is forgotten, or INSTANT_MAX. */
int64_t settle_forgets_at(const struct interaction_task *t);

/* interaction_save.c: all records in an order that depends on their names alone. The caller frees
 * them. */
struct table_slot *record_order(const struct record_store *s);

/* The first byte of what is saved: another one is not read. */
#define SAVED_VERSION 11

/* interaction_contract.c: finds effective_at, when the contracts or the clock are others. */
void contracts_look_ahead(struct interaction_task *t);

/* interaction_letters.c: dead letters, as sentences. */
void letter_send(struct interaction_task *t, const struct record_place *place,
                 enum dead_letter_reason reason, struct slice detail, struct outbox *out);
void letter_impossible(struct interaction_task *t, const struct record *r, enum phase phase,
                       const struct moment *m, const struct kept *kept, struct outbox *out);
