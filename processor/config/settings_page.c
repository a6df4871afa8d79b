#include <stdio.h>

#include "base/check.h"
#include "config/setting_table.h"

/* What may be given, in words: "80ms to 10s", "live or log". */
static void format_bounds(const struct setting *row, char text[128]) {
    char least[SETTING_VALUE_SIZE];
    char most[SETTING_VALUE_SIZE];
    text[0] = '\0';
    if (row->type == SETTING_CHOICE)
        snprintf(text, 128, "%s", row->words);
    if (!setting_is_number(row))
        return;
    setting_format(row, row->least, least);
    setting_format(row, row->most, most);
    snprintf(text, 128, "%s to %s", least, most);
}

static const char *type_name(enum setting_type type) {
    switch (type) {
    case SETTING_TEXT: return "text";
    case SETTING_NAME: return "text, not empty";
    case SETTING_ADDRESS: return "host:port";
    case SETTING_SECRET: return "text, or file:/path to it";
    case SETTING_FOLDER: return "folder";
    case SETTING_REGISTRY: return "URL, or file:DIR";
    case SETTING_COUNT: return "whole number";
    case SETTING_BYTES: return "bytes";
    case SETTING_DURATION: return "duration";
    case SETTING_START: return "earliest, latest or a time";
    case SETTING_CHOICE: return "one of";
    }
    UNREACHABLE("a type without a name");
}

void settings_print_help(FILE *out) {
    fputs("  (keys of the file, or flags like --kafka.brokers HOST:PORT; defaults below each)\n",
          out);
    for (size_t i = 0; i < setting_count(); i++) {
        const struct setting *row = setting_at(i);
        char bounds[128];
        format_bounds(row, bounds);
        fprintf(out, "  --%-26s %s%s%s%s\n", row->path, row->meaning, bounds[0] ? " (" : "", bounds,
                bounds[0] ? ")" : "");
        fprintf(out, "    %-26s %s\n", "", row->preset[0] ? row->preset : "(empty)");
    }
    fputs("  --kafka.properties.NAME      handed to librdkafka as they are\n", out);
}

static const char page_head[] =
    "# Settings\n"
    "\n"
    "One YAML file, `--config FILE`. A setting is overridden by an environment variable, and that\n"
    "by a flag: `kafka.brokers` is `FLOORWALKER_KAFKA_BROKERS` and `--kafka.brokers`. Every value "
    "is\n"
    "read as text first. An unknown key is an error that names the nearest known one. Durations "
    "are\n"
    "whole numbers with `ms s m h d`, also joined (`1h30m`); sizes are `512MiB`, `8GiB`.\n"
    "\n"
    "This page is made from the table in `processor/config/settings.h`; a test compares them.\n"
    "\n"
    "| key | default | what may be given | meaning |\n"
    "| --- | --- | --- | --- |\n";

static const char page_tail[] =
    "| `kafka.properties` | `{}` | map of texts, each may be file:/path | handed to librdkafka as "
    "they "
    "are (`security.protocol`, `sasl.*`, `ssl.*`, …); what the program rests on cannot be set: "
    "group.id, transactional.id, isolation.level and the like |\n"
    "\n"
    "Secrets (`redis`, `kafka.properties`) can be given as `file:/path`: the first line of that "
    "file is taken.\n";

static void print_escaped(const char *text, FILE *out) {
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
}

void settings_print_page(FILE *out) {
    fputs(page_head, out);
    for (size_t i = 0; i < setting_count(); i++) {
        const struct setting *row = setting_at(i);
        char bounds[128];
        format_bounds(row, bounds);
        fprintf(out, "| `%s` | `%s` | %s%s", row->path, row->preset[0] ? row->preset : "\"\"",
                type_name(row->type), bounds[0] ? row->type == SETTING_CHOICE ? " " : ", " : "");
        print_escaped(bounds, out);
        fputs(" | ", out);
        print_escaped(row->meaning, out);
        fputs(" |\n", out);
    }
    fputs(page_tail, out);
}
