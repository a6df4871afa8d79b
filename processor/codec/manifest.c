#include "codec/manifest.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/check.h"

#define SEED_HIGH UINT64_C(0x6d616e6966657374)
#define SEED_LOW UINT64_C(0x6f6620636f6e7472)
#define CONTRACT_KEY "contract/"
#define MANIFEST_KEY "manifest/"
#define HEAD "floorwalker contracts 1\ngeneration "

void manifest_hash(struct slice text, char hash[MANIFEST_HASH + 1]) {
    static const char hex[] = "0123456789abcdef";
    uint64_t halves[2] = {slice_hash(text, SEED_HIGH), slice_hash(text, SEED_LOW)};
    for (int i = 0; i < MANIFEST_HASH; i++)
        hash[i] = hex[halves[i / 16] >> (60 - 4 * (i % 16)) & 15];
    hash[MANIFEST_HASH] = 0;
}

void manifest_put_contract_key(const char *hash, struct buf *key) {
    buf_put_format(key, CONTRACT_KEY "%s", hash);
}

void manifest_put_key(const char *name, struct buf *key) {
    buf_put_format(key, MANIFEST_KEY "%s", name);
}

static bool has_head(struct slice key, const char *head, struct slice *rest) {
    size_t size = strlen(head);
    if (key.size != size + MANIFEST_HASH || memcmp(key.at, head, size) != 0)
        return false;
    *rest = (struct slice){key.at + size, MANIFEST_HASH};
    return true;
}

bool manifest_is_contract(struct slice key, struct slice *hash) {
    return has_head(key, CONTRACT_KEY, hash);
}

bool manifest_is_manifest(struct slice key, struct slice *name) {
    return has_head(key, MANIFEST_KEY, name);
}

static void put_content(const struct manifest *m, struct buf *b) {
    buf_put_format(b, "tz " SLICE_FMT "\n", SLICE_ARG(m->tz));
    for (size_t i = 0; i < m->count; i++) {
        const struct manifest_contract *c = &m->contracts[i];
        buf_put_format(b,
                       "contract %s version %" PRId32 " tenant " SLICE_FMT " file " SLICE_FMT "\n",
                       c->hash, c->version, SLICE_ARG(c->tenant), SLICE_ARG(c->file));
    }
}

void manifest_put(const struct manifest *m, struct buf *value) {
    buf_put_format(value, HEAD "%" PRIu64 "\n", m->generation);
    put_content(m, value);
}

void manifest_name(const struct manifest *m, char name[MANIFEST_HASH + 1]) {
    struct buf b;
    buf_init(&b);
    put_content(m, &b);
    manifest_hash(buf_slice(&b), name);
    buf_deinit(&b);
}

/* What is left of the text. */
struct reading {
    const char *at, *end;
    bool failed;
};

static void expect(struct reading *r, const char *word) {
    size_t size = strlen(word);
    if (r->failed || (size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0)
        r->failed = true;
    else
        r->at += size;
}

/* Up to a space or the end of the line; not empty. */
static struct slice take_word(struct reading *r) {
    const char *from = r->at;
    while (!r->failed && r->at < r->end && *r->at != ' ' && *r->at != '\n')
        r->at++;
    r->failed |= r->at == from;
    return (struct slice){from, (size_t)(r->at - from)};
}

static uint64_t take_number(struct reading *r, uint64_t most) {
    struct slice word = take_word(r);
    uint64_t number = 0;
    for (size_t i = 0; i < word.size && !r->failed; i++) {
        r->failed |= word.at[i] < '0' || word.at[i] > '9' ||
                     __builtin_mul_overflow(number, 10, &number) ||
                     __builtin_add_overflow(number, (uint64_t)(word.at[i] - '0'), &number);
    }
    r->failed |= number > most;
    return number;
}

static void take_contract(struct reading *r, struct manifest *m) {
    struct manifest_contract c = {.version = 0};
    expect(r, "contract ");
    struct slice hash = take_word(r);
    r->failed |= hash.size != MANIFEST_HASH;
    if (!r->failed)
        memcpy(c.hash, hash.at, MANIFEST_HASH);
    expect(r, " version ");
    c.version = (int32_t)take_number(r, INT32_MAX);
    expect(r, " tenant ");
    c.tenant = take_word(r);
    expect(r, " file ");
    c.file = take_word(r);
    expect(r, "\n");
    if (r->failed || m->count == MANIFEST_CONTRACTS_MAX) {
        r->failed = true;
        return;
    }
    m->contracts = realloc(m->contracts, (m->count + 1) * sizeof(*m->contracts));
    CHECK(m->contracts);
    m->contracts[m->count++] = c;
}

bool manifest_read(struct slice text, struct manifest *m, struct err *err) {
    struct reading r = {text.at, text.at + text.size, text.size == 0};
    *m = (struct manifest){0};
    expect(&r, HEAD);
    m->generation = take_number(&r, UINT64_MAX);
    expect(&r, "\ntz ");
    m->tz = take_word(&r);
    expect(&r, "\n");
    while (!r.failed && r.at < r.end)
        take_contract(&r, m);
    if (!r.failed && m->generation)
        return true;
    return err_set(err, "a manifest of contracts is damaged, or of another version of this "
                        "program");
}

void manifest_deinit(struct manifest *m) {
    free(m->contracts);
    *m = (struct manifest){0};
}
