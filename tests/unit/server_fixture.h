// SPDX-License-Identifier: Apache-2.0
// A small server in a thread, for the tests of libkansen: it answers pings, says of a watch what the test
// wrote down, and does what daemons do at worst.
#ifndef TESTS_UNIT_SERVER_FIXTURE_H
#define TESTS_UNIT_SERVER_FIXTURE_H

#include "base/buf.h"
#include "client/lib/kansen.h"
#include "proto/frame.h"
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

#define FRAME_MAX 1000000u

static inline Kansen__V1__Request
ping(Kansen__V1__PingRequest *body, uint8_t *payload, size_t len)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;

    kansen__v1__ping_request__init(body);
    body->payload = (ProtobufCBinaryData){len, payload};
    request.body_case = KANSEN__V1__REQUEST__BODY_PING;
    request.ping = body;
    return request;
}

// Adds a frame with a response to out.
static inline void
add_response(struct buf *out, const Kansen__V1__Response *response)
{
    uint8_t header[FRAME_HEADER_MAX], *to;
    size_t size = kansen__v1__response__get_packed_size(response);

    assert_int_equal(buf_append(out, header, frame_encode_header(header, size)), 0);
    to = buf_reserve(out, size);
    assert_non_null(to);
    kansen__v1__response__pack(response, to);
    buf_commit(out, size);
}

static inline void
add_pong(struct buf *out, uint64_t id, ProtobufCBinaryData payload)
{
    Kansen__V1__PingResponse pong = KANSEN__V1__PING_RESPONSE__INIT;
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;

    response.id = id;
    response.body_case = KANSEN__V1__RESPONSE__BODY_PING;
    response.ping = &pong;
    pong.payload = payload;
    add_response(out, &response);
}

// A server for one connection (or some, one after the other), which answers one request after the other and
// reads nothing while it writes.
struct server {
    char dir[64], address[128];
    int listener;
    bool silent;     // answers nothing but hello and watches
    struct buf says; // to a watch
    size_t close_at; // closes after so many answers; 0 = never
    int more;        // connections behind the first
    pthread_t thread;
};

static inline void
send_all(int fd, const struct buf *out)
{
    for (size_t sent = 0; sent < buf_len(out);) {
        ssize_t n = send(fd, buf_bytes(out) + sent, buf_len(out) - sent, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        sent += (size_t)n;
    }
}

static inline void
answer_hello(struct buf *out, uint64_t id)
{
    Kansen__V1__HelloResponse hello = KANSEN__V1__HELLO_RESPONSE__INIT;
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;

    response.id = id;
    response.body_case = KANSEN__V1__RESPONSE__BODY_HELLO;
    response.hello = &hello;
    hello.protocol_version = 1;
    hello.max_frame_bytes = FRAME_MAX;
    add_response(out, &response);
}

// Answers the frames in `in`. Returns false when the connection is to be closed.
static inline bool
answer(const struct server *server, int fd, struct buf *in, size_t *answers)
{
    struct frame frame;

    while (buf_len(in) > 0 && frame_decode(buf_bytes(in), buf_len(in), FRAME_MAX, &frame) == FRAME_WHOLE) {
        Kansen__V1__Request *request =
            kansen__v1__request__unpack(NULL, frame.payload_len, buf_bytes(in) + frame.header_len);
        struct buf out = {0};

        assert_non_null(request);
        if (request->body_case == KANSEN__V1__REQUEST__BODY_HELLO)
            answer_hello(&out, request->id);
        else if (request->body_case == KANSEN__V1__REQUEST__BODY_WATCH)
            assert_int_equal(buf_append(&out, buf_bytes(&server->says), buf_len(&server->says)), 0);
        else if (!server->silent)
            add_pong(&out, request->id, request->ping->payload);
        send_all(fd, &out);
        buf_free(&out);
        kansen__v1__request__free_unpacked(request, NULL);
        buf_consume(in, frame.header_len + frame.payload_len);
        if (++*answers == server->close_at)
            return false;
    }
    return true;
}

static inline void
serve_one(const struct server *server)
{
    int fd = accept(server->listener, NULL, NULL);
    struct buf in = {0};
    size_t answers = 0;

    for (bool open = fd >= 0; open;) {
        uint8_t *to = buf_reserve(&in, 65536);
        ssize_t n = recv(fd, to, 65536, 0);

        if (n <= 0)
            break;
        buf_commit(&in, (size_t)n);
        open = answer(server, fd, &in, &answers);
    }
    close(fd);
    buf_free(&in);
}

static inline void *
serve(void *arg)
{
    const struct server *server = arg;

    for (int i = 0; i <= server->more; i++)
        serve_one(server);
    return NULL;
}

static inline void
start(struct server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strcpy(server->dir, "/tmp/kansen-test-XXXXXX");
    assert_non_null(mkdtemp(server->dir));
    snprintf(server->address, sizeof server->address, "unix:%s/s", server->dir);
    strcpy(address.sun_path, server->address + strlen("unix:"));
    server->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, 1), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static inline void
stop(struct server *server)
{
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    close(server->listener);
    unlink(server->address + strlen("unix:"));
    rmdir(server->dir);
    buf_free(&server->says);
}

// A client of the server, which is started.
static inline struct kansen *
connected(struct server *server, const struct kansen_options *options)
{
    struct kansen *kansen = kansen_new(options);

    start(server);
    assert_int_equal(kansen_connect(kansen, server->address), 0);
    return kansen;
}

#endif
