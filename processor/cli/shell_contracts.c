#include "cli/shell_contracts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "codec/manifest.h"
#include "config/zone_data.h"
#include "core/scope.h"

struct known_text {
    char hash[MANIFEST_HASH + 1];
    struct slice text; /* owned */
};

/* A manifest, and what its contracts say once somebody asks. */
struct known_set {
    char name[MANIFEST_HASH + 1];
    struct slice text; /* owned */
    struct manifest manifest;
    const struct contract_set *set; /* NULL: not asked for, or not to be had */
    bool failed;
};

struct shell_contracts {
    struct note_port note;
    struct known_text *texts;
    size_t text_count;
    struct known_set **sets;
    size_t set_count;
    struct contract_set **kept; /* owned */
    size_t kept_count;
    const char **names; /* handed out last */
};

static void *grown(void *items, size_t count, size_t size) {
    items = realloc(items, (count + 1) * size);
    CHECK(items);
    return items;
}

struct shell_contracts *shell_contracts_new(struct note_port note) {
    struct shell_contracts *c = calloc(1, sizeof *c);
    CHECK(c);
    c->note = note;
    return c;
}

static void free_slice(struct slice s) {
    free((void *)(uintptr_t)s.at);
}

void shell_contracts_free(struct shell_contracts *c) {
    if (!c)
        return;
    for (size_t i = 0; i < c->text_count; i++)
        free_slice(c->texts[i].text);
    for (size_t i = 0; i < c->set_count; i++) {
        manifest_deinit(&c->sets[i]->manifest);
        free_slice(c->sets[i]->text);
        free(c->sets[i]);
    }
    for (size_t i = 0; i < c->kept_count; i++)
        contracts_free(c->kept[i]);
    free(c->texts);
    free(c->sets);
    free(c->kept);
    free(c->names);
    free(c);
}

static const struct known_text *find_text(const struct shell_contracts *c, const char *hash) {
    for (size_t i = 0; i < c->text_count; i++)
        if (strcmp(c->texts[i].hash, hash) == 0)
            return &c->texts[i];
    return NULL;
}

static struct known_set *find_set(const struct shell_contracts *c, const char *name) {
    for (size_t i = 0; i < c->set_count; i++)
        if (strcmp(c->sets[i]->name, name) == 0)
            return c->sets[i];
    return NULL;
}

/* What does not stand under its own hash is no contract of ours. */
static void add_text(struct shell_contracts *c, struct slice hash, struct slice text) {
    struct known_text t = {.text = {NULL, 0}};
    manifest_hash(text, t.hash);
    if (!slice_equal(slice_of(t.hash), hash) || find_text(c, t.hash))
        return;
    t.text = slice_copy(text);
    c->texts = grown(c->texts, c->text_count, sizeof *c->texts);
    c->texts[c->text_count++] = t;
}

/* One that was published again has a higher generation. */
static void add_set(struct shell_contracts *c, struct slice name, struct slice text) {
    struct known_set *new = calloc(1, sizeof *new);
    CHECK(new);
    struct err err;
    new->text = slice_copy(text);
    bool good = manifest_read(new->text, &new->manifest, &err);
    if (good)
        manifest_name(&new->manifest, new->name);
    struct known_set *old = good ? find_set(c, new->name) : NULL;
    if (old && old->manifest.generation < new->manifest.generation)
        old->manifest.generation = new->manifest.generation;
    if (good && !old && slice_equal(slice_of(new->name), name)) {
        c->sets = grown(c->sets, c->set_count, sizeof(struct known_set *));
        c->sets[c->set_count++] = new;
        return;
    }
    manifest_deinit(&new->manifest);
    free_slice(new->text);
    free(new);
}

void shell_contracts_add(struct shell_contracts *c, struct slice key, struct slice value) {
    struct slice name;
    if (manifest_is_contract(key, &name))
        add_text(c, name, value);
    else if (manifest_is_manifest(key, &name))
        add_set(c, name, value);
}

/* Percent-encoded: one word, whatever it is. */
static struct slice encoded(struct slice value) {
    struct buf b;
    buf_init(&b);
    scope_encode(value, &b);
    struct slice copy = slice_copy(buf_slice(&b));
    buf_deinit(&b);
    return copy;
}

/* The manifest of a set, generation 0; `tz` is the caller's room. */
static struct manifest manifest_of(const struct contract_set *set, char *tz) {
    zone_data_version(tz);
    struct manifest m = {.tz = slice_of(tz), .count = set->count};
    m.contracts = calloc(set->count + 1, sizeof *m.contracts);
    CHECK(m.contracts);
    for (size_t i = 0; i < set->count; i++) {
        const struct contract_text *text = &contracts_texts(set)[i];
        struct manifest_contract *c = &m.contracts[i];
        manifest_hash(text->text, c->hash);
        c->version = set->contracts[i].version;
        c->tenant = encoded(set->contracts[i].tenant);
        c->file = encoded(text->name);
    }
    return m;
}

static void free_manifest(struct manifest *m) {
    for (size_t i = 0; i < m->count; i++) {
        free_slice(m->contracts[i].tenant);
        free_slice(m->contracts[i].file);
    }
    manifest_deinit(m);
}

static int32_t highest_version(const struct shell_contracts *c, struct slice tenant) {
    int32_t highest = 0;
    for (size_t i = 0; i < c->set_count; i++) {
        const struct manifest *m = &c->sets[i]->manifest;
        for (size_t k = 0; k < m->count; k++)
            if (slice_equal(m->contracts[k].tenant, tenant) && m->contracts[k].version > highest)
                highest = m->contracts[k].version;
    }
    return highest;
}

/* Of versions beside each other it is the last one that counts. */
static bool is_last(const struct manifest *m, size_t index) {
    for (size_t i = 0; i < m->count; i++)
        if (slice_equal(m->contracts[i].tenant, m->contracts[index].tenant) &&
            m->contracts[i].version > m->contracts[index].version)
            return false;
    return true;
}

bool shell_contracts_check(const struct shell_contracts *c, const struct contract_set *own,
                           struct err *err) {
    char tz[ZONE_DATA_VERSION_MAX];
    struct manifest m = manifest_of(own, tz);
    bool good = true;
    for (size_t i = 0; i < m.count && good; i++) {
        int32_t highest = highest_version(c, m.contracts[i].tenant);
        if (m.contracts[i].version < highest && is_last(&m, i))
            good = err_set(err,
                           "%s: the contract of tenant " SLICE_FMT " has version %" PRId32
                           ", but version %" PRId32 " has been in force in this group; a lower "
                           "version is never taken: give it version %" PRId32 " or a higher one",
                           contracts_texts(own)[i].name.at, SLICE_ARG(own->contracts[i].tenant),
                           m.contracts[i].version, highest, highest);
    }
    free_manifest(&m);
    return good;
}

static uint64_t newest_generation(const struct shell_contracts *c) {
    uint64_t newest = 0;
    for (size_t i = 0; i < c->set_count; i++)
        if (c->sets[i]->manifest.generation > newest)
            newest = c->sets[i]->manifest.generation;
    return newest;
}

static void list_missing(struct shell_contracts *c, const struct contract_set *own,
                         const struct manifest *m, const char *name,
                         struct kafka_contract_list *missing) {
    struct buf key, value;
    buf_init(&key);
    buf_init(&value);
    for (size_t i = 0; i < m->count; i++) {
        if (find_text(c, m->contracts[i].hash))
            continue;
        buf_reset(&key);
        manifest_put_contract_key(m->contracts[i].hash, &key);
        kafka_contracts_add(missing, buf_slice(&key), contracts_texts(own)[i].text);
    }
    buf_reset(&key);
    manifest_put_key(name, &key);
    manifest_put(m, &value);
    kafka_contracts_add(missing, buf_slice(&key), buf_slice(&value));
    buf_deinit(&key);
    buf_deinit(&value);
}

void shell_contracts_prepare(struct shell_contracts *c, const struct contract_set *own,
                             struct kafka_contract_list *missing, char name[MANIFEST_HASH + 1]) {
    char tz[ZONE_DATA_VERSION_MAX];
    struct manifest m = manifest_of(own, tz);
    manifest_name(&m, name);
    const struct known_set *there = find_set(c, name);
    uint64_t newest = newest_generation(c);
    if (!there || there->manifest.generation < newest) {
        m.generation = newest + 1;
        list_missing(c, own, &m, name, missing);
    }
    free_manifest(&m);
}

void shell_contracts_use(struct shell_contracts *c, const char *name,
                         const struct contract_set *own) {
    struct known_set *set = find_set(c, name);
    CHECK(set);
    if (!set->set)
        set->set = own;
}

void shell_contracts_keep(struct shell_contracts *c, struct contract_set *set) {
    c->kept = grown(c->kept, c->kept_count, sizeof(struct contract_set *));
    c->kept[c->kept_count++] = set;
}

static void note(const struct shell_contracts *c, enum log_level level, const char *event,
                 const char *name, const char *text) {
    char members[700];
    snprintf(members, sizeof members, "\"contracts\":\"%s\",\"text\":\"%.500s\"", name, text);
    for (char *at = strstr(members, "\"text\":\"") + 8; at[0] && at[1]; at++)
        if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ')
            *at = '\'';
    c->note.note(c->note.self, level, event, members);
}

static const struct contract_set *parse(struct shell_contracts *c, const struct known_set *s,
                                        struct err *err) {
    size_t count = s->manifest.count;
    struct contract_text *texts = calloc(count + 1, sizeof *texts);
    CHECK(texts);
    bool whole = true;
    for (size_t i = 0; i < count && whole; i++) {
        const struct known_text *t = find_text(c, s->manifest.contracts[i].hash);
        whole = t || err_set(err, "a text that the manifest names is not in GROUP.contracts");
        if (t)
            texts[i] = (struct contract_text){s->manifest.contracts[i].file, t->text};
    }
    struct faults faults;
    faults_init(&faults);
    struct contract_set *set = whole ? contracts_parse(texts, count, &faults) : NULL;
    if (whole && !set)
        faults_to_err(&faults, err);
    faults_deinit(&faults);
    free(texts);
    if (set)
        shell_contracts_keep(c, set);
    return set;
}

static const struct contract_set *port_find(void *self, const char *name) {
    struct shell_contracts *c = self;
    struct known_set *s = find_set(c, name);
    struct err err;
    if (!s || s->set || s->failed)
        return s ? s->set : NULL;
    s->set = parse(c, s, &err);
    s->failed = !s->set;
    char tz[ZONE_DATA_VERSION_MAX];
    zone_data_version(tz);
    if (s->failed)
        note(c, LOG_LEVEL_ERROR, "contracts_unreadable", name, err.text);
    else if (!slice_equal(s->manifest.tz, slice_of(tz)))
        note(c, LOG_LEVEL_WARN, "contracts_other_tz", name,
             "the tz data is of another version than when these contracts were in force: what is "
             "replayed under them may differ where the zones do");
    return s->set;
}

static bool port_newer(void *self, const char *name, const char *than) {
    const struct shell_contracts *c = self;
    const struct known_set *a = find_set(c, name), *b = find_set(c, than);
    if (!a || !b)
        return a != NULL;
    if (a->manifest.generation != b->manifest.generation)
        return a->manifest.generation > b->manifest.generation;
    return strcmp(a->name, b->name) > 0; /* two that were published at the same moment */
}

struct contracts_port shell_contracts_port(struct shell_contracts *c) {
    return (struct contracts_port){.self = c, .find = port_find, .newer = port_newer};
}

const char *const *shell_contracts_names(struct shell_contracts *c) {
    free(c->names);
    c->names = calloc(c->set_count + 1, sizeof *c->names);
    CHECK(c->names);
    for (size_t i = 0; i < c->set_count; i++)
        c->names[i] = c->sets[i]->name;
    return c->names;
}
