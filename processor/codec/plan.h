/* The decode plan: one writer's schema compiled into a flat program that reads InteractionEvent, or
 * another record that has a table of slots.
 *
 * Fields are bound by name, or by an alias of ours; what the writer does not have, or has as null,
 * keeps our default; what we do not want is skipped. There is no early end: skipped fields are
 * walked to the last byte, so that a cut record or bytes left over are found, but their strings,
 * enum indices and booleans are not looked into. */
#pragma once

#include "base/err.h"
#include "codec/schema_tree.h"
#include "core/event.h"

#define PLAN_DEPTH_MAX 32       /* records and collections within each other, in skipped data */
#define PLAN_FREE_ELEMENTS 4096 /* elements that a record may have beyond its bytes */

enum plan_result {
    PLAN_DECODED,
    PLAN_UNDECODABLE, /* the bytes are not what the schema says, or cannot become our fields */
    PLAN_INVALID,     /* a string that we read is not UTF-8, or longer than EVENT_TEXT_MAX */
};

struct plan; /* opaque, immutable */

/* The roots of both must be records; neither is needed after the call. */
struct plan *plan_new(const struct schema_tree *writer, const struct schema_tree *reader);
void plan_free(struct plan *p);

struct slot_table; /* codec/event_slots.h */

/* The same for another record of ours, to be run by plan_run_into alone. `into` outlives it. */
struct plan *plan_new_into(const struct slot_table *into, const struct schema_tree *writer,
                           const struct schema_tree *reader);
enum plan_result plan_run_into(const struct plan *p, struct slice datum, void *record,
                               struct err *err);

/* Decodes one datum; strings in `ev` are views into it. `err` says what is wrong otherwise, and
 * then `ev` is of no use. Reads no byte outside of the datum, allocates nothing; the work is
 * bounded by the datum's bytes and PLAN_FREE_ELEMENTS. */
enum plan_result plan_run(const struct plan *p, struct slice datum, struct event *ev,
                          struct err *err);

/* Decodes the datum at the head of `rest`, after which more may follow, and takes it away from
 * there; also where it is INVALID. UNDECODABLE: where it ends is not known, `rest` is untouched. */
enum plan_result plan_run_next(const struct plan *p, struct slice *rest, struct event *ev,
                               struct err *err);
