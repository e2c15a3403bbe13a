// SPDX-License-Identifier: Apache-2.0
// The explanation of a student's result in sentences, in Dutch or English. Nothing in it names another
// student. Pure.
#ifndef WORK_ROUND_TEXT_H
#define WORK_ROUND_TEXT_H

#include "base/attr.h"
#include "work/round_view.h"

#define ROUND_TEXT_LINES 8u // beside three for each wish

enum round_text_language {
    ROUND_TEXT_NL,
    ROUND_TEXT_EN,
};

// Writes the sentences to out (room for ROUND_TEXT_LINES and three for each wish), in arena. titles: of the
// offers of the list, in its order. 0 or STORE_FAULT_MEMORY.
int round_text_make(const struct round_lines *lines, const struct round_view *view, const char *const *titles,
                    enum round_text_language language, struct arena *arena, char **out, size_t *n) MUST_CHECK;

#endif
