/* `roles` and `escalations`: whom alerts are for. */
#pragma once

#include "config/reader.h"

/* Into r->roles. */
void people_read_roles(struct reader *r, const struct tree_node *map);

/* Into r->escalations, each with the role of its first tier; r->roles must have been read. */
void people_read_escalations(struct reader *r, const struct tree_node *map);
