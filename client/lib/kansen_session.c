// SPDX-License-Identifier: Apache-2.0
// One state, changed by move(); one row of calls, which outlives connections. Invariants: a call that is
// marked as sent went out on the connection that is there; the core knows of this connection only, and of
// calls that have been given up too, whose late answers are dropped; hello_id is 0 until hello is under way.
#include "base/version.h"
#include "client/lib/kansen_address.h"
#include "client/lib/kansen_session_inside.h"
#include "proto/frame.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define NOT_KNOWN "the connection broke before the answer came; whether it was done is not known"
#define NOT_SENT  "there is no connection; it was not sent"

static uint64_t
random_of_kernel(void *arg)
{
    uint64_t value;

    (void)arg;
    return getrandom(&value, sizeof value, GRND_NONBLOCK) == sizeof value ? value : UINT64_MAX / 2;
}

// ---- States

static void
move(struct kansen_session *session, enum kansen_session_state to)
{
    static const bool allowed[][KANSEN_SESSION_FAILED + 1] = {
        [KANSEN_SESSION_CONNECT] =
            {[KANSEN_SESSION_OPENING] = true, [KANSEN_SESSION_WAIT] = true, [KANSEN_SESSION_FAILED] = true},
        [KANSEN_SESSION_OPENING] =
            {[KANSEN_SESSION_READY] = true, [KANSEN_SESSION_WAIT] = true, [KANSEN_SESSION_FAILED] = true},
        [KANSEN_SESSION_READY] = {[KANSEN_SESSION_WAIT] = true, [KANSEN_SESSION_FAILED] = true},
        [KANSEN_SESSION_WAIT] = {[KANSEN_SESSION_CONNECT] = true},
        [KANSEN_SESSION_FAILED] = {false},
    };

    assert(allowed[session->state][to]);
    session->state = to;
}

void
kansen_session_tell(struct kansen_session *session, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(session->error, sizeof session->error, format, args);
    va_end(args);
}

void
kansen_session_fail(struct kansen_session *session, int outcome)
{
    move(session, KANSEN_SESSION_FAILED);
    session->failure = outcome;
    while (session->calls.first != NULL)
        kansen_calls_end(&session->calls, session->calls.first, NULL, UNAVAILABLE,
                         session->calls.first->sent ? NOT_KNOWN : NOT_SENT);
}

void
kansen_session_fail_memory(struct kansen_session *session)
{
    if (session->state == KANSEN_SESSION_FAILED)
        return;
    kansen_session_tell(session, "out of memory");
    kansen_session_fail(session, -ENOMEM);
}

// What is sent again on the next connection; the others end.
static void
keep_repeatable(struct kansen_session *session)
{
    for (struct kansen_call *call = session->calls.first, *next; call != NULL; call = next) {
        next = call->next;
        call->again_ms = KANSEN_NEVER;
        if (call->sent && !call->repeatable)
            kansen_calls_end(&session->calls, call, NULL, UNAVAILABLE, NOT_KNOWN);
        else
            call->sent = false;
    }
}

void
kansen_session_lose(struct kansen_session *session, int outcome, uint32_t hint_ms, uint64_t now_ms)
{
    uint32_t retry_ms = session->settings.retry_ms, wait_ms;

    if (session->lost_ms == KANSEN_NEVER)
        session->lost_ms = now_ms;
    wait_ms = kansen_backoff_next(&session->backoff, session->random.next(session->random.arg));
    if (wait_ms < hint_ms)
        wait_ms = hint_ms;
    if (retry_ms == 0 || (retry_ms != UINT32_MAX && now_ms - session->lost_ms + wait_ms > retry_ms)) {
        kansen_session_fail(session, outcome);
        return;
    }
    keep_repeatable(session);
    kansen_core_reset(session->core, FRAME_DEFAULT_MAX);
    session->hello_id = 0;
    session->due_ms = now_ms + wait_ms;
    move(session, KANSEN_SESSION_WAIT);
}

// Makes what a connection needs, in CONNECT: reads the files, which may have changed.
static void
prepare(struct kansen_session *session)
{
    const struct kansen_settings *settings = &session->settings;
    char host[KANSEN_ADDRESS_HOST_MAX], error[KANSEN_TLS_ERROR_MAX];
    struct kansen_tls_options options = {host, settings->ca_file, settings->certificate_file,
                                         settings->key_file};
    int result;

    kansen_tls_free(session->tls);
    session->tls = NULL;
    if (kansen_address_tls_host(settings->server, host) != 0)
        return; // plain; a bad address was told by kansen_address_check
    result = kansen_tls_new(&options, &session->tls, error);
    if (result == 0)
        return;
    kansen_session_tell(session, "%s", error);
    kansen_session_fail(session, result);
}

// ---- Calls

static void
send_call(struct kansen_session *session, struct kansen_call *call, uint64_t now_ms)
{
    int result = 0;

    call->again_ms = KANSEN_NEVER;
    if (call->deadline_ms <= now_ms) // told by the tick
        return;
    if (call->deadline_ms != KANSEN_NEVER)
        call->packed.deadline_ms = (uint32_t)(call->deadline_ms - now_ms);
    if (kansen_core_asked(session->core) == 0)
        session->moved_ms = now_ms;
    if (call->resume > 0)
        result = kansen_calls_resume(call);
    if (result == 0)
        result = kansen_core_queue(session->core, &call->packed);
    if (result == KANSEN_E_TOO_LARGE)
        kansen_calls_end(&session->calls, call, NULL, INVALID_ARGUMENT,
                         "the request does not fit a frame of the daemon");
    else if (result != 0)
        kansen_session_fail_memory(session);
    if (result != 0)
        return;
    call->sent = true;
    call->tries++;
}

static void
send_all(struct kansen_session *session, uint64_t now_ms)
{
    for (struct kansen_call *call = session->calls.first, *next; call != NULL; call = next) {
        next = call->next;
        if (call->tries >= KANSEN_TRIES_MAX)
            kansen_calls_end(&session->calls, call, NULL, UNAVAILABLE,
                             "it was sent many times and never answered");
        else
            send_call(session, call, now_ms);
        if (session->state == KANSEN_SESSION_FAILED)
            return;
    }
}

static void
end_late(struct kansen_session *session, uint64_t now_ms)
{
    for (struct kansen_call *call = session->calls.first, *next; call != NULL; call = next) {
        next = call->next;
        if (call->deadline_ms <= now_ms)
            kansen_calls_end(&session->calls, call, NULL, DEADLINE_EXCEEDED,
                             call->tries > 0 ? "no answer came in time; whether it was done is not known"
                                             : "it could not be sent in time");
    }
}

static void
send_again(struct kansen_session *session, uint64_t now_ms)
{
    for (struct kansen_call *call = session->calls.first, *next; call != NULL; call = next) {
        next = call->next;
        if (call->again_ms <= now_ms)
            send_call(session, call, now_ms);
        if (session->state == KANSEN_SESSION_FAILED)
            return;
    }
}

void
kansen_session_ready(struct kansen_session *session, uint64_t now_ms)
{
    move(session, KANSEN_SESSION_READY);
    session->lost_ms = KANSEN_NEVER;
    send_all(session, now_ms);
}

void
kansen_session_say_hello(struct kansen_session *session)
{
    Kansen__V1__HelloRequest hello = KANSEN__V1__HELLO_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    struct kansen_call *call;
    int result;

    hello.protocol_version = KANSEN_PROTOCOL_VERSION;
    hello.client_name = session->settings.client_name;
    hello.token = session->settings.token;
    request.body_case = KANSEN__V1__REQUEST__BODY_HELLO;
    request.hello = &hello;
    call = kansen_calls_make(&session->calls, &request);
    result = call != NULL ? kansen_core_queue(session->core, &call->packed) : -ENOMEM;
    if (result == 0) {
        session->hello_id = session->calls.last_id = call->packed.id;
    } else if (result == KANSEN_E_TOO_LARGE) {
        kansen_session_tell(session, "the token and the client's name do not fit a frame");
        kansen_session_fail(session, KANSEN_E_REFUSED);
    } else {
        kansen_session_fail_memory(session);
    }
    kansen_calls_drop(call);
}

// ---- For the carrier

struct kansen_session *
kansen_session_new(const char *server, const struct kansen_options *options,
                   const struct kansen_random *random)
{
    struct kansen_session *session = calloc(1, sizeof *session);

    if (session == NULL)
        return NULL;
    session->lost_ms = KANSEN_NEVER;
    session->random = random != NULL ? *random : (struct kansen_random){random_of_kernel, NULL};
    session->core = kansen_core_new(FRAME_DEFAULT_MAX);
    if (kansen_settings_copy(&session->settings, server, options) != 0 || session->core == NULL) {
        kansen_session_free(session);
        return NULL;
    }
    session->backoff = (struct kansen_backoff){.first_ms = session->settings.backoff_first_ms,
                                               .most_ms = session->settings.backoff_most_ms};
    if (kansen_address_check(server, session->error, sizeof session->error) != 0)
        kansen_session_fail(session, KANSEN_E_ADDRESS);
    else
        prepare(session);
    return session;
}

void
kansen_session_free(struct kansen_session *session)
{
    if (session == NULL)
        return;
    if (session->hello != NULL)
        kansen__v1__response__free_unpacked(session->hello, NULL);
    kansen_calls_free(&session->calls);
    kansen_core_free(session->core);
    kansen_tls_free(session->tls);
    kansen_settings_free(&session->settings);
    free(session);
}

enum kansen_session_state
kansen_session_state(const struct kansen_session *session)
{
    return session->state;
}

const char *
kansen_session_server(const struct kansen_session *session)
{
    return session->settings.server;
}

int
kansen_session_failure(const struct kansen_session *session)
{
    return session->failure;
}

const char *
kansen_session_error(const struct kansen_session *session)
{
    return session->error;
}

const Kansen__V1__HelloResponse *
kansen_session_hello(const struct kansen_session *session)
{
    if (session->hello == NULL || session->hello->body_case != KANSEN__V1__RESPONSE__BODY_HELLO)
        return NULL;
    return session->hello->hello;
}

const Kansen__V1__Status *
kansen_session_refusal(const struct kansen_session *session)
{
    return session->hello != NULL && kansen_code(session->hello) != 0 ? session->hello->status : NULL;
}

void
kansen_session_opened(struct kansen_session *session, bool local, uint64_t now_ms)
{
    const struct kansen_settings *settings = &session->settings;

    if (session->state != KANSEN_SESSION_CONNECT)
        return;
    if (session->tls == NULL && settings->token[0] != '\0' && !local && !settings->insecure_plain_token) {
        kansen_session_tell(session,
                            "the token was not sent to %s, as everybody on the way could read it; use tls:%s",
                            settings->server, settings->server);
        kansen_session_fail(session, KANSEN_E_PLAIN);
        return;
    }
    session->moved_ms = now_ms;
    session->tls_broke = false;
    move(session, KANSEN_SESSION_OPENING);
    if (session->tls == NULL)
        kansen_session_say_hello(session);
    else
        (void)kansen_tls_handshake(session->tls); // its first bytes; the outcome comes with an answer
}

void
kansen_session_broken(struct kansen_session *session, int outcome, const char *why, uint64_t now_ms)
{
    if (session->state == KANSEN_SESSION_WAIT || session->state == KANSEN_SESSION_FAILED)
        return;
    if (session->state == KANSEN_SESSION_OPENING && session->tls != NULL && session->hello_id == 0 &&
        outcome == KANSEN_E_CLOSED)
        kansen_session_tell(session, "%s closed the connection during the TLS handshake",
                            session->settings.server);
    else
        kansen_session_tell(session, "%s", why);
    kansen_session_lose(session, outcome, 0, now_ms);
}

// Whether silence would be a fault now: not where nothing is asked, and not where no other connection would
// be made: then it is for the caller to judge.
static bool
waits(const struct kansen_session *session)
{
    if (session->state == KANSEN_SESSION_OPENING)
        return true;
    return session->state == KANSEN_SESSION_READY && session->settings.retry_ms > 0 &&
           kansen_core_asked(session->core) > 0;
}

uint64_t
kansen_session_due(const struct kansen_session *session)
{
    uint64_t due = kansen_calls_due(&session->calls),
             silent = session->moved_ms + session->settings.timeout_ms;

    if (session->state == KANSEN_SESSION_WAIT && session->due_ms < due)
        due = session->due_ms;
    if (waits(session) && silent < due)
        due = silent;
    return session->tls_broke ? 0 : due;
}

void
kansen_session_tick(struct kansen_session *session, uint64_t now_ms)
{
    const struct kansen_settings *settings = &session->settings;

    if (session->tls_broke) {
        session->tls_broke = false;
        kansen_session_broken(session, KANSEN_E_TLS, kansen_tls_error(session->tls), now_ms);
    }
    if (waits(session) && now_ms - session->moved_ms >= settings->timeout_ms) {
        if (session->tls != NULL && session->hello_id == 0)
            kansen_session_tell(session, "%s did not answer the TLS handshake for %u.%03u s",
                                settings->server, settings->timeout_ms / 1000, settings->timeout_ms % 1000);
        else
            kansen_session_tell(session, "the daemon did not answer for %u.%03u s",
                                settings->timeout_ms / 1000, settings->timeout_ms % 1000);
        kansen_session_lose(session, KANSEN_E_TIMEOUT, 0, now_ms);
    }
    end_late(session, now_ms);
    if (session->state == KANSEN_SESSION_READY)
        send_again(session, now_ms);
    if (session->state != KANSEN_SESSION_WAIT || now_ms < session->due_ms)
        return;
    move(session, KANSEN_SESSION_CONNECT);
    prepare(session);
}

int
kansen_session_request(struct kansen_session *session, Kansen__V1__Request *request, unsigned how, void *tag,
                       uint64_t now_ms, uint64_t *id)
{
    struct kansen_call *call;

    if (session->state == KANSEN_SESSION_FAILED)
        return KANSEN_E_CLOSED;
    if (session->calls.count >= session->settings.max_in_flight)
        return KANSEN_E_FULL;
    call = kansen_calls_make(&session->calls, request);
    if (call == NULL)
        return -ENOMEM;
    call->packed.deadline_ms = request->deadline_ms;
    if (!kansen_core_fits(session->core, &call->packed)) {
        kansen_calls_drop(call);
        return KANSEN_E_TOO_LARGE;
    }
    if (request->deadline_ms > 0)
        call->deadline_ms = now_ms + request->deadline_ms;
    call->once = (how & KANSEN_ONCE) != 0;
    call->repeatable = !call->once && ((how & KANSEN_REPEAT) != 0 || kansen_repeatable(request));
    call->end->tag = tag;
    request->id = call->packed.id;
    if (id != NULL)
        *id = request->id;
    kansen_calls_add(&session->calls, call);
    if (session->state == KANSEN_SESSION_READY)
        send_call(session, call, now_ms);
    return 0;
}

int
kansen_session_answer(struct kansen_session *session, struct kansen_answer *answer)
{
    return kansen_calls_take(&session->calls, answer);
}

size_t
kansen_session_in_flight(const struct kansen_session *session)
{
    return session->calls.count;
}
