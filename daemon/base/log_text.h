// SPDX-License-Identifier: Apache-2.0
// The text of a line of the log, written into memory of the caller's: what does not fit is cut. Only
// base/log.c needs it. Any thread.
#ifndef BASE_LOG_TEXT_H
#define BASE_LOG_TEXT_H

#include "base/attr.h"
#include "base/log.h"
#include <stddef.h>

struct log_text {
    char *bytes; // not terminated
    size_t room, len;
};

void log_text_print(struct log_text *text, const char *format, ...) PRINTF_LIKE(2, 3);

// Adds the value of a field: in quotes, with escapes as in C, unless it is one plain word; or as it is, for
// where a value has a place of its own (control characters are escaped all the same).
void log_text_quoted(struct log_text *text, const struct log_field *field);
void log_text_plain(struct log_text *text, const struct log_field *field);

// Adds the name that a key has in the journal, and '=': KANSEN_CLIENT_ID= for "client_id".
void log_text_key(struct log_text *text, const char *key);

#endif
