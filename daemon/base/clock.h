// SPDX-License-Identifier: Apache-2.0
// The two clocks. Any thread.
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

// Microseconds since 1970 UTC; may jump when somebody sets the clock.
int64_t clock_wall_us(void);

// Microseconds since some moment before the process began; never jumps, so deadlines are measured by it.
int64_t clock_steady_us(void);

// Today's date (UTC) in days since 1970.
int32_t clock_today(void);

#endif
