#include "config/settings.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/check.h"
#include "config/nearest.h"
#include "config/setting_table.h"
#include "config/tree.h"
#include "config/value.h"

#define PROPERTIES_PATH "kafka.properties"

/* Where a value comes from, for the faults, and what it is relative to. */
struct origin {
    const char *place;
    int line;
    const char *folder; /* of the settings file; NULL: the working directory */
};

/* What the promise of the program rests on is not to be had otherwise. */
static const struct {
    const char *name;
    const char *remedy;
} kept_properties[] = {
    {"bootstrap.servers", "set kafka.brokers"},
    {"metadata.broker.list", "set kafka.brokers"},
    {"group.id", "set kafka.group"},
    {"group.instance.id", "leave it out"},
    {"transactional.id", "leave it out: it is made of kafka.group and instance"},
    {"enable.auto.commit", "leave it out: offsets are committed in transactions"},
    {"enable.auto.offset.store", "leave it out: offsets are committed in transactions"},
    {"enable.idempotence", "leave it out: it is always on"},
    {"auto.offset.reset", "set start"},
    {"isolation.level", "leave it out: it is always read_committed"},
    {"partitioner", "leave it out: it is always murmur2"},
};

static char *copy_text(struct slice text) {
    return (char *)(uintptr_t)slice_copy(text).at;
}

static void replace(char **text, char *with) {
    free(*text);
    *text = with;
}

static void refuse(struct faults *f, const struct origin *o, struct slice path, const char *why) {
    faults_add(f, o->place, o->line, "", SLICE_FMT ": %s", SLICE_ARG(path), why);
}

/* The first line of the file that a secret is kept in. */
static char *read_secret(const char *path, struct err *err) {
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t size = file ? getline(&line, &room, file) : -1;
    if (file)
        fclose(file);
    if (size < 0) {
        free(line);
        (void)err_set(err, "cannot read the secret in %s: %s", path,
                      file ? "it is empty" : strerror(errno));
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return line;
}

static char *plain_or_secret(struct slice text, struct err *err) {
    char *value = copy_text(text);
    if (strncmp(value, "file:/", 6) != 0)
        return value;
    char *secret = read_secret(value + strlen("file:"), err);
    free(value);
    return secret;
}

static char *relative_to(const char *folder, struct slice path) {
    char *joined;
    bool as_it_is = !folder || (path.size > 0 && path.at[0] == '/');
    CHECK(asprintf(&joined, "%s%s" SLICE_FMT, as_it_is ? "" : folder, as_it_is ? "" : "/",
                   SLICE_ARG(path)) >= 0);
    return joined;
}

static bool is_address(struct slice text) {
    const char *colon = memrchr(text.at, ':', text.size);
    if (!colon || colon == text.at)
        return false;
    int64_t port;
    struct slice digits = {colon + 1, (size_t)(text.at + text.size - colon - 1)};
    return value_count(digits, &port, NULL) && port >= 0 && port <= 65535;
}

static char *registry(const struct origin *o, struct slice text, struct err *err) {
    if (text.size > 5 && memcmp(text.at, "file:", 5) == 0) {
        char *folder = relative_to(o->folder, (struct slice){text.at + 5, text.size - 5});
        char *value;
        CHECK(asprintf(&value, "file:%s", folder) >= 0);
        free(folder);
        return value;
    }
    if ((text.size > 7 && memcmp(text.at, "http://", 7) == 0) ||
        (text.size > 8 && memcmp(text.at, "https://", 8) == 0))
        return copy_text(text);
    (void)err_set(err, "\"" SLICE_FMT "\" is neither http://..., https://... nor file:DIR",
                  SLICE_ARG(text));
    return NULL;
}

/* The value of a setting that is a text, or NULL with a reason. */
static char *text_value(const struct setting *row, const struct origin *o, struct slice text,
                        struct err *err) {
    if (memchr(text.at, '\0', text.size)) {
        (void)err_set(err, "there is a NUL byte in it");
        return NULL;
    }
    if (row->type != SETTING_TEXT && text.size == 0) {
        (void)err_set(err, "it must not be empty");
        return NULL;
    }
    switch (row->type) {
    case SETTING_SECRET: return plain_or_secret(text, err);
    case SETTING_FOLDER: return relative_to(o->folder, text);
    case SETTING_REGISTRY: return registry(o, text, err);
    case SETTING_ADDRESS:
        if (is_address(text))
            return copy_text(text);
        (void)err_set(err, "\"" SLICE_FMT "\" is no host:port", SLICE_ARG(text));
        return NULL;
    default: return copy_text(text);
    }
}

static bool number_value(const struct setting *row, struct slice text, int64_t *number,
                         struct err *err) {
    bool ok = row->type == SETTING_DURATION ? duration_parse(text, number, err)
              : row->type == SETTING_BYTES  ? value_bytes(text, number, err)
                                            : value_count(text, number, err);
    if (!ok || (*number >= row->least && *number <= row->most))
        return ok;
    char least[SETTING_VALUE_SIZE];
    char most[SETTING_VALUE_SIZE];
    setting_format(row, row->least, least);
    setting_format(row, row->most, most);
    return err_set(err, SLICE_FMT " is not within %s to %s", SLICE_ARG(text), least, most);
}

static bool choice_value(const struct setting *row, struct slice text, int *choice,
                         struct err *err) {
    const char *word = row->words;
    for (*choice = 0; *word != '\0'; ++*choice) {
        size_t size = strcspn(word, "|");
        if (slice_equal(text, (struct slice){word, size}))
            return true;
        word += size + (word[size] == '|');
    }
    return err_set(err, "\"" SLICE_FMT "\" is none of %s", SLICE_ARG(text), row->words);
}

static bool start_value(struct slice text, struct settings_start *start, struct err *err) {
    *start = (struct settings_start){.kind = SETTINGS_START_EARLIEST};
    if (slice_equal(text, SLICE("earliest")))
        return true;
    start->kind = SETTINGS_START_LATEST;
    if (slice_equal(text, SLICE("latest")))
        return true;
    start->kind = SETTINGS_START_AT;
    return instant_parse(text, &start->at, NULL) ||
           err_set(err,
                   "\"" SLICE_FMT "\" is neither earliest, latest nor a time like "
                   "2026-11-27T17:30:00Z",
                   SLICE_ARG(text));
}

static void set(struct settings *s, const struct setting *row, const struct origin *o,
                struct slice text, struct faults *f) {
    struct err err;
    void *field = (char *)s + row->offset;
    bool ok;
    if (row->type == SETTING_CHOICE) {
        ok = choice_value(row, text, field, &err);
    } else if (row->type == SETTING_START) {
        ok = start_value(text, field, &err);
    } else if (setting_is_number(row)) {
        ok = number_value(row, text, field, &err);
    } else {
        char *value = text_value(row, o, text, &err);
        ok = value != NULL;
        if (ok)
            replace(field, value);
    }
    if (!ok)
        refuse(f, o, slice_of(row->path), err.text);
}

static struct settings_property *property(struct settings *s, struct slice name) {
    for (size_t i = 0; i < s->property_count; i++) {
        if (slice_equal(name, slice_of(s->properties[i].name)))
            return &s->properties[i];
    }
    s->properties = realloc(s->properties, (s->property_count + 1) * sizeof(*s->properties));
    CHECK(s->properties);
    struct settings_property *added = &s->properties[s->property_count++];
    *added = (struct settings_property){.name = copy_text(name)};
    return added;
}

static void set_property(struct settings *s, const struct origin *o, struct slice name,
                         struct slice text, struct faults *f) {
    for (size_t i = 0; i < sizeof(kept_properties) / sizeof(kept_properties[0]); i++) {
        if (!slice_equal(name, slice_of(kept_properties[i].name)))
            continue;
        faults_add(f, o->place, o->line, kept_properties[i].remedy,
                   PROPERTIES_PATH ".%s is floorwalker's own", kept_properties[i].name);
        return;
    }
    struct err err;
    char *value = plain_or_secret(text, &err);
    if (value)
        replace(&property(s, name)->value, value);
    else
        faults_add(f, o->place, o->line, "", PROPERTIES_PATH "." SLICE_FMT ": %s", SLICE_ARG(name),
                   err.text);
}

static void read_properties(struct settings *s, const struct tree_node *map, struct origin *o,
                            struct faults *f) {
    if (map->kind != TREE_MAP && !tree_is_empty(map)) {
        faults_add(f, o->place, map->line, "write `name: value` lines below it",
                   PROPERTIES_PATH " is no map");
        return;
    }
    for (const struct tree_node *n = map->first; n; n = n->next) {
        o->line = n->key_line;
        if (n->kind == TREE_TEXT)
            set_property(s, o, n->key, n->text, f);
        else
            faults_add(f, o->place, n->key_line, "write `name: value`",
                       PROPERTIES_PATH ".%s is no text", n->key.at);
    }
}

static void unknown_key(const struct origin *o, const char *path, struct faults *f) {
    const char *meant = settings_nearest(slice_of(path));
    char remedy[128] = "`floorwalker run --help` lists the settings";
    if (meant)
        snprintf(remedy, sizeof(remedy), "did you mean \"%s\"?", meant);
    faults_add(f, o->place, o->line, remedy, "unknown key \"%s\"", path);
}

static void read_map(struct settings *s, const struct tree_node *map, const char *prefix,
                     struct origin *o, struct faults *f);

static void read_value(struct settings *s, const struct tree_node *n, const char *path,
                       struct origin *o, struct faults *f) {
    const struct setting *row = setting_find(slice_of(path));
    if (row && n->kind == TREE_TEXT && !tree_is_empty(n))
        set(s, row, o, n->text, f);
    else if (row)
        faults_add(f, o->place, o->line, "write `key: value`, or leave the key out",
                   "%s has no value", path);
    else if (strcmp(path, PROPERTIES_PATH) == 0)
        read_properties(s, n, o, f);
    else if (!setting_is_group(slice_of(path)))
        unknown_key(o, path, f);
    else if (n->kind == TREE_MAP)
        read_map(s, n, path, o, f);
    else if (!tree_is_empty(n))
        faults_add(f, o->place, o->line, "write its keys below it", "%s is no single value", path);
}

static void read_map(struct settings *s, const struct tree_node *map, const char *prefix,
                     struct origin *o, struct faults *f) {
    for (const struct tree_node *n = map->first; n; n = n->next) {
        char path[256];
        snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", n->key.at);
        o->line = n->key_line;
        read_value(s, n, path, o, f);
    }
}

static void load_file(struct settings *s, const char *file, const char *folder, struct faults *f) {
    struct tree *t = tree_load_file(file, file, f);
    if (!t)
        return;
    struct origin o = {.place = file, .folder = folder};
    read_map(s, tree_root(t), "", &o, f);
    tree_free(t);
}

/* FLOORWALKER_KAFKA_PROPERTIES_SASL_USERNAME is sasl.username. */
static void set_property_variable(struct settings *s, const struct origin *o, struct slice name,
                                  struct slice value, struct faults *f) {
    char *own = copy_text(name);
    for (char *c = own; *c; c++)
        *c = *c == '_' ? '.' : *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    set_property(s, o, slice_of(own), value, f);
    free(own);
}

/* Other variables with our prefix are left alone: Kubernetes sets FLOORWALKER_PORT and the like
 * for a service of our name. */
static void load_variable(struct settings *s, const char *variable, struct faults *f) {
    static const char properties[] = SETTING_VARIABLE_PREFIX "KAFKA_PROPERTIES_";
    const char *equals = strchr(variable, '=');
    if (!equals || strncmp(variable, SETTING_VARIABLE_PREFIX, strlen(SETTING_VARIABLE_PREFIX)) != 0)
        return;
    struct slice name = {variable, (size_t)(equals - variable)};
    struct slice value = slice_of(equals + 1);
    char *place = copy_text(name);
    struct origin o = {.place = place};
    const struct setting *row = setting_of_variable(name);
    size_t prefix = strlen(properties);
    if (row)
        set(s, row, &o, value, f);
    else if (name.size > prefix && strncmp(variable, properties, prefix) == 0)
        set_property_variable(s, &o, (struct slice){name.at + prefix, name.size - prefix}, value,
                              f);
    free(place);
}

static void load_flag(struct settings *s, struct slice path, const char *value, struct faults *f) {
    char *place;
    CHECK(asprintf(&place, "--" SLICE_FMT, SLICE_ARG(path)) >= 0);
    struct origin o = {.place = place};
    const struct setting *row = setting_find(path);
    size_t prefix = strlen(PROPERTIES_PATH ".");
    if (row)
        set(s, row, &o, slice_of(value), f);
    else
        set_property(s, &o, (struct slice){path.at + prefix, path.size - prefix}, slice_of(value),
                     f);
    free(place);
}

static void load_defaults(struct settings *s, const char *folder, struct faults *f) {
    struct origin o = {.place = "default", .folder = folder};
    for (size_t i = 0; i < setting_count(); i++)
        set(s, setting_at(i), &o, slice_of(setting_at(i)->preset), f);
}

bool settings_load(struct settings *s, const char *file, char *const *environment,
                   const struct settings_flags *flags, struct faults *faults) {
    size_t errors = faults->errors;
    *s = (struct settings){0};
    char *own = file ? copy_text(slice_of(file)) : NULL;
    const char *folder = own ? dirname(own) : NULL;
    load_defaults(s, folder, faults);
    if (file)
        load_file(s, file, folder, faults);
    for (size_t i = 0; environment && environment[i]; i++)
        load_variable(s, environment[i], faults);
    for (size_t i = 0; flags && i < flags->count; i++)
        load_flag(s, flags->path[i], flags->value[i], faults);
    free(own);
    return faults->errors == errors;
}

void settings_deinit(struct settings *s) {
    for (size_t i = 0; i < setting_count(); i++) {
        if (setting_is_text(setting_at(i)))
            free(*(char **)(void *)((char *)s + setting_at(i)->offset));
    }
    for (size_t i = 0; i < s->property_count; i++) {
        free(s->properties[i].name);
        free(s->properties[i].value);
    }
    free(s->properties);
    *s = (struct settings){0};
}
