// SPDX-License-Identifier: Apache-2.0
// The recorder: loaded in front of the C library (LD_PRELOAD), it logs what a process writes and syncs in the
// folder KANSEN_RECORD_DIR, and what it sends on sockets, to the file KANSEN_RECORD_LOG; see log.h.
// Invariants: the log is written before the call goes on, so nothing that follows from a call stands before
// it; no lock is held during a sync or a send, so the recorder puts no order where the process has none. An
// interposer has no caller to keep its state, so it stands in one static struct.
#include "tests/crash/powercut/log.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define HANDLES_MAX  65536
#define FILES_MAX    32u
#define NAME_MAX_LEN 64u
#define PARTS_MAX    1024 // of one writev
#define EXIT_BROKEN  99   // the log can not be written

struct handle {
    uint32_t file;       // 0 = none of ours
    uint32_t connection; // 0 = nothing was sent on it
    bool through;        // each write is on disk when it returns
};

static struct {
    pthread_mutex_t lock;
    const char *dir; // NULL = nothing is recorded
    int log_fd;
    uint64_t events;
    uint32_t files, connections;
    char names[FILES_MAX][NAME_MAX_LEN];
    struct handle handles[HANDLES_MAX];
} recorder = {.lock = PTHREAD_MUTEX_INITIALIZER, .log_fd = -1};

// ---- The log

// What the daemon starts beside itself writes nothing of the store, and has not the log.
static void
stop(void)
{
    recorder.dir = NULL;
}

__attribute__((constructor)) static void
start(void)
{
    const char *dir = getenv("KANSEN_RECORD_DIR"), *log = getenv("KANSEN_RECORD_LOG");
    int fd;

    if (dir == NULL || log == NULL)
        return;
    fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        _exit(EXIT_BROKEN);
    if (pthread_atfork(NULL, NULL, stop) != 0)
        _exit(EXIT_BROKEN);
    recorder.log_fd = fd;
    recorder.dir = dir;
}

// Appends an event; the lock is held. Returns its number.
static uint64_t
put(const struct log_head *head, const struct iovec *parts, int n)
{
    struct iovec all[PARTS_MAX + 1] = {{(void *)head, sizeof *head}};
    size_t total = sizeof *head;

    if (n > PARTS_MAX)
        _exit(EXIT_BROKEN);
    for (int i = 0; i < n; i++) {
        all[i + 1] = parts[i];
        total += parts[i].iov_len;
    }
    if (syscall(SYS_writev, recorder.log_fd, all, n + 1) != (long)total)
        _exit(EXIT_BROKEN);
    return recorder.events++;
}

static uint64_t
put_locked(uint32_t kind, uint32_t number, uint64_t place)
{
    struct log_head head = {.kind = kind, .number = number, .place = place};
    uint64_t event;

    pthread_mutex_lock(&recorder.lock);
    event = put(&head, NULL, 0);
    pthread_mutex_unlock(&recorder.lock);
    return event;
}

static struct handle *
handle_of(int fd)
{
    return recorder.dir != NULL && fd >= 0 && fd < HANDLES_MAX ? &recorder.handles[fd] : NULL;
}

static struct handle *
file_handle(int fd)
{
    struct handle *handle = handle_of(fd);

    return handle != NULL && handle->file != 0 ? handle : NULL;
}

// ---- Files

// Name of a path in the recorded folder, "." for the folder itself, NULL for others.
static const char *
name_of(const char *path)
{
    size_t len = strlen(recorder.dir);

    if (strncmp(path, recorder.dir, len) != 0 || (path[len] != '/' && path[len] != '\0'))
        return NULL;
    if (path[len] == '\0')
        return ".";
    path += len;
    while (*path == '/')
        path++;
    return *path == '\0' ? "." : strchr(path, '/') == NULL ? path : NULL;
}

// The file's number; the lock is held.
static uint32_t
number_of(const char *name, bool made)
{
    struct log_head head = {.kind = LOG_FILE, .place = made, .length = strlen(name)};
    struct iovec bytes = {(void *)name, strlen(name)};
    uint32_t i = 0;

    while (i < recorder.files && strcmp(recorder.names[i], name) != 0)
        i++;
    if (i == recorder.files) {
        if (i == FILES_MAX || bytes.iov_len >= NAME_MAX_LEN)
            _exit(EXIT_BROKEN);
        memcpy(recorder.names[recorder.files++], name, bytes.iov_len + 1);
    } else if (!made) {
        return i + 1;
    }
    head.number = i + 1;
    put(&head, &bytes, 1);
    return i + 1;
}

static int
open_recorded(int at, const char *path, int flags, mode_t mode)
{
    const char *name = recorder.dir == NULL ? NULL : name_of(path);
    bool made = name != NULL && (flags & O_CREAT) != 0 && access(path, F_OK) != 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);

    if (fd < 0 || name == NULL)
        return fd;
    if (fd >= HANDLES_MAX || (flags & O_TRUNC) != 0)
        _exit(EXIT_BROKEN); // no file of a store is cut to nothing
    pthread_mutex_lock(&recorder.lock);
    recorder.handles[fd] =
        (struct handle){.file = number_of(name, made), .through = (flags & (O_DSYNC | O_SYNC)) != 0};
    pthread_mutex_unlock(&recorder.lock);
    return fd;
}

static mode_t
mode_of(int flags, va_list args)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
}

int
open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return open_recorded(AT_FDCWD, path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return open_recorded(AT_FDCWD, path, flags, mode);
}

int
openat(int at, const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return open_recorded(at, path, flags, mode);
}

// LMDB switches O_DSYNC on by fcntl on some systems, and duplicates descriptors on others.
int
fcntl(int fd, int command, ...)
{
    struct handle *handle = file_handle(fd);
    va_list args;
    void *arg;
    int rc;

    va_start(args, command);
    arg = va_arg(args, void *);
    va_end(args);
    rc = (int)syscall(SYS_fcntl, fd, command, arg);
    if (handle == NULL || rc < 0)
        return rc;
    if (command == F_SETFL)
        handle->through = ((long)arg & (O_DSYNC | O_SYNC)) != 0;
    if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && rc < HANDLES_MAX)
        recorder.handles[rc] = *handle;
    return rc;
}

int
fcntl64(int fd, int command, ...)
{
    va_list args;
    void *arg;

    va_start(args, command);
    arg = va_arg(args, void *);
    va_end(args);
    return fcntl(fd, command, arg);
}

int
close(int fd)
{
    struct handle *handle = handle_of(fd);

    if (handle != NULL)
        *handle = (struct handle){0};
    return (int)syscall(SYS_close, fd);
}

// ---- Writes

// at < 0: where the descriptor stands. The event is logged first, as the bytes may be on disk from then on; a
// file is written by one thread at a time, so the order holds.
static ssize_t
write_recorded(struct handle *handle, int fd, const struct iovec *parts, int n, off_t at)
{
    struct log_head head = {.kind = LOG_WRITE, .number = handle->file};
    uint64_t event;
    ssize_t rc;

    head.place = (uint64_t)(at < 0 ? lseek(fd, 0, SEEK_CUR) : at);
    for (int i = 0; i < n; i++)
        head.length += parts[i].iov_len;
    pthread_mutex_lock(&recorder.lock);
    event = put(&head, parts, n);
    pthread_mutex_unlock(&recorder.lock);
    rc = at < 0 ? syscall(SYS_writev, fd, parts, n) : syscall(SYS_pwritev, fd, parts, n, at, 0);
    if (rc != (ssize_t)head.length)
        _exit(EXIT_BROKEN); // the log would not be true
    if (handle->through)
        put_locked(LOG_THROUGH, handle->file, event);
    return rc;
}

static ssize_t
send_recorded(struct handle *handle, int fd, const struct iovec *part, int flags)
{
    struct log_head head = {.kind = LOG_SEND};
    struct iovec sent = *part;
    ssize_t rc;

    pthread_mutex_lock(&recorder.lock);
    if (handle->connection == 0)
        handle->connection = ++recorder.connections;
    head.number = handle->connection;
    head.place = recorder.events;
    pthread_mutex_unlock(&recorder.lock);
    rc = syscall(SYS_sendto, fd, part->iov_base, part->iov_len, flags, NULL, 0);
    if (rc > 0) {
        head.length = sent.iov_len = (size_t)rc;
        pthread_mutex_lock(&recorder.lock);
        put(&head, &sent, 1);
        pthread_mutex_unlock(&recorder.lock);
    }
    return rc;
}

ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    struct handle *handle = file_handle(fd);
    struct iovec part = {(void *)bytes, len};

    return handle == NULL ? syscall(SYS_pwrite64, fd, bytes, len, at)
                          : write_recorded(handle, fd, &part, 1, at);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite(fd, bytes, len, at);
}

ssize_t
pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    struct handle *handle = file_handle(fd);

    return handle == NULL ? syscall(SYS_pwritev, fd, parts, n, at, 0)
                          : write_recorded(handle, fd, parts, n, at);
}

ssize_t
pwritev64(int fd, const struct iovec *parts, int n, off_t at)
{
    return pwritev(fd, parts, n, at);
}

ssize_t
writev(int fd, const struct iovec *parts, int n)
{
    struct handle *handle = file_handle(fd);

    return handle == NULL ? syscall(SYS_writev, fd, parts, n) : write_recorded(handle, fd, parts, n, -1);
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
    struct handle *handle = file_handle(fd);
    struct iovec part = {(void *)bytes, len};

    return handle == NULL ? syscall(SYS_write, fd, bytes, len) : write_recorded(handle, fd, &part, 1, -1);
}

// A connection is a stream; with the process beside it the daemon speaks in packets.
static bool
is_stream(int fd)
{
    int type = 0;
    socklen_t len = sizeof type;

    return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

// The daemon answers by send(2) alone; an acknowledgement that went another way would be missed, and the
// driver counts them.
ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
    struct handle *handle = handle_of(fd);
    struct iovec part = {(void *)bytes, len};

    return handle == NULL || !is_stream(fd) ? syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0)
                                            : send_recorded(handle, fd, &part, flags);
}

// ---- Sizes and syncs

int
ftruncate(int fd, off_t size)
{
    struct handle *handle = file_handle(fd);
    int rc = (int)syscall(SYS_ftruncate, fd, size);

    if (rc == 0 && handle != NULL)
        put_locked(LOG_RESIZE, handle->file, (uint64_t)size);
    return rc;
}

int
ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}

static int
sync_recorded(int fd, long number)
{
    struct handle *handle = file_handle(fd);
    uint64_t begin;
    int rc;

    if (handle == NULL)
        return (int)syscall(number, fd);
    begin = put_locked(LOG_SYNC_BEGIN, handle->file, 0);
    rc = (int)syscall(number, fd);
    if (rc == 0)
        put_locked(LOG_SYNC_END, handle->file, begin);
    return rc;
}

int
fdatasync(int fd)
{
    return sync_recorded(fd, SYS_fdatasync);
}

int
fsync(int fd)
{
    return sync_recorded(fd, SYS_fsync);
}

int
msync(void *address, size_t len, int flags)
{
    if (recorder.dir != NULL)
        put_locked(LOG_MAPPED, 0, 0);
    return (int)syscall(SYS_msync, address, len, flags);
}
