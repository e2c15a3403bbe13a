// SPDX-License-Identifier: Apache-2.0
// Decimal numbers as text, to and from whole units of 10^-scale, without floating point: "51.9194" with scale
// 6 is 51919400. Pure; any thread.
#ifndef PROTO_DECIMAL_H
#define PROTO_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#define DECIMAL_TEXT_MAX  48u // bytes of a formatted number with its end
#define DECIMAL_SCALE_MAX 9u

#define DECIMAL_E_FORM  1 // no number: [+-] digits [. digits], at least one digit
#define DECIMAL_E_RANGE 2 // above 10^17 units either way

// Reads text[0..len). Digits beyond the scale are rounded half away from zero. With comma, a ',' may stand
// for the point. 0, or one of the outcomes above (out is not set then).
int decimal_parse(const char *text, size_t len, unsigned scale, int comma, int64_t *out);

// Writes value (at most 10^17 either way) with at most scale decimals and no trailing zeros; returns out.
char *decimal_format(char out[DECIMAL_TEXT_MAX], int64_t value, unsigned scale);

#endif
