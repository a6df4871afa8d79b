#include "io/redis_reader.h"

#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "io/redis_role.h"
#include "io/redis_url.h"

#define HOPS_MAX 3 /* from address to address, until a master is found */

struct redis_reader {
    redisContext *redis;
    redisSSLContext *ssl;
};

static bool good_reply(redisReply *reply) {
    bool good = reply && reply->type != REDIS_REPLY_ERROR;
    freeReplyObject(reply);
    return good;
}

static bool log_in(redisContext *redis, const struct redis_address *a, struct err *err) {
    bool good = true;
    if (*a->password && *a->user)
        good = good_reply(redisCommand(redis, "AUTH %s %s", a->user, a->password));
    else if (*a->password)
        good = good_reply(redisCommand(redis, "AUTH %s", a->password));
    if (!good)
        return err_set(err, "redis at %s:%d refused the login; see the setting redis", a->host,
                       a->port);
    if (a->database && !good_reply(redisCommand(redis, "SELECT %d", a->database)))
        return err_set(err, "redis at %s:%d has no database %d", a->host, a->port, a->database);
    return true;
}

static void disconnect(struct redis_reader *r) {
    if (r->redis)
        redisFree(r->redis);
    if (r->ssl)
        redisFreeSSLContext(r->ssl);
    r->redis = NULL;
    r->ssl = NULL;
}

static bool open_at(struct redis_reader *r, const struct redis_address *a, struct err *err) {
    r->redis = redisConnectWithTimeout(a->host, a->port, (struct timeval){.tv_sec = 2});
    if (!r->redis || r->redis->err)
        return err_set(err, "redis at %s:%d does not answer: %s", a->host, a->port,
                       r->redis ? r->redis->errstr : "no memory");
    redisSetTimeout(r->redis, (struct timeval){.tv_sec = 5});
    if (a->tls) {
        redisInitOpenSSL();
        r->ssl = redisCreateSSLContext(NULL, NULL, NULL, NULL, a->host, NULL);
        if (!r->ssl || redisInitiateSSLWithContext(r->redis, r->ssl) != REDIS_OK)
            return err_set(err, "redis at %s:%d: TLS could not be begun", a->host, a->port);
    }
    return true;
}

static enum redis_role ask_role(redisContext *redis, struct redis_address *a) {
    redisReply *reply = redisCommand(redis, "ROLE");
    enum redis_role role = reply ? redis_role_of(reply, a) : REDIS_ROLE_UNKNOWN;
    freeReplyObject(reply);
    return role;
}

static bool ask_sentinel(redisContext *redis, struct redis_address *a, struct err *err) {
    if (!*a->master)
        return err_set(err,
                       "the sentinel at %s:%d watches several masters; add ?master=NAME to the "
                       "setting redis",
                       a->host, a->port);
    redisReply *reply = redisCommand(redis, "SENTINEL get-master-addr-by-name %s", a->master);
    bool good = reply && redis_role_take_master(reply, a);
    freeReplyObject(reply);
    return good ||
           err_set(err, "the sentinel at %s:%d knows no master %s", a->host, a->port, a->master);
}

/* To the master, whoever of the three is at the address. A sentinel takes no login of ours. */
static bool connect_to(struct redis_reader *r, const struct redis_address *address,
                       struct err *err) {
    struct redis_address a = *address;
    for (int hops = 0; hops <= HOPS_MAX; hops++) {
        disconnect(r);
        if (!open_at(r, &a, err))
            return false;
        if (ask_role(r->redis, &a) == REDIS_ROLE_SENTINEL) {
            if (!ask_sentinel(r->redis, &a, err))
                return false;
            continue;
        }
        if (!log_in(r->redis, &a, err))
            return false;
        if (ask_role(r->redis, &a) != REDIS_ROLE_REPLICA)
            return true;
    }
    return err_set(err, "redis at %s:%d: servers name one another as masters", address->host,
                   address->port);
}

struct redis_reader *redis_reader_new(const char *urls, struct err *err) {
    struct redis_address addresses[REDIS_ADDRESSES_MAX];
    size_t count = redis_url_parse(urls, addresses, err);
    struct redis_reader *r = calloc(1, sizeof *r);
    CHECK(r);
    for (size_t i = 0; i < count; i++) {
        if (connect_to(r, &addresses[i], err))
            return r;
        disconnect(r);
    }
    free(r);
    return NULL;
}

void redis_reader_free(struct redis_reader *r) {
    if (!r)
        return;
    disconnect(r);
    free(r);
}

bool redis_reader_may_write(struct redis_reader *r, struct err *err) {
    redisReply *reply = redisCommand(r->redis, "EVAL %s 1 fw:{check}:none",
                                     "redis.call('DEL', KEYS[1]) return 1");
    bool good = reply && reply->type == REDIS_REPLY_INTEGER;
    if (!good)
        err_set(err,
                "redis refuses a write to fw:*: %s; the user needs EVAL, HSET, HDEL, DEL, "
                "SADD, SREM, PEXPIRE and PUBLISH there",
                reply && reply->str ? reply->str : r->redis->errstr);
    freeReplyObject(reply);
    return good;
}

static struct slice text_of(const redisReply *reply) {
    return (struct slice){reply->str, reply->len};
}

static bool each(struct redis_reader *r, redisReply *reply, size_t step, redis_field_fn *field,
                 void *context, struct err *err) {
    if (!reply)
        return err_set(err, "redis: %s", r->redis->errstr);
    bool good = reply->type != REDIS_REPLY_ERROR || err_set(err, "redis: %s", reply->str);
    for (size_t i = 0; good && i + step <= reply->elements; i += step)
        field(context, text_of(reply->element[i]),
              step == 2 ? text_of(reply->element[i + 1]) : (struct slice){NULL, 0});
    freeReplyObject(reply);
    return good;
}

bool redis_reader_hash(struct redis_reader *r, const char *key, redis_field_fn *field,
                       void *context, struct err *err) {
    return each(r, redisCommand(r->redis, "HGETALL %s", key), 2, field, context, err);
}

bool redis_reader_set(struct redis_reader *r, const char *key, redis_field_fn *field, void *context,
                      struct err *err) {
    return each(r, redisCommand(r->redis, "SMEMBERS %s", key), 1, field, context, err);
}

bool redis_reader_keys(struct redis_reader *r, const char *pattern, redis_field_fn *field,
                       void *context, struct err *err) {
    char cursor[32] = "0";
    do {
        redisReply *reply = redisCommand(r->redis, "SCAN %s MATCH %s COUNT 1000", cursor, pattern);
        if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
            freeReplyObject(reply);
            return err_set(err, "redis: keys could not be listed");
        }
        snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
        for (size_t i = 0; i < reply->element[1]->elements; i++)
            field(context, text_of(reply->element[1]->element[i]), (struct slice){NULL, 0});
        freeReplyObject(reply);
    } while (strcmp(cursor, "0") != 0);
    return true;
}
