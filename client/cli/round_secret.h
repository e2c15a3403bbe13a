// SPDX-License-Identifier: Apache-2.0
// Secrets of the parties to a round, and what they are committed to by: kansen-record(5). A secret is 32
// bytes, in a file of its own as 64 hexadecimal digits. One thread.
#ifndef CLIENT_CLI_ROUND_SECRET_H
#define CLIENT_CLI_ROUND_SECRET_H

#include "client/cli/cli.h"
#include "client/cli/flags.h"

#define ROUND_SECRET_BYTES   32u
#define ROUND_SECRET_HEX     65u // of such bytes as text, with its end
#define ROUND_SECRET_PARTIES 16u

struct round_party {
    char name[33];
    bool has_secret;
    uint8_t secret[ROUND_SECRET_BYTES];     // wipe it with round_secret_wipe
    uint8_t commitment[ROUND_SECRET_BYTES]; // once round_secret_commit was called
};

// 64 hexadecimal digits. False for anything else.
bool round_secret_parse(const char *text, uint8_t out[ROUND_SECRET_BYTES]) MUST_CHECK;
char *round_secret_text(const uint8_t *bytes, char out[ROUND_SECRET_HEX]); // returns out

// Reads the secret of a file, which nobody else may use; with make, one that is not there is made (mode 0600)
// and *made is set. A cli_status.
int round_secret_read(struct cli *cli, const char *file, bool make, uint8_t out[ROUND_SECRET_BYTES],
                      bool *made) MUST_CHECK;

// The parties that a command line names, in their order.
struct round_parties {
    const char *texts[ROUND_SECRET_PARTIES];
    size_t n;
};

// The set function of a flag that is given once for each party: a struct round_parties at flag->offset.
int round_secret_take_party(void *target, const struct flag *flag, const char *text,
                            struct column_message *bad);

// "NAME=FILE", whose file is read (with make, made where it is not there), or "NAME:HEX" or "NAME=HEX" with
// 64 digits, which is the commitment alone. A cli_status.
int round_secret_party(struct cli *cli, const char *run, const char *text, bool make,
                       struct round_party *party) MUST_CHECK;

// Sorts parties by name; joins their secrets and gives what the round commits to, unless one is missing
// (false).
void round_secret_sort(struct round_party *parties, size_t n);
bool round_secret_commit(const char *run, const struct round_party *parties, size_t n,
                         uint8_t commitment[ROUND_SECRET_BYTES]) MUST_CHECK;

void round_secret_wipe(struct round_party *parties, size_t n);

#endif
