// SPDX-License-Identifier: Apache-2.0
// libkansen: a client of kansend in C.
//
// The core turns requests into bytes and bytes into responses. A session (kansen_session.h) adds what
// outlives a connection: deadlines, the next connection, requests that are sent again. Both do no I/O. Two
// fronts carry a session: the one below blocks, that of kansen_event.h (libkansen-event) runs in a loop of
// libevent. Messages are those of protobuf-c (<kansen/v1/protocol.pb-c.h>); what they mean stands in
// kansen-protocol(7), and how it all goes together, with an example, in libkansen(3).
//
// Functions return 0, one of the outcomes below (positive), or -ENOMEM. None ends the program, and there is
// no state beside the objects. Threads: each object may be used by one thread at a time, different objects by
// different threads at once; functions without an object may be called by any thread at any time. Each
// function says which: "any" or "its own", that of the object. SIGPIPE is never raised.
#ifndef KANSEN_H
#define KANSEN_H

#include <kansen/v1/protocol.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KANSEN_E_MORE        1  // no whole response is there yet
#define KANSEN_E_TOO_LARGE   2  // the request does not fit a frame; nothing was queued
#define KANSEN_E_FULL        3  // too many requests are in flight: receive first
#define KANSEN_E_PROTOCOL    4  // the peer broke the protocol; the connection is of no more use
#define KANSEN_E_ADDRESS     5  // the server's address is none that is understood
#define KANSEN_E_UNREACHABLE 6  // no connection could be made
#define KANSEN_E_CLOSED      7  // the peer closed the connection, or it broke
#define KANSEN_E_TIMEOUT     8  // nothing moved for the time allowed
#define KANSEN_E_REFUSED     9  // the daemon answered hello with a status other than OK
#define KANSEN_E_INTERRUPTED 10 // the descriptor of kansen_interrupt_by could be read
#define KANSEN_E_TLS         11 // TLS failed, or the daemon is not who it should be
#define KANSEN_E_FILE        12 // a file of certificates or a key can not be used
#define KANSEN_E_PLAIN       13 // the token would have gone over a network in clear; it was not sent

#define KANSEN_MUST_CHECK __attribute__((warn_unused_result))

// ---- The core ----

struct kansen_core;

// A core for frames of at most max_frame bytes, both ways. NULL when memory is short. kansen_core_free(NULL)
// is safe. Threads: any to make it, its own to free it.
struct kansen_core *kansen_core_new(size_t max_frame) KANSEN_MUST_CHECK;
void kansen_core_free(struct kansen_core *core);

// Changes the limit for the frames to come, as hello's answer tells it. Threads: its own.
void kansen_core_set_max_frame(struct kansen_core *core, size_t max_frame);

// Queues a request for sending. The core sets request->id (1, 2, 3, ...) and tells it in *id (may be NULL);
// the caller keeps the message. A watch stays in flight until its last answer (kansen_is_last), and other
// requests may go on beside it. 0, KANSEN_E_TOO_LARGE or -ENOMEM. Threads: its own.
int kansen_core_request(struct kansen_core *core, Kansen__V1__Request *request,
                        uint64_t *id) KANSEN_MUST_CHECK;

// Bytes of a request's frame: what kansen_core_request would queue, with the greatest id. Threads: any.
size_t kansen_core_frame_size(const Kansen__V1__Request *request);

// The bytes that wait to be sent and their count (may be 0), good until the next call; kansen_core_sent drops
// the first len of them. Threads: its own.
const uint8_t *kansen_core_output(const struct kansen_core *core, size_t *len);
void kansen_core_sent(struct kansen_core *core, size_t len);

// Takes bytes that were received (copied). 0 or -ENOMEM. Threads: its own.
int kansen_core_feed(struct kansen_core *core, const uint8_t *data, size_t len) KANSEN_MUST_CHECK;

// The next response, in the order of arrival, which need not be that of the requests. Its id is that of a
// request in flight, or 0 when the daemon could not read a frame (the status says why; it closes the
// connection then). A watch or a backup may be answered any number of times, anything else once. The caller
// frees it with kansen__v1__response__free_unpacked(response, NULL). 0, KANSEN_E_MORE, KANSEN_E_PROTOCOL or
// -ENOMEM. Threads: its own.
int kansen_core_response(struct kansen_core *core, Kansen__V1__Response **response) KANSEN_MUST_CHECK;

// Requests whose last answer has not come. Threads: its own.
size_t kansen_core_in_flight(const struct kansen_core *core);

// The code of a response's status: 0 is OK. Threads: any.
int kansen_code(const Kansen__V1__Response *response);

// Whether no other response to the same request follows: for a watch or a backup, a response with a status
// other than OK or one that says `end`; for anything else, always. Threads: any.
bool kansen_is_last(const Kansen__V1__Response *response);

// ---- The blocking front ----

struct kansen;

#define KANSEN_DEFAULT_TIMEOUT_MS 30000u

// All zero but for what is wanted: members may be added at the end with a new soname.
struct kansen_options {
    const char *client_name; // for the daemon's log, at most 100 bytes; NULL = "libkansen"
    const char *token;       // NULL = none
    uint32_t timeout_ms;     // longest time in which nothing moves; 0 = KANSEN_DEFAULT_TIMEOUT_MS
    uint32_t max_in_flight;  // requests in flight that kansen_send allows; 0 = 64
    // The token may go in clear to another machine, whose network everybody on the way reads. Without it, a
    // token goes by TLS, a unix socket or a loopback address only.
    bool insecure_plain_token;
    // For "tls:" servers; files are PEM.
    const char *ca_file;          // CA certificates that may have signed the daemon's; NULL = the system's
    const char *certificate_file; // of the client, with its chain behind it; NULL = none
    const char *key_file;         // its private key; NULL = in certificate_file
    // How long a session tries to get a connection, the first one or another, before it gives up: 0 = it does
    // not try twice; UINT32_MAX = as long as it lives. Meanwhile requests wait, and what may be sent twice is
    // sent again (kansen_session.h).
    uint32_t retry_ms;
    // Tries lie a random time apart, up to backoff_first_ms (0 = 100), and twice as much after each, up to
    // backoff_most_ms (0 = 10,000).
    uint32_t backoff_first_ms, backoff_most_ms;
};

// A connection that is not made yet. The options are copied. NULL when memory is short. kansen_free(NULL) is
// safe. Threads: any to make it, its own to free it.
struct kansen *kansen_new(const struct kansen_options *options) KANSEN_MUST_CHECK;
void kansen_free(struct kansen *kansen);

// Connects and says hello. server is "unix:PATH", "HOST:PORT", "[IPv6]:PORT", "tls:HOST:PORT" or
// "tls:[IPv6]:PORT"; with tls: the daemon must show a certificate for HOST that the CA has signed. Once per
// kansen; it tries again for retry_ms. 0, KANSEN_E_ADDRESS, _FILE, _UNREACHABLE, _TLS, _PLAIN, _CLOSED,
// _TIMEOUT, _PROTOCOL, _REFUSED, _INTERRUPTED or -ENOMEM. Threads: its own.
int kansen_connect(struct kansen *kansen, const char *server) KANSEN_MUST_CHECK;

// What hello was answered last; NULL before. It holds until the next call with this kansen. Threads: its own.
const Kansen__V1__HelloResponse *kansen_hello(const struct kansen *kansen);

// Queues a request (as kansen_core_request) and sends what the socket takes. It waits only while more than 1
// MiB waits to be sent, and reads meanwhile, so that two full directions never wait for each other. The
// deadline of the request is kept on this side too: its answer is then DEADLINE_EXCEEDED. What happens to the
// connection is told by kansen_receive, behind the answers that came before. 0, KANSEN_E_TOO_LARGE, _FULL,
// _CLOSED, _TIMEOUT or -ENOMEM. Threads: its own.
int kansen_send(struct kansen *kansen, Kansen__V1__Request *request, uint64_t *id) KANSEN_MUST_CHECK;

// Sends what is queued and waits for the next response, as kansen_core_response. Nothing is lost by _TIMEOUT
// and _INTERRUPTED: it may be called again. Where only a watch is in flight, silence is no fault; a ping
// beside it tells whether the daemon is still there. With retry_ms a connection that is lost is made again
// within this call, and what could not be sent twice is answered UNAVAILABLE; without, that is _CLOSED, and
// nothing more comes. 0, KANSEN_E_PROTOCOL (also when nothing is in flight), _CLOSED, _TLS, _TIMEOUT,
// _INTERRUPTED, with retry_ms the outcomes of kansen_connect, or -ENOMEM. Threads: its own.
int kansen_receive(struct kansen *kansen, Kansen__V1__Response **response) KANSEN_MUST_CHECK;

// One request and its response, whatever its status; only when nothing is in flight (else KANSEN_E_FULL), and
// no watch. Outcomes of both. A response with id 0 has a status other than OK. Threads: its own.
int kansen_call(struct kansen *kansen, Kansen__V1__Request *request,
                Kansen__V1__Response **response) KANSEN_MUST_CHECK;

// From now on kansen_connect, kansen_receive and kansen_call also wait for fd, and return
// KANSEN_E_INTERRUPTED once what has arrived is given out and fd can be read: so that a watch can be ended.
// fd is a signalfd, an eventfd or a pipe; it stays the caller's, who reads it. -1 = none again. Threads: its
// own.
void kansen_interrupt_by(struct kansen *kansen, int fd);

// What the last function that did not return 0 failed at, for a person; "" if none did. Memory of kansen.
// Threads: its own.
const char *kansen_error(const struct kansen *kansen);

// The status that hello was refused with; NULL otherwise. It holds until the next call. Threads: its own.
const Kansen__V1__Status *kansen_refusal(const struct kansen *kansen);

#ifdef __cplusplus
}
#endif

#endif
