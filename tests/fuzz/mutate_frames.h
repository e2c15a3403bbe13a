// SPDX-License-Identifier: Apache-2.0
// Mutations of a row of frames, each with a message of one kind: as mutate.h for one message, and frames are
// copied, moved, dropped and added. Deterministic for a seed. One thread.
#ifndef TESTS_FUZZ_MUTATE_FRAMES_H
#define TESTS_FUZZ_MUTATE_FRAMES_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

// Changes the row in data[0..size), which has room for max bytes; returns the new size. What is behind the
// last whole frame is lost.
size_t mutate_frames_row(const ProtobufCMessageDescriptor *desc, uint8_t *data, size_t size, size_t max,
                         unsigned seed);

// Puts the first frames of one row before the last ones of another; returns the size of out.
size_t mutate_frames_cross(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size,
                           uint8_t *out, size_t max, unsigned seed);

#endif
