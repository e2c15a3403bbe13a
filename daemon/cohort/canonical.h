// SPDX-License-Identifier: Apache-2.0
// The frozen input of a round: its canonical file, the digest of that, and the arrays that it stands for. The
// bytes are fixed by kansen-record(5): sorted by reference, one record a line, so that an input has one file
// and one digest. What is wrong is refused whole, never mended. One owner at a time.
#ifndef COHORT_CANONICAL_H
#define COHORT_CANONICAL_H

#include "base/attr.h"
#include "base/fault.h"
#include "cohort/cohort.h"

#define CANONICAL_DIGEST_BYTES 32u
#define CANONICAL_MAX_NAME     64u  // bytes of a run_id, a rule, a version
#define CANONICAL_MAX_FACTS    256u // bytes of the facts of a student or an offer

struct canonical {
    const char *run_id;
    const char *rule;         // name of the rule that gave the classes
    const char *rule_version; // and its version
    struct cohort cohort;
    // What the rule has read, as name=value pairs: text of i as in cohort_refs; start NULL = nobody has any.
    struct cohort_refs student_facts, offer_facts;
    const uint8_t *draws_own; // by offer: 1 = its own lottery (MTB); NULL = none does
    const uint8_t *seed;      // by student: the seed that it draws with (lottery_seeds); NULL = the first
};

// Takes the next bytes; anything but 0 ends the writing and is returned.
typedef int (*canonical_sink)(void *arg, const void *bytes, size_t len);

// Whether these arrays are a sound input. 0, or FAULT with CODE_INVALID_ARGUMENT whose field is a path as in
// "students[17].list[3]" and whose message tells what was given and what is allowed: references that are not
// of 1..COHORT_MAX_REF bytes, not of the allowed characters, not sorted or there twice; an unknown offer or
// one that is twice in a list; more than COHORT_MAX_SEATS; a pinned student without a list; more pinned
// students than an offer has seats. scratch: n_offers words, of any content.
int canonical_check(const struct canonical *input, uint32_t *scratch, struct fault *fault) MUST_CHECK;

// Writes the file of a sound input in pieces of some kilobytes to the sink (NULL = none, for the digest
// alone) and gives the digest of all its bytes. 0 or what the sink gave. Nothing is allocated.
int canonical_write(const struct canonical *input, canonical_sink sink, void *arg,
                    uint8_t digest[CANONICAL_DIGEST_BYTES]) MUST_CHECK;

// Reads a file that comes in pieces, cut anywhere. max_bytes: what the arrays may take in memory.
struct canonical_reader;
struct canonical_reader *canonical_reader_new(size_t max_bytes) MUST_CHECK; // NULL when memory is short
void canonical_reader_free(struct canonical_reader *reader);                // NULL is safe

// 0, or FAULT: CODE_INVALID_ARGUMENT with the field as in "line 17: capacity", what was given and what is
// allowed; CODE_RESOURCE_EXHAUSTED when memory is short. After a FAULT only free may be called.
int canonical_reader_feed(struct canonical_reader *reader, const void *bytes, size_t len,
                          struct fault *fault) MUST_CHECK;

// After the last byte: the whole input, which lives as long as the reader, and the digest of what was read.
// A file is taken only if writing its input gives the same bytes again.
int canonical_reader_end(struct canonical_reader *reader, const struct canonical **input,
                         uint8_t digest[CANONICAL_DIGEST_BYTES], struct fault *fault) MUST_CHECK;

#endif
