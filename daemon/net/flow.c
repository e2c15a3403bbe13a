// SPDX-License-Identifier: Apache-2.0
// Answers to writes come later than their requests are read, so room for them is set aside from the start.
#include "net/flow.h"

bool
flow_is_full(size_t out, size_t due, size_t out_max)
{
    return out > out_max || (due > 0 && out + due > out_max);
}

bool
flow_has_room(size_t out, size_t due, size_t out_max)
{
    return out <= out_max / 2 && !flow_is_full(out, due, out_max);
}

void
flow_count(struct counters *counters, enum conn_event event)
{
    if (event == CONN_FLIGHT_FULL)
        counters_add(counters, COUNTER_IN_FLIGHT_FULL);
    else if (event == CONN_QUEUE_FULL)
        counters_add(counters, COUNTER_QUEUE_FULL);
    else if (event == CONN_OUTPUT_FULL)
        counters_add(counters, COUNTER_OUTPUT_FULL);
}

void
flow_count_frame(struct counters *counters, enum frame_result result)
{
    if (result == FRAME_TOO_LARGE)
        counters_add(counters, COUNTER_FRAME_TOO_LARGE);
    else if (result == FRAME_MALFORMED)
        counters_add(counters, COUNTER_FRAME_MALFORMED);
}
