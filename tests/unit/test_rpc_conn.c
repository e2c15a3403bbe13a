// SPDX-License-Identifier: Apache-2.0
// Connections on a real worker, over socket pairs: floods, drops, clients that do not read, ends.
#include "base/log.h"
#include "net/worker.h"
#include "proto/frame.h"
#include "rpc/limits.h"
#include "rpc/service.h"
#include "tests/unit/store_fixture.h"
#include "work/queue.h"
#include <errno.h>
#include <fcntl.h>
#include <kansen/v1/protocol.pb-c.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#define PATIENCE_MS 30000
#define OUTPUT_MAX  65536u

struct world {
    struct fixture store;
    struct log log;
    struct limits limits;
    struct service service;
    struct mailbox mailbox, owner;
    struct worker *worker;
};

static struct world *
open_world(void)
{
    struct world *world = calloc(1, sizeof *world);
    struct worker_options options = {0, &world->service, &world->mailbox, &world->owner};

    assert_non_null(world);
    fixture_start(&world->store);
    world->log = (struct log){.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    world->limits =
        (struct limits){.max_in_flight = 4, .write_timeout_us = 60000000, .output_max = OUTPUT_MAX};
    world->service = (struct service){.store = world->store.store,
                                      .log = &world->log,
                                      .queue = queue_new(&(struct queue_options){4, 1 << 20, 1}),
                                      .workers = 1,
                                      .max_frame = FRAME_DEFAULT_MAX,
                                      .request_memory = 1 << 20,
                                      .max_batch_writes = 10,
                                      .limits = &world->limits,
                                      .state = SERVICE_SERVING};
    assert_int_equal(mailbox_init(&world->mailbox), 0);
    assert_int_equal(mailbox_init(&world->owner), 0);
    assert_int_equal(worker_start(&options, &world->worker), 0);
    return world;
}

static void
close_world(struct world *world)
{
    unsigned notices;

    mailbox_notify(&world->mailbox, MAILBOX_STOP);
    worker_finish(world->worker);
    assert_int_equal(atomic_load(&world->service.connections), 0);
    (void)mailbox_take(&world->mailbox, &notices);
    (void)mailbox_take(&world->owner, &notices);
    mailbox_destroy(&world->mailbox);
    mailbox_destroy(&world->owner);
    queue_free(world->service.queue);
    fixture_end(&world->store);
    free(world);
}

// Gives the worker one end of a pair and returns the other.
static int
connect_to(struct world *world, const struct fault *refusal)
{
    struct worker_mail *mail = calloc(1, sizeof *mail);
    int ends[2];

    assert_non_null(mail);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    mail->mail.kind = MAIL_CONNECTION;
    mail->fd = ends[1];
    mail->identity = (struct identity){.role = ROLE_OPERATOR, .client = "local", .actor = "test"};
    if (refusal != NULL)
        mail->refusal = *refusal;
    atomic_fetch_add(&world->service.connections, 1);
    mailbox_post(&world->mailbox, &mail->mail, &mail->mail);
    return ends[0];
}

// A ping with so many bytes in it as a frame; returns its length.
static size_t
ping_frame(uint64_t id, size_t payload, uint8_t out[2048])
{
    static uint8_t bytes[1024];
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    size_t header;

    ping.payload = (ProtobufCBinaryData){payload, bytes};
    request.id = id;
    request.body_case = KANSEN__V1__REQUEST__BODY_PING;
    request.ping = &ping;
    header = frame_encode_header(out, kansen__v1__request__get_packed_size(&request));
    return header + kansen__v1__request__pack(&request, out + header);
}

// Reads until count bytes are there (count SIZE_MAX: to the end); returns how many came.
static size_t
read_bytes(int fd, size_t count, uint8_t *out, size_t size)
{
    size_t got = 0;

    while (got < count) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        uint8_t nothing[65536];
        ssize_t more;

        assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
        more = got < size ? recv(fd, out + got, size - got, 0) : recv(fd, nothing, sizeof nothing, 0);
        assert_true(more >= 0);
        if (more == 0)
            break;
        got += (size_t)more;
    }
    return got;
}

struct flood {
    int fd;
    const uint8_t *frame;
    size_t len, count;
};

static void *
send_flood(void *arg)
{
    struct flood *flood = arg;
    size_t block = 8192 / flood->len * flood->len, total = flood->len * flood->count;
    uint8_t bytes[8192];

    for (size_t i = 0; i < block; i++)
        bytes[i] = flood->frame[i % flood->len];
    for (size_t sent = 0; sent < total;) {
        size_t at = sent % block, part = total - sent < block - at ? total - sent : block - at;
        ssize_t more = send(flood->fd, bytes + at, part, MSG_NOSIGNAL);

        if (more < 0)
            return NULL;
        sent += (size_t)more;
    }
    return NULL;
}

// Far more small requests than one turn takes, without a pause; an answer has the size of its request.
static void
test_flood(void **state)
{
    struct world *world = open_world();
    uint8_t frame[2048];
    struct flood flood = {connect_to(world, NULL), frame, ping_frame(7, 1, frame), 200000};
    int other = connect_to(world, NULL);
    uint8_t got[64];
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, send_flood, &flood), 0);
    assert_int_equal(send(other, frame, flood.len, 0), flood.len);
    assert_int_equal(read_bytes(other, flood.len, got, sizeof got), flood.len); // has its turn too
    assert_int_equal(read_bytes(flood.fd, flood.len * flood.count, got, sizeof got), flood.len * flood.count);
    pthread_join(thread, NULL);
    close(flood.fd);
    close(other);
    close_world(world);
}

static void
test_single_bytes(void **state)
{
    struct world *world = open_world();
    int fd = connect_to(world, NULL);
    uint8_t frame[2048], got[2048];
    size_t len = ping_frame(300, 200, frame);

    (void)state;
    for (size_t i = 0; i < len; i++)
        assert_int_equal(send(fd, frame + i, 1, 0), 1);
    assert_int_equal(read_bytes(fd, len, got, sizeof got), len);
    assert_memory_equal(got, frame, len);
    close(fd);
    close_world(world);
}

// Sends until nothing goes any more and reads only then: the daemon keeps a bounded part, and nothing is
// lost.
static void
test_client_that_does_not_read(void **state)
{
    struct world *world = open_world();
    int fd = connect_to(world, NULL);
    uint8_t frame[2048], got[64];
    size_t len = ping_frame(7, 1000, frame), sent = 0;
    struct pollfd wait = {.fd = fd, .events = POLLOUT};

    (void)state;
    while (sent < len * 100000 && poll(&wait, 1, 300) == 1) {
        ssize_t more = send(fd, frame + sent % len, len - sent % len, MSG_DONTWAIT);

        assert_true(more > 0 || errno == EAGAIN);
        sent += more > 0 ? (size_t)more : 0;
    }
    assert_true(sent < len * 100000);
    assert_int_equal(read_bytes(fd, sent / len * len, got, sizeof got), sent / len * len);
    close(fd);
    close_world(world);
}

static void
test_half_close(void **state)
{
    struct world *world = open_world();
    int fd = connect_to(world, NULL);
    uint8_t frame[2048], got[64];
    size_t len = ping_frame(7, 1, frame);

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(send(fd, frame, len, 0), len);
    assert_int_equal(send(fd, frame, 1, 0), 1); // and a part of another one
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_int_equal(read_bytes(fd, SIZE_MAX, got, sizeof got), 100 * len);
    close(fd);
    close_world(world);
}

// Reads to the end and checks that the only frame has id 0 and this code.
static void
assert_told_and_closed(int fd, enum code code)
{
    uint8_t got[2048];
    size_t len = read_bytes(fd, SIZE_MAX, got, sizeof got);
    Kansen__V1__Response *response;
    struct frame frame;

    assert_int_equal(frame_decode(got, len, sizeof got, &frame), FRAME_WHOLE);
    assert_int_equal(frame.header_len + frame.payload_len, len);
    response = kansen__v1__response__unpack(NULL, frame.payload_len, got + frame.header_len);
    assert_non_null(response);
    assert_int_equal(response->id, 0);
    assert_int_equal(response->status->code, code);
    kansen__v1__response__free_unpacked(response, NULL);
    close(fd);
}

static void
test_bad_frames(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } frames[] = {
        {"\x81\x80\x80\x01", 4},         // 2 MiB + 1
        {"\xff\xff\xff\xff\xff\x01", 6}, // no length
        {"\x80\x00", 2},                 // not the shortest form
        {"\x01\xff", 2},                 // no message
    };
    struct world *world = open_world();

    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        int fd = connect_to(world, NULL);

        assert_int_equal(send(fd, frames[i].bytes, frames[i].len, 0), frames[i].len);
        assert_int_equal(send(fd, "more that is not read", 21, MSG_NOSIGNAL), 21);
        assert_told_and_closed(fd, CODE_INVALID_ARGUMENT);
    }
    close_world(world);
}

static void
test_refusal(void **state)
{
    struct world *world = open_world();
    struct fault refusal;

    (void)state;
    fault_fill(&refusal, CODE_RESOURCE_EXHAUSTED, "", "full");
    assert_told_and_closed(connect_to(world, &refusal), CODE_RESOURCE_EXHAUSTED);
    close_world(world);
}

static void
test_drain(void **state)
{
    struct world *world = open_world();
    struct pollfd wait = {.fd = world->owner.event_fd, .events = POLLIN};
    int fds[20];
    uint8_t frame[2048], got[64];
    size_t len = ping_frame(7, 1, frame);

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        fds[i] = connect_to(world, NULL);
        assert_int_equal(send(fds[i], frame, len, 0), len);
        assert_int_equal(read_bytes(fds[i], len, got, sizeof got), len);
    }
    assert_false(worker_done(world->worker));
    mailbox_notify(&world->mailbox, MAILBOX_DRAIN);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(read_bytes(fds[i], SIZE_MAX, got, sizeof got), 0);
        close(fds[i]);
    }
    assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
    assert_true(worker_done(world->worker));
    close_world(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_single_bytes),
        cmocka_unit_test(test_client_that_does_not_read),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_bad_frames),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_drain),
    };

    return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
