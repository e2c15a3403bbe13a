// SPDX-License-Identifier: Apache-2.0
// The files audit, record and signature of a round: kansen-record(5). One thread.
#ifndef CLIENT_CLI_ROUND_RECORD_H
#define CLIENT_CLI_ROUND_RECORD_H

#include "base/attr.h"
#include <kansen/v1/round.pb-c.h>
#include <sodium.h>
#include <stdint.h>

#define ROUND_RECORD_DIGEST 32u
#define ROUND_RECORD_FORM   2u // since it can be published as a whole

// Files of a record, in the order of their names.
enum round_record_file {
    ROUND_RECORD_AUDIT,
    ROUND_RECORD_CUTOFFS,
    ROUND_RECORD_EXPLANATIONS,
    ROUND_RECORD_INPUT,
    ROUND_RECORD_PUBLIC_CUTOFFS,
    ROUND_RECORD_RESULT,
    ROUND_RECORD_FILES,
};
extern const char *const round_record_names[ROUND_RECORD_FILES];

struct round_record {
    const Kansen__V1__Round *round;
    const Kansen__V1__RoundPlan *plan;
    uint8_t digests[ROUND_RECORD_FILES][ROUND_RECORD_DIGEST];
    ProtobufCBinaryData previous; // digest of the record that the key signed before; no bytes = none
    uint8_t key[ROUND_RECORD_DIGEST];
    int64_t exported_us;
};

// The line of the file signature, with a NUL behind it, of the text of a file.
#define ROUND_RECORD_SIGNATURE (2u * crypto_sign_BYTES + 2u)
void round_record_sign(const char *text, const uint8_t *secret_key, char line[ROUND_RECORD_SIGNATURE]);

// Begins the digest of a file, with the key that it has in the round's form of a record.
void round_record_digest(const Kansen__V1__Round *round, enum round_record_file file,
                         crypto_generichash_state *state);

// The text of the file audit, and of the file record, whose digests are known. The caller frees it; NULL when
// memory is short. verifier: name and version of the program by whose verdict all holds; NULL = none was
// asked.
char *round_record_audit(const Kansen__V1__Round *round, const char *verifier) MUST_CHECK;
char *round_record_text(const struct round_record *record) MUST_CHECK;

#endif
