// SPDX-License-Identifier: Apache-2.0
// Calendar arithmetic on eras of 400 years that start in March, so that the leap day is the last of its year.
#include "base/date.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DAYS_PER_ERA 146097
#define ERA_TO_1970  719468 // days from 0000-03-01 to 1970-01-01

static int32_t
days_from_civil(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = y / 400;
    int year_of_era = y - era * 400;
    int month_from_march = (month + 9) % 12;
    int day_of_year = (153 * month_from_march + 2) / 5 + day - 1;

    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           ERA_TO_1970;
}

static bool
parse_digits(const char *text, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10 + (text[i] - '0');
    }
    return true;
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

int
date_parse(const char *text, int32_t *days)
{
    int year, month, day;

    if (strlen(text) != DATE_TEXT_MAX - 1 || text[4] != '-' || text[7] != '-')
        return 1;
    if (!parse_digits(text, 4, &year) || !parse_digits(text + 5, 2, &month) ||
        !parse_digits(text + 8, 2, &day))
        return 1;
    if (year < 1900 || year > 2199 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return 1;
    *days = days_from_civil(year, month, day);
    return 0;
}

int
date_parse_time(const char *text, int64_t *time_us)
{
    char day_text[DATE_TEXT_MAX];
    int hour, minute, second;
    int32_t days;

    if (strlen(text) != sizeof "2026-11-23T00:00:00Z" - 1 || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':' || text[19] != 'Z')
        return 1;
    snprintf(day_text, sizeof day_text, "%.10s", text);
    if (date_parse(day_text, &days) != 0 || !parse_digits(text + 11, 2, &hour) ||
        !parse_digits(text + 14, 2, &minute) || !parse_digits(text + 17, 2, &second))
        return 1;
    if (hour > 23 || minute > 59 || second > 59)
        return 1;
    *time_us = ((int64_t)days * 86400 + hour * 3600 + minute * 60 + second) * 1000000;
    return 0;
}

char *
date_format(int32_t days, char out[DATE_TEXT_MAX])
{
    int shifted, era, day_of_era, year_of_era, day_of_year, march_month, day, month, year;

    out[0] = '\0';
    if (days == DATE_NONE)
        return out;
    shifted = days + ERA_TO_1970;
    era = shifted / DAYS_PER_ERA;
    day_of_era = shifted - era * DAYS_PER_ERA;
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    march_month = (5 * day_of_year + 2) / 153;
    day = day_of_year - (153 * march_month + 2) / 5 + 1;
    month = march_month < 10 ? march_month + 3 : march_month - 9;
    year = era * 400 + year_of_era + (month <= 2);
    snprintf(out, DATE_TEXT_MAX, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)day % 100);
    return out;
}

int32_t
date_of_time(int64_t time_us)
{
    const int64_t day_us = INT64_C(86400) * 1000 * 1000;

    return (int32_t)(time_us >= 0 ? time_us / day_us : (time_us - day_us + 1) / day_us);
}
