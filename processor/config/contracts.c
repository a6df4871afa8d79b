#include "config/contracts.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/check.h"
#include "config/contract_file.h"
#include "config/tree.h"
#include "config/zone_data.h"

#define IDENTITY_SEED UINT64_C(0x636f6e7472616374)

struct contracts {
    struct contract_set set; /* first: what is handed out points to it */
    struct contract_text *texts;
    struct arena *arena;
};

static bool ends_with(const char *name, const char *end) {
    size_t size = strlen(name);
    return size > strlen(end) && strcmp(name + size - strlen(end), end) == 0;
}

static int is_contract(const struct dirent *entry) {
    return entry->d_name[0] != '.' &&
           (ends_with(entry->d_name, ".yaml") || ends_with(entry->d_name, ".yml"));
}

/* By bytes: alphasort follows the locale. */
static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Two files with one tenant: one has to follow the other, with a higher version. */
static bool refuse_pair(const struct contract_file *files, const struct contract_set *set,
                        size_t index, size_t other, struct faults *faults) {
    const struct contract *a = &set->contracts[other];
    const struct contract *b = &set->contracts[index];
    const struct contract_file *file = &files[index];
    bool later = a->effective_at < b->effective_at;
    if (a->effective_at == b->effective_at)
        faults_add(faults, file->name, file->tenant_line,
                   "keep one of the two, or give the later one its effective_from",
                   "tenant \"%s\" has a contract already, in %s:%d", b->tenant.at,
                   files[other].name, files[other].tenant_line);
    else if (later != (a->version < b->version) || a->version == b->version)
        faults_add(faults, file->name,
                   file->effective_line ? file->effective_line : file->tenant_line,
                   "give what holds later the higher version",
                   "version %d of tenant \"%s\" %s version %d, in %s:%d", b->version, b->tenant.at,
                   later ? "follows" : "comes before", a->version, files[other].name,
                   files[other].tenant_line);
    else
        return false;
    return true;
}

static void refuse_second(const struct contract_file *files, const struct contract_set *set,
                          size_t index, struct faults *faults) {
    const struct contract *c = &set->contracts[index];
    size_t versions = 1;
    for (size_t i = 0; i < index; i++) {
        if (c->tenant.size == 0 || !slice_equal(set->contracts[i].tenant, c->tenant))
            continue;
        if (refuse_pair(files, set, index, i, faults))
            return;
        versions++;
    }
    if (versions == CONTRACT_VERSIONS_MAX)
        faults_add(faults, files[index].name, files[index].tenant_line,
                   "take away those that are over", "tenant \"%s\" has more than %d versions",
                   c->tenant.at, CONTRACT_VERSIONS_MAX - 1);
}

/* The name that faults are told under: with its folder, if there is one. */
static const char *place_of(struct contracts *c, const char *folder, struct slice name) {
    char *path;
    const char *between = !*folder || ends_with(folder, "/") ? "" : "/";
    CHECK(asprintf(&path, "%s%s%s", folder, between, name.at) >= 0);
    const char *kept = arena_copy(c->arena, slice_of(path)).at;
    free(path);
    return kept;
}

static uint64_t identity_of(struct slice text, const char *tz) {
    uint64_t identity = slice_hash(text, slice_hash(slice_of(tz), IDENTITY_SEED));
    return identity ? identity : 1;
}

static struct contracts *contracts_new(size_t count) {
    struct contracts *c = calloc(1, sizeof(*c));
    CHECK(c);
    c->arena = arena_new();
    contract_init_default(&c->set.fallback);
    c->texts = arena_get(c->arena, count, sizeof(*c->texts));
    c->set.contracts = arena_get(c->arena, count, sizeof(*c->set.contracts));
    c->set.count = count;
    return c;
}

/* All texts are there: what they say. */
static void parse(struct contracts *c, const char *folder, struct faults *faults) {
    struct contract_file *files = arena_get(c->arena, c->set.count, sizeof(*files));
    char tz[ZONE_DATA_VERSION_MAX];
    zone_data_version(tz);
    for (size_t i = 0; i < c->set.count; i++) {
        size_t first = faults->count;
        files[i].name = place_of(c, folder, c->texts[i].name);
        contract_file_read_text(c->texts[i].text, &files[i], c->arena, &c->set.contracts[i],
                                faults);
        c->set.contracts[i].identity = identity_of(c->texts[i].text, tz);
        refuse_second(files, &c->set, i, faults);
        faults_sort_by_line(faults, first);
    }
}

static struct contract_set *finish(struct contracts *c, size_t errors_before,
                                   const struct faults *faults) {
    if (faults->errors == errors_before) {
        contract_set_link(&c->set);
        return &c->set;
    }
    contracts_free(&c->set);
    return NULL;
}

struct contract_set *contracts_parse(const struct contract_text *texts, size_t count,
                                     struct faults *faults) {
    size_t errors = faults->errors;
    struct contracts *c = contracts_new(count);
    for (size_t i = 0; i < count; i++)
        c->texts[i] = (struct contract_text){arena_copy(c->arena, texts[i].name),
                                             arena_copy(c->arena, texts[i].text)};
    parse(c, "", faults);
    return finish(c, errors, faults);
}

static void read_texts(struct contracts *c, const char *folder, struct dirent **entries,
                       struct faults *faults) {
    for (size_t i = 0; i < c->set.count; i++) {
        struct err err;
        struct buf b;
        buf_init(&b);
        c->texts[i].name = arena_copy(c->arena, slice_of(entries[i]->d_name));
        const char *path = place_of(c, folder, c->texts[i].name);
        if (!tree_read_file(path, &b, &err))
            faults_add(faults, path, 0, "name a file that can be read", "cannot read %s: %s", path,
                       err.text);
        c->texts[i].text = arena_copy(c->arena, buf_slice(&b));
        buf_deinit(&b);
    }
}

struct contract_set *contracts_load(const char *folder, struct faults *faults) {
    struct dirent **entries;
    int count = scandir(folder, &entries, is_contract, by_name);
    if (count < 0) {
        faults_add(faults, folder, 0, "name the folder of the contract files in `contracts`",
                   "cannot read this folder: %s", strerror(errno));
        return NULL;
    }
    size_t errors = faults->errors;
    struct contracts *c = contracts_new((size_t)count);
    read_texts(c, folder, entries, faults);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    if (faults->errors == errors)
        parse(c, folder, faults);
    if (count == 0)
        faults_note(faults, folder, 0,
                    "no contract file (*.yaml) here: tenants get counters in UTC, and nothing is "
                    "judged");
    return finish(c, errors, faults);
}

const struct contract_text *contracts_texts(const struct contract_set *set) {
    return ((const struct contracts *)set)->texts;
}

void contracts_free(struct contract_set *set) {
    struct contracts *c = (struct contracts *)set;
    if (!c)
        return;
    arena_free(c->arena);
    free(c);
}
