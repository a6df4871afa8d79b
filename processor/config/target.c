#include "config/target.h"

#include "base/instant.h"
#include "config/value.h"

static const struct {
    const char *words;
    bool at_least;
} directions[] = {{"at least", true}, {">=", true}, {"at most", false}, {"<=", false}};

static bool take_direction(struct slice *text, bool *at_least) {
    for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
        size_t size = strlen(directions[i].words);
        if (text->size <= size || memcmp(text->at, directions[i].words, size) != 0)
            continue;
        *at_least = directions[i].at_least;
        *text = value_trim((struct slice){text->at + size, text->size - size});
        return true;
    }
    return false;
}

static bool take_value(struct slice text, enum unit unit, double *value, struct err *err) {
    if (unit == UNIT_RATIO)
        return value_share(text, value, err);
    if (unit != UNIT_MILLIS)
        return value_number(text, value, err);
    int64_t duration_ms;
    if (!duration_parse(text, &duration_ms, err))
        return false;
    *value = (double)duration_ms;
    return true;
}

bool target_read(struct reader *r, const struct tree_node *node, enum unit unit,
                 struct target *target) {
    struct slice text;
    if (!reader_text(r, node, &text))
        return false;
    const char *key = node->key.at;
    struct slice amount = value_trim(text);
    struct target found;
    if (!take_direction(&amount, &found.at_least)) {
        reader_fault(r, node->line, "write `at least ...` (>=) or `at most ...` (<=)",
                     "%s \"%s\" does not say in which direction", key, text.at);
        return false;
    }
    struct err err;
    if (!take_value(amount, unit, &found.value, &err)) {
        reader_fault(r, node->line, "", "%s: %s", key, err.text);
        return false;
    }
    if (found.value < 0) {
        reader_fault(r, node->line, "", "%s \"%s\" is below zero", key, text.at);
        return false;
    }
    *target = found;
    return true;
}
