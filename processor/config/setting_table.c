#include "config/setting_table.h"

#include <stdio.h>

#include "base/check.h"
#include "config/nearest.h"

#define SETTING_ROW(field, path, type, preset, words, least, most, meaning)                        \
    {path, SETTING_##type, preset, words, least, most, meaning, offsetof(struct settings, field)},

static const struct setting rows[] = {SETTINGS(SETTING_ROW)};

size_t setting_count(void) {
    return sizeof(rows) / sizeof(rows[0]);
}

const struct setting *setting_at(size_t index) {
    CHECK(index < setting_count());
    return &rows[index];
}

const struct setting *setting_find(struct slice path) {
    for (size_t i = 0; i < setting_count(); i++) {
        if (slice_equal(path, slice_of(rows[i].path)))
            return &rows[i];
    }
    return NULL;
}

const struct setting *setting_of_variable(struct slice name) {
    for (size_t i = 0; i < setting_count(); i++) {
        char variable[SETTING_VARIABLE_SIZE];
        setting_variable(&rows[i], variable);
        if (slice_equal(name, slice_of(variable)))
            return &rows[i];
    }
    return NULL;
}

bool setting_is_group(struct slice path) {
    for (size_t i = 0; i < setting_count(); i++) {
        if (strncmp(rows[i].path, path.at, path.size) == 0 && rows[i].path[path.size] == '.')
            return true;
    }
    return false;
}

bool setting_is_number(const struct setting *row) {
    return row->type == SETTING_COUNT || row->type == SETTING_BYTES ||
           row->type == SETTING_DURATION;
}

bool setting_is_text(const struct setting *row) {
    return !setting_is_number(row) && row->type != SETTING_START && row->type != SETTING_CHOICE;
}

void setting_variable(const struct setting *row, char name[SETTING_VARIABLE_SIZE]) {
    int size = snprintf(name, SETTING_VARIABLE_SIZE, SETTING_VARIABLE_PREFIX "%s", row->path);
    CHECK(size > 0 && size < SETTING_VARIABLE_SIZE);
    for (char *c = name; *c; c++)
        *c = *c == '.' ? '_' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
}

void setting_format(const struct setting *row, int64_t value, char text[SETTING_VALUE_SIZE]) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    if (row->type == SETTING_DURATION) {
        duration_format(value, text);
        return;
    }
    if (row->type == SETTING_COUNT) {
        snprintf(text, SETTING_VALUE_SIZE, "%lld", (long long)value);
        return;
    }
    size_t unit = 0;
    for (; unit < 4 && value > 0 && value % 1024 == 0; unit++)
        value /= 1024;
    snprintf(text, SETTING_VALUE_SIZE, "%lld%s", (long long)value, units[unit]);
}

static const char *path_at(const void *context, size_t index) {
    (void)context;
    static const char *const groups[] = {"kafka", "kafka.topics", "kafka.properties", "log",
                                         "limits"};
    if (index < setting_count())
        return rows[index].path;
    index -= setting_count();
    return index < sizeof(groups) / sizeof(groups[0]) ? groups[index] : NULL;
}

const char *settings_nearest(struct slice path) {
    return nearest_word(path, path_at, NULL);
}
