// SPDX-License-Identifier: Apache-2.0
// The file `input` of a record as arrays. Students and offers are numbered in the order of their references.
// Slices lie in the file. One thread.
#ifndef VERIFY_INPUT_H
#define VERIFY_INPUT_H

#include "client/verify/facts.h"
#include "client/verify/rule.h"
#include "client/verify/terms.h"

#define INPUT_NONE UINT32_MAX // no offer

struct input_offer {
    struct slice ref;
    uint16_t seats, reserve; // the reserve is at most the seats
    bool own_lottery;
    uint8_t n_facts;
    size_t first_fact;
};

struct input_student {
    struct slice ref;
    struct slice line;  // with its LF
    size_t first, last; // its list: entries [first, last)
    bool referred;
    uint8_t seed; // 0 = of this run, else of terms.earlier[seed - 1]
};

enum input_kind {
    INPUT_ELIGIBLE,
    INPUT_INELIGIBLE, // class is the index of the rule's line
    INPUT_PINNED,
};

struct input_entry {
    uint32_t offer, class;
    uint8_t kind; // enum input_kind
};

struct input {
    struct terms terms;
    struct rule rule;
    struct facts_places places;
    uint32_t n_offers, n_students;
    struct input_offer *offers;
    struct input_student *students;
    struct input_entry *entries;
    size_t n_entries, entries_room, first_line; // first_line: of the students in the file
    struct facts_fact *facts;                   // of all offers
    size_t n_facts, facts_room;
    uint32_t *table; // finds offers by reference: index + 1, 0 = free
    size_t table_size;
    uint32_t *listed; // by offer: 1 + the student who listed it last
    uint16_t *pinned; // by offer: how many hold it from an earlier round
    uint8_t key[16];  // of the table's hash, random so that nobody can choose references that collide
};

// Reads the file and holds each class against the rule (the fault is "class" then, and reading goes on). 0,
// or -1 when the file has no sound form. input must be all zero; input_free gives it back, also after -1.
int input_read(struct slice file, struct report *report, struct input *input);
void input_free(struct input *input);

uint32_t input_find_offer(const struct input *input, struct slice ref);   // or INPUT_NONE
uint32_t input_find_student(const struct input *input, struct slice ref); // or INPUT_NONE

// Number of the line of a student, for reports.
size_t input_line(const struct input *input, uint32_t student);

#endif
