#include "codec/view_figures.h"

#include <stdlib.h>

#include "base/check.h"
#include "codec/redis_command.h"
#include "codec/text.h"

/* What was written last in one place. */
struct view_told {
    uint32_t fields; /* 0: nothing was */
    struct figure figure;
    size_t name_at, name_size;
    size_t at, size;
};

void view_figures_deinit(struct view_figures *figures) {
    free(figures->told);
    buf_deinit(&figures->value);
    *figures = (struct view_figures){0};
}

void view_figures_reset(struct view_figures *figures) {
    for (size_t i = 0; i < figures->count; i++)
        figures->told[i].fields = 0;
}

static struct view_told *told_at(struct view_figures *figures, size_t index) {
    if (index >= figures->count) {
        size_t count = 2 * index + 64;
        figures->told = realloc(figures->told, count * sizeof(*figures->told));
        CHECK(figures->told);
        for (; figures->count < count; figures->count++)
            figures->told[figures->count] = (struct view_told){0};
    }
    return &figures->told[index];
}

/* Minus zero is written otherwise than zero. */
static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static bool is_told(const struct view_told *told, const struct view_figure *f,
                    const struct buf *text) {
    struct slice name = {text->at + told->name_at, told->name_size};
    return told->fields > 0 && told->figure.numerator == f->figure.numerator &&
           told->figure.denominator == f->figure.denominator &&
           bits_of(told->figure.value) == bits_of(f->figure.value) && slice_equal(name, f->field);
}

static void put_part(struct view_figures *figures, struct slice field, struct slice suffix,
                     int64_t part, struct buf *text) {
    buf_reset(&figures->value);
    buf_put_decimal(&figures->value, part);
    redis_command_add_joined(text, field, suffix);
    redis_command_add(text, buf_slice(&figures->value));
}

static void put_anew(struct view_figures *figures, struct view_told *told,
                     const struct view_figure *f, struct buf *text) {
    *told = (struct view_told){.fields = 1, .figure = f->figure, .at = text->size};
    redis_command_add(text, f->field);
    told->name_size = f->field.size;
    told->name_at = text->size - REDIS_COMMAND_END - told->name_size;
    buf_reset(&figures->value);
    text_put_double(&figures->value, f->figure.value);
    redis_command_add(text, buf_slice(&figures->value));
    if (view_figure_has_parts(f)) {
        put_part(figures, f->field, SLICE(".n"), f->figure.numerator, text);
        put_part(figures, f->field, SLICE(".d"), f->figure.denominator, text);
        told->fields = VIEW_FIGURE_FIELDS;
    }
    told->size = text->size - told->at;
}

uint32_t view_figures_put(struct view_figures *figures, size_t index, const struct view_figure *f,
                          struct buf *text) {
    struct view_told *told = told_at(figures, index);
    if (is_told(told, f, text)) {
        buf_reserve(text, told->size); /* or it would move while it is copied from itself */
        buf_put(text, text->at + told->at, told->size);
    } else {
        put_anew(figures, told, f, text);
    }
    return told->fields;
}
