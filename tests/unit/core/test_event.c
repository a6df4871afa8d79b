/* Is an event with a fault refused, naming it, whatever else the event says? */
#include "core/event.h"

#include "base/property.h"

static struct event full(void) {
    return (struct event){.event_id = SLICE("e"),
                          .tenant = SLICE("acme"),
                          .site = SLICE("main"),
                          .interaction_id = SLICE("i"),
                          .queue = SLICE("sales"),
                          .event_at = 1000,
                          .queue_wait_ms = 0,
                          .talk_ms = EVENT_DURATION_MAX_MS,
                          .hold_ms = EVENT_ABSENT,
                          .wrap_ms = 5,
                          .type = EVENT_QUEUED};
}

static void what_is_right_passes(void **state) {
    (void)state;
    struct err err;
    struct event ev = full();
    assert_true(event_is_valid(&ev, &err));
    ev.event_at = EVENT_AT_MAX;
    ev.type = EVENT_UNKNOWN;
    assert_true(event_is_valid(&ev, &err));
    ev.queue = (struct slice){0}; /* only who waits has to wait somewhere */
    assert_true(event_is_valid(&ev, &err));
    ev.type = EVENT_CREATED;
    assert_false(event_is_valid(&ev, &err));
    assert_non_null(strstr(err.text, "queue"));
}

/* With and without a queue, since that decides how the event is looked at. */
static void expect_refused(struct event ev, const char *name) {
    for (int has_queue = 0; has_queue < 2; has_queue++) {
        struct err err = {""};
        ev.queue = has_queue ? SLICE("sales") : (struct slice){0};
        ev.type = has_queue ? EVENT_QUEUED : EVENT_ANSWERED;
        assert_false(event_is_valid(&ev, &err));
        assert_non_null(strstr(err.text, name));
    }
}

#define REFUSED(field, value)                                                                      \
    do {                                                                                           \
        struct event ev = full();                                                                  \
        ev.field = value;                                                                          \
        expect_refused(ev, #field);                                                                \
    } while (0)

static void each_fault_is_named(void **state) {
    (void)state;
    const struct slice nothing = {0};
    REFUSED(event_id, nothing);
    REFUSED(tenant, nothing);
    REFUSED(site, nothing);
    REFUSED(interaction_id, nothing);
    REFUSED(event_at, INSTANT_NONE);
    REFUSED(event_at, -1);
    REFUSED(event_at, EVENT_AT_MAX + 1);
    REFUSED(revision, -1);
    REFUSED(queue_wait_ms, -2);
    REFUSED(talk_ms, EVENT_DURATION_MAX_MS + 1);
    REFUSED(hold_ms, INT64_MIN + 1);
    REFUSED(wrap_ms, INT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_passes),
        cmocka_unit_test(each_fault_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
