/* `roles` and `escalations`: who is told, and in which order. */
#pragma once

#include "config/reader.h"
#include "core/contract.h"

/* Into r->roles: their hours are calendars of the contract, which have been read before. */
void people_read_roles(struct reader *r, const struct tree_node *map, const struct contract *c);

/* Into c->escalations, and their names into r->escalations. */
void people_read_escalations(struct reader *r, const struct tree_node *map);
