#include "core/outlook_words.h"

#include <math.h>

#include "base/civil.h"
#include "core/objective_window.h"

static struct objective_sentence about(const struct objective *o, const struct scope *scope,
                                       const struct figure *figure) {
    return (struct objective_sentence){o, scope, figure};
}

static void put_agreed(struct buf *b, const struct objective *o) {
    summary_text(b, o->at_least ? "at least " : "at most ");
    summary_ratio(b, o->target);
}

/* "Service level of queue PS at site main is 62.5 % (25 of 40 within 20 s) today" */
static void put_so_far(struct buf *b, const struct objective *o, const struct scope *scope,
                       const struct figure *f) {
    struct objective_sentence s = about(o, scope, f);
    objective_put_subject(b, &s);
    summary_text(b, " is ");
    objective_put_figure(b, &s, o->target);
    objective_put_window(b, o->window);
}

/* "1h": windows are named as contracts name them. */
static void put_length(struct buf *b, int64_t length_ms) {
    char text[32];
    duration_format(length_ms, text);
    summary_text(b, length_ms == DAY_MS ? "24h" : text);
}

/* "2026-11-27 14:20", in the tenant's zone */
static void put_local_time(struct buf *b, const struct zone *zone, int64_t at) {
    int64_t local = at + zone_offset_ms(zone, at);
    int64_t midnight = instant_floor(local, DAY_MS);
    struct civil date = civil_of_days(midnight / DAY_MS);
    buf_put_format(b, "%04lld-%02lld-%02lld %02lld:%02lld", (long long)date.year,
                   (long long)date.month, (long long)date.day,
                   (long long)((local - midnight) / HOUR_MS),
                   (long long)((local - midnight) % HOUR_MS / MINUTE_MS));
}

/* Never more than can be. */
static void put_needed(struct buf *b, const struct objective *o, const struct outlook_look *look) {
    double needed = o->at_least ? look->needed : 1 - look->needed;
    summary_text(b, o->at_least ? "at least " : "at most ");
    summary_ratio(b, fmin(fmax(needed, 0), 1));
}

static void put_projected(struct buf *b, const struct contract *c, const struct objective *o,
                          const struct outlook_look *look) {
    struct objective_sentence recent = about(o, NULL, &look->recent);
    summary_text(b, "; the about ");
    summary_count(b, llround(look->expected));
    summary_text(b, " still to come must bring ");
    put_needed(b, o, look);
    summary_text(b, ", and the last ");
    put_length(b, look->recent_ms);
    summary_text(b, " brought ");
    objective_put_figure(b, &recent, o->at_least ? look->needed : 1 - look->needed);
    if (look->lost_at != ALERT_LONG_NONE) {
        summary_text(b, ": at that rate the agreed ");
        summary_ratio(b, o->target);
        summary_text(b, " is out of reach from ");
        put_local_time(b, &c->zone, look->lost_at);
        summary_text(b, " on");
    }
    summary_text(b, ".");
}

static void put_pace(struct buf *b, const struct objective *o, const struct scope *scope,
                     const struct outlook_look *look) {
    struct objective_sentence over = about(o, scope, &look->over_long);
    double target = o->at_least ? o->target : 1 - o->target;
    double long_level = objective_value(&look->over_long);
    double short_level = objective_value(&look->over_short);
    objective_put_subject(b, &over);
    summary_text(b, " was ");
    objective_put_figure(b, &over, o->target);
    summary_text(b, " over ");
    put_length(b, look->pace->long_ms);
    summary_text(b, ": ");
    summary_number(b, outlook_burn(target, o->at_least ? long_level : 1 - long_level));
    summary_text(b, " times the misses that ");
    put_agreed(b, o);
    summary_text(b, " allows, and ");
    summary_number(b, outlook_burn(target, o->at_least ? short_level : 1 - short_level));
    summary_text(b, " times over the last ");
    put_length(b, look->pace->short_ms);
    summary_text(b, "; it is ");
    summary_ratio(b, objective_value(&look->so_far));
    objective_put_window(b, o->window);
    summary_text(b, ".");
}

/* How the period ends if everything that is still to come is good. */
static void put_lost(struct buf *b, const struct objective *o, const struct outlook_look *look) {
    const struct figure *f = &look->so_far;
    double good = (double)f->numerator + (o->at_least ? look->expected : 0);
    summary_text(b, "; even if all of the about ");
    summary_count(b, llround(look->expected));
    summary_text(b, " still to come were good it would end at ");
    summary_beside(b, good / ((double)f->denominator + look->expected), o->target, UNIT_RATIO);
    summary_text(b, ", and ");
    put_agreed(b, o);
    summary_text(b, " is agreed.");
}

void outlook_put_fired(struct buf *b, const struct contract *contract,
                       const struct objective *objective, const struct scope *scope,
                       const struct outlook_look *look, enum alert_kind kind) {
    bool lost = kind == ALERT_OBJECTIVE_UNRECOVERABLE;
    if (!lost && !look->projected) {
        put_pace(b, objective, scope, look);
        return;
    }
    put_so_far(b, objective, scope, &look->so_far);
    if (lost)
        put_lost(b, objective, look);
    else
        put_projected(b, contract, objective, look);
}

void outlook_put_ended(struct buf *b, const struct objective *objective, const struct scope *scope,
                       const struct outlook_look *look, enum alert_kind kind,
                       enum outlook_end why) {
    struct objective_sentence s = about(objective, scope, &look->so_far);
    if (why == OUTLOOK_OVER) {
        objective_put_over(b, &s);
        return;
    }
    put_so_far(b, objective, scope, &look->so_far);
    if (why == OUTLOOK_GROUNDLESS) {
        summary_text(b, ", as late events have shown: the alert had no ground.");
    } else if (why == OUTLOOK_MISSED) {
        summary_text(b, ": no longer at risk but missed, ");
        put_agreed(b, objective);
        summary_text(b, " is agreed.");
    } else {
        summary_text(b, kind == ALERT_OBJECTIVE_AT_RISK ? ", and on course for the agreed "
                                                        : ", and can still reach the agreed ");
        summary_ratio(b, objective->target);
        summary_text(b, " again.");
    }
}
