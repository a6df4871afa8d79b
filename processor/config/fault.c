#include "config/fault.h"

#include <stdlib.h>

#include "base/check.h"

void faults_init(struct faults *f) {
    *f = (struct faults){0};
}

void faults_deinit(struct faults *f) {
    for (size_t i = 0; i < f->count; i++) {
        free(f->list[i].place);
        free(f->list[i].text);
        free(f->list[i].remedy);
    }
    free(f->list);
    faults_init(f);
}

static char *copy(const char *text) {
    char *own = strdup(text);
    CHECK(own);
    return own;
}

__attribute__((format(printf, 3, 0))) static void keep(struct faults *f, struct fault fault,
                                                       const char *format, va_list args) {
    if (!fault.note)
        f->errors++;
    if (f->count == FAULTS_MAX)
        return;
    if (!f->list) {
        f->list = calloc(FAULTS_MAX, sizeof(*f->list));
        CHECK(f->list);
    }
    CHECK(vasprintf(&fault.text, format, args) >= 0);
    fault.place = copy(fault.place);
    fault.remedy = copy(fault.remedy);
    f->list[f->count++] = fault;
}

/* The parameters are copied before they are kept. */
static char *borrowed(const char *text) {
    return (char *)(uintptr_t)text;
}

void faults_add(struct faults *f, const char *place, int line, const char *remedy,
                const char *format, ...) {
    struct fault fault = {.place = borrowed(place), .line = line, .remedy = borrowed(remedy)};
    va_list args;
    va_start(args, format);
    keep(f, fault, format, args);
    va_end(args);
}

void faults_note(struct faults *f, const char *place, int line, const char *format, ...) {
    struct fault fault = {
        .place = borrowed(place), .line = line, .note = true, .remedy = borrowed("")};
    va_list args;
    va_start(args, format);
    keep(f, fault, format, args);
    va_end(args);
}

void faults_sort_by_line(struct faults *f, size_t first) {
    for (size_t i = first + 1; i < f->count; i++) {
        struct fault fault = f->list[i];
        size_t at = i;
        for (; at > first && f->list[at - 1].line > fault.line; at--)
            f->list[at] = f->list[at - 1];
        f->list[at] = fault;
    }
}

static void print_one(const struct fault *fault, FILE *out) {
    fputs(fault->place, out);
    if (fault->line > 0)
        fprintf(out, ":%d", fault->line);
    fprintf(out, ": %s%s", fault->note ? "note: " : "", fault->text);
    if (fault->remedy[0] != '\0')
        fprintf(out, "; %s", fault->remedy);
    fputc('\n', out);
}

static size_t errors_kept(const struct faults *f) {
    size_t kept = 0;
    for (size_t i = 0; i < f->count; i++)
        kept += !f->list[i].note;
    return kept;
}

void faults_print(const struct faults *f, FILE *out) {
    for (size_t i = 0; i < f->count; i++)
        print_one(&f->list[i], out);
    size_t more = f->errors - errors_kept(f);
    if (more > 0)
        fprintf(out, "... and %zu more\n", more);
}

void faults_to_err(const struct faults *f, struct err *err) {
    for (size_t i = 0; i < f->count; i++) {
        const struct fault *fault = &f->list[i];
        if (fault->note)
            continue;
        char line[16] = "";
        char more[96] = "";
        if (fault->line > 0)
            snprintf(line, sizeof(line), ":%d", fault->line);
        if (f->errors > 1)
            snprintf(more, sizeof(more), " (and %zu more faults: see `floorwalker check`)",
                     f->errors - 1);
        (void)err_set(err, "%s%s: %s%s%s%s", fault->place, line, fault->text,
                      fault->remedy[0] ? "; " : "", fault->remedy, more);
        return;
    }
}
