#include "codec/view.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/table.h"
#include "codec/alert_json.h"
#include "codec/redis_command.h"
#include "codec/text.h"
#include "codec/view_figures.h"

#define DAY_MINUTES 1440
#define PUBLISH_BYTES_MAX ((size_t)32 * 1024) /* of one message on the channel `changed` */

/* Texts lie one after the other and are named by their place until the batch is sealed. */
struct span {
    size_t at, size;
};

/* Fields of one command that lie one after the other. */
struct stored_part {
    uint32_t command, fields;
    struct span text;
};

struct stored_command {
    enum view_command_kind kind;
    struct span key;
    size_t from;        /* parts before this one were replaced */
    size_t first;       /* sealed: in parts */
    size_t count;       /* sealed: of parts */
    size_t field_count; /* sealed */
};

struct changed_scope {
    uint32_t command; /* PUBLISH */
    struct span scope;
};

struct view_batch {
    struct buf text;
    struct stored_command *commands;
    size_t command_count, command_capacity;
    struct stored_part *stored;
    size_t stored_count, stored_capacity;
    struct view_figures figures;
    struct changed_scope *changed;
    size_t changed_count, changed_capacity;
    struct table by_key; /* kind and key -> command */
    struct buf scratch;  /* a key, then a name, while it is put together */
    struct buf value;    /* the same of a value */
    uint32_t open;       /* the command that takes fields */
    uint64_t left_out;
    bool all;
    int64_t wall_at;
    size_t limit;
    struct slice instance;

    struct view_part *parts; /* sealed, by command */
    size_t part_capacity;
    uint32_t *order; /* sealed: commands by kind, then as they came */
    size_t order_capacity;
    size_t shown_count;
};

#define NO_COMMAND UINT32_MAX

struct view_batch *view_batch_new(void) {
    struct view_batch *b = calloc(1, sizeof(*b));
    CHECK(b);
    table_init(&b->by_key, 64);
    b->limit = VIEW_BYTES_FULL;
    view_batch_reset(b);
    return b;
}

void view_batch_free(struct view_batch *b) {
    if (!b)
        return;
    table_deinit(&b->by_key);
    buf_deinit(&b->text);
    buf_deinit(&b->scratch);
    buf_deinit(&b->value);
    view_figures_deinit(&b->figures);
    free(b->commands);
    free(b->stored);
    free(b->changed);
    free(b->parts);
    free(b->order);
    free(b);
}

void view_batch_reset(struct view_batch *b) {
    table_deinit(&b->by_key);
    table_init(&b->by_key, 64);
    buf_reset(&b->text);
    b->command_count = 0;
    b->stored_count = 0;
    view_figures_reset(&b->figures);
    b->changed_count = 0;
    b->shown_count = 0;
    b->open = NO_COMMAND;
    b->all = false;
    b->wall_at = INSTANT_NONE;
}

void view_batch_begin(struct view_batch *b, bool all, int64_t wall_at) {
    b->all = all;
    b->wall_at = wall_at;
}

void view_batch_limit(struct view_batch *b, size_t bytes) {
    b->limit = bytes < VIEW_BYTES_LEAST  ? VIEW_BYTES_LEAST
               : bytes > VIEW_BYTES_FULL ? VIEW_BYTES_FULL
                                         : bytes;
}

uint64_t view_batch_left_out(const struct view_batch *b) {
    return b->left_out;
}

static void *more_room(void *at, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity)
        return at;
    *capacity = count ? count * 2 : 64;
    at = realloc(at, *capacity * size);
    CHECK(at);
    return at;
}

static struct slice slice_at(const struct view_batch *b, struct span s) {
    return (struct slice){b->text.at + s.at, s.size};
}

/* Commands: the key is put together in `scratch`, then the command is opened. */

struct command_key {
    enum view_command_kind kind;
    struct slice key;
};

static bool same_command(const void *context, uint32_t handle, const void *key) {
    const struct view_batch *b = context;
    const struct command_key *wanted = key;
    return b->commands[handle].kind == wanted->kind &&
           slice_equal(slice_at(b, b->commands[handle].key), wanted->key);
}

static uint64_t command_hash(const struct command_key *key) {
    uint64_t hash = slice_hash(key->key, (uint64_t)key->kind + 1);
    return hash ? hash : 1;
}

static void key_begin(struct view_batch *b, struct slice tenant, const char *what) {
    buf_reset(&b->scratch);
    text_put(&b->scratch, "fw:{");
    scope_encode(tenant, &b->scratch);
    text_put(&b->scratch, "}:");
    text_put(&b->scratch, what);
}

static void key_scope(struct view_batch *b, const struct scope *scope) {
    buf_put_u8(&b->scratch, ':');
    scope_format(scope, &b->scratch);
}

/* Opens the command of this kind on the key in scratch, made if need be: its fields follow. When
 * the batch is full it is left out, and its fields with it. */
static void open_command(struct view_batch *b, enum view_command_kind kind) {
    struct command_key key = {kind, buf_slice(&b->scratch)};
    uint64_t hash = command_hash(&key);
    b->open = table_find(&b->by_key, hash, same_command, b, &key);
    if (b->text.size > VIEW_BYTES_MAX) {
        b->left_out++;
        b->open = NO_COMMAND;
        return;
    }
    if (b->open != TABLE_NONE)
        return;
    b->commands = more_room(b->commands, b->command_count, &b->command_capacity,
                            sizeof(*b->commands));
    b->commands[b->command_count] = (struct stored_command){.kind = kind,
                                                            .key = {b->text.size, key.key.size}};
    buf_put(&b->text, key.key.at, key.key.size);
    b->open = (uint32_t)b->command_count++;
    table_insert(&b->by_key, hash, b->open);
}

/* A replacement that was said before in this batch is forgotten. */
static void open_replacement(struct view_batch *b) {
    open_command(b, VIEW_COMMAND_REPLACE_HASH);
    if (b->open != NO_COMMAND)
        b->commands[b->open].from = b->stored_count;
}

/* A hash that holds what is true now: in a batch that shows all, the rest goes. */
static void open_present(struct view_batch *b) {
    open_command(b, b->all ? VIEW_COMMAND_REPLACE_HASH : VIEW_COMMAND_SET_FIELDS);
}

/* Fields of the open command, if there is one. */

/* The part that takes so many more, at the end of the text. */
static struct stored_part *open_part(struct view_batch *b, uint32_t fields) {
    if (b->stored_count > b->commands[b->open].from) {
        struct stored_part *last = &b->stored[b->stored_count - 1];
        if (last->command == b->open && last->text.at + last->text.size == b->text.size &&
            last->fields + fields <= VIEW_PART_FIELDS)
            return last;
    }
    b->stored = more_room(b->stored, b->stored_count, &b->stored_capacity, sizeof(*b->stored));
    struct stored_part *part = &b->stored[b->stored_count++];
    *part = (struct stored_part){.command = b->open, .text = {b->text.size, 0}};
    return part;
}

static void close_part(const struct view_batch *b, struct stored_part *part, uint32_t fields) {
    part->fields += fields;
    part->text.size = b->text.size - part->text.at;
}

/* A field that is but one text. */
static void put_alone(struct view_batch *b, struct slice text) {
    if (b->open == NO_COMMAND)
        return;
    struct stored_part *part = open_part(b, 1);
    redis_command_add(&b->text, text);
    close_part(b, part, 1);
}

static void put_text(struct view_batch *b, struct slice field, struct slice value) {
    if (b->open == NO_COMMAND)
        return;
    struct stored_part *part = open_part(b, 1);
    redis_command_add(&b->text, field);
    redis_command_add(&b->text, value);
    close_part(b, part, 1);
}

/* Of what was put together in `value`. */
static void put_value(struct view_batch *b, struct slice field) {
    put_text(b, field, buf_slice(&b->value));
}

static void put_long(struct view_batch *b, const char *field, int64_t value) {
    buf_reset(&b->value);
    buf_put_decimal(&b->value, value);
    put_value(b, slice_of(field));
}

static void put_instant(struct view_batch *b, const char *field, int64_t at) {
    if (at != INSTANT_NONE)
        put_long(b, field, at);
}

/* A figure with nothing to divide by is absent, and its parts with it. */
static void put_figure(struct view_batch *b, size_t index, const struct view_figure *f) {
    if (!f->figure.present || b->open == NO_COMMAND)
        return;
    struct stored_part *part = open_part(b, VIEW_FIGURE_FIELDS);
    close_part(b, part, view_figures_put(&b->figures, index, f, &b->text));
}

/* One scope of the tenant is new on the wallboards; said once for calls in a row. */
static void changed(struct view_batch *b, struct slice tenant, const struct scope *scope) {
    key_begin(b, tenant, "changed");
    open_command(b, VIEW_COMMAND_PUBLISH);
    if (b->open == NO_COMMAND)
        return;
    struct span said = {b->text.size, 0};
    scope_format(scope, &b->text);
    said.size = b->text.size - said.at;
    struct changed_scope *last = b->changed_count ? &b->changed[b->changed_count - 1] : NULL;
    if (last && last->command == b->open &&
        slice_equal(slice_at(b, last->scope), slice_at(b, said))) {
        b->text.size = said.at;
        return;
    }
    b->changed = more_room(b->changed, b->changed_count, &b->changed_capacity, sizeof(*b->changed));
    b->changed[b->changed_count++] = (struct changed_scope){b->open, said};
}

/* In a batch that shows all, what is open and judged replaces what was, though it be nothing. */
static void see_tenant(struct view_batch *b, struct slice tenant) {
    if (!b->all)
        return;
    key_begin(b, tenant, "alerts");
    open_command(b, VIEW_COMMAND_REPLACE_HASH);
    key_begin(b, tenant, "objectives");
    open_command(b, VIEW_COMMAND_REPLACE_HASH);
}

static void show_scope(void *context, struct slice tenant, const struct scope *scope) {
    struct view_batch *b = context;
    see_tenant(b, tenant);
    key_begin(b, tenant, "scopes");
    open_command(b, VIEW_COMMAND_ADD_MEMBERS);
    buf_reset(&b->scratch);
    scope_format(scope, &b->scratch);
    put_alone(b, buf_slice(&b->scratch));
}

static void show_now(void *context, struct slice tenant, const struct scope *scope,
                     const struct view_now *now, int64_t as_of) {
    struct view_batch *b = context;
    key_begin(b, tenant, "now");
    key_scope(b, scope);
    open_replacement(b);
    put_long(b, "waiting", now->waiting);
    put_instant(b, "oldest_waiting_at", now->oldest_waiting_at);
    put_long(b, "in_service", now->in_service);
    put_long(b, "backlog", now->backlog);
    put_instant(b, "oldest_open_at", now->oldest_open_at);
    put_instant(b, "as_of", as_of);
    changed(b, tenant, scope);
}

static void show_kpi(void *context, struct slice tenant, const struct scope *scope,
                     struct slice window, const struct view_figure *figures, size_t count,
                     int64_t as_of, double completeness) {
    struct view_batch *b = context;
    key_begin(b, tenant, "kpi");
    key_scope(b, scope);
    buf_put_u8(&b->scratch, ':');
    buf_put(&b->scratch, window.at, window.size);
    open_replacement(b);
    for (size_t i = 0; i < count; i++)
        put_figure(b, i, &figures[i]);
    put_instant(b, "as_of", as_of);
    buf_reset(&b->value);
    text_put_double(&b->value, completeness);
    put_value(b, SLICE("completeness"));
    changed(b, tenant, scope);
}

static void put_minute_figure(struct view_batch *b, const struct view_figure *f, const char *suffix,
                              double value) {
    buf_put_u8(&b->value, ' ');
    buf_put(&b->value, f->field.at, f->field.size);
    text_put(&b->value, suffix);
    buf_put_u8(&b->value, '=');
    text_put_double(&b->value, value);
}

static void show_minute(void *context, struct slice tenant, const struct scope *scope,
                        int64_t minute_at, const struct view_figure *figures, size_t count) {
    struct view_batch *b = context;
    int64_t minute = instant_floor(minute_at, MINUTE_MS) / MINUTE_MS;
    key_begin(b, tenant, "minutes");
    key_scope(b, scope);
    open_command(b, VIEW_COMMAND_SET_FIELDS);
    buf_reset(&b->scratch);
    buf_put_decimal(&b->scratch, (minute % DAY_MINUTES + DAY_MINUTES) % DAY_MINUTES);
    buf_reset(&b->value);
    buf_put_decimal(&b->value, minute);
    for (size_t i = 0; i < count; i++) {
        const struct figure *figure = &figures[i].figure;
        if (!figure->present)
            continue;
        put_minute_figure(b, &figures[i], "", figure->value);
        if (view_figure_has_parts(&figures[i])) {
            put_minute_figure(b, &figures[i], ".n", (double)figure->numerator);
            put_minute_figure(b, &figures[i], ".d", (double)figure->denominator);
        }
    }
    put_value(b, buf_slice(&b->scratch));
}

static void put_json_long(struct buf *out, const char *name, int64_t value) {
    text_put(out, name);
    if (value == ALERT_LONG_NONE)
        text_put(out, "null");
    else
        buf_put_decimal(out, value);
}

static void show_objective(void *context, struct slice tenant, const struct view_objective *o) {
    struct view_batch *b = context;
    const struct figure *figure = o->figure;
    see_tenant(b, tenant);
    key_begin(b, tenant, "objectives");
    open_present(b);
    buf_reset(&b->scratch);
    buf_put(&b->scratch, o->rule.at, o->rule.size);
    buf_put_u8(&b->scratch, ' ');
    scope_format(o->scope, &b->scratch);
    buf_reset(&b->value);
    text_put(&b->value, "{\"value\":");
    text_put_double(&b->value, figure->present ? figure->value : ALERT_DOUBLE_NONE);
    put_json_long(&b->value, ",\"n\":", figure->numerator);
    put_json_long(&b->value, ",\"d\":", figure->denominator);
    put_json_long(&b->value, ",\"sample\":", figure->sample);
    text_put(&b->value, ",\"target\":");
    text_put_double(&b->value, o->target);
    text_put(&b->value, ",\"state\":");
    text_put_json(&b->value, o->state);
    put_json_long(&b->value, ",\"window_end_at\":", o->window_end_at);
    if (o->has_outlook) {
        text_put(&b->value, ",\"needed\":");
        text_put_double(&b->value, o->needed);
        text_put(&b->value, ",\"expected\":");
        text_put_double(&b->value, o->expected);
    }
    buf_put_u8(&b->value, '}');
    put_value(b, buf_slice(&b->scratch));
}

static void show_alert(void *context, const struct alert *alert, bool open) {
    struct view_batch *b = context;
    see_tenant(b, alert->tenant);
    if (!open && b->all)
        return; /* the replacement does without it */
    key_begin(b, alert->tenant, "alerts");
    if (!open) {
        open_command(b, VIEW_COMMAND_DEL_FIELDS);
        put_alone(b, alert->alert_id);
        return;
    }
    open_present(b);
    buf_reset(&b->value);
    alert_json_put(&(struct alert_record){*alert, b->wall_at}, &b->value);
    put_value(b, alert->alert_id);
}

static void show_meta(void *context, struct slice tenant, int64_t as_of, int64_t lag_ms,
                      struct slice contract, int32_t contract_version) {
    struct view_batch *b = context;
    see_tenant(b, tenant);
    key_begin(b, tenant, "meta");
    open_replacement(b);
    put_instant(b, "as_of", as_of);
    put_long(b, "lag_ms", lag_ms);
    put_text(b, SLICE("contract"), contract);
    put_long(b, "contract_version", contract_version);
    put_text(b, SLICE("writer"), b->instance);
}

static bool is_full(void *context) {
    const struct view_batch *b = context;
    return b->text.size >= b->limit;
}

struct view view_batch_view(struct view_batch *b, struct slice instance) {
    b->instance = instance;
    return (struct view){
        .context = b,
        .full = is_full,
        .scope = show_scope,
        .now = show_now,
        .kpi = show_kpi,
        .minute = show_minute,
        .objective = show_objective,
        .alert = show_alert,
        .meta = show_meta,
    };
}

/* One message of scopes for the channel of command `channel`, as the command that is open: as many
 * from *at on as it may hold. Afterwards *at is where the next message begins. */
static void publish(struct view_batch *b, uint32_t channel, size_t *at) {
    buf_reset(&b->value);
    for (; *at < b->changed_count; ++*at) {
        if (b->changed[*at].command != channel)
            continue;
        if (b->value.size >= PUBLISH_BYTES_MAX)
            break;
        if (b->value.size > 0)
            buf_put_u8(&b->value, ' ');
        struct slice scope = slice_at(b, b->changed[*at].scope);
        buf_put(&b->value, scope.at, scope.size);
    }
    put_alone(b, buf_slice(&b->value));
}

/* The first message is the command itself; what it cannot hold becomes further commands. */
static void publish_all(struct view_batch *b) {
    size_t commands = b->command_count;
    for (uint32_t i = 0; i < commands; i++) {
        if (b->commands[i].kind != VIEW_COMMAND_PUBLISH)
            continue;
        size_t at = 0;
        b->open = i;
        publish(b, i, &at);
        while (at < b->changed_count) {
            b->commands = more_room(b->commands, b->command_count, &b->command_capacity,
                                    sizeof(*b->commands));
            b->commands[b->command_count] = (struct stored_command){.kind = VIEW_COMMAND_PUBLISH,
                                                                    .key = b->commands[i].key};
            b->open = (uint32_t)b->command_count++;
            publish(b, i, &at);
        }
    }
}

static bool is_live(const struct view_batch *b, size_t stored) {
    return stored >= b->commands[b->stored[stored].command].from;
}

/* Parts by command, in the order in which they came. */
static void sort_parts(struct view_batch *b) {
    if (b->stored_count >= b->part_capacity)
        b->parts = more_room(b->parts, b->stored_count, &b->part_capacity, sizeof(*b->parts));
    for (size_t i = 0; i < b->command_count; i++)
        b->commands[i].count = b->commands[i].field_count = 0;
    for (size_t i = 0; i < b->stored_count; i++)
        b->commands[b->stored[i].command].count += is_live(b, i);
    size_t first = 0;
    for (size_t i = 0; i < b->command_count; i++) {
        b->commands[i].first = first;
        first += b->commands[i].count;
        b->commands[i].count = 0;
    }
    for (size_t i = 0; i < b->stored_count; i++) {
        const struct stored_part *part = &b->stored[i];
        struct stored_command *c = &b->commands[part->command];
        if (!is_live(b, i))
            continue;
        b->parts[c->first + c->count++] = (struct view_part){slice_at(b, part->text), part->fields};
        c->field_count += part->fields;
    }
}

/* Deletions come after what was set, and the channel hears when all is written. A replacement may
 * be of nothing; the others need fields. */
static void sort_commands(struct view_batch *b) {
    if (b->command_count >= b->order_capacity)
        b->order = more_room(b->order, b->command_count, &b->order_capacity, sizeof(*b->order));
    b->shown_count = 0;
    for (int kind = 0; kind < VIEW_COMMAND_COUNT; kind++) {
        for (uint32_t i = 0; i < b->command_count; i++) {
            const struct stored_command *c = &b->commands[i];
            if ((int)c->kind == kind && (c->count || kind == VIEW_COMMAND_REPLACE_HASH))
                b->order[b->shown_count++] = i;
        }
    }
}

void view_batch_seal(struct view_batch *b) {
    publish_all(b);
    b->changed_count = 0;
    sort_parts(b);
    sort_commands(b);
}

size_t view_batch_count(const struct view_batch *b) {
    return b->shown_count;
}

struct view_command view_batch_at(const struct view_batch *b, size_t index) {
    CHECK(index < b->shown_count);
    const struct stored_command *c = &b->commands[b->order[index]];
    return (struct view_command){
        .kind = c->kind,
        .key = slice_at(b, c->key),
        .parts = b->parts + c->first,
        .part_count = c->count,
        .field_count = c->field_count,
    };
}
