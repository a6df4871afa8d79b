/* An Alert as bytes and back: how a book keeps the latest Alert of each open episode. */
#pragma once

#include "base/buf.h"
#include "core/alert.h"

/* Appends. Equal alerts give equal bytes. */
void episode_pack(const struct alert *alert, struct buf *b);

/* The slices are views into bytes. False: these are not bytes of episode_pack. */
bool episode_unpack(struct slice bytes, struct alert *alert);
