#include "tasks/interaction_tail.h"

#include <stdlib.h>

#include "base/check.h"

uint32_t tail_find(const struct recent *n, uint64_t identity) {
    for (uint32_t k = n->count; k-- > 0;) {
        if (n->tail[k].identity == identity)
            return k;
    }
    return TAIL_NONE;
}

static int compare(const struct moment *a, const struct moment *b) {
    if (a->event_at != b->event_at)
        return a->event_at < b->event_at ? -1 : 1;
    return moment_compare(a, b);
}

bool tail_is_next(const struct recent *n, const struct moment *m) {
    if (m->event_at <= n->now.fired_at)
        return false;
    if (n->count == 0 || m->event_at > n->tail[n->count - 1].event_at)
        return true;
    if (!n->plain || compare(m, &n->tail[n->count - 1]) < 0)
        return false;
    for (uint32_t k = n->count; k-- > 0 && n->tail[k].event_at == m->event_at;) {
        if (moment_numbered_before(m, &n->tail[k]))
            return false;
    }
    return true;
}

static void grow(struct recent *n) {
    uint32_t capacity = n->capacity * 2;
    struct moment *tail = malloc(capacity * sizeof(*tail));
    CHECK(tail);
    memcpy(tail, n->tail, n->count * sizeof(*tail));
    if (n->tail != n->few)
        free(n->tail);
    n->tail = tail;
    n->capacity = capacity;
}

uint32_t tail_insert(struct recent *n, const struct moment *m) {
    CHECK(n->count < MOMENTS_MAX);
    if (n->count == n->capacity)
        grow(n);
    uint32_t place = n->count;
    while (place > 0 && compare(m, &n->tail[place - 1]) < 0)
        place--;
    memmove(&n->tail[place + 1], &n->tail[place], (n->count - place) * sizeof(*n->tail));
    n->tail[place] = *m;
    n->count++;
    return place;
}

void tail_remove(struct recent *n, uint32_t place) {
    CHECK(place < n->count);
    n->count--;
    memmove(&n->tail[place], &n->tail[place + 1], (n->count - place) * sizeof(*n->tail));
}

void tail_remove_first(struct recent *n, uint32_t count) {
    CHECK(count <= n->count);
    n->count -= count;
    memmove(n->tail, n->tail + count, n->count * sizeof(*n->tail));
}

uint32_t tail_first_instant(const struct recent *n) {
    uint32_t count = 0;
    while (count < n->count && n->tail[count].event_at == n->tail[0].event_at)
        count++;
    return count;
}

static struct slice copy_to(char **place, struct slice s) {
    struct slice copy = {*place, s.size};
    if (s.size > 0)
        memcpy(*place, s.at, s.size);
    *place += s.size;
    return copy;
}

static struct slice cut(struct slice s) {
    if (s.size > DEAD_LETTER_BYTES_MAX)
        s.size = DEAD_LETTER_BYTES_MAX;
    return s;
}

void tail_keep(struct recent *n, const struct moment *m, const struct record_place *place) {
    struct slice key = cut(place->key), value = cut(place->value);
    struct kept *kept = malloc(sizeof(*kept) + place->topic.size + key.size + value.size);
    CHECK(kept);
    char *bytes = (char *)(kept + 1);
    *kept = (struct kept){n->kept, m->identity, m->revision, *place};
    kept->place.topic = copy_to(&bytes, place->topic);
    kept->place.key = copy_to(&bytes, key);
    kept->place.value = copy_to(&bytes, value);
    n->kept = kept;
}

struct kept *tail_take_kept(struct recent *n, const struct moment *m) {
    for (struct kept **link = &n->kept; *link; link = &(*link)->next) {
        struct kept *kept = *link;
        if (kept->identity != m->identity || kept->revision != m->revision)
            continue;
        *link = kept->next;
        return kept;
    }
    return NULL;
}
