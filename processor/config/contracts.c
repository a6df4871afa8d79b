#include "config/contracts.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/check.h"
#include "config/contract_file.h"

struct contracts {
    struct contract_set set; /* first: what is handed out points to it */
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

/* Two files with one tenant: which of them holds would be chance. */
static void refuse_second(const struct contract_file *files, const struct contract_set *set,
                          size_t index, struct faults *faults) {
    const struct contract *c = &set->contracts[index];
    for (size_t i = 0; i < index; i++) {
        if (c->tenant.size == 0 || !slice_equal(set->contracts[i].tenant, c->tenant))
            continue;
        faults_add(faults, files[index].name, files[index].tenant_line, "keep one of the two",
                   "tenant \"%s\" has a contract already, in %s:%d", c->tenant.at, files[i].name,
                   files[i].tenant_line);
        return;
    }
}

static void read_files(struct contracts *c, const char *folder, struct dirent **entries,
                       size_t count, struct faults *faults) {
    struct contract_file *files = arena_get(c->arena, count, sizeof(*files));
    c->set.contracts = arena_get(c->arena, count, sizeof(*c->set.contracts));
    for (size_t i = 0; i < count; i++) {
        char *path;
        const char *between = ends_with(folder, "/") ? "" : "/";
        CHECK(asprintf(&path, "%s%s%s", folder, between, entries[i]->d_name) >= 0);
        size_t first = faults->count;
        files[i].name = arena_copy(c->arena, slice_of(path)).at;
        contract_file_read(path, &files[i], c->arena, &c->set.contracts[c->set.count++], faults);
        refuse_second(files, &c->set, i, faults);
        faults_sort_by_line(faults, first);
        free(path);
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
    struct contracts *c = calloc(1, sizeof(*c));
    CHECK(c);
    c->arena = arena_new();
    contract_init_default(&c->set.fallback);
    read_files(c, folder, entries, (size_t)count, faults);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    if (count == 0)
        faults_note(faults, folder, 0,
                    "no contract file (*.yaml) here: tenants get counters in UTC, and nothing is "
                    "judged");
    if (faults->errors == errors)
        return &c->set;
    contracts_free(&c->set);
    return NULL;
}

void contracts_free(struct contract_set *set) {
    struct contracts *c = (struct contracts *)set;
    if (!c)
        return;
    arena_free(c->arena);
    free(c);
}
