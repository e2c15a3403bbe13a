// SPDX-License-Identifier: Apache-2.0
// The offline check of rounds: a record lies under its own key, what a round counts is there, names and
// reverse tables lead back.
#include "store/check_state.h"
#include "store/round.h"
#include <inttypes.h>
#include <string.h>

static int
expect(struct check *check, enum table table, const struct key *key, uint64_t round, const char *what)
{
    MDB_val value;
    int rc = table_get(check->txn, table, key, &value);

    if (rc < 0)
        return rc;
    check->expected[table]++;
    if (rc != 0)
        check_problem(check, "round %" PRIu64 ": not in the table of %s", round, what);
    return 0;
}

int
check_round(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__Round *round, *named = NULL;
    struct key id;
    int rc = check_unpack(check, "round", key, value, &kansen__v1__round__descriptor, &round);

    if (rc != 0 || round == NULL)
        return rc;
    id = key_u64(round->id);
    if (round->id != key_read_u64(key->mv_data))
        check_problem(check, "round %" PRIu64 ": stored under another id", round->id);
    check->expected[TABLE_ROUND_NAME]++;
    check->expected[TABLE_ROUND_OFFER] += round->offers;
    check->expected[TABLE_ROUND_STUDENT] += round->students - round->forgotten + round->unfinished;
    rc = round_find(check->txn, round->name, check->arena, &named);
    if (rc < 0)
        return rc;
    if (rc != 0 || named->id != round->id)
        check_problem(check, "round %" PRIu64 ": its name does not lead to it", round->id);
    rc = expect(check, TABLE_ROUND_PLAN, &id, round->id, "plans");
    return rc == 0 && round_is_busy(round) ? expect(check, TABLE_ROUND_BUSY, &id, round->id, "busy ones")
                                           : rc;
}

int
check_round_plan(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__RoundPlan *plan;

    return check_unpack(check, "round plan", key, value, &kansen__v1__round_plan__descriptor, &plan);
}

int
check_round_place(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__RoundPlace *place;

    return check_unpack_aside(check, "round_place", key, value, &kansen__v1__round_place__descriptor, &place);
}

int
check_round_offer(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__RoundOffer *offer;
    struct key back;
    int rc = check_unpack(check, "round offer", key, value, &kansen__v1__round_offer__descriptor, &offer);

    if (rc != 0 || offer == NULL)
        return rc;
    back = key_pair(offer->round_id, offer->offer_id);
    if (back.len != key->mv_size || memcmp(back.bytes, key->mv_data, back.len) != 0)
        check_problem(check, "round %" PRIu64 ": an offer is stored under another key", offer->round_id);
    back = key_pair(offer->offer_id, offer->round_id);
    return expect(check, TABLE_OFFER_ROUND, &back, offer->round_id, "rounds of an offer");
}

int
check_round_student(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__RoundStudent *student;
    bool unfinished;
    struct key own;
    int rc = check_unpack(check, "round list", key, value, &kansen__v1__round_student__descriptor, &student);

    if (rc != 0 || student == NULL)
        return rc;
    if (student->ref.len != ROUND_REF_BYTES) {
        check_problem(check, "round %" PRIu64 ": a list has no reference", student->round_id);
        return 0;
    }
    unfinished = key->mv_size >= sizeof(uint64_t) && (key_read_u64(key->mv_data) & KEY_ROUND_UNFINISHED) != 0;
    own = key_round_student(student->round_id | (unfinished ? KEY_ROUND_UNFINISHED : 0), student->ref.data);
    if (own.len != key->mv_size || memcmp(own.bytes, key->mv_data, own.len) != 0)
        check_problem(check, "round %" PRIu64 ": a list is stored under another key", student->round_id);
    if (unfinished || student->pinned_placement == 0 || student->n_offers == 0)
        return 0;
    own = key_round_pin(student->round_id, student->offers[student->n_offers - 1], student->ref.data);
    return expect(check, TABLE_ROUND_PIN, &own, student->round_id, "kept placements");
}

int
check_round_objection(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__RoundObjection *objection;

    return check_unpack(check, "objection", key, value, &kansen__v1__round_objection__descriptor, &objection);
}

int
check_round_result(struct check *check, const MDB_val *key, const MDB_val *value)
{
    Kansen__V1__RoundResult *result;

    return check_unpack(check, "round result", key, value, &kansen__v1__round_result__descriptor, &result);
}
