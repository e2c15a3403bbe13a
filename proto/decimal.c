// SPDX-License-Identifier: Apache-2.0
// Digits are shifted into a 64-bit number one by one; the limit of 10^17 keeps that from overflowing.
#include "proto/decimal.h"
#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#define UNITS_MAX INT64_C(100000000000000000)

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int
decimal_parse(const char *text, size_t len, unsigned scale, int comma, int64_t *out)
{
    int64_t units = 0;
    unsigned decimals = 0;
    size_t i = 0, digits = 0;
    bool negative = false, point = false, round_up = false;

    assert(scale <= DECIMAL_SCALE_MAX);
    if (len > 0 && (text[0] == '-' || text[0] == '+'))
        negative = text[i++] == '-';
    for (; i < len; i++) {
        if (!point && (text[i] == '.' || (comma && text[i] == ','))) {
            point = true;
            continue;
        }
        if (!is_digit(text[i]))
            return DECIMAL_E_FORM;
        digits++;
        if (point && decimals >= scale) {
            if (decimals++ == scale)
                round_up = text[i] >= '5';
            continue;
        }
        decimals += point;
        // A large value is only remembered as such: the rest may still turn out to be no number.
        units = units > UNITS_MAX ? units : units * 10 + (text[i] - '0');
    }
    if (digits == 0)
        return DECIMAL_E_FORM;
    for (; decimals < scale && units <= UNITS_MAX; decimals++)
        units *= 10;
    units += round_up;
    if (units > UNITS_MAX)
        return DECIMAL_E_RANGE;
    *out = negative ? -units : units;
    return 0;
}

char *
decimal_format(char out[DECIMAL_TEXT_MAX], int64_t value, unsigned scale)
{
    uint64_t units = value < 0 ? (uint64_t)-value : (uint64_t)value, unit = 1;
    unsigned decimals = scale;
    const char *sign = value < 0 ? "-" : "";

    assert(scale <= DECIMAL_SCALE_MAX && units <= (uint64_t)UNITS_MAX);
    for (; decimals > 0 && units % 10 == 0; decimals--)
        units /= 10;
    for (unsigned i = 0; i < decimals; i++)
        unit *= 10;
    if (decimals == 0)
        snprintf(out, DECIMAL_TEXT_MAX, "%s%" PRIu64, sign, units);
    else
        snprintf(out, DECIMAL_TEXT_MAX, "%s%" PRIu64 ".%0*" PRIu64, sign, units / unit, (int)decimals,
                 units % unit);
    return out;
}
