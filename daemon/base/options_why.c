// SPDX-License-Identifier: Apache-2.0
#include "base/options_why.h"
#include <stdarg.h>
#include <stdio.h>

int
options_why_tell(char why[OPTIONS_WHY_MAX], const char *format, ...)
{
    va_list args;

    if (why[0] != '\0')
        return 1;
    va_start(args, format);
    vsnprintf(why, OPTIONS_WHY_MAX, format, args);
    va_end(args);
    return 1;
}
