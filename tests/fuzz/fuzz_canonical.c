/* Any text as a schema: its canonical form is a schema whose canonical form stays what it is. The
 * first step may differ: the form has no namespaces, so that a name without one which stands inside
 * a name with one is read as belonging to it (so it is for everybody). */
#include "fuzz.h"

#include "codec/canonical.h"

/* The canonical form of a schema's text; false when it is none. */
static bool form_of(struct slice json, struct buf *form) {
    struct schema_tree *tree = schema_tree_new(json, NULL);
    if (tree)
        canonical_put(tree, form);
    schema_tree_free(tree);
    return tree != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf first = {0}, second = {0}, third = {0};
    if (form_of((struct slice){(const char *)data, size}, &first) &&
        form_of(buf_slice(&first), &second)) {
        if (!form_of(buf_slice(&second), &third) ||
            !slice_equal(buf_slice(&second), buf_slice(&third)))
            __builtin_trap();
    }
    buf_deinit(&first);
    buf_deinit(&second);
    buf_deinit(&third);
    return 0;
}
