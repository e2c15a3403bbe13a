// SPDX-License-Identifier: Apache-2.0
// Who sees what of placements, lists of them, and counts of declines.
#include "tests/unit/rpc_fixture.h"

#define BODY(name)  KANSEN__V1__REQUEST__BODY_##name
#define STATE(name) KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_##name

static Kansen__V1__Response *
get(struct rpc_world *world, uint64_t id, enum code code)
{
    Kansen__V1__GetPlacementRequest get = KANSEN__V1__GET_PLACEMENT_REQUEST__INIT;

    get.id = id;
    return rpc_world_ask(world, BODY(GET_PLACEMENT), &get, code);
}

static void
assert_sees(struct rpc_world *world, uint64_t id, bool whole)
{
    Kansen__V1__Response *response = get(world, id, CODE_OK);
    const Kansen__V1__Placement *placement = response->get_placement;

    assert_int_equal(placement->id, id);
    assert_true(placement->version > 0 && placement->offer_id > 0 && placement->partner_id > 0 &&
                placement->created_us > 0 && placement->updated_us > 0 && placement->state != 0);
    assert_string_equal(placement->from_date, "2026-01-02");
    assert_int_equal(placement->student_id.len, whole ? 16 : 0);
    assert_int_equal(placement->referred, whole);
    assert_string_equal(placement->client, whole ? "a" : "");
    kansen__v1__response__free_unpacked(response, NULL);
}

// What is hidden can not be told from what was never there.
static void
assert_hidden(struct rpc_world *world, uint64_t id)
{
    Kansen__V1__Response *response = get(world, id, CODE_NOT_FOUND);
    char expected[64];

    snprintf(expected, sizeof expected, "there is no placement %llu", (unsigned long long)id);
    assert_string_equal(response->status->message, expected);
    assert_string_equal(response->status->field, "id");
    kansen__v1__response__free_unpacked(response, NULL);
}

static void
test_who_sees_what(void **state)
{
    struct rpc_world *world = rpc_world_open();
    uint64_t offer, partner = rpc_world_registry(world, "p", 1, &offer), id;
    uint64_t other = rpc_world_registry(world, "other", 0, NULL);
    static const char *const moves[] = {"", "request", "accept", "cancel"};

    (void)state;
    id = rpc_world_reserve(world, "a", offer, "s");
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            rpc_world_move(world, "a", id, moves[i]);
        rpc_world_be(world, ROLE_OPERATOR, "local", 0);
        assert_sees(world, id, true);
        assert_hidden(world, id + 1);
        rpc_world_be(world, ROLE_PORTAL, "a", 0);
        assert_sees(world, id, true);
        rpc_world_be(world, ROLE_PORTAL, "b", 0);
        assert_hidden(world, id);
        rpc_world_be(world, ROLE_PARTNER, "a", partner); // the role counts, not the client's name
        assert_sees(world, id, i == 2);
        rpc_world_be(world, ROLE_PARTNER, "a", other);
        assert_hidden(world, id);
        rpc_world_be(world, ROLE_PARTNER, "a", 0);
        assert_hidden(world, id);
        rpc_world_be(world, ROLE_REGISTRAR, "a", partner);
        kansen__v1__response__free_unpacked(get(world, id, CODE_PERMISSION_DENIED), NULL);
    }
    rpc_world_close(world);
}

// Lists all pages; returns how many there are, and their ids in out.
static size_t
list(struct rpc_world *world, Kansen__V1__ListPlacementsRequest given, uint64_t out[16])
{
    uint8_t cursor[64];
    size_t count = 0;

    do {
        Kansen__V1__Response *response = rpc_world_ask(world, BODY(LIST_PLACEMENTS), &given, CODE_OK);
        const Kansen__V1__ListPlacementsResponse *page = response->list_placements;

        assert_true(given.limit == 0 || page->n_placements <= given.limit);
        for (size_t i = 0; i < page->n_placements; i++)
            out[count++] = page->placements[i]->id;
        assert_true(page->next_cursor.len <= sizeof cursor);
        if (page->next_cursor.len > 0)
            memcpy(cursor, page->next_cursor.data, page->next_cursor.len);
        given.cursor = (ProtobufCBinaryData){page->next_cursor.len, cursor};
        kansen__v1__response__free_unpacked(response, NULL);
    } while (given.cursor.len != 0);
    return count;
}

static void
test_lists(void **state)
{
    struct rpc_world *world = rpc_world_open();
    Kansen__V1__ListPlacementsRequest given = KANSEN__V1__LIST_PLACEMENTS_REQUEST__INIT;
    uint64_t offer, partner = rpc_world_registry(world, "p", 2, &offer), far, ids[16], found[16];
    uint64_t other = rpc_world_registry(world, "q", 1, &far);

    (void)state;
    ids[0] = rpc_world_reserve(world, "a", offer, "s");
    ids[1] = rpc_world_reserve(world, "b", offer, "s"); // the same reference of another client
    ids[2] = rpc_world_reserve(world, "a", offer + 1, "s");
    ids[3] = rpc_world_reserve(world, "a", far, "t");
    ids[4] = rpc_world_reserve(world, "a", offer, "t");
    rpc_world_move(world, "a", ids[4], "request");
    rpc_world_be(world, ROLE_OPERATOR, "local", 0);
    assert_int_equal(list(world, given, found), 5);
    assert_memory_equal(found, ids, 5 * sizeof ids[0]);
    rpc_world_be(world, ROLE_PORTAL, "a", 0);
    given.limit = 1; // what is filtered out does not count
    assert_int_equal(list(world, given, found), 4);
    given.student = (char *)"s";
    assert_int_equal(list(world, given, found), 2);
    assert_true(found[0] == ids[0] && found[1] == ids[2]);
    given.student = (char *)"nobody";
    assert_int_equal(list(world, given, found), 0);
    given.student = (char *)"";
    given.offer_id = offer;
    assert_int_equal(list(world, given, found), 2);
    given.state = STATE(REQUESTED);
    assert_int_equal(list(world, given, found), 1);
    assert_int_equal(found[0], ids[4]);
    given = (Kansen__V1__ListPlacementsRequest)KANSEN__V1__LIST_PLACEMENTS_REQUEST__INIT;
    given.partner_id = other;
    assert_int_equal(list(world, given, found), 1);
    assert_int_equal(found[0], ids[3]);
    given.partner_id = 0;
    rpc_world_be(world, ROLE_PARTNER, "a", partner);
    assert_int_equal(list(world, given, found), 4);
    given.partner_id = other;
    assert_int_equal(list(world, given, found), 0);
    given.state = 99;
    kansen__v1__response__free_unpacked(
        rpc_world_ask(world, BODY(LIST_PLACEMENTS), &given, CODE_INVALID_ARGUMENT), NULL);
    rpc_world_close(world);
}

static void
test_a_list_is_cut_too(void **state)
{
    struct rpc_world *world = rpc_world_open();
    Kansen__V1__ListPlacementsRequest given = KANSEN__V1__LIST_PLACEMENTS_REQUEST__INIT;
    uint64_t offer, partner = rpc_world_registry(world, "p", 1, &offer);
    Kansen__V1__Response *response;

    (void)state;
    (void)rpc_world_reserve(world, "a", offer, "s");
    rpc_world_be(world, ROLE_PARTNER, "p", partner);
    response = rpc_world_ask(world, BODY(LIST_PLACEMENTS), &given, CODE_OK);
    assert_int_equal(response->list_placements->n_placements, 1);
    assert_int_equal(response->list_placements->placements[0]->student_id.len, 0);
    assert_false(response->list_placements->placements[0]->referred);
    assert_string_equal(response->list_placements->placements[0]->client, "");
    kansen__v1__response__free_unpacked(response, NULL);
    rpc_world_close(world);
}

static void
test_declines(void **state)
{
    struct rpc_world *world = rpc_world_open();
    Kansen__V1__CountDeclinesRequest count = KANSEN__V1__COUNT_DECLINES_REQUEST__INIT;
    uint64_t offer, partner = rpc_world_registry(world, "p", 1, &offer);
    static const char *const students[] = {"s", "t"};
    Kansen__V1__Response *response;

    (void)state;
    rpc_world_be(world, ROLE_PARTNER, "p", partner);
    count.partner_id = partner;
    response = rpc_world_ask(world, BODY(COUNT_DECLINES), &count, CODE_OK);
    assert_int_equal(response->count_declines->n_counts, 0);
    kansen__v1__response__free_unpacked(response, NULL);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t id = rpc_world_reserve(world, "a", offer, students[i]);

        rpc_world_move(world, "a", id, "request");
        rpc_world_move(world, "a", id, "decline");
    }
    response = rpc_world_ask(world, BODY(COUNT_DECLINES), &count, CODE_OK);
    assert_int_equal(response->count_declines->n_counts, 1);
    assert_int_equal(response->count_declines->counts[0]->reason,
                     KANSEN__V1__DECLINE_REASON__DECLINE_REASON_PERIOD);
    assert_int_equal(response->count_declines->counts[0]->count, 2);
    kansen__v1__response__free_unpacked(response, NULL);
    rpc_world_be(world, ROLE_PARTNER, "p", partner + 1);
    kansen__v1__response__free_unpacked(rpc_world_ask(world, BODY(COUNT_DECLINES), &count, CODE_NOT_FOUND),
                                        NULL);
    rpc_world_be(world, ROLE_OPERATOR, "local", 0);
    count.partner_id = 999;
    kansen__v1__response__free_unpacked(rpc_world_ask(world, BODY(COUNT_DECLINES), &count, CODE_NOT_FOUND),
                                        NULL);
    rpc_world_close(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_sees_what),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_a_list_is_cut_too),
        cmocka_unit_test(test_declines),
    };

    return cmocka_run_group_tests_name("placements", tests, NULL, NULL);
}
