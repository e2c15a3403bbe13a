// SPDX-License-Identifier: Apache-2.0
// Faults on order: loaded in front of the C library (LD_PRELOAD), it makes writes and syncs of the store's
// file fail, allocations fail, and the clock jump, as the file KANSEN_INJECT says, which is mapped and shared
// with the test: struct orders, in the machine's byte order. Without that file it does nothing. An interposer
// has no caller to keep its state, so it stands in one static pointer.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define STORE_FILE  "/kansen.mdb"
#define EXIT_BROKEN 99

// Counted down by each call of its kind; the call that finds 1 fails, and so do all behind it while
// `for_good` is set. 0 = none fails. `hits` counts the calls that failed.
struct order {
    _Atomic int64_t countdown;
    _Atomic int64_t for_good;
    _Atomic int64_t hits;
    _Atomic int64_t error; // errno, SHORT_WRITE or KILLED
};

#define SHORT_WRITE (-1) // half of the bytes are written, and no error is told
#define KILLED      (-2) // the process is killed before the call

struct orders {
    struct order write, sync, memory;
    _Atomic int64_t clock_us; // is added to the time of day
    _Atomic int64_t calls;    // allocations since the start
};

static struct orders *orders;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

__attribute__((constructor)) static void
start(void)
{
    const char *path = getenv("KANSEN_INJECT");
    void *memory;
    int fd;

    if (path == NULL)
        return;
    fd = open(path, O_RDWR | O_CLOEXEC);
    memory = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        _exit(EXIT_BROKEN);
    close(fd);
    orders = memory;
}

static bool
fails(struct order *order)
{
    int64_t before = atomic_load(&order->countdown);

    while (before > 0) {
        int64_t after = before == 1 ? -1 : before - 1;

        if (!atomic_compare_exchange_weak(&order->countdown, &before, after))
            continue;
        if (after > 0)
            return false;
        atomic_fetch_add(&order->hits, 1);
        return true;
    }
    if (before == 0 || atomic_load(&order->for_good) == 0)
        return false;
    atomic_fetch_add(&order->hits, 1);
    return true;
}

// ---- The store's file

static bool
is_store(int fd)
{
    char link[64] = "/proc/self/fd/", path[4096], digits[16];
    int n = 0;
    ssize_t len;

    do {
        digits[n++] = (char)('0' + fd % 10);
        fd /= 10;
    } while (fd > 0);
    for (size_t at = strlen(link); n > 0;)
        link[at++] = digits[--n];
    len = readlink(link, path, sizeof path);
    return len >= (ssize_t)strlen(STORE_FILE) &&
           memcmp(path + len - strlen(STORE_FILE), STORE_FILE, strlen(STORE_FILE)) == 0;
}

static bool
is_due(struct order *order, int fd)
{
    bool due =
        orders != NULL && atomic_load(&order->countdown) != 0 && fd >= 0 && is_store(fd) && fails(order);

    if (due && atomic_load(&order->error) == KILLED)
        kill(getpid(), SIGKILL);
    return due;
}

// What a write that fails returns; at < 0: where the descriptor stands.
static ssize_t
fail_write(int fd, const struct iovec *part, off_t at)
{
    int error = (int)atomic_load(&orders->write.error);

    if (error == SHORT_WRITE)
        return at < 0 ? syscall(SYS_write, fd, part->iov_base, part->iov_len / 2)
                      : syscall(SYS_pwrite64, fd, part->iov_base, part->iov_len / 2, at);
    errno = error;
    return -1;
}

ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    struct iovec part = {(void *)bytes, len};

    return orders != NULL && is_due(&orders->write, fd) ? fail_write(fd, &part, at)
                                                        : syscall(SYS_pwrite64, fd, bytes, len, at);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite(fd, bytes, len, at);
}

ssize_t
pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    return orders != NULL && is_due(&orders->write, fd) ? fail_write(fd, parts, at)
                                                        : syscall(SYS_pwritev, fd, parts, n, at, 0);
}

ssize_t
writev(int fd, const struct iovec *parts, int n)
{
    return orders != NULL && is_due(&orders->write, fd) ? fail_write(fd, parts, -1)
                                                        : syscall(SYS_writev, fd, parts, n);
}

static int
sync_with(int fd, long number)
{
    if (orders != NULL && is_due(&orders->sync, fd)) {
        errno = (int)atomic_load(&orders->sync.error);
        return -1;
    }
    return (int)syscall(number, fd);
}

int
fdatasync(int fd)
{
    return sync_with(fd, SYS_fdatasync);
}

int
fsync(int fd)
{
    return sync_with(fd, SYS_fsync);
}

// ---- Memory

static bool
no_memory(void)
{
    if (orders == NULL)
        return false;
    atomic_fetch_add_explicit(&orders->calls, 1, memory_order_relaxed);
    if (atomic_load_explicit(&orders->memory.countdown, memory_order_relaxed) == 0 || !fails(&orders->memory))
        return false;
    errno = ENOMEM;
    return true;
}

void *
malloc(size_t size)
{
    return no_memory() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
    return no_memory() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
    return size != 0 && no_memory() ? NULL : __libc_realloc(old, size);
}

int
posix_memalign(void **out, size_t alignment, size_t size)
{
    void *memory = no_memory() ? NULL : __libc_memalign(alignment, size);

    if (memory == NULL)
        return ENOMEM;
    *out = memory;
    return 0;
}

// ---- The clock

int
clock_gettime(clockid_t id, struct timespec *out)
{
    int rc = (int)syscall(SYS_clock_gettime, id, out);

    if (rc == 0 && id == CLOCK_REALTIME && orders != NULL) {
        int64_t us = atomic_load_explicit(&orders->clock_us, memory_order_relaxed);
        int64_t ns = out->tv_nsec + us % 1000000 * 1000;

        out->tv_sec += us / 1000000 + (ns < 0 ? -1 : ns / 1000000000);
        out->tv_nsec = ns < 0 ? ns + 1000000000 : ns % 1000000000;
    }
    return rc;
}
