// SPDX-License-Identifier: Apache-2.0
// Giving up what root may do (capabilities(7)). Main thread, before any other starts.
#ifndef BASE_CAPABILITIES_H
#define BASE_CAPABILITIES_H

#include "base/attr.h"

// The calling thread, and those that it starts, hold no capability from now on, whatever the user: none
// effective, permitted, inheritable or ambient; the bounding set is emptied too where that is allowed, which
// needs CAP_SETPCAP (else it is of no use without an execve). 0 or -errno.
int capabilities_drop(void) MUST_CHECK;

#endif
