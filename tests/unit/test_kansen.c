// SPDX-License-Identifier: Apache-2.0
// libkansen: the core without a socket, and the front against a small server in a thread.
#include "base/buf.h"
#include "client/lib/kansen.h"
#include "client/lib/kansen_address.h"
#include "proto/frame.h"
#include "tests/unit/server_fixture.h"
#include "tests/unit/unit.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
test_core_order(void **state)
{
    struct kansen_core *core = kansen_core_new(FRAME_MAX);
    Kansen__V1__PingRequest body;
    Kansen__V1__Request request = ping(&body, NULL, 0);
    Kansen__V1__Response *response;
    struct buf answers = {0};
    uint64_t id;
    size_t len;

    (void)state;
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(kansen_core_request(core, &request, &id), 0);
        assert_int_equal(id, i);
    }
    assert_non_null(kansen_core_output(core, &len));
    kansen_core_sent(core, len);
    assert_null(kansen_core_output(core, &len));
    add_pong(&answers, 2, (ProtobufCBinaryData){0, NULL});
    add_pong(&answers, 3, (ProtobufCBinaryData){0, NULL});
    add_pong(&answers, 1, (ProtobufCBinaryData){0, NULL});
    for (size_t i = 0; i < buf_len(&answers); i++) { // byte by byte
        static const uint64_t order[] = {2, 3, 1};
        size_t in_flight = kansen_core_in_flight(core);

        assert_int_equal(kansen_core_feed(core, buf_bytes(&answers) + i, 1), 0);
        if (kansen_core_response(core, &response) == KANSEN_E_MORE)
            continue;
        assert_int_equal(response->id, order[3 - in_flight]);
        kansen__v1__response__free_unpacked(response, NULL);
    }
    assert_int_equal(kansen_core_in_flight(core), 0);
    buf_free(&answers);
    kansen_core_free(core);
}

static void
test_core_faults(void **state)
{
    static const uint8_t large[] = {0xff, 0xff, 0xff, 0x7f}, garbage[] = {0x02, 0xff, 0xff};
    struct kansen_core *core = kansen_core_new(FRAME_MAX);
    uint8_t *payload = calloc(1, FRAME_MAX);
    Kansen__V1__PingRequest body;
    Kansen__V1__Request request = ping(&body, payload, FRAME_MAX);
    Kansen__V1__Response *response;
    struct buf answer = {0};
    size_t len;

    (void)state;
    // Nothing is queued of what does not fit.
    assert_int_equal(kansen_core_request(core, &request, NULL), KANSEN_E_TOO_LARGE);
    assert_null(kansen_core_output(core, &len));
    body.payload.len = 3;
    assert_int_equal(kansen_core_request(core, &request, NULL), 0);
    // An answer to nothing, a second answer.
    add_pong(&answer, 7, (ProtobufCBinaryData){0, NULL});
    assert_int_equal(kansen_core_feed(core, buf_bytes(&answer), buf_len(&answer)), 0);
    assert_int_equal(kansen_core_response(core, &response), KANSEN_E_PROTOCOL);
    kansen_core_free(core);
    buf_free(&answer);
    core = kansen_core_new(FRAME_MAX);
    assert_int_equal(kansen_core_feed(core, large, sizeof large), 0);
    assert_int_equal(kansen_core_response(core, &response), KANSEN_E_PROTOCOL);
    kansen_core_free(core);
    core = kansen_core_new(FRAME_MAX);
    assert_int_equal(kansen_core_feed(core, garbage, sizeof garbage), 0);
    assert_int_equal(kansen_core_response(core, &response), KANSEN_E_PROTOCOL);
    kansen_core_free(core);
    free(payload);
}

// Both directions fill up: 60 requests of 500 kB are sent before the first answer is taken.
static void
test_front_full(void **state)
{
    const struct kansen_options options = {.timeout_ms = 10000, .max_in_flight = 60};
    struct kansen *kansen;
    static struct server server = {.listener = -1};
    uint8_t *payload = calloc(1, 500000);
    Kansen__V1__PingRequest body;
    Kansen__V1__Request request = ping(&body, payload, 500000);
    Kansen__V1__Response *response;

    (void)state;
    kansen = connected(&server, &options);
    assert_int_equal(kansen_hello(kansen)->max_frame_bytes, FRAME_MAX);
    for (int i = 0; i < 60; i++)
        assert_int_equal(kansen_send(kansen, &request, NULL), 0);
    assert_int_equal(kansen_send(kansen, &request, NULL), KANSEN_E_FULL);
    for (uint64_t i = 0; i < 60; i++) {
        assert_int_equal(kansen_receive(kansen, &response), 0);
        assert_int_equal(response->id, i + 2); // hello was 1
        assert_int_equal(response->ping->payload.len, 500000);
        kansen__v1__response__free_unpacked(response, NULL);
    }
    assert_int_equal(kansen_receive(kansen, &response), KANSEN_E_PROTOCOL); // none is in flight
    kansen_free(kansen);
    stop(&server);
    free(payload);
}

static void
test_front_silence(void **state)
{
    const struct kansen_options options = {.timeout_ms = 1500}; // also of connect and Hello, so not short
    struct kansen *kansen;
    static struct server server = {.silent = true}; // outlives a failure: its thread goes on
    Kansen__V1__PingRequest body;
    Kansen__V1__Request request = ping(&body, NULL, 0);
    Kansen__V1__Response *response;

    (void)state;
    kansen = connected(&server, &options);
    assert_int_equal(kansen_call(kansen, &request, &response), KANSEN_E_TIMEOUT);
    assert_non_null(strstr(kansen_error(kansen), "1.500 s"));
    kansen_free(kansen);
    stop(&server);
}

static void
test_front_close(void **state)
{
    const struct kansen_options options = {.timeout_ms = 10000};
    struct kansen *kansen;
    static struct server server = {.close_at = 2};
    Kansen__V1__PingRequest body;
    Kansen__V1__Request request = ping(&body, NULL, 0);
    Kansen__V1__Response *response;

    (void)state;
    kansen = connected(&server, &options);
    // The answer that came before the end is given out; then the end is told.
    for (int i = 0; i < 2; i++)
        assert_int_equal(kansen_send(kansen, &request, NULL), 0);
    assert_int_equal(kansen_receive(kansen, &response), 0);
    kansen__v1__response__free_unpacked(response, NULL);
    assert_int_equal(kansen_receive(kansen, &response), KANSEN_E_CLOSED);
    kansen_free(kansen);
    stop(&server);
}

// With retry_ms the connection that closes is made again, and the ping that was not answered is sent again.
static void
test_front_again(void **state)
{
    const struct kansen_options options = {.timeout_ms = 10000, .retry_ms = 10000, .backoff_first_ms = 1};
    struct kansen *kansen;
    static struct server server = {.close_at = 3, .more = 2};
    Kansen__V1__PingRequest body;
    Kansen__V1__Request request = ping(&body, NULL, 0);
    Kansen__V1__Response *response;

    (void)state;
    kansen = connected(&server, &options);
    assert_int_equal(kansen_connect(kansen, server.address), 0); // it is
    for (int i = 0; i < 5; i++)
        assert_int_equal(kansen_send(kansen, &request, NULL), 0);
    assert_int_equal(kansen_call(kansen, &request, &response), KANSEN_E_FULL);
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(kansen_receive(kansen, &response), 0);
        assert_int_equal(response->id, i + 2); // each connection answers hello and two of them
        assert_int_equal(kansen_code(response), 0);
        kansen__v1__response__free_unpacked(response, NULL);
    }
    kansen_free(kansen);
    stop(&server);
}

// The deadline of a request holds whatever the daemon does.
static void
test_front_deadline(void **state)
{
    const struct kansen_options options = {.timeout_ms = 10000};
    struct kansen *kansen = kansen_new(&options);
    static struct server server = {.silent = true};
    Kansen__V1__PingRequest body;
    Kansen__V1__Request request = ping(&body, NULL, 0);
    Kansen__V1__Response *response;

    (void)state;
    start(&server);
    assert_int_equal(kansen_call(kansen, &request, &response), KANSEN_E_CLOSED); // not connected
    assert_int_equal(kansen_connect(kansen, server.address), 0);
    request.deadline_ms = 50;
    assert_int_equal(kansen_call(kansen, &request, &response), 0);
    assert_int_equal(kansen_code(response), 4);
    assert_int_equal(response->id, request.id);
    kansen__v1__response__free_unpacked(response, NULL);
    kansen_free(kansen);
    stop(&server);
}

// One of several threads, each with an object of its own: cmocka's asserts are for the main one.
static void *
call_often(void *arg)
{
    const struct server *server = arg;
    const struct kansen_options options = {.timeout_ms = 10000, .retry_ms = 10000, .backoff_first_ms = 1};
    struct kansen *kansen = kansen_new(&options);
    intptr_t good = 0;

    if (kansen == NULL || kansen_connect(kansen, server->address) != 0)
        good = -1;
    for (int i = 0; i < 200 && good >= 0; i++) {
        Kansen__V1__PingRequest body;
        Kansen__V1__Request request = ping(&body, NULL, 0);
        Kansen__V1__Response *response;

        if (kansen_call(kansen, &request, &response) != 0)
            break;
        good += kansen_code(response) == 0;
        kansen__v1__response__free_unpacked(response, NULL);
    }
    kansen_free(kansen);
    return (void *)good;
}

static void
test_threads(void **state)
{
    enum { THREADS = 4 };
    static struct server servers[THREADS];
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        servers[i] = (struct server){.close_at = 51, .more = 3}; // 50 pings each
        start(&servers[i]);
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &servers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *good;

        assert_int_equal(pthread_join(threads[i], &good), 0);
        assert_int_equal((intptr_t)good, 200);
        stop(&servers[i]);
    }
}

static void
test_front_addresses(void **state)
{
    static const struct {
        const char *server;
        int result;
    } addresses[] = {
        {"", KANSEN_E_ADDRESS},
        {"host", KANSEN_E_ADDRESS},
        {"host:", KANSEN_E_ADDRESS},
        {":7411", KANSEN_E_ADDRESS},
        {"host:port", KANSEN_E_ADDRESS},
        {"::1:7411", KANSEN_E_ADDRESS},
        {"[::1:7411", KANSEN_E_ADDRESS},
        {"[]:7411", KANSEN_E_ADDRESS},
        {"unix:", KANSEN_E_ADDRESS},
        {"tls:", KANSEN_E_ADDRESS},
        {"tls:host", KANSEN_E_ADDRESS},
        {"tls:::1:7411", KANSEN_E_ADDRESS},
        {"tls:127.0.0.1:1", KANSEN_E_UNREACHABLE},
        {"unix:/nowhere/at/all", KANSEN_E_UNREACHABLE},
    };
    const struct kansen_options options = {.timeout_ms = 1000};

    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct kansen *kansen = kansen_new(&options);

        assert_int_equal(kansen_connect(kansen, addresses[i].server), addresses[i].result);
        assert_non_null(strstr(kansen_error(kansen), addresses[i].server));
        kansen_free(kansen);
    }
}

static void
test_what_is_local(void **state)
{
    static const struct {
        const char *text;
        bool local;
    } cases[] = {
        {"127.0.0.1", true},
        {"127.255.0.9", true},
        {"126.0.0.1", false},
        {"128.0.0.1", false},
        {"0.0.0.127", false},
        {"10.0.0.1", false},
        {"::1", true},
        {"::2", false},
        {"::ffff:127.0.0.1", true},
        {"fe80::1", false},
        {"::ffff:192.0.2.1", false},
        {"::127.0.0.1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sockaddr_in ipv4 = {.sin_family = AF_INET};
        struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
        const bool six = strchr(cases[i].text, ':') != NULL;
        const void *address = six ? (const void *)&ipv6 : (const void *)&ipv4;

        assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, cases[i].text,
                                   six ? (void *)&ipv6.sin6_addr : (void *)&ipv4.sin_addr),
                         1);
        assert_int_equal(kansen_address_is_local(address), cases[i].local);
    }
    assert_true(kansen_address_is_local(&(const struct sockaddr){.sa_family = AF_UNIX}));
    assert_false(kansen_address_is_local(&(const struct sockaddr){.sa_family = AF_UNSPEC}));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_local),   cmocka_unit_test(test_core_order),
        cmocka_unit_test(test_core_faults),     cmocka_unit_test(test_front_full),
        cmocka_unit_test(test_front_silence),   cmocka_unit_test(test_front_close),
        cmocka_unit_test(test_front_addresses), cmocka_unit_test(test_front_again),
        cmocka_unit_test(test_front_deadline),  cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
