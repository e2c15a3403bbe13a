// SPDX-License-Identifier: Apache-2.0
// The table of transitions. Columns: FLIGHT_FULL, QUEUE_FULL, OUTPUT_FULL, RESUMED, ENDED, SENT, BROKEN.
#include "net/conn_state.h"
#include <assert.h>

#define NEVER   CONN_STATES
#define OPEN    CONN_OPEN
#define FLIGHT  CONN_FLIGHT
#define QUEUE   CONN_QUEUE
#define OUTPUT  CONN_OUTPUT
#define CLOSING CONN_CLOSING
#define LINGER  CONN_LINGERING
#define CLOSED  CONN_CLOSED

// clang-format off
static const enum conn_state table[CONN_STATES][CONN_EVENTS] = {
    [OPEN] =    {FLIGHT, QUEUE, OUTPUT, OPEN,  CLOSING, NEVER,  CLOSED},
    [FLIGHT] =  {NEVER,  NEVER, NEVER,  OPEN,  CLOSING, NEVER,  CLOSED},
    [QUEUE] =   {NEVER,  NEVER, NEVER,  OPEN,  CLOSING, NEVER,  CLOSED},
    [OUTPUT] =  {NEVER,  NEVER, NEVER,  OPEN,  CLOSING, NEVER,  CLOSED},
    [CLOSING] = {NEVER,  NEVER, NEVER,  NEVER, CLOSING, LINGER, CLOSED},
    [LINGER] =  {NEVER,  NEVER, NEVER,  NEVER, LINGER,  NEVER,  CLOSED},
    [CLOSED] =  {NEVER,  NEVER, NEVER,  NEVER, CLOSED,  NEVER,  CLOSED},
};
// clang-format on

int
conn_state_allows(enum conn_state state, enum conn_event event)
{
    return table[state][event] != NEVER;
}

enum conn_state
conn_state_next(enum conn_state state, enum conn_event event)
{
    assert(conn_state_allows(state, event));
    return table[state][event];
}
