// SPDX-License-Identifier: Apache-2.0
// Times as people and scripts read them: ISO 8601 in UTC with a Z. Pure; any thread.
#ifndef CLIENT_CLI_TIME_TEXT_H
#define CLIENT_CLI_TIME_TEXT_H

#include <stdint.h>

#define TIME_TEXT_MAX 40u

// Writes a time in microseconds since 1970 UTC to out, always with six decimals
// ("2026-09-01T12:00:00.000000Z", so that nothing is lost and texts sort as times), or in whole seconds,
// rounded down. Returns out.
char *time_text_exact(int64_t time_us, char out[TIME_TEXT_MAX]);
char *time_text_seconds(int64_t time_us, char out[TIME_TEXT_MAX]);

#endif
