// SPDX-License-Identifier: Apache-2.0
// The nearest known word; options as a file that says the same; what a reload takes and what it leaves.
#include "base/options.h"
#include "base/options_change.h"
#include "base/options_table.h"
#include "base/spelling.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOLD_MAX 4096u

static void
test_distance(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } known[] = {{"", "", 0},
                 {"", "abc", 3},
                 {"workers", "workers", 0},
                 {"worker", "workers", 1},
                 {"wrokers", "workers", 1},
                 {"kitten", "sitting", 3},
                 {"ca", "abc", 3},
                 {"abcd", "badc", 2}};
    char longest[SPELLING_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_int_equal(spelling_distance(known[i].a, known[i].b), known[i].distance);
        assert_int_equal(spelling_distance(known[i].b, known[i].a), known[i].distance);
    }
    memset(longest, 'x', SPELLING_MAX);
    longest[SPELLING_MAX] = '\0';
    assert_int_equal(spelling_distance(longest, "x"), SPELLING_MAX);
    assert_int_equal(spelling_distance(longest + 1, longest + 1), 0);
}

static void
test_nearest(void **state)
{
    static const char *const words[] = {"listen", "admin", "workers", "max_frame"};

    (void)state;
    assert_string_equal(spelling_nearest("listne", words, 4), "listen");
    assert_string_equal(spelling_nearest("max-frame", words, 4), "max_frame");
    assert_null(spelling_nearest("frobnicate", words, 4));
    assert_null(spelling_nearest("", words, 4));
    for (size_t i = 0; i < OPTIONS_TABLE_ROWS; i++) // each is nearest to itself
        assert_ptr_equal(options_table_nearest(options_table[i].key), &options_table[i]);
}

static void
read_text(const char *text, struct options *options)
{
    char path[] = "/tmp/kansen-unit-XXXXXX", why[OPTIONS_WHY_MAX];
    char *argv[] = {(char *)"kansend", (char *)"-c", path, NULL};
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    if (options_read(3, argv, options, why) != 0)
        fail_msg("%s", why);
    unlink(path);
    free(options->file); // it differs each time
    options->file = strdup("FILE");
}

static char *
print(const struct options *options)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    options_print(options, out);
    fclose(out);
    return text;
}

static void
assert_round_trip(const char *text)
{
    struct options options, again;
    char *first, *second;

    read_text(text, &options);
    first = print(&options);
    read_text(first, &again);
    second = print(&again);
    assert_string_equal(first, second);
    for (size_t i = 0; i < OPTIONS_TABLE_ROWS; i++) { // each stands there, with what it is for
        char line[256];

        snprintf(line, sizeof line, "\n# %s\n", options_table[i].help);
        assert_non_null(strstr(first, line));
        snprintf(line, sizeof line, "%s = ", options_table[i].key);
        assert_non_null(strstr(first, line));
    }
    free(first);
    free(second);
    options_free(&options);
    options_free(&again);
}

static void
test_print(void **state)
{
    (void)state;
    setenv("KANSEN_UNIT", "from the environment", 1);
    assert_round_trip("");
    assert_round_trip(
        "data_dir = '/a \"b\" \\\\c ${KANSEN_UNIT} $d #e'\nlisten = {\"unix:/tmp/x,y\", '127.0.0.1:1'}\n"
        "max_frame = 3145728\noutput_buffer = 65537\nworkers = 3\nsandbox_seccomp = off\n"
        "tls_client = optional\ntls_client_ca = ca\n");
}

static void
tell(void *arg, const struct options_difference *difference)
{
    char *told = arg;
    size_t len = strlen(told);

    snprintf(told + len, TOLD_MAX - len, "%s %s>%s %d\n", difference->key, difference->old, difference->new,
             difference->holds_now);
}

static void
test_change(void **state)
{
    char told[TOLD_MAX] = "";
    struct options now, next;

    (void)state;
    read_text(
        "data_dir = a\nlisten = {\"127.0.0.1:1\"}\nworkers = 2\nlog_level = info\ntls_certificate = one\n",
        &now);
    read_text("data_dir = a\nlisten = {\"127.0.0.1:1\", \"127.0.0.1:2\"}\nworkers = 3\nlog_level = debug\n"
              "output_buffer = 1MiB\n",
              &next);
    options_change(&now, &next, tell, told);
    assert_string_equal(told, "listen 127.0.0.1:1>127.0.0.1:1, 127.0.0.1:2 0\n"
                              "log_level info>debug 1\n"
                              "tls_certificate one> 1\n"
                              "workers 2>3 0\n"
                              "output_buffer 4MiB>1MiB 1\n");
    assert_string_equal(now.log_level, "debug");
    assert_null(now.tls_certificate);
    assert_int_equal(now.output_buffer, 1 << 20);
    assert_int_equal(now.workers, 2); // these hold until a restart
    assert_int_equal(now.n_listen, 1);
    told[0] = '\0';
    options_free(&next);
    read_text(
        "data_dir = a\nlisten = {\"127.0.0.1:1\"}\nworkers = 2\nlog_level = debug\noutput_buffer = 1MiB\n",
        &next);
    options_change(&now, &next, tell, told);
    assert_string_equal(told, ""); // what holds is what the file says
    options_free(&now);
    options_free(&next);
}

// A list or a switch that could reload would need more than options_change does.
static void
test_what_reloads(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPTIONS_TABLE_ROWS; i++)
        assert_false(options_table[i].reloads && options_table[i].type == OPTION_LIST);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance), cmocka_unit_test(test_nearest),      cmocka_unit_test(test_print),
        cmocka_unit_test(test_change),   cmocka_unit_test(test_what_reloads),
    };

    return cmocka_run_group_tests_name("options_change", tests, NULL, NULL);
}
