// SPDX-License-Identifier: Apache-2.0
// What must hold for any answer of the daemon. One thread.
#ifndef TESTS_FUZZ_REPLY_H
#define TESTS_FUZZ_REPLY_H

#include "base/arena.h"
#include "base/buf.h"
#include <kansen/v1/protocol.pb-c.h>

// Takes the first frame of out and checks it: a well-formed response whose texts are UTF-8, with no status
// that would mean a fault of the daemon's own. NULL when out is empty. Memory from arena.
Kansen__V1__Response *reply_take(struct buf *out, struct arena *arena);

#endif
