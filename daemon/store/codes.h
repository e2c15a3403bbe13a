// SPDX-License-Identifier: Apache-2.0
// Texts and the place of each: a look-up that costs one hash and, nearly always, one comparison. Made once,
// then only read, by any thread.
#ifndef STORE_CODES_H
#define STORE_CODES_H

#include "base/arena.h"
#include "base/attr.h"
#include <stddef.h>
#include <stdint.h>

struct codes;

#define CODES_NONE UINT32_MAX

// Room for `count` texts, in arena; NULL when it is full.
struct codes *codes_new(struct arena *arena, size_t count) MUST_CHECK;

// Adds a text that is not there and must live as long as codes, with a place below CODES_NONE; at most
// `count` of them.
void codes_add(struct codes *codes, const char *text, uint32_t place);

// The place of a text, or CODES_NONE.
uint32_t codes_find(const struct codes *codes, const char *text);

#endif
