// SPDX-License-Identifier: Apache-2.0
// The list is by what needs a call. One that an architecture does not have is left out by libseccomp.
#include "base/syscalls.h"
#include <errno.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static const int allowed[] = {
    // Memory: malloc, stacks, the map of the store, memory of keys that is not swapped out
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(msync), SCMP_SYS(mlock),
    SCMP_SYS(mlock2), SCMP_SYS(munlock),
    // Threads
    SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(gettid),
    SCMP_SYS(getpid), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu), SCMP_SYS(exit),
    SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),
    // Threads for long work step back behind the workers.
    SCMP_SYS(getpriority), SCMP_SYS(setpriority), SCMP_SYS(sched_setscheduler),
    // Signals
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    // Clocks
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    // Loops
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64), SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_settime64), SCMP_SYS(signalfd4),
    SCMP_SYS(pipe2),
    // Descriptors
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(preadv2), SCMP_SYS(write),
    SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(pwritev2), SCMP_SYS(lseek),
    SCMP_SYS(_llseek), SCMP_SYS(fcntl), SCMP_SYS(fcntl64), SCMP_SYS(flock), SCMP_SYS(dup), SCMP_SYS(dup2),
    SCMP_SYS(dup3), SCMP_SYS(close),
    // Files, by name only where Landlock lets them: the store, a backup, the configuration, certificates
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(lstat), SCMP_SYS(lstat64),
    SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(statx),
    SCMP_SYS(statfs), SCMP_SYS(statfs64), SCMP_SYS(fstatfs), SCMP_SYS(fstatfs64), SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
    SCMP_SYS(getdents64), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rename), SCMP_SYS(renameat),
    SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rmdir), SCMP_SYS(fchmod),
    SCMP_SYS(umask), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64), SCMP_SYS(fallocate), SCMP_SYS(fadvise64),
    SCMP_SYS(fadvise64_64), SCMP_SYS(copy_file_range), SCMP_SYS(fsync), SCMP_SYS(fdatasync),
    SCMP_SYS(sync_file_range), SCMP_SYS(syncfs),
    // Connections that come, and word to systemd
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
    SCMP_SYS(shutdown),
    // Word to journald, for an entry that its socket does not take as it is
    SCMP_SYS(memfd_create),
    // Who and how much
    SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(getrandom)};

// Libraries try these first and have another way.
static const int not_there[] = {
    SCMP_SYS(clone3), // its flags are in memory, where a filter can not look
    SCMP_SYS(openat2),
    SCMP_SYS(close_range),
};

// Arguments of 32 bits: what stands above them, the kernel does not read.
#define ARGUMENT_IS(n, value) SCMP_CMP64(n, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)(value))

struct bounded {
    int call;
    struct scmp_arg_cmp argument;
};

static const struct bounded bounded[] = {
    // No memory that can be executed
    {SCMP_SYS(mmap), SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
    {SCMP_SYS(mmap2), SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
    {SCMP_SYS(mprotect), SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)},
    // A thread, no process
    {SCMP_SYS(clone), SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)},
    {SCMP_SYS(prctl), ARGUMENT_IS(0, PR_SET_NAME)},
    {SCMP_SYS(prctl), ARGUMENT_IS(0, PR_GET_NAME)},
    {SCMP_SYS(prctl), ARGUMENT_IS(0, PR_SET_VMA)}, // malloc names its memory
    {SCMP_SYS(prlimit64), ARGUMENT_IS(0, 0)},      // of this process
    {SCMP_SYS(socket), ARGUMENT_IS(0, AF_UNIX)},
    {SCMP_SYS(ioctl), ARGUMENT_IS(1, FIONREAD)},
    {SCMP_SYS(ioctl), ARGUMENT_IS(1, SIOCOUTQ)},
    {SCMP_SYS(ioctl), ARGUMENT_IS(1, FIONBIO)},
    {SCMP_SYS(ioctl), ARGUMENT_IS(1, TCGETS)}, // stdio asks whether it writes to a terminal
};

// A copy of this process, its end, and its abort(3), where the number of the process is not known before.
#define FORK_FLAGS (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)

static const struct bounded forking[] = {
    {SCMP_SYS(clone), SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, ~(uint64_t)FORK_FLAGS, SIGCHLD)},
    {SCMP_SYS(wait4), ARGUMENT_IS(3, 0)},
    {SCMP_SYS(kill), ARGUMENT_IS(1, SIGKILL)},
    {SCMP_SYS(tgkill), ARGUMENT_IS(2, SIGABRT)},
    {SCMP_SYS(prctl), ARGUMENT_IS(0, PR_SET_PDEATHSIG)},
};

bool
syscalls_restrictable(void)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static int
set_attributes(scmp_filter_ctx filter)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

    if (rc == 0)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0); // the caller has decided that
    if (rc == 0)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (rc == 0)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); // a tree: the list is long
    if (rc == 0)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1); // errno as the kernel gave it
    return rc;
}

static int
allow_bounded(scmp_filter_ctx filter, const struct bounded *calls, size_t n)
{
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++)
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, calls[i].call, 1, &calls[i].argument);
    return rc;
}

static int
add_rules(scmp_filter_ctx filter, bool forks)
{
    int rc = 0;

    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0] && rc == 0; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < sizeof not_there / sizeof not_there[0] && rc == 0; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), not_there[i], 0);
    if (rc == 0)
        rc = allow_bounded(filter, bounded, sizeof bounded / sizeof bounded[0]);
    if (rc == 0 && forks)
        rc = allow_bounded(filter, forking, sizeof forking / sizeof forking[0]);
    // abort(3) and raise(3): a signal to a thread of our own.
    if (rc == 0)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, ARGUMENT_IS(0, getpid()));
    return rc;
}

int
syscalls_restrict(bool forks)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc;

    if (filter == NULL)
        return -ENOMEM;
    rc = set_attributes(filter);
    if (rc == 0)
        rc = add_rules(filter, forks);
    if (rc == 0)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    return rc;
}
