// SPDX-License-Identifier: Apache-2.0
// A command is a deterministic change of state: what it does depends on the store and on the command alone.
// No clock, no randomness, no socket, no thread in here.
#ifndef WORK_APPLY_H
#define WORK_APPLY_H

#include "base/arena.h"
#include "base/attr.h"
#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

struct fault;
struct txn;

// What the worker made of a student's reference or a new token, and chance, for one write: the command
// carries all that is random.
struct command_secrets {
    bool has_student;         // student_hash is set
    uint8_t student_hash[32]; // keyed BLAKE2b of client and reference
    uint8_t random[32];       // a new student id is taken from it, and the seed of a draw
    uint8_t token_hash[32];   // of a token that is issued: keyed BLAKE2b of its bytes
    bool has_ref;             // ref is set
    uint8_t ref[32];          // of a student in a round: BLAKE2b of issuer and reference, keyed with the salt
    const struct fault *fault; // what the worker refuses this write for; NULL = nothing
    uint8_t salt[32];          // of a round that is made: what its salt is committed to by
};

// How long records are kept after they have ended, in microseconds; 0 = for ever.
struct retention {
    int64_t placements_us; // since a placement ended
    int64_t students_us;   // mappings, since the last placement of the student ended
    int64_t journal_us;    // since the entry was written
};

struct command {
    int64_t time_us;                       // the command's own time; not before that of the command before it
    const char *actor;                     // who, for the journal: "unix:uid=0"
    const char *client;                    // whose placements and keys: "local"
    unsigned movers;                       // enum mover bits: as what it calls, and so what it may do
    uint64_t partner;                      // with MOVER_PARTNER: whose
    const char *source;                    // of the external ids that the caller gives; NULL or "" = any
    uint32_t max_holds;                    // open holds of the client; 0 = no cap
    uint64_t journal_keep;                 // of a tick: entries that stay; 0 = all
    struct retention retain;               // of the clock's commands
    const struct command_secrets *secrets; // NULL for writes that need none
    const Kansen__V1__Write
        *write; // what; strings must be valid UTF-8 without NUL (the decoder has seen to that)
};

// Whether a write can make the store grow by more than its journal entry: such ones are refused while only
// the reserve for removals is left. Pure.
bool apply_grows(const Kansen__V1__Write *write);

// Validates the whole command, and only then changes records, index and journal in txn (a write transaction
// that has begun). A refusal is a result with a status, and has changed nothing. result gets memory from
// arena. 0 when result is set; a store fault (negative) when txn must be aborted.
int apply(struct txn *txn, const struct command *command, struct arena *arena,
          Kansen__V1__WriteResult *result) MUST_CHECK;

#endif
