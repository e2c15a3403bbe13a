// SPDX-License-Identifier: Apache-2.0
#include "rpc/round_told.h"
#include "cohort/explain.h"
#include "work/round_work.h"
#include <stddef.h>

// Whether a count would tell of fewer students than may be told of.
static bool
is_small(uint64_t count)
{
    return count > 0 && count < EXPLAIN_K;
}

// Whether all cells of a histogram, and those without a seat, may be told.
static bool
may_tell(uint64_t students, uint64_t assigned, const uint64_t *ranks, size_t n)
{
    bool small = is_small(students) || is_small(students - assigned);

    for (size_t i = 0; i < n && !small; i++)
        small = is_small(ranks[i]);
    return !small;
}

// The same for the referred and for the others, of whom either follows from the other.
static bool
may_tell_referral(const Kansen__V1__Round *round)
{
    uint64_t others = round->students - round->referred, placed = round->assigned - round->assigned_referred;

    if (!may_tell(round->referred, round->assigned_referred, round->ranks_referred,
                  round->n_ranks_referred) ||
        is_small(others) || is_small(others - placed))
        return false;
    for (size_t i = 0; i < round->n_ranks; i++) {
        if (is_small(round->ranks[i] - (i < round->n_ranks_referred ? round->ranks_referred[i] : 0)))
            return false;
    }
    return true;
}

// Whether the public cutoffs are of all who are placed, or of so many fewer that the rest may be known; and
// the same of both the referred and the others.
static bool
tells_of_few(const Kansen__V1__Round *round, bool by_referral)
{
    return is_small(round->apart) ||
           (by_referral && (is_small(round->apart_referred) || is_small(round->apart_others)));
}

void
round_told_cut(Kansen__V1__Round *round, bool to_operator)
{
    bool published = round->published_us != 0;

    if (to_operator)
        return;
    round->students_withheld = !published || is_small(round->students);
    round->assigned_withheld = !published || tells_of_few(round, false) ||
                               !may_tell(round->students, round->assigned, round->ranks, round->n_ranks);
    round->referred_withheld =
        round->assigned_withheld || tells_of_few(round, true) || !may_tell_referral(round);
    round->details_withheld = true;
    if (round->students_withheld)
        round->students = 0;
    if (round->assigned_withheld) {
        round->n_ranks = 0;
        round->assigned = 0;
    }
    if (round->referred_withheld) {
        round->n_ranks_referred = 0;
        round->referred = round->assigned_referred = 0;
    }
    round->receipt_key = round->at_student = (ProtobufCBinaryData){0};
    if (round->record_form < ROUND_WORK_FORM) // without a key it tells what is cut here
        round->cutoff_digest = (ProtobufCBinaryData){0};
    round->cancel_by = round->cancel_reason = (char *)protobuf_c_empty_string;
    round->apart = round->apart_referred = round->apart_others = 0;
    round->reserved = round->entries = round->open_objections = round->corrections = round->corrections_due =
        round->unfinished = round->forgotten = 0;
}
