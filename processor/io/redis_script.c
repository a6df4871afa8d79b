#include "io/redis_script.h"

/* "LOG OFFSET" in the field _guard. Another log's guard means another cluster or a recreated
 * topic: its figures are not ours, and the new writer is right. */
#define GUARD                                                                                      \
    "local meta = string.sub(KEYS[1], -5) == ':meta'\n"                                            \
    "local session = meta and redis.call('HGET', KEYS[1], '_session')\n"                           \
    "local old = redis.call('HGET', KEYS[1], '_guard')\n"                                          \
    "if old then\n"                                                                                \
    "  local log, at = string.match(old, '^(%S+) (%d+)$')\n"                                       \
    "  if log == ARGV[1] and tonumber(at) > tonumber(ARGV[2]) then return 'stale' end\n"           \
    "end\n"

#define SET                                                                                        \
    "redis.call('HSET', KEYS[1], '_guard', ARGV[1] .. ' ' .. ARGV[2], unpack(ARGV, 5))\n"          \
    "redis.call('PEXPIRE', KEYS[1], ARGV[3])\n"

/* The meta that this connection wrote is not there: the server was wiped. Perhaps a write that was
 * given up, of another owner's or of ours before we connected again, came after that and made
 * another one, so it is not enough that there is some. */
#define ANSWER                                                                                     \
    "if meta then redis.call('HSET', KEYS[1], '_session', ARGV[4]) end\n"                          \
    "if meta and session ~= ARGV[4] then return 'gone' end\n"                                      \
    "return 'ok'\n"

const char *const redis_script_replace = GUARD "redis.call('DEL', KEYS[1])\n" SET ANSWER;

const char *const redis_script_set = GUARD SET ANSWER;

const char *const redis_script_delete = GUARD
    "redis.call('HDEL', KEYS[1], unpack(ARGV, 5))\n"
    "redis.call('HSET', KEYS[1], '_guard', ARGV[1] .. ' ' .. ARGV[2])\n"
    "redis.call('PEXPIRE', KEYS[1], ARGV[3])\n" ANSWER;

const char *const redis_script_add = "redis.call('SADD', KEYS[1], unpack(ARGV, 5))\n"
                                     "redis.call('PEXPIRE', KEYS[1], ARGV[3])\n"
                                     "return 'ok'\n";
