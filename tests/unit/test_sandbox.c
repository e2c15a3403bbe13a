// SPDX-License-Identifier: Apache-2.0
// Children enter the daemon's own sandbox and try what it forbids and what serving needs. A child ends with 0
// or the errno of what it tried, or by the signal that the kernel sends.
#include "base/log.h"
#include "base/options.h"
#include "base/sandbox.h"
#include "tests/unit/unit.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED   200 // exit status of a child that could not enter the sandbox
#define STRANGER 65534

// A scratch directory with `data`, `conf/kansend.conf`, `run` and `outside/file`.
struct scratch {
    char dir[64];
    char data[PATH_MAX], conf[PATH_MAX], socket[PATH_MAX], outside[PATH_MAX];
    struct options options;
};

typedef int attempt(const struct scratch *scratch); // 0 or an errno, in the child

static const char *
in(const char *dir, const char *name)
{
    static char path[2][PATH_MAX];
    static int turn;

    turn = !turn;
    snprintf(path[turn], PATH_MAX, "%s/%s", dir, name);
    return path[turn];
}

static void
make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
}

static int
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

static int
remove_scratch(void **state)
{
    struct scratch *scratch = *state;
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", scratch->dir);
    assert_int_equal(system(command), 0);
    free(scratch);
    return 0;
}

// What became of act in a child behind prepare (may be NULL) and the sandbox: exit status, or minus the
// signal.
static int
outcome_behind(attempt *prepare, const struct scratch *scratch, attempt *act)
{
    static const struct log log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    struct sandbox sandbox;
    struct fault fault;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (prepare != NULL && prepare(scratch) != 0)
            _exit(FAILED);
        if (sandbox_enter(&scratch->options, &log, &sandbox, &fault) != 0) {
            dprintf(STDERR_FILENO, "%s: %s\n", fault.field, fault.message);
            _exit(FAILED);
        }
        _exit(act(scratch));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int
outcome(const struct scratch *scratch, attempt *act)
{
    return outcome_behind(NULL, scratch, act);
}

static int
result(long rc)
{
    return rc < 0 ? errno : 0;
}

// ---- What the machine has

// States as the exit status: two bits for each part.
static int
states(const struct scratch *scratch)
{
    static const struct log log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    struct sandbox sandbox;
    struct fault fault;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (sandbox_enter(&scratch->options, &log, &sandbox, &fault) != 0)
            _exit(FAILED);
        _exit((int)sandbox.no_new_privileges | (int)sandbox.capabilities << 2 | (int)sandbox.seccomp << 4 |
              (int)sandbox.landlock << 6);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define NO_NEW_PRIVILEGES(states) ((enum sandbox_state)((states)&3))
#define CAPABILITIES(states)      ((enum sandbox_state)((states) >> 2 & 3))
#define SECCOMP(states)           ((enum sandbox_state)((states) >> 4 & 3))
#define LANDLOCK(states)          ((enum sandbox_state)((states) >> 6 & 3))

static void
need_seccomp(const struct scratch *scratch)
{
    if (SECCOMP(states(scratch)) != SANDBOX_ON)
        skip();
}

static void
need_landlock(const struct scratch *scratch)
{
    if (LANDLOCK(states(scratch)) != SANDBOX_ON)
        skip();
}

// ---- System calls

static int
try_execve(const struct scratch *scratch)
{
    char *const argv[] = {(char *)"true", NULL}, *const none[] = {NULL};

    (void)scratch;
    return result(execve("/bin/true", argv, none));
}

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
try_kill(const struct scratch *scratch)
{
    (void)scratch;
    return result(kill(getppid(), 0));
}

static int
try_signal_parent(const struct scratch *scratch)
{
    (void)scratch;
    return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int
try_packet_socket(const struct scratch *scratch)
{
    (void)scratch;
    return result(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
try_tcp_socket(const struct scratch *scratch)
{
    (void)scratch;
    return result(socket(AF_INET, SOCK_STREAM, 0));
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

static const struct {
    const char *name;
    attempt *act;
} forbidden[] = {
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
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        int got = outcome(scratch, forbidden[i].act);

        if (got != -SIGSYS)
            fail_msg("%s: %d instead of SIGSYS", forbidden[i].name, got);
    }
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

// ---- Files

static int
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
    assert_int_equal(outcome_behind(replace_configuration, *state, read_configuration_replaced), 0);
    assert_int_equal(outcome(*state, remove_socket), 0);
    assert_int_equal(outcome(*state, read_itself), 0);
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
    assert_int_equal(outcome_behind(hide_from_kernel, scratch, find_nothing), 0);
    scratch->options.sandbox_landlock = OPTIONS_REQUIRED;
    assert_int_equal(outcome_behind(hide_from_kernel, scratch, find_nothing), FAILED);
    scratch->options.sandbox_landlock = OPTIONS_ON;
    scratch->options.sandbox_seccomp = OPTIONS_REQUIRED;
    assert_int_equal(outcome_behind(hide_from_kernel, scratch, find_nothing), FAILED);
    assert_int_equal(SECCOMP(states(scratch)), SANDBOX_ON); // required, and there
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_scratch, remove_scratch)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_forbidden_calls), CASE(test_seccomp_off),  CASE(test_allowed_calls),
        CASE(test_out_of_reach),    CASE(test_landlock_off), CASE(test_in_reach),
        CASE(test_privileges),      CASE(test_all_off),      CASE(test_unsupported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
