// SPDX-License-Identifier: Apache-2.0
// The lines of a round's record, as kansen-record(5) defines them, from the records of the store: what is
// digested when a round is frozen and computed, exported later, and shown to a student is one text. All
// functions add to out; 0 or STORE_FAULT_MEMORY. One thread per arena.
#ifndef WORK_ROUND_LINES_H
#define WORK_ROUND_LINES_H

#include "base/attr.h"
#include "base/buf.h"
#include "cohort/explain.h"
#include "work/round_class.h"
#include <kansen/v1/round.pb-c.h>

struct txn;

#define ROUND_LINES_REF   65u // bytes of a student's reference as text, with its end
#define ROUND_LINES_OFFER 24u // the same of an offer's

// What the lines of one round need; in the arena that it was opened with.
struct round_lines {
    const Kansen__V1__Round *round;
    Kansen__V1__RoundPlan *plan;
    struct round_rule *rule;
    struct round_places places;
};

// Reads plan, rule and places. 0 or a store fault.
int round_lines_open(struct txn *txn, const Kansen__V1__Round *round, struct arena *arena,
                     struct round_lines *lines) MUST_CHECK;

// A reference as text; returns out.
char *round_lines_ref(const uint8_t *ref, char out[ROUND_LINES_REF]);
char *round_lines_offer_ref(uint64_t offer, char out[ROUND_LINES_OFFER]); // in the order of the ids

// A cutoff as text; returns out.
#define ROUND_LINES_BOUND 24u
char *round_lines_bound(uint64_t bound, char out[ROUND_LINES_BOUND]);

// What became of a wish, in a word of kansen-record(5) as "class+reserve"; "" where it was not considered.
const char *round_lines_reason(const struct explain_student *explained, const struct explain_wish *wish);

// The class of a student at an offer; *line names the line of the rule that decided.
uint32_t round_lines_class(const struct round_lines *lines, const Kansen__V1__RoundStudent *student,
                           const Kansen__V1__RoundOffer *offer, const char **line);

// Whether place i of the student's list is the one that it keeps.
static inline bool
round_lines_is_pinned(const Kansen__V1__RoundStudent *student, size_t i)
{
    return student->pinned_placement != 0 && i + 1 == student->n_offers;
}

// Some places of a student's list, in a row: from, from + 1, .. from + n - 1. A line about the list is made
// part by part: the first one has what stands before the list, the last one the end of the line, and put
// together they are the line.
struct round_lines_part {
    size_t from, n;
};

static inline struct round_lines_part
round_lines_whole(const Kansen__V1__RoundStudent *student)
{
    return (struct round_lines_part){0, student->n_offers};
}

#define ROUND_LINES_PLACE 160u // bytes that one place takes in the lines of input and explanations, at most

// ---- The file "input", in this order
int round_lines_head(const struct round_lines *lines, struct buf *out) MUST_CHECK; // up to "offers NUMBER"
int round_lines_offer(const Kansen__V1__RoundOffer *offer, struct buf *out) MUST_CHECK;
int round_lines_students(const struct round_lines *lines, struct buf *out) MUST_CHECK; // "students NUMBER"
// offers: those of this part of the student's list, in its order.
int round_lines_student(const struct round_lines *lines, const Kansen__V1__RoundStudent *student,
                        struct round_lines_part part, Kansen__V1__RoundOffer *const *offers,
                        struct buf *out) MUST_CHECK;

// ---- Lines of the files "result", "cutoffs", "public-cutoffs" (nothing for an offer with few holders) and
// "explanations"
int round_lines_result(const uint8_t *ref, uint64_t offer, uint32_t rank, struct buf *out) MUST_CHECK;
int round_lines_cutoff(const Kansen__V1__RoundOffer *offer, struct buf *out) MUST_CHECK;
int round_lines_public_cutoff(const Kansen__V1__Round *round, const Kansen__V1__RoundOffer *offer,
                              struct buf *out) MUST_CHECK;
// offers and wishes: those of this part.
int round_lines_explanation(const struct round_lines *lines, const Kansen__V1__RoundStudent *student,
                            struct round_lines_part part, Kansen__V1__RoundOffer *const *offers,
                            const struct explain_student *explained, const struct explain_wish *wishes,
                            struct buf *out) MUST_CHECK;

#endif
