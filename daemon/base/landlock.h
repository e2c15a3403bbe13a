// SPDX-License-Identifier: Apache-2.0
// Landlock (landlock(7)): what of the file system the calling thread, and threads that it starts, may open,
// make and remove from now on. What is open stays open. Main thread, before any other starts.
#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include "base/attr.h"
#include <stddef.h>

enum landlock_access {
    LANDLOCK_READ,   // read files, list directories
    LANDLOCK_CHANGE, // the same, and write, make, rename and remove files and directories
    LANDLOCK_REMOVE, // remove files, which is what the file of a unix socket needs
    // Read the file, and what else is in its directory and in the one that a symbolic link leads to: a file
    // that is replaced by another of its name has to be read again. A file in / is taken alone.
    LANDLOCK_READ_REPLACED,
};

struct landlock_rule {
    const char *path; // a relative one counts from the working directory
    enum landlock_access access;
};

// The version of Landlock that the kernel has, from 1; 0 = it has none, or a container hides it.
int landlock_version(void);

// Restricts to what the rules allow; a path that is not there is left out. Rights that the kernel's version
// does not know stay unrestricted: 2 and earlier let files be cut short, 3 and earlier leave TCP alone, 5 and
// earlier signals and abstract unix sockets. Version 1 moves no file to another directory. Landlock does not
// cover stat(2), chmod(2) and chdir(2). 0 or -errno; -EPERM where neither no_new_privs is set nor
// CAP_SYS_ADMIN is held.
int landlock_restrict(const struct landlock_rule *rules, size_t n) MUST_CHECK;

#endif
