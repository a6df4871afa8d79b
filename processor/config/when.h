/* `when` and `per`: which visits a rule is for, and by what it is judged apart. */
#pragma once

#include "config/reader.h"
#include "core/match.h"

void when_read(struct reader *r, const struct tree_node *node, struct match *match);
void when_read_per(struct reader *r, const struct tree_node *node, uint32_t *mask);

/* Words of reader_word, from the one after UNKNOWN: index 0 is CHANNEL_VOICE. */
const char *when_channel_word(size_t index);
const char *when_priority_word(size_t index);
const char *when_direction_word(size_t index);
