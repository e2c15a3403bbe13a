// SPDX-License-Identifier: Apache-2.0
#include "client/cli/round_chain.h"
#include "client/cli/pages.h"
#include <string.h>

bool
round_chain_is_recorded(const Kansen__V1__Round *round)
{
    return round->record_digest.len == ROUND_RECORD_DIGEST && round->record_revision == round->revision;
}

// Whether the last record of a round is by the key of this record.
static bool
has_key(const Kansen__V1__Round *round, const struct round_record *record)
{
    return round->record_key.len == ROUND_RECORD_DIGEST &&
           memcmp(round->record_key.data, record->key, ROUND_RECORD_DIGEST) == 0;
}

bool
round_chain_is_again(struct round_record *record)
{
    if (!round_chain_is_recorded(record->round) || !has_key(record->round, record))
        return false;
    record->previous = record->round->record_previous;
    record->exported_us = record->round->record_exported_us;
    return true;
}

// The last record that a key has signed, as far as the list was read.
struct latest {
    struct round_record *record;
    int64_t recorded_us;
    uint8_t *digest;
};

static int
find_latest(void *arg, const Kansen__V1__Response *page)
{
    struct latest *latest = arg;

    for (size_t i = 0; i < page->list_rounds->n_rounds; i++) {
        const Kansen__V1__Round *round = page->list_rounds->rounds[i];

        if (round->recorded_us <= latest->recorded_us || round->record_digest.len != ROUND_RECORD_DIGEST ||
            !has_key(round, latest->record))
            continue;
        latest->recorded_us = round->recorded_us;
        memcpy(latest->digest, round->record_digest.data, ROUND_RECORD_DIGEST);
        latest->record->previous = (ProtobufCBinaryData){ROUND_RECORD_DIGEST, latest->digest};
    }
    return CLI_OK;
}

int
round_chain_find(struct cli *cli, struct round_record *record, uint8_t previous[ROUND_RECORD_DIGEST])
{
    Kansen__V1__ListRoundsRequest list = KANSEN__V1__LIST_ROUNDS_REQUEST__INIT;
    struct latest latest = {.record = record, .digest = previous};

    return pages_each(cli, KANSEN__V1__REQUEST__BODY_LIST_ROUNDS, &list.base, find_latest, &latest);
}

int
round_chain_tell(struct cli *cli, struct round_record *record, const uint8_t *digest)
{
    Kansen__V1__RecordRound told = KANSEN__V1__RECORD_ROUND__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__Response *response;
    int status;

    told.round = record->round->name;
    told.revision = record->round->revision;
    told.digest = (ProtobufCBinaryData){ROUND_RECORD_DIGEST, (uint8_t *)digest};
    told.key = (ProtobufCBinaryData){ROUND_RECORD_DIGEST, record->key};
    told.previous = record->previous;
    told.exported_us = record->exported_us;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_RECORD_ROUND;
    write.record_round = &told;
    status = cli_write(cli, &write, NULL, &response);
    if (status == CLI_OK)
        kansen__v1__response__free_unpacked(response, NULL);
    return status;
}
