// SPDX-License-Identifier: Apache-2.0
// Reads that are too large for a loop: where they are cut, who may wait with how many, and that a reading
// thread's way gives the answer that a loop would have given.
#include "rpc/readings.h"
#include "tests/unit/rpc_fixture.h"
#include <stdatomic.h>

#define BODY(name)    KANSEN__V1__REQUEST__BODY_##name
#define OFFERS        40u
#define BUDGETS       3000u
#define REQUEST_BYTES 512u

struct asked {
    uint8_t bytes[REQUEST_BYTES];
    size_t len;
};

static struct asked
pack(uint32_t body, void *message, uint32_t deadline_ms)
{
    Kansen__V1__Request request = rpc_world_request(body, message);
    struct asked asked;

    request.deadline_ms = deadline_ms;
    asked.len = kansen__v1__request__get_packed_size(&request);
    assert_true(asked.len <= sizeof asked.bytes);
    kansen__v1__request__pack(&request, asked.bytes);
    return asked;
}

static struct asked
pack_match(bool counts, uint32_t deadline_ms)
{
    static Kansen__V1__WantedInterest wanted = KANSEN__V1__WANTED_INTEREST__INIT;
    static Kansen__V1__WantedInterest *interests[] = {&wanted};
    Kansen__V1__Query query = KANSEN__V1__QUERY__INIT;
    Kansen__V1__MatchRequest match = KANSEN__V1__MATCH_REQUEST__INIT;

    wanted.code = (char *)"sport";
    query.origin_case = KANSEN__V1__QUERY__ORIGIN_FROM_REGION;
    query.from_region = (char *)"GM0606";
    query.radius_m = 50000;
    query.n_interests = 1;
    query.interests = interests;
    query.limit = 7;
    query.want_total = query.facets = counts;
    query.discover = counts ? 0 : 2;
    match.query = &query;
    return pack(BODY(MATCH), &match, deadline_ms);
}

static struct asked
pack_list(void)
{
    Kansen__V1__ListOffersRequest list = KANSEN__V1__LIST_OFFERS_REQUEST__INIT;

    list.status = KANSEN__V1__OFFER_STATUS__OFFER_STATUS_PAUSED; // none is
    return pack(BODY(LIST_OFFERS), &list, 0);
}

static struct rpc_world *
open_world(void)
{
    struct rpc_world *world = rpc_world_open();

    (void)rpc_world_registry(world, "p", OFFERS, NULL);
    rpc_world_be(world, ROLE_PORTAL, "a", 0);
    world->session.connection = 1;
    world->limits.long_read_us = 60000000;
    return world;
}

static void
close_world(struct rpc_world *world)
{
    readings_free(world->service.readings);
    rpc_world_close(world);
}

static void
bound(struct rpc_world *world, uint64_t budget, unsigned max)
{
    if (world->service.readings == NULL)
        world->service.readings = readings_new(max, 1);
    assert_non_null(world->service.readings);
    world->limits.read_budget = budget;
}

static int
handle(struct rpc_world *world, struct rpc_env *env, const struct asked *asked, struct buf *out)
{
    int rc = rpc_handle(env, &world->session, clock_steady_us(), asked->bytes, asked->len, out);

    rpc_pause(env);
    return rc;
}

static void
assert_same(const struct buf *a, const struct buf *b)
{
    assert_int_equal(buf_len(a), buf_len(b));
    assert_memory_equal(buf_bytes(a), buf_bytes(b), buf_len(a));
}

// What the first answer in out says went wrong.
static enum code
code_of(struct buf *out, uint32_t *retry_ms)
{
    Kansen__V1__Response *response = rpc_world_take(out);
    enum code code;

    assert_non_null(response);
    assert_int_equal(response->id, 5);
    code = response->status == NULL ? CODE_OK : (enum code)response->status->code;
    if (retry_ms != NULL)
        *retry_ms = response->status == NULL ? 0 : response->status->retry_after_ms;
    kansen__v1__response__free_unpacked(response, NULL);
    return code;
}

// Whatever the budget: either the whole answer, or nothing and a reading with the same answer.
static void
test_same_bytes(void **state)
{
    const struct asked all[] = {pack_match(false, 0), pack_match(true, 0), pack_list()};
    struct rpc_world *world = open_world();
    _Atomic bool ended = false;
    struct rpc_env *reading_env = rpc_env_new(&world->service, 0, &ended);

    (void)state;
    assert_non_null(reading_env);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct buf whole = {0};
        unsigned handed_over = 0, answered = 0;

        bound(world, 0, 2);
        assert_int_equal(handle(world, world->env, &all[i], &whole), RPC_ANSWERED);
        for (uint64_t budget = 1; budget < 5 * BUDGETS; budget += budget < BUDGETS ? 7 : BUDGETS) {
            struct buf out = {0};

            bound(world, budget, 2);
            if (handle(world, world->env, &all[i], &out) == RPC_ANSWERED) {
                answered++;
            } else {
                struct reading *reading = readings_take(world->service.readings);

                handed_over++;
                assert_int_equal(buf_len(&out), 0);
                assert_int_equal(reading->connection, 1);
                assert_string_equal(reading->identity.client, "a");
                assert_int_equal(reading->len, all[i].len);
                assert_memory_equal(reading->payload, all[i].bytes, all[i].len);
                assert_int_equal(handle(world, reading_env, &all[i], &out), RPC_ANSWERED);
                reading_free(reading);
            }
            assert_same(&out, &whole);
            buf_free(&out);
        }
        assert_true(handed_over > 5 && answered > 0);
        buf_free(&whole);
    }
    rpc_env_free(reading_env);
    close_world(world);
}

static void
test_late(void **state)
{
    struct asked match = pack_match(true, 0), hasty = pack_match(true, 1000);
    struct rpc_world *world = open_world();
    _Atomic bool ended = false;
    struct rpc_env *env = rpc_env_new(&world->service, 0, &ended);
    struct buf out = {0};

    (void)state;
    // It waited longer than it may.
    assert_int_equal(
        rpc_handle(env, &world->session, clock_steady_us() - 2000000, hasty.bytes, hasty.len, &out),
        RPC_ANSWERED);
    assert_int_equal(code_of(&out, NULL), CODE_DEADLINE_EXCEEDED);
    assert_int_equal(handle(world, env, &hasty, &out), RPC_ANSWERED);
    assert_int_equal(code_of(&out, NULL), CODE_OK);
    // It takes longer than one may.
    world->limits.long_read_us = -1;
    assert_int_equal(handle(world, env, &match, &out), RPC_ANSWERED);
    assert_int_equal(code_of(&out, NULL), CODE_RESOURCE_EXHAUSTED);
    world->limits.long_read_us = 60000000;
    atomic_store(&ended, true);
    assert_int_equal(handle(world, env, &match, &out), RPC_ANSWERED);
    assert_int_equal(code_of(&out, NULL), CODE_UNAVAILABLE);
    assert_int_equal(buf_len(&out), 0);
    rpc_env_free(env);
    buf_free(&out);
    close_world(world);
}

static void
assert_refused(struct rpc_world *world, const struct asked *asked)
{
    struct buf out = {0};
    uint32_t retry_ms;

    assert_int_equal(handle(world, world->env, asked, &out), RPC_ANSWERED);
    assert_int_equal(code_of(&out, &retry_ms), CODE_RESOURCE_EXHAUSTED);
    assert_true(retry_ms > 0);
    buf_free(&out);
}

static void
assert_waits(struct rpc_world *world, const char *client, const struct asked *asked)
{
    struct buf out = {0};

    rpc_world_be(world, ROLE_PORTAL, client, 0);
    assert_int_equal(handle(world, world->env, asked, &out), RPC_READING);
    assert_int_equal(buf_len(&out), 0);
    buf_free(&out);
}

static void
assert_next(struct readings *readings, const char *client, uint64_t connection)
{
    struct reading *reading = readings_take(readings);

    assert_string_equal(reading->identity.client, client);
    assert_int_equal(reading->connection, connection);
    reading_free(reading);
}

static void
test_places(void **state)
{
    struct asked match = pack_match(true, 0);
    struct rpc_world *world = open_world();
    struct readings *readings;
    struct buf out = {0};

    (void)state;
    bound(world, 1, 4);
    readings = world->service.readings;
    assert_waits(world, "a", &match);
    world->session.connection = 2;
    assert_waits(world, "a", &match);
    assert_refused(world, &match); // half of the places
    assert_waits(world, "b", &match);
    assert_waits(world, "c", &match);
    rpc_world_be(world, ROLE_PORTAL, "d", 0);
    assert_refused(world, &match); // all
    assert_int_equal(readings_count(readings).waiting, 4);
    assert_int_equal(readings_count(readings).refused, 2);
    // Clients take turns, and each has its own in order.
    assert_next(readings, "a", 1);
    assert_next(readings, "b", 2);
    assert_next(readings, "a", 2);
    assert_next(readings, "c", 2);
    // Of a connection that has gone nothing is done.
    assert_waits(world, "a", &match);
    world->session.connection = 3;
    assert_waits(world, "a", &match);
    readings_forget(readings, 1, 3); // another worker's
    assert_int_equal(readings_count(readings).waiting, 2);
    readings_forget(readings, 0, 2);
    assert_int_equal(readings_count(readings).waiting, 1);
    assert_next(readings, "a", 3);
    assert_waits(world, "a", &match); // is freed with the queue
    readings_close(readings);
    assert_null(readings_take(readings));
    assert_int_equal(handle(world, world->env, &match, &out), RPC_ANSWERED);
    assert_int_equal(code_of(&out, NULL), CODE_UNAVAILABLE);
    buf_free(&out);
    close_world(world);
}

// A turn ends when its requests have used a budget up, though each of them was within it.
static void
test_turns(void **state)
{
    struct asked match = pack_match(false, 0);
    struct rpc_world *world = open_world();
    struct buf out = {0};
    uint64_t budget = 1;
    int handled = 0;

    (void)state;
    do { // the least that it takes
        budget += 10;
        bound(world, budget, 100000);
    } while (handle(world, world->env, &match, &out) == RPC_READING);
    bound(world, budget * 3, 2);
    while (!rpc_is_tired(world->env)) {
        assert_int_equal(rpc_handle(world->env, &world->session, 0, match.bytes, match.len, &out),
                         RPC_ANSWERED);
        handled++;
    }
    assert_int_equal(handled, 4); // as the last ten were not needed
    rpc_pause(world->env);
    assert_false(rpc_is_tired(world->env));
    buf_free(&out);
    close_world(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_turns),
    };

    return cmocka_run_group_tests_name("long reads", tests, NULL, NULL);
}
