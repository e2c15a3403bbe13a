// SPDX-License-Identifier: Apache-2.0
// The sandbox: which files are in reach, and which are not, also for threads that start later.
#include "tests/unit/sandbox_fixture.h"
#include <pthread.h>

static int
make_and_remove(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return result(unlink(path));
}

static int
read_outside(const struct scratch *scratch)
{
    return read_from(scratch->outside);
}

static int
read_shadow(const struct scratch *scratch)
{
    (void)scratch;
    return read_from("/etc/shadow");
}

static int
read_other_process(const struct scratch *scratch)
{
    (void)scratch;
    return read_from("/proc/1/status");
}

static int
list_root(const struct scratch *scratch)
{
    (void)scratch;
    return result(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int
write_outside(const struct scratch *scratch)
{
    return make_and_remove(in(scratch->dir, "outside/new"));
}

static int
cut_outside(const struct scratch *scratch)
{
    return result(open(scratch->outside, O_WRONLY | O_TRUNC | O_CLOEXEC));
}

static int
remove_outside(const struct scratch *scratch)
{
    return result(unlink(scratch->outside));
}

static int
write_configuration(const struct scratch *scratch)
{
    return result(open(scratch->conf, O_WRONLY | O_CLOEXEC));
}

static int
leave_by_link(const struct scratch *scratch)
{
    return read_from(in(scratch->data, "way-out"));
}

static void *
read_outside_in_thread(void *arg)
{
    return (void *)(intptr_t)read_outside(arg);
}

static int
read_outside_by_thread(const struct scratch *scratch)
{
    pthread_t thread;
    void *got = NULL;

    if (pthread_create(&thread, NULL, read_outside_in_thread, (void *)scratch) != 0)
        return FAILED;
    pthread_join(thread, &got);
    return (int)(intptr_t)got;
}

static const struct {
    const char *name;
    attempt *act;
} out_of_reach[] = {
    {"a file outside", read_outside},
    {"/etc/shadow", read_shadow},
    {"another process", read_other_process},
    {"listing /", list_root},
    {"a new file outside", write_outside},
    {"cutting a file outside", cut_outside},
    {"removing a file outside", remove_outside},
    {"writing the configuration", write_configuration},
    {"a link that leads outside", leave_by_link},
    {"a file outside, by a thread that started later", read_outside_by_thread},
};

static void
test_out_of_reach(void **state)
{
    struct scratch *scratch = *state;

    need_landlock(scratch);
    assert_int_equal(symlink(scratch->outside, in(scratch->data, "way-out")), 0);
    for (size_t i = 0; i < sizeof out_of_reach / sizeof out_of_reach[0]; i++) {
        int got = outcome(scratch, out_of_reach[i].act);

        if (got != EACCES)
            fail_msg("%s: %d instead of EACCES", out_of_reach[i].name, got);
    }
}

static void
test_landlock_off(void **state)
{
    struct scratch *scratch = *state;

    scratch->options.sandbox_landlock = OPTIONS_OFF;
    assert_int_equal(LANDLOCK(states(scratch)), SANDBOX_OFF);
    assert_int_equal(symlink(scratch->outside, in(scratch->data, "way-out")), 0);
    assert_int_equal(outcome(scratch, read_outside), 0);
    assert_int_equal(outcome(scratch, read_outside_by_thread), 0);
    assert_int_equal(outcome(scratch, leave_by_link), 0);
    assert_int_equal(outcome(scratch, write_outside), 0);
}

static int
use_data(const struct scratch *scratch)
{
    int rc = read_from(in(scratch->data, "file"));

    rc = rc != 0 ? rc : make_and_remove(in(scratch->data, "new"));
    if (rc == 0 && (mkdir(in(scratch->data, "a"), 0700) != 0 || mkdir(in(scratch->data, "a/b"), 0700) != 0))
        rc = errno;
    if (rc == 0 && (rename(in(scratch->data, "file"), in(scratch->data, "a/b/file")) != 0 ||
                    rename(in(scratch->data, "a/b/file"), in(scratch->data, "file")) != 0))
        rc = errno;
    if (rc == 0 && (rmdir(in(scratch->data, "a/b")) != 0 || rmdir(in(scratch->data, "a")) != 0))
        rc = errno;
    return rc;
}

static int
read_configuration(const struct scratch *scratch)
{
    return read_from(scratch->conf);
}

// Waits until the parent has put another file in the place of the configuration.
static int
read_configuration_replaced(const struct scratch *scratch)
{
    struct stat st;

    while (stat(scratch->conf, &st) != 0 || st.st_size != 0)
        usleep(1000);
    return read_from(scratch->conf);
}

static int
replace_configuration(const struct scratch *scratch)
{
    pid_t child = fork();

    if (child != 0)
        return result(child);
    usleep(50000); // so that the other one has entered its sandbox
    close(open(in(scratch->dir, "conf/next"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    _exit(rename(in(scratch->dir, "conf/next"), scratch->conf));
}

static int
remove_socket(const struct scratch *scratch)
{
    return result(unlink(in(scratch->dir, "run/s")));
}

static int
read_itself(const struct scratch *scratch)
{
    (void)scratch;
    return read_from("/proc/self/statm");
}

static void
test_in_reach(void **state)
{
    assert_int_equal(outcome(*state, use_data), 0);
    assert_int_equal(outcome(*state, read_configuration), 0);
    assert_int_equal(outcome_of(*state, replace_configuration, enter_sandbox, read_configuration_replaced),
                     0);
    assert_int_equal(outcome(*state, remove_socket), 0);
    assert_int_equal(outcome(*state, read_itself), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_out_of_reach),
        CASE(test_landlock_off),
        CASE(test_in_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
