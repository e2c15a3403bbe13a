// SPDX-License-Identifier: Apache-2.0
// The session of libkansen without sockets (session_fixture.h).
#include "client/lib/kansen_backoff.h"
#include "tests/unit/session_fixture.h"

static void
test_backoff(void **state)
{
    struct kansen_backoff backoff = {.first_ms = 100, .most_ms = 1000};
    static const uint32_t bounds[] = {100, 200, 400, 800, 1000, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        struct kansen_backoff other = backoff, third = backoff;

        assert_int_equal(kansen_backoff_next(&other, 0), 0);
        assert_int_equal(kansen_backoff_next(&third, bounds[i] + 1), 0);
        assert_int_equal(kansen_backoff_next(&backoff, bounds[i]), bounds[i]);
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(kansen_backoff_next(&backoff, 1000), 1000);
    kansen_backoff_reset(&backoff);
    assert_int_equal(kansen_backoff_next(&backoff, 100), 100);
    backoff = (struct kansen_backoff){.first_ms = UINT32_MAX, .most_ms = UINT32_MAX};
    for (int i = 0; i < 100; i++)
        assert_int_equal(kansen_backoff_next(&backoff, UINT32_MAX), UINT32_MAX);
}

// Full jitter: waits are spread evenly over all of their range.
static void
test_jitter(void **state)
{
    unsigned tenths[10] = {0}, seed = 7;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        struct kansen_backoff backoff = {.first_ms = 999, .most_ms = 999};

        tenths[kansen_backoff_next(&backoff, (uint64_t)rand_r(&seed)) / 100]++;
    }
    for (size_t i = 0; i < 10; i++)
        assert_in_range(tenths[i], 850, 1150);
}

static void
test_order(void **state)
{
    const struct kansen_options options = {.max_in_flight = 3};
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    struct peer peer;
    uint64_t first, second, third;

    (void)state;
    begin(&peer, &options, 0);
    // What is asked before there is a connection waits for hello.
    first = ask(&peer, PING, 0, 1000);
    second = ask(&peer, WRITE, 500, 1000);
    welcome(&peer, 1200);
    assert_int_equal(peer.count, 2);
    assert_int_equal(peer.asked[0]->id, first);
    assert_int_equal(peer.asked[1]->id, second);
    assert_int_equal(peer.asked[1]->deadline_ms, 300); // what is left of it
    assert_string_equal(peer.asked[1]->write->source, "here");
    third = ask(&peer, PING, 0, 1300);
    request.body_case = KANSEN__V1__REQUEST__BODY_PING;
    request.ping = &ping;
    assert_int_equal(kansen_session_request(peer.session, &request, 0, NULL, 1300, NULL), KANSEN_E_FULL);
    say_pong(&peer, third, 1400);
    say_pong(&peer, first, 1400);
    expect(&peer, third, OK, false);
    expect(&peer, first, OK, false);
    expect_nothing(&peer);
    assert_int_equal(kansen_session_in_flight(peer.session), 1);
    ping.payload = (ProtobufCBinaryData){FRAME_DEFAULT_MAX, calloc(1, FRAME_DEFAULT_MAX)};
    assert_int_equal(kansen_session_request(peer.session, &request, 0, NULL, 1300, NULL), KANSEN_E_TOO_LARGE);
    free(ping.payload.data);
    end(&peer);
}

// A connection is lost with everything in flight: what may be done twice goes out again, with its id and in
// its order; the rest is told.
static void
test_lost(void **state)
{
    const struct kansen_options options = {.retry_ms = 5000, .backoff_first_ms = 100};
    struct peer peer;
    uint64_t read, once, write, keyed, always, watch;

    (void)state;
    begin(&peer, &options, 40);
    welcome(&peer, 1000);
    read = ask(&peer, PING, 10000, 1000);
    once = ask_how(&peer, PING, 0, KANSEN_ONCE, 1000);
    write = ask(&peer, WRITE, 0, 1000);
    keyed = ask(&peer, KEYED, 0, 1000);
    always = ask_how(&peer, WRITE, 0, KANSEN_REPEAT, 1000);
    watch = ask(&peer, WATCH, 0, 1000);
    listen_to(&peer);
    assert_int_equal(peer.count, 6);
    kansen_session_broken(peer.session, KANSEN_E_CLOSED, "gone", 2000);
    assert_int_equal(kansen_session_state(peer.session), KANSEN_SESSION_WAIT);
    assert_string_equal(kansen_session_error(peer.session), "gone");
    expect(&peer, once, UNAVAILABLE, true);
    expect(&peer, write, UNAVAILABLE, true);
    expect(&peer, watch, UNAVAILABLE, true);
    expect_nothing(&peer);
    assert_int_equal(kansen_session_due(peer.session), 2040);
    kansen_session_tick(peer.session, 2039);
    assert_int_equal(kansen_session_state(peer.session), KANSEN_SESSION_WAIT);
    kansen_session_tick(peer.session, 2040);
    assert_int_equal(kansen_session_state(peer.session), KANSEN_SESSION_CONNECT);
    peer.dice = 150; // of twice as much
    kansen_session_broken(peer.session, KANSEN_E_UNREACHABLE, "nobody", 2100);
    assert_int_equal(kansen_session_due(peer.session), 2250);
    kansen_session_tick(peer.session, 2250);
    welcome(&peer, 3000);
    assert_int_equal(peer.count, 3);
    assert_int_equal(peer.asked[0]->id, read);
    assert_int_equal(peer.asked[0]->deadline_ms, 8000);
    assert_int_equal(peer.asked[1]->id, keyed);
    assert_string_equal(peer.asked[1]->idempotency_key, "key");
    assert_string_equal(peer.asked[1]->write->source, "here");
    assert_int_equal(peer.asked[2]->id, always);
    say_pong(&peer, read, 3000);
    expect(&peer, read, OK, false);
    end(&peer);
}

static uint64_t
watch(struct peer *peer, uint64_t from, unsigned how)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__WatchRequest body = KANSEN__V1__WATCH_REQUEST__INIT;
    Kansen__V1__RecordKind kind = KANSEN__V1__RECORD_KIND__RECORD_KIND_OFFER;

    body.from_sequence = from;
    body.n_kinds = 1;
    body.kinds = &kind;
    request.body_case = KANSEN__V1__REQUEST__BODY_WATCH;
    request.watch = &body;
    assert_int_equal(kansen_session_request(peer->session, &request, how, peer, 0, NULL), 0);
    return request.id;
}

static void
say_watch(struct peer *peer, uint64_t id, uint64_t next, int code)
{
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    Kansen__V1__WatchResponse body = KANSEN__V1__WATCH_RESPONSE__INIT;
    Kansen__V1__Status status = KANSEN__V1__STATUS__INIT;

    response.id = id;
    response.body_case = KANSEN__V1__RESPONSE__BODY_WATCH;
    response.watch = &body;
    body.next_sequence = next;
    status.code = code;
    if (code != 0)
        response.status = &status;
    say(peer, &response, 0);
}

// Loses the connection and makes another one; the watch must be asked for again, from this sequence.
static void
expect_resumed(struct peer *peer, uint64_t id, uint64_t from)
{
    kansen_session_broken(peer->session, KANSEN_E_CLOSED, "gone", 0);
    kansen_session_tick(peer->session, 0);
    welcome(peer, 0);
    assert_int_equal(peer->count, 1);
    assert_int_equal(peer->asked[0]->id, id);
    assert_int_equal(peer->asked[0]->watch->from_sequence, from);
    assert_int_equal(peer->asked[0]->watch->n_kinds, 1);
}

// A watch goes on behind what it has told, for as long as it takes.
static void
test_watch(void **state)
{
    const struct kansen_options options = {.retry_ms = UINT32_MAX};
    struct peer peer;
    uint64_t id;

    (void)state;
    begin(&peer, &options, 0);
    welcome(&peer, 0);
    id = watch(&peer, 5, 0);
    expect_resumed(&peer, id, 5);
    for (uint64_t next = 6; next < 60; next++) {
        say_watch(&peer, id, next, OK);
        expect(&peer, id, OK, false);
        expect_resumed(&peer, id, next);
    }
    say_watch(&peer, id, 70, UNAVAILABLE); // a daemon that stops says where to resume
    expect_nothing(&peer);
    expect_resumed(&peer, id, 70);
    say_watch(&peer, id, 80, RESOURCE_EXHAUSTED); // one that lags has to hear it
    expect(&peer, id, RESOURCE_EXHAUSTED, false);
    // What comes next is known from the first answer on.
    id = watch(&peer, 0, 0);
    kansen_session_broken(peer.session, KANSEN_E_CLOSED, "gone", 0);
    expect(&peer, id, UNAVAILABLE, true);
    kansen_session_tick(peer.session, 0);
    welcome(&peer, 0);
    id = watch(&peer, 0, 0);
    say_watch(&peer, id, 90, OK);
    expect(&peer, id, OK, false);
    expect_resumed(&peer, id, 90);
    say_watch(&peer, id, 91, RESOURCE_EXHAUSTED);
    expect(&peer, id, RESOURCE_EXHAUSTED, false);
    id = watch(&peer, 5, KANSEN_ONCE);
    say_watch(&peer, id, 92, OK);
    expect(&peer, id, OK, false);
    kansen_session_broken(peer.session, KANSEN_E_CLOSED, "gone", 0);
    expect(&peer, id, UNAVAILABLE, true);
    end(&peer);
}

static void
test_gives_up(void **state)
{
    const struct kansen_options options = {.retry_ms = 1000}, never = {0};
    struct peer peer;
    uint64_t id, now = 5000;

    (void)state;
    begin(&peer, &options, 100);
    id = ask(&peer, PING, 0, now);
    for (int i = 0; i < 20 && kansen_session_state(peer.session) != KANSEN_SESSION_FAILED; i++) {
        kansen_session_broken(peer.session, KANSEN_E_UNREACHABLE, "nobody", now);
        if (kansen_session_state(peer.session) == KANSEN_SESSION_WAIT)
            now = kansen_session_due(peer.session);
        kansen_session_tick(peer.session, now);
    }
    assert_int_equal(kansen_session_state(peer.session), KANSEN_SESSION_FAILED);
    assert_in_range(now, 5900, 6000);
    assert_int_equal(kansen_session_failure(peer.session), KANSEN_E_UNREACHABLE);
    expect(&peer, id, UNAVAILABLE, true);
    expect_nothing(&peer);
    end(&peer);
    // Without retry_ms the first loss is the end, for what may be sent twice too.
    begin(&peer, &never, 0);
    welcome(&peer, 1000);
    id = ask(&peer, PING, 0, 1000);
    kansen_session_broken(peer.session, KANSEN_E_CLOSED, "gone", 2000);
    assert_int_equal(kansen_session_state(peer.session), KANSEN_SESSION_FAILED);
    assert_int_equal(kansen_session_failure(peer.session), KANSEN_E_CLOSED);
    expect(&peer, id, UNAVAILABLE, true);
    assert_int_equal(kansen_session_due(peer.session), KANSEN_NEVER);
    end(&peer);
}

static void
test_deadline(void **state)
{
    const struct kansen_options options = {.retry_ms = UINT32_MAX, .timeout_ms = 60000};
    struct peer peer;
    uint64_t id, other;

    (void)state;
    begin(&peer, &options, 0);
    id = ask(&peer, PING, 700, 1000); // never sent
    assert_int_equal(kansen_session_due(peer.session), 1700);
    kansen_session_tick(peer.session, 1699);
    expect_nothing(&peer);
    kansen_session_tick(peer.session, 1700);
    expect(&peer, id, DEADLINE_EXCEEDED, true);
    welcome(&peer, 2000);
    assert_int_equal(peer.count, 0);
    id = ask(&peer, PING, 500, 2000);
    other = ask(&peer, PING, 0, 2000);
    kansen_session_tick(peer.session, 2500);
    expect(&peer, id, DEADLINE_EXCEEDED, true);
    assert_int_equal(kansen_session_in_flight(peer.session), 1);
    // Its answer may come late: nobody hears of it, and the others go on.
    say_pong(&peer, id, 2600);
    say_pong(&peer, other, 2600);
    expect(&peer, other, OK, false);
    expect_nothing(&peer);
    assert_int_equal(kansen_session_state(peer.session), KANSEN_SESSION_READY);
    end(&peer);
}

static void
test_refused(void **state)
{
    const struct kansen_options options = {.retry_ms = 60000};
    struct peer peer;

    (void)state;
    begin(&peer, &options, 3);
    kansen_session_opened(peer.session, true, 1000);
    listen_to(&peer);
    say_status(&peer, peer.asked[0]->id, RESOURCE_EXHAUSTED, 2000, 1000);
    assert_int_equal(kansen_session_state(peer.session), KANSEN_SESSION_WAIT);
    assert_int_equal(kansen_session_due(peer.session), 3000); // as the daemon asked for
    kansen_session_tick(peer.session, 3000);
    kansen_session_opened(peer.session, true, 3000);
    say_status(&peer, 0, RESOURCE_EXHAUSTED, 50, 3000); // before it has read anything
    assert_int_equal(kansen_session_due(peer.session), 3050);
    kansen_session_tick(peer.session, 3050);
    kansen_session_opened(peer.session, true, 3050);
    listen_to(&peer);
    say_status(&peer, peer.asked[0]->id, UNAUTHENTICATED, 0, 3100);
    assert_int_equal(kansen_session_state(peer.session), KANSEN_SESSION_FAILED);
    assert_int_equal(kansen_session_failure(peer.session), KANSEN_E_REFUSED);
    assert_int_equal(kansen_session_refusal(peer.session)->code, UNAUTHENTICATED);
    end(&peer);
}

// A daemon that stops says UNAVAILABLE to what it does not begin any more.
static void
test_unavailable(void **state)
{
    const struct kansen_options options = {.retry_ms = 60000, .backoff_first_ms = 100};
    struct peer peer;
    uint64_t keyed, write;

    (void)state;
    begin(&peer, &options, 20);
    welcome(&peer, 1000);
    keyed = ask(&peer, KEYED, 0, 1000);
    write = ask(&peer, WRITE, 0, 1000);
    say_status(&peer, keyed, UNAVAILABLE, 0, 1100);
    say_status(&peer, write, UNAVAILABLE, 0, 1100);
    expect(&peer, write, UNAVAILABLE, false);
    expect_nothing(&peer);
    listen_to(&peer);
    assert_int_equal(kansen_session_due(peer.session), 1120);
    kansen_session_tick(peer.session, 1120);
    listen_to(&peer);
    assert_int_equal(peer.count, 1);
    assert_int_equal(peer.asked[0]->id, keyed);
    say_status(&peer, keyed, UNAVAILABLE, 0, 1200);
    kansen_session_broken(peer.session, KANSEN_E_CLOSED, "gone", 1210);
    kansen_session_tick(peer.session, 1230);
    welcome(&peer, 1300);
    assert_int_equal(peer.count, 1);
    say_pong(&peer, keyed, 1300);
    expect(&peer, keyed, OK, false);
    end(&peer);
}

static void
test_silence(void **state)
{
    const struct kansen_options options = {.retry_ms = UINT32_MAX, .timeout_ms = 3000};
    struct peer peer;
    uint64_t id;

    (void)state;
    begin(&peer, &options, 7);
    kansen_session_opened(peer.session, true, 1000);
    assert_int_equal(kansen_session_due(peer.session), 4000);
    kansen_session_tick(peer.session, 4000);
    assert_int_equal(kansen_session_state(peer.session), KANSEN_SESSION_WAIT);
    kansen_session_tick(peer.session, 4007);
    welcome(&peer, 5000);
    ask(&peer, WATCH, 0, 6000);
    assert_int_equal(kansen_session_due(peer.session), KANSEN_NEVER); // a watch may be silent
    id = ask(&peer, PING, 0, 50000);
    assert_int_equal(kansen_session_due(peer.session),
                     53000); // from when an answer is due, not from the last one
    kansen_session_tick(peer.session, 52999);
    assert_int_equal(kansen_session_state(peer.session), KANSEN_SESSION_READY);
    kansen_session_tick(peer.session, 53000);
    assert_non_null(strstr(kansen_session_error(peer.session), "3.000 s"));
    kansen_session_tick(peer.session, 53100);
    welcome(&peer, 53100);
    assert_int_equal(peer.asked[0]->id, id);
    end(&peer);
}

// A request that kills each daemon that reads it is not sent for ever.
static void
test_poison(void **state)
{
    const struct kansen_options options = {.retry_ms = UINT32_MAX};
    struct peer peer;
    uint64_t id;
    unsigned sent = 0;

    (void)state;
    begin(&peer, &options, 0);
    id = ask(&peer, KEYED, 0, 0);
    for (int i = 0; i < 100; i++) {
        welcome(&peer, 0);
        sent += peer.count;
        kansen_session_broken(peer.session, KANSEN_E_CLOSED, "gone", 0);
        kansen_session_tick(peer.session, 0);
    }
    assert_int_equal(sent, KANSEN_TRIES_MAX);
    expect(&peer, id, UNAVAILABLE, true);
    end(&peer);
}

static void
test_plain_token(void **state)
{
    const struct kansen_options options = {.token = "secret", .retry_ms = UINT32_MAX};
    struct kansen_session *session;
    struct peer peer;
    size_t len;

    (void)state;
    begin(&peer, &options, 0);
    kansen_session_opened(peer.session, false, 0);
    assert_int_equal(kansen_session_failure(peer.session), KANSEN_E_PLAIN);
    assert_null(kansen_session_output(peer.session, &len));
    end(&peer);
    session = kansen_session_new("nowhere", &options, NULL);
    assert_int_equal(kansen_session_failure(session), KANSEN_E_ADDRESS);
    kansen_session_free(session);
}

static void
test_garbage(void **state)
{
    const struct kansen_options options = {.retry_ms = UINT32_MAX};
    static const uint8_t garbage[] = {0x02, 0xff, 0xff};
    struct peer peer;
    uint64_t first, second;

    (void)state;
    begin(&peer, &options, 0);
    welcome(&peer, 0);
    first = ask(&peer, PING, 0, 0);
    second = ask(&peer, PING, 0, 0);
    say_pong(&peer, first, 0);
    kansen_session_feed(peer.session, garbage, sizeof garbage, 0);
    assert_int_equal(kansen_session_failure(peer.session), KANSEN_E_PROTOCOL);
    kansen_session_feed(peer.session, garbage, sizeof garbage, 0); // what is over stays so
    kansen_session_broken(peer.session, KANSEN_E_CLOSED, "gone", 0);
    expect(&peer, first, OK, false); // what came before is given out
    expect(&peer, second, UNAVAILABLE, true);
    end(&peer);
}

// Each request of the protocol: only what is named here may be sent twice without a key.
static void
test_repeatable(void **state)
{
    static const char *const writes[] = {"hello", "write", "batch", "watch"};
    const ProtobufCMessageDescriptor *descriptor = &kansen__v1__request__descriptor;
    unsigned reads = 0;

    (void)state;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
        bool write = false;

        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
            continue;
        for (size_t j = 0; j < sizeof writes / sizeof writes[0]; j++)
            write = write || strcmp(field->name, writes[j]) == 0;
        request.body_case = (Kansen__V1__Request__BodyCase)field->id;
        reads += kansen_repeatable(&request);
        assert_false(write && kansen_repeatable(&request));
        request.idempotency_key = "k";
        assert_true(kansen_repeatable(&request));
    }
    assert_true(reads >= 19); // those of version 0.1
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff),     cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_order),       cmocka_unit_test(test_lost),
        cmocka_unit_test(test_gives_up),    cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_unavailable),
        cmocka_unit_test(test_silence),     cmocka_unit_test(test_poison),
        cmocka_unit_test(test_plain_token), cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_repeatable),  cmocka_unit_test(test_watch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
