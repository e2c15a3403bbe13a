// SPDX-License-Identifier: Apache-2.0
// The inside of a session, for the two files that it is made of: kansen_session.c has its states and calls,
// kansen_session_io.c the bytes of its connection. Functions may end the session (FAILED): whoever goes on
// looks at its state.
#ifndef CLIENT_LIB_KANSEN_SESSION_INSIDE_H
#define CLIENT_LIB_KANSEN_SESSION_INSIDE_H

#include "client/lib/kansen_backoff.h"
#include "client/lib/kansen_calls.h"
#include "client/lib/kansen_session.h"
#include "client/lib/kansen_settings.h"
#include "client/lib/kansen_tls.h"

// google.rpc.Code
enum { INVALID_ARGUMENT = 3, DEADLINE_EXCEEDED = 4, RESOURCE_EXHAUSTED = 8, UNAVAILABLE = 14 };

struct kansen_session {
    enum kansen_session_state state;
    int failure;
    struct kansen_settings settings;
    struct kansen_random random;
    struct kansen_backoff backoff;
    struct kansen_core *core;
    struct kansen_tls *tls; // NULL = plain
    struct kansen_calls calls;
    Kansen__V1__Response *hello; // the last answer to hello
    uint64_t hello_id;
    bool tls_broke;    // when it was written to; told by the next tick
    uint64_t due_ms;   // when the wait is over
    uint64_t moved_ms; // when something came, or began to be waited for
    uint64_t lost_ms;  // since when there is no session; KANSEN_NEVER = there is one, or nobody has tried
    char error[512];
};

// Sets the error, for a person.
void kansen_session_tell(struct kansen_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Ends the session for good; the error is told, or (fail_memory) that memory is short.
void kansen_session_fail(struct kansen_session *session, int outcome);
void kansen_session_fail_memory(struct kansen_session *session);

// There is no connection any more; the error is told. Waits at least hint_ms, if it may try again.
void kansen_session_lose(struct kansen_session *session, int outcome, uint32_t hint_ms, uint64_t now_ms);

// Hello was answered OK: from OPENING to READY, with all calls.
void kansen_session_ready(struct kansen_session *session, uint64_t now_ms);

// Queues hello.
void kansen_session_say_hello(struct kansen_session *session);

#endif
