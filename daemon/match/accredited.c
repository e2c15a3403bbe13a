// SPDX-License-Identifier: Apache-2.0
// A small table with one place for each residue of a partner's id: a newcomer takes the place of who was
// there, so memory is bounded, and the answer is the store's in any case. Partner ids start from 1: 0 is an
// empty place.
#include "match/accredited.h"
#include "store/records.h"

#define PLACES 1024u

struct memory {
    uint64_t partner;
    bool accredited;
};

struct accredited {
    struct txn *txn;
    uint32_t qualification;
    int32_t day;
    struct memory memory[PLACES];
};

struct accredited *
accredited_new(struct txn *txn, struct arena *arena, uint32_t qualification, int32_t day)
{
    struct accredited *accredited = arena_alloc(arena, sizeof *accredited);

    if (accredited == NULL)
        return NULL;
    accredited->txn = txn;
    accredited->qualification = qualification;
    accredited->day = day;
    return accredited;
}

int
accredited_ask(struct accredited *accredited, uint64_t partner, bool *out)
{
    struct memory *memory = &accredited->memory[partner % PLACES];

    if (memory->partner != partner) {
        bool answer;
        int r =
            partner_accredited(accredited->txn, partner, accredited->qualification, accredited->day, &answer);

        if (r != 0)
            return r;
        *memory = (struct memory){partner, answer};
    }
    *out = memory->accredited;
    return 0;
}
