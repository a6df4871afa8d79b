/* What is wrong with settings and contracts: every mistake with file, line, and what would be
 * right, so that one go of the linter finds them all. */
#pragma once

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "base/slice.h"

#define FAULTS_MAX 200 /* kept; further ones are only counted */

struct fault {
    char *place;  /* owned: file, an environment variable, a flag */
    int line;     /* 0: the place has no lines */
    bool note;    /* not wrong, but worth knowing */
    char *text;   /* owned: what is wrong */
    char *remedy; /* owned: what would be right */
};

struct faults {
    struct fault *list; /* owned */
    size_t count;
    size_t errors; /* those that are no notes, with those beyond FAULTS_MAX */
};

void faults_init(struct faults *f);
void faults_deinit(struct faults *f);

/* `format` says what is wrong; `remedy` what would be right ("": the text says it). */
void faults_add(struct faults *f, const char *place, int line, const char *remedy,
                const char *format, ...) __attribute__((format(printf, 5, 6)));
void faults_note(struct faults *f, const char *place, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts those from the index `first` on in the order of their lines; equal ones stay as they are. */
void faults_sort_by_line(struct faults *f, size_t first);

/* One line each, in the order found: "acme.yaml:14: what is wrong; what would be right". */
void faults_print(const struct faults *f, FILE *out);

/* The first error as one sentence, with the number of the others. */
void faults_to_err(const struct faults *f, struct err *err);
