// SPDX-License-Identifier: Apache-2.0
// The hash key and the store that belongs to it: neither is used with another one. Main thread, at start.
#ifndef AUTH_STORE_KEY_H
#define AUTH_STORE_KEY_H

#include "base/attr.h"
#include "base/fault.h"
#include <stdio.h>

struct secret;
struct store;

// Opens the key in the directory, and makes it if the store has never been used with one. A store that knows
// its key is refused with none or another (CODE_DATA_LOSS); one that knows none gets to know this one. 0,
// FAULT or a store fault; *out is set on 0 only.
int store_key_open(struct store *store, const char *dir, struct secret **out, struct fault *fault) MUST_CHECK;

// Lets the store of a directory take any key at its next start, and a new one if none is there; no daemon may
// have it open. Tells on out what was done, or why not. 0, FAULT or a store fault.
int store_key_forget(const char *dir, FILE *out) MUST_CHECK;

#endif
