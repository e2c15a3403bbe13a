// SPDX-License-Identifier: Apache-2.0
// Text that people wrote: UTF-8, what may be in it, and a folded form to compare by. Pure; any thread.
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

enum text_flaw {
    TEXT_FINE = 0,
    TEXT_NOT_UTF8, // bytes that are no UTF-8
    TEXT_NUL,      // a NUL byte
    TEXT_CONTROL,  // a control character (C0, DEL, C1) other than allowed
};

// Looks at len bytes. With lines, tab and line feed are allowed. characters (may be NULL) gets the count of
// code points.
enum text_flaw text_check(const char *text, size_t len, bool lines, size_t *characters);

// A copy for comparing: decomposed, without marks (accents), case folded, white space runs as one space, none
// at the ends; "Fryslân " gives "fryslan". NULL when memory is short. text must have passed text_check.
char *text_fold(struct arena *arena, const char *text) MUST_CHECK;

#endif
