// SPDX-License-Identifier: Apache-2.0
// The C library reads the calendar; what it lets pass (2027-02-31, signs, spaces) is found out by writing the
// time again.
#include "client/cli/when.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_US  INT64_C(1000000)
#define DIGITS_MAX 6u // of a span

static bool
read_span(const char *text, int64_t now_us, int64_t *time_us)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > DIGITS_MAX || text[digits] == '\0' || text[digits + 1] != '\0')
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit == text[digits]) {
            *time_us = now_us + strtol(text, NULL, 10) * units[i].seconds * SECOND_US;
            return true;
        }
    }
    return false;
}

static bool
read_calendar(const char *text, const char *format, int64_t *time_us)
{
    struct tm parts = {0};
    const char *end = strptime(text, format, &parts);
    char again[32];
    time_t seconds;

    if (end == NULL || *end != '\0')
        return false;
    seconds = timegm(&parts);
    gmtime_r(&seconds, &parts);
    if (strftime(again, sizeof again, format, &parts) == 0 || strcmp(again, text) != 0)
        return false;
    *time_us = seconds * SECOND_US;
    return true;
}

bool
when_read(const char *text, int64_t now_us, int64_t *time_us)
{
    return read_span(text, now_us, time_us) || read_calendar(text, "%Y-%m-%d", time_us) ||
           read_calendar(text, "%Y-%m-%dT%H:%M:%SZ", time_us);
}
