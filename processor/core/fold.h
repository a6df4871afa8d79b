/* Folds events and time into the state of an interaction, and writes what that contributes. */
#pragma once

#include "core/interaction.h"
#include "core/ledger.h"
#include "core/moment.h"

/* Events of one interaction that are folded together at most. */
#define MOMENTS_MAX 256

struct fold {
    struct leaf_dict *leaves;
    struct ledger ledger;
    uint64_t aged; /* interactions aged out by this fold */
    /* NULL: the clocks' rules are those of the leaf's contract; else of this one. */
    const struct contract *under;
};

/* What an interaction was counted by until its contract changed. */
struct fold_before {
    const struct contract *contract;
    const struct leaf *leaf; /* of the last visit; NULL: there was none */
};

/* What the event would do now; changes nothing. */
enum moment_outcome fold_judge(const struct interaction *i, const struct moment *m);

/* Time passes to the event, then it has its effect; both in one call, so that a deadline before
 * the event is seen at its own instant. */
enum moment_outcome fold_event(struct fold *f, struct interaction *i, const struct moment *m);

/* The same where nothing falls due before the event. */
enum moment_outcome fold_event_alone(struct fold *f, struct interaction *i, const struct moment *m);

/* An event names its journey, which none did before: what the state still knows of it, the last
 * visit and the last leg, is part of that. */
void fold_name_journey(struct interaction *i, uint64_t journey);

/* What its part of a journey says to have of it can be taken back. */
bool fold_journey_is_whole(const struct interaction *i);

/* Whatever falls due before `until_at` happens, one by one, each at its own instant. Returns what
 * fold_next_at would. */
int64_t fold_time(struct fold *f, struct interaction *i, int64_t until_at);

/* Another contract is in force from `at` on, up to which time has passed. The interaction has the
 * leaves of the new one, its clocks still the rules of the old one. The last visit is counted by
 * the new thresholds as well; clocks go on, are retargeted, voided or begun as CONTRACT says. The
 * facts that this writes name rules of the old contract. */
void fold_change_contract(struct fold *f, struct interaction *i, const struct fold_before *before,
                          int64_t at);

/* The next instant at which something falls due, or INSTANT_MAX. */
int64_t fold_next_at(const struct fold *f, const struct interaction *i);

/* The events of one instant, in the order that numbers of their source and the life cycle allow.
 * Writes each one's outcome; true when each had an effect and they stood in that order already,
 * so that one more at the end needs no second look. */
bool fold_instant(struct fold *f, struct interaction *i, struct moment *moments, size_t count);

/* Many events, sorted by event_at; then time up to until_at. As fold_instant for the last. */
bool fold_all(struct fold *f, struct interaction *i, struct moment *moments, size_t count,
              int64_t until_at);
