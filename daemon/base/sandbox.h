// SPDX-License-Identifier: Apache-2.0
// What the daemon gives up once all is open, so that whoever finds a hole in it holds little: the right to
// gain privileges, capabilities, files that are none of its business (landlock.h), and system calls that
// serving does not need (syscalls.h). Each can be turned off by an option.
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include "base/attr.h"
#include "base/fault.h"

struct log;
struct options;

enum sandbox_state {
    SANDBOX_ON,
    SANDBOX_OFF,         // by its option
    SANDBOX_UNSUPPORTED, // by the kernel, a container, or a build with sanitizers
};

struct sandbox {
    enum sandbox_state no_new_privileges, capabilities, seccomp, landlock;
};

// Enters it, for good. Called once, by the main thread while it is the only one, as most of it covers the
// calling thread and those that it starts; behind all that needs root, a listener or a file elsewhere. What
// the kernel does not have is told in the log, as is a directory that can not be written any more without
// capabilities. 0 with what is on in out; or FAULT when something failed, or is not to be had and required.
int sandbox_enter(const struct options *options, const struct log *log, struct sandbox *out,
                  struct fault *fault) MUST_CHECK;

// The same for the process that verifies backups: of files it reads those in the backup directory, and it may
// start copies of itself, which the daemon may not. 0 or FAULT.
int sandbox_enter_verifier(const struct options *options, const struct log *log,
                           struct fault *fault) MUST_CHECK;

#endif
