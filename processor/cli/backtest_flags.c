#include "cli/backtest_flags.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/instant.h"

/* What became of a word. */
enum taken { TAKEN, TAKEN_WRONG, TAKEN_NOT };

/* The words that are read. */
struct words {
    int count, at;
    char **of;
};

void backtest_flags_print_help(void) {
    printf(
        "usage: floorwalker backtest --contracts DIR... --avro FILE... [--from T] [--to T]\n"
        "                            [--json | --csv] [--episodes] [--figures]\n"
        "                            [--config FILE]\n"
        "       floorwalker backtest --contracts DIR... --topic interactions --config FILE ...\n\n"
        "What contracts would have said on past events: attainment per objective, local day and\n"
        "month, the alerts that would have fired, and the tightest target that would have held.\n"
        "It judges as the processor does with clock: log.\n"
        "  --contracts DIR...  one or more folders of contract files, tried side by side\n"
        "  --avro FILE...      Avro container files of InteractionEvent. Of several files the\n"
        "                      event with the earliest time comes next, so each of them has to be\n"
        "                      in the order of time; what comes late counts as it does live. Time\n"
        "                      is event_at, or log_at where that is the first field\n"
        "  --topic T           instead: this topic (without topic_prefix) as it is now, in the\n"
        "                      order of the records' time stamps\n"
        "  --from T, --to T    only events of [from, to) by that time (epoch ms or RFC 3339)\n"
        "  --json              for programs: one JSON object a line, in records named input,\n"
        "                      refused, rule, objective, period, alerts, left_out\n"
        "  --csv               the same as one table with a head\n"
        "  --episodes          with either of them: each alert too, in records named episode\n"
        "  --figures           with either of them: each figure that the processor would publish "
        "on\n"
        "                      kpis with `publish: all`, as it is made, in records named figure\n"
        "  --config FILE       settings, of which grace, reorder, lateness, max_skew,\n"
        "                      max_alert_age and limits count; none is needed\n");
}

static void say(const char *flag, const char *text) {
    fprintf(stderr, "floorwalker backtest: %s%s; see floorwalker backtest --help\n", flag, text);
}

static enum taken take_folder(struct backtest_flags *f, char *word) {
    if (f->folder_count == BACKTEST_FOLDERS_MAX) {
        say("--contracts", " has more than 32 folders");
        return TAKEN_WRONG;
    }
    f->folders[f->folder_count++] = word;
    return TAKEN;
}

static enum taken take_file(struct backtest_flags *f, char *word) {
    f->files[f->file_count++] = word;
    return TAKEN;
}

/* All words up to the next flag. */
static enum taken take_words(struct backtest_flags *f, struct words *w,
                             enum taken (*take)(struct backtest_flags *f, char *word)) {
    const char *flag = w->of[w->at];
    int first = w->at;
    while (w->at + 1 < w->count && strncmp(w->of[w->at + 1], "--", 2) != 0) {
        if (take(f, w->of[++w->at]) != TAKEN)
            return TAKEN_WRONG;
    }
    if (w->at > first)
        return TAKEN;
    say(flag, " needs a value");
    return TAKEN_WRONG;
}

static enum taken take_topic(struct backtest_flags *f, struct words *w) {
    if (w->at + 1 == w->count) {
        say("--topic", " needs a value");
        return TAKEN_WRONG;
    }
    f->topic = w->of[++w->at];
    return TAKEN;
}

static enum taken take_instant(struct words *w, int64_t *at) {
    const char *flag = w->of[w->at];
    struct err err = {" needs a time"};
    if (w->at + 1 < w->count && instant_parse(slice_of(w->of[++w->at]), at, &err))
        return TAKEN;
    fprintf(stderr, "floorwalker backtest: %s %s\n", flag, err.text);
    return TAKEN_WRONG;
}

static bool *switch_named(struct backtest_flags *f, const char *word) {
    const struct {
        const char *name;
        bool *flag;
    } switches[] = {{"--json", &f->json},
                    {"--csv", &f->csv},
                    {"--episodes", &f->episodes},
                    {"--figures", &f->figures},
                    {"--help", &f->help}};
    for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++)
        if (strcmp(word, switches[i].name) == 0)
            return switches[i].flag;
    return NULL;
}

static enum taken take_word(struct backtest_flags *f, struct words *w) {
    const char *word = w->of[w->at];
    if (strcmp(word, "--contracts") == 0)
        return take_words(f, w, take_folder);
    if (strcmp(word, "--avro") == 0)
        return take_words(f, w, take_file);
    if (strcmp(word, "--topic") == 0)
        return take_topic(f, w);
    if (strcmp(word, "--from") == 0)
        return take_instant(w, &f->from_at);
    if (strcmp(word, "--to") == 0)
        return take_instant(w, &f->to_at);
    bool *flag = switch_named(f, word);
    if (!flag)
        return TAKEN_NOT;
    *flag = true;
    return TAKEN;
}

static bool is_complete(const struct backtest_flags *f) {
    if (f->help)
        return true;
    if (f->folder_count == 0)
        say("--contracts DIR...", " is missing");
    else if (f->file_count == 0 && !f->topic)
        say("--avro FILE... or --topic T", " is missing");
    else if (f->file_count > 0 && f->topic)
        say("--avro and --topic", " exclude each other");
    else if (f->json && f->csv)
        say("--json and --csv", " exclude each other");
    else if ((f->episodes || f->figures) && !f->json && !f->csv)
        say(f->episodes ? "--episodes" : "--figures", " needs --json or --csv");
    else
        return true;
    return false;
}

bool backtest_flags_take(struct backtest_flags *f, int *argc, char **argv) {
    *f = (struct backtest_flags){.from_at = INSTANT_NONE, .to_at = INSTANT_MAX};
    f->files = calloc((size_t)*argc + 1, sizeof(char *));
    CHECK(f->files);
    struct words w = {.count = *argc, .of = argv};
    int left = 1;
    for (w.at = 1; w.at < w.count; w.at++) {
        switch (take_word(f, &w)) {
        case TAKEN: break;
        case TAKEN_WRONG: return false;
        case TAKEN_NOT: argv[left++] = argv[w.at]; break;
        }
    }
    argv[left] = NULL;
    *argc = left;
    return is_complete(f);
}

void backtest_flags_deinit(struct backtest_flags *f) {
    free(f->files);
}
