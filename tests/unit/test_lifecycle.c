// SPDX-License-Identifier: Apache-2.0
// Every state, event and set of movers against a list of the allowed moves, one line each. The list is
// written from the description of a placement's life, not from the table that the daemon uses.
#include "store/placement.h"
#include "tests/unit/unit.h"
#include "work/lifecycle.h"
#include <stdbool.h>
#include <stdio.h>

#define STATES 14 // with "not given"

enum { // as the protocol numbers them
    NONE,
    WAITING,
    ENTERED,
    HELD,
    REQUESTED,
    ACCEPTED,
    CONFIRMED,
    STARTED,
    COMPLETED,
    DECLINED,
    WITHDRAWN,
    EXPIRED,
    DROPPED_OUT,
    CANCELLED,
};

static const struct allowed {
    int from;
    enum event event;
    const char *movers; // Portal, pArtner, Operator, Clock
    int to;
} allowed[] = {
    {HELD, EVENT_REQUEST, "PO", REQUESTED},
    {HELD, EVENT_REQUEST_DIRECT, "PO", ACCEPTED},
    {REQUESTED, EVENT_ACCEPT, "AO", ACCEPTED},
    {REQUESTED, EVENT_DECLINE, "AO", DECLINED},
    {ACCEPTED, EVENT_CONFIRM, "PO", CONFIRMED},
    {CONFIRMED, EVENT_START, "PO", STARTED},
    {STARTED, EVENT_COMPLETE, "PAO", COMPLETED},
    {STARTED, EVENT_DROP_OUT, "PO", DROPPED_OUT},
    // The school steps back at any moment before it began.
    {WAITING, EVENT_WITHDRAW, "PO", WITHDRAWN},
    {ENTERED, EVENT_WITHDRAW, "PO", WITHDRAWN},
    {HELD, EVENT_WITHDRAW, "PO", WITHDRAWN},
    {REQUESTED, EVENT_WITHDRAW, "PO", WITHDRAWN},
    {ACCEPTED, EVENT_WITHDRAW, "PO", WITHDRAWN},
    {CONFIRMED, EVENT_WITHDRAW, "PO", WITHDRAWN},
    // The partner steps back from what it was asked.
    {REQUESTED, EVENT_CANCEL, "AO", CANCELLED},
    {ACCEPTED, EVENT_CANCEL, "AO", CANCELLED},
    {CONFIRMED, EVENT_CANCEL, "AO", CANCELLED},
    {STARTED, EVENT_CANCEL, "AO", CANCELLED},
    // Time, and what follows from other changes.
    {HELD, EVENT_EXPIRE, "C", EXPIRED},
    {WAITING, EVENT_MOVE_UP, "C", HELD},
    {ENTERED, EVENT_DRAWN, "C", HELD},
    {ENTERED, EVENT_NOT_DRAWN, "C", EXPIRED},
    {ENTERED, EVENT_NOT_DRAWN_WAITING, "C", WAITING},
    // A suspension ends what was not accepted.
    {WAITING, EVENT_SUSPENDED, "C", CANCELLED},
    {ENTERED, EVENT_SUSPENDED, "C", CANCELLED},
    {HELD, EVENT_SUSPENDED, "C", CANCELLED},
    {REQUESTED, EVENT_SUSPENDED, "C", CANCELLED},
    // A removal ends all that is not over.
    {WAITING, EVENT_REMOVED, "C", CANCELLED},
    {ENTERED, EVENT_REMOVED, "C", CANCELLED},
    {HELD, EVENT_REMOVED, "C", CANCELLED},
    {REQUESTED, EVENT_REMOVED, "C", CANCELLED},
    {ACCEPTED, EVENT_REMOVED, "C", CANCELLED},
    {CONFIRMED, EVENT_REMOVED, "C", CANCELLED},
    {STARTED, EVENT_REMOVED, "C", CANCELLED},
};

static const struct {
    char letter;
    enum mover mover;
} letters[] = {{'P', MOVER_PORTAL}, {'A', MOVER_PARTNER}, {'O', MOVER_OPERATOR}, {'C', MOVER_CLOCK}};

static unsigned
movers_of(const char *text)
{
    unsigned movers = 0;

    for (; *text != '\0'; text++)
        for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
            if (letters[i].letter == *text)
                movers |= (unsigned)letters[i].mover;
    return movers;
}

static const struct allowed *
find(int from, int event)
{
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (allowed[i].from == from && (int)allowed[i].event == event)
            return &allowed[i];
    return NULL;
}

// Who may bring an event about in some state or other.
static unsigned
movers_of_event(int event)
{
    unsigned movers = 0;

    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if ((int)allowed[i].event == event)
            movers |= movers_of(allowed[i].movers);
    return movers;
}

static void
check_one(int from, int event, unsigned movers)
{
    const struct allowed *row = find(from, event);
    Kansen__V1__PlacementState to = (Kansen__V1__PlacementState)99;
    int wanted = (movers & movers_of_event(event)) == 0 ? LIFECYCLE_E_MOVER
                 : row == NULL                          ? LIFECYCLE_E_STATE
                                                        : 0;
    int rc = lifecycle_move((Kansen__V1__PlacementState)from, (enum event)event, movers, &to);

    if (rc != wanted || (int)to != (rc == 0 ? row->to : 99))
        fail_msg("state %d, event %d, movers 0x%x: outcome %d to state %d, wanted %d", from, event, movers,
                 rc, (int)to, wanted);
}

static void
test_every_state_event_and_mover(void **state)
{
    (void)state;
    for (int from = 0; from < STATES; from++)
        for (int event = 0; event < EVENT_COUNT; event++)
            for (unsigned movers = 0; movers < 16; movers++)
                check_one(from, event, movers);
}

// The movers of an event do not hang on the state: so a refusal tells nobody the state that it may not know.
static void
test_movers_belong_to_the_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        assert_int_equal(movers_of(allowed[i].movers), movers_of_event((int)allowed[i].event));
}

static void
test_what_a_state_means_for_a_seat(void **state)
{
    static const struct {
        int state;
        bool seat, live, turn;
    } facts[STATES] = {
        {NONE, false, false, false},        {WAITING, false, true, true},     {ENTERED, false, true, true},
        {HELD, true, true, false},          {REQUESTED, true, true, false},   {ACCEPTED, true, true, false},
        {CONFIRMED, true, true, false},     {STARTED, true, true, false},     {COMPLETED, true, false, false},
        {DECLINED, false, false, false},    {WITHDRAWN, false, false, false}, {EXPIRED, false, false, false},
        {DROPPED_OUT, false, false, false}, {CANCELLED, false, false, false},
    };

    (void)state;
    for (int i = 0; i < STATES; i++) {
        Kansen__V1__PlacementState given = (Kansen__V1__PlacementState)facts[i].state;

        assert_int_equal(placement_takes_seat(given), facts[i].seat);
        assert_int_equal(placement_is_live(given), facts[i].live);
        assert_int_equal(placement_has_turn(given), facts[i].turn);
    }
}

// What is not live stays as it is, and each live state has a way on and a way out.
static void
test_the_end_is_the_end(void **state)
{
    (void)state;
    for (int from = 0; from < STATES; from++) {
        int ways = 0, ends = 0;

        for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
            ways += allowed[i].from == from;
            ends += allowed[i].from == from && !placement_is_live((Kansen__V1__PlacementState)allowed[i].to);
        }
        if (placement_is_live((Kansen__V1__PlacementState)from))
            assert_true(ways >= 3 && ends >= 2);
        else
            assert_int_equal(ways, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state_event_and_mover),
        cmocka_unit_test(test_movers_belong_to_the_event),
        cmocka_unit_test(test_what_a_state_means_for_a_seat),
        cmocka_unit_test(test_the_end_is_the_end),
    };

    return cmocka_run_group_tests_name("lifecycle", tests, NULL, NULL);
}
