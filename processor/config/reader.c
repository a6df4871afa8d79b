#include "config/reader.h"

#include "base/instant.h"
#include "config/nearest.h"
#include "config/value.h"

#define DAYS_MOST 3650

static void told(char text[static READER_LINE_MAX * 4], const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void told(char text[static READER_LINE_MAX * 4], const char *format, va_list args) {
    vsnprintf(text, READER_LINE_MAX * 4, format, args);
}

void reader_fault(struct reader *r, int line, const char *remedy, const char *format, ...) {
    char text[READER_LINE_MAX * 4];
    va_list args;
    va_start(args, format);
    told(text, format, args);
    va_end(args);
    faults_add(r->faults, r->file, line, remedy, "%s%s%s", r->what, r->what[0] ? ": " : "", text);
}

void reader_note(struct reader *r, int line, const char *format, ...) {
    char text[READER_LINE_MAX * 4];
    va_list args;
    va_start(args, format);
    told(text, format, args);
    va_end(args);
    faults_note(r->faults, r->file, line, "%s%s%s", r->what, r->what[0] ? ": " : "", text);
}

void reader_unsupported(struct reader *r, int line, const char *remedy, const char *thing) {
    reader_fault(r, line, remedy, "%s is not supported yet", thing);
}

static const char *key_at(const void *context, size_t index) {
    return ((const struct reader_key *)context)[index].name;
}

static const struct reader_key *find_key(const struct reader_key *keys, struct slice name) {
    for (; keys->name; keys++) {
        if (slice_equal(name, slice_of(keys->name)))
            return keys;
    }
    return NULL;
}

static void list_keys(const struct reader_key *keys, char text[static READER_LINE_MAX * 2]) {
    size_t size = (size_t)snprintf(text, READER_LINE_MAX * 2, "known are");
    for (; keys->name && size < READER_LINE_MAX * 2; keys++)
        size += (size_t)snprintf(text + size, READER_LINE_MAX * 2 - size, " %s", keys->name);
}

static void unknown_key(struct reader *r, const struct tree_node *n,
                        const struct reader_key *keys) {
    char remedy[READER_LINE_MAX * 2];
    const char *meant = nearest_word(n->key, key_at, keys);
    if (meant)
        snprintf(remedy, sizeof(remedy), "did you mean \"%s\"?", meant);
    else
        list_keys(keys, remedy);
    reader_fault(r, n->key_line, remedy, "unknown key \"%s\"", n->key.at);
}

static void missing_key(struct reader *r, int line, const char *name) {
    char remedy[64];
    snprintf(remedy, sizeof(remedy), "write `%s: ...`", name);
    reader_fault(r, line, remedy, "%s is missing", name);
}

bool reader_map(struct reader *r, const struct tree_node *map, const struct reader_key *keys,
                void *target) {
    if (map->kind != TREE_MAP) {
        reader_fault(r, map->line, "write `key: value` lines", "%s is no map",
                     map->key.at ? map->key.at : "this");
        return false;
    }
    for (const struct tree_node *n = map->first; n; n = n->next) {
        if (!find_key(keys, n->key))
            unknown_key(r, n, keys);
        else if (tree_is_empty(n))
            reader_fault(r, n->key_line, "write `key: value`, or leave the key out",
                         "%s has no value", n->key.at);
    }
    for (const struct reader_key *key = keys; key->name; key++) {
        const struct tree_node *value = tree_get(map, key->name);
        if (!value && key->required)
            missing_key(r, map->line, key->name);
        if (value && key->read && !tree_is_empty(value))
            key->read(r, value, target);
    }
    return true;
}

static const char *name_of(const struct tree_node *node) {
    return node->key.at ? node->key.at : "an entry";
}

static bool is_text(struct reader *r, const struct tree_node *node) {
    if (node->kind == TREE_TEXT && node->text.size > 0 &&
        !memchr(node->text.at, '\0', node->text.size))
        return true;
    reader_fault(r, node->line, "write one text", "%s is %s", name_of(node),
                 node->kind == TREE_LIST  ? "a list"
                 : node->kind == TREE_MAP ? "a map"
                                          : "empty");
    return false;
}

bool reader_text(struct reader *r, const struct tree_node *node, struct slice *value) {
    if (!is_text(r, node))
        return false;
    *value = arena_copy(r->arena, node->text);
    return true;
}

bool reader_is_business_days(const struct tree_node *node) {
    struct slice text = node->text;
    return node->kind == TREE_TEXT && text.size > 2 &&
           memcmp(text.at + text.size - 2, "bd", 2) == 0;
}

bool reader_business_days(struct reader *r, const struct tree_node *node, uint32_t *days) {
    int64_t count;
    struct slice digits = {node->text.at, node->text.size - 2};
    if (value_count(digits, &count, NULL) && count > 0 && count <= DAYS_MOST) {
        *days = (uint32_t)count;
        return true;
    }
    reader_fault(r, node->line, "write them alone and whole, like 2bd",
                 "%s: \"%s\" are no business days from 1bd to %dbd", name_of(node), node->text.at,
                 DAYS_MOST);
    return false;
}

bool reader_duration(struct reader *r, const struct tree_node *node, int64_t least_ms,
                     int64_t *value_ms) {
    struct err err;
    int64_t found_ms;
    if (!is_text(r, node))
        return false;
    if (reader_is_business_days(node)) {
        reader_fault(r, node->line, "write the duration in h or d",
                     "%s: business days are for the targets of clocks", name_of(node));
        return false;
    }
    if (!duration_parse(node->text, &found_ms, &err)) {
        reader_fault(r, node->line, "", "%s: %s", name_of(node), err.text);
        return false;
    }
    if (found_ms < least_ms) {
        char least[32];
        duration_format(least_ms, least);
        char remedy[64];
        snprintf(remedy, sizeof(remedy), "write at least %s", least);
        reader_fault(r, node->line, remedy, "%s: %s is too short", name_of(node), node->text.at);
        return false;
    }
    *value_ms = found_ms;
    return true;
}

bool reader_count(struct reader *r, const struct tree_node *node, int64_t least, int64_t most,
                  int64_t *value) {
    struct err err;
    int64_t found;
    if (!is_text(r, node))
        return false;
    if (!value_count(node->text, &found, &err)) {
        reader_fault(r, node->line, "", "%s: %s", name_of(node), err.text);
        return false;
    }
    if (found < least || found > most) {
        char remedy[64];
        snprintf(remedy, sizeof(remedy), "write one from %lld to %lld", (long long)least,
                 (long long)most);
        reader_fault(r, node->line, remedy, "%s: %s is out of range", name_of(node), node->text.at);
        return false;
    }
    *value = found;
    return true;
}

bool reader_flag(struct reader *r, const struct tree_node *node, bool *value) {
    struct err err;
    if (!is_text(r, node))
        return false;
    if (value_flag(node->text, value, &err))
        return true;
    reader_fault(r, node->line, "", "%s: %s", name_of(node), err.text);
    return false;
}

static const char *word_at(const void *context, size_t index) {
    reader_word_fn *const *words = context;
    return (*words)(index);
}

static void list_words(reader_word_fn *words, char text[static READER_LINE_MAX * 4]) {
    size_t size = (size_t)snprintf(text, READER_LINE_MAX * 4, "known are");
    const char *word;
    for (size_t i = 0; (word = words(i)) != NULL && size < READER_LINE_MAX * 4; i++)
        size += (size_t)snprintf(text + size, READER_LINE_MAX * 4 - size, " %s", word);
}

/* Of two durations the length counts: 60m is 1h. */
static bool is_word(struct slice text, struct slice word) {
    struct err err;
    int64_t text_ms;
    int64_t word_ms;
    return slice_equal(text, word) || (duration_parse(text, &text_ms, &err) &&
                                       duration_parse(word, &word_ms, &err) && text_ms == word_ms);
}

bool reader_word(struct reader *r, const struct tree_node *node, const char *kind,
                 reader_word_fn *words, size_t *index) {
    if (!is_text(r, node))
        return false;
    const char *word;
    for (size_t i = 0; (word = words(i)) != NULL; i++) {
        if (!is_word(node->text, slice_of(word)))
            continue;
        *index = i;
        return true;
    }
    char remedy[READER_LINE_MAX * 4];
    /* Of numbers the one that looks most alike is no better than any other. */
    bool is_number = node->text.at[0] >= '0' && node->text.at[0] <= '9';
    const char *meant = is_number ? NULL : nearest_word(node->text, word_at, &words);
    if (meant)
        snprintf(remedy, sizeof(remedy), "did you mean \"%s\"?", meant);
    else
        list_words(words, remedy);
    reader_fault(r, node->line, remedy, "unknown %s \"%s\"", kind, node->text.at);
    return false;
}

const struct tree_node *reader_first(struct reader *r, const struct tree_node *node) {
    if (node->kind == TREE_LIST)
        return node->first;
    if (node->kind == TREE_TEXT)
        return node;
    reader_fault(r, node->line, "write a list like [a, b]", "%s is a map", name_of(node));
    return NULL;
}

const struct tree_node *reader_next(const struct tree_node *list, const struct tree_node *item) {
    return item == list ? NULL : item->next;
}

bool reader_names_add(struct reader_names *names, struct slice name, struct slice leads_to) {
    for (size_t i = 0; i < names->count; i++) {
        if (slice_equal(names->list[i].name, name))
            return false;
    }
    names->list[names->count++] = (struct reader_name){.name = name, .leads_to = leads_to};
    return true;
}

static const char *known_name(const void *context, size_t index) {
    const struct reader_names *names = context;
    return index < names->count ? names->list[index].name.at : NULL;
}

const struct reader_name *reader_find(struct reader *r, const struct tree_node *node,
                                      const char *kind, const struct reader_names *names) {
    if (!is_text(r, node))
        return NULL;
    for (size_t i = 0; i < names->count; i++) {
        if (slice_equal(node->text, names->list[i].name))
            return &names->list[i];
    }
    char remedy[READER_LINE_MAX];
    const char *meant = nearest_word(node->text, known_name, names);
    if (meant)
        snprintf(remedy, sizeof(remedy), "did you mean \"%s\"?", meant);
    else
        snprintf(remedy, sizeof(remedy), "define it in this file");
    reader_fault(r, node->line, remedy, "there is no %s \"%s\"", kind, node->text.at);
    return NULL;
}
