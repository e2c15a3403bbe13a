// SPDX-License-Identifier: Apache-2.0
// A tie_seed above what the JSON library's signed integers hold. Pure but for the memory it returns.
#ifndef CLIENT_CLI_SEED_TEXT_H
#define CLIENT_CLI_SEED_TEXT_H

#include <stddef.h>

// A copy of a line of JSON in which the digits of the top-level member "tie_seed" (and a '-' before them)
// stand between quotes; *out_len is its length. NULL when there is no such member, its value does not start
// with digits, or memory is short. The caller frees it.
char *seed_text_quote(const char *line, size_t len, size_t *out_len);

#endif
