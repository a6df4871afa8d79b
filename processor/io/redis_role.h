/* Who answers at an address: a master, a replica, or a sentinel that knows where the master is. */
#pragma once

#include <hiredis/hiredis.h>

#include "io/redis_url.h"

/* X(symbol, meaning) */
#define REDIS_ROLES(X)                                                                             \
    X(MASTER, "takes writes")                                                                      \
    X(REPLICA, "names its master")                                                                 \
    X(SENTINEL, "has to be asked for the master by its name")                                      \
    X(UNKNOWN, "does not tell; a user may lack the right to ask")

#define REDIS_ROLE_ENUM(symbol, meaning) REDIS_ROLE_##symbol,
enum redis_role { REDIS_ROLES(REDIS_ROLE_ENUM) REDIS_ROLE_COUNT };

/* Of the answer to ROLE. For a replica, `address` gets its master's host and port; for a sentinel,
 * an empty address->master gets the name of the only master that it watches and stays empty when
 * there are several. */
enum redis_role redis_role_of(const redisReply *reply, struct redis_address *address);

/* Of the answer to SENTINEL get-master-addr-by-name: host and port; false when there is none. */
bool redis_role_take_master(const redisReply *reply, struct redis_address *address);

/* True for the error of a server that has become a replica. */
bool redis_role_is_refusal(const redisReply *reply);
