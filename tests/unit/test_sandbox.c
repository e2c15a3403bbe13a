// SPDX-License-Identifier: Apache-2.0
// The sandbox: system calls, capabilities, what can be turned off, and a kernel that has not all of it.
#include "tests/unit/sandbox_fixture.h"
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#define STRANGER 65534 // a user who owns nothing here

// ---- System calls

static int
try_fork(const struct scratch *scratch)
{
    pid_t child = fork();

    (void)scratch;
    if (child == 0)
        _exit(0);
    return result(child);
}

static int
try_clone(const struct scratch *scratch)
{
    (void)scratch;
    return result(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int
try_ptrace(const struct scratch *scratch)
{
    (void)scratch;
    return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
try_packet_socket(const struct scratch *scratch)
{
    (void)scratch;
    return result(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
try_connect(const struct scratch *scratch)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/private"};

    (void)scratch;
    return result(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to));
}

static int
try_executable_memory(const struct scratch *scratch)
{
    (void)scratch;
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno
                                                                                                     : 0;
}

static int
try_making_memory_executable(const struct scratch *scratch)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)scratch;
    return memory == MAP_FAILED ? errno : result(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

static int
try_bpf(const struct scratch *scratch)
{
    union bpf_attr none = {0};

    (void)scratch;
    return result(syscall(SYS_bpf, BPF_MAP_CREATE, &none, sizeof none));
}

static int
try_io_uring(const struct scratch *scratch)
{
    char none[120] = {0};

    (void)scratch;
    return result(syscall(SYS_io_uring_setup, 1, none));
}

static int
try_mount(const struct scratch *scratch)
{
    return result(mount("none", scratch->data, "tmpfs", 0, NULL));
}

static int
try_unshare(const struct scratch *scratch)
{
    (void)scratch;
    return result(unshare(CLONE_NEWUSER));
}

static int
try_setuid(const struct scratch *scratch)
{
    (void)scratch;
    return result(setuid(getuid()));
}

static int
try_terminal_input(const struct scratch *scratch)
{
    (void)scratch;
    return result(ioctl(-1, TIOCSTI, "x"));
}

static int
try_dumpable(const struct scratch *scratch)
{
    (void)scratch;
    return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
try_symlink(const struct scratch *scratch)
{
    return result(symlink("/", in(scratch->data, "link")));
}

static const struct named_attempt forbidden[] = {
    {"execve", try_execve},
    {"fork", try_fork},
    {"clone", try_clone},
    {"ptrace", try_ptrace},
    {"kill", try_kill},
    {"tgkill of the parent", try_signal_parent},
    {"socket(AF_PACKET)", try_packet_socket},
    {"socket(AF_INET)", try_tcp_socket},
    {"connect", try_connect},
    {"mmap(PROT_EXEC)", try_executable_memory},
    {"mprotect(PROT_EXEC)", try_making_memory_executable},
    {"bpf", try_bpf},
    {"io_uring_setup", try_io_uring},
    {"mount", try_mount},
    {"unshare", try_unshare},
    {"setuid", try_setuid},
    {"ioctl(TIOCSTI)", try_terminal_input},
    {"prctl(PR_SET_DUMPABLE)", try_dumpable},
    {"symlink", try_symlink},
};

static void
test_forbidden_calls(void **state)
{
    struct scratch *scratch = *state;

    need_seccomp(scratch);
    expect_forbidden(scratch, enter_sandbox, forbidden, sizeof forbidden / sizeof forbidden[0]);
}

// Turned off, none of them is: what the test above sees is the filter.
static void
test_seccomp_off(void **state)
{
    struct scratch *scratch = *state;

    need_seccomp(scratch);
    scratch->options.sandbox_seccomp = OPTIONS_OFF;
    assert_int_equal(SECCOMP(states(scratch)), SANDBOX_OFF);
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        assert_true(outcome(scratch, forbidden[i].act) >= 0);
    assert_int_equal(outcome(scratch, try_fork), 0);
}

static void *
run_thread(void *arg)
{
    return arg;
}

static int
use_what_serving_needs(const struct scratch *scratch)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    struct itimerspec soon = {.it_value.tv_nsec = 1000};
    void *large = malloc(64u << 20);
    pthread_t thread;
    uint64_t ticks;
    char random[32];
    int timer, fd = open(in(scratch->data, "file"), O_RDWR | O_CLOEXEC);

    if (large == NULL || fd < 0 || getrandom(random, sizeof random, 0) != sizeof random)
        return errno;
    free(large);
    if (fcntl(fd, F_SETLK, &lock) != 0 || pwrite(fd, random, sizeof random, 4096) != sizeof random ||
        fdatasync(fd) != 0 || ftruncate(fd, 4) != 0)
        return errno;
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (timer < 0 || timerfd_settime(timer, 0, &soon, NULL) != 0 || read(timer, &ticks, sizeof ticks) < 0)
        return errno;
    if (eventfd(0, EFD_CLOEXEC) < 0 || socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0)
        return errno;
    return pthread_create(&thread, NULL, run_thread, NULL) != 0 ? EAGAIN : pthread_join(thread, NULL);
}

static int
do_abort(const struct scratch *scratch)
{
    (void)scratch;
    abort();
}

static void
test_allowed_calls(void **state)
{
    assert_int_equal(outcome(*state, use_what_serving_needs), 0);
    assert_int_equal(outcome(*state, do_abort), -SIGABRT);
}

// ---- Capabilities and privileges

static bool
status_says(const char *line)
{
    FILE *file = fopen("/proc/self/status", "re");
    char text[256];
    bool found = false;

    while (file != NULL && !found && fgets(text, sizeof text, file) != NULL)
        found = strncmp(text, line, strlen(line)) == 0 && text[strlen(line)] == '\n';
    if (file != NULL)
        fclose(file);
    return found;
}

static int
look_at_privileges(const struct scratch *scratch)
{
    (void)scratch;
    return !status_says("NoNewPrivs:\t1") || !status_says("CapEff:\t0000000000000000") ||
           !status_says("CapPrm:\t0000000000000000") || !status_says("CapInh:\t0000000000000000") ||
           !status_says("CapAmb:\t0000000000000000");
}

static int
look_at_bounds(const struct scratch *scratch)
{
    (void)scratch;
    return !status_says("CapBnd:\t0000000000000000");
}

static int
read_of_stranger(const struct scratch *scratch)
{
    return read_from(in(scratch->data, "stranger"));
}

static void
test_privileges(void **state)
{
    struct scratch *scratch = *state;

    assert_int_equal(outcome(scratch, look_at_privileges), 0);
    if (geteuid() != 0)
        return; // others have no capabilities to lose
    assert_int_equal(outcome(scratch, look_at_bounds), 0);
    make_file(in(scratch->data, "stranger"));
    assert_int_equal(chown(in(scratch->data, "stranger"), STRANGER, STRANGER), 0);
    assert_int_equal(outcome(scratch, read_of_stranger), EACCES);
    scratch->options.sandbox_capabilities = OPTIONS_OFF;
    assert_int_equal(outcome(scratch, read_of_stranger), 0);
    assert_int_equal(CAPABILITIES(states(scratch)), SANDBOX_OFF);
}

static void
test_all_off(void **state)
{
    struct scratch *scratch = *state;

    scratch->options.sandbox_no_new_privileges = OPTIONS_OFF;
    scratch->options.sandbox_capabilities = OPTIONS_OFF;
    scratch->options.sandbox_seccomp = OPTIONS_OFF;
    scratch->options.sandbox_landlock = OPTIONS_OFF;
    assert_int_equal(NO_NEW_PRIVILEGES(states(scratch)), SANDBOX_OFF);
    assert_int_equal(outcome(scratch, look_at_privileges), 1);
    assert_int_equal(outcome(scratch, try_execve), 0);
}
// ---- A kernel that has neither

static int
hide_from_kernel(const struct scratch *scratch)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    (void)scratch;
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) != 0 ||
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) != 0 ||
           seccomp_load(filter) != 0;
}

static int
find_nothing(const struct scratch *scratch)
{
    int found = states(scratch);

    return SECCOMP(found) != SANDBOX_UNSUPPORTED || LANDLOCK(found) != SANDBOX_UNSUPPORTED ||
           NO_NEW_PRIVILEGES(found) != SANDBOX_ON || CAPABILITIES(found) != SANDBOX_ON;
}

static void
test_unsupported(void **state)
{
    struct scratch *scratch = *state;

    need_seccomp(scratch);
    assert_int_equal(outcome_of(scratch, hide_from_kernel, enter_sandbox, find_nothing), 0);
    scratch->options.sandbox_landlock = OPTIONS_REQUIRED;
    assert_int_equal(outcome_of(scratch, hide_from_kernel, enter_sandbox, find_nothing), FAILED);
    scratch->options.sandbox_landlock = OPTIONS_ON;
    scratch->options.sandbox_seccomp = OPTIONS_REQUIRED;
    assert_int_equal(outcome_of(scratch, hide_from_kernel, enter_sandbox, find_nothing), FAILED);
    assert_int_equal(SECCOMP(states(scratch)), SANDBOX_ON); // required, and there
}
int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_forbidden_calls), CASE(test_seccomp_off), CASE(test_allowed_calls),
        CASE(test_privileges),      CASE(test_all_off),     CASE(test_unsupported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
