// SPDX-License-Identifier: Apache-2.0
#include "client/cli/round_chain.h"
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

int
round_chain_find(struct cli *cli, struct round_record *record, uint8_t previous[ROUND_RECORD_DIGEST])
{
    Kansen__V1__ListRoundsRequest list = KANSEN__V1__LIST_ROUNDS_REQUEST__INIT;
    Kansen__V1__Response *response, *last = NULL;
    int64_t latest = 0;
    int status;

    do {
        status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_LIST_ROUNDS, &list, &response);
        if (status != CLI_OK)
            break;
        for (size_t i = 0; i < response->list_rounds->n_rounds; i++) {
            const Kansen__V1__Round *round = response->list_rounds->rounds[i];

            if (round->recorded_us > latest && round->record_digest.len == ROUND_RECORD_DIGEST &&
                has_key(round, record)) {
                latest = round->recorded_us;
                memcpy(previous, round->record_digest.data, ROUND_RECORD_DIGEST);
                record->previous = (ProtobufCBinaryData){ROUND_RECORD_DIGEST, previous};
            }
        }
        list.cursor = response->list_rounds->next_cursor;
        if (last != NULL)
            kansen__v1__response__free_unpacked(last, NULL);
        last = response; // has the cursor
    } while (list.cursor.len > 0);
    if (last != NULL)
        kansen__v1__response__free_unpacked(last, NULL);
    return status;
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
