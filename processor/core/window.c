#include "core/window.h"

#include "base/check.h"

#define WINDOW_ROW(symbol, name, length, step) {name, length, step},

static const struct window_spec windows[] = {WINDOWS(WINDOW_ROW)};

const struct window_spec *window_spec(enum window_id w) {
    CHECK((unsigned)w < WINDOW_COUNT);
    return &windows[w];
}

bool window_parse(struct slice name, enum window_id *w) {
    for (unsigned i = 0; i < WINDOW_COUNT; i++) {
        if (!slice_equal(name, slice_of(windows[i].name)))
            continue;
        *w = (enum window_id)i;
        return true;
    }
    return false;
}
