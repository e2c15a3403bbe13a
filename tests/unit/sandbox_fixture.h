// SPDX-License-Identifier: Apache-2.0
// Children enter the daemon's own sandbox and try something there. A child ends with 0 or the errno of what
// it tried, or by the signal that the kernel sends.
#ifndef TESTS_UNIT_SANDBOX_FIXTURE_H
#define TESTS_UNIT_SANDBOX_FIXTURE_H

#include "base/log.h"
#include "base/options.h"
#include "base/sandbox.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED 200 // exit status of a child that could not enter the sandbox

// A scratch directory with `data`, `conf/kansend.conf`, `run` and `outside/file`.
struct scratch {
    char dir[64];
    char data[PATH_MAX], conf[PATH_MAX], socket[PATH_MAX], outside[PATH_MAX];
    struct options options;
};

typedef int attempt(const struct scratch *scratch); // 0 or an errno, in the child

static inline const char *
in(const char *dir, const char *name)
{
    static char path[2][PATH_MAX];
    static int turn;

    turn = !turn;
    snprintf(path[turn], PATH_MAX, "%s/%s", dir, name);
    return path[turn];
}

static inline void
make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
}

static inline int
make_scratch(void **state)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);

    assert_non_null(scratch);
    strcpy(scratch->dir, "/tmp/kansen-sandbox-XXXXXX");
    assert_non_null(mkdtemp(scratch->dir));
    strcpy(scratch->data, in(scratch->dir, "data"));
    strcpy(scratch->conf, in(scratch->dir, "conf/kansend.conf"));
    strcpy(scratch->outside, in(scratch->dir, "outside/file"));
    snprintf(scratch->socket, sizeof scratch->socket, "unix:%s/run/s", scratch->dir);
    assert_int_equal(mkdir(scratch->data, 0700), 0);
    assert_int_equal(mkdir(in(scratch->dir, "conf"), 0700), 0);
    assert_int_equal(mkdir(in(scratch->dir, "run"), 0700), 0);
    assert_int_equal(mkdir(in(scratch->dir, "outside"), 0700), 0);
    make_file(scratch->conf);
    make_file(scratch->outside);
    make_file(in(scratch->data, "file"));
    make_file(in(scratch->dir, "run/s"));
    scratch->options = (struct options){.data_dir = scratch->data, .file = scratch->conf};
    scratch->options.listen[scratch->options.n_listen++] = (char *)"127.0.0.1:0";
    scratch->options.listen[scratch->options.n_listen++] = scratch->socket;
    *state = scratch;
    return 0;
}

static inline int
remove_scratch(void **state)
{
    struct scratch *scratch = *state;
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", scratch->dir);
    assert_int_equal(system(command), 0);
    free(scratch);
    return 0;
}

// What became of act in a child behind prepare and enter (each may be NULL): exit status, or minus the
// signal.
static inline int
outcome_of(const struct scratch *scratch, attempt *prepare, attempt *enter, attempt *act)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if ((prepare != NULL && prepare(scratch) != 0) || (enter != NULL && enter(scratch) != 0))
            _exit(FAILED);
        _exit(act(scratch));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static inline int
tell_fault(const struct fault *fault)
{
    dprintf(STDERR_FILENO, "%s: %s\n", fault->field, fault->message);
    return FAILED;
}

static inline int
enter_sandbox(const struct scratch *scratch)
{
    static const struct log log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    struct sandbox sandbox;
    struct fault fault;

    return sandbox_enter(&scratch->options, &log, &sandbox, &fault) == 0 ? 0 : tell_fault(&fault);
}

static inline int
enter_that_of_verifier(const struct scratch *scratch)
{
    static const struct log log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    struct fault fault;

    return sandbox_enter_verifier(&scratch->options, &log, &fault) == 0 ? 0 : tell_fault(&fault);
}

static inline int
outcome(const struct scratch *scratch, attempt *act)
{
    return outcome_of(scratch, NULL, enter_sandbox, act);
}

static inline int
result(long rc)
{
    return rc < 0 ? errno : 0;
}

static inline int
read_from(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = result(fd);

    if (fd >= 0) {
        rc = result(read(fd, &byte, 1));
        close(fd);
    }
    return rc;
}

// ---- What neither the daemon nor its verifier may

struct named_attempt {
    const char *name;
    attempt *act;
};

static inline int
try_execve(const struct scratch *scratch)
{
    char *const argv[] = {(char *)"true", NULL}, *const none[] = {NULL};

    (void)scratch;
    return result(execve("/bin/true", argv, none));
}

static inline int
try_kill(const struct scratch *scratch)
{
    (void)scratch;
    return result(kill(getppid(), 0));
}

static inline int
try_signal_parent(const struct scratch *scratch)
{
    (void)scratch;
    return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static inline int
try_tcp_socket(const struct scratch *scratch)
{
    (void)scratch;
    return result(socket(AF_INET, SOCK_STREAM, 0));
}

// All of them end a child behind the sandbox.
static inline void
expect_forbidden(const struct scratch *scratch, attempt *enter, const struct named_attempt *attempts,
                 size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int got = outcome_of(scratch, NULL, enter, attempts[i].act);

        if (got != -SIGSYS)
            fail_msg("%s: %d instead of SIGSYS", attempts[i].name, got);
    }
}

// ---- What the machine has

static inline int
enter_and_tell(const struct scratch *scratch)
{
    static const struct log log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    struct sandbox sandbox;
    struct fault fault;

    if (sandbox_enter(&scratch->options, &log, &sandbox, &fault) != 0)
        return FAILED;
    return (int)sandbox.no_new_privileges | (int)sandbox.capabilities << 2 | (int)sandbox.seccomp << 4 |
           (int)sandbox.landlock << 6;
}

// States as the exit status: two bits for each part.
static inline int
states(const struct scratch *scratch)
{
    int found = outcome_of(scratch, NULL, NULL, enter_and_tell);

    assert_true(found >= 0);
    return found;
}

#define NO_NEW_PRIVILEGES(states) ((enum sandbox_state)((states)&3))
#define CAPABILITIES(states)      ((enum sandbox_state)((states) >> 2 & 3))
#define SECCOMP(states)           ((enum sandbox_state)((states) >> 4 & 3))
#define LANDLOCK(states)          ((enum sandbox_state)((states) >> 6 & 3))

static inline void
need_seccomp(const struct scratch *scratch)
{
    if (SECCOMP(states(scratch)) != SANDBOX_ON)
        skip();
}

static inline void
need_landlock(const struct scratch *scratch)
{
    if (LANDLOCK(states(scratch)) != SANDBOX_ON)
        skip();
}
#define CASE(test) cmocka_unit_test_setup_teardown(test, make_scratch, remove_scratch)

#endif
