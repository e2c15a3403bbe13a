// SPDX-License-Identifier: Apache-2.0
// Mutations of protobuf messages that know what they change: they unpack, go by the message's descriptor,
// give a field another value that its kind or its name suggests (codes and ids that exist, dates, bounds,
// names of enums, broken UTF-8, many elements), and pack. One in eight falls back to libFuzzer's mutations of
// bytes, so broken messages occur too. Deterministic for a seed. One thread.
#ifndef TESTS_FUZZ_MUTATE_H
#define TESTS_FUZZ_MUTATE_H

#include "tests/bench/dice.h"
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

// Changes one message of desc in data[0..size), which has room for max bytes; returns the new size.
size_t mutate_message(const ProtobufCMessageDescriptor *desc, uint8_t *data, size_t size, size_t max,
                      unsigned seed);

// What a mutation works with, and changing some fields of an unpacked message whose memory, like that of the
// new values, is the arena's.
struct mutation {
    struct arena *arena; // free it at the end
    struct dice dice;
};
struct mutation mutate_begin(unsigned seed);
void mutate_some(struct mutation *mutation, ProtobufCMessage *message);

#endif
