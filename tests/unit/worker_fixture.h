// SPDX-License-Identifier: Apache-2.0
// Real workers over socket pairs, with a store and limits, and without a writer. Who is at the other end of a
// pair is what the fixture says, the identity that a token would give; or nobody until a Hello with a real
// token has said so.
#ifndef TESTS_UNIT_WORKER_FIXTURE_H
#define TESTS_UNIT_WORKER_FIXTURE_H

#include "base/clock.h"
#include "base/log.h"
#include "net/worker.h"
#include "proto/frame.h"
#include "rpc/limits.h"
#include "rpc/quota.h"
#include "rpc/service.h"
#include "tests/unit/token_fixture.h"
#include "work/job.h"
#include "work/queue.h"
#include <errno.h>
#include <fcntl.h>
#include <kansen/v1/protocol.pb-c.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define WORKERS        2u
#define WORKERS_WAIT   30000 // milliseconds that anything may take
#define WORKERS_OUTPUT 65536u

struct workers {
    struct fixture store;
    struct log log;
    struct secret *secret;
    struct limits limits;
    struct service service;
    struct mailbox mailboxes[WORKERS], owner;
    struct worker *workers[WORKERS];
};

// The service and the limits may be changed between open and start.
static inline struct workers *
workers_open(const struct quota_options *quota)
{
    struct workers *workers = calloc(1, sizeof *workers);
    struct fault fault;

    assert_non_null(workers);
    fixture_start(&workers->store);
    assert_int_equal(secret_open(workers->store.dir, &workers->secret, &fault), 0);
    workers->log = (struct log){.fd = STDERR_FILENO, .level = LOG_LEVEL_ERROR};
    workers->limits =
        (struct limits){.max_in_flight = 20, .write_timeout_us = 60000000, .output_max = WORKERS_OUTPUT};
    workers->service = (struct service){.store = workers->store.store,
                                        .secret = workers->secret,
                                        .queue = queue_new(&(struct queue_options){32, 16 << 20, WORKERS}),
                                        .quota = quota_new(quota),
                                        .log = &workers->log,
                                        .workers = WORKERS,
                                        .max_frame = FRAME_DEFAULT_MAX,
                                        .request_memory = 4 << 20,
                                        .max_batch_writes = 100,
                                        .limits = &workers->limits,
                                        .state = SERVICE_SERVING};
    assert_non_null(workers->service.queue);
    assert_non_null(workers->service.quota);
    return workers;
}

static inline void
workers_start(struct workers *workers)
{
    assert_int_equal(mailbox_init(&workers->owner), 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker_options options = {i, &workers->service, &workers->mailboxes[i], &workers->owner};

        assert_int_equal(mailbox_init(&workers->mailboxes[i]), 0);
        assert_int_equal(worker_start(&options, &workers->workers[i]), 0);
    }
}

static inline void
workers_close(struct workers *workers)
{
    struct job *job, *next;
    unsigned notices;
    char path[128];

    for (unsigned i = 0; i < WORKERS; i++) {
        mailbox_notify(&workers->mailboxes[i], MAILBOX_STOP);
        worker_finish(workers->workers[i]);
        (void)mailbox_take(&workers->mailboxes[i], &notices);
        mailbox_destroy(&workers->mailboxes[i]);
    }
    assert_int_equal(atomic_load(&workers->service.connections), 0);
    (void)mailbox_take(&workers->owner, &notices);
    mailbox_destroy(&workers->owner);
    queue_close(workers->service.queue);
    for (job = queue_take(workers->service.queue, SIZE_MAX, 0); job != NULL; job = next) {
        next = (struct job *)job->mail.next;
        job_free(job);
    }
    queue_free(workers->service.queue);
    quota_free(workers->service.quota); // asserts that all sessions have left
    secret_free(workers->secret);
    snprintf(path, sizeof path, "%s/%s", workers->store.dir, SECRET_FILE);
    unlink(path);
    fixture_end(&workers->store);
    free(workers);
}

// Gives a worker one end of a pair and returns the other.
static inline int
workers_connect_as(struct workers *workers, unsigned worker, const struct identity *identity)
{
    struct worker_mail *mail = calloc(1, sizeof *mail);
    struct timeval wait = {.tv_sec = WORKERS_WAIT / 1000};
    int ends[2];

    assert_non_null(mail);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    mail->mail.kind = MAIL_CONNECTION;
    mail->fd = ends[1];
    mail->identity = *identity;
    atomic_fetch_add(&workers->service.connections, 1);
    mailbox_post(&workers->mailboxes[worker], &mail->mail, &mail->mail);
    return ends[0];
}

// The same; token is whose connection it is, 0 = of none.
static inline int
workers_connect(struct workers *workers, unsigned worker, uint64_t token)
{
    struct identity identity = {.role = ROLE_OPERATOR, .client = "local", .actor = "test", .token = token};

    return workers_connect_as(workers, worker, &identity);
}

// ---- A client

static inline Kansen__V1__Request
workers_request(uint32_t body, void *message)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;

    request.id = 5;
    request.body_case = body;
    request.ping = message; // all members of the union are pointers
    return request;
}

// Writes the request as a frame; returns its length.
static inline size_t
workers_frame(const Kansen__V1__Request *request, uint8_t *out, size_t size)
{
    size_t len = kansen__v1__request__get_packed_size(request), header;

    assert_true(len + FRAME_HEADER_MAX <= size);
    header = frame_encode_header(out, len);
    return header + kansen__v1__request__pack(request, out + header);
}

static inline void
workers_send(int fd, const Kansen__V1__Request *request)
{
    uint8_t bytes[4096];
    size_t len = workers_frame(request, bytes, sizeof bytes);

    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

// The next answer; NULL when the connection was closed.
static inline Kansen__V1__Response *
workers_receive(int fd)
{
    static _Thread_local uint8_t bytes[2 * FRAME_DEFAULT_MAX];
    struct frame frame = {0, 0};
    size_t got = 0;

    while (frame_decode(bytes, got, sizeof bytes, &frame) != FRAME_WHOLE) {
        size_t wanted = frame.header_len == 0 ? 1 : frame.header_len + frame.payload_len - got;
        ssize_t more = recv(fd, bytes + got, wanted, 0); // no byte of the frame behind it

        if (more == 0 || (more < 0 && errno == ECONNRESET))
            return NULL;
        assert_true(more > 0);
        got += (size_t)more;
    }
    return kansen__v1__response__unpack(NULL, frame.payload_len, bytes + frame.header_len);
}

// Takes an answer and returns its code; retry_after_ms, if not NULL, is its hint.
static inline int
workers_code(int fd, uint32_t *retry_after_ms)
{
    Kansen__V1__Response *response = workers_receive(fd);
    int code;

    assert_non_null(response);
    code = response->status == NULL ? CODE_OK : response->status->code;
    if (retry_after_ms != NULL)
        *retry_after_ms = response->status == NULL ? 0 : response->status->retry_after_ms;
    kansen__v1__response__free_unpacked(response, NULL);
    return code;
}

// With the text of a token; "" = none.
static inline int
workers_hello_by(int fd, const char *token)
{
    Kansen__V1__HelloRequest hello = KANSEN__V1__HELLO_REQUEST__INIT;
    Kansen__V1__Request request = workers_request(KANSEN__V1__REQUEST__BODY_HELLO, &hello);

    hello.protocol_version = 1;
    hello.token = (char *)token;
    workers_send(fd, &request);
    return workers_code(fd, NULL);
}

static inline int
workers_hello(int fd)
{
    return workers_hello_by(fd, "");
}

static inline uint64_t
workers_count(struct workers *workers, enum counter counter)
{
    return counters_get(&workers->service.counters, counter);
}

#endif
