#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void desk_init(struct desk *desk) {
    memset(desk, 0, sizeof(*desk));
    desk->first = desk->last = NOBODY;
}

void desk_deinit(struct desk *desk) {
    free(desk->idle);
}

uint32_t desk_seat(struct desk *desk) {
    desk->busy++;
    if (desk->idle_count > 0)
        return desk->idle[--desk->idle_count];
    return ++desk->issued;
}

void desk_release(struct desk *desk, uint32_t agent) {
    desk->busy--;
    if (desk->idle_count == desk->idle_capacity) {
        desk->idle_capacity = desk->idle_capacity ? desk->idle_capacity * 2 : 16;
        desk->idle = realloc(desk->idle, desk->idle_capacity * sizeof(*desk->idle));
        if (desk->idle == NULL) {
            fputs("floorsim: out of memory\n", stderr);
            exit(1);
        }
    }
    desk->idle[desk->idle_count++] = agent;
}
