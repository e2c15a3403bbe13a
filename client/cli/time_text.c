// SPDX-License-Identifier: Apache-2.0
// The C library knows the calendar; the decimals are put behind it.
#include "client/cli/time_text.h"
#include <stdio.h>
#include <time.h>

#define SECOND_US 1000000

// Writes the time up to the seconds; returns the microseconds that are left.
static int
write_seconds(int64_t time_us, char out[TIME_TEXT_MAX])
{
    int rest = (int)(time_us % SECOND_US);
    time_t seconds = time_us / SECOND_US;
    struct tm parts = {0};

    if (rest < 0) { // before 1970
        rest += SECOND_US;
        seconds--;
    }
    gmtime_r(&seconds, &parts);
    snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
             parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return rest;
}

char *
time_text_exact(int64_t time_us, char out[TIME_TEXT_MAX])
{
    char seconds[TIME_TEXT_MAX];
    int rest = write_seconds(time_us, seconds);

    snprintf(out, TIME_TEXT_MAX, "%.31s.%06dZ", seconds, rest);
    return out;
}

char *
time_text_seconds(int64_t time_us, char out[TIME_TEXT_MAX])
{
    char seconds[TIME_TEXT_MAX];

    write_seconds(time_us, seconds);
    snprintf(out, TIME_TEXT_MAX, "%.31sZ", seconds);
    return out;
}
