// SPDX-License-Identifier: Apache-2.0
// Requests that are ready to be sent: whole frames, one behind the other. One owner while they are added,
// then any thread. Faults end the program with a message: it is a tool of the bench.
#ifndef TESTS_BENCH_FRAMES_H
#define TESTS_BENCH_FRAMES_H

#include <kansen/v1/protocol.pb-c.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMES_DIGITS 10u // of a serial number in a frame

struct frames_one {
    size_t at; // in bytes
    size_t len;
    uint64_t id;   // of the request
    size_t digits; // where in the frame a serial number of FRAMES_DIGITS digits stands; 0 = nowhere
};

struct frames {
    uint8_t *bytes;
    size_t size, capacity;
    struct frames_one *all;
    size_t count;
};

// Adds a request; sets its id to count + 1. Where digits is not NULL it is a string of FRAMES_DIGITS
// characters that stands in the request once, and is to be written over by a serial number.
void frames_add(struct frames *frames, Kansen__V1__Request *request, const char *digits);

// Adds the match requests of a file: one JSON object a line if its name ends in .jsonl, else frames, whose
// ids must be 1, 2, 3, ...
void frames_read(struct frames *frames, const char *path);

void frames_free(struct frames *frames);

#endif
