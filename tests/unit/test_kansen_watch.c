// SPDX-License-Identifier: Apache-2.0
// libkansen's watches: one request with many answers, in the core without a socket, and in the front against
// a server in a thread that says what the test wrote down.
#include "tests/unit/server_fixture.h"
#include <sys/eventfd.h>

// An answer to a watch that tells where to resume.
static void
add_watch(struct buf *out, uint64_t id, uint64_t next, bool end)
{
    Kansen__V1__WatchResponse watch = KANSEN__V1__WATCH_RESPONSE__INIT;
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;

    watch.next_sequence = next;
    watch.end = end;
    response.id = id;
    response.body_case = KANSEN__V1__RESPONSE__BODY_WATCH;
    response.watch = &watch;
    add_response(out, &response);
}

// A status; a refused watch may tell with it what is kept.
static void
add_status(struct buf *out, uint64_t id, int32_t code)
{
    Kansen__V1__WatchResponse watch = KANSEN__V1__WATCH_RESPONSE__INIT;
    Kansen__V1__Status status = KANSEN__V1__STATUS__INIT;
    Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;

    status.code = code;
    response.id = id;
    response.status = &status;
    if (code != 0) {
        response.body_case = KANSEN__V1__RESPONSE__BODY_WATCH;
        response.watch = &watch;
    }
    add_response(out, &response);
}

// A core with a watch (id 1) and a ping (id 2) in flight.
static struct kansen_core *
core_with_watch(void)
{
    struct kansen_core *core = kansen_core_new(FRAME_MAX);
    Kansen__V1__WatchRequest watch = KANSEN__V1__WATCH_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__PingRequest body;

    assert_non_null(core);
    request.body_case = KANSEN__V1__REQUEST__BODY_WATCH;
    request.watch = &watch;
    assert_int_equal(kansen_core_request(core, &request, NULL), 0);
    request = ping(&body, NULL, 0);
    assert_int_equal(kansen_core_request(core, &request, NULL), 0);
    return core;
}

// Feeds the answers, which are consumed, and checks what the next response is and what is in flight then.
static void
expect(struct kansen_core *core, struct buf *answers, uint64_t id, bool last, size_t in_flight)
{
    Kansen__V1__Response *response;

    if (buf_len(answers) > 0)
        assert_int_equal(kansen_core_feed(core, buf_bytes(answers), buf_len(answers)), 0);
    buf_free(answers);
    *answers = (struct buf){0};
    assert_int_equal(kansen_core_response(core, &response), 0);
    assert_int_equal(response->id, id);
    assert_int_equal(kansen_is_last(response), last);
    assert_int_equal(kansen_core_in_flight(core), in_flight);
    kansen__v1__response__free_unpacked(response, NULL);
}

static void
test_core_many(void **state)
{
    struct kansen_core *core = core_with_watch();
    Kansen__V1__Response *response;
    struct buf answers = {0};

    (void)state;
    add_watch(&answers, 1, 5, false);
    add_watch(&answers, 1, 6, false);
    add_pong(&answers, 2, (ProtobufCBinaryData){0});
    add_watch(&answers, 1, 7, false);
    add_watch(&answers, 1, 8, true);
    expect(core, &answers, 1, false, 2);
    expect(core, &answers, 1, false, 2);
    expect(core, &answers, 2, true, 1);
    expect(core, &answers, 1, false, 1);
    expect(core, &answers, 1, true, 0);
    assert_int_equal(kansen_core_response(core, &response), KANSEN_E_MORE);
    // Nothing may follow the end.
    add_watch(&answers, 1, 9, false);
    assert_int_equal(kansen_core_feed(core, buf_bytes(&answers), buf_len(&answers)), 0);
    assert_int_equal(kansen_core_response(core, &response), KANSEN_E_PROTOCOL);
    buf_free(&answers);
    kansen_core_free(core);
}

static void
test_core_cut(void **state)
{
    struct kansen_core *core = core_with_watch();
    struct buf answers = {0};

    (void)state;
    add_watch(&answers, 1, 5, false);
    add_status(&answers, 1, 8);
    add_status(&answers, 2, 0); // OK without a body is the last one too
    expect(core, &answers, 1, false, 2);
    expect(core, &answers, 1, true, 1);
    expect(core, &answers, 2, true, 0);
    kansen_core_free(core);
}

static void
test_core_wrong(void **state)
{
    struct kansen_core *core = core_with_watch();
    Kansen__V1__Response *response;
    struct buf answers = {0};

    (void)state;
    // What is no watch is answered once: it can not be left open.
    add_watch(&answers, 2, 5, false);
    assert_int_equal(kansen_core_feed(core, buf_bytes(&answers), buf_len(&answers)), 0);
    assert_int_equal(kansen_core_response(core, &response), KANSEN_E_PROTOCOL);
    buf_free(&answers);
    kansen_core_free(core);
}

static struct kansen *
connect_and_watch(const struct server *server, uint32_t timeout_ms)
{
    const struct kansen_options options = {.timeout_ms = timeout_ms};
    struct kansen *kansen = kansen_new(&options);
    Kansen__V1__WatchRequest watch = KANSEN__V1__WATCH_REQUEST__INIT;
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;

    request.body_case = KANSEN__V1__REQUEST__BODY_WATCH;
    request.watch = &watch;
    assert_int_equal(kansen_connect(kansen, server->address), 0);
    assert_int_equal(kansen_send(kansen, &request, NULL), 0);
    return kansen;
}

// Silence ends the waiting and not the watch; an interrupt comes behind what has arrived.
static void
test_front_interrupt(void **state)
{
    struct server server = {.listener = -1};
    int fd = eventfd(0, EFD_CLOEXEC);
    struct kansen *kansen;
    Kansen__V1__Response *response;

    (void)state;
    add_watch(&server.says, 2, 10, false); // hello was 1
    add_watch(&server.says, 2, 11, false);
    start(&server);
    kansen = connect_and_watch(&server, 10000);
    kansen_interrupt_by(kansen, fd);
    assert_int_equal(kansen_receive(kansen, &response), 0);
    assert_int_equal(response->watch->next_sequence, 10);
    kansen__v1__response__free_unpacked(response, NULL);
    assert_int_equal(eventfd_write(fd, 1), 0);
    assert_int_equal(kansen_receive(kansen, &response), 0);
    assert_int_equal(response->watch->next_sequence, 11);
    kansen__v1__response__free_unpacked(response, NULL);
    assert_int_equal(kansen_receive(kansen, &response), KANSEN_E_INTERRUPTED);
    assert_int_equal(kansen_receive(kansen, &response), KANSEN_E_INTERRUPTED);
    kansen_free(kansen);
    stop(&server);
    close(fd);
}

static void
test_front_silence(void **state)
{
    struct server server = {.listener = -1};
    struct kansen *kansen;
    Kansen__V1__PingRequest body;
    Kansen__V1__Request request = ping(&body, NULL, 0);
    Kansen__V1__Response *response;

    (void)state;
    start(&server);
    kansen = connect_and_watch(&server, 20);
    assert_int_equal(kansen_receive(kansen, &response), KANSEN_E_TIMEOUT);
    assert_int_equal(kansen_receive(kansen, &response), KANSEN_E_TIMEOUT);
    assert_int_equal(kansen_send(kansen, &request, NULL), 0); // the connection is still good
    kansen_free(kansen);
    stop(&server);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_core_many),     cmocka_unit_test(test_core_cut),
        cmocka_unit_test(test_core_wrong),    cmocka_unit_test(test_front_interrupt),
        cmocka_unit_test(test_front_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
