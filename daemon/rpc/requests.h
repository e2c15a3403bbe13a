// SPDX-License-Identifier: Apache-2.0
// The table of requests: what each is called, who may ask, what it needs and who answers it. Constant data;
// any thread.
#ifndef RPC_REQUESTS_H
#define RPC_REQUESTS_H

#include "rpc/call.h"
#include <stdint.h>

enum request_access {
    REQUEST_ALWAYS = 0x1, // also before Hello, whoever asks
    REQUEST_READS = 0x2,  // needs the snapshot
    REQUEST_WRITES = 0x4, // goes to the writer
    REQUEST_FREE = 0x8,   // is not held against the rate of its caller
    REQUEST_TASK = 0x10,  // goes to the job thread, once its handler has looked at it
};

struct request_row {
    const char *name; // NULL where there is no request with that number
    unsigned roles;
    unsigned access;       // enum request_access bits
    call_handler *handler; // NULL for writes
};

// The row of a request by the number of its field in Request; NULL when this version knows none such.
const struct request_row *requests_find(uint32_t body);

// One more than the greatest number of a request.
uint32_t requests_end(void);

#endif
