/* Events as nearly all are: written with the fields of our own schema, one after the other, each in
 * its usual form. Those are read without a program; all that is anything else is left to it. */
#pragma once

#include "codec/plan_bytes.h"

/* True when a field of an event may be null in our schema. */
bool plan_usual_null(size_t slot);

/* Reads all fields of EVENT_SLOTS. False: something is not as usual; `p` has not moved, and fields
 * of `ev` that were read are those that the program will read. */
bool plan_usual_read(struct place *p, struct event *ev);
