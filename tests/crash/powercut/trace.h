// SPDX-License-Identifier: Apache-2.0
// A recorded run, read whole: its events, and what it had acknowledged at each of them.
#ifndef POWERCUT_TRACE_H
#define POWERCUT_TRACE_H

#include "base/attr.h"
#include "tests/crash/powercut/log.h"
#include <stddef.h>

struct event {
    struct log_head head;
    const uint8_t *bytes;  // head.length of them
    uint64_t acknowledged; // greatest journal sequence that an answer sent up to here names; 0 = none
};

struct trace {
    struct event *events;
    size_t n;
    uint64_t answers;      // writes that were acknowledged with a sequence
    uint32_t store;        // number of the store's file
    uint32_t directory;    // number of the directory itself; 0 = it was never opened
    uint32_t erasures;     // number of the list of erasures; 0 = it was never opened
    const uint8_t *memory; // the log
    size_t memory_len;
};

// Reads a log; 0, or 1 after a message on stderr. Its memory lives until the end of the process.
int trace_read(const char *path, struct trace *out) MUST_CHECK;

// A kind of event as a person reads it.
const char *trace_kind(uint32_t kind);

#endif
