// SPDX-License-Identifier: Apache-2.0
// A time to come, as a person gives it. Pure; any thread.
#ifndef CLIENT_CLI_WHEN_H
#define CLIENT_CLI_WHEN_H

#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

#define WHEN_FORMS "90d, 12h, 30m or 45s from now, a date (2027-08-01) or a time (2027-08-01T12:00:00Z)"

// Reads one of the forms above: a span counts from now_us, a date means its first moment, in UTC. Sets
// *time_us (microseconds since 1970) and returns true; false for anything else, and for what lies behind the
// year 9999.
bool when_read(const char *text, int64_t now_us, int64_t *time_us) MUST_CHECK;

#endif
