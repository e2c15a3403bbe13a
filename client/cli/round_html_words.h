// SPDX-License-Identifier: Apache-2.0
// The words of the page of a round, in Dutch and in English. Constant data, any thread.
#ifndef CLIENT_CLI_ROUND_HTML_WORDS_H
#define CLIENT_CLI_ROUND_HTML_WORDS_H

#include "proto/names.h"

enum round_html_language {
    ROUND_HTML_NL = 1,
    ROUND_HTML_EN,
};

extern const struct names round_html_languages;

struct round_html_words {
    const char *code;                // of the language, as HTML has it
    char point;                      // before decimals
    const char *round, *intro, *few; // intro: students, seats, offers (three PRIu64)
    const char *own_lotteries;       // offers that drew one, all offers (two PRIu64)
    const char *choices, *referred, *others;
    const char *none_exact, *none_most; // students without a seat (PRIu64), whole and tenths of a percent
    // Labels of bars: one choice, a range, from one on, a range that ends without a seat, no seat.
    const char *one, *to, *or_further, *or_none, *none;
    const char *seats_left, *columns[4]; // region, kind, seats, left
    const char *rest, *left_out;
    const char *kinds[6]; // as names_offer_kind
};

// Of an enum round_html_language.
const struct round_html_words *round_html_words(int language);

#endif
