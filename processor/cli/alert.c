#include "cli/alert.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/check.h"
#include "cli/cli.h"
#include "cli/kafka_settings.h"
#include "cli/shell_schemas.h"
#include "codec/records.h"
#include "core/command.h"
#include "io/kafka_sender.h"
#include "io/redis_reader.h"
#include "io/wall.h"

#define ID_BYTES 16

struct alert_flags {
    enum command_op op;
    struct slice alert_id, tenant, role, assignee, note;
    int64_t until_at; /* INSTANT_NONE: not given */
    bool help;
};

static void print_help(void) {
    printf("usage: floorwalker alert OPERATION ALERT_ID --config FILE [--tenant T] [--as ROLE]\n\n"
           "Says something about an open alert; `floorwalker tail` and `top` show their ids.\n");
    for (unsigned op = COMMAND_UNKNOWN + 1; op < COMMAND_OP_COUNT; op++)
        printf("  %-15s %s\n", command_op_name((enum command_op)op),
               command_op_meaning((enum command_op)op));
    printf("\n"
           "  --tenant T      whose alert it is; default: the tenant that has it open in Redis\n"
           "  --as ROLE       the role of who says it, for the audit trail\n"
           "  --until T       silence: until this time (epoch ms or RFC 3339)\n"
           "  --to ROLE       assign: who is in charge from now on\n"
           "  --text CODE     note: what is noted\n");
}

static bool refuse(const char *what, const char *text) {
    fprintf(stderr, "floorwalker alert: %s \"%s\"; see floorwalker alert --help\n", what, text);
    return false;
}

static bool take_op(const char *text, enum command_op *op) {
    for (unsigned i = COMMAND_UNKNOWN + 1; i < COMMAND_OP_COUNT; i++) {
        if (strcmp(text, command_op_name((enum command_op)i)) != 0)
            continue;
        *op = (enum command_op)i;
        return true;
    }
    fprintf(stderr, "floorwalker alert: \"%s\" is no operation; there are", text);
    for (unsigned i = COMMAND_UNKNOWN + 1; i < COMMAND_OP_COUNT; i++)
        fprintf(stderr, " %s", command_op_name((enum command_op)i));
    fprintf(stderr, "\n");
    return false;
}

static bool take_until(const char *text, int64_t *until_at) {
    struct err err;
    if (instant_parse(slice_of(text), until_at, &err))
        return true;
    fprintf(stderr, "floorwalker alert: --until: %s\n", err.text);
    return false;
}

static bool take_flag(const char *flag, const char *value, struct alert_flags *f) {
    const struct {
        const char *name;
        struct slice *target;
    } texts[] = {
        {"--tenant", &f->tenant}, {"--as", &f->role}, {"--to", &f->assignee}, {"--text", &f->note}};
    if (strcmp(flag, "--until") == 0)
        return take_until(value, &f->until_at);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(flag, texts[i].name) != 0)
            continue;
        *texts[i].target = slice_of(value);
        return true;
    }
    return refuse("not known is", flag);
}

/* What the operation needs, and what would be ignored without it. */
static bool is_whole(const struct alert_flags *f) {
    const struct {
        bool given, wanted, needed;
        const char *flag;
    } rules[] = {{f->until_at != INSTANT_NONE, f->op == COMMAND_SILENCE, false, "--until"},
                 {f->assignee.size > 0, f->op == COMMAND_ASSIGN, true, "--to"},
                 {f->note.size > 0, f->op == COMMAND_NOTE, true, "--text"}};
    if (f->alert_id.size == 0)
        return refuse("which alert? missing is", "ALERT_ID");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].given && !rules[i].wanted)
            return refuse("this operation has no", rules[i].flag);
        if (!rules[i].given && rules[i].wanted && rules[i].needed)
            return refuse("this operation needs", rules[i].flag);
    }
    return true;
}

static bool take_flags(int argc, char **argv, struct alert_flags *f) {
    *f = (struct alert_flags){.until_at = INSTANT_NONE};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return f->help = true;
        if (strncmp(argv[i], "--", 2) == 0) {
            if (i + 1 == argc)
                return refuse("a value is missing after", argv[i]);
            if (!take_flag(argv[i], argv[i + 1], f))
                return false;
            i++;
        } else if (f->op == COMMAND_UNKNOWN) {
            if (!take_op(argv[i], &f->op))
                return false;
        } else if (f->alert_id.size == 0) {
            f->alert_id = slice_of(argv[i]);
        } else {
            return refuse("one alert at a time; too much is", argv[i]);
        }
    }
    return f->op != COMMAND_UNKNOWN ? is_whole(f) : refuse("what? missing is", "OPERATION");
}

/* ---- whose alert it is ---- */

struct owner {
    struct redis_reader *redis;
    struct slice alert_id;
    struct buf *tenant;
    struct err *err;
    bool failed, found;
};

/* The latest Alert as plain JSON; it names its tenant. */
static void look_at_alert(void *context, struct slice name, struct slice value) {
    struct owner *o = context;
    if (!slice_equal(name, o->alert_id))
        return;
    json_t *alert = json_loadb(value.at, value.size, 0, NULL);
    const char *tenant = json_string_value(json_object_get(alert, "tenant_id"));
    o->found = tenant != NULL;
    if (tenant)
        buf_put(o->tenant, tenant, strlen(tenant));
    json_decref(alert);
}

static void keep_name(void *context, struct slice name, struct slice value) {
    (void)value;
    buf_put(context, name.at, name.size);
    buf_put_u8(context, 0);
}

static void look_at_tenants(struct owner *o) {
    struct buf keys;
    buf_init(&keys);
    o->failed = !redis_reader_keys(o->redis, "fw:{*}:alerts", keep_name, &keys, o->err);
    for (size_t at = 0; at < keys.size && !o->failed && !o->found; at += strlen(keys.at + at) + 1)
        o->failed = !redis_reader_hash(o->redis, keys.at + at, look_at_alert, o, o->err);
    buf_deinit(&keys);
}

/* Appends the tenant's name; false with the reason where nobody has it open. */
static bool find_tenant(const char *urls, struct slice alert_id, struct buf *name,
                        struct err *err) {
    struct owner o = {.alert_id = alert_id, .tenant = name, .err = err};
    o.redis = redis_reader_new(urls, err);
    if (!o.redis)
        return err_wrap(err, "whose alert it is cannot be looked up; give --tenant");
    look_at_tenants(&o);
    if (!o.found && !o.failed)
        err_set(err, "no tenant has alert \"%.*s\" open; `floorwalker tail` shows those that are",
                SLICE_ARG(alert_id));
    redis_reader_free(o.redis);
    return o.found;
}

/* ---- sending ---- */

static void note_to_nobody(void *self, enum log_level level, const char *event,
                           const char *members) {
    (void)self;
    if (level >= LOG_LEVEL_WARN)
        fprintf(stderr, "floorwalker alert: %s {%s}\n", event, members);
}

/* The registry is asked once: a person is waiting. */
static bool once(void) {
    return true;
}

static void make_id(char id[2 * ID_BYTES + 1]) {
    unsigned char bytes[ID_BYTES];
    CHECK(getrandom(bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

static bool send_command(const struct settings *s, const struct alert_flags *f, struct slice tenant,
                         struct err *err) {
    struct note_port note = {.note = note_to_nobody};
    struct kafka_property *properties;
    struct kafka_options options = kafka_settings_options(s, note, &properties);
    struct frame frame = {0};
    char id[2 * ID_BYTES + 1], topic[256];
    make_id(id);
    struct command command = {.tenant = tenant,
                              .command_id = slice_of(id),
                              .alert_id = f->alert_id,
                              .actor_role = f->role,
                              .assignee = f->assignee,
                              .note_code = f->note,
                              .op = (uint8_t)f->op,
                              .until_at = f->until_at,
                              .issued_at = wall_now()};
    struct buf record;
    buf_init(&record);
    bool ok = shell_schemas_register_one(s->schema_registry, &note, once, SCHEMA_ALERT_COMMAND,
                                         &frame, err);
    if (ok) {
        records_put_command(&frame, &command, &record);
        kafka_input_topic(&options, INPUT_TENANTS, topic);
        ok = kafka_sender_send(&options, topic, tenant, buf_slice(&record), err);
    }
    buf_deinit(&record);
    free(properties);
    return ok;
}

static int say(const struct settings *s, const struct alert_flags *f) {
    struct err err;
    struct buf tenant;
    buf_init(&tenant);
    bool ok = true;
    if (f->tenant.size > 0)
        buf_put(&tenant, f->tenant.at, f->tenant.size);
    else
        ok = find_tenant(s->redis, f->alert_id, &tenant, &err);
    ok = ok && send_command(s, f, buf_slice(&tenant), &err);
    if (ok)
        printf("%s of alert %.*s sent for tenant %.*s; its answer is in `floorwalker tail` and in "
               "the audit trail\n",
               command_op_name(f->op), SLICE_ARG(f->alert_id), SLICE_ARG(buf_slice(&tenant)));
    else
        fprintf(stderr, "floorwalker alert: %s\n", err.text);
    buf_deinit(&tenant);
    return ok ? CLI_DONE : CLI_FAILED;
}

int alert_main(int argc, char **argv) {
    struct cli_config config;
    struct alert_flags flags = {0};
    int status = cli_config_load(&config, &argc, argv, false);
    if (status == CLI_DONE && !take_flags(argc, argv, &flags))
        status = CLI_USAGE;
    if (status == CLI_DONE && flags.help)
        print_help();
    else if (status == CLI_DONE)
        status = say(&config.settings, &flags);
    cli_config_deinit(&config);
    return status;
}
