// SPDX-License-Identifier: Apache-2.0
// Mutations of protobuf messages that know what they change: they unpack, go by the message's descriptor,
// give a field another value that its kind or its name suggests (codes and ids that exist, dates, bounds,
// names of enums, broken UTF-8, many elements), and pack. One in eight falls back to libFuzzer's mutations of
// bytes, so broken messages occur too. Deterministic for a seed. One thread.
#ifndef TESTS_FUZZ_MUTATE_H
#define TESTS_FUZZ_MUTATE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

// Changes one message of desc in data[0..size), which has room for max bytes; returns the new size.
size_t mutate_message(const ProtobufCMessageDescriptor *desc, uint8_t *data, size_t size, size_t max,
                      unsigned seed);

// The same for a row of frames with such messages: changes, copies, moves, drops and adds some.
size_t mutate_frames(const ProtobufCMessageDescriptor *desc, uint8_t *data, size_t size, size_t max,
                     unsigned seed);

// Puts the first frames of one row before the last ones of another; returns the size of out.
size_t mutate_cross_frames(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size,
                           uint8_t *out, size_t max, unsigned seed);

#endif
