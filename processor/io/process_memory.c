#include "io/process_memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"

struct process_memory {
    int fd; /* /proc/self/statm, kept open: it is read a hundred times a second; -1: not there */
    size_t page_size;
};

struct process_memory *process_memory_new(void) {
    struct process_memory *m = calloc(1, sizeof *m);
    CHECK(m);
    m->fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    m->page_size = (size_t)sysconf(_SC_PAGESIZE);
    return m;
}

void process_memory_free(struct process_memory *m) {
    if (!m)
        return;
    if (m->fd >= 0)
        close(m->fd);
    free(m);
}

/* The second number is the pages that are resident. */
static size_t port_held(void *self) {
    const struct process_memory *m = self;
    char text[128];
    ssize_t size = m->fd < 0 ? -1 : pread(m->fd, text, sizeof text - 1, 0);
    if (size <= 0)
        return 0;
    text[size] = 0;
    char *at;
    strtoull(text, &at, 10);
    return (size_t)strtoull(at, NULL, 10) * m->page_size;
}

static void port_give_back(void *self) {
    (void)self;
    malloc_trim(0);
}

struct memory_port process_memory_port(struct process_memory *m) {
    return (struct memory_port){.self = m, .held = port_held, .give_back = port_give_back};
}
