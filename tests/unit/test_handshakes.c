// SPDX-License-Identifier: Apache-2.0
// How many handshakes go on at the end of a turn, and in what order.
#include "base/clock.h"
#include "base/counters.h"
#include "net/handshakes.h"
#include "tests/unit/unit.h"
#include <string.h>

#define CROWD 5u

struct conn {
    unsigned turns; // that it had
};

struct scene {
    struct handshakes handshakes;
    struct counters counters;
    struct conn conns[CROWD];
    struct shaker shakers[CROWD];
};

static void
begin(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    handshakes_init(&scene->handshakes);
    for (unsigned i = 0; i < CROWD; i++) {
        scene->shakers[i].conn = &scene->conns[i];
        handshakes_add(&scene->handshakes, &scene->shakers[i]);
    }
}

static void
take_turn(struct conn *conn)
{
    conn->turns++;
}

static void
turn(struct scene *scene, int64_t turn_us)
{
    handshakes_turn(&scene->handshakes, turn_us, &scene->counters, take_turn);
}

static unsigned
count(const struct scene *scene)
{
    unsigned total = 0;

    for (unsigned i = 0; i < CROWD; i++) {
        assert_true(scene->conns[i].turns <= 1);
        assert_true(i == 0 || scene->conns[i].turns <= scene->conns[i - 1].turns); // in their order
        total += scene->conns[i].turns;
    }
    return total;
}

static void
test_one_beside_others_that_took_no_time(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    for (unsigned i = 1; i <= CROWD; i++) {
        turn(&scene, clock_steady_us());
        assert_int_equal(count(&scene), i);
    }
    assert_true(handshakes_is_empty(&scene.handshakes));
    assert_int_equal(counters_get(&scene.counters, COUNTER_HANDSHAKES_PUT_OFF), CROWD - 1);
}

static void
test_more_behind_a_long_turn(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    turn(&scene, clock_steady_us() - INT64_C(60000000)); // a quarter of a minute is enough for all
    assert_int_equal(count(&scene), CROWD);
    assert_int_equal(counters_get(&scene.counters, COUNTER_HANDSHAKES_PUT_OFF), 0);
}

static void
test_who_leaves_has_no_turn(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    handshakes_leave(&scene.handshakes, &scene.shakers[0]);
    handshakes_leave(&scene.handshakes, &scene.shakers[0]);
    handshakes_add(&scene.handshakes, &scene.shakers[1]); // is in already
    handshakes_add(&scene.handshakes, &scene.shakers[0]); // now the last one
    for (unsigned i = 1; i < CROWD; i++)
        turn(&scene, clock_steady_us());
    assert_int_equal(scene.conns[0].turns, 0);
    turn(&scene, clock_steady_us());
    assert_int_equal(count(&scene), CROWD);
    assert_true(handshakes_is_empty(&scene.handshakes));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_beside_others_that_took_no_time),
        cmocka_unit_test(test_more_behind_a_long_turn),
        cmocka_unit_test(test_who_leaves_has_no_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
