/* Any text as a writer's schema, any bytes as its datum: schema JSON, a NUL, the datum. Without a
 * NUL the bytes are a datum of our own schema. */
#include "fuzz.h"

#include "codec/plan.h"
#include "codec/schema_text.h"
#include "core/event.h"

static struct schema_tree *ours;
static struct plan *our_plan;

static void run(const struct plan *plan, struct slice datum) {
    struct event ev;
    struct err err;
    if (plan_run(plan, datum, &ev, &err) != PLAN_DECODED)
        return;
    if (!slice_is_utf8(ev.event_id) || ev.type >= EVENT_TYPE_COUNT || ev.resolved > 1)
        __builtin_trap();
    (void)!event_is_valid(&ev, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice input = {(const char *)data, size};
    if (!ours) {
        ours = schema_tree_new(schema_text(SCHEMA_INTERACTION_EVENT), NULL);
        our_plan = plan_new(ours, ours);
    }
    const char *nul = size ? memchr(data, 0, size) : NULL;
    if (!nul) {
        run(our_plan, input);
        return 0;
    }
    struct slice json = {input.at, (size_t)(nul - input.at)};
    struct slice datum = {nul + 1, size - json.size - 1};
    struct schema_tree *tree = schema_tree_new(json, NULL);
    if (tree && schema_tree_root(tree)->kind == SCHEMA_KIND_RECORD) {
        struct plan *plan = plan_new(tree, ours);
        run(plan, datum);
        plan_free(plan);
    }
    schema_tree_free(tree);
    return 0;
}
