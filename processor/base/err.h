/* What went wrong in the world, as a sentence that names the thing, the place and the remedy. */
#pragma once

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))

/* A function that can fail for a reason outside of this program takes `struct err *err`, returns
 * false, and has written the reason there. `err` may be NULL where nobody will read it. */
struct err {
    char text[512];
};

/* Writes the text; always false, so that `return err_set(...)` reads well. */
bool err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the text that is there; always false. */
bool err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
