// SPDX-License-Identifier: Apache-2.0
// Limits of a connection and of a token on real workers: each is met, told, counted, and does not touch the
// others.
#include "tests/unit/worker_fixture.h"

#define BODY(name) KANSEN__V1__REQUEST__BODY_##name

static const struct quota_options no_quota = {0, 0, 1};

// A second has passed, says who has the clock.
static void
tick(struct workers *workers)
{
    for (unsigned i = 0; i < WORKERS; i++)
        mailbox_notify(&workers->mailboxes[i], MAILBOX_SECOND);
}

static void
wait_for_count(struct workers *workers, enum counter counter, uint64_t count)
{
    int64_t until = clock_steady_us() + WORKERS_WAIT * INT64_C(1000);

    while (workers_count(workers, counter) < count) {
        assert_true(clock_steady_us() < until);
        tick(workers);
        poll(NULL, 0, 1);
    }
    assert_int_equal(workers_count(workers, counter), count);
}

static void
wait_for_connections(struct workers *workers, uint32_t count)
{
    int64_t until = clock_steady_us() + WORKERS_WAIT * INT64_C(1000);

    while (atomic_load(&workers->service.connections) != count) {
        assert_true(clock_steady_us() < until);
        tick(workers);
        poll(NULL, 0, 1);
    }
}

// ---- Tokens

static int
ask(int fd, uint32_t body, void *message, uint32_t *retry_after_ms)
{
    Kansen__V1__Request request = workers_request(body, message);

    workers_send(fd, &request);
    return workers_code(fd, retry_after_ms);
}

// A bucket for both connections of a token, on two workers; others have their own, and Ping has none.
static void
test_rate(void **state)
{
    struct workers *workers = workers_open(&(struct quota_options){.rate = 1, .burst = 6});
    Kansen__V1__ListInterestsRequest list = KANSEN__V1__LIST_INTERESTS_REQUEST__INIT;
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__HealthRequest health = KANSEN__V1__HEALTH_REQUEST__INIT;
    int fds[4];
    uint32_t retry;

    (void)state;
    workers_start(workers);
    for (unsigned i = 0; i < 4; i++) // two of token 7, one of token 8, one of none
        fds[i] = workers_connect(workers, i % WORKERS, i < 2 ? 7 : i == 2 ? 8 : 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(workers_hello(fds[i]), CODE_OK); // is what opens the bucket, not out of it
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(ask(fds[i % 2], BODY(LIST_INTERESTS), &list, NULL), CODE_OK);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(ask(fds[i % 2], BODY(LIST_INTERESTS), &list, &retry), CODE_RESOURCE_EXHAUSTED);
        assert_in_range(retry, 1, 1000);
    }
    assert_int_equal(workers_hello(fds[0]), CODE_RESOURCE_EXHAUSTED); // said again it is a request
    assert_int_equal(workers_count(workers, COUNTER_RATE_TOKEN), 11);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(ask(fds[1], BODY(PING), &ping, NULL), CODE_OK);
        assert_int_equal(ask(fds[1], BODY(HEALTH), &health, NULL), CODE_OK);
        assert_int_equal(ask(fds[3], BODY(LIST_INTERESTS), &list, NULL), CODE_OK);
    }
    assert_int_equal(ask(fds[2], BODY(LIST_INTERESTS), &list, NULL), CODE_OK);
    poll(NULL, 0, (int)retry + 1);
    assert_int_equal(ask(fds[0], BODY(LIST_INTERESTS), &list, NULL), CODE_OK); // as the hint said
    for (unsigned i = 0; i < 4; i++)
        close(fds[i]);
    workers_close(workers);
}

static void
test_connections_of_a_token(void **state)
{
    struct workers *workers = workers_open(&(struct quota_options){.connections = 3, .burst = 1});
    int fds[4], other, nobody[5];

    (void)state;
    workers_start(workers);
    for (unsigned i = 0; i < 4; i++)
        fds[i] = workers_connect(workers, i % WORKERS, 7);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(workers_hello(fds[i]), CODE_OK);
    assert_int_equal(workers_hello(fds[3]), CODE_RESOURCE_EXHAUSTED);
    assert_int_equal(workers_hello(fds[0]), CODE_OK); // again
    assert_int_equal(workers_count(workers, COUNTER_CONNECTIONS_TOKEN), 1);
    other = workers_connect(workers, 0, 8);
    assert_int_equal(workers_hello(other), CODE_OK);
    for (unsigned i = 0; i < 5; i++) {
        nobody[i] = workers_connect(workers, 1, 0);
        assert_int_equal(workers_hello(nobody[i]), CODE_OK);
        close(nobody[i]);
    }
    close(fds[1]);
    wait_for_connections(workers, 4);
    assert_int_equal(workers_hello(fds[3]), CODE_OK); // there is room again
    close(fds[0]);
    close(fds[2]);
    close(fds[3]);
    close(other);
    workers_close(workers);
}

// A write that finds the queue full is handled again, and counts once.
static void
test_a_full_queue_takes_nothing_of_the_bucket(void **state)
{
    struct workers *workers = workers_open(&(struct quota_options){.rate = 1, .burst = 40});
    Kansen__V1__RemoveOffer remove = KANSEN__V1__REMOVE_OFFER__INIT;
    Kansen__V1__Write write = WRITE(REMOVE_OFFER, remove_offer, &remove);
    Kansen__V1__Request request = workers_request(BODY(WRITE), &write);
    int fd;

    (void)state;
    workers->limits.max_in_flight = 100;
    workers_start(workers);
    fd = workers_connect(workers, 0, 7);
    assert_int_equal(workers_hello(fd), CODE_OK);
    for (unsigned i = 0; i < 34; i++) // for 32 places
        workers_send(fd, &request);
    wait_for_count(workers, COUNTER_QUEUE_FULL, 1);
    for (unsigned i = 0; i < 50; i++) { // told of room that is gone again
        mailbox_notify(&workers->mailboxes[0], MAILBOX_ROOM);
        wait_for_count(workers, COUNTER_QUEUE_FULL, i + 2);
    }
    job_free(queue_take(workers->service.queue, 1, 0));
    mailbox_notify(&workers->mailboxes[0], MAILBOX_ROOM);
    wait_for_count(workers, COUNTER_QUEUE_FULL, 52);
    assert_int_equal(workers_count(workers, COUNTER_RATE_TOKEN), 0);
    close(fd);
    workers_close(workers);
}

// ---- Output

// Asks for lists until nothing can be sent any more, and reads nothing.
static void
fill_output(int fd)
{
    Kansen__V1__ListInterestsRequest list = KANSEN__V1__LIST_INTERESTS_REQUEST__INIT;
    Kansen__V1__Request request = workers_request(BODY(LIST_INTERESTS), &list);
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    uint8_t bytes[64];
    size_t len = workers_frame(&request, bytes, sizeof bytes), at = 0;

    while (poll(&wait, 1, 200) == 1) {
        ssize_t sent = send(fd, bytes + at, len - at, MSG_DONTWAIT | MSG_NOSIGNAL);

        assert_true(sent > 0 || errno == EAGAIN);
        at = (at + (sent > 0 ? (size_t)sent : 0)) % len;
    }
}

// Reads so many bytes every few milliseconds until the end or until a time; returns how many there were.
static size_t
read_slowly(struct workers *workers, int fd, size_t part, int64_t until_us)
{
    static uint8_t bytes[65536];
    size_t all = 0;

    while (clock_steady_us() < until_us) {
        ssize_t got = recv(fd, bytes, part, MSG_DONTWAIT);

        if (got == 0 || (got < 0 && errno == ECONNRESET))
            break;
        all += got > 0 ? (size_t)got : 0;
        tick(workers);
        poll(NULL, 0, 50);
    }
    return all;
}

// One that takes nothing is closed; one that takes a little all the time is not, however little it is.
static void
test_write_timeout(void **state)
{
    struct workers *workers = workers_open(&no_quota);
    int64_t started;
    int deaf, slow;

    (void)state;
    workers->limits.write_timeout_us = 1000000;
    workers_start(workers);
    deaf = workers_connect(workers, 0, 0);
    slow = workers_connect(workers, 0, 0);
    assert_int_equal(workers_hello(deaf), CODE_OK);
    assert_int_equal(workers_hello(slow), CODE_OK);
    fill_output(slow);
    fill_output(deaf);
    started = clock_steady_us();
    assert_true(workers_count(workers, COUNTER_OUTPUT_FULL) >= 2);
    assert_true(read_slowly(workers, slow, 2048, started + 3500000) > 0);
    assert_int_equal(workers_count(workers, COUNTER_OUTPUT_STALLED), 1);
    assert_int_equal(atomic_load(&workers->service.connections), 1);
    fill_output(slow);
    wait_for_count(workers, COUNTER_OUTPUT_STALLED, 2); // now it takes nothing either
    wait_for_connections(workers, 0);
    close(deaf);
    close(slow);
    workers_close(workers);
}

// The same after the last answer: a bad frame from one who reads nothing.
static void
test_write_timeout_at_the_end(void **state)
{
    struct workers *workers = workers_open(&no_quota);
    int fd;

    (void)state;
    workers->limits.write_timeout_us = 1000000;
    workers_start(workers);
    fd = workers_connect(workers, 0, 0);
    assert_int_equal(workers_hello(fd), CODE_OK);
    fill_output(fd);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    wait_for_count(workers, COUNTER_OUTPUT_STALLED, 1);
    wait_for_connections(workers, 0);
    close(fd);
    workers_close(workers);
}

// Room for the answers to writes is set aside, so that they can not pile up above output_buffer.
static void
test_answers_that_are_due(void **state)
{
    struct workers *workers = workers_open(&no_quota);
    Kansen__V1__RemoveOffer remove = KANSEN__V1__REMOVE_OFFER__INIT;
    Kansen__V1__Write write = WRITE(REMOVE_OFFER, remove_offer, &remove);
    Kansen__V1__Write *writes[20];
    Kansen__V1__BatchRequest batch = KANSEN__V1__BATCH_REQUEST__INIT;
    Kansen__V1__Request request = workers_request(BODY(BATCH), &batch);
    int fd;

    (void)state;
    for (unsigned i = 0; i < 20; i++)
        writes[i] = &write;
    batch.n_writes = 20;
    batch.writes = writes;
    workers_start(workers);
    fd = workers_connect(workers, 0, 0);
    assert_int_equal(workers_hello(fd), CODE_OK);
    for (unsigned i = 0; i < 30; i++)
        workers_send(fd, &request);
    wait_for_count(workers, COUNTER_OUTPUT_FULL, 1);
    assert_int_equal(queue_depth(workers->service.queue), WORKERS_OUTPUT / (21 * 640) + 1);
    close(fd);
    workers_close(workers);
}

static void
test_in_flight(void **state)
{
    struct workers *workers = workers_open(&no_quota);
    Kansen__V1__RemoveOffer remove = KANSEN__V1__REMOVE_OFFER__INIT;
    Kansen__V1__Write write = WRITE(REMOVE_OFFER, remove_offer, &remove);
    Kansen__V1__Request request = workers_request(BODY(WRITE), &write);
    int fd;

    (void)state;
    workers_start(workers);
    fd = workers_connect(workers, 0, 0);
    assert_int_equal(workers_hello(fd), CODE_OK);
    for (unsigned i = 0; i < 50; i++)
        workers_send(fd, &request);
    wait_for_count(workers, COUNTER_IN_FLIGHT_FULL, 1);
    assert_int_equal(queue_depth(workers->service.queue), 20);
    close(fd);
    workers_close(workers);
}

// ---- Frames

static void
test_frames(void **state)
{
    struct workers *workers = workers_open(&no_quota);
    static const struct {
        const char *bytes;
        size_t len;
        enum counter counter;
    } frames[] = {{"\x81\x80\x80\x01", 4, COUNTER_FRAME_TOO_LARGE},
                  {"\x80\x00", 2, COUNTER_FRAME_MALFORMED},
                  {"\x01\xff", 2, COUNTER_FRAME_MALFORMED}};

    (void)state;
    workers_start(workers);
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        uint64_t before = workers_count(workers, frames[i].counter);
        int fd = workers_connect(workers, 0, 0);

        assert_int_equal(send(fd, frames[i].bytes, frames[i].len, 0), frames[i].len);
        assert_int_equal(workers_code(fd, NULL), CODE_INVALID_ARGUMENT);
        assert_null(workers_receive(fd));
        assert_int_equal(workers_count(workers, frames[i].counter), before + 1);
        close(fd);
    }
    workers_close(workers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_connections_of_a_token),
        cmocka_unit_test(test_a_full_queue_takes_nothing_of_the_bucket),
        cmocka_unit_test(test_write_timeout),
        cmocka_unit_test(test_write_timeout_at_the_end),
        cmocka_unit_test(test_answers_that_are_due),
        cmocka_unit_test(test_in_flight),
        cmocka_unit_test(test_frames),
    };

    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
