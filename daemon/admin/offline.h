// SPDX-License-Identifier: Apache-2.0
// The commands on a store that no daemon has open: check, compact, forget the key, replay. Main thread, while
// it is the only one.
#ifndef ADMIN_OFFLINE_H
#define ADMIN_OFFLINE_H

#include "base/attr.h"
#include <stdio.h>

struct options;

// Runs the command that options->mode names in a process of its own; when that dies, as what reads a damaged
// store may, out says so. Of what is written, all belongs to the owner of the data directory, also where root
// asks for it: then this process becomes that user, for good, which is told on standard error; so it follows
// no link that the user could not follow either. Returns the exit status, 0 or 1.
int offline_run(const struct options *options, FILE *out) MUST_CHECK;

#endif
