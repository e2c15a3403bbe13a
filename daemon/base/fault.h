// SPDX-License-Identifier: Apache-2.0
// A documented failure of a request: canonical code, field and a message for a person. Filled by whoever
// finds the fault, carried up unchanged, and encoded as kansen.v1.Status. No memory of its own; any thread.
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/attr.h"
#include <stdint.h>

// google.rpc.Code, by number.
enum code {
    CODE_OK = 0,
    CODE_CANCELLED = 1,
    CODE_UNKNOWN = 2,
    CODE_INVALID_ARGUMENT = 3,
    CODE_DEADLINE_EXCEEDED = 4,
    CODE_NOT_FOUND = 5,
    CODE_ALREADY_EXISTS = 6,
    CODE_PERMISSION_DENIED = 7,
    CODE_RESOURCE_EXHAUSTED = 8,
    CODE_FAILED_PRECONDITION = 9,
    CODE_ABORTED = 10,
    CODE_OUT_OF_RANGE = 11,
    CODE_UNIMPLEMENTED = 12,
    CODE_INTERNAL = 13,
    CODE_UNAVAILABLE = 14,
    CODE_DATA_LOSS = 15,
    CODE_UNAUTHENTICATED = 16,
};

#define FAULT_FIELD_MAX   96u  // bytes with the end
#define FAULT_MESSAGE_MAX 400u // bytes with the end

struct fault {
    enum code code;
    uint32_t retry_after_ms;         // 0 = no hint
    char field[FAULT_FIELD_MAX];     // path as in "offer.interests[2]", or ""
    char message[FAULT_MESSAGE_MAX]; // UTF-8, cut between characters
};

#define FAULT 1 // what a function returns that has filled a fault: a positive, documented outcome

// Fills fault. field may be "".
void fault_fill(struct fault *fault, enum code code, const char *field, const char *format, ...)
    PRINTF_LIKE(4, 5);

static inline int
fault_outcome(void)
{
    return FAULT;
}

// Fills fault and is FAULT, so that a check reads `return fault_set(...)`. A macro, so that whoever analyses
// the code sees that it is never 0.
#define fault_set(...) (fault_fill(__VA_ARGS__), fault_outcome())

#endif
