// SPDX-License-Identifier: Apache-2.0
// Lines of the log: how values stand there, how long they are, and how many one place may have.
#include "base/log.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GOT_MAX 65536u
#define THREADS 4u

struct place {
    FILE *file;
    struct log log;
    struct log_counts counts;
    char got[GOT_MAX];
};

static int
open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    place->file = tmpfile();
    assert_non_null(place->file);
    log_open(&place->log, fileno(place->file), LOG_LEVEL_INFO, &place->counts);
    *state = place;
    return 0;
}

static int
close_place(void **state)
{
    struct place *place = *state;

    fclose(place->file);
    free(place);
    return 0;
}

// What was logged since the last call.
static const char *
take(struct place *place)
{
    rewind(place->file);
    place->got[fread(place->got, 1, GOT_MAX - 1, place->file)] = '\0';
    assert_int_equal(ftruncate(fileno(place->file), 0), 0);
    rewind(place->file);
    return place->got;
}

static unsigned
lines(const char *text)
{
    unsigned n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

static void
test_fields(void **state)
{
    struct place *place = *state;

    LOG_INFO(&place->log, "test", "nothing more");
    assert_string_equal(take(place), "info test: nothing more\n");
    errno = EDOM;
    LOG_WARNING(&place->log, "test", "all kinds", LOG_TEXT("word", "a-b_c.d:/e"),
                LOG_TEXT("text", "two words"), LOG_U64("most", UINT64_MAX), LOG_I64("least", INT64_MIN),
                LOG_YES("yes", true), LOG_YES("no", false), LOG_TEXT("none", NULL), LOG_TEXT("empty", ""),
                LOG_ERRNO(ENOENT));
    assert_int_equal(errno, EDOM);
    assert_string_equal(take(place),
                        "warning test: all kinds word=a-b_c.d:/e text=\"two words\" "
                        "most=18446744073709551615 least=-9223372036854775808 yes=yes no=no none=\"\" "
                        "empty=\"\" why=\"No such file or directory\"\n");
}

// No value passes for another field, or for another line.
static void
test_escapes(void **state)
{
    struct place *place = *state;

    LOG_ERROR(&place->log, "test", "escapes", LOG_TEXT("quote", "a\" b=\"c"), LOG_TEXT("lines", "a\nb\tc\\"),
              LOG_TEXT("control", "\x1b[1m\x7f"), LOG_TEXT("text", "Frysl\xc3\xa2n"),
              LOG_TEXT("bytes", "a\xff"), LOG_TEXT("assignment", "a=b"));
    assert_string_equal(take(place), "error test: escapes quote=\"a\\\" b=\\\"c\" lines=\"a\\nb\\tc\\\\\" "
                                     "control=\"\\x1b[1m\\x7f\" text=\"Frysl\xc3\xa2n\" bytes=\"a\\xff\" "
                                     "assignment=\"a=b\"\n");
}

static void
test_levels(void **state)
{
    struct place *place = *state;
    unsigned worked_out = 0;

    LOG_DEBUG(&place->log, "test", "left out", LOG_U64("n", ++worked_out));
    assert_int_equal(worked_out, 0);
    assert_string_equal(take(place), "");
    atomic_store(&place->log.level, LOG_LEVEL_DEBUG);
    LOG_DEBUG(&place->log, "test", "let in", LOG_U64("n", ++worked_out));
    assert_string_equal(take(place), "debug test: let in n=1\n");
    assert_int_equal(log_level_named("notice"), LOG_LEVEL_NOTICE);
    assert_int_equal(log_level_named("loud"), -1);
}

static void
test_long_lines(void **state)
{
    struct place *place = *state;
    char big[2 * LOG_LINE_MAX];

    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    LOG_INFO(&place->log, "test", "long", LOG_TEXT("big", big), LOG_TEXT("more", big));
    assert_int_equal(lines(take(place)), 1);
    assert_true(strlen(place->got) > LOG_LINE_MAX / 2 && strlen(place->got) <= LOG_LINE_MAX + 32);
    memset(big, '\n', sizeof big - 1);
    LOG_INFO(&place->log, "test", "long", LOG_TEXT("big", big));
    assert_int_equal(lines(take(place)), 1);
}

static void *
flood(void *arg)
{
    struct place *place = arg;

    for (unsigned i = 0; i < 1000; i++)
        LOG_INFO(&place->log, "test", "a flood", LOG_U64("i", i));
    return NULL;
}

// One place that floods has its lines, and leaves those of others theirs.
static void
test_floods(void **state)
{
    struct place *place = *state;
    pthread_t threads[THREADS];

    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, flood, place), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    LOG_INFO(&place->log, "test", "another place");
    assert_int_equal(lines(take(place)), LOG_BURST + 1);
    assert_non_null(strstr(place->got, "info test: another place\n"));
    log_tell_left_out(&place->log, false); // the window is not over
    assert_string_equal(take(place), "");
    log_tell_left_out(&place->log, true);
    assert_string_equal(take(place),
                        "notice log: lines like one were left out like=\"a flood\" of=test times=3980\n");
    log_tell_left_out(&place->log, true);
    assert_string_equal(take(place), "");
}

static void
test_next_window(void **state)
{
    struct place *place = *state;

    flood(place);
    assert_int_equal(lines(take(place)), LOG_BURST);
    for (size_t i = 0; i < LOG_SITES; i++) { // as if time had passed
        if (atomic_load(&place->counts.sites[i].site) != NULL)
            atomic_fetch_sub(&place->counts.sites[i].since_us, LOG_WINDOW_US);
    }
    log_tell_left_out(&place->log, false);
    assert_non_null(strstr(take(place), " times=980\n"));
    flood(place);
    assert_int_equal(lines(take(place)), LOG_BURST);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fields, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_escapes, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_levels, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_long_lines, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_floods, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_next_window, open_place, close_place),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
