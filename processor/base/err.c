#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, const char *format, ...) {
    if (!err)
        return false;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return false;
}

bool err_wrap(struct err *err, const char *format, ...) {
    if (!err)
        return false;
    char cause[sizeof(err->text)];
    memcpy(cause, err->text, sizeof(cause));

    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);

    size_t size = strlen(err->text);
    snprintf(err->text + size, sizeof(err->text) - size, ": %s", cause);
    return false;
}
