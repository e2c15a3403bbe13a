// SPDX-License-Identifier: Apache-2.0
// The other side of a session of libkansen: its daemon, its clock and its dice.
#ifndef TESTS_UNIT_SESSION_FIXTURE_H
#define TESTS_UNIT_SESSION_FIXTURE_H

#include "client/lib/kansen_session.h"
#include "proto/frame.h"
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <string.h>

#define ASKED_MAX 256u

enum { OK = 0, DEADLINE_EXCEEDED = 4, RESOURCE_EXHAUSTED = 8, UNAVAILABLE = 14, UNAUTHENTICATED = 16 };

// What the session has sent, as its daemon reads it.
struct peer {
    struct kansen_session *session;
    Kansen__V1__Request *asked[ASKED_MAX];
    size_t count;
    uint64_t dice; // what chance gives next
};

static inline uint64_t
roll(void *arg)
{
    const struct peer *peer = arg;

    return peer->dice;
}

static inline void
forget(struct peer *peer)
{
    for (size_t i = 0; i < peer->count; i++)
        kansen__v1__request__free_unpacked(peer->asked[i], NULL);
    peer->count = 0;
}

// Reads all that the session wants to send.
static inline void
listen_to(struct peer *peer)
{
    size_t len;
    const uint8_t *data = kansen_session_output(peer->session, &len);
    struct frame frame;

    forget(peer);
    for (size_t at = 0; at < len; at += frame.header_len + frame.payload_len) {
        assert_int_equal(frame_decode(data + at, len - at, FRAME_DEFAULT_MAX, &frame), FRAME_WHOLE);
        assert_true(peer->count < ASKED_MAX);
        peer->asked[peer->count] =
            kansen__v1__request__unpack(NULL, frame.payload_len, data + at + frame.header_len);
        assert_non_null(peer->asked[peer->count++]);
    }
    kansen_session_sent(peer->session, len);
}

static inline void
say(struct peer *peer, const Kansen__V1__Response *response, uint64_t now_ms)
{
    uint8_t bytes[256];
    size_t size = kansen__v1__response__get_packed_size(response), header = frame_encode_header(bytes, size);

    assert_true(header + size <= sizeof bytes);
    kansen__v1__response__pack(response, bytes + header);
    kansen_session_feed(peer->session, bytes, header + size, now_ms);
}

static inline void
say_status(struct peer *peer, uint64_t id, int code, uint32_t hint_ms, uint64_t now_ms)
{
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    Kansen__V1__Status status = KANSEN__V1__STATUS__INIT;

    status.code = code;
    status.message = "no";
    status.retry_after_ms = hint_ms;
    response.id = id;
    response.status = &status;
    say(peer, &response, now_ms);
}

static inline void
say_pong(struct peer *peer, uint64_t id, uint64_t now_ms)
{
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    Kansen__V1__PingResponse pong = KANSEN__V1__PING_RESPONSE__INIT;

    response.id = id;
    response.body_case = KANSEN__V1__RESPONSE__BODY_PING;
    response.ping = &pong;
    say(peer, &response, now_ms);
}

static inline void
begin(struct peer *peer, const struct kansen_options *options, uint64_t dice)
{
    const struct kansen_random random = {roll, peer};

    *peer = (struct peer){.dice = dice};
    peer->session = kansen_session_new("unix:/s", options, &random);
    assert_non_null(peer->session);
    assert_int_equal(kansen_session_state(peer->session), KANSEN_SESSION_CONNECT);
}

static inline void
end(struct peer *peer)
{
    forget(peer);
    kansen_session_free(peer->session);
}

// Opens a connection and answers hello, which must be the first thing that is said.
static inline void
welcome(struct peer *peer, uint64_t now_ms)
{
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    Kansen__V1__HelloResponse hello = KANSEN__V1__HELLO_RESPONSE__INIT;

    kansen_session_opened(peer->session, true, now_ms);
    assert_int_equal(kansen_session_state(peer->session), KANSEN_SESSION_OPENING);
    listen_to(peer);
    assert_int_equal(peer->count, 1);
    assert_int_equal(peer->asked[0]->body_case, KANSEN__V1__REQUEST__BODY_HELLO);
    response.id = peer->asked[0]->id;
    response.body_case = KANSEN__V1__RESPONSE__BODY_HELLO;
    response.hello = &hello;
    hello.max_frame_bytes = FRAME_DEFAULT_MAX;
    say(peer, &response, now_ms);
    assert_int_equal(kansen_session_state(peer->session), KANSEN_SESSION_READY);
    listen_to(peer);
}

enum kind { PING, WRITE, KEYED, WATCH };

// Asks, with the id as tag.
static inline uint64_t
ask_how(struct peer *peer, enum kind kind, uint32_t deadline_ms, unsigned how, uint64_t now_ms)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__WatchRequest watch = KANSEN__V1__WATCH_REQUEST__INIT;
    static char tags[1000];
    static size_t next;
    uint64_t id;

    request.deadline_ms = deadline_ms;
    if (kind == PING) {
        request.body_case = KANSEN__V1__REQUEST__BODY_PING;
        request.ping = &ping;
    } else if (kind == WATCH) {
        request.body_case = KANSEN__V1__REQUEST__BODY_WATCH;
        request.watch = &watch;
    } else {
        request.body_case = KANSEN__V1__REQUEST__BODY_WRITE;
        request.write = &write;
        write.source = "here";
        if (kind == KEYED)
            request.idempotency_key = "key";
    }
    next = (next + 1) % sizeof tags;
    assert_int_equal(kansen_session_request(peer->session, &request, how, tags + next, now_ms, &id), 0);
    assert_int_equal(request.id, id);
    return id;
}

static inline uint64_t
ask(struct peer *peer, enum kind kind, uint32_t deadline_ms, uint64_t now_ms)
{
    return ask_how(peer, kind, deadline_ms, 0, now_ms);
}

// The next answer must be this one.
static inline void
expect(struct peer *peer, uint64_t id, int code, bool local)
{
    struct kansen_answer answer;

    assert_int_equal(kansen_session_answer(peer->session, &answer), 0);
    assert_int_equal(answer.response->id, id);
    assert_int_equal(kansen_code(answer.response), code);
    assert_int_equal(answer.local, local);
    assert_int_equal(answer.tag != NULL, id != 0);
    assert_true(!local || answer.response->status->message[0] != '\0');
    kansen__v1__response__free_unpacked(answer.response, NULL);
}

static inline void
expect_nothing(struct peer *peer)
{
    struct kansen_answer answer;

    assert_int_equal(kansen_session_answer(peer->session, &answer), KANSEN_E_MORE);
}

#endif
