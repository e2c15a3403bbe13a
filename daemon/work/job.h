// SPDX-License-Identifier: Apache-2.0
// A job: the writes of one request on their way through the writer. One thread owns it at a time: the worker
// makes it, the queue hands it to the writer, a mailbox hands it back to the worker, which frees it. It names
// its connection by number, never by pointer or descriptor, as both can be gone or reused when it comes back.
#ifndef WORK_JOB_H
#define WORK_JOB_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "work/apply.h"
#include "work/mailbox.h"
#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_ACTOR_MAX  112u // bytes with the end
#define JOB_CLIENT_MAX 65u

// Who asks, so far as it may end while the job waits.
struct job_standing {
    bool listed;         // the client is in the store
    uint64_t token;      // by which it came; 0 = none
    int64_t expires_us;  // of the token or certificate, since 1970; 0 = never
    uint64_t generation; // client_generation as of which it could call
};

struct job {
    struct mail mail;             // first: how it lies in the queue and in a mailbox
    unsigned worker;              // who gets it back
    uint64_t connection;          // as that worker numbers it
    uint64_t request;             // id that the client gave
    int64_t arrived_us;           // the request's bytes, on the steady clock
    int64_t deadline_us;          // the same; 0 = none
    char actor[JOB_ACTOR_MAX];    // for the journal
    char client[JOB_CLIENT_MAX];  // whose placements and keys
    char source[JOB_CLIENT_MAX];  // of the external ids that the caller gives; "" = any
    unsigned movers;              // enum mover bits: as what the caller calls
    uint64_t partner;             // with MOVER_PARTNER: whose
    struct job_standing standing; // whether it may still be done
    bool batch;                   // asked as a batch, answered as one
    size_t bytes;                 // of memory that it holds, for the queue's bound
    size_t due;                   // bytes that the answer may take
    size_t n_writes;
    Kansen__V1__Write **writes;       // in arena
    Kansen__V1__WriteResult *results; // n_writes, in arena; the writer fills them
    struct command_secrets *secrets;  // n_writes, in arena; NULL when no write needs any
    char **tokens;                    // n_writes, in arena; text of those that are issued, else NULL; wiped
    bool repeated;                    // the results are those of the first request with its key
    const char *key;                  // hash of the idempotency key as hex, in arena; "" = none
    uint8_t digest[32];               // of the writes, with a key
    struct fault fault;               // code other than CODE_OK: nothing of it was done, results are not set
    struct arena *arena;
};

// A job whose arena hands out at most cap bytes; NULL when memory is short. job_free(NULL) is safe.
struct job *job_new(size_t cap) MUST_CHECK;
void job_free(struct job *job);

// The writes of the jobs first..(behind), linked by mail.next.
size_t job_count_writes(const struct job *first, const struct job *behind);

#endif
