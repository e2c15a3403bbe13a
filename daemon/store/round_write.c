// SPDX-License-Identifier: Apache-2.0
// Keeps the invariants that store/round.c tells.
#include "store/internal.h"
#include "store/round.h"
#include <string.h>

static int
known(struct txn *txn, int rc)
{
    return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}

int
round_put(struct txn *txn, const Kansen__V1__Round *round, const Kansen__V1__Round *old)
{
    struct key key = key_u64(round->id), name = key_text(round->name);
    bool was = old != NULL && round_is_busy(old), is = round_is_busy(round);
    int rc = record_put(txn, TABLE_ROUND, &key, &round->base);

    if (rc == 0 && old == NULL)
        rc = known(txn,
                   table_put(txn, TABLE_ROUND_NAME, &name, &round->id, sizeof round->id, MDB_NOOVERWRITE));
    if (rc == 0 && is && !was)
        rc = table_put(txn, TABLE_ROUND_BUSY, &key, "", 0, 0);
    if (rc == 0 && was && !is)
        rc = known(txn, table_del(txn, TABLE_ROUND_BUSY, &key));
    return rc;
}

int
round_plan_put(struct txn *txn, uint64_t id, const Kansen__V1__RoundPlan *plan)
{
    struct key key = key_u64(id);

    return record_put(txn, TABLE_ROUND_PLAN, &key, &plan->base);
}

int
round_place_put(struct txn *txn, uint64_t id, const Kansen__V1__RoundPlace *place)
{
    struct key key = key_round_place(id, place->code);

    return record_put(txn, TABLE_ROUND_PLACE, &key, &place->base);
}

int
round_offer_put(struct txn *txn, const Kansen__V1__RoundOffer *offer, bool is_new)
{
    struct key key = key_pair(offer->round_id, offer->offer_id),
               back = key_pair(offer->offer_id, offer->round_id);
    int rc = record_put(txn, TABLE_ROUND_OFFER, &key, &offer->base);

    return rc == 0 && is_new ? table_put(txn, TABLE_OFFER_ROUND, &back, "", 0, 0) : rc;
}

int
round_offer_delete(struct txn *txn, uint64_t round, uint64_t offer)
{
    struct key key = key_pair(round, offer), back = key_pair(offer, round);
    int rc = known(txn, table_del(txn, TABLE_ROUND_OFFER, &key));

    return rc == 0 ? known(txn, table_del(txn, TABLE_OFFER_ROUND, &back)) : rc;
}

static struct key
pin_key(const Kansen__V1__RoundStudent *student)
{
    return key_round_pin(student->round_id, student->offers[student->n_offers - 1], student->ref.data);
}

static bool
is_pinned(const Kansen__V1__RoundStudent *student)
{
    return student != NULL && student->pinned_placement != 0 && student->n_offers > 0;
}

static int
swap_pin(struct txn *txn, const Kansen__V1__RoundStudent *student, const Kansen__V1__RoundStudent *old)
{
    struct key key;
    int rc = 0;

    if (is_pinned(old)) {
        key = pin_key(old);
        rc = known(txn, table_del(txn, TABLE_ROUND_PIN, &key));
    }
    if (rc == 0 && is_pinned(student)) {
        key = pin_key(student);
        rc = table_put(txn, TABLE_ROUND_PIN, &key, &student->pinned_placement,
                       sizeof student->pinned_placement, 0);
    }
    return rc;
}

int
round_student_put(struct txn *txn, const Kansen__V1__RoundStudent *student,
                  const Kansen__V1__RoundStudent *old)
{
    struct key key = key_round_student(student->round_id, student->ref.data);
    int rc = record_put(txn, TABLE_ROUND_STUDENT, &key, &student->base);

    return rc == 0 ? swap_pin(txn, student, old) : rc;
}

int
round_student_delete(struct txn *txn, const Kansen__V1__RoundStudent *old)
{
    struct key key = key_round_student(old->round_id, old->ref.data);
    int rc = known(txn, table_del(txn, TABLE_ROUND_STUDENT, &key));

    if (rc == 0)
        rc = swap_pin(txn, NULL, old);
    if (rc == 0)
        rc = table_del(txn, TABLE_ROUND_RESULT, &key);
    return rc < 0 ? rc : 0;
}

int
round_unfinished_put(struct txn *txn, const Kansen__V1__RoundStudent *parts)
{
    struct key key = key_round_student(parts->round_id | KEY_ROUND_UNFINISHED, parts->ref.data);

    return record_put(txn, TABLE_ROUND_STUDENT, &key, &parts->base);
}

int
round_unfinished_delete(struct txn *txn, const Kansen__V1__RoundStudent *parts)
{
    struct key key = key_round_student(parts->round_id | KEY_ROUND_UNFINISHED, parts->ref.data);

    return known(txn, table_del(txn, TABLE_ROUND_STUDENT, &key));
}

int
round_objection_put(struct txn *txn, const Kansen__V1__RoundObjection *objection)
{
    struct key key = key_pair(objection->round_id, objection->id);

    return record_put(txn, TABLE_ROUND_OBJECTION, &key, &objection->base);
}

int
round_objection_delete(struct txn *txn, const Kansen__V1__RoundObjection *objection)
{
    struct key key = key_pair(objection->round_id, objection->id);

    return known(txn, table_del(txn, TABLE_ROUND_OBJECTION, &key));
}

int
round_result_put(struct txn *txn, uint64_t round, const uint8_t ref[ROUND_REF_BYTES],
                 const Kansen__V1__RoundResult *result)
{
    struct key key = key_round_student(round, ref);

    return record_put(txn, TABLE_ROUND_RESULT, &key, &result->base);
}
