/* The rows of SETTINGS, to be searched: by path, by environment variable, by what is near. */
#pragma once

#include "config/settings.h"

#define SETTING_VARIABLE_PREFIX "FLOORWALKER_"
#define SETTING_VALUE_SIZE 32

enum setting_type {
    SETTING_TEXT,
    SETTING_NAME,
    SETTING_ADDRESS,
    SETTING_SECRET,
    SETTING_FOLDER,
    SETTING_REGISTRY,
    SETTING_COUNT,
    SETTING_BYTES,
    SETTING_DURATION,
    SETTING_START,
    SETTING_CHOICE
};

struct setting {
    const char *path;
    enum setting_type type;
    const char *preset;  /* the default, as it would be written */
    const char *words;   /* of SETTING_CHOICE: "live|log" */
    int64_t least, most; /* of numbers */
    const char *meaning;
    size_t offset; /* in struct settings */
};

size_t setting_count(void);
const struct setting *setting_at(size_t index);
const struct setting *setting_find(struct slice path);        /* or NULL */
const struct setting *setting_of_variable(struct slice name); /* or NULL */
bool setting_is_group(struct slice path);                     /* "kafka.topics" */
bool setting_is_number(const struct setting *row);
bool setting_is_text(const struct setting *row);

/* The variable of a setting; room for SETTING_VARIABLE_SIZE. */
#define SETTING_VARIABLE_SIZE 64
void setting_variable(const struct setting *row, char name[SETTING_VARIABLE_SIZE]);

/* A number as it would be written in the file. */
void setting_format(const struct setting *row, int64_t value, char text[SETTING_VALUE_SIZE]);
