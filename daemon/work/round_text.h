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

// What is being written. The caller sets all but the last two, which start as 0.
struct round_text {
    const struct round_lines *lines;
    const struct round_view *view; // with a result
    enum round_text_language language;
    struct arena *arena;
    char **out; // room for ROUND_TEXT_LINES and three for each wish
    size_t n;   // sentences so far
    bool short_of_memory;
};

// Writes what stands before the wishes, place i of the view's part of the list, and what stands behind the
// last wish of the whole list. Titles are those of the offers; placed is that of the one that was obtained,
// if there is one. 0 or STORE_FAULT_MEMORY.
int round_text_begin(struct round_text *writing, const char *placed) MUST_CHECK;
int round_text_wish(struct round_text *writing, size_t i, const char *title) MUST_CHECK;
int round_text_end(struct round_text *writing) MUST_CHECK;

#endif
