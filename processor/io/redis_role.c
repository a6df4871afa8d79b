#include "io/redis_role.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_text(const redisReply *reply, const char *text) {
    return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, text) == 0;
}

static bool take(const redisReply *host, int64_t port, struct redis_address *address) {
    if (host->type != REDIS_REPLY_STRING || !host->len || host->len >= sizeof address->host ||
        port <= 0 || port > 65535)
        return false;
    snprintf(address->host, sizeof address->host, "%s", host->str);
    address->port = (int)port;
    return true;
}

static void take_only_name(const redisReply *names, struct redis_address *address) {
    if (*address->master || names->type != REDIS_REPLY_ARRAY || names->elements != 1)
        return;
    const redisReply *name = names->element[0];
    if (name->type == REDIS_REPLY_STRING && name->len < sizeof address->master)
        snprintf(address->master, sizeof address->master, "%s", name->str);
}

enum redis_role redis_role_of(const redisReply *reply, struct redis_address *address) {
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
        return REDIS_ROLE_UNKNOWN;
    const redisReply *role = reply->element[0], *next = reply->element[1];
    if (is_text(role, "master"))
        return REDIS_ROLE_MASTER;
    if (is_text(role, "sentinel")) {
        take_only_name(next, address);
        return REDIS_ROLE_SENTINEL;
    }
    if (is_text(role, "slave") && reply->elements >= 3 &&
        reply->element[2]->type == REDIS_REPLY_INTEGER &&
        take(next, reply->element[2]->integer, address))
        return REDIS_ROLE_REPLICA;
    return REDIS_ROLE_UNKNOWN;
}

bool redis_role_take_master(const redisReply *reply, struct redis_address *address) {
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
           reply->element[1]->type == REDIS_REPLY_STRING &&
           take(reply->element[0], strtoll(reply->element[1]->str, NULL, 10), address);
}

bool redis_role_is_refusal(const redisReply *reply) {
    return reply->type == REDIS_REPLY_ERROR && strstr(reply->str, "READONLY");
}
