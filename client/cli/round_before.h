// SPDX-License-Identifier: Apache-2.0
// The records before one that is exported: its own chain, and those of earlier rounds. kansen-verify holds
// the new one against those that are given before it is signed; of the others it is told that nobody looked.
// One thread.
#ifndef CLIENT_CLI_ROUND_BEFORE_H
#define CLIENT_CLI_ROUND_BEFORE_H

#include "client/cli/round_record.h"
#include "client/cli/round_verdict.h"

#define ROUND_BEFORE_EARLIER 255u // as many as a record may name

// Directories that flags name.
struct round_before_list {
    const char *dirs[ROUND_BEFORE_EARLIER];
    size_t n;
};
struct round_before {
    const char *previous; // NULL = not given
    struct round_before_list earlier;
    struct round_before_list corrections; // of earlier rounds
};

// A setter for flags: adds a directory to the list at flag->offset.
int round_before_add(void *target, const struct flag *flag, const char *text, struct column_message *bad);

// Has the draft in `dir` looked at together with the records before it. key: the one that is going to sign.
// CLI_OK or what cli_fail() returns.
int round_before_ask(struct cli *cli, const struct round_verdict *verdict, const struct round_before *before,
                     const uint8_t key[ROUND_RECORD_DIGEST], const char *dir) MUST_CHECK;

// Says on standard error which records the new one names that it was not held against.
void round_before_tell(const struct round_before *before, const struct round_record *record);

#endif
