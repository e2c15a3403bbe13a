// SPDX-License-Identifier: Apache-2.0
// Events of the journal as JSON and as lines for people. One thread.
#ifndef CLIENT_CLI_EVENT_H
#define CLIENT_CLI_EVENT_H

#include "base/attr.h"
#include <jansson.h>
#include <kansen/v1/protocol.pb-c.h>

// A JSON object with sequence, time (ISO 8601) and changes: objects with kind, id, outcome, version (if it
// has one), and for offers partner, for placements state, partner, offer and client. NULL when memory is
// short.
json_t *event_json(const Kansen__V1__WatchEvent *event) MUST_CHECK;

// Prints it as one line.
void event_print(const Kansen__V1__WatchEvent *event);

#endif
