// SPDX-License-Identifier: Apache-2.0
// libkansen without I/O: a session with a daemon that outlives its connections.
//
// A session takes requests and gives out answers. In between it turns them into bytes, TLS included, says
// hello, keeps deadlines, and when a connection is lost says when to make the next one, on which it sends
// again what may be sent twice. Sockets, the clock and the waiting are the caller's (the carrier's), so that
// any event loop can carry it: kansen.h blocks, kansen_event.h has libevent.
//
//     for (;;)
//         CONNECT          connect to kansen_session_server(), then kansen_session_opened() or _broken()
//         OPENING, READY   send kansen_session_output(), give what comes to kansen_session_feed();
//                          kansen_session_broken() when the connection ends
//         WAIT             close the socket; kansen_session_tick() at kansen_session_due()
//         FAILED           close the socket; nothing will be sent any more
//         and take what kansen_session_answer() gives.
//
// What is sent again: a request that only reads, and one with an idempotency key, which the daemon applies
// once. A watch goes on behind what it has told, so that each change is told once; one that asked for what
// comes next (from_sequence 0) as soon as it has had an answer. Anything else in flight on a connection that
// is lost is answered UNAVAILABLE, as nobody knows whether it was done. A call is sent at most
// KANSEN_TRIES_MAX times.
//
// Times are milliseconds of a clock that never goes back, from any start; no function reads a clock.
// Threads: one thread at a time may use a session; sessions share nothing. Functions of no session may be
// called by any thread.
#ifndef KANSEN_SESSION_H
#define KANSEN_SESSION_H

#include <kansen.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kansen_session;

#define KANSEN_TRIES_MAX 16u
#define KANSEN_NEVER     UINT64_MAX

//               opened            hello is answered OK
//     CONNECT ----------> OPENING ---------> READY
//        ^  \____________________|_________________|   lost, and it may try again
//        |   due            v
//        +---------------- WAIT                FAILED: from each of them, for good
enum kansen_session_state {
    KANSEN_SESSION_CONNECT, // a connection is wanted
    KANSEN_SESSION_OPENING, // TLS, then hello
    KANSEN_SESSION_READY,   // requests go out
    KANSEN_SESSION_WAIT,    // there is no connection until kansen_session_due
    KANSEN_SESSION_FAILED,  // kansen_session_failure says why
};

// Where chance comes from: 64 even bits.
struct kansen_random {
    uint64_t (*next)(void *arg);
    void *arg;
};

// A session with server (as in kansen_connect); a server or a file that is no good makes it FAILED at once.
// Everything is copied but what random->arg points to; random NULL = the kernel's. NULL when memory is short.
// kansen_session_free(NULL) is safe; what was not answered never will be. Threads: any to make it, the
// session's to free it.
struct kansen_session *kansen_session_new(const char *server, const struct kansen_options *options,
                                          const struct kansen_random *random) KANSEN_MUST_CHECK;
void kansen_session_free(struct kansen_session *session);

// Threads, of all that follow: the session's.

enum kansen_session_state kansen_session_state(const struct kansen_session *session);

// The server as it was given.
const char *kansen_session_server(const struct kansen_session *session);

// Why it FAILED: KANSEN_E_ADDRESS, _FILE, _UNREACHABLE, _TLS, _PLAIN, _CLOSED, _TIMEOUT, _PROTOCOL, _REFUSED
// or -ENOMEM; 0 while it has not. kansen_session_error is what went wrong last, for a person; "" if nothing
// did. Memory of the session, until its next call.
int kansen_session_failure(const struct kansen_session *session);
const char *kansen_session_error(const struct kansen_session *session);

// What hello was answered last, and the status that it was refused with; NULL if not. Memory of the session,
// until a function that takes the time is called.
const Kansen__V1__HelloResponse *kansen_session_hello(const struct kansen_session *session);
const Kansen__V1__Status *kansen_session_refusal(const struct kansen_session *session);

// A connection has been made; only in CONNECT. local says that its other end is on this machine (a unix
// socket, or a loopback address): a token goes in clear nowhere else.
void kansen_session_opened(struct kansen_session *session, bool local, uint64_t now_ms);

// No connection could be made, or it has ended; outcome is KANSEN_E_UNREACHABLE, _TIMEOUT or _CLOSED, and why
// is for a person. In WAIT and FAILED it does nothing.
void kansen_session_broken(struct kansen_session *session, int outcome, const char *why, uint64_t now_ms);

// When kansen_session_tick is to be called; KANSEN_NEVER = not before something else happens. It ends calls
// whose deadline has passed, connections on which nothing comes, and waits.
uint64_t kansen_session_due(const struct kansen_session *session);
void kansen_session_tick(struct kansen_session *session, uint64_t now_ms);

// How a request may be sent: once more on another connection if it only reads or has an idempotency key (0),
// always, or never.
#define KANSEN_REPEAT 0x1u
#define KANSEN_ONCE   0x2u

// Takes a request (copied), in any state but FAILED. request->deadline_ms counts from now, here as well: when
// it has passed, the answer is DEADLINE_EXCEEDED, whatever the daemon does. tag comes back with each answer.
// Sets request->id, and *id (may be NULL). 0, KANSEN_E_TOO_LARGE, _FULL (max_in_flight requests are not
// answered yet), _CLOSED (FAILED) or -ENOMEM.
int kansen_session_request(struct kansen_session *session, Kansen__V1__Request *request, unsigned how,
                           void *tag, uint64_t now_ms, uint64_t *id) KANSEN_MUST_CHECK;

// The bytes that wait to be sent and their count (may be 0), good until the next call; kansen_session_sent
// drops the first len of them. In FAILED there may be some too: what TLS has to say last.
const uint8_t *kansen_session_output(struct kansen_session *session, size_t *len);
void kansen_session_sent(struct kansen_session *session, size_t len);

// Takes bytes that were received (copied); only in OPENING and READY. It may change the state.
void kansen_session_feed(struct kansen_session *session, const uint8_t *data, size_t len, uint64_t now_ms);

struct kansen_answer {
    Kansen__V1__Response
        *response; // the caller frees it: kansen__v1__response__free_unpacked(response, NULL)
    void *tag;     // of the request; NULL for id 0
    bool local;    // made here, as the daemon gave none: UNAVAILABLE, DEADLINE_EXCEEDED ...
};

// The next answer, as kansen_core_response; each request gets one with kansen_is_last, when the session
// FAILED too (but after -ENOMEM from this function until memory is there). 0, KANSEN_E_MORE or -ENOMEM.
int kansen_session_answer(struct kansen_session *session, struct kansen_answer *answer) KANSEN_MUST_CHECK;

// Requests whose last answer has not been given out.
size_t kansen_session_in_flight(const struct kansen_session *session);

// Whether a request may be sent twice though nobody knows whether it was done: it only reads (of watches,
// those from a sequence), or carries an idempotency key. Threads: any.
bool kansen_repeatable(const Kansen__V1__Request *request);

#ifdef __cplusplus
}
#endif

#endif
