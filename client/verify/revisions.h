// SPDX-License-Identifier: Apache-2.0
// What a record tells of the revisions of its run that were before it: the input was corrected after each.
// Slices lie in the file. One thread.
#ifndef VERIFY_REVISIONS_H
#define VERIFY_REVISIONS_H

#include "client/verify/lines.h"

#define REVISIONS_MAX 255u

// How far a revision had come when it was given up.
enum revisions_state {
    REVISIONS_UNKNOWN, // nothing is told of it
    REVISIONS_FROZEN,
    REVISIONS_DRAWN,    // the seed was known
    REVISIONS_COMPUTED, // the result was, too
};

struct revision {
    enum revisions_state state;
    struct slice time, reason;
    bool has_record; // it was exported
    uint8_t input[DIGEST_BYTES], record[DIGEST_BYTES];
};

struct revisions {
    unsigned n;
    struct revision list[REVISIONS_MAX];
    struct slice frozen; // when this revision's input was; no bytes = that is not told
};

// The times of a record that revisions lie between, as text.
struct revisions_times {
    struct slice committed, frozen, drawn, computed;
};

// Reads the lines `revised` and `input-frozen`. 0, or -1 when the form is wrong. revisions must be all zero.
int revisions_read(struct lines *lines, struct revisions *revisions);

// Reports what can not be, of the revision with this number; tells what was corrected when.
void revisions_check(const struct revisions *revisions, uint64_t number, const struct revisions_times *times,
                     struct report *report);

// Whether an earlier revision is told of whose input has this digest.
bool revisions_have_input(const struct revisions *revisions, const uint8_t digest[DIGEST_BYTES]);

#endif
