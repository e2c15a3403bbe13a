// SPDX-License-Identifier: Apache-2.0
// What the verbs about rounds share. One thread. Functions return a cli_status.
#ifndef CLIENT_CLI_ROUND_H
#define CLIENT_CLI_ROUND_H

#include "client/cli/cli.h"
#include <kansen/v1/round.pb-c.h>

// Asks for a round. The caller frees the response, in which it is.
int round_fetch(struct cli *cli, const char *name, Kansen__V1__Response **response) MUST_CHECK;

// Waits until a round does not go on by itself any more, with a word of progress on a terminal, and tells its
// state then: as a line, or as JSON.
int round_wait(struct cli *cli, const char *name) MUST_CHECK;

// Tells a round's state as a line, or as JSON.
int round_tell(struct cli *cli, const Kansen__V1__Round *round) MUST_CHECK;

// Takes offers into a round: those whose ids are given, joined by commas, or (NULL) all that can take part.
// flag: where the ids came from.
int round_take_offers(struct cli *cli, const char *name, const char *flag, const char *ids,
                      Kansen__V1__RoundLottery lottery) MUST_CHECK;

// Whether such ids can be read (NULL can), before anything is done. CLI_OK or CLI_USAGE.
int round_check_offers(struct cli *cli, const char *flag, const char *ids) MUST_CHECK;

// A text that a file holds, at most max bytes; the caller frees it.
int round_read_file(struct cli *cli, const char *file, size_t max, char **text) MUST_CHECK;

#endif
