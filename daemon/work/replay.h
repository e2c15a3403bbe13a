// SPDX-License-Identifier: Apache-2.0
// Point in time: the commands of an exported journal are applied again to a store that ends before them, such
// as a restored backup, up to a sequence. Each must leave the very entry that it left the first time, so the
// store ends in the same records. While no daemon has the store open. Main thread.
//
// What is not in a journal can not be done again: the hash by which a student was known who was forgotten
// after (the command then makes a mapping that nobody finds), and answers kept under idempotency keys.
#ifndef WORK_REPLAY_H
#define WORK_REPLAY_H

#include "base/attr.h"
#include <stdint.h>
#include <stdio.h>

struct replay_options {
    const char *dir; // data directory
    uint64_t map_bytes;
    const char *file;     // a stream of a journal
    uint64_t to_sequence; // the last entry that is applied; 0 = all
};

// Reads the file whole before anything is applied. What is applied before an entry that can not be stays.
// Tells on out what was done, with the digest, or why not. 0, FAULT or a store fault.
int replay_run(const struct replay_options *options, FILE *out) MUST_CHECK;

#endif
