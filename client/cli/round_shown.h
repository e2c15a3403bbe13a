// SPDX-License-Identifier: Apache-2.0
// A round as it is shown: how it stands, all that was published of it, and how many obtained which choice. A
// count that is withheld from the caller is never shown as 0. One thread.
#ifndef CLIENT_CLI_ROUND_SHOWN_H
#define CLIENT_CLI_ROUND_SHOWN_H

#include "base/attr.h"
#include "client/cli/json.h"
#include <kansen/v1/round.pb-c.h>
#include <stdbool.h>

// As lines of text on standard output; as one JSON object there: 0, or -1 when it could not be made or
// written.
void round_shown_text(const Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan);
int round_shown_json(const Kansen__V1__Round *round, const Kansen__V1__RoundPlan *plan) MUST_CHECK;

// Sets key to 32 bytes in hexadecimal digits; nothing where there are none.
void round_shown_put_hex(json_t *object, const char *key, const ProtobufCBinaryData *bytes);

// The counts of a line about a round, and the same in JSON: null for what is withheld or not known yet; the
// member "withheld" names the former.
void round_shown_line(const Kansen__V1__Round *round);
void round_shown_put_counts(json_t *object, const Kansen__V1__Round *round);

#endif
