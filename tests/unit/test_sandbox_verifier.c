// SPDX-License-Identifier: Apache-2.0
// The sandbox of the process that verifies backups: it reads them, starts copies of itself, and that is all.
#include "base/apart.h"
#include "tests/unit/sandbox_fixture.h"
#include <sched.h>

static int
outcome_of_verifier(const struct scratch *scratch, attempt *act)
{
    return outcome_of(scratch, NULL, enter_that_of_verifier, act);
}

// ---- What it does

static int
read_backup(const struct scratch *scratch)
{
    return read_from(in(scratch->options.backup_dir, "file"));
}

static int
abort_now(void *arg)
{
    (void)arg;
    abort();
}

static int
see_a_copy_abort(const struct scratch *scratch)
{
    struct apart_end end;

    (void)scratch;
    if (apart_run(abort_now, NULL, &end) != 0)
        return FAILED;
    return end.signal == SIGABRT ? 0 : 1;
}

static int
make_socket(void *arg)
{
    (void)arg;
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int
wait_in_a_read(void *arg)
{
    const int *end = arg;
    char byte;

    return read(*end, &byte, 1) == 1 ? 0 : 1;
}

static int
kill_a_copy(const struct scratch *scratch)
{
    struct apart_end end;
    int pipes[2], child;

    (void)scratch;
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return errno;
    child = apart_start(wait_in_a_read, &pipes[0]);
    if (child < 0 || kill(child, SIGKILL) != 0 || apart_wait(child, &end) != 0)
        return FAILED;
    return end.signal == SIGKILL ? 0 : 1;
}

// A copy is restricted too: what is not allowed ends it.
static int
see_a_copy_forbidden(const struct scratch *scratch)
{
    struct apart_end end;

    (void)scratch;
    if (apart_run(make_socket, NULL, &end) != 0)
        return FAILED;
    return end.signal == SIGSYS ? 0 : 1;
}

static void
test_what_it_does(void **state)
{
    struct scratch *scratch = *state;

    need_seccomp(scratch);
    assert_int_equal(outcome_of_verifier(scratch, read_backup), 0);
    assert_int_equal(outcome_of_verifier(scratch, see_a_copy_abort), 0);
    assert_int_equal(outcome_of_verifier(scratch, kill_a_copy), 0);
    assert_int_equal(outcome_of_verifier(scratch, see_a_copy_forbidden), 0);
}

// ---- What it may not

static int
try_namespace(const struct scratch *scratch)
{
    (void)scratch;
    return result(syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0));
}

static void
test_forbidden_calls(void **state)
{
    static const struct named_attempt forbidden[] = {{"execve", try_execve},
                                                     {"clone(CLONE_NEWUSER)", try_namespace},
                                                     {"kill", try_kill},
                                                     {"tgkill of the parent", try_signal_parent},
                                                     {"socket(AF_INET)", try_tcp_socket}};
    struct scratch *scratch = *state;

    need_seccomp(scratch);
    expect_forbidden(scratch, enter_that_of_verifier, forbidden, sizeof forbidden / sizeof forbidden[0]);
}

static int
write_backup(const struct scratch *scratch)
{
    return result(open(in(scratch->options.backup_dir, "file"), O_WRONLY | O_CLOEXEC));
}

static int
make_in_backup(const struct scratch *scratch)
{
    return result(open(in(scratch->options.backup_dir, "new"), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int
read_data(const struct scratch *scratch)
{
    return read_from(in(scratch->data, "file"));
}

static int
read_configuration(const struct scratch *scratch)
{
    return read_from(scratch->conf);
}

static int
read_outside(const struct scratch *scratch)
{
    return read_from(scratch->outside);
}

static void
test_out_of_reach(void **state)
{
    static attempt *const closed[] = {write_backup, make_in_backup, read_data, read_configuration,
                                      read_outside};
    struct scratch *scratch = *state;

    need_landlock(scratch);
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        int got = outcome_of_verifier(scratch, closed[i]);

        if (got != EACCES)
            fail_msg("file %zu: %d instead of EACCES", i, got);
    }
}

// ---- Set-up

static int
make_backup(void **state)
{
    struct scratch *scratch;

    if (make_scratch(state) != 0)
        return 1;
    scratch = *state;
    scratch->options.backup_dir = strdup(in(scratch->data, "backup"));
    assert_non_null(scratch->options.backup_dir);
    assert_int_equal(mkdir(scratch->options.backup_dir, 0700), 0);
    make_file(in(scratch->options.backup_dir, "file"));
    return 0;
}

static int
remove_backup(void **state)
{
    struct scratch *scratch = *state;

    free(scratch->options.backup_dir);
    return remove_scratch(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_it_does, make_backup, remove_backup),
        cmocka_unit_test_setup_teardown(test_forbidden_calls, make_backup, remove_backup),
        cmocka_unit_test_setup_teardown(test_out_of_reach, make_backup, remove_backup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
