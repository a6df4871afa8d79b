#include "cli/tail_line.h"

#include <ctype.h>

#include "base/instant.h"
#include "cli/term.h"

#define TRANSITION_COLUMNS 10
#define SEVERITY_COLUMNS 8
#define KIND_COLUMNS 16
#define TENANT_COLUMNS 12
#define ID_SHOWN 8

static void put_upper(struct buf *out, const char *name, size_t columns) {
    char text[64];
    size_t size = 0;
    for (; name[size] && size < sizeof(text); size++)
        text[size] = (char)toupper((unsigned char)name[size]);
    /* A long kind pushes the rest of its line: cut it could not be told from another. */
    size_t width = size > columns ? size : columns;
    term_put_left(out, (struct slice){text, size}, width);
    term_spaces(out, 2);
}

static enum term_style style_of(const struct alert *a) {
    if (a->resolved_at != ALERT_LONG_NONE)
        return a->transition == TRANSITION_RESOLVED ? TERM_GREEN : TERM_DIM;
    if (a->severity >= SEVERITY_MAJOR)
        return TERM_RED;
    return a->severity == SEVERITY_WARNING ? TERM_YELLOW : TERM_PLAIN;
}

static void put_instant(struct buf *out, const struct alert *a) {
    char text[32];
    instant_format(a->resolved_at == ALERT_LONG_NONE ? a->condition_at : a->resolved_at, text);
    /* Seconds are enough to read by. */
    size_t size = strcspn(text, ".");
    buf_put(out, text, size);
    buf_put(out, "Z  ", 3);
}

void tail_line_put(const struct alert_record *record, bool with_tenant, bool colour,
                   struct buf *out) {
    const struct alert *a = &record->alert;
    put_instant(out, a);
    if (with_tenant) {
        term_put_left(out, a->tenant, TENANT_COLUMNS);
        term_spaces(out, 2);
    }
    term_style(out, style_of(a), colour);
    put_upper(out, transition_name(a->transition), TRANSITION_COLUMNS);
    put_upper(out, severity_name(a->severity), SEVERITY_COLUMNS);
    put_upper(out, alert_kind_name(a->kind), KIND_COLUMNS);
    term_style(out, TERM_PLAIN, colour);
    struct slice id = {a->alert_id.at, a->alert_id.size < ID_SHOWN ? a->alert_id.size : ID_SHOWN};
    term_put_left(out, id, ID_SHOWN);
    term_spaces(out, 2);
    term_put(out, a->summary);
    if (a->late)
        buf_put(out, " (late)", strlen(" (late)"));
    buf_put_u8(out, '\n');
}
