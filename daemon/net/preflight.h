// SPDX-License-Identifier: Apache-2.0
// What a start would refuse of a configuration, found without changing anything: for `kansend -n`, and for a
// reload, where much of it holds after a restart only, which is a bad moment to find that it is wrong. Main
// thread.
#ifndef NET_PREFLIGHT_H
#define NET_PREFLIGHT_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdbool.h>

struct log;
struct options;

struct preflight {
    const struct options *options; // which are looked at
    const struct options *in_use;  // of this process, whose directories are open; NULL = it does not serve
    bool tls_follows;              // the caller reads the files of TLS itself
    const struct log *log;
};

// Looks at addresses, directories, seeds and files of TLS. A file that only this process may not read, as the
// sandbox is around it, is told in the log and no fault. 0; or FAULT, whose field is the option's key.
int preflight_run(const struct preflight *preflight, struct fault *fault) MUST_CHECK;

#endif
