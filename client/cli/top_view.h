// SPDX-License-Identifier: Apache-2.0
// What kansenctl top shows: two answers to Status with a time between them, as a page of text or as JSON.
// Pure; any thread.
#ifndef CLIENT_CLI_TOP_VIEW_H
#define CLIENT_CLI_TOP_VIEW_H

#include "base/attr.h"
#include <jansson.h>
#include <kansen/v1/protocol.pb-c.h>
#include <stdint.h>

// An answer with details, and when it came (steady clock).
struct top_sample {
    const Kansen__V1__StatusResponse *status;
    int64_t at_us;
};

// The page, lines that end in newlines; rates are those between the samples. free() it. NULL when memory is
// short.
char *top_view_text(const struct top_sample *before, const struct top_sample *now) MUST_CHECK;

// The same as an object; NULL when memory is short.
json_t *top_view_json(const struct top_sample *before, const struct top_sample *now) MUST_CHECK;

#endif
