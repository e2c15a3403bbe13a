// SPDX-License-Identifier: Apache-2.0
// All partners that may train for the qualification are read at the first question, as there are few of one
// qualification beside all partners; they come in order.
#include "match/accredited.h"
#include "base/effort.h"
#include "store/records.h"
#include "store/store.h"
#include <stdlib.h>
#include <string.h>

struct accredited {
    struct txn *txn;
    struct arena *arena;
    struct effort *effort;
    uint32_t qualification;
    int32_t day;
    bool read;
    uint64_t *partners;
    size_t n, room;
};

struct accredited *
accredited_new(struct txn *txn, struct arena *arena, uint32_t qualification, int32_t day)
{
    struct accredited *accredited = arena_alloc(arena, sizeof *accredited);

    if (accredited != NULL)
        *accredited =
            (struct accredited){.txn = txn, .arena = arena, .qualification = qualification, .day = day};
    return accredited;
}

void
accredited_bound(struct accredited *accredited, struct effort *effort)
{
    accredited->effort = effort;
}

static int
add(void *arg, uint64_t partner)
{
    struct accredited *accredited = arg;
    int rc = effort_spend(accredited->effort, EFFORT_KEY);

    if (rc != 0)
        return rc;
    if (accredited->n != 0 && accredited->partners[accredited->n - 1] == partner)
        return 0;
    if (accredited->n == accredited->room) {
        size_t room = accredited->room == 0 ? 64 : 2 * accredited->room;
        uint64_t *larger = arena_array(accredited->arena, room, sizeof *larger);

        if (larger == NULL)
            return STORE_FAULT_MEMORY;
        if (accredited->n != 0)
            memcpy(larger, accredited->partners, accredited->n * sizeof *larger);
        accredited->partners = larger;
        accredited->room = room;
    }
    accredited->partners[accredited->n++] = partner;
    return 0;
}

static int
compare_partners(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

int
accredited_ask(struct accredited *accredited, uint64_t partner, bool *out)
{
    if (!accredited->read) {
        int r =
            accreditation_each(accredited->txn, accredited->qualification, accredited->day, add, accredited);

        if (r != 0)
            return r;
        accredited->read = true;
    }
    *out = accredited->n != 0 &&
           bsearch(&partner, accredited->partners, accredited->n, sizeof partner, compare_partners) != NULL;
    return 0;
}
