#include "config/alerts_keys.h"

#include "config/value.h"

static void read_quiet(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_duration(r, value, 0, &((struct contract *)target)->quiet_ms);
}

static void read_clear_hold(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_duration(r, value, 0, &((struct contract *)target)->clear_hold_ms);
}

static void read_items_per_minute(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_count(r, value, 1, INT32_MAX, &((struct contract *)target)->items_per_minute);
}

static void read_pages_per_hour(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_count(r, value, 0, INT32_MAX, &((struct contract *)target)->pages_per_hour);
}

static void read_share(struct reader *r, const struct tree_node *value, void *target) {
    struct slice text;
    struct err err;
    double share;
    if (!reader_text(r, value, &text))
        return;
    if (!value_share(text, &share, &err))
        reader_fault(r, value->line, "", "share: %s", err.text);
    else if (share <= 0)
        reader_fault(r, value->line, "write one above it", "share: without any child there is %s",
                     text.at);
    else
        ((struct contract *)target)->roll_up_share = share;
}

static void read_children(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_count(r, value, 2, INT32_MAX, &((struct contract *)target)->roll_up_children);
}

static void read_roll_up(struct reader *r, const struct tree_node *value, void *target) {
    static const struct reader_key keys[] = {
        {"share", read_share, false}, {"children", read_children, false}, {NULL, NULL, false}};
    (void)reader_map(r, value, keys, target);
}

void alerts_keys_read(struct reader *r, const struct tree_node *map, struct contract *c) {
    static const struct reader_key keys[] = {
        {"quiet", read_quiet, false},
        {"clear_hold", read_clear_hold, false},
        {"items_per_minute", read_items_per_minute, false},
        {"pages_per_hour", read_pages_per_hour, false},
        {"roll_up", read_roll_up, false},
        {NULL, NULL, false},
    };
    snprintf(r->what, sizeof(r->what), "alerts");
    (void)reader_map(r, map, keys, c);
    r->what[0] = '\0';
}

static void read_silent_after(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_duration(r, value, 1, &((struct contract *)target)->feed_silent_after_ms);
}

static void read_skewed_after(struct reader *r, const struct tree_node *value, void *target) {
    (void)reader_duration(r, value, 1, &((struct contract *)target)->feed_skewed_after_ms);
}

static void read_refused_above(struct reader *r, const struct tree_node *value, void *target) {
    struct slice text;
    struct err err;
    if (reader_text(r, value, &text) &&
        !value_share(text, &((struct contract *)target)->feed_refused_above, &err))
        reader_fault(r, value->line, "", "refused_above: %s", err.text);
}

void alerts_keys_read_feeds(struct reader *r, const struct tree_node *map, struct contract *c) {
    static const struct reader_key keys[] = {
        {"silent_after", read_silent_after, false},
        {"skewed_after", read_skewed_after, false},
        {"refused_above", read_refused_above, false},
        {NULL, NULL, false},
    };
    snprintf(r->what, sizeof(r->what), "feeds");
    (void)reader_map(r, map, keys, c);
    r->what[0] = '\0';
}
