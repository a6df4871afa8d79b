/* Any text as a schema: its canonical form is a schema whose canonical form is itself. */
#include "fuzz.h"

#include "codec/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf form = {0}, again = {0};
    struct schema_tree *tree = schema_tree_new((struct slice){(const char *)data, size}, NULL);
    if (tree) {
        canonical_put(tree, &form);
        struct schema_tree *second = schema_tree_new(buf_slice(&form), NULL);
        if (second) {
            canonical_put(second, &again);
            if (!slice_equal(buf_slice(&form), buf_slice(&again)))
                __builtin_trap();
        }
        schema_tree_free(second);
    }
    schema_tree_free(tree);
    buf_deinit(&form);
    buf_deinit(&again);
    return 0;
}
