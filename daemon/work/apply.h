// SPDX-License-Identifier: Apache-2.0
// A command is a deterministic change of state: what it does depends on the store and on the command alone.
// No clock, no randomness, no socket, no thread in here.
#ifndef WORK_APPLY_H
#define WORK_APPLY_H

#include "base/arena.h"
#include "base/attr.h"
#include <kansen/v1/command.pb-c.h>
#include <stdint.h>

struct txn;

struct command {
    int64_t time_us;   // the command's own time; not before that of the command before it
    const char *actor; // who, for the journal: "unix:uid=0"
    const Kansen__V1__Write
        *write; // what; strings must be valid UTF-8 without NUL (the decoder has seen to that)
};

// Validates the whole command, and only then changes records, index and journal in txn (a write transaction
// that has begun). A refusal is a result with a status, and has changed nothing. result gets memory from
// arena. 0 when result is set; a store fault (negative) when txn must be aborted.
int apply(struct txn *txn, const struct command *command, struct arena *arena,
          Kansen__V1__WriteResult *result) MUST_CHECK;

#endif
