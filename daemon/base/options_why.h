// SPDX-License-Identifier: Apache-2.0
// What is wrong with the options, for those who read them. Any thread.
#ifndef BASE_OPTIONS_WHY_H
#define BASE_OPTIONS_WHY_H

#include "base/attr.h"
#include "base/options.h"

// Says it in why, unless something has been said there already. Returns 1.
int options_why_tell(char why[OPTIONS_WHY_MAX], const char *format, ...) PRINTF_LIKE(2, 3);

#endif
