/* Any text as a contract: every mistake ends in a fault, and what has none can be measured by. */
#include "fuzz.h"

#include "config/contract_file.h"

/* What the program does first with a contract that was taken. */
static void use(const struct contract *c) {
    struct leaf leaf = {.tenant = c->tenant, .channel = CHANNEL_VOICE};
    int64_t thresholds_ms[LEAF_THRESHOLDS_MAX];
    size_t count = contract_thresholds(c, &leaf, thresholds_ms);
    if (count == 0 || count > LEAF_THRESHOLDS_MAX || thresholds_ms[0] <= 0)
        __builtin_trap();
    for (size_t i = 0; i < c->clock_count; i++) {
        const struct clock_rule *clock = &c->clocks[i];
        bool bounded = clock->days ? clock->days->count > 0 && clock->calendar
                                   : clock->target_ms > 0;
        if (clock->name.size == 0 || !bounded)
            __builtin_trap();
    }
    for (size_t i = 0; i < c->objective_count; i++) {
        const struct objective *o = &c->objectives[i];
        if (o->name.size == 0 || o->min_sample < 1 || !(o->target >= 0) ||
            (o->at_least ? o->clear < o->target : o->clear > o->target))
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice text = {(const char *)data, size};
    struct contract_file file = {.name = "x.yaml"};
    struct arena *arena = arena_new();
    struct faults faults;
    struct contract c;
    faults_init(&faults);
    contract_file_read_text(text, &file, arena, &c, &faults);
    if (faults.errors == 0)
        use(&c);
    faults_deinit(&faults);
    arena_free(arena);
    return 0;
}
