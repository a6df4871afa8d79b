#include "cli/top.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/board_data.h"
#include "cli/cli.h"
#include "core/scope.h"
#include "core/window.h"
#include "io/redis_reader.h"
#include "io/wall.h"

#define FRAME_EVERY_MS 1000
#define SCREEN_BEGIN "\x1b[?1049h\x1b[?25l" /* another page, no cursor */
#define SCREEN_END "\x1b[?25h\x1b[?1049l"
#define FRAME_BEGIN "\x1b[H"
#define LINE_END "\x1b[K" /* what stood there before */
#define FRAME_END "\x1b[J"

struct top_flags {
    const char *tenant; /* NULL: the first */
    const char *window;
    bool once, help;
};

struct top {
    const struct settings *settings;
    const struct top_flags *flags;
    struct redis_reader *redis; /* NULL: not connected */
    struct board_data *data;
    struct slice tenant; /* percent-encoded as in Redis; owned; empty: not known yet */
    size_t tenant_count;
    struct buf key, frame;
};

static void print_help(void) {
    printf("usage: floorwalker top --config FILE [--tenant T] [--window W] [--once]\n\n"
           "Shows a tenant's queues, objectives and open alerts from Redis; Ctrl-C ends it.\n"
           "Figures older than 10 s are shown as unknown.\n"
           "  --tenant T   default: the first by name\n"
           "  --window W   of counts and rates: 1m 5m 15m 30m 1h 4h 8h 24h; default 15m\n"
           "  --once       one frame, then end\n");
}

static bool take_flags(int argc, char **argv, struct top_flags *flags) {
    *flags = (struct top_flags){.window = "15m"};
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--tenant") == 0 && more) {
            flags->tenant = argv[++i];
        } else if (strcmp(argv[i], "--window") == 0 && more) {
            flags->window = argv[++i];
        } else if (strcmp(argv[i], "--once") == 0) {
            flags->once = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            flags->help = true;
        } else {
            fprintf(stderr, "floorwalker top: \"%s\" is not known; see floorwalker top --help\n",
                    argv[i]);
            return false;
        }
    }
    enum window_id window;
    if (window_parse(slice_of(flags->window), &window))
        return true;
    fprintf(stderr, "floorwalker top: \"%s\" is no window; there are 1m 5m 15m 30m 1h 4h 8h 24h\n",
            flags->window);
    return false;
}

/* "fw:{TENANT}:" and so on, as a C text. */
static const char *key_of(struct top *t, const char *what, struct slice scope, const char *window) {
    buf_reset(&t->key);
    buf_put(&t->key, "fw:{", 4);
    buf_put(&t->key, t->tenant.at, t->tenant.size);
    buf_put_format(&t->key, "}:%s", what);
    if (scope.size > 0) {
        buf_put_u8(&t->key, ':');
        buf_put(&t->key, scope.at, scope.size);
    }
    if (window)
        buf_put_format(&t->key, ":%s", window);
    buf_put_u8(&t->key, '\0');
    return t->key.at;
}

static void take_tenant(void *context, struct slice name, struct slice value) {
    struct top *t = context;
    (void)value;
    size_t before = strlen("fw:{"), after = strlen("}:meta");
    if (name.size <= before + after)
        return;
    struct slice tenant = {name.at + before, name.size - before - after};
    t->tenant_count++;
    if (t->tenant.size > 0 && slice_compare(t->tenant, tenant) <= 0)
        return;
    free((void *)(uintptr_t)t->tenant.at);
    t->tenant = slice_copy(tenant);
}

static bool choose_tenant(struct top *t, struct err *err) {
    if (t->flags->tenant && t->tenant.size == 0) {
        buf_reset(&t->key);
        scope_encode(slice_of(t->flags->tenant), &t->key);
        t->tenant = slice_copy(buf_slice(&t->key));
        t->tenant_count = 1;
    }
    if (t->tenant.size > 0)
        return true;
    t->tenant_count = 0;
    if (!redis_reader_keys(t->redis, "fw:{*}:meta", take_tenant, t, err))
        return false;
    return t->tenant.size > 0 || err_set(err, "Redis shows no tenant yet; is floorwalker running?");
}

static void take_scope(void *context, struct slice name, struct slice value) {
    (void)value;
    board_data_scope(context, name);
}

static void take_objective(void *context, struct slice name, struct slice value) {
    board_data_objective(context, name, value);
}

static void take_alert(void *context, struct slice name, struct slice value) {
    board_data_alert(context, name, value);
}

static void take_meta(void *context, struct slice name, struct slice value) {
    board_data_meta(context, name, value);
}

struct row_target {
    struct board_data *data;
    size_t row;
};

static void take_figure(void *context, struct slice name, struct slice value) {
    struct row_target *target = context;
    board_data_figure(target->data, target->row, name, value);
}

static bool read_rows(struct top *t, struct err *err) {
    size_t count = board_data_rows(t->data);
    for (size_t i = 0; i < count; i++) {
        struct row_target target = {t->data, i};
        struct slice scope = board_data_row_scope(t->data, i);
        if (!redis_reader_hash(t->redis, key_of(t, "now", scope, NULL), take_figure, &target, err))
            return false;
        if (!redis_reader_hash(t->redis, key_of(t, "kpi", scope, t->flags->window), take_figure,
                               &target, err))
            return false;
    }
    return true;
}

static bool read_board(struct top *t, struct err *err) {
    if (!t->redis)
        t->redis = redis_reader_new(t->settings->redis, err);
    if (!t->redis || !choose_tenant(t, err))
        return false;
    struct slice none = {0};
    board_data_begin(t->data, t->tenant, slice_of(t->flags->window), wall_now());
    return redis_reader_hash(t->redis, key_of(t, "meta", none, NULL), take_meta, t->data, err) &&
           redis_reader_set(t->redis, key_of(t, "scopes", none, NULL), take_scope, t->data, err) &&
           read_rows(t, err) &&
           redis_reader_hash(t->redis, key_of(t, "objectives", none, NULL), take_objective, t->data,
                             err) &&
           redis_reader_hash(t->redis, key_of(t, "alerts", none, NULL), take_alert, t->data, err);
}

static void screen_size(size_t *width, size_t *height) {
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    *width = known ? size.ws_col : 120;
    *height = known && size.ws_row > 1 ? size.ws_row - 1 : 40;
}

/* Each line overwrites the one that stood there: no flicker. */
static void put_on_screen(const struct buf *frame) {
    fputs(FRAME_BEGIN, stdout);
    const char *at = frame->at, *end = frame->at + frame->size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        fwrite(at, 1, (size_t)(stop - at), stdout);
        fputs(LINE_END "\r\n", stdout);
        at = stop + 1;
    }
    fputs(FRAME_END, stdout);
    fflush(stdout);
}

static bool show(struct top *t, bool screen) {
    struct err err = {""};
    size_t width, height;
    bool read = read_board(t, &err);
    buf_reset(&t->frame);
    screen_size(&width, &height);
    if (read) {
        struct board board = *board_data_board(t->data);
        board.tenant_count = t->tenant_count;
        board_render(&board, width, height, screen || isatty(STDOUT_FILENO), &t->frame);
    } else {
        redis_reader_free(t->redis);
        t->redis = NULL;
        buf_put_format(&t->frame, "floorwalker  UNKNOWN: %s\n", err.text);
    }
    if (screen)
        put_on_screen(&t->frame);
    else
        fwrite(t->frame.at, 1, t->frame.size, read ? stdout : stderr);
    return read;
}

/* Until a signal other than a change of the terminal's size. */
static void follow(struct top *t) {
    sigset_t waited;
    sigemptyset(&waited);
    sigaddset(&waited, SIGINT);
    sigaddset(&waited, SIGTERM);
    sigaddset(&waited, SIGWINCH);
    sigprocmask(SIG_BLOCK, &waited, NULL);
    struct pollfd p = {.fd = signalfd(-1, &waited, SFD_CLOEXEC), .events = POLLIN};
    CHECK(p.fd >= 0);
    fputs(SCREEN_BEGIN, stdout);
    for (bool going = true; going && !ferror(stdout);) {
        show(t, true);
        struct signalfd_siginfo signal;
        if (poll(&p, 1, FRAME_EVERY_MS) > 0)
            going = read(p.fd, &signal, sizeof(signal)) == sizeof(signal) &&
                    signal.ssi_signo == SIGWINCH;
    }
    fputs(SCREEN_END, stdout);
    fflush(stdout);
    close(p.fd);
}

static int top(const struct settings *settings, const struct top_flags *flags) {
    struct top t = {.settings = settings, .flags = flags, .data = board_data_new()};
    buf_init(&t.key);
    buf_init(&t.frame);
    int status = CLI_DONE;
    if (flags->once)
        status = show(&t, false) ? CLI_DONE : CLI_FAILED;
    else
        follow(&t);
    redis_reader_free(t.redis);
    board_data_free(t.data);
    free((void *)(uintptr_t)t.tenant.at);
    buf_deinit(&t.key);
    buf_deinit(&t.frame);
    return status;
}

int top_main(int argc, char **argv) {
    struct cli_config config;
    struct top_flags flags = {0};
    int status = cli_config_load(&config, &argc, argv, false);
    if (status == CLI_DONE && !take_flags(argc, argv, &flags))
        status = CLI_USAGE;
    if (status == CLI_DONE && flags.help)
        print_help();
    else if (status == CLI_DONE)
        status = top(&config.settings, &flags);
    cli_config_deinit(&config);
    return status;
}
