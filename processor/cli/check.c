#include "cli/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/connect.h"
#include "cli/explain.h"
#include "config/contracts.h"
#include "config/settings.h"
#include "core/counter.h"
#include "core/metric.h"
#include "core/period.h"
#include "core/window.h"

enum check_status { CHECK_GOOD = 0, CHECK_FAULTS = 2 };

static int usage(FILE *out, int status) {
    fputs(
        "usage: floorwalker check --config FILE [--SETTING VALUE]...\n"
        "       floorwalker check --connect --config FILE\n"
        "       floorwalker check --explain INTERACTION.json --config FILE\n"
        "       floorwalker check --metrics\n"
        "\n"
        "Checks the settings and every contract, and tells each fault with file, line and what\n"
        "would be right. Status 0 when there is none, else 2.\n"
        "  --connect   also tries Kafka, the schema registry and Redis: topics, settings, rights\n"
        "  --explain   which clocks and objectives apply to an InteractionEvent, and why\n"
        "  --metrics   the catalogue: metrics, service-level variants, counters, windows\n",
        out);
    return status;
}

static void print_metrics(FILE *out) {
    static const char *const forms[] = {
        [FORM_COUNT] = "count",       [FORM_MEAN] = "mean",   [FORM_RATIO] = "ratio",
        [FORM_QUANTILE] = "quantile", [FORM_GAUGE] = "gauge", [FORM_LEVEL] = "level"};
    fputs("metrics (arrival: also as arrival.METRIC, every count in the pane of QUEUED)\n", out);
#define METRIC_ROW(symbol, name, form, unit, arrival)                                              \
    fprintf(out, "  %-21s %-9s %-7s%s\n", name, forms[FORM_##form], unit_name(UNIT_##unit),        \
            (arrival) ? " arrival" : "");
    METRICS(METRIC_ROW)
    fputs("\nservice_level.VARIANT\n", out);
#define VARIANT_ROW(symbol, name) fprintf(out, "  %s\n", name);
    LEVEL_VARIANTS(VARIANT_ROW)
}

static void print_counters(FILE *out) {
    fputs("\ncounters (what panes hold)\n", out);
#define COUNTER_ROW(symbol, name, unit, meaning)                                                   \
    fprintf(out, "  %-24s %-7s %s\n", name, unit_name(UNIT_##unit), meaning);
    COUNTERS(COUNTER_ROW)
    fputs("\nservice-level counters, for each threshold T\n", out);
#define LEVEL_ROW(symbol, name, meaning) fprintf(out, "  %-24s %s\n", name, meaning);
    LEVEL_COUNTERS(LEVEL_ROW)
    fputs("\nhistograms\n", out);
#define HISTOGRAM_ROW(symbol, name, meaning) fprintf(out, "  %-24s %s\n", name, meaning);
    HISTOGRAMS(HISTOGRAM_ROW)
    fputs("\nwindows\n", out);
#define WINDOW_ROW(symbol, name, length, step)                                                     \
    fprintf(out, "  %-7s every %lld s\n", name, (long long)(step) / 1000);
    WINDOWS(WINDOW_ROW)
#define PERIOD_ROW(symbol, name) fprintf(out, "  %-7s in the tenant's zone, every 300 s\n", name);
    PERIODS(PERIOD_ROW)
}

/* What is done besides: at most one of them. */
struct wish {
    bool connect;
    const char *explain; /* a file */
};

static bool explains(const char *path, const struct contract_set *set) {
    struct err err;
    if (explain_file(path, set, stdout, &err))
        return true;
    fprintf(stderr, "floorwalker check: %s\n", err.text);
    return false;
}

/* False only when what was wished cannot be had; faults are in `faults`. */
static bool check_contracts(const struct settings *s, const struct wish *wish,
                            struct faults *faults) {
    bool done = true;
    struct contract_set *set = contracts_load(s->contracts, faults);
    if (set && wish->explain)
        done = explains(wish->explain, set);
    else if (set)
        printf("%zu contract%s in %s\n", set->count, set->count == 1 ? "" : "s", s->contracts);
    contracts_free(set);
    return done;
}

/* The contracts are looked at even when some setting is wrong: one go finds all. */
static int check(const struct settings_flags *flags, const struct wish *wish) {
    struct faults faults;
    struct settings settings;
    faults_init(&faults);
    bool right = settings_load(&settings, flags->config, environ, flags, &faults);
    if (access(flags->config, R_OK) == 0)
        right = check_contracts(&settings, wish, &faults) && right;
    faults_print(&faults, stdout);
    if (faults.errors > 0 || !right)
        right = false;
    else if (wish->connect)
        right = connect_check(&settings) == 0;
    if (faults.errors > 0)
        printf("%zu fault%s\n", faults.errors, faults.errors == 1 ? "" : "s");
    else if (right && !wish->explain)
        puts("nothing wrong");
    settings_deinit(&settings);
    faults_deinit(&faults);
    return right ? CHECK_GOOD : CHECK_FAULTS;
}

static int refuse(const char *text) {
    fprintf(stderr, "floorwalker check: %s\n", text);
    return usage(stderr, CHECK_FAULTS);
}

/* A flag that is no setting, and perhaps a mistyped one. */
static int refuse_word(const char *word) {
    char text[256];
    const char *meant = NULL;
    if (strncmp(word, "--", 2) == 0) {
        struct slice path = {word + 2, strcspn(word + 2, "=")};
        meant = settings_nearest(path);
    }
    snprintf(text, sizeof(text), "\"%s\" is not known%s%s%s", word,
             meant ? "; did you mean --" : "", meant ? meant : "", meant ? "?" : "");
    return refuse(text);
}

int check_main(int argc, char **argv) {
    struct settings_flags flags;
    struct err err;
    if (!settings_take_flags(&flags, &argc, argv, &err))
        return refuse(err.text);
    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, CHECK_GOOD);
    if (argc == 2 && strcmp(argv[1], "--metrics") == 0) {
        print_metrics(stdout);
        print_counters(stdout);
        return CHECK_GOOD;
    }
    struct wish wish = {.connect = argc == 2 && strcmp(argv[1], "--connect") == 0};
    if (argc == 3 && strcmp(argv[1], "--explain") == 0)
        wish.explain = argv[2];
    else if (argc == 2 && strcmp(argv[1], "--explain") == 0)
        return refuse("--explain needs a file: an InteractionEvent as JSON");
    else if (argc > 1 && !wish.connect)
        return refuse_word(argv[1]);
    if (!flags.config)
        return refuse("--config FILE is missing");
    return check(&flags, &wish);
}
