// SPDX-License-Identifier: Apache-2.0
// The life of placements on a real store: what each write does to a placement, to those that wait, and to the
// seats. The draw, suspension and repeats are in test_placement_more.c.
#include "base/fault.h"
#include "tests/unit/placement_fixture.h"

static void
test_a_hold_runs_out(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 1));
    Kansen__V1__WriteResult hold = scene_reserve(scene, "ann", offer, 0);

    assert_int_equal(scene_code(hold), CODE_OK);
    assert_int_equal(hold.outcome, KANSEN__V1__OUTCOME__OUTCOME_CREATED);
    assert_int_equal(hold.version, 1);
    assert_int_equal(hold.placement_state, STATE(HELD));
    assert_int_equal(hold.expires_us, scene->fixture.time_us + 900 * SECOND);
    assert_int_equal(scene_code(scene_reserve(scene, "bob", offer, 0)), CODE_FAILED_PRECONDITION);
    assert_int_equal(scene_pass(scene, 900 * SECOND - 10).outcome, KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED);
    assert_int_equal(scene_state(scene, hold.id), STATE(HELD));
    assert_int_equal(scene_pass(scene, 10).outcome, KANSEN__V1__OUTCOME__OUTCOME_UPDATED);
    assert_int_equal(scene_state(scene, hold.id), STATE(EXPIRED));
    assert_int_equal(scene_placement(scene, hold.id)->version, 2);
    assert_int_equal(scene_code(scene_reserve(scene, "bob", offer, 0)), CODE_OK);
}

static void
test_a_lease_as_asked_for(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 3));
    Kansen__V1__ReservePlacement request = scene_request(offer, 0);
    Kansen__V1__WriteResult hold;

    request.lease_s = 604801;
    hold = scene_reserve_as(scene, "ann", request);
    assert_int_equal(scene_code(hold), CODE_INVALID_ARGUMENT);
    assert_string_equal(hold.status->field, "lease_s");
    request.lease_s = 604800;
    hold = scene_reserve_as(scene, "ann", request);
    assert_int_equal(hold.expires_us, scene->fixture.time_us + 7 * DAY);
    request.lease_s = 1;
    hold = scene_reserve_as(scene, "bob", request);
    scene_pass(scene, SECOND);
    assert_int_equal(scene_state(scene, hold.id), STATE(EXPIRED));
}

// After the daemon was down for long, more is due than one command does.
static void
test_many_holds_run_out_at_once(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 300));
    char student[16];

    for (int i = 0; i < 300; i++) {
        snprintf(student, sizeof student, "s%d", i);
        assert_int_equal(scene_code(scene_reserve(scene, student, offer, 0)), CODE_OK);
    }
    scene_pass(scene, 30 * DAY);
    assert_int_equal(fixture_row(&scene->fixture, offer).seats_taken, 300 - 256);
    scene_pass(scene, 0);
    assert_int_equal(fixture_row(&scene->fixture, offer).seats_taken, 0);
    assert_int_equal(scene_pass(scene, 0).outcome, KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED);
}

static void
test_direct_and_not(void **state)
{
    static const struct {
        Kansen__V1__OfferKind kind;
        int given; // -1 = not told
        Kansen__V1__PlacementState wanted;
    } cases[] = {
        {KANSEN__V1__OFFER_KIND__OFFER_KIND_SPORT, -1, STATE(REQUESTED)},
        {KANSEN__V1__OFFER_KIND__OFFER_KIND_INTERNSHIP, -1, STATE(ACCEPTED)},
        {KANSEN__V1__OFFER_KIND__OFFER_KIND_SPORT, 1, STATE(ACCEPTED)},
        {KANSEN__V1__OFFER_KIND__OFFER_KIND_INTERNSHIP, 0, STATE(REQUESTED)},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[8];
        Kansen__V1__Offer offer;
        Kansen__V1__WriteResult at_once, later;

        snprintf(name, sizeof name, "o%zu", i);
        offer = scene_offer(scene, name, 2);
        offer.kind = cases[i].kind;
        if (cases[i].given >= 0) {
            offer.direct_placement_given_case = KANSEN__V1__OFFER__DIRECT_PLACEMENT_GIVEN_DIRECT_PLACEMENT;
            offer.direct_placement = cases[i].given;
        }
        at_once = scene_reserve(scene, "ann", scene_put_offer(scene, offer), ASK);
        later = scene_reserve(scene, "bob", scene_placement(scene, at_once.id)->offer_id, 0);
        assert_int_equal(at_once.placement_state, cases[i].wanted);
        assert_int_equal(at_once.expires_us, 0);
        assert_int_equal(later.placement_state, STATE(HELD));
        later = scene_move(scene, later.id, MOVE(REQUEST));
        assert_int_equal(later.placement_state, cases[i].wanted);
        assert_int_equal(later.version, 2);
    }
    assert_int_equal(scene_pass(scene, 30 * DAY).outcome, KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED);
}

static void
test_the_whole_way(void **state)
{
    static const Kansen__V1__PlacementMove way[] = {MOVE(REQUEST), MOVE(ACCEPT), MOVE(CONFIRM), MOVE(START),
                                                    MOVE(COMPLETE)};
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 1));
    Kansen__V1__WriteResult result = scene_reserve(scene, "ann", offer, 0);

    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        assert_int_equal(scene_code(scene_move_at(scene, result.id, i + 2, way[i], 0)), CODE_ABORTED);
        result = scene_move_at(scene, result.id, i + 1, way[i], 0);
        assert_int_equal(scene_code(result), CODE_OK);
        assert_int_equal(result.version, i + 2);
        assert_int_equal(result.placement_state, STATE(HELD) + (int)i + 1);
    }
    assert_int_equal(fixture_row(&scene->fixture, offer).seats_taken, 1); // it is used up
    assert_int_equal(scene_code(scene_move(scene, result.id, MOVE(WITHDRAW))), CODE_FAILED_PRECONDITION);
    assert_int_equal(scene_code(scene_move(scene, 77, MOVE(WITHDRAW))), CODE_NOT_FOUND);
    assert_int_equal(scene_code(scene_move(scene, result.id, (Kansen__V1__PlacementMove)10)),
                     CODE_INVALID_ARGUMENT);
    assert_int_equal(scene_code(scene_move(scene, result.id, 0)), CODE_INVALID_ARGUMENT);
}

static void
test_declines_are_counted_by_reason(void **state)
{
    static const Kansen__V1__DeclineReason reasons[] = {REASON(PERIOD), REASON(NO_SUPERVISOR),
                                                        REASON(PERIOD)};
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 1)), count = 0;
    uint32_t reason = 0;

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        Kansen__V1__WriteResult asked = scene_reserve(scene, "ann", offer, ASK);

        assert_int_equal(scene_code(scene_move(scene, asked.id, MOVE(DECLINE))), CODE_INVALID_ARGUMENT);
        assert_int_equal(scene_code(scene_move_at(scene, asked.id, 0, MOVE(ACCEPT), reasons[i])),
                         CODE_INVALID_ARGUMENT);
        asked = scene_move_at(scene, asked.id, 0, MOVE(DECLINE), reasons[i]);
        assert_int_equal(asked.placement_state, STATE(DECLINED));
        assert_int_equal(scene_placement(scene, asked.id)->decline_reason, reasons[i]);
        // A second time it is no decline, and is not counted.
        assert_int_equal(scene_code(scene_move_at(scene, asked.id, 0, MOVE(DECLINE), reasons[i])),
                         CODE_FAILED_PRECONDITION);
    }
    assert_int_equal(txn_begin(scene->fixture.read), 0);
    assert_int_equal(decline_next(scene->fixture.read, scene->partner, &reason, &count), 0);
    assert_int_equal(reason, REASON(NO_SUPERVISOR));
    assert_int_equal(count, 1);
    assert_int_equal(decline_next(scene->fixture.read, scene->partner, &reason, &count), 0);
    assert_int_equal(reason, REASON(PERIOD));
    assert_int_equal(count, 2);
    assert_int_equal(decline_next(scene->fixture.read, scene->partner, &reason, &count), STORE_E_NOT_FOUND);
    txn_end(scene->fixture.read);
}

static void
test_one_student_one_place_at_an_offer(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__Offer offer = scene_offer(scene, "o", 2);
    uint64_t id, other;
    Kansen__V1__WriteResult first, again;

    offer.waiting_list = true;
    id = scene_put_offer(scene, offer);
    other = scene_put_offer(scene, scene_offer(scene, "other", 2));
    first = scene_reserve(scene, "ann", id, 0);
    again = scene_reserve(scene, "ann", id, WAIT);
    assert_int_equal(scene_code(again), CODE_ALREADY_EXISTS);
    assert_string_equal(again.status->field, "student");
    assert_int_equal(scene_code(scene_reserve(scene, "ann", other, 0)), CODE_OK);
    scene->client = "college"; // its ann is somebody else
    assert_int_equal(scene_code(scene_reserve(scene, "ann", id, 0)), CODE_OK);
    assert_int_equal(scene_reserve(scene, "cas", id, WAIT).placement_state, STATE(WAITING));
    assert_int_equal(scene_code(scene_reserve(scene, "cas", id, WAIT)), CODE_ALREADY_EXISTS);
    scene->client = "school";
    assert_int_equal(scene_code(scene_move(scene, first.id, MOVE(WITHDRAW))), CODE_OK);
    again = scene_reserve(scene, "ann", id, WAIT);
    assert_int_equal(again.placement_state, STATE(WAITING)); // cas has the seat
    assert_memory_equal(scene_placement(scene, again.id)->student_id.data,
                        scene_placement(scene, first.id)->student_id.data, STUDENT_ID_BYTES);
}

static void
test_the_waiting_list_moves_up_in_order(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__Offer offer = scene_offer(scene, "o", 2);
    Kansen__V1__ReservePlacement request;
    uint64_t id, seat[2], turn[3];

    assert_int_equal(
        scene_code(scene_reserve(scene, "no", scene_put_offer(scene, scene_offer(scene, "n", 0)), WAIT)),
        CODE_FAILED_PRECONDITION);
    offer.waiting_list = true;
    id = scene_put_offer(scene, offer);
    seat[0] = scene_reserve(scene, "a", id, WAIT).id;
    seat[1] = scene_reserve(scene, "b", id, ASK | WAIT).id;
    assert_int_equal(scene_code(scene_reserve(scene, "c", id, 0)), CODE_FAILED_PRECONDITION);
    request = scene_request(id, WAIT);
    request.lease_s = 3600;
    turn[0] = scene_reserve(scene, "c", id, ASK | WAIT).id;
    turn[1] = scene_reserve_as(scene, "d", request).id;
    turn[2] = scene_reserve(scene, "e", id, WAIT).id;
    assert_int_equal(scene_state(scene, turn[0]), STATE(WAITING));
    scene_move(scene, turn[2], MOVE(WITHDRAW)); // takes no seat, so nobody moves
    assert_int_equal(scene_state(scene, turn[0]), STATE(WAITING));
    turn[2] = scene_reserve(scene, "f", id, WAIT).id;
    scene_move(scene, seat[1], MOVE(WITHDRAW));
    assert_int_equal(scene_state(scene, turn[0]), STATE(HELD));
    assert_int_equal(scene_placement(scene, turn[0])->expires_us, scene->fixture.time_us + 3 * DAY);
    assert_int_equal(scene_state(scene, turn[1]), STATE(WAITING));
    scene_pass(scene, 900 * SECOND); // the first hold runs out
    assert_int_equal(scene_state(scene, seat[0]), STATE(EXPIRED));
    assert_int_equal(scene_placement(scene, turn[1])->expires_us, scene->fixture.time_us + 3600 * SECOND);
    assert_int_equal(scene_state(scene, turn[2]), STATE(WAITING));
    offer.seats = 3;
    scene_put_offer(scene, offer);
    assert_int_equal(scene_state(scene, turn[2]), STATE(HELD));
}

static void
test_a_pause_keeps_the_waiting_list_where_it_is(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__Offer offer = scene_offer(scene, "o", 1);
    uint64_t id, seat, turn;

    offer.waiting_list = true;
    id = scene_put_offer(scene, offer);
    seat = scene_reserve(scene, "a", id, 0).id;
    turn = scene_reserve(scene, "b", id, WAIT).id;
    offer.status = KANSEN__V1__OFFER_STATUS__OFFER_STATUS_PAUSED;
    scene_put_offer(scene, offer);
    scene_move(scene, seat, MOVE(WITHDRAW));
    assert_int_equal(scene_state(scene, turn), STATE(WAITING));
    assert_int_equal(scene_code(scene_reserve(scene, "c", id, WAIT)), CODE_FAILED_PRECONDITION);
    offer.status = KANSEN__V1__OFFER_STATUS__OFFER_STATUS_OPEN;
    scene_put_offer(scene, offer);
    assert_int_equal(scene_state(scene, turn), STATE(HELD));
}

static void
test_reserved_seats(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__Offer offer = scene_offer(scene, "o", 3);
    uint64_t id, seat, any, referred;

    offer.reserved_seats = 2;
    offer.reserved_until = (char *)TODAY;
    offer.waiting_list = true;
    id = scene_put_offer(scene, offer);
    seat = scene_reserve(scene, "a", id, ASK).id;
    any = scene_reserve(scene, "b", id, ASK | WAIT).id;
    assert_int_equal(scene_state(scene, any), STATE(WAITING)); // two seats are free, but not for it
    referred = scene_reserve(scene, "r1", id, REFERRED | ASK).id;
    assert_int_equal(scene_state(scene, referred), STATE(REQUESTED));
    assert_int_equal(scene_reserve(scene, "r2", id, REFERRED | ASK).placement_state, STATE(REQUESTED));
    assert_int_equal(scene_reserve(scene, "r3", id, REFERRED | ASK | WAIT).placement_state, STATE(WAITING));
    // A seat of the reserve goes to the referred one, although another waits longer.
    scene_move(scene, referred, MOVE(WITHDRAW));
    assert_int_equal(scene_state(scene, any), STATE(WAITING));
    assert_int_equal(fixture_row(&scene->fixture, id).taken_referred, 2);
    scene_move(scene, seat, MOVE(WITHDRAW));
    assert_int_equal(scene_state(scene, any), STATE(HELD));
}

static void
test_a_reserve_opens_on_its_day(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__Offer offer = scene_offer(scene, "o", 2);
    uint64_t id, turn[3];

    offer.reserved_seats = 2;
    offer.reserved_until = (char *)TODAY;
    offer.waiting_list = true;
    id = scene_put_offer(scene, offer);
    for (int i = 0; i < 3; i++)
        turn[i] = scene_reserve(scene, (const char *[]){"a", "b", "c"}[i], id, WAIT).id;
    scene_pass(scene, DAY / 2 - SECOND);
    assert_int_equal(scene_state(scene, turn[0]), STATE(WAITING));
    scene_pass(scene, SECOND);
    assert_int_equal(scene_state(scene, turn[0]), STATE(HELD));
    assert_int_equal(scene_state(scene, turn[1]), STATE(HELD));
    assert_int_equal(scene_state(scene, turn[2]), STATE(WAITING));
}

static void
test_caps(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 9)), hold;
    uint64_t other = scene_put_offer(scene, scene_offer(scene, "o2", 9));
    Kansen__V1__ReservePlacement request = scene_request(other, ASK);
    Kansen__V1__WriteResult refused;

    scene->max_holds = 2;
    hold = scene_reserve(scene, "a", offer, 0).id;
    assert_int_equal(scene_code(scene_reserve(scene, "b", offer, 0)), CODE_OK);
    refused = scene_reserve(scene, "c", offer, 0);
    assert_int_equal(scene_code(refused), CODE_RESOURCE_EXHAUSTED);
    assert_true(refused.status->retry_after_ms > 0);
    assert_int_equal(scene_code(scene_reserve(scene, "c", offer, ASK)), CODE_OK); // no hold
    scene->client = "college";
    assert_int_equal(scene_code(scene_reserve(scene, "d", offer, 0)), CODE_OK);
    scene->client = "school";
    scene_move(scene, hold, MOVE(REQUEST));
    assert_int_equal(scene_code(scene_reserve(scene, "e", offer, 0)), CODE_OK);
    request.max_live = 1;
    refused = scene_reserve_as(scene, "a", request);
    assert_int_equal(scene_code(refused), CODE_FAILED_PRECONDITION);
    assert_string_equal(refused.status->field, "max_live");
    request.max_live = 2;
    assert_int_equal(scene_code(scene_reserve_as(scene, "a", request)), CODE_OK);
    scene_move(scene, hold, MOVE(WITHDRAW)); // no longer live
    request.offer_id = scene_put_offer(scene, scene_offer(scene, "o3", 9));
    assert_int_equal(scene_code(scene_reserve_as(scene, "a", request)), CODE_OK);
}

static void
test_seats_are_not_lowered_below_those_taken(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__Offer offer = scene_offer(scene, "o", 3);
    uint64_t id = scene_put_offer(scene, offer);
    Kansen__V1__WriteResult refused;

    scene_reserve(scene, "a", id, 0);
    scene_reserve(scene, "b", id, 0);
    offer.seats = 1;
    refused = fixture_upsert_offer(&scene->fixture, offer);
    assert_int_equal(scene_code(refused), CODE_FAILED_PRECONDITION);
    assert_string_equal(refused.status->field, "offer.seats");
    offer.seats = 2;
    assert_int_equal(scene_code(fixture_upsert_offer(&scene->fixture, offer)), CODE_OK);
    scene_check_seats(scene);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_hold_runs_out),
        TEST(test_a_lease_as_asked_for),
        TEST(test_many_holds_run_out_at_once),
        TEST(test_direct_and_not),
        TEST(test_the_whole_way),
        TEST(test_declines_are_counted_by_reason),
        TEST(test_one_student_one_place_at_an_offer),
        TEST(test_the_waiting_list_moves_up_in_order),
        TEST(test_a_pause_keeps_the_waiting_list_where_it_is),
        TEST(test_reserved_seats),
        TEST(test_a_reserve_opens_on_its_day),
        TEST(test_caps),
        TEST(test_seats_are_not_lowered_below_those_taken),
    };

    return cmocka_run_group_tests_name("placement", tests, NULL, NULL);
}
