#include "io/redis_url.h"

#include <stdio.h>
#include <stdlib.h>

static bool take_scheme(struct slice *s, struct redis_address *a) {
    static const struct slice plain = {"redis://", 8}, tls = {"rediss://", 9};
    struct slice scheme = s->size >= tls.size && memcmp(s->at, tls.at, tls.size) == 0 ? tls : plain;
    if (s->size < scheme.size || memcmp(s->at, scheme.at, scheme.size) != 0)
        return false;
    a->tls = scheme.size == tls.size;
    s->at += scheme.size;
    s->size -= scheme.size;
    return true;
}

static bool copy_text(const char *from, const char *to, char *text, size_t room) {
    size_t size = (size_t)(to - from);
    if (size >= room)
        return false;
    memcpy(text, from, size);
    text[size] = 0;
    return true;
}

/* user:password@, or password@ alone as the default user's. */
static bool take_login(struct slice *s, struct redis_address *a) {
    const char *at = memrchr(s->at, '@', s->size);
    if (!at)
        return true;
    const char *colon = memchr(s->at, ':', (size_t)(at - s->at));
    bool good = colon ? copy_text(s->at, colon, a->user, sizeof a->user) &&
                            copy_text(colon + 1, at, a->password, sizeof a->password)
                      : copy_text(s->at, at, a->password, sizeof a->password);
    s->size -= (size_t)(at + 1 - s->at);
    s->at = at + 1;
    return good;
}

static bool take_number(struct slice digits, int most, int *number) {
    char text[16];
    if (!digits.size || digits.size >= sizeof text)
        return false;
    memcpy(text, digits.at, digits.size);
    text[digits.size] = 0;
    char *end;
    long value = strtol(text, &end, 10);
    *number = (int)value;
    return !*end && value >= 0 && value <= most;
}

/* ?master=NAME at the end. */
static bool take_master(struct slice *s, struct redis_address *a) {
    static const struct slice key = {"?master=", 8};
    const char *end = s->at + s->size;
    const char *mark = memchr(s->at, '?', s->size);
    if (!mark)
        return true;
    if ((size_t)(end - mark) <= key.size || memcmp(mark, key.at, key.size) != 0 ||
        !copy_text(mark + key.size, end, a->master, sizeof a->master))
        return false;
    s->size = (size_t)(mark - s->at);
    return true;
}

static bool parse_one(struct slice s, struct redis_address *a) {
    *a = (struct redis_address){.port = 6379};
    if (!take_scheme(&s, a) || !take_login(&s, a) || !take_master(&s, a))
        return false;
    const char *end = s.at + s.size;
    const char *slash = memchr(s.at, '/', s.size);
    const char *host_end = slash ? slash : end;
    if (slash && slash + 1 < end &&
        !take_number((struct slice){slash + 1, (size_t)(end - slash - 1)}, 1 << 20, &a->database))
        return false;
    const char *colon = memrchr(s.at, ':', (size_t)(host_end - s.at));
    if (colon &&
        !take_number((struct slice){colon + 1, (size_t)(host_end - colon - 1)}, 65535, &a->port))
        return false;
    const char *name_end = colon ? colon : host_end;
    return name_end > s.at && copy_text(s.at, name_end, a->host, sizeof a->host);
}

size_t redis_url_parse(const char *urls, struct redis_address addresses[REDIS_ADDRESSES_MAX],
                       struct err *err) {
    size_t count = 0;
    for (const char *at = urls; *at; count++) {
        const char *comma = strchr(at, ',');
        size_t size = comma ? (size_t)(comma - at) : strlen(at);
        if (count == REDIS_ADDRESSES_MAX ||
            !parse_one((struct slice){at, size}, &addresses[count])) {
            err_set(err,
                    "redis: address %zu is not redis://[USER:PASSWORD@]HOST[:PORT][/DB]"
                    "[?master=NAME] (rediss:// for TLS; at most %d, with commas)",
                    count + 1, REDIS_ADDRESSES_MAX);
            return 0;
        }
        at += size + (comma ? 1 : 0);
    }
    if (!count)
        err_set(err, "redis: no address; for example redis://127.0.0.1:6379/0");
    return count;
}
