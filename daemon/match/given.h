// SPDX-License-Identifier: Apache-2.0
// What a client gave, as a message for a person may show it. Pure; any thread.
#ifndef MATCH_GIVEN_H
#define MATCH_GIVEN_H

#define GIVEN_MAX 64u // bytes with the end

struct given {
    char text[GIVEN_MAX];
};

// Fills out with text (UTF-8) between double quotes: control characters become "?", and what is too long ends
// in
// "..." behind a whole character. Returns out->text.
const char *given_text(struct given *out, const char *text);

#endif
