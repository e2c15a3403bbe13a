// SPDX-License-Identifier: Apache-2.0
// A growing set of keys, each with the line that it was first seen on. Not thread-safe: one owner at a time.
#ifndef PROTO_KEYSET_H
#define PROTO_KEYSET_H

#include "base/attr.h"
#include <stddef.h>

struct keyset;

// An empty set, or NULL when memory is short. keyset_free(NULL) is safe.
struct keyset *keyset_new(void) MUST_CHECK;
void keyset_free(struct keyset *set);

#define KEYSET_E_KNOWN 1 // the key is in the set

// Adds a copy of key[0..len). 0, KEYSET_E_KNOWN (then first_line is set) or -ENOMEM.
int keyset_add(struct keyset *set, const char *key, size_t len, size_t line, size_t *first_line) MUST_CHECK;

#endif
