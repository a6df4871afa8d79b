/* The scripts that write one key of the view, each guarded by who wrote it last. */
#pragma once

/* All take KEYS[1], the writer's log, its offset, how long to keep the key (ms), the session (one
 * connection's token), then fields. They answer "ok", "stale" when a later offset of the same log
 * has written, and "gone" when the meta, which is written with every update, was not there or was
 * written by another session. */
extern const char *const redis_script_replace;
extern const char *const redis_script_set;
extern const char *const redis_script_delete;
extern const char *const redis_script_add;
