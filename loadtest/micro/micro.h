/* What the parts of the micro-benchmark share. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MICRO_OPERATIONS 2000000u

double micro_now_ns(void); /* CPU time of the process */

/* One line: what, of which size, nanoseconds per operation. */
void micro_print(const char *what, size_t size, double ns);

/* Each part, with something simple that does the same beside it. */
void micro_wheel(void);
void micro_table(void);
void micro_histogram(void);
void micro_calendar(void);
void micro_decode(void);
