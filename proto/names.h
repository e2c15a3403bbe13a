// SPDX-License-Identifier: Apache-2.0
// The words of the protocol's enums as people, CSV and JSON write them ("internship", "vmbo_kb", "mo"). A
// unit test holds them against the descriptors. Constant data, any thread.
#ifndef PROTO_NAMES_H
#define PROTO_NAMES_H

#include <stddef.h>

struct names {
    const char *what; // "kind", "level", ... for messages
    size_t count;     // entries of text; text[value] is the word, NULL where no word is (0 in most)
    const char *const *text;
};

extern const struct names names_partner_kind, names_partner_status, names_offer_kind, names_offer_status,
    names_level, names_transition, names_weekday, names_need, names_track, names_region_type, names_outcome,
    names_placement_state, names_placement_move, names_decline_reason, names_record_kind, names_role,
    names_round_state, names_round_step, names_objection_kind, names_objection_state, names_client_status,
    names_sandbox_state, names_round_lottery;
extern const struct names names_reason; // upper case: "NO_SEAT"
extern const struct names names_code;   // google.rpc codes, upper case, "OK" is 0

// The word for a value, or NULL if there is none.
const char *names_text(const struct names *names, int value);

// The value of the word text[0..len), or -1 if it is none.
int names_value(const struct names *names, const char *text, size_t len);

// Writes all words, joined by ", ", to out (always terminated, cut to size); returns out.
char *names_list(const struct names *names, char *out, size_t size);

#endif
