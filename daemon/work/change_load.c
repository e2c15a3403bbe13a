// SPDX-License-Identifier: Apache-2.0
// Reading a store's stream, piece by piece. It is no change of a record that others follow, and brings its
// own journal, so its outcome is UNCHANGED, which adds no entry.
#include "store/load.h"
#include "work/change.h"

int
change_load_stream(struct change *change)
{
    const Kansen__V1__LoadStream *given = change->command->write->load_stream;

    change->outcome = KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED;
    if (given->data.len == 0)
        return load_drop(change->txn, change->fault);
    return load_piece(change->txn, given->offset, given->data.data, given->data.len, change->fault);
}
