// SPDX-License-Identifier: Apache-2.0
// Bytes in, bytes out. Invariant: what arrives is taken apart at once, so that an end of the connection comes
// behind all answers that were received before it.
#include "client/lib/kansen_session_inside.h"

#define ENCRYPTED_HIGH (256u << 10) // bytes that TLS makes ready before the socket takes some
#define PLAIN_SIZE     (16u * 1024) // of a record of TLS
#define FRAME_LIMIT    (64u << 20)  // greatest frame that a daemon may ask us to hold

// ---- What comes

static bool
may_pass(int code)
{
    return code == UNAVAILABLE || code == RESOURCE_EXHAUSTED || code == DEADLINE_EXCEEDED;
}

static void
take_hello(struct kansen_session *session, Kansen__V1__Response *response, uint64_t now_ms)
{
    uint32_t max;

    if (session->hello != NULL)
        kansen__v1__response__free_unpacked(session->hello, NULL);
    session->hello = response;
    if (kansen_code(response) != 0) {
        kansen_session_tell(session, "%s", response->status->message);
        if (may_pass(kansen_code(response)))
            kansen_session_lose(session, KANSEN_E_REFUSED, response->status->retry_after_ms, now_ms);
        else
            kansen_session_fail(session, KANSEN_E_REFUSED);
        return;
    }
    if (response->body_case != KANSEN__V1__RESPONSE__BODY_HELLO) {
        kansen_session_tell(session, "what came back is no answer to hello");
        kansen_session_fail(session, KANSEN_E_PROTOCOL);
        return;
    }
    max = response->hello->max_frame_bytes;
    if (max > 0)
        kansen_core_set_max_frame(session->core, max < FRAME_LIMIT ? max : FRAME_LIMIT);
    kansen_session_ready(session, now_ms);
}

// A watch that was answered can go on from there on another connection.
static void
note_watch(struct kansen_call *call, const Kansen__V1__Response *response)
{
    if (!call->follows || response->body_case != KANSEN__V1__RESPONSE__BODY_WATCH ||
        response->watch->next_sequence == 0)
        return;
    call->resume = response->watch->next_sequence;
    call->repeatable = !call->once;
    if (kansen_code(response) == 0)
        call->tries = 1;
}

// Whether the call is to be sent again although it was answered: the daemon stops, or can not write for now.
static bool
put_back(struct kansen_session *session, struct kansen_call *call, const Kansen__V1__Response *response,
         uint64_t now_ms)
{
    uint32_t wait_ms;

    if (session->settings.retry_ms == 0 || !call->repeatable || call->tries >= KANSEN_TRIES_MAX ||
        kansen_code(response) != UNAVAILABLE ||
        (response->body_case == KANSEN__V1__RESPONSE__BODY_WATCH && response->watch->n_events > 0))
        return false;
    wait_ms = kansen_backoff_next(&session->backoff, session->random.next(session->random.arg));
    if (wait_ms < response->status->retry_after_ms)
        wait_ms = response->status->retry_after_ms;
    call->again_ms = now_ms + wait_ms;
    call->sent = false;
    return true;
}

// Takes a response over.
static void
take(struct kansen_session *session, Kansen__V1__Response *response, uint64_t now_ms)
{
    struct kansen_call *call = kansen_calls_find(&session->calls, response->id);

    if (call != NULL)
        note_watch(call, response);
    if (response->id != 0 && response->id == session->hello_id) {
        take_hello(session, response, now_ms);
    } else if (response->id == 0 && session->settings.retry_ms > 0 && may_pass(kansen_code(response))) {
        kansen_session_tell(session, "%s", response->status->message);
        kansen_session_lose(session, KANSEN_E_REFUSED, response->status->retry_after_ms, now_ms);
        kansen__v1__response__free_unpacked(response, NULL);
    } else if (response->id == 0) {
        if (kansen_calls_more(&session->calls, response, NULL) != 0)
            kansen_session_fail_memory(session);
    } else if (call == NULL || put_back(session, call, response, now_ms)) {
        kansen__v1__response__free_unpacked(response, NULL); // late: its deadline has passed
    } else if (kansen_is_last(response)) {
        kansen_backoff_reset(&session->backoff);
        kansen_calls_end(&session->calls, call, response, 0, NULL);
    } else if (kansen_calls_more(&session->calls, response, call->end->tag) != 0) {
        kansen_session_fail_memory(session);
    }
}

static bool
is_open(const struct kansen_session *session)
{
    return session->state == KANSEN_SESSION_OPENING || session->state == KANSEN_SESSION_READY;
}

static void
take_plain(struct kansen_session *session, const uint8_t *data, size_t len, uint64_t now_ms)
{
    Kansen__V1__Response *response = NULL;
    int result = kansen_core_feed(session->core, data, len);

    while (result == 0 && is_open(session)) {
        result = kansen_core_response(session->core, &response);
        if (result == 0)
            take(session, response, now_ms);
    }
    if (!is_open(session) || result == KANSEN_E_MORE)
        return;
    if (result == KANSEN_E_PROTOCOL) {
        kansen_session_tell(session, "what came back is no answer of kansend");
        kansen_session_fail(session, result);
    } else {
        kansen_session_fail_memory(session);
    }
}

static void
shake_hands(struct kansen_session *session)
{
    int result = kansen_tls_handshake(session->tls);

    if (result == 0) {
        kansen_session_say_hello(session);
    } else if (result != KANSEN_E_MORE) {
        kansen_session_tell(session, "%s: %s", session->settings.server, kansen_tls_error(session->tls));
        kansen_session_fail(session, result);
    }
}

void
kansen_session_feed(struct kansen_session *session, const uint8_t *data, size_t len, uint64_t now_ms)
{
    uint8_t plain[PLAIN_SIZE];
    ssize_t n = 0;

    if (!is_open(session))
        return;
    session->moved_ms = now_ms;
    if (session->tls == NULL) {
        take_plain(session, data, len, now_ms);
        return;
    }
    if (kansen_tls_feed(session->tls, data, len) != 0) {
        kansen_session_fail_memory(session);
        return;
    }
    if (session->hello_id == 0)
        shake_hands(session);
    while (is_open(session) && session->hello_id != 0 &&
           (n = kansen_tls_read(session->tls, plain, sizeof plain)) > 0)
        take_plain(session, plain, (size_t)n, now_ms);
    if (is_open(session) && n == KANSEN_TLS_CLOSED)
        kansen_session_broken(session, KANSEN_E_CLOSED, "the daemon closed the connection", now_ms);
    else if (is_open(session) && n == KANSEN_TLS_FAILED)
        kansen_session_broken(session, KANSEN_E_TLS, kansen_tls_error(session->tls), now_ms);
}

// ---- What goes

const uint8_t *
kansen_session_output(struct kansen_session *session, size_t *len)
{
    const uint8_t *data;
    size_t encrypted;

    *len = 0;
    if (!is_open(session) && (session->state != KANSEN_SESSION_FAILED || session->tls == NULL))
        return NULL;
    data = kansen_core_output(session->core, len);
    if (session->tls == NULL)
        return data;
    kansen_tls_output(session->tls, &encrypted);
    if (is_open(session) && *len > 0 && encrypted < ENCRYPTED_HIGH) {
        size_t now = *len < ENCRYPTED_HIGH ? *len : ENCRYPTED_HIGH;

        if (kansen_tls_write(session->tls, data, now) == 0)
            kansen_core_sent(session->core, now);
        else
            session->tls_broke = true;
    }
    return kansen_tls_output(session->tls, len);
}

void
kansen_session_sent(struct kansen_session *session, size_t len)
{
    if (session->tls != NULL)
        kansen_tls_sent(session->tls, len);
    else
        kansen_core_sent(session->core, len);
}
