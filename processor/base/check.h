/* Assertions that stay on in production: our own errors end the process, which replays. */
#pragma once

/* Prints place and text to stderr and aborts. */
_Noreturn void check_failed(const char *file, int line, const char *text);

#define CHECK(cond) ((cond) ? (void)0 : check_failed(__FILE__, __LINE__, #cond))
#define UNREACHABLE(why) check_failed(__FILE__, __LINE__, "unreachable: " why)
