// SPDX-License-Identifier: Apache-2.0
// The C library has no functions for Landlock, so its three calls are made by number. Constants that came
// after version 1 stand here, so that it builds with older headers of the kernel.
#include "base/landlock.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// struct landlock_ruleset_attr of version 6; an older kernel takes it as long as what it does not know is 0.
struct ruleset {
    uint64_t files, net, scoped;
};

#define RIGHT_REFER     (UINT64_C(1) << 13) // version 2
#define RIGHT_TRUNCATE  (UINT64_C(1) << 14) // version 3
#define RIGHT_IOCTL_DEV (UINT64_C(1) << 15) // version 5
#define NET_BIND_TCP    (UINT64_C(1) << 0)  // version 4
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT  (UINT64_C(1) << 0) // version 6
#define SCOPE_SIGNAL    (UINT64_C(1) << 1)

#define RIGHTS_FIRST  ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1) // all of version 1
#define RIGHTS_READ   (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_MAKE   (LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR)
#define RIGHTS_REMOVE (LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR)
#define RIGHTS_CHANGE                                                                                        \
    (RIGHTS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHTS_MAKE | RIGHTS_REMOVE | RIGHT_REFER | RIGHT_TRUNCATE)
#define RIGHTS_OF_FILES                                                                                      \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |             \
     RIGHT_TRUNCATE | RIGHT_IOCTL_DEV)

int
landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version < 0 ? 0 : (int)version;
}

// Where systemd waits for READY may be an abstract socket (sd_notify(3)).
static int
notifies_abstract_socket(void)
{
    const char *socket = getenv("NOTIFY_SOCKET");

    return socket != NULL && socket[0] == '@';
}

// All that this version can restrict.
static struct ruleset
restrictable(int version)
{
    struct ruleset all = {.files = RIGHTS_FIRST};

    if (version >= 2)
        all.files |= RIGHT_REFER;
    if (version >= 3)
        all.files |= RIGHT_TRUNCATE;
    if (version >= 4)
        all.net = NET_BIND_TCP | NET_CONNECT_TCP;
    if (version >= 5)
        all.files |= RIGHT_IOCTL_DEV;
    if (version >= 6)
        all.scoped = SCOPE_SIGNAL | (notifies_abstract_socket() ? 0 : SCOPE_ABSTRACT);
    return all;
}

// A path that is not there, or is not to be reached, needs no rule: 0.
static int
allow(int ruleset, const char *path, uint64_t rights)
{
    struct landlock_path_beneath_attr beneath = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
    struct stat st;
    int rc = 0;

    if (beneath.parent_fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
    if (fstat(beneath.parent_fd, &st) != 0)
        rc = -errno;
    beneath.allowed_access = rc == 0 && S_ISDIR(st.st_mode) ? rights : rights & RIGHTS_OF_FILES;
    if (rc == 0 && beneath.allowed_access != 0 &&
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
        rc = -errno;
    close(beneath.parent_fd);
    return rc;
}

static int
allow_directory_of(int ruleset, const char *file, uint64_t rights)
{
    char copy[PATH_MAX];
    const char *dir;

    if (snprintf(copy, sizeof copy, "%s", file) >= (int)sizeof copy)
        return -ENAMETOOLONG;
    dir = dirname(copy);
    return strcmp(dir, "/") == 0 ? 0 : allow(ruleset, dir, rights);
}

static int
allow_replaced(int ruleset, const char *file)
{
    char real[PATH_MAX];
    int rc = allow(ruleset, file, RIGHTS_READ);

    if (rc == 0)
        rc = allow_directory_of(ruleset, file, RIGHTS_READ);
    if (rc == 0 && realpath(file, real) != NULL)
        rc = allow_directory_of(ruleset, real, RIGHTS_READ);
    return rc;
}

static int
allow_rule(int ruleset, const struct landlock_rule *rule, uint64_t known)
{
    switch (rule->access) {
    case LANDLOCK_READ:
        return allow(ruleset, rule->path, RIGHTS_READ);
    case LANDLOCK_CHANGE:
        return allow(ruleset, rule->path, RIGHTS_CHANGE & known);
    case LANDLOCK_REMOVE:
        return allow(ruleset, rule->path, LANDLOCK_ACCESS_FS_REMOVE_FILE);
    case LANDLOCK_READ_REPLACED:
        return allow_replaced(ruleset, rule->path);
    }
    return -EINVAL;
}

int
landlock_restrict(const struct landlock_rule *rules, size_t n)
{
    struct ruleset all = restrictable(landlock_version());
    int fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0), rc = 0;

    if (fd < 0)
        return -errno;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = allow_rule(fd, &rules[i], all.files);
    if (rc == 0 && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        rc = -errno;
    close(fd);
    return rc;
}
