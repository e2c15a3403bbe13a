// SPDX-License-Identifier: Apache-2.0
// A record tells of each revision before its own, also of those that were never exported: else nobody would
// see that the input was changed when the seed, or even the result, was known. They are kept by number; one
// that an older daemon gave up is empty.
#include "work/round_revision.h"
#include "base/text.h"
#include <string.h>

#define REVISIONS_MAX 255u
#define REASON_BYTES  500u

static int
check(struct change *change, const Kansen__V1__Round *old, const char *reason)
{
    size_t len = strlen(reason);

    if (old->revision >= REVISIONS_MAX)
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "step",
                         "the round was revised %u times, and a record tells of no more", REVISIONS_MAX);
    if (len == 0 || len > REASON_BYTES || reason[0] == ' ' || reason[len - 1] == ' ' ||
        text_check(reason, len, false, NULL) != TEXT_FINE)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "reason",
                         "the reason stands in the record, so it must be one line of 1 to %u bytes with no "
                         "space at an end",
                         REASON_BYTES);
    return 0;
}

int
round_revision_end(struct change *change, const Kansen__V1__Round *old, char *reason,
                   Kansen__V1__Round *round)
{
    size_t n = (size_t)old->revision + 1;
    Kansen__V1__RoundRevision **all = NULL, *made = NULL;
    int rc = check(change, old, reason);

    if (rc != 0)
        return rc;
    all = arena_array(change->arena, n, sizeof(Kansen__V1__RoundRevision *));
    made = arena_array(change->arena, n, sizeof *made);
    if (all == NULL || made == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < n; i++) {
        kansen__v1__round_revision__init(&made[i]);
        all[i] = i < old->n_revisions ? old->revisions[i] : &made[i];
    }
    made[n - 1].state = old->state;
    made[n - 1].revised_us = change->command->time_us;
    made[n - 1].reason = reason;
    made[n - 1].input_digest = old->input_digest;
    if (old->record_revision == old->revision)
        made[n - 1].record_digest = old->record_digest;
    all[n - 1] = &made[n - 1];
    round->n_revisions = n;
    round->revisions = all;
    round->input_frozen_us = 0;
    return 0;
}

void
round_revision_frozen(Kansen__V1__Round *round, int64_t time_us)
{
    round->input_frozen_us = time_us;
}

void
round_revision_computed(Kansen__V1__Round *round)
{
    if (round->input_frozen_us == 0 && round->revision == 0)
        round->input_frozen_us = round->frozen_us;
}
