// SPDX-License-Identifier: Apache-2.0
// The states of a connection, and what moves it from one to another. Pure; any thread.
//
//                    in-flight limit       +--------+
//             +--------------------------> | FLIGHT | --+
//             |       queue full           +--------+   |
//   +------+  +--------------------------> | QUEUE  | --+--> OPEN (resumed)
//   | OPEN | -+       output above cap     +--------+   |
//   +------+  +--------------------------> | OUTPUT | --+
//       |                                  +--------+
//       | end of input, fault of a frame, drain (from any of the four)
//       v
//   +---------+  all answered and sent   +-----------+  peer closed, time    +--------+
//   | CLOSING | -----------------------> | LINGERING | --------------------> | CLOSED |
//   +---------+                          +-----------+                       +--------+
//
// From every state a broken socket leads to CLOSED. Only OPEN and LINGERING read.
#ifndef NET_CONN_STATE_H
#define NET_CONN_STATE_H

enum conn_state {
    CONN_OPEN,
    CONN_FLIGHT, // too many requests in flight
    CONN_QUEUE,  // the write queue is full
    CONN_OUTPUT, // the client does not take its answers
    CONN_CLOSING,
    CONN_LINGERING,
    CONN_CLOSED,
    CONN_STATES,
};

enum conn_event {
    CONN_FLIGHT_FULL,
    CONN_QUEUE_FULL,
    CONN_OUTPUT_FULL,
    CONN_RESUMED,
    CONN_ENDED,  // no more requests will be read
    CONN_SENT,   // nothing is in flight or waits to be sent
    CONN_BROKEN, // the socket is of no use any more
    CONN_EVENTS,
};

// Whether the event may happen in the state, and the state that it leads to, which conn_state_next asserts.
int conn_state_allows(enum conn_state state, enum conn_event event);
enum conn_state conn_state_next(enum conn_state state, enum conn_event event);

#endif
