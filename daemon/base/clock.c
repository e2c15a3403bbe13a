// SPDX-License-Identifier: Apache-2.0
// clock_gettime(2), which can not fail for these two clocks.
#include "base/clock.h"
#include "base/date.h"
#include <time.h>

static int64_t
read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t
clock_steady_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int32_t
clock_today(void)
{
    return date_of_time(clock_wall_us());
}
