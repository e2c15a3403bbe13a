// SPDX-License-Identifier: Apache-2.0
// The explanation of a student's result in sentences, in Dutch or English. Nothing in it names another
// student. Pure.
#ifndef WORK_ROUND_TEXT_H
#define WORK_ROUND_TEXT_H

#include "base/attr.h"
#include "work/round_sentences.h"
#include "work/round_view.h"

#define ROUND_TEXT_LINES 8u // beside three for each wish

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
// last wish of the whole list. Names are those that round_text_name makes: placed that of the offer that was
// obtained, corrected that of the one by a correction; NULL where there is none. 0 or STORE_FAULT_MEMORY.
int round_text_begin(struct round_text *writing, const char *placed, const char *corrected) MUST_CHECK;
int round_text_wish(struct round_text *writing, size_t i, const char *name) MUST_CHECK;
int round_text_end(struct round_text *writing) MUST_CHECK;

// What an offer is called: title and partner; without a partner by its title, without a title as one that is
// there no more. In arena; NULL when memory is short.
char *round_text_name(enum round_text_language language, uint64_t offer, const char *title,
                      const char *partner, struct arena *arena);

#endif
