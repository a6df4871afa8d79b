/* The command line of `floorwalker backtest`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKTEST_FOLDERS_MAX 32

struct backtest_flags {
    const char *folders[BACKTEST_FOLDERS_MAX]; /* views of argv, as the files are */
    size_t folder_count;
    char **files;      /* owned array */
    const char *topic; /* without prefix; NULL: files */
    size_t file_count;
    int64_t from_at, to_at; /* INSTANT_NONE, INSTANT_MAX where not given */
    bool json, csv, episodes, figures, help;
};

/* Takes its own flags out of argv and leaves those of the settings (--contracts is one too): *argc
 * becomes less. False when something is wrong, which is said on stderr. Deinit in either case. */
bool backtest_flags_take(struct backtest_flags *flags, int *argc, char **argv);
void backtest_flags_deinit(struct backtest_flags *flags);

void backtest_flags_print_help(void);
