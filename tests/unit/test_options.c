// SPDX-License-Identifier: Apache-2.0
// Options from a file and a command line, and what is said about wrong ones; addresses.
#include "base/options.h"
#include "base/options_table.h"
#include "base/options_text.h"
#include "net/address.h"
#include "tests/unit/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 4096u

// Runs options_read on a file with this text (NULL = none) and more arguments; said gets what went to
// stderr, and why.
static int
read_options(const char *file_text, char *const *more, struct options *options, char said[TEXT_MAX])
{
    char path[] = "/tmp/kansen-unit-XXXXXX";
    char *argv[16] = {(char *)"kansend", (char *)"-c", path};
    int argc = 3, rc, fd = mkstemp(path), kept = dup(STDERR_FILENO);
    char why[OPTIONS_WHY_MAX];
    FILE *err = tmpfile();
    size_t len;

    assert_true(fd >= 0 && kept >= 0 && err != NULL);
    if (file_text != NULL)
        assert_int_equal(write(fd, file_text, strlen(file_text)), strlen(file_text));
    close(fd);
    for (size_t i = 0; more != NULL && more[i] != NULL; i++)
        argv[argc++] = more[i];
    dup2(fileno(err), STDERR_FILENO);
    rc = options_read(argc, argv, options, why);
    dup2(kept, STDERR_FILENO);
    close(kept);
    unlink(path);
    rewind(err);
    len = fread(said, 1, TEXT_MAX - 1, err);
    snprintf(said + len, TEXT_MAX - len, "%s", why);
    fclose(err);
    return rc;
}

static void
assert_refused(const char *file_text, char *const *more, const char *expected)
{
    struct options options;
    char said[TEXT_MAX];

    assert_int_equal(read_options(file_text, more, &options, said), 1);
    if (strstr(said, expected) == NULL)
        fail_msg("\"%s\" is not in: %s", expected, said);
}

static void
test_defaults(void **state)
{
    struct options options;
    char said[TEXT_MAX];

    (void)state;
    unsetenv("STATE_DIRECTORY");
    assert_int_equal(read_options(NULL, NULL, &options, said), 0);
    assert_string_equal(said, "");
    assert_int_equal(options.mode, OPTIONS_SERVE);
    assert_string_equal(options.data_dir, "kansen-data");
    assert_int_equal(options.n_listen, 2);
    assert_string_equal(options.listen[0], "unix:kansen-data/kansend.sock");
    assert_string_equal(options.listen[1], "127.0.0.1:7411");
    assert_string_equal(options.admin, "127.0.0.1:7412");
    assert_string_equal(options.seeds, "");
    assert_int_equal(options.max_frame, 1 << 20);
    assert_int_equal(options.map_size, UINT64_C(64) << 30);
    assert_int_equal(options.drain_timeout_s, 10);
    assert_int_equal(options.sandbox_seccomp, OPTIONS_ON);
    assert_non_null(strstr(options.file, "/tmp/kansen-unit-"));
    options_free(&options);
    setenv("STATE_DIRECTORY", "/var/lib/kansen:/var/lib/other", 1);
    assert_int_equal(read_options(NULL, NULL, &options, said), 0);
    assert_string_equal(options.data_dir, "/var/lib/kansen");
    assert_string_equal(options.listen[0], "unix:/var/lib/kansen/kansend.sock");
    options_free(&options);
    unsetenv("STATE_DIRECTORY");
}

static void
test_command_line_wins(void **state)
{
    char *more[] = {(char *)"--data-dir", (char *)"/d",          (char *)"--listen", (char *)"127.0.0.1:1",
                    (char *)"--listen",   (char *)"unix:/tmp/s", (char *)"-n",       NULL};
    struct options options;
    char said[TEXT_MAX];

    (void)state;
    assert_int_equal(
        read_options("data_dir = \"/file\"\nlisten = {\"127.0.0.1:9\"}\nmax_frame = 2MiB\nworkers = 3\n",
                     more, &options, said),
        0);
    assert_int_equal(options.mode, OPTIONS_TEST_CONFIG);
    assert_string_equal(options.data_dir, "/d");
    assert_int_equal(options.n_listen, 2); // those of the file are replaced
    assert_string_equal(options.listen[1], "unix:/tmp/s");
    assert_int_equal(options.max_frame, 2 << 20);
    assert_int_equal(options.workers, 3);
    options_free(&options);
}

static void
test_check_takes_a_directory(void **state)
{
    char *more[] = {(char *)"--check", (char *)"/other", NULL};
    struct options options;
    char said[TEXT_MAX];

    (void)state;
    assert_int_equal(read_options(NULL, more, &options, said), 0);
    assert_int_equal(options.mode, OPTIONS_CHECK);
    assert_string_equal(options.data_dir, "/other");
    options_free(&options);
}

// One that was asked to look must not write, and of two journals none must be left out without a word.
static void
test_one_thing_to_do(void **state)
{
    char *dry[] = {(char *)"-n", (char *)"--forget-key", NULL};
    char *both[] = {(char *)"--check", (char *)"--compact", (char *)"/d", NULL};
    char *journals[] = {(char *)"--replay", (char *)"1", (char *)"--replay", (char *)"2", NULL};
    char *again[] = {(char *)"-n", (char *)"-n", NULL};
    char *help[] = {(char *)"--compact", (char *)"--help", (char *)"--check", NULL};
    struct options options;
    char said[TEXT_MAX];

    (void)state;
    assert_refused(NULL, dry, "--forget-key: only one of the flags that say what to do is allowed, once");
    assert_refused(NULL, both, "--compact: only one");
    assert_refused(NULL, journals, "--replay: only one");
    assert_int_equal(read_options(NULL, again, &options, said), 0);
    assert_int_equal(options.mode, OPTIONS_TEST_CONFIG);
    options_free(&options);
    assert_int_equal(read_options(NULL, help, &options, said), 0);
    assert_int_equal(options.mode, OPTIONS_HELP);
    options_free(&options);
}

static void
test_refusals(void **state)
{
    char *unknown[] = {(char *)"--nothing", NULL}, *level[] = {(char *)"--log-level", (char *)"loud", NULL};
    char *stray[] = {(char *)"more", NULL}, *workers[] = {(char *)"--workers", (char *)"-1", NULL};

    (void)state;
    assert_refused("\nworkers = 257\n", NULL,
                   ":2: workers: \"257\" is not allowed; it takes a number from 0 to 256");
    assert_refused("max_frame = 1KiB\n", NULL, ":1: max_frame: \"1KiB\"");
    assert_refused("max_frame = 1MiB\nmax_in_flight = 4MiB\n", NULL, ":2: max_in_flight");
    assert_refused("max_frame = 99999999999999999999\n", NULL, ":1: max_frame");
    assert_refused("\n\nworker = 2\n", NULL, ":3: \"worker\" is not an option; did you mean \"workers\"?");
    assert_refused("commit_gruop = 2\n", NULL,
                   ":1: \"commit_gruop\" is not an option; did you mean \"commit_group\"?");
    assert_refused("frobnicate = 2\n", NULL, ":1: \"frobnicate\" is not an option; kansend.conf(5) has");
    assert_refused("\"\x01\"(a)\n", NULL, ":1: ");
    assert_refused("\"\x01\" = a\n", NULL, ":1: ");
    assert_refused("\n\"\" = 2\n", NULL, ":2: the file can not be read further"); // the parser says nothing
    assert_refused("data_dir = \"\"\n", NULL, ":1: data_dir");
    assert_refused("listen = {\"127.0.0.1:1\", \n", NULL, ":");
    assert_refused("log_level = loud\n", NULL, ":1: log_level: \"loud\"");
    assert_refused("sandbox_seccomp = yes\n", NULL, ":1: sandbox_seccomp: \"yes\"");
    assert_refused("workers = 2\nsandbox_no_new_privileges = off\nmax_frame = 2MiB\n", NULL,
                   ":2: sandbox_no_new_privileges: \"off\"");
    assert_refused("\njournal_keep = 999\n", NULL,
                   ":2: journal_keep: 999 is not allowed; it takes 0, or 1000 and more");
    assert_refused("retain_journal_days = 6\n", NULL, ":1: retain_journal_days: 6 is");
    assert_refused("retain_students_days = 36501\n", NULL, "retain_students_days");
    assert_refused("max_batch_writes = 5000\n", NULL, "max_batch_writes");
    assert_refused("tls_client = maybe\n", NULL,
                   ":1: tls_client: \"maybe\" is not allowed; it takes off|optional|required");
    assert_refused("tls_client = op\n", NULL, ":1: tls_client");
    assert_refused("tls_client = required\n", NULL, "tls_client: required needs tls_client_ca");
    assert_refused("tls_min_version = 1.1\n", NULL, ":1: tls_min_version");
    assert_refused("handshake_timeout_s = 0\n", NULL, ":1: handshake_timeout_s");
    assert_refused("frame_timeout_s = 0\n", NULL, ":1: frame_timeout_s");
    assert_refused(NULL, unknown, "--nothing");
    assert_refused(NULL, level, "--log-level: \"loud\"");
    assert_refused(NULL, workers, "--workers: \"-1\"");
    assert_refused(NULL, stray, "\"more\" is not expected");
}

static void
test_missing_file(void **state)
{
    char *argv[] = {(char *)"kansend", (char *)"-c", (char *)"/nonexistent/kansend.conf", NULL};
    char why[OPTIONS_WHY_MAX];
    struct options options;

    (void)state;
    assert_int_equal(options_read(3, argv, &options, why), 1);
    assert_string_equal(why, "/nonexistent/kansend.conf: No such file or directory");
}

// Lines are counted right behind comments of each kind, and what is never closed is told where it begins.
static void
test_places(void **state)
{
    static const char *const quote = "a text that begins in this line does not end in it: a quote is missing";
    char expected[200];

    (void)state;
    assert_refused("# one\n// two\n/* three */\n/* four\n five */ log_level = info // x\n#\nworkers = 257\n",
                   NULL, ":7: workers: \"257\"");
    assert_refused("data_dir = \"/* # //\" # \"\n//x = \"\nworkers = 257\n", NULL, ":3: workers: \"257\"");
    assert_refused("data_dir = '/* \\' # //'/* ' */\nworkers = 257\n", NULL, ":2: workers: \"257\"");
    assert_refused("data_dir = /a//b/* x */\n", NULL, ":1: "); // a word goes on
    assert_refused("workers = 2\n/* begins\nlog_level = info\n", NULL,
                   ":2: the comment that begins here has no end");
    assert_refused("workers = 2\n/*/\n", NULL, ":2: the comment that begins here has no end");
    for (const char *const *text =
             (const char *const[]){"\ndata_dir = \"/x\nlisten = {\"unix:/tmp/s\"}\n", "\ndata_dir = 'x",
                                   "\ndata_dir = \"x\\\"\n", "\ndata_dir = \"x\\\ny\"\n",
                                   "\ndata_dir = \"x\\", NULL};
         *text != NULL; text++) {
        snprintf(expected, sizeof expected, ":2: %s", quote);
        assert_refused(*text, NULL, expected);
    }
    assert_refused("\ndata_dir = \"a ${HOME\"\n}\n", NULL, ":2: a ${ is not closed in this line");
    assert_refused("\ndata_dir = ${HOME\n}\n", NULL, ":2: a ${ is not closed in this line");
    assert_refused("\nworkers =\n\n# end\n", NULL, ":2: workers: the file ends before its value");
    assert_refused("workers = 2\nlisten = {\n\n", NULL, ":2: listen: the file ends before its value");
    assert_refused("listen = {\"unix:/tmp/s\",\n", NULL, ":1: the file ends in the middle of an option");
    assert_refused("\nworkers\n\n", NULL, ":2: the file ends in the middle of an option");
}

static void
test_twice(void **state)
{
    struct options options;
    char said[TEXT_MAX], why[OPTIONS_WHY_MAX];

    (void)state;
    assert_refused("workers = 2\n\n\"work\\x65rs\" = 2\n", NULL,
                   ":3: workers: this is set in line 1 already");
    assert_refused("\nlisten = {\"unix:/a\"}\nlisten = {\"unix:/a\"}\n", NULL,
                   ":3: listen: this is set in line 2 already");
    assert_refused("listen = \"unix:/a\"\nlisten = \"unix:/b\"\n", NULL, ":2: listen: this is set in line 1");
    assert_refused("listen = {\"unix:/a\"}\nlisten = {}\n", NULL, ": listen: an empty list is not allowed");
    assert_refused("listen = {}\n", NULL, ": listen: an empty list is not allowed");
    assert_int_equal(
        read_options("# c\nlisten = {\"unix:/a\", # first\n  \"unix:/b\"}\nlisten += \"unix:/c\"\n"
                     "workers = 3\n",
                     NULL, &options, said),
        0);
    assert_int_equal(options.n_listen, 3);
    options_blame(&options, "listen", "bad", why);
    assert_memory_equal(why, options.file, strlen(options.file));
    assert_string_equal(why + strlen(options.file), ":2: listen: bad");
    options_blame(&options, "workers", "bad", why);
    assert_string_equal(why + strlen(options.file), ":5: workers: bad");
    options_blame(&options, "admin", "bad", why);
    assert_string_equal(why, "admin: bad");
    options_blame(&options, "none", "bad", why);
    assert_string_equal(why, "none: bad");
    options_blame(&options, "", "bad", why);
    assert_string_equal(why, "bad");
    assert_true(options.has_file);
    options_free(&options);
}

static void
test_environment(void **state)
{
    char *more[] = {(char *)"--workers", (char *)"3", NULL};
    struct options options;
    char said[TEXT_MAX], why[OPTIONS_WHY_MAX];

    (void)state;
    setenv("KANSEN_UNIT", "/from", 1);
    unsetenv("KANSEN_NONE");
    assert_int_equal(
        read_options("data_dir = \"${KANSEN_UNIT}/a${KANSEN_NONE}\"\nseeds = '${KANSEN_UNIT}'\n"
                     "erasures = ${KANSEN_NONE:-/b}\nworkers = 2\nbackup_dir = \"\\${KANSEN_UNIT}\"\n",
                     more, &options, said),
        0);
    assert_string_equal(options.data_dir, "/from/a");
    assert_string_equal(options.seeds, "${KANSEN_UNIT}");
    assert_string_equal(options.erasures, "/b");
    assert_string_equal(options.backup_dir, "${KANSEN_UNIT}");
    options_blame(&options, "workers", "bad", why);
    assert_string_equal(why, "workers: bad"); // it is that of the command line
    options_free(&options);
    assert_refused("\ndata_dir = \"${KANSEN_NONE}\"\n", NULL, ":2: data_dir: an empty text is not allowed");
}

// Reads options from a file with that name.
static int
read_path(const char *path, struct options *options, char why[OPTIONS_WHY_MAX])
{
    char *argv[] = {(char *)"kansend", (char *)"-c", (char *)path, NULL};

    return options_read(3, argv, options, why);
}

static void
test_kinds_of_files(void **state)
{
    char path[64], why[OPTIONS_WHY_MAX], expected[OPTIONS_WHY_MAX], said[TEXT_MAX];
    struct options options;
    int ends[2];
    char *large;

    (void)state;
    assert_int_equal(read_path("/tmp", &options, why), 1);
    assert_string_equal(why, "/tmp: Is a directory");
    assert_int_equal(read_path("/proc/self/mem", &options, why), 1); // which opens, but can not be read at 0
    assert_string_equal(why, "/proc/self/mem: Input/output error");
    assert_int_equal(read_path("/dev/zero", &options, why), 1);
    assert_string_equal(why, "/dev/zero: this is neither a file nor a pipe");
    assert_int_equal(read_path("/dev/null", &options, why), 0);
    options_free(&options);
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    assert_int_equal(write(ends[1], "workers = 3\n", 12), 12);
    close(ends[1]);
    assert_int_equal(read_path(path, &options, why), 0);
    assert_int_equal(options.workers, 3);
    options_free(&options);
    assert_int_equal(read_path(path, &options, why), 1); // not all defaults
    snprintf(expected, sizeof expected, "%s: there is nothing in this pipe", path);
    assert_string_equal(why, expected);
    close(ends[0]);
    large = malloc(OPTIONS_TEXT_MAX + 2);
    assert_non_null(large);
    memset(large, '\n', OPTIONS_TEXT_MAX + 1);
    large[OPTIONS_TEXT_MAX + 1] = '\0';
    assert_refused(large, NULL, ": the file is larger than 1 MiB");
    large[OPTIONS_TEXT_MAX] = '\0';
    assert_int_equal(read_options(large, NULL, &options, said), 0);
    options_free(&options);
    free(large);
}

static void
test_no_text(void **state)
{
    char path[] = "/tmp/kansen-unit-XXXXXX", why[OPTIONS_WHY_MAX];
    struct options options;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "\nworkers\0", 10), 10);
    close(fd);
    assert_int_equal(read_path(path, &options, why), 1);
    assert_string_equal(why + strlen(path), ":2: this is not a text, there is a byte 0 in it");
    unlink(path);
}

// The file that is installed says every option with its default.
static void
test_installed_file(void **state)
{
    FILE *file = fopen("config/kansend.conf", "re");
    char text[16384], line[512];
    size_t len = 0, options_seen = 0;
    struct options installed, defaults;
    char said[TEXT_MAX];

    (void)state;
    assert_non_null(file); // run from the top of the source tree
    while (fgets(line, sizeof line, file) != NULL) {
        size_t key = line[0] == '#' ? strspn(line + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;

        if (key == 0 || strncmp(line + 1 + key, " = ", 3) != 0)
            continue;
        line[1 + key] = '\0';
        assert_non_null(options_table_find(line + 1));
        line[1 + key] = ' ';
        if (strncmp(line, "#seeds", 6) != 0) // its default is a search
            len += (size_t)snprintf(text + len, sizeof text - len, "%s", line + 1);
        options_seen++;
    }
    fclose(file);
    assert_int_equal(options_seen, OPTIONS_TABLE_ROWS);
    assert_int_equal(read_options(text, NULL, &installed, said), 0);
    assert_int_equal(read_options(NULL, NULL, &defaults, said), 0);
    assert_int_equal(installed.n_listen, defaults.n_listen);
    for (size_t i = 0; i < defaults.n_listen; i++)
        assert_string_equal(installed.listen[i], defaults.listen[i]);
    assert_string_equal(installed.data_dir, defaults.data_dir);
    assert_string_equal(installed.admin, defaults.admin);
    assert_string_equal(installed.log_level, defaults.log_level);
    assert_string_equal(installed.erasures, defaults.erasures);
    assert_memory_equal(&installed.workers, &defaults.workers,
                        sizeof installed - offsetof(struct options, workers));
    options_free(&installed);
    options_free(&defaults);
}

static void
test_addresses(void **state)
{
    static const char *const good[] = {"127.0.0.1:0",    "127.9.9.9:65535", "[::1]:7411",
                                       "localhost:7411", "unix:/tmp/s",     "unix:relative"};
    static const char *const bad[] = {"0.0.0.0:7411",
                                      "192.0.2.1:7411",
                                      "[::]:7411",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:x",
                                      "127.0.0.1:65536",
                                      "::1:7411",
                                      "unix:",
                                      ":7411",
                                      "[]:1",
                                      "",
                                      "example:1",
                                      "[::ffff:127.0.0.1]:1"};
    char longest[200];
    struct address address;
    struct fault fault;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(address_parse(good[i], "listen", false, &address, &fault), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(address_parse(bad[i], "listen", false, &address, &fault), FAULT);
        assert_string_equal(fault.field, "listen");
    }
    for (size_t i = 0; i < 3; i++) { // those that others can reach
        char secured[ADDRESS_TEXT_MAX];

        snprintf(secured, sizeof secured, "tls:%s", bad[i]);
        assert_int_equal(address_parse(secured, "listen", false, &address, &fault), 0);
        assert_true(address.tls);
        assert_string_equal(address.text, secured);
        assert_int_equal(address_parse(bad[i], "listen", true, &address, &fault), 0);
        assert_false(address.tls);
    }
    assert_int_equal(address_parse("tls:unix:/tmp/s", "listen", true, &address, &fault), FAULT);
    assert_int_equal(address_parse_tcp("tls:127.0.0.1:1", "admin", false, &address, &fault), FAULT);
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "unix:", 5);
    longest[5 + 107] = '\0';
    assert_int_equal(address_parse(longest, "listen", false, &address, &fault), 0);
    longest[5 + 107] = 'x';
    longest[5 + 108] = '\0';
    assert_int_equal(address_parse(longest, "listen", false, &address, &fault), FAULT);
    assert_non_null(strstr(fault.message, "107 bytes"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_command_line_wins),
        cmocka_unit_test(test_check_takes_a_directory),
        cmocka_unit_test(test_one_thing_to_do),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_kinds_of_files),
        cmocka_unit_test(test_no_text),
        cmocka_unit_test(test_installed_file),
        cmocka_unit_test(test_addresses),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
