// SPDX-License-Identifier: Apache-2.0
// A list; the time is looked at after each step.
#include "net/handshakes.h"
#include "base/clock.h"
#include "base/counters.h"
#include <stddef.h>

#define SHARE 4 // the others' time by that of handshakes

void
handshakes_init(struct handshakes *handshakes)
{
    TAILQ_INIT(handshakes);
}

void
handshakes_add(struct handshakes *handshakes, struct shaker *shaker)
{
    if (!shaker->listed)
        TAILQ_INSERT_TAIL(handshakes, shaker, entry);
    shaker->listed = true;
}

void
handshakes_leave(struct handshakes *handshakes, struct shaker *shaker)
{
    if (shaker->listed)
        TAILQ_REMOVE(handshakes, shaker, entry);
    shaker->listed = false;
}

bool
handshakes_is_empty(const struct handshakes *handshakes)
{
    return TAILQ_EMPTY(handshakes);
}

void
handshakes_turn(struct handshakes *handshakes, int64_t turn_us, struct counters *counters,
                void (*act)(struct conn *conn))
{
    int64_t began_us = clock_steady_us(), until_us = began_us + (began_us - turn_us) / SHARE;
    struct shaker *shaker;

    while ((shaker = TAILQ_FIRST(handshakes)) != NULL) {
        handshakes_leave(handshakes, shaker);
        act(shaker->conn);
        if (clock_steady_us() >= until_us)
            break;
    }
    if (!TAILQ_EMPTY(handshakes))
        counters_add(counters, COUNTER_HANDSHAKES_PUT_OFF);
}
