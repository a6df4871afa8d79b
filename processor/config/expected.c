#include "config/expected.h"

#include "base/instant.h"
#include "config/value.h"

static void read_per(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_duration(r, value, SECOND_MS, &((struct expected *)target)->per_ms);
}

static void read_volume(struct reader *r, const struct tree_node *value, void *target) {
    struct slice text;
    double volume;
    if (!reader_text(r, value, &text))
        return;
    if (value_number(text, &volume, NULL) && volume > 0)
        ((struct expected *)target)->volume = volume;
    else
        reader_fault(r, value->line, "write how many arrivals are expected in that time",
                     "volume \"%s\" is no number above 0", text.at);
}

void expected_read(struct reader *r, const struct tree_node *value, struct expected *to) {
    static const struct reader_key keys[] = {
        {"per", read_per, true},
        {"volume", read_volume, true},
        {NULL, NULL, false},
    };
    size_t size = strlen(r->what);
    snprintf(r->what + size, sizeof(r->what) - size, ": expected");
    (void)reader_map(r, value, keys, to);
    r->what[size] = '\0';
}
