// SPDX-License-Identifier: Apache-2.0
// A store with one partner, and placements in it. After every write the seats of every offer are counted
// again from its placements, and must be what its row says.
#ifndef TESTS_UNIT_PLACEMENT_FIXTURE_H
#define TESTS_UNIT_PLACEMENT_FIXTURE_H

#include "base/date.h"
#include "store/check.h"
#include "store/placement.h"
#include "tests/unit/store_fixture.h"
#include "work/lifecycle.h"
#include <string.h>

#define STATE(name)  KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_##name
#define MOVE(name)   KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_##name
#define REASON(name) KANSEN__V1__DECLINE_REASON__DECLINE_REASON_##name
#define SECOND       INT64_C(1000000)
#define DAY          (86400 * SECOND)
#define TODAY        "2026-09-01"
#define TOMORROW     "2026-09-02"

struct scene {
    struct fixture fixture;
    uint64_t partner;
    uint32_t max_holds;
    struct retention retain;
    const char *client;
    unsigned movers;
    uint64_t moving_partner; // with MOVER_PARTNER
    uint8_t dice;            // what the next command carries as chance
};

static char *scene_interests[] = {(char *)"sport.voetbal"};

static inline int
scene_setup(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    int32_t day;

    fixture_start(&scene->fixture);
    assert_int_equal(date_parse(TODAY, &day), 0);
    scene->fixture.time_us = day * DAY + DAY / 2;
    scene->partner = fixture_upsert_partner(&scene->fixture, fixture_partner("p", "GM0606")).id;
    scene->client = "school";
    scene->movers = MOVER_OPERATOR;
    *state = scene;
    return 0;
}

static inline int
scene_teardown(void **state)
{
    struct scene *scene = *state;
    FILE *out = tmpfile();

    fixture_close(&scene->fixture);
    assert_int_equal(check_run(scene->fixture.dir, out), 0);
    fclose(out);
    fixture_open(&scene->fixture);
    fixture_end(&scene->fixture);
    free(scene);
    return 0;
}

static inline void
scene_check_seats(struct scene *scene)
{
    enum { OFFERS = 32 };
    unsigned taken[OFFERS] = {0}, referred[OFFERS] = {0};
    struct txn *txn = scene->fixture.read;
    Kansen__V1__Placement *placement;
    struct offer_row row;

    assert_int_equal(txn_begin(txn), 0);
    for (uint64_t id = 0; placement_next(txn, id, scene->fixture.arena, &placement) == 0;
         id = placement->id) {
        assert_in_range(placement->offer_id, 1, OFFERS - 1);
        assert_int_equal(placement->expires_us != 0, placement->state == STATE(HELD));
        if (placement->state < STATE(HELD) || placement->state > STATE(COMPLETED))
            continue;
        taken[placement->offer_id]++;
        referred[placement->offer_id] += placement->referred ? 1 : 0;
    }
    for (uint64_t offer = 1; offer < OFFERS; offer++) {
        if (offer_row_get(txn, offer, &row) != 0)
            continue;
        assert_int_equal(row.seats_taken, taken[offer]);
        assert_int_equal(row.taken_referred, referred[offer]);
        assert_in_range(row.seats_taken, 0, row.seats);
    }
    txn_end(txn);
}

// A write of the scene's client; student may be NULL.
static inline Kansen__V1__WriteResult
scene_do(struct scene *scene, const char *student, Kansen__V1__Write write)
{
    struct command_secrets secrets = {.has_student = student != NULL};
    struct command command = {.time_us = ++scene->fixture.time_us,
                              .actor = "test",
                              .client = scene->client,
                              .movers = scene->movers,
                              .partner = scene->moving_partner,
                              .max_holds = scene->max_holds,
                              .retain = scene->retain,
                              .secrets = &secrets,
                              .write = &write};
    Kansen__V1__WriteResult result;

    if (student != NULL) // as if hashed: another client, another student
        snprintf((char *)secrets.student_hash, sizeof secrets.student_hash, "%s/%s", scene->client, student);
    memset(secrets.random, scene->dice, sizeof secrets.random);
    memcpy(secrets.random, &scene->fixture.time_us,
           write.operation_case == KANSEN__V1__WRITE__OPERATION_TICK ? 0 : sizeof scene->fixture.time_us);
    assert_int_equal(txn_begin(scene->fixture.write), 0);
    assert_int_equal(apply(scene->fixture.write, &command, scene->fixture.arena, &result), 0);
    assert_int_equal(txn_commit(scene->fixture.write), 0);
    scene_check_seats(scene);
    return result;
}

static inline int
scene_code(Kansen__V1__WriteResult result)
{
    return result.status == NULL ? CODE_OK : result.status->code;
}

static inline Kansen__V1__Offer
scene_offer(struct scene *scene, const char *external_id, uint32_t seats)
{
    Kansen__V1__Offer offer = fixture_offer(external_id, scene->partner, scene_interests);

    offer.seats = seats;
    return offer;
}

static inline uint64_t
scene_put_offer(struct scene *scene, Kansen__V1__Offer offer)
{
    Kansen__V1__WriteResult result = fixture_upsert_offer(&scene->fixture, offer);

    assert_null(result.status);
    scene_check_seats(scene);
    return result.id;
}

enum { REFERRED = 1, ASK = 2, WAIT = 4 };

static inline Kansen__V1__ReservePlacement
scene_request(uint64_t offer, unsigned flags)
{
    Kansen__V1__ReservePlacement reserve = KANSEN__V1__RESERVE_PLACEMENT__INIT;

    reserve.offer_id = offer;
    reserve.referred = (flags & REFERRED) != 0;
    reserve.request = (flags & ASK) != 0;
    reserve.wait = (flags & WAIT) != 0;
    return reserve;
}

static inline Kansen__V1__WriteResult
scene_reserve_as(struct scene *scene, const char *student, Kansen__V1__ReservePlacement reserve)
{
    reserve.student = (char *)(student == NULL ? "" : student);
    return scene_do(scene, student, WRITE(RESERVE_PLACEMENT, reserve_placement, &reserve));
}

static inline Kansen__V1__WriteResult
scene_reserve(struct scene *scene, const char *student, uint64_t offer, unsigned flags)
{
    return scene_reserve_as(scene, student, scene_request(offer, flags));
}

static inline Kansen__V1__WriteResult
scene_move_at(struct scene *scene, uint64_t placement, uint64_t version, Kansen__V1__PlacementMove move,
              Kansen__V1__DeclineReason reason)
{
    Kansen__V1__MovePlacement given = KANSEN__V1__MOVE_PLACEMENT__INIT;

    given.id = placement;
    given.version = version;
    given.move = move;
    given.reason = reason;
    return scene_do(scene, NULL, WRITE(MOVE_PLACEMENT, move_placement, &given));
}

static inline Kansen__V1__WriteResult
scene_move(struct scene *scene, uint64_t placement, Kansen__V1__PlacementMove move)
{
    return scene_move_at(scene, placement, 0, move, 0);
}

// Lets time pass and the clock look; returns the tick's result.
static inline Kansen__V1__WriteResult
scene_pass(struct scene *scene, int64_t us)
{
    Kansen__V1__Tick tick = KANSEN__V1__TICK__INIT;
    unsigned movers = scene->movers;
    Kansen__V1__WriteResult result;

    scene->fixture.time_us += us;
    scene->movers = MOVER_CLOCK;
    result = scene_do(scene, NULL, WRITE(TICK, tick, &tick));
    scene->movers = movers;
    return result;
}

// In the fixture's arena.
static inline Kansen__V1__Placement *
scene_placement(struct scene *scene, uint64_t id)
{
    Kansen__V1__Placement *placement;

    assert_int_equal(txn_begin(scene->fixture.read), 0);
    assert_int_equal(placement_get(scene->fixture.read, id, scene->fixture.arena, &placement), 0);
    txn_end(scene->fixture.read);
    return placement;
}

static inline Kansen__V1__JournalEntry *
scene_journal(struct scene *scene, uint64_t sequence)
{
    Kansen__V1__JournalEntry *entry;

    assert_int_equal(txn_begin(scene->fixture.read), 0);
    assert_int_equal(journal_get(scene->fixture.read, sequence, scene->fixture.arena, &entry), 0);
    txn_end(scene->fixture.read);
    return entry;
}

static inline Kansen__V1__PlacementState
scene_state(struct scene *scene, uint64_t id)
{
    return scene_placement(scene, id)->state;
}

#endif
