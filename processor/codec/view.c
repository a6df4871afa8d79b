#include "codec/view.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/table.h"
#include "codec/alert_json.h"
#include "codec/text.h"

#define DAY_MINUTES 1440
#define PUBLISH_BYTES_MAX ((size_t)32 * 1024) /* of one message on the channel `changed` */

/* Texts lie one after the other and are named by their place until the batch is sealed. */
struct span {
    size_t at, size;
};

struct stored_field {
    uint32_t command;
    struct span name, value;
};

struct stored_command {
    enum view_command_kind kind;
    struct span key;
    size_t from;  /* fields before this one were replaced */
    size_t first; /* sealed: in fields */
    size_t count; /* sealed */
};

struct changed_scope {
    uint32_t command; /* PUBLISH */
    struct span scope;
};

struct view_batch {
    struct buf text;
    struct stored_command *commands;
    size_t command_count, command_capacity;
    struct stored_field *stored;
    size_t stored_count, stored_capacity;
    struct changed_scope *changed;
    size_t changed_count, changed_capacity;
    struct table by_key; /* kind and key -> command */
    struct buf scratch;  /* a key while it is put together */
    uint32_t open;       /* the command that takes fields */
    uint64_t left_out;
    bool all;
    int64_t wall_at;
    size_t limit;
    struct slice instance;

    struct view_field *fields; /* sealed, by command */
    size_t field_capacity;
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
    free(b->commands);
    free(b->stored);
    free(b->changed);
    free(b->fields);
    free(b->order);
    free(b);
}

void view_batch_reset(struct view_batch *b) {
    table_deinit(&b->by_key);
    table_init(&b->by_key, 64);
    buf_reset(&b->text);
    b->command_count = 0;
    b->stored_count = 0;
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

/* Fields: begin_value keeps the name, the caller puts the value into text, end_value keeps that. */

static void begin_value(struct view_batch *b, struct slice name, const char *suffix) {
    size_t at = b->text.size;
    buf_put(&b->text, name.at, name.size);
    text_put(&b->text, suffix);
    b->stored = more_room(b->stored, b->stored_count, &b->stored_capacity, sizeof(*b->stored));
    b->stored[b->stored_count] = (struct stored_field){
        .command = b->open,
        .name = {at, b->text.size - at},
        .value = {b->text.size, 0},
    };
}

static void end_value(struct view_batch *b) {
    struct stored_field *f = &b->stored[b->stored_count];
    f->value.size = b->text.size - f->value.at;
    b->stored_count += b->open != NO_COMMAND;
}

static void put_long(struct view_batch *b, const char *field, int64_t value) {
    begin_value(b, slice_of(field), "");
    buf_put_decimal(&b->text, value);
    end_value(b);
}

static void put_instant(struct view_batch *b, const char *field, int64_t at) {
    if (at != INSTANT_NONE)
        put_long(b, field, at);
}

static void put_text(struct view_batch *b, const char *field, struct slice value) {
    begin_value(b, slice_of(field), "");
    buf_put(&b->text, value.at, value.size);
    end_value(b);
}

static bool has_parts(const struct figure *f) {
    return f->numerator != ALERT_LONG_NONE && f->denominator != ALERT_LONG_NONE;
}

/* A figure with nothing to divide by is absent, and its parts with it. */
static void put_figure(struct view_batch *b, const struct view_figure *f) {
    if (!f->figure.present)
        return;
    begin_value(b, f->field, "");
    text_put_double(&b->text, f->figure.value);
    end_value(b);
    if (!has_parts(&f->figure))
        return;
    begin_value(b, f->field, ".n");
    buf_put_decimal(&b->text, f->figure.numerator);
    end_value(b);
    begin_value(b, f->field, ".d");
    buf_put_decimal(&b->text, f->figure.denominator);
    end_value(b);
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
    begin_value(b, buf_slice(&b->scratch), "");
    end_value(b);
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
        put_figure(b, &figures[i]);
    put_instant(b, "as_of", as_of);
    begin_value(b, SLICE("completeness"), "");
    text_put_double(&b->text, completeness);
    end_value(b);
    changed(b, tenant, scope);
}

static void put_minute_figure(struct view_batch *b, const struct view_figure *f, const char *suffix,
                              double value) {
    buf_put_u8(&b->text, ' ');
    buf_put(&b->text, f->field.at, f->field.size);
    text_put(&b->text, suffix);
    buf_put_u8(&b->text, '=');
    text_put_double(&b->text, value);
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
    begin_value(b, buf_slice(&b->scratch), "");
    buf_put_decimal(&b->text, minute);
    for (size_t i = 0; i < count; i++) {
        const struct figure *figure = &figures[i].figure;
        if (!figure->present)
            continue;
        put_minute_figure(b, &figures[i], "", figure->value);
        if (has_parts(figure)) {
            put_minute_figure(b, &figures[i], ".n", (double)figure->numerator);
            put_minute_figure(b, &figures[i], ".d", (double)figure->denominator);
        }
    }
    end_value(b);
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
    begin_value(b, buf_slice(&b->scratch), "");
    text_put(&b->text, "{\"value\":");
    text_put_double(&b->text, figure->present ? figure->value : ALERT_DOUBLE_NONE);
    put_json_long(&b->text, ",\"n\":", figure->numerator);
    put_json_long(&b->text, ",\"d\":", figure->denominator);
    put_json_long(&b->text, ",\"sample\":", figure->sample);
    text_put(&b->text, ",\"target\":");
    text_put_double(&b->text, o->target);
    text_put(&b->text, ",\"state\":");
    text_put_json(&b->text, o->state);
    put_json_long(&b->text, ",\"window_end_at\":", o->window_end_at);
    if (o->has_outlook) {
        text_put(&b->text, ",\"needed\":");
        text_put_double(&b->text, o->needed);
        text_put(&b->text, ",\"expected\":");
        text_put_double(&b->text, o->expected);
    }
    buf_put_u8(&b->text, '}');
    end_value(b);
}

static void show_alert(void *context, const struct alert *alert, bool open) {
    struct view_batch *b = context;
    see_tenant(b, alert->tenant);
    if (!open && b->all)
        return; /* the replacement does without it */
    key_begin(b, alert->tenant, "alerts");
    if (open)
        open_present(b);
    else
        open_command(b, VIEW_COMMAND_DEL_FIELDS);
    begin_value(b, alert->alert_id, "");
    if (open)
        alert_json_put(&(struct alert_record){*alert, b->wall_at}, &b->text);
    end_value(b);
}

static void show_meta(void *context, struct slice tenant, int64_t as_of, int64_t lag_ms,
                      struct slice contract, int32_t contract_version) {
    struct view_batch *b = context;
    see_tenant(b, tenant);
    key_begin(b, tenant, "meta");
    open_replacement(b);
    put_instant(b, "as_of", as_of);
    put_long(b, "lag_ms", lag_ms);
    put_text(b, "contract", contract);
    put_long(b, "contract_version", contract_version);
    put_text(b, "writer", b->instance);
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
    size_t begin = b->text.size;
    for (; *at < b->changed_count; ++*at) {
        if (b->changed[*at].command != channel)
            continue;
        if (b->text.size - begin >= PUBLISH_BYTES_MAX)
            break;
        if (b->text.size > begin)
            buf_put_u8(&b->text, ' ');
        struct span scope = b->changed[*at].scope;
        buf_reserve(&b->text, scope.size); /* or it would move while it is copied from itself */
        buf_put(&b->text, b->text.at + scope.at, scope.size);
    }
    b->stored = more_room(b->stored, b->stored_count, &b->stored_capacity, sizeof(*b->stored));
    b->stored[b->stored_count++] = (struct stored_field){.command = b->open,
                                                         .value = {begin, b->text.size - begin}};
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

/* Fields by command, in the order in which they came. */
static void sort_fields(struct view_batch *b) {
    if (b->stored_count >= b->field_capacity)
        b->fields = more_room(b->fields, b->stored_count, &b->field_capacity, sizeof(*b->fields));
    for (size_t i = 0; i < b->command_count; i++)
        b->commands[i].count = 0;
    for (size_t i = 0; i < b->stored_count; i++)
        b->commands[b->stored[i].command].count += is_live(b, i);
    size_t first = 0;
    for (size_t i = 0; i < b->command_count; i++) {
        b->commands[i].first = first;
        first += b->commands[i].count;
        b->commands[i].count = 0;
    }
    for (size_t i = 0; i < b->stored_count; i++) {
        struct stored_command *c = &b->commands[b->stored[i].command];
        if (is_live(b, i))
            b->fields[c->first + c->count++] = (struct view_field){slice_at(b, b->stored[i].name),
                                                                   slice_at(b, b->stored[i].value)};
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
    sort_fields(b);
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
        .fields = b->fields + c->first,
        .field_count = c->count,
    };
}
