// SPDX-License-Identifier: Apache-2.0
// The system calls that a daemon makes once it serves (seccomp(2)). What is not among them ends the process
// at once with SIGSYS: it is either an attack or a fault of ours, and neither should go on with a call that
// failed where nobody expects it. The kernel's log (or the audit log) names the call; the store is safe, as
// at any crash. Main thread.
#ifndef BASE_SYSCALLS_H
#define BASE_SYSCALLS_H

#include "base/attr.h"
#include <stdbool.h>

// Whether the kernel can do it, and a container does not hide that.
bool syscalls_restrictable(void);

// Restricts all threads of the process, those that are to come too. Not allowed are, for example: a new
// program, another process or a signal to one, memory that can be executed, tracing, mounting, a connection
// or a listener made anew, any socket but a unix one. 0 or -errno; -EACCES where neither no_new_privs is set
// nor CAP_SYS_ADMIN is held. With forks, copies of this process may be started, waited for and killed, which
// are restricted in the same way.
int syscalls_restrict(bool forks) MUST_CHECK;

#endif
