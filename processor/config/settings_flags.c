#include "config/setting_table.h"

static bool is_setting(struct slice path) {
    static const char properties[] = "kafka.properties.";
    size_t prefix = strlen(properties);
    return setting_find(path) || slice_equal(path, SLICE("config")) ||
           (path.size > prefix && memcmp(path.at, properties, prefix) == 0);
}

static bool keep(struct settings_flags *flags, struct slice path, const char *value,
                 struct err *err) {
    if (slice_equal(path, SLICE("config"))) {
        flags->config = value;
        return true;
    }
    if (flags->count == SETTINGS_FLAGS_MAX)
        return err_set(err, "more than %d settings as flags; put them into the file",
                       SETTINGS_FLAGS_MAX);
    flags->path[flags->count] = path;
    flags->value[flags->count++] = value;
    return true;
}

bool settings_take_flags(struct settings_flags *flags, int *argc, char **argv, struct err *err) {
    *flags = (struct settings_flags){0};
    int kept = 1;
    for (int i = 1; i < *argc; i++) {
        const char *word = argv[i];
        size_t size = strncmp(word, "--", 2) == 0 ? strcspn(word + 2, "=") : 0;
        struct slice path = {size > 0 ? word + 2 : NULL, size};
        if (size == 0 || !is_setting(path)) {
            argv[kept++] = argv[i];
            continue;
        }
        const char *value = word[2 + size] == '=' ? word + 2 + size + 1 : argv[++i];
        if (!value)
            return err_set(err, "%s needs a value", word);
        if (!keep(flags, path, value, err))
            return false;
    }
    *argc = kept;
    argv[kept] = NULL;
    return true;
}
