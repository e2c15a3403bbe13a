// SPDX-License-Identifier: Apache-2.0
// The bounds of what waits for one client: when a connection is not read, when it is read again, and when its
// client takes nothing any more. One thread.
#ifndef NET_FLOW_H
#define NET_FLOW_H

#include "base/counters.h"
#include "net/conn_state.h"
#include "proto/frame.h"
#include <stdbool.h>
#include <stddef.h>

// Bytes: out of answers that wait, due of those to its writes under way at most; out_max of all that may
// wait.

// Whether the next request has to wait. A single write or batch is let in however large its answer may be, so
// that less than out_max and one answer ever wait.
bool flow_is_full(size_t out, size_t due, size_t out_max);

// Whether a connection that had to wait may go on: with more room than it was stopped for, so that it does
// not go to and fro.
bool flow_has_room(size_t out, size_t due, size_t out_max);

// Counts the pause that an event of the connection brings, if it brings one.
void flow_count(struct counters *counters, enum conn_event event);

// Counts a frame that can not be read; others are not counted.
void flow_count_frame(struct counters *counters, enum frame_result result);

#endif
