// SPDX-License-Identifier: Apache-2.0
// Time limits of connections, by a clock of the test's own: never early, in order, begun anew or not.
#include "net/timeouts.h"
#include "rpc/limits.h"
#include "tests/unit/unit.h"
#include <string.h>

#define SECOND INT64_C(1000000)
#define MANY   50

// What the module knows of a connection is its address.
struct conn {
    struct timed timed;
    struct timeouts *timeouts;
    int expired; // how often
};

static void
count(struct conn *conn)
{
    conn->expired++;
    timeouts_leave(conn->timeouts, &conn->timed);
}

struct world {
    struct timeouts timeouts;
    struct conn conns[MANY];
};

static int
open_world(void **state)
{
    static struct world world;
    struct limits limits = {
        .handshake_timeout_us = 10 * SECOND, .frame_timeout_us = 30 * SECOND, .idle_timeout_us = 0};

    memset(&world, 0, sizeof world);
    timeouts_init(&world.timeouts, &limits);
    for (size_t i = 0; i < MANY; i++) {
        world.conns[i].timed.conn = &world.conns[i];
        world.conns[i].timeouts = &world.timeouts;
    }
    *state = &world;
    return 0;
}

static int
close_world(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < MANY; i++)
        timeouts_leave(&world->timeouts, &world->conns[i].timed);
    return 0;
}

static void
set(struct world *world, size_t i, enum timeout which, bool again, int64_t now)
{
    timeouts_set(&world->timeouts, &world->conns[i].timed, which, again, now);
}

// Expires second by second up to now; returns when the connection expired, or -1.
static int64_t
expires_at(struct world *world, size_t i, int64_t from, int64_t to)
{
    for (int64_t now = from; now <= to; now += SECOND) {
        timeouts_expire(&world->timeouts, now, count);
        if (world->conns[i].expired > 0)
            return now;
    }
    return -1;
}

static void
test_never_early(void **state)
{
    struct world *world = *state;
    int64_t at;

    // Begun anew in the same second, which is not noted, so the limit must not count from the first time.
    set(world, 0, TIMEOUT_FRAME, false, 5 * SECOND);
    set(world, 0, TIMEOUT_FRAME, true, 6 * SECOND - 1);
    at = expires_at(world, 0, 6 * SECOND, 60 * SECOND);
    assert_true(at >= 36 * SECOND - 1 && at <= 38 * SECOND);
}

static void
test_again_or_not(void **state)
{
    struct world *world = *state;

    for (int64_t now = SECOND; now <= 100 * SECOND; now += SECOND / 2) {
        set(world, 0, TIMEOUT_FRAME, true, now);
        if (world->conns[1].expired == 0)
            set(world, 1, TIMEOUT_FRAME, false, now);
        timeouts_expire(&world->timeouts, now, count);
    }
    assert_int_equal(world->conns[0].expired, 0);
    assert_int_equal(world->conns[1].expired, 1);
    assert_int_equal(world->conns[0].timed.since_us, 100 * SECOND);
    // Another limit begins at its own time.
    set(world, 0, TIMEOUT_HELLO, false, 101 * SECOND);
    assert_int_equal(expires_at(world, 0, 101 * SECOND, 200 * SECOND), 112 * SECOND);
}

static void
test_order(void **state)
{
    struct world *world = *state;
    int64_t now = SECOND;

    for (size_t i = 0; i < MANY; i++)
        set(world, i, TIMEOUT_HELLO, false, now += SECOND);
    set(world, 7, TIMEOUT_NONE, false, now);
    set(world, 8, TIMEOUT_FRAME, false, now);
    for (size_t i = 0; i < MANY; i++) {
        timeouts_expire(&world->timeouts, (int64_t)(2 + i + 11) * SECOND, count);
        for (size_t j = 0; j < MANY; j++)
            assert_int_equal(world->conns[j].expired, j <= i && j != 7 && j != 8);
    }
    assert_int_equal(expires_at(world, 8, now, now + 100 * SECOND), now + 31 * SECOND);
    assert_int_equal(world->conns[7].expired, 0);
}

static void
test_no_limit(void **state)
{
    struct world *world = *state;

    set(world, 0, TIMEOUT_HELLO, false, SECOND);
    set(world, 0, TIMEOUT_IDLE, false, SECOND); // none is set for that
    assert_int_equal(expires_at(world, 0, SECOND, 1000 * SECOND), -1);
}

// Limits that change hold for what has begun, too, as do those that come or go.
static void
test_change(void **state)
{
    struct world *world = *state;
    struct limits limits = {.frame_timeout_us = 5 * SECOND, .idle_timeout_us = 20 * SECOND};

    set(world, 0, TIMEOUT_FRAME, false, SECOND);
    set(world, 1, TIMEOUT_IDLE, false, SECOND);
    set(world, 2, TIMEOUT_HELLO, false, SECOND);
    timeouts_change(&world->timeouts, &limits);
    assert_int_equal(expires_at(world, 0, SECOND, 100 * SECOND), 7 * SECOND);
    set(world, 3, TIMEOUT_FRAME, false, 8 * SECOND);
    assert_int_equal(expires_at(world, 1, SECOND, 100 * SECOND), 22 * SECOND);
    assert_int_equal(expires_at(world, 2, SECOND, 1000 * SECOND), -1);
    assert_int_equal(world->conns[3].expired, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_never_early, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_again_or_not, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_order, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_no_limit, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_change, open_world, close_world),
    };

    return cmocka_run_group_tests_name("timeouts", tests, NULL, NULL);
}
