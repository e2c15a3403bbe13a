// SPDX-License-Identifier: Apache-2.0
// The row of records that a key has signed, of which the daemon knows the last one of each round. One thread.
#ifndef CLIENT_CLI_ROUND_CHAIN_H
#define CLIENT_CLI_ROUND_CHAIN_H

#include "client/cli/cli.h"
#include "client/cli/round_record.h"

// Whether the revision at hand has a record.
bool round_chain_is_recorded(const Kansen__V1__Round *round);

// Whether it has one by the key of this record. Then time and previous are set as they stand in it: exported
// again it is the same to the byte.
bool round_chain_is_again(struct round_record *record);

// Sets record->previous to what the key has signed last, if anything; the bytes are kept in previous. A
// cli_status.
int round_chain_find(struct cli *cli, struct round_record *record,
                     uint8_t previous[ROUND_RECORD_DIGEST]) MUST_CHECK;

// Tells the daemon that the record with this digest was signed. A cli_status.
int round_chain_tell(struct cli *cli, struct round_record *record, const uint8_t *digest) MUST_CHECK;

#endif
