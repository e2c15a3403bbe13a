// SPDX-License-Identifier: Apache-2.0
// Dates as days since 1970-01-01 in the proleptic Gregorian calendar, and ISO 8601 text. Pure; any thread.
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "base/attr.h"
#include <stdint.h>

#define DATE_NONE     INT32_MIN // no date given
#define DATE_TEXT_MAX 11u       // bytes of "2026-11-23" with its end

// Reads "YYYY-MM-DD" (years 1900..2199). 0, or 1 if text is no such date (days is not set).
int date_parse(const char *text, int32_t *days) MUST_CHECK;

// Reads a time in UTC, "YYYY-MM-DDTHH:MM:SSZ" of the same years, as microseconds since 1970. 0, or 1 if text
// is no such time (*time_us is not set).
int date_parse_time(const char *text, int64_t *time_us) MUST_CHECK;

// Writes the date, or "" for DATE_NONE; returns out.
char *date_format(int32_t days, char out[DATE_TEXT_MAX]);

// The UTC date of a time in microseconds since 1970.
int32_t date_of_time(int64_t time_us);

#endif
