/* Do errors carry their text, and do failed checks end the process? */
#include "base/err.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/property.h"

static void text_and_context(void **state) {
    (void)state;
    struct err err;
    assert_false(err_set(&err, "no topic \"%s\"", "interactions"));
    assert_string_equal(err.text, "no topic \"interactions\"");
    assert_false(err_wrap(&err, "%s:%d", "floorwalker.yaml", 12));
    assert_string_equal(err.text, "floorwalker.yaml:12: no topic \"interactions\"");
    assert_false(err_set(NULL, "nobody reads this"));
    assert_false(err_wrap(NULL, "nor this"));
}

static void long_texts_are_cut(void **state) {
    (void)state;
    struct err err;
    char text[2 * sizeof(err.text)];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    err_set(&err, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    err_wrap(&err, "context");
    assert_memory_equal(err.text, "context: xxx", 12);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    err_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void a_failed_check_aborts(void **state) {
    (void)state;
    int message[2];
    assert_int_equal(pipe(message), 0);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(message[1], STDERR_FILENO);
        CHECK(2 + 2 == 4);
        CHECK(2 + 2 == 5);
        _exit(0);
    }
    close(message[1]);
    char text[256] = "";
    assert_true(read(message[0], text, sizeof(text) - 1) > 0);
    close(message[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "test_err.c"));
    assert_non_null(strstr(text, "2 + 2 == 5"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_context),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(a_failed_check_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
