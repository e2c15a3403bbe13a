// SPDX-License-Identifier: Apache-2.0
// Memory of one request: allocated piece by piece, given back at once. Not thread-safe: one owner at a time.
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/attr.h"
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

// An arena whose blocks take at most cap bytes. NULL when memory is short.
// arena_free(NULL) is safe.
struct arena *arena_new(size_t cap) MUST_CHECK;
void arena_free(struct arena *arena);

// Another cap from now on, of all blocks, also those it has. Returns the cap before.
size_t arena_set_cap(struct arena *arena, size_t cap);

// Forgets everything that was handed out; keeps one block for the next request.
void arena_reset(struct arena *arena);

// Zeroed memory, aligned for any type; NULL when the cap or memory is reached. It lives until the reset.
void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;
void *arena_array(struct arena *arena, size_t count,
                  size_t size) MUST_CHECK; // as above, with a check for overflow

// Memory as above, but with any content: for what is written as a whole at once.
void *arena_take(struct arena *arena, size_t size) MUST_CHECK;

// The same at a multiple of alignment, a power of two.
void *arena_take_aligned(struct arena *arena, size_t size, size_t alignment) MUST_CHECK;

// Copies of text into the arena; NULL when memory is short.
char *arena_strdup(struct arena *arena, const char *text) MUST_CHECK;
char *arena_strndup(struct arena *arena, const char *text, size_t len) MUST_CHECK;
char *arena_printf(struct arena *arena, const char *format, ...) MUST_CHECK PRINTF_LIKE(2, 3);

// Bytes handed out since the last reset.
size_t arena_used(const struct arena *arena);

// Bytes that it has taken from the system and not given back: what it hands out comes from these.
size_t arena_held(const struct arena *arena);

// An allocator for protobuf-c whose memory is this arena's; its free does nothing. Lives as long as the
// arena.
ProtobufCAllocator *arena_allocator(struct arena *arena);

#endif
