// SPDX-License-Identifier: Apache-2.0
// libkansen without memory: each allocation of its own in turn fails, in a life of a session and of the
// blocking front. Nothing ends the program, nothing leaks (the sanitizers say so), and what was taken on is
// answered.
#include "tests/unit/session_fixture.h"
#include <errno.h>

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);

static unsigned count, failing; // allocations, and the one that fails; 0 = none

static bool
fails(void)
{
    return ++count == failing;
}

void *
__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t members, size_t size)
{
    return fails() ? NULL : __real_calloc(members, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

void *
__wrap_reallocarray(void *old, size_t members, size_t size)
{
    return fails() ? NULL : __real_reallocarray(old, members, size);
}

char *
__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

// ----

// Asks; whether it was taken on.
static bool
try_to_ask(struct kansen_session *session, bool watch)
{
    Kansen__V1__Request request = KANSEN__V1__REQUEST__INIT;
    Kansen__V1__PingRequest ping = KANSEN__V1__PING_REQUEST__INIT;
    Kansen__V1__WatchRequest body = KANSEN__V1__WATCH_REQUEST__INIT;
    int result;

    request.body_case = watch ? KANSEN__V1__REQUEST__BODY_WATCH : KANSEN__V1__REQUEST__BODY_PING;
    request.ping = &ping;
    if (watch)
        request.watch = &body;
    result = kansen_session_request(session, &request, 0, NULL, 0, NULL);
    assert_true(result == 0 || result == -ENOMEM || result == KANSEN_E_CLOSED);
    return result == 0;
}

// Answers all that is asked.
static void
answer_all(struct peer *peer)
{
    listen_to(peer);
    for (size_t i = 0; i < peer->count; i++) {
        Kansen__V1__Response response = KANSEN__V1__RESPONSE__INIT;
        Kansen__V1__HelloResponse hello = KANSEN__V1__HELLO_RESPONSE__INIT;
        Kansen__V1__WatchResponse watch = KANSEN__V1__WATCH_RESPONSE__INIT;

        response.id = peer->asked[i]->id;
        response.body_case = (Kansen__V1__Response__BodyCase)peer->asked[i]->body_case;
        response.hello = &hello; // of a ping as well: its answer is as empty
        if (response.body_case == KANSEN__V1__RESPONSE__BODY_WATCH)
            response.watch = &watch;
        if (response.body_case == KANSEN__V1__RESPONSE__BODY_PING)
            say_pong(peer, response.id, 0);
        else
            say(peer, &response, 0);
    }
}

// Takes the answers; returns how many were last ones. It may lack memory once.
static unsigned
take_all(struct kansen_session *session)
{
    struct kansen_answer answer;
    unsigned last = 0;
    int result;

    while ((result = kansen_session_answer(session, &answer)) != KANSEN_E_MORE) {
        assert_true(result == 0 || result == -ENOMEM);
        if (result != 0)
            continue;
        last += kansen_is_last(answer.response);
        kansen__v1__response__free_unpacked(answer.response, NULL);
    }
    return last;
}

// A session that connects, asks, is lost, connects again, and ends.
static void
live(struct kansen_session *session)
{
    struct peer peer = {.session = session};
    unsigned asked = try_to_ask(session, false), answered = 0;

    for (int round = 0; round < 3; round++) {
        kansen_session_opened(session, true, 0);
        answer_all(&peer);
        for (int i = 0; i < 70; i++)
            asked += try_to_ask(session, i == 7);
        if (round != 1)
            answer_all(&peer);
        answered += take_all(session);
        kansen_session_broken(session, KANSEN_E_CLOSED, "gone", 0);
        kansen_session_tick(session, 0);
    }
    for (int i = 0; i < 100 && kansen_session_state(session) != KANSEN_SESSION_FAILED; i++) {
        kansen_session_broken(session, KANSEN_E_UNREACHABLE, "nobody", (uint64_t)i * 1000);
        kansen_session_tick(session, (uint64_t)i * 1000);
    }
    answered += take_all(session);
    assert_int_equal(answered, asked);
    forget(&peer);
}

static void
test_session(void **state)
{
    const struct kansen_options options = {
        .token = "t", .retry_ms = 1000, .ca_file = "f", .max_in_flight = 300};
    struct peer dice = {.dice = 0};
    const struct kansen_random random = {roll, &dice};

    (void)state;
    for (failing = 1;; failing++) {
        struct kansen_session *session;

        count = 0;
        session = kansen_session_new("unix:/s", &options, &random);
        if (session != NULL)
            live(session);
        kansen_session_free(session);
        if (count < failing)
            break;
    }
    assert_true(failing > 100); // else none of it was met
    failing = 0;
}

static void
test_front(void **state)
{
    const struct kansen_options options = {.token = "t", .client_name = "n", .timeout_ms = 100};

    (void)state;
    for (failing = 1;; failing++) {
        struct kansen *kansen;

        count = 0;
        kansen = kansen_new(&options);
        if (kansen != NULL) {
            int result = kansen_connect(kansen, "unix:/nowhere/at/all");

            assert_true(result == -ENOMEM || result == KANSEN_E_UNREACHABLE);
            assert_true(kansen_error(kansen)[0] != '\0');
        }
        kansen_free(kansen);
        if (count < failing)
            break;
    }
    assert_true(failing > 5);
    failing = 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_session), cmocka_unit_test(test_front)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
