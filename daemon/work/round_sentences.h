// SPDX-License-Identifier: Apache-2.0
// The sentences of an explanation, in Dutch and in English, as formats: what goes into each stands beside it.
// They are for students of 12 to 18 and their parents. Constant data, any thread.
#ifndef WORK_ROUND_SENTENCES_H
#define WORK_ROUND_SENTENCES_H

enum round_text_language {
    ROUND_TEXT_NL,
    ROUND_TEXT_EN,
};

enum sentence {
    SAYS_LOTTERY,       // number, students
    SAYS_CODE,          // reference
    SAYS_RECOMPUTE,     // round, its seed, h of the student
    SAYS_RECOMPUTE_OWN, // where an offer of the list drew a lottery of its own
    SAYS_OBTAINED,      // place on the list, name
    SAYS_NOTHING,
    SAYS_NO_LIST,
    SAYS_CORRECTED, // name
    SAYS_CORRECTED_NONE,
    SAYS_INELIGIBLE,    // place, name, line of the rule
    SAYS_WORSE_CLASS,   // place, name, own group, group of the last one in
    SAYS_LATER_LOTTERY, // place, name, group, number of the last one in
    SAYS_NO_SEATS,      // place, name
    SAYS_ALL_PINNED,    // place, name
    SAYS_ALL_RESERVED,  // place, name
    SAYS_OWN_LOTTERY,   // own number there, out of how many, the offer in the record
    SAYS_RESERVE,
    SAYS_OPEN_SEAT,       // place, name, group
    SAYS_RESERVED_SEAT,   // place, name, group
    SAYS_PINNED_SEAT,     // place, name
    SAYS_BOUND,           // number, group, own number
    SAYS_BOUND_GROUP,     // group of the last one in, own group, which comes before it
    SAYS_ENOUGH,          // an obtained place where seats are left
    SAYS_ENOUGH_REFERRED, // the same where reserved ones are left, or none were needed
    SAYS_NOT_CONSIDERED,  // place, name
    SAYS_ORDER,           // behind a list of two or more
    SAYS_NAME,            // title, partner
    SAYS_GONE,            // id of an offer that was removed
    SAYS_ALIKE,           // the group of the rule that no rule was given for
    SENTENCES,
};

extern const char *const round_sentences[][SENTENCES];

#endif
