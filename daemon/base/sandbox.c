// SPDX-License-Identifier: Apache-2.0
// The order: no new privileges, as the kernel wants that first; Landlock while root may still look
// everywhere; capabilities; and last the system calls, as the others need some that are then forbidden.
#include "base/sandbox.h"
#include "base/capabilities.h"
#include "base/landlock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/syscalls.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"

// A sanitizer makes calls of its own, and starts a program that names functions once it has found something.
#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

// ---- Files

// Options that name what is opened again after the start. One that is not set needs nothing.
static const struct {
    size_t offset; // of the member of struct options
    enum landlock_access access;
} named[] = {
    {offsetof(struct options, data_dir), LANDLOCK_CHANGE},
    {offsetof(struct options, backup_dir), LANDLOCK_CHANGE},
    {offsetof(struct options, file), LANDLOCK_READ_REPLACED},
    {offsetof(struct options, tls_certificate), LANDLOCK_READ_REPLACED},
    {offsetof(struct options, tls_key), LANDLOCK_READ_REPLACED},
    {offsetof(struct options, tls_client_ca), LANDLOCK_READ_REPLACED},
    {offsetof(struct options, tls_client_crl), LANDLOCK_READ_REPLACED},
};

// What the C library and OpenSSL may want.
static const char *const common[] = {"/dev/urandom", "/etc/localtime", "/proc/sys/vm/overcommit_memory",
                                     "/proc/self"};

#define NAMED     (sizeof named / sizeof named[0])
#define COMMON    (sizeof common / sizeof common[0])
#define RULES_MAX (NAMED + COMMON + OPTIONS_LISTEN_MAX)

// Unix sockets leave a file that is removed at the end. dirs holds the names that the rules then point to.
static size_t
add_socket_rules(const struct options *options, struct landlock_rule *rules,
                 char dirs[OPTIONS_LISTEN_MAX][PATH_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < options->n_listen; i++) {
        if (strncmp(options->listen[i], UNIX_PREFIX, strlen(UNIX_PREFIX)) != 0)
            continue;
        snprintf(dirs[i], PATH_MAX, "%s", options->listen[i] + strlen(UNIX_PREFIX));
        rules[n++] = (struct landlock_rule){dirname(dirs[i]), LANDLOCK_REMOVE};
    }
    return n;
}

static int
restrict_files_of_verifier(const struct options *options)
{
    const struct landlock_rule rule = {options->backup_dir, LANDLOCK_READ};

    return landlock_restrict(&rule, 1);
}

static int
restrict_files(const struct options *options)
{
    char dirs[OPTIONS_LISTEN_MAX][PATH_MAX];
    struct landlock_rule rules[RULES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < NAMED; i++) {
        const char *path = *(char *const *)(const void *)((const char *)options + named[i].offset);

        if (path != NULL && path[0] != '\0')
            rules[n++] = (struct landlock_rule){path, named[i].access};
    }
    for (size_t i = 0; i < COMMON; i++)
        rules[n++] = (struct landlock_rule){common[i], LANDLOCK_READ};
    n += add_socket_rules(options, &rules[n], dirs);
    // A rule is about an inode, and /proc makes a new one when nobody holds the old one: it is held until the
    // process ends.
    (void)open("/proc/self", O_PATH | O_CLOEXEC);
    return landlock_restrict(rules, n);
}

// ---- Parts

static int
forbid_new_privileges(const struct options *options)
{
    (void)options;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
}

static int
drop_capabilities(const struct options *options)
{
    (void)options;
    return capabilities_drop();
}

static int
restrict_calls(const struct options *options)
{
    (void)options;
    return syscalls_restrict(false);
}

static int
restrict_calls_of_verifier(const struct options *options)
{
    (void)options;
    return syscalls_restrict(true);
}

static bool
is_always_there(void)
{
    return true;
}

static bool
has_landlock(void)
{
    return !SANITIZED && landlock_version() > 0;
}

static bool
has_seccomp(void)
{
    return !SANITIZED && syscalls_restrictable();
}

static const struct part {
    const char *option;
    size_t wish;  // offset in struct options
    size_t state; // offset in struct sandbox
    bool (*is_there)(void);
    int (*enter)(const struct options *options); // 0 or -errno
    int (*enter_verifier)(const struct options *options);
} parts[] = {
    {"sandbox_no_new_privileges", offsetof(struct options, sandbox_no_new_privileges),
     offsetof(struct sandbox, no_new_privileges), is_always_there, forbid_new_privileges,
     forbid_new_privileges},
    {"sandbox_landlock", offsetof(struct options, sandbox_landlock), offsetof(struct sandbox, landlock),
     has_landlock, restrict_files, restrict_files_of_verifier},
    {"sandbox_capabilities", offsetof(struct options, sandbox_capabilities),
     offsetof(struct sandbox, capabilities), is_always_there, drop_capabilities, drop_capabilities},
    {"sandbox_seccomp", offsetof(struct options, sandbox_seccomp), offsetof(struct sandbox, seccomp),
     has_seccomp, restrict_calls, restrict_calls_of_verifier},
};

static int
enter_part(const struct part *part, bool verifier, const struct options *options, const struct log *log,
           struct sandbox *sandbox, struct fault *fault)
{
    enum options_switch wish =
        *(const enum options_switch *)(const void *)((const char *)options + part->wish);
    enum sandbox_state *state = (enum sandbox_state *)(void *)((char *)sandbox + part->state);
    int rc;

    *state = SANDBOX_OFF;
    if (wish == OPTIONS_OFF)
        return 0;
    *state = SANDBOX_UNSUPPORTED;
    if (!part->is_there()) {
        if (wish == OPTIONS_REQUIRED)
            return fault_set(fault, CODE_FAILED_PRECONDITION, part->option,
                             "it is required, and not to be had here");
        LOG_NOTICE(log, "sandbox", "goes on without what is not to be had here",
                   LOG_TEXT("option", part->option), LOG_YES("sanitizers", SANITIZED));
        return 0;
    }
    *state = SANDBOX_ON;
    rc = verifier ? part->enter_verifier(options) : part->enter(options);
    return rc == 0 ? 0 : fault_set(fault, CODE_UNAVAILABLE, part->option, "%s", strerror(-rc));
}

// ---- Together

// Without capabilities root is a user like others: it may not write where another user's rights end.
static void
tell_unwritable(const struct options *options, const struct log *log)
{
    for (size_t i = 0; i < NAMED; i++) {
        const char *path = *(char *const *)(const void *)((const char *)options + named[i].offset);

        if (path != NULL && named[i].access == LANDLOCK_CHANGE &&
            faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) != 0)
            LOG_WARNING(log, "sandbox", "a directory can not be written from now on", LOG_TEXT("path", path),
                        LOG_ERRNO(errno));
    }
}

static int
enter_parts(bool verifier, const struct options *options, const struct log *log, struct sandbox *sandbox,
            struct fault *fault)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (enter_part(&parts[i], verifier, options, log, sandbox, fault) != 0)
            return FAULT;
    }
    return 0;
}

int
sandbox_enter(const struct options *options, const struct log *log, struct sandbox *out, struct fault *fault)
{
    struct sandbox sandbox = {0};

    if (enter_parts(false, options, log, &sandbox, fault) != 0)
        return FAULT;
    tell_unwritable(options, log);
    *out = sandbox;
    return 0;
}

int
sandbox_enter_verifier(const struct options *options, const struct log *log, struct fault *fault)
{
    struct sandbox sandbox = {0};

    return enter_parts(true, options, log, &sandbox, fault);
}
