// SPDX-License-Identifier: Apache-2.0
// How often a limit was met or a request refused, by reason. One line of COUNTERS_LIST makes a counter: its
// name here, its name for people and metrics, and what it counts. Counts only go up, from the start of the
// daemon. Any thread; what is counted is rare, so all threads share one set.
#ifndef BASE_COUNTERS_H
#define BASE_COUNTERS_H

#include "base/fault.h"
#include <stdatomic.h>
#include <stdint.h>

// clang-format off
#define COUNTERS_LIST(COUNTER)                                                                               \
    COUNTER(CONNECTIONS_MAX, "connections_max", "connections refused, as max_connections were open")         \
    COUNTER(CONNECTIONS_CLOSED, "connections_closed", "connections closed unanswered, far above that")       \
    COUNTER(STRANGERS, "strangers", "connections closed, as too many had not said who calls")                \
    COUNTER(CONNECTIONS_TOKEN, "connections_token", "sessions refused, as the caller had too many")          \
    COUNTER(RATE_TOKEN, "rate_token", "requests refused, as the caller sent too many a second")              \
    COUNTER(FRAME_TOO_LARGE, "frame_too_large", "connections ended by a frame above max_frame")              \
    COUNTER(FRAME_MALFORMED, "frame_malformed", "connections ended by bytes that are no request")            \
    COUNTER(OUTPUT_STALLED, "output_stalled", "connections ended, as the client took no answers")            \
    COUNTER(HELLO_LATE, "hello_late", "connections ended, as Hello was not answered OK in time")             \
    COUNTER(FRAME_LATE, "frame_late", "connections ended, as a frame was not whole in time")                 \
    COUNTER(TLS_FAILED, "tls_failed", "connections ended, as their TLS failed")                              \
    COUNTER(HANDSHAKES_PUT_OFF, "handshakes_put_off", "turns that left TLS handshakes to the next one")      \
    COUNTER(IDLE, "idle", "connections ended, as nothing was asked for too long")                            \
    COUNTER(OUTPUT_FULL, "output_full", "pauses in reading, as answers waited for the client")               \
    COUNTER(IN_FLIGHT_FULL, "in_flight_full", "pauses in reading, as max_in_flight writes were under way")   \
    COUNTER(QUEUE_FULL, "queue_full", "pauses in reading, as the write queue was full")                      \
    COUNTER(WATCH_LAG, "watch_lag", "watches cut off, as they fell too far behind")                          \
    COUNTER(REQUEST_MEMORY, "request_memory", "requests refused, as they needed too much memory")            \
    COUNTER(DEADLINE, "deadline", "requests not executed, as their deadline had passed")                     \
    COUNTER(PERMISSION, "permission", "requests and connections refused, as the caller may not do that")     \
    COUNTER(UNAUTHENTICATED, "unauthenticated", "requests refused, as it is not known who asks")
// clang-format on

enum counter {
#define COUNTER_NUMBER(number, name, help) COUNTER_##number,
    COUNTERS_LIST(COUNTER_NUMBER)
#undef COUNTER_NUMBER
        COUNTERS
};

// All zero at first.
struct counters {
    _Atomic uint64_t counts[COUNTERS];
};

static inline void
counters_add(struct counters *counters, enum counter counter)
{
    atomic_fetch_add_explicit(&counters->counts[counter], 1, memory_order_relaxed);
}

static inline uint64_t
counters_get(const struct counters *counters, enum counter counter)
{
    return atomic_load_explicit(&counters->counts[counter], memory_order_relaxed);
}

// Counts a request that ended with this code, if the code alone says why: DEADLINE_EXCEEDED,
// PERMISSION_DENIED and UNAUTHENTICATED do.
void counters_add_code(struct counters *counters, enum code code);

// Constant text: lower case with underscores, and a line for people.
const char *counters_name(enum counter counter);
const char *counters_help(enum counter counter);

#endif
