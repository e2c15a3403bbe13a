// SPDX-License-Identifier: Apache-2.0
// libkansen's front for libevent, with a small daemon in the same loop.
#include "base/buf.h"
#include "client/event/kansen_event.h"
#include "proto/frame.h"
#include "tests/unit/unit.h"
#include <event2/dns.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLS 40u

// A daemon for one connection at a time.
struct daemon {
    struct event_base *base;
    struct event *accepts, *reads;
    struct buf in;
    char address[64];
    unsigned connections, pings, writes, keyed;
    unsigned close_at; // closes, without an answer, when it has read so many pings; 0 = never
    bool silent;
};

static void
send_response(int fd, const Kansen__V1__Response *response)
{
    uint8_t bytes[256];
    size_t size = kansen__v1__response__get_packed_size(response), header = frame_encode_header(bytes, size);

    assert_true(header + size <= sizeof bytes);
    kansen__v1__response__pack(response, bytes + header);
    (void)!send(fd, bytes, header + size, MSG_NOSIGNAL);
}

// Answers a request. Whether the connection stays.
static bool
answer(struct daemon *daemon, int fd, const Kansen__V1__Request *request)
{
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
    Kansen__V1__HelloResponse hello = KANSEN__V1__HELLO_RESPONSE__INIT;
    Kansen__V1__PingResponse pong = KANSEN__V1__PING_RESPONSE__INIT;
    Kansen__V1__WriteResult result = KANSEN__V1__WRITE_RESULT__INIT;

    response.id = request->id;
    response.body_case = (Kansen__V1__Response__BodyCase)request->body_case;
    response.hello = &hello;
    if (request->body_case == KANSEN__V1__REQUEST__BODY_PING) {
        response.ping = &pong;
        daemon->pings++;
        if (daemon->pings == daemon->close_at)
            return false;
    } else if (request->body_case == KANSEN__V1__REQUEST__BODY_WRITE) {
        response.write = &result;
        daemon->writes++;
        daemon->keyed += request->idempotency_key[0] != '\0';
    }
    if (!daemon->silent)
        send_response(fd, &response);
    return true;
}

static void
hang_up(struct daemon *daemon)
{
    if (daemon->reads == NULL)
        return;
    close(event_get_fd(daemon->reads));
    event_free(daemon->reads);
    daemon->reads = NULL;
    buf_truncate(&daemon->in, 0);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;
    uint8_t *to = buf_reserve(&daemon->in, 65536);
    ssize_t n = recv(fd, to, 65536, 0);
    bool stays = n > 0;
    struct frame frame;

    (void)what;
    buf_commit(&daemon->in, n > 0 ? (size_t)n : 0);
    while (stays && buf_len(&daemon->in) > 0 &&
           frame_decode(buf_bytes(&daemon->in), buf_len(&daemon->in), 1 << 20, &frame) == FRAME_WHOLE) {
        Kansen__V1__Request *request =
            kansen__v1__request__unpack(NULL, frame.payload_len, buf_bytes(&daemon->in) + frame.header_len);

        assert_non_null(request);
        stays = answer(daemon, fd, request);
        kansen__v1__request__free_unpacked(request, NULL);
        buf_consume(&daemon->in, frame.header_len + frame.payload_len);
    }
    if (!stays)
        hang_up(daemon);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;

    (void)what;
    hang_up(daemon);
    daemon->connections++;
    daemon->reads = event_new(daemon->base, accept(fd, NULL, NULL), EV_READ | EV_PERSIST, on_read, daemon);
    event_add(daemon->reads, NULL);
}

static void
serve(struct daemon *daemon, struct event_base *base)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    *daemon = (struct daemon){.base = base};
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(daemon->address, sizeof daemon->address, "127.0.0.1:%u", ntohs(address.sin_port));
    daemon->accepts = event_new(base, fd, EV_READ | EV_PERSIST, on_accept, daemon);
    event_add(daemon->accepts, NULL);
}

static void
stop(struct daemon *daemon)
{
    hang_up(daemon);
    close(event_get_fd(daemon->accepts));
    event_free(daemon->accepts);
    buf_free(&daemon->in);
}

// ---- The client

struct client {
    struct event_base *base;
    struct kansen_event *event;
    unsigned good, bad, local, wanted, changes;
    enum kansen_session_state state;
    bool free_at_first;
};

static void
on_answer(void *arg, const Kansen__V1__Response *response, bool local)
{
    struct client *client = arg;

    if (kansen_code(response) == 0)
        client->good++;
    else
        client->bad++;
    client->local += local;
    if (client->free_at_first) {
        kansen_event_free(client->event);
        client->event = NULL;
    }
    if (client->good + client->bad == client->wanted || client->free_at_first)
        event_base_loopbreak(client->base);
}

static void
on_change(void *arg, enum kansen_session_state state)
{
    struct client *client = arg;

    client->changes++;
    client->state = state;
}

static void
ask(struct client *client, bool write, const char *key)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__Write body = KANSEN__V1__WRITE__INIT;

    request.body_case = write ? KANSEN__V1__REQUEST__BODY_WRITE : KANSEN__V1__REQUEST__BODY_PING;
    if (write)
        request.write = &body;
    else
        request.ping = &ping;
    if (key != NULL)
        request.idempotency_key = (char *)key;
    assert_int_equal(kansen_event_call(client->event, &request, 0, on_answer, client), 0);
    client->wanted++;
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    fail_msg("nothing happens");
}

// Runs the loop until something breaks it, but no longer than ten seconds.
static void
run(struct event_base *base)
{
    struct timeval limit = {10, 0};
    struct event *late = event_new(base, -1, 0, on_late, NULL);

    event_add(late, &limit);
    event_base_dispatch(base);
    event_free(late);
}

static void
begin(struct client *client, struct event_base *base, const char *server, uint32_t retry_ms)
{
    const struct kansen_options options = {.retry_ms = retry_ms, .backoff_first_ms = 5, .timeout_ms = 5000};

    *client = (struct client){.base = base};
    client->event = kansen_event_new(base, NULL, server, &options);
    assert_non_null(client->event);
    kansen_event_on_change(client->event, on_change, client);
}

static void
test_calls(void **state)
{
    struct event_base *base = event_base_new();
    struct daemon daemon;
    struct client client;

    (void)state;
    serve(&daemon, base);
    begin(&client, base, daemon.address, 0);
    for (unsigned i = 0; i < CALLS; i++)
        ask(&client, i % 2 == 0, NULL);
    run(base);
    assert_int_equal(client.good, CALLS);
    assert_int_equal(client.state, KANSEN_SESSION_READY);
    assert_int_equal(daemon.connections, 1);
    kansen_event_free(client.event);
    stop(&daemon);
    event_base_free(base);
}

// The daemon goes with calls in flight: what may be sent twice is, the write without a key is told.
static void
test_lost(void **state)
{
    struct event_base *base = event_base_new();
    struct daemon daemon;
    struct client client;

    (void)state;
    serve(&daemon, base);
    daemon.close_at = 1;
    begin(&client, base, daemon.address, 5000);
    ask(&client, true, "key"); // answered, as it comes before
    ask(&client, false, NULL);
    ask(&client, true, NULL);
    ask(&client, true, "other");
    run(base);
    assert_int_equal(client.good, 3);
    assert_int_equal(client.bad, 1);
    assert_int_equal(client.local, 1);
    assert_int_equal(daemon.connections, 2);
    assert_int_equal(daemon.pings, 2);
    assert_int_equal(daemon.writes, daemon.keyed); // the one without a key never arrived twice
    kansen_event_free(client.event);
    stop(&daemon);
    event_base_free(base);
}

static void
test_unreachable(void **state)
{
    struct event_base *base = event_base_new();
    struct client client;
    struct daemon daemon;
    static const char *const servers[] = {"", "unix:/nowhere/at/all", "nonsense", "tls:127.0.0.1:1"};

    (void)state;
    serve(&daemon, base); // for a port that is nobody's afterwards
    stop(&daemon);
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
        Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;

        request.body_case = KANSEN__V1__REQUEST__BODY_PING;
        request.ping = &ping;
        begin(&client, base, i == 0 ? daemon.address : servers[i], i == 1 ? 30 : 0);
        if (kansen_session_state(kansen_event_session(client.event)) != KANSEN_SESSION_FAILED) {
            ask(&client, false, NULL);
            ask(&client, true, "key");
            run(base);
            assert_int_equal(client.local, 2);
        }
        assert_int_equal(kansen_event_call(client.event, &request, 0, on_answer, &client), KANSEN_E_CLOSED);
        assert_int_equal(kansen_session_state(kansen_event_session(client.event)), KANSEN_SESSION_FAILED);
        assert_true(kansen_session_error(kansen_event_session(client.event))[0] != '\0');
        kansen_event_free(client.event);
    }
    event_base_free(base);
}

// It is freed in a callback, with calls unanswered; while it connects; and before its first turn.
static void
test_freed(void **state)
{
    struct event_base *base = event_base_new();
    struct daemon daemon;
    struct client client;

    (void)state;
    serve(&daemon, base);
    begin(&client, base, daemon.address, 1000);
    client.free_at_first = true;
    for (unsigned i = 0; i < CALLS; i++)
        ask(&client, false, NULL);
    run(base);
    assert_int_equal(client.good, 1);
    assert_null(client.event);
    begin(&client, base, daemon.address, 1000);
    ask(&client, false, NULL);
    kansen_event_free(client.event);
    begin(&client, base, daemon.address, 1000);
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    kansen_event_free(client.event);
    stop(&daemon);
    event_base_free(base);
}

// Has the names of a file of the test's own known, as those of /etc/hosts would be.
static void
know_host(struct evdns_base *dns)
{
    char path[] = "/tmp/kansen-hosts-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(dprintf(fd, "127.0.0.1 here.example\n"), 23);
    close(fd);
    assert_int_equal(evdns_base_load_hosts(dns, path), 0);
    unlink(path);
}

// Names are looked up by the loop: one in a file of hosts, and one for which no server answers, which is
// given up.
static void
test_names(void **state)
{
    const struct kansen_options options = {.timeout_ms = 5000}, hasty = {.timeout_ms = 50};
    struct event_base *base = event_base_new();
    struct evdns_base *dns = evdns_base_new(base, 0);
    struct sockaddr_in silent = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof silent;
    int server = socket(AF_INET, SOCK_DGRAM, 0);
    struct daemon daemon;
    struct client client = {.base = base};
    char address[64];

    (void)state;
    assert_int_equal(bind(server, (struct sockaddr *)&silent, sizeof silent), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&silent, &len), 0);
    assert_int_equal(evdns_base_nameserver_sockaddr_add(dns, (struct sockaddr *)&silent, len, 0), 0);
    know_host(dns);
    serve(&daemon, base);
    snprintf(address, sizeof address, "here.example:%s", strrchr(daemon.address, ':') + 1);
    client.event = kansen_event_new(base, dns, address, &options);
    ask(&client, false, NULL);
    run(base);
    assert_int_equal(client.good, 1);
    kansen_event_free(client.event);
    client = (struct client){.base = base};
    client.event = kansen_event_new(base, dns, "nobody.example:7411", &hasty);
    ask(&client, false, NULL);
    run(base);
    assert_int_equal(client.local, 1);
    assert_int_equal(kansen_session_failure(kansen_event_session(client.event)), KANSEN_E_TIMEOUT);
    kansen_event_free(client.event);
    client.event = kansen_event_new(base, dns, "somebody.example:7411", &options);
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    kansen_event_free(client.event); // while it asks
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    stop(&daemon);
    evdns_base_free(dns, 1);
    event_base_loop(base, EVLOOP_NONBLOCK);
    event_base_free(base);
    close(server);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls), cmocka_unit_test(test_lost),  cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_freed), cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
