#include "tasks/interaction_tail.h"

#include <stdlib.h>

#include "base/check.h"

/* Bytes by which a tail grows: it does not move with each event. */
#define TAIL_STEP (4 * 4 * sizeof(uint64_t))

static uint64_t *words_of(const struct record_store *s, const struct recent *n) {
    return slab_at(&s->bytes, n->tail);
}

const uint64_t *tail_find(const struct record_store *s, const struct recent *n, uint64_t identity) {
    if (n->count == 0)
        return NULL;
    const uint64_t *words = words_of(s, n);
    for (const uint64_t *at = words; at < words + n->words; at += packed_moment_size(at)) {
        if (packed_moment_identity(at) == identity)
            return at;
    }
    return NULL;
}

static int compare(const struct moment *a, const struct moment *b) {
    if (a->event_at != b->event_at)
        return a->event_at < b->event_at ? -1 : 1;
    return moment_compare(a, b);
}

uint32_t tail_last_leaf(const struct record_store *s, const struct recent *n) {
    CHECK(n->count > 0);
    return packed_moment_leaf(&s->names, words_of(s, n) + n->last);
}

/* Its source numbered it before one of the same instant that is there. */
static bool is_numbered_before(const struct record_store *s, const struct recent *n,
                               const struct moment *m) {
    const uint64_t *words = words_of(s, n);
    for (const uint64_t *at = words; at < words + n->words; at += packed_moment_size(at)) {
        if (packed_moment_event_at(at) != m->event_at)
            continue;
        struct moment other;
        unpack_moment(&s->names, at, &other);
        if (moment_numbered_before(m, &other))
            return true;
    }
    return false;
}

bool tail_is_next(const struct record_store *s, const struct recent *n, const struct moment *m) {
    if (m->event_at <= n->now.fired_at)
        return false;
    if (n->count == 0 || m->event_at > n->last_at)
        return true;
    struct moment last;
    unpack_moment(&s->names, words_of(s, n) + n->last, &last);
    return n->plain && compare(m, &last) >= 0 && !is_numbered_before(s, n, m);
}

/* Room for so many words; what is there stays. */
static void make_room(struct record_store *s, struct recent *n, size_t words) {
    size_t size = words * sizeof(uint64_t);
    if (n->tail != SLAB_NONE && slab_room(n->tail) >= size)
        return;
    uint32_t old = n->tail;
    n->tail = slab_get(&s->bytes, (size + TAIL_STEP - 1) / TAIL_STEP * TAIL_STEP);
    if (old == SLAB_NONE)
        return;
    memcpy(words_of(s, n), slab_at(&s->bytes, old), n->words * sizeof(uint64_t));
    slab_put(&s->bytes, old);
}

void tail_append(struct record_store *s, struct recent *n, const struct moment *m) {
    CHECK(n->count < MOMENTS_MAX);
    uint64_t packed[PACKED_MOMENT_MAX];
    size_t size = pack_moment(&s->names, m, packed);
    make_room(s, n, n->words + size);
    memcpy(words_of(s, n) + n->words, packed, size * sizeof(*packed));
    n->last = n->words;
    n->words = (uint16_t)(n->words + size);
    if (n->count++ == 0)
        n->first_at = m->event_at;
    n->last_at = m->event_at;
    n->impossible |= m->outcome == MOMENT_IMPOSSIBLE;
}

uint32_t tail_read(const struct record_store *s, const struct recent *n, struct moment *moments) {
    const uint64_t *at = n->count > 0 ? words_of(s, n) : NULL;
    for (uint32_t k = 0; k < n->count; k++)
        at += unpack_moment(&s->names, at, &moments[k]);
    return n->count;
}

void tail_write(struct record_store *s, struct recent *n, const struct moment *moments,
                uint32_t count) {
    n->count = n->words = n->last = 0;
    n->impossible = false;
    for (uint32_t k = 0; k < count; k++)
        tail_append(s, n, &moments[k]);
}

static bool has_impossible(const uint64_t *words, size_t size) {
    for (const uint64_t *at = words; at < words + size; at += packed_moment_size(at)) {
        if (packed_moment_outcome(at) == MOMENT_IMPOSSIBLE)
            return true;
    }
    return false;
}

void tail_remove_first(struct record_store *s, struct recent *n, uint32_t count) {
    CHECK(count <= n->count);
    if (count == 0)
        return;
    if (count == n->count) { /* without a look at them: they are far from any cache by now */
        n->count = n->words = n->last = 0;
        n->impossible = false;
        return;
    }
    uint64_t *words = words_of(s, n);
    size_t size = 0;
    for (uint32_t k = 0; k < count; k++)
        size += packed_moment_size(words + size);
    n->count = (uint16_t)(n->count - count);
    n->words = (uint16_t)(n->words - size);
    n->last = n->count > 0 ? (uint16_t)(n->last - size) : 0;
    memmove(words, words + size, n->words * sizeof(*words));
    n->impossible = n->impossible && has_impossible(words, n->words);
    if (n->count > 0)
        n->first_at = packed_moment_event_at(words);
}

uint32_t moments_insert(struct moment *moments, uint32_t count, const struct moment *m) {
    uint32_t place = count;
    while (place > 0 && compare(m, &moments[place - 1]) < 0)
        place--;
    memmove(&moments[place + 1], &moments[place], (count - place) * sizeof(*moments));
    moments[place] = *m;
    return place;
}

uint32_t moments_first_instant(const struct moment *moments, uint32_t count) {
    uint32_t first = 0;
    while (first < count && moments[first].event_at == moments[0].event_at)
        first++;
    return first;
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
