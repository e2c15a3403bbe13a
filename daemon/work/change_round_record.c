// SPDX-License-Identifier: Apache-2.0
// That a record was exported: each names the one that its key signed before, so that none can be taken out of
// the row or put into it later.
#include "store/round.h"
#include "work/change_round.h"
#include <string.h>

#define DIGEST_BYTES 32u

static bool
is_same(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

// The last record that a key has signed, of whatever round; no bytes where there is none.
static int
find_last(struct change *change, const ProtobufCBinaryData *key, ProtobufCBinaryData *last)
{
    Kansen__V1__Round *round = NULL;
    int64_t time_us = 0;
    uint64_t after = 0;
    int rc;

    *last = (ProtobufCBinaryData){0};
    while ((rc = round_next(change->txn, after, change->arena, &round)) == 0) {
        after = round->id;
        if (is_same(&round->record_key, key) && round->recorded_us > time_us) {
            time_us = round->recorded_us;
            *last = round->record_digest;
        }
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// Whether the revision at hand has a record.
static bool
is_recorded(const Kansen__V1__Round *round)
{
    return round->record_digest.len != 0 && round->record_revision == round->revision;
}

static int
check(struct change *change, const Kansen__V1__RecordRound *given, const Kansen__V1__Round *round)
{
    ProtobufCBinaryData last;
    int rc;

    if (given->digest.len != DIGEST_BYTES || given->key.len != DIGEST_BYTES)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT,
                         given->key.len != DIGEST_BYTES ? "key" : "digest",
                         "digest and key have %u bytes each", DIGEST_BYTES);
    if (round->merkle_root.len == 0)
        return change_round_refuse(change, round, "have a record");
    if (given->revision != round->revision)
        return fault_set(change->fault, CODE_ABORTED, "revision", "the round is at revision %u",
                         round->revision);
    if (is_recorded(round))
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "digest",
                         "revision %u has a record already, and it is another one", round->revision);
    rc = find_last(change, &given->key, &last);
    if (rc == 0 && !is_same(&last, &given->previous))
        rc = fault_set(change->fault, CODE_ABORTED, "previous",
                       "this key has signed another record last; export again, behind that one");
    return rc;
}

int
change_record_round(struct change *change)
{
    const Kansen__V1__RecordRound *given = change->command->write->record_round;
    Kansen__V1__Round *old = NULL, *round = NULL;
    int rc = change_round_get(change, given->round, &old);

    if (rc == 0 && is_recorded(old) && is_same(&old->record_digest, &given->digest) &&
        is_same(&old->record_key, &given->key)) {
        change->outcome = KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED;
        change->id = old->id;
        change->version = old->version;
        return 0;
    }
    if (rc == 0)
        rc = check(change, given, old);
    if (rc == 0)
        rc = change_round_begin(change, old, &round);
    if (rc != 0)
        return rc;
    round->record_digest = given->digest;
    round->record_key = given->key;
    round->record_revision = given->revision;
    round->record_previous = given->previous;
    round->record_exported_us = given->exported_us;
    round->recorded_us = change->command->time_us;
    return change_round_done(change, round, old);
}
