/* An interaction's state and its moments as the few bytes that they take while nothing happens, in
 * memory and in what is saved. Little-endian. */
#pragma once

#include "base/cursor.h"
#include "core/interaction.h"
#include "core/moment.h"
#include "tasks/interaction_names.h"

#define PACKED_INTERACTION_MAX 640 /* bytes */
#define PACKED_MOMENT_MAX 12       /* words */

/* Leaves that are new get a place: before it is packed. */
void pack_names(struct names *names, const struct interaction *i);

/* Returns how many bytes it took. */
size_t pack_interaction(const struct names *names, const struct interaction *i, unsigned char *to);

/* Fails the cursor on what pack_interaction does not write of one with so many tracks. Which rules
 * of the contract there are is not looked at. */
void unpack_interaction(const struct names *names, struct cursor *in, uint8_t tracks,
                        struct interaction *i);

/* The newest event and the leaf, without the rest; INSTANT_NONE and LEAF_NONE of a new one. */
struct packed_head {
    int64_t last_at;
    uint32_t leaf;
};
struct packed_head unpack_head(const struct names *names, struct cursor *in);

/* Returns how many words it took. */
size_t pack_moment(struct names *names, const struct moment *m, uint64_t *to);

/* How many words a moment takes that begins here, and what it says. */
size_t packed_moment_size(const uint64_t *from);
int64_t packed_moment_event_at(const uint64_t *from);
uint64_t packed_moment_identity(const uint64_t *from);
uint32_t packed_moment_leaf(const struct names *names, const uint64_t *from);
enum moment_outcome packed_moment_outcome(const uint64_t *from);

/* From words that pack_moment wrote, or that packed_moment_is_whole. */
size_t unpack_moment(const struct names *names, const uint64_t *from, struct moment *m);

/* Of bytes that somebody else may have written: `left` words are there. */
bool packed_moment_is_whole(const struct names *names, const uint64_t *from, size_t left);
