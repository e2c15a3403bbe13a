// SPDX-License-Identifier: Apache-2.0
// A session of libkansen with a daemon, a network and a clock that do what the input says: each byte is a
// step. What must hold: each request is answered once (a watch ends once), whatever comes; none that may not
// be sent twice is; nothing is sent without a connection; and in the end all that was asked is answered.
#include "client/lib/kansen_session.h"
#include "proto/frame.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

#define CALLS_MAX 64u

enum step { ASK, OPEN, BREAK, TICK, FEED, SAY, TAKE, SEND, STEPS };

struct call {
    uint64_t id;
    bool ended;
    unsigned sent, most; // times; no bound for a watch that goes on from where it was
};

static struct world {
    struct kansen_session *session;
    struct call calls[CALLS_MAX];
    size_t asked, ended;
    uint64_t now, dice, hello_id;
} world;

static uint64_t
roll(void *arg)
{
    (void)arg;
    return world.dice = world.dice * 6364136223846793005u + 1442695040888963407u;
}

static struct call *
call_named(uint64_t id)
{
    for (size_t i = 0; i < world.asked; i++)
        if (world.calls[i].id == id)
            return &world.calls[i];
    return NULL;
}

// ---- Steps

// The byte: what is asked, how, and whether it has a deadline.
static void
ask(uint8_t byte)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__WatchRequest watch = KANSEN__V1__WATCH_REQUEST__INIT;
    Kansen__V1__BackupRequest backup = KANSEN__V1__BACKUP_REQUEST__INIT;
    unsigned how = byte >> 4 & 3;
    struct call *call = &world.calls[world.asked];
    int result;

    if (world.asked == CALLS_MAX)
        return;
    request.deadline_ms = (byte & 0x80) != 0 ? 300 : 0;
    request.idempotency_key = (byte & 0x04) != 0 ? "key" : "";
    request.body_case = KANSEN__V1__REQUEST__BODY_PING;
    request.ping = &ping;
    if ((byte & 3) == 1) {
        request.body_case = KANSEN__V1__REQUEST__BODY_WRITE;
        request.write = &write;
    } else if ((byte & 3) == 2) {
        request.body_case = KANSEN__V1__REQUEST__BODY_WATCH;
        request.watch = &watch;
    } else if ((byte & 3) == 3) {
        request.body_case = KANSEN__V1__REQUEST__BODY_BACKUP;
        request.backup = &backup;
    }
    *call = (struct call){.most = 1};
    if ((how & KANSEN_ONCE) == 0 && request.body_case == KANSEN__V1__REQUEST__BODY_WATCH)
        call->most = UINT32_MAX;
    else if ((how & KANSEN_ONCE) == 0 && ((how & KANSEN_REPEAT) != 0 || kansen_repeatable(&request)))
        call->most = KANSEN_TRIES_MAX;
    result = kansen_session_request(world.session, &request, how, call, world.now, &call->id);
    assert(result == 0 || result == KANSEN_E_FULL || result == KANSEN_E_CLOSED);
    if (result == 0)
        world.asked++;
}

// A response that is well formed: to request `id`, with a code, and a body.
static void
say(uint8_t id, uint8_t how)
{
    static const int codes[] = {0, 0, 0, 4, 8, 14, 16, 3};
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    Kansen__V1__Status status = KANSEN__V1__STATUS__INIT;
    Kansen__V1__HelloResponse hello = KANSEN__V1__HELLO_RESPONSE__INIT;
    Kansen__V1__PingResponse pong = KANSEN__V1__PING_RESPONSE__INIT;
    Kansen__V1__WatchResponse watch = KANSEN__V1__WATCH_RESPONSE__INIT;
    uint8_t bytes[128];
    size_t size, header;

    response.id = id == 0xff ? world.hello_id : id;
    response.status = (how & 7) != 0 ? &status : NULL;
    status.code = codes[how & 7];
    status.retry_after_ms = (how & 0x80) != 0 ? 500 : 0;
    watch.end = (how & 0x40) != 0;
    watch.next_sequence = id;
    hello.max_frame_bytes = (how & 0x40) != 0 ? 64 : 0;
    response.body_case = KANSEN__V1__RESPONSE__BODY_HELLO;
    response.hello = &hello;
    if ((how >> 4 & 3) == 1) {
        response.body_case = KANSEN__V1__RESPONSE__BODY_PING;
        response.ping = &pong;
    } else if ((how >> 4 & 3) == 2) {
        response.body_case = KANSEN__V1__RESPONSE__BODY_WATCH;
        response.watch = &watch;
    }
    size = kansen__v1__response__get_packed_size(&response);
    header = frame_encode_header(bytes, size);
    assert(header + size <= sizeof bytes);
    kansen__v1__response__pack(&response, bytes + header);
    kansen_session_feed(world.session, bytes, header + size, world.now);
}

static void
count_sent(const Kansen__V1__Request *request)
{
    struct call *call = call_named(request->id);

    if (request->body_case == KANSEN__V1__REQUEST__BODY_HELLO) {
        world.hello_id = request->id;
        return;
    }
    assert(kansen_session_state(world.session) !=
           KANSEN_SESSION_OPENING); // nothing goes before hello is answered
    assert(call != NULL);
    call->sent++;
    assert(call->sent <= call->most);
}

static void
send_all(void)
{
    enum kansen_session_state state = kansen_session_state(world.session);
    size_t len;
    const uint8_t *data = kansen_session_output(world.session, &len);
    struct frame frame;

    assert(len == 0 || state == KANSEN_SESSION_OPENING || state == KANSEN_SESSION_READY);
    for (size_t at = 0; at < len; at += frame.header_len + frame.payload_len) {
        Kansen__V1__Request *request;

        assert(frame_decode(data + at, len - at, FRAME_DEFAULT_MAX, &frame) == FRAME_WHOLE);
        request = kansen__v1__request__unpack(NULL, frame.payload_len, data + at + frame.header_len);
        assert(request != NULL);
        count_sent(request);
        kansen__v1__request__free_unpacked(request, NULL);
    }
    kansen_session_sent(world.session, len);
}

static void
take(void)
{
    struct kansen_answer answer;
    int result;

    while ((result = kansen_session_answer(world.session, &answer)) == 0) {
        struct call *call = answer.tag;

        assert((call == NULL) == (answer.response->id == 0));
        if (call != NULL) {
            assert(call->id == answer.response->id && !call->ended);
            call->ended = kansen_is_last(answer.response);
            world.ended += call->ended;
            assert(!answer.local || (call->ended && kansen_code(answer.response) != 0));
        }
        kansen__v1__response__free_unpacked(answer.response, NULL);
    }
    assert(result == KANSEN_E_MORE);
    assert(kansen_session_in_flight(world.session) == world.asked - world.ended);
}

// ----

static void
run(const uint8_t *data, size_t size)
{
    while (size > 0) {
        uint8_t byte = fuzz_byte(&data, &size);
        size_t len;

        switch ((enum step)(byte % STEPS)) {
        case ASK:
            ask(fuzz_byte(&data, &size));
            break;
        case OPEN:
            kansen_session_opened(world.session, (byte & 0x80) == 0, world.now);
            break;
        case BREAK:
            kansen_session_broken(world.session, KANSEN_E_CLOSED, "gone", world.now);
            break;
        case TICK:
            world.now += (uint64_t)(byte >> 3) * 20;
            kansen_session_tick(world.session, world.now);
            break;
        case FEED:
            len = (size_t)(byte >> 3) < size ? (size_t)(byte >> 3) : size;
            kansen_session_feed(world.session, data, len, world.now);
            data += len;
            size -= len;
            break;
        case SAY:
            say(fuzz_byte(&data, &size), fuzz_byte(&data, &size));
            break;
        case TAKE:
            take();
            break;
        default:
            send_all();
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct kansen_random random = {roll, NULL};
    uint8_t how = fuzz_byte(&data, &size);
    const struct kansen_options options = {.token = (how & 1) != 0 ? "secret" : NULL,
                                           .retry_ms = (how & 2) != 0 ? 0 : 3000,
                                           .timeout_ms = 1000,
                                           .max_in_flight = (how & 4) != 0 ? 3 : 0};

    world = (struct world){.now = 1000, .dice = how};
    world.session = kansen_session_new("unix:/s", &options, &random);
    assert(world.session != NULL);
    run(data, size);
    // The network goes for good: in a bounded time nothing is left open.
    for (int i = 0; kansen_session_state(world.session) != KANSEN_SESSION_FAILED; i++) {
        assert(i < 10000);
        send_all();
        kansen_session_broken(world.session, KANSEN_E_UNREACHABLE, "nobody", world.now);
        world.now += 10;
        kansen_session_tick(world.session, world.now);
    }
    assert(kansen_session_failure(world.session) != 0);
    take();
    assert(world.ended == world.asked);
    kansen_session_free(world.session);
    return 0;
}
