// SPDX-License-Identifier: Apache-2.0
// Placements, the rest: offers that take nobody, partners and offers that go, who may do what, the draw, and
// forgetting.
#include "base/fault.h"
#include "tests/unit/placement_fixture.h"
#include "work/seats.h"
#include <sodium.h>

static Kansen__V1__WriteResult
set_partner(struct scene *scene, Kansen__V1__PartnerStatus status)
{
    Kansen__V1__SetPartnerStatus given = KANSEN__V1__SET_PARTNER_STATUS__INIT;

    given.id = scene->partner;
    given.status = status;
    return scene_do(scene, NULL, WRITE(SET_PARTNER_STATUS, set_partner_status, &given));
}

static void
test_offers_that_take_nobody(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__Offer offers[5];
    Kansen__V1__WriteResult refused;
    char names[5][8];

    for (int i = 0; i < 5; i++) {
        snprintf(names[i], sizeof names[i], "o%d", i);
        offers[i] = scene_offer(scene, names[i], 1);
    }
    offers[0].deadline = (char *)"2026-08-31";
    offers[1].end = (char *)"2026-08-31";
    offers[2].status = KANSEN__V1__OFFER_STATUS__OFFER_STATUS_PAUSED;
    offers[3].status = KANSEN__V1__OFFER_STATUS__OFFER_STATUS_CLOSED;
    offers[4].deadline = offers[4].end = (char *)TODAY; // the last day counts
    for (int i = 0; i < 5; i++) {
        refused = scene_reserve(scene, "ann", scene_put_offer(scene, offers[i]), WAIT);
        assert_int_equal(scene_code(refused), i == 4 ? CODE_OK : CODE_FAILED_PRECONDITION);
        if (i != 4)
            assert_string_equal(refused.status->field, "offer_id");
    }
    assert_int_equal(scene_code(scene_reserve(scene, "ann", 31, 0)), CODE_NOT_FOUND);
    refused = scene_reserve(scene, NULL, 1, 0);
    assert_int_equal(scene_code(refused), CODE_INVALID_ARGUMENT);
    assert_string_equal(refused.status->field, "student");
    set_partner(scene, KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_SUSPENDED);
    assert_int_equal(
        scene_code(scene_reserve(scene, "bob", scene_put_offer(scene, scene_offer(scene, "x", 1)), 0)),
        CODE_FAILED_PRECONDITION);
}

static void
test_dates_of_a_request(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__ReservePlacement request =
        scene_request(scene_put_offer(scene, scene_offer(scene, "o", 2)), 0);

    request.from_date = (char *)"2026-13-01";
    assert_string_equal(scene_reserve_as(scene, "ann", request).status->field, "from_date");
    request.from_date = (char *)TOMORROW;
    request.to_date = (char *)TODAY;
    assert_string_equal(scene_reserve_as(scene, "ann", request).status->field, "to_date");
    request.to_date = (char *)TOMORROW;
    assert_int_equal(scene_code(scene_reserve_as(scene, "ann", request)), CODE_OK);
}

// One placement in each state of a partner's offer; states[] says which.
static void
fill_all_states(struct scene *scene, uint64_t offer, uint64_t ids[7])
{
    static const Kansen__V1__PlacementMove way[] = {MOVE(ACCEPT), MOVE(CONFIRM), MOVE(START), MOVE(COMPLETE)};
    char student[8];

    ids[0] = scene_reserve(scene, "held", offer, 0).id;
    for (int i = 1; i < 6; i++) {
        snprintf(student, sizeof student, "s%d", i);
        ids[i] = scene_reserve(scene, student, offer, ASK).id;
        for (int j = 0; j < i - 1; j++)
            assert_int_equal(scene_code(scene_move(scene, ids[i], way[j])), CODE_OK);
    }
    ids[6] = scene_reserve(scene, "waits", offer, WAIT).id;
    for (int i = 0; i < 6; i++)
        assert_int_equal(scene_state(scene, ids[i]), STATE(HELD) + i);
    assert_int_equal(scene_state(scene, ids[6]), STATE(WAITING));
}

static void
test_a_suspension_ends_what_was_not_accepted(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__Offer offer = scene_offer(scene, "o", 6);
    Kansen__V1__JournalEntry *entry;
    uint64_t id, ids[7], sequence;

    offer.waiting_list = true;
    id = scene_put_offer(scene, offer);
    fill_all_states(scene, id, ids);
    sequence = set_partner(scene, KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_SUSPENDED).sequence;
    for (int i = 0; i < 7; i++)
        assert_int_equal(scene_state(scene, ids[i]),
                         i < 2 || i == 6 ? STATE(CANCELLED_BY_PARTNER) : STATE(HELD) + i);
    entry = scene_journal(scene, sequence); // and whoever watches is told
    assert_int_equal(entry->n_changes, 1 + 3);
    for (size_t i = 1; i < entry->n_changes; i++) {
        assert_int_equal(entry->changes[i]->kind, KANSEN__V1__RECORD_KIND__RECORD_KIND_PLACEMENT);
        assert_int_equal(entry->changes[i]->placement_state, STATE(CANCELLED_BY_PARTNER));
        assert_int_equal(entry->changes[i]->offer_id, id);
        assert_string_equal(entry->changes[i]->client, "school");
    }
    assert_int_equal(scene_code(scene_move(scene, ids[2], MOVE(CONFIRM))), CODE_OK); // it goes on
    set_partner(scene, KANSEN__V1__PARTNER_STATUS__PARTNER_STATUS_ACTIVE);
    assert_int_equal(fixture_row(&scene->fixture, id).seats_taken, 4);
}

static void
check_removed(struct scene *scene, uint64_t offer, const uint64_t ids[7], uint64_t sequence)
{
    Kansen__V1__JournalEntry *entry = scene_journal(scene, sequence);
    struct offer_row row;
    uint64_t none = 0;

    for (int i = 0; i < 7; i++)
        assert_int_equal(scene_state(scene, ids[i]), i == 5 ? STATE(COMPLETED) : STATE(CANCELLED_BY_PARTNER));
    assert_true(entry->n_changes >= 7);
    assert_int_equal(txn_begin(scene->fixture.read), 0);
    assert_int_equal(offer_row_get(scene->fixture.read, offer, &row), STORE_E_NOT_FOUND);
    assert_int_equal(seat_next(scene->fixture.read, offer, &none), STORE_E_NOT_FOUND);
    txn_end(scene->fixture.read);
    assert_int_equal(scene_pass(scene, 30 * DAY).outcome, KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED);
    assert_int_equal(scene_code(scene_move(scene, ids[5], MOVE(WITHDRAW))), CODE_FAILED_PRECONDITION);
    assert_int_equal(scene_code(scene_move(scene, ids[0], MOVE(REQUEST))), CODE_FAILED_PRECONDITION);
}

static void
test_a_removal_ends_all(void **state)
{
    struct scene *scene = *state;
    Kansen__V1__Offer offer = scene_offer(scene, "o", 6);
    Kansen__V1__RemoveOffer remove_offer = KANSEN__V1__REMOVE_OFFER__INIT;
    Kansen__V1__RemovePartner remove_partner = KANSEN__V1__REMOVE_PARTNER__INIT;
    uint64_t ids[7];

    offer.waiting_list = true;
    offer.reserved_until = (char *)TOMORROW;
    offer.reserved_seats = 0;
    remove_offer.id = scene_put_offer(scene, offer);
    fill_all_states(scene, remove_offer.id, ids);
    check_removed(scene, remove_offer.id, ids,
                  scene_do(scene, NULL, WRITE(REMOVE_OFFER, remove_offer, &remove_offer)).sequence);
    offer.reserved_seats = 1;
    offer.seats = 7;
    remove_offer.id = scene_put_offer(scene, offer);
    remove_partner.id = scene->partner;
    scene_reserve(scene, "r", remove_offer.id, REFERRED);
    fill_all_states(scene, remove_offer.id, ids);
    check_removed(scene, remove_offer.id, ids,
                  scene_do(scene, NULL, WRITE(REMOVE_PARTNER, remove_partner, &remove_partner)).sequence);
}

static void
test_who_may(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 3)), id;
    Kansen__V1__Tick tick = KANSEN__V1__TICK__INIT;

    assert_int_equal(scene_code(scene_do(scene, NULL, WRITE(TICK, tick, &tick))), CODE_PERMISSION_DENIED);
    scene->movers = MOVER_PORTAL;
    id = scene_reserve(scene, "ann", offer, ASK).id;
    assert_int_equal(scene_code(scene_move(scene, id, MOVE(ACCEPT))), CODE_PERMISSION_DENIED);
    scene->client = "college";
    assert_int_equal(scene_code(scene_move(scene, id, MOVE(WITHDRAW))), CODE_NOT_FOUND);
    scene->movers = MOVER_PARTNER;
    scene->moving_partner = scene->partner + 1;
    assert_int_equal(scene_code(scene_move(scene, id, MOVE(ACCEPT))), CODE_NOT_FOUND);
    scene->moving_partner = scene->partner;
    assert_int_equal(scene_code(scene_reserve(scene, "bob", offer, 0)), CODE_PERMISSION_DENIED);
    assert_int_equal(scene_code(scene_move(scene, id, MOVE(WITHDRAW))), CODE_PERMISSION_DENIED);
    assert_int_equal(scene_code(scene_move(scene, id, MOVE(ACCEPT))), CODE_OK);
}

// ---- The draw

enum { ENTRIES = 40, DRAW_SEATS = 10, DRAW_RESERVED = 4 };

// Everyone enters, every nth referred; the seats are drawn. Fills ids.
static uint64_t
draw(struct scene *scene, const char *name, bool waiting_list, int every, uint8_t dice, uint64_t ids[ENTRIES])
{
    Kansen__V1__Offer offer = scene_offer(scene, name, DRAW_SEATS);
    char student[16];
    uint64_t id;

    offer.collect_until = (char *)TODAY;
    offer.reserved_seats = DRAW_RESERVED;
    offer.waiting_list = waiting_list;
    id = scene_put_offer(scene, offer);
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(student, sizeof student, "s%d", i);
        ids[i] = scene_reserve(scene, student, id, ASK | (i % every == 0 ? REFERRED : 0)).id;
        assert_int_equal(scene_state(scene, ids[i]), STATE(ENTERED));
    }
    assert_int_equal(fixture_row(&scene->fixture, id).seats_taken, 0);
    offer.collect_until = (char *)TOMORROW;
    assert_string_equal(fixture_upsert_offer(&scene->fixture, offer).status->field, "offer.collect_until");
    scene->dice = dice;
    scene_pass(scene, DAY / 2);
    return id;
}

static unsigned
count(struct scene *scene, const uint64_t ids[ENTRIES], Kansen__V1__PlacementState state, bool referred_only)
{
    unsigned n = 0;

    for (int i = 0; i < ENTRIES; i++) {
        Kansen__V1__Placement *placement = scene_placement(scene, ids[i]);

        n += placement->state == state && (!referred_only || placement->referred);
    }
    return n;
}

static void
test_a_draw(void **state)
{
    struct scene *scene = *state;
    uint64_t ids[ENTRIES], turn = 0, first = 0;
    uint64_t offer = draw(scene, "o", true, ENTRIES / DRAW_RESERVED, 7, ids);

    assert_int_equal(count(scene, ids, STATE(HELD), false), DRAW_SEATS);
    assert_true(count(scene, ids, STATE(HELD), true) >= DRAW_RESERVED);
    assert_int_equal(count(scene, ids, STATE(WAITING), false), ENTRIES - DRAW_SEATS);
    for (int i = 0; i < ENTRIES; i++) {
        Kansen__V1__Placement *placement = scene_placement(scene, ids[i]);

        assert_int_equal(placement->version, 2);
        if (placement->state == STATE(HELD))
            assert_int_equal(placement->expires_us, scene->fixture.time_us + 3 * DAY);
        else if (placement->referred)
            fail_msg(
                "a referred student was not drawn, although there are no more of them than reserved seats");
        else if (turn == 0 || placement->turn < turn) {
            turn = placement->turn;
            first = placement->id;
        }
        if (i > 0 && placement->state == STATE(WAITING))
            assert_int_equal(placement->turn / SEATS_TURNS_BETWEEN,
                             ids[ENTRIES - 1]); // behind who came before
    }
    // Who is not drawn waits, in the order of the lots.
    for (int i = 0; i < ENTRIES; i++) {
        if (scene_state(scene, ids[i]) != STATE(HELD) || scene_placement(scene, ids[i])->referred)
            continue;
        scene_move(scene, ids[i], MOVE(WITHDRAW));
        break;
    }
    assert_int_equal(scene_state(scene, first), STATE(HELD));
    assert_int_equal(fixture_row(&scene->fixture, offer).seats_taken, DRAW_SEATS);
}

static void
test_a_draw_without_a_waiting_list(void **state)
{
    struct scene *scene = *state;
    uint64_t ids[ENTRIES];

    draw(scene, "o", false, 2, 7, ids); // many referred ones: the reserve does not shut the others out
    assert_int_equal(count(scene, ids, STATE(HELD), false), DRAW_SEATS);
    assert_true(count(scene, ids, STATE(HELD), true) < DRAW_SEATS);
    assert_int_equal(count(scene, ids, STATE(EXPIRED), false), ENTRIES - DRAW_SEATS);
}

// Who is drawn by a seed, worked out again from what the journal tells: the first one is referred, so it is
// in; the others in the order of BLAKE2b of their id, keyed with the seed, but not on the seats of the
// reserve.
static uint64_t
drawn_by(const uint64_t ids[ENTRIES], const Kansen__V1__JournalEntry *entry)
{
    uint8_t hash[ENTRIES][32];
    uint64_t drawn = 1;

    for (int i = 0; i < ENTRIES; i++)
        crypto_generichash(hash[i], 32, (const uint8_t *)&ids[i], sizeof ids[i], entry->seed.data,
                           entry->seed.len);
    for (int i = 1; i < ENTRIES; i++) {
        unsigned before = 0;

        for (int j = 1; j < ENTRIES; j++)
            before += memcmp(hash[j], hash[i], 32) < 0;
        drawn |= (uint64_t)(before < DRAW_SEATS - DRAW_RESERVED) << i;
    }
    return drawn;
}

// The same commands with the same chance give the same seats; another seed gives others.
static void
test_a_draw_follows_from_its_seed(void **state)
{
    static const uint8_t dice[3] = {1, 1, 2};
    uint64_t held[3] = {0};

    (void)state;
    for (int round = 0; round < 3; round++) {
        void *fresh = NULL;
        struct scene *scene;
        Kansen__V1__JournalEntry *entry;
        uint64_t ids[ENTRIES];

        scene_setup(&fresh);
        scene = fresh;
        draw(scene, "o", true, ENTRIES + 1, dice[round], ids);
        for (int i = 0; i < ENTRIES; i++)
            held[round] |= (uint64_t)(scene_state(scene, ids[i]) == STATE(HELD)) << i;
        assert_int_equal(txn_begin(scene->fixture.read), 0);
        entry = NULL;
        assert_int_equal(
            journal_get(scene->fixture.read, txn_sequence(scene->fixture.read), scene->fixture.arena, &entry),
            0);
        txn_end(scene->fixture.read);
        assert_int_equal(entry->seed.len, 32); // whoever doubts the draw can repeat it
        assert_int_equal(entry->seed.data[0], dice[round]);
        assert_true(held[round] == drawn_by(ids, entry));
        scene_teardown(&fresh);
    }
    assert_int_equal(held[0], held[1]);
    assert_int_not_equal(held[0], held[2]);
}

// ---- What is kept of a student

static void
test_the_reference_is_kept_nowhere(void **state)
{
    struct scene *scene = *state;
    uint64_t offer = scene_put_offer(scene, scene_offer(scene, "o", 2));
    Kansen__V1__ForgetStudent forget = KANSEN__V1__FORGET_STUDENT__INIT;
    Kansen__V1__WriteResult first = scene_reserve(scene, "ann", offer, 0), second;
    Kansen__V1__JournalEntry *entry = scene_journal(scene, first.sequence);

    assert_string_equal(entry->write->reserve_placement->student, "");
    assert_int_equal(entry->student_id.len, STUDENT_ID_BYTES);
    forget.student = (char *)"ann";
    second = scene_do(scene, "ann", WRITE(FORGET_STUDENT, forget_student, &forget));
    assert_int_equal(second.outcome, KANSEN__V1__OUTCOME__OUTCOME_REMOVED);
    assert_string_equal(scene_journal(scene, second.sequence)->write->forget_student->student, "");
    assert_int_equal(scene_code(scene_do(scene, "ann", WRITE(FORGET_STUDENT, forget_student, &forget))),
                     CODE_NOT_FOUND);
    second = scene_reserve(scene, "ann", offer, 0); // nobody can know that it is the same
    assert_int_equal(scene_code(second), CODE_OK);
    assert_memory_not_equal(scene_placement(scene, first.id)->student_id.data,
                            scene_placement(scene, second.id)->student_id.data, STUDENT_ID_BYTES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_offers_that_take_nobody),
        TEST(test_dates_of_a_request),
        TEST(test_a_suspension_ends_what_was_not_accepted),
        TEST(test_a_removal_ends_all),
        TEST(test_who_may),
        TEST(test_a_draw),
        TEST(test_a_draw_without_a_waiting_list),
        cmocka_unit_test(test_a_draw_follows_from_its_seed),
        TEST(test_the_reference_is_kept_nowhere),
    };

    return cmocka_run_group_tests_name("placement more", tests, NULL, NULL);
}
