// SPDX-License-Identifier: Apache-2.0
// What was promised before a round opened, which stands in `input` and again in `record`. Slices lie in the
// file. One thread.
#ifndef VERIFY_TERMS_H
#define VERIFY_TERMS_H

#include "client/verify/lines.h"

#define TERMS_PARTIES_MAX 16u
#define TERMS_EARLIER_MAX 255u
#define TERMS_SPEC        "alloc-1"
#define TERMS_BEACON_DATE 1u

struct terms_party {
    struct slice name;
    uint8_t commitment[DIGEST_BYTES];
    uint8_t secret[DIGEST_BYTES]; // in `record` only
};

struct terms_earlier {
    struct slice run;
    uint8_t seed[DIGEST_BYTES], record[DIGEST_BYTES];
};

struct terms {
    struct slice run, rule;
    uint64_t revision, rule_version;
    uint8_t salt[DIGEST_BYTES], commitment[DIGEST_BYTES];
    struct slice beacon[4]; // source, date (a day, or a time), encoding, fallback
    unsigned n_parties, n_earlier;
    struct terms_party parties[TERMS_PARTIES_MAX];
    struct terms_earlier earlier[TERMS_EARLIER_MAX];
};

// The lines of a file, by groups. 0, or -1 when a fault was reported.
int terms_read_run(struct lines *lines, struct terms *terms);                   // run, revision
int terms_read_commitment(struct lines *lines, struct terms *terms);            // salt, commitment
int terms_read_parties(struct lines *lines, struct terms *terms, bool secrets); // and the beacon's four
int terms_read_earlier(struct lines *lines, struct terms *terms);
int terms_read_rule(struct lines *lines, struct terms *terms); // its name and version

// Whether a text is a time as 2026-11-25T22:43:52Z, with each number in its range.
bool terms_is_time(struct slice text);

// Reports what record says otherwise than input.
void terms_compare(const struct terms *record, const struct terms *input, struct report *report);

#endif
