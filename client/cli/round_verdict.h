// SPDX-License-Identifier: Apache-2.0
// What kansen-verify says of a record, before it is signed. It is run as a program: it shares no code with
// us. One thread.
#ifndef CLIENT_CLI_ROUND_VERDICT_H
#define CLIENT_CLI_ROUND_VERDICT_H

#include "client/cli/cli.h"

#define ROUND_VERDICT_MAX  128u // bytes of its name and version
#define ROUND_VERDICT_PATH 4096u

struct round_verdict {
    char program[ROUND_VERDICT_PATH];
    char name[ROUND_VERDICT_MAX]; // "kansen-verify 1.0.0", as it calls itself
};

// Finds the program: the file that is given, or (NULL) the one beside this program, or in PATH; and asks for
// its version. CLI_OK or what cli_fail() returns.
int round_verdict_find(struct cli *cli, const char *given, struct round_verdict *verdict) MUST_CHECK;

// Has it look at a record. arguments: the program's, up to a NULL, at most so many. CLI_OK if all holds; else
// the first thing that does not is told.
#define ROUND_VERDICT_ARGUMENTS 1100u
int round_verdict_ask(struct cli *cli, const struct round_verdict *verdict,
                      const char *const *arguments) MUST_CHECK;

#endif
