// SPDX-License-Identifier: Apache-2.0
// Invariants: a round is in round_busy if its state goes on by itself; an entry of round_pin stands for each
// list with a pinned placement; an offer has an entry in offer_round for each round that it takes part in.
#include "store/round.h"
#include "store/internal.h"
#include "store/round_row.h"
#include <string.h>

#define STATE(name) KANSEN__V1__ROUND_STATE__ROUND_STATE_##name
#define BIT(name)   (1u << STATE(name))

#define ROUND_CODE_MAX 64u // bytes of the code of a region

// ---- Facts

bool
round_is_locking(Kansen__V1__RoundState state)
{
    return (1u << state & (BIT(FREEZING) | BIT(FROZEN) | BIT(DRAWN) | BIT(COMPUTING) | BIT(COMPUTED) |
                           BIT(PUBLISHING) | BIT(REVISING))) != 0;
}

bool
round_is_busy(const Kansen__V1__Round *round)
{
    return round->settling ||
           (1u << round->state & (BIT(FREEZING) | BIT(COMPUTING) | BIT(PUBLISHING) | BIT(FORGETTING))) != 0;
}

bool
round_has_ended(Kansen__V1__RoundState state)
{
    return (1u << state &
            (BIT(PUBLISHED) | BIT(CLOSED) | BIT(CANCELLED) | BIT(FORGETTING) | BIT(FORGOTTEN))) != 0;
}

// ---- Reading

// The first entry at or behind `from` whose key has the first prefix bytes of from and is len bytes long.
static int
seek(struct txn *txn, enum table table, const struct key *from, size_t prefix, size_t len, MDB_val *key,
     MDB_val *value)
{
    int rc = table_seek(txn, table, from, key, value);

    if (rc != 0)
        return rc;
    if (key->mv_size < prefix || memcmp(key->mv_data, from->bytes, prefix) != 0)
        return STORE_E_NOT_FOUND;
    return key->mv_size == len ? 0 : txn_fail(txn, STORE_FAULT_CORRUPT);
}

// Reads the record of a round whose number in it is the next above `after`.
static int
next_of(struct txn *txn, enum table table, const ProtobufCMessageDescriptor *desc, uint64_t round,
        uint64_t after, struct arena *arena, void *out)
{
    struct key from = key_pair(round, after + 1);
    MDB_val key, value;
    int rc = seek(txn, table, &from, sizeof round, 2 * sizeof round, &key, &value);

    return rc != 0 ? rc : record_unpack(txn, &key, &value, desc, arena, out);
}

static uint64_t
u64_at(const MDB_val *key, size_t offset)
{
    return key_read_u64((const uint8_t *)key->mv_data + offset);
}

// Goes to the key behind the one that it is; each has room for a byte more.
static void
step_behind(struct key *key)
{
    key->bytes[key->len++] = 0;
}

int
round_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__Round **out)
{
    struct key key = key_u64(id);

    return record_get(txn, TABLE_ROUND, &key, &kansen__v1__round__descriptor, arena, out);
}

int
round_find(struct txn *txn, const char *name, struct arena *arena, Kansen__V1__Round **out)
{
    MDB_val value;
    struct key key;
    uint64_t id;
    int rc;

    if (name[0] == '\0' || strlen(name) >= STORE_KEY_MAX)
        return STORE_E_NOT_FOUND;
    key = key_text(name);
    rc = table_get(txn, TABLE_ROUND_NAME, &key, &value);
    if (rc != 0)
        return rc;
    if (value.mv_size != sizeof id)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    memcpy(&id, value.mv_data, sizeof id);
    rc = round_get(txn, id, arena, out);
    return rc == STORE_E_NOT_FOUND ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
}

int
round_next(struct txn *txn, uint64_t after, struct arena *arena, Kansen__V1__Round **out)
{
    struct key from = key_u64(after + 1);
    MDB_val key, value;
    int rc = table_seek(txn, TABLE_ROUND, &from, &key, &value);

    return rc != 0 ? rc : record_unpack(txn, &key, &value, &kansen__v1__round__descriptor, arena, out);
}

int
round_plan_get(struct txn *txn, uint64_t id, struct arena *arena, Kansen__V1__RoundPlan **out)
{
    struct key key = key_u64(id);

    return record_get(txn, TABLE_ROUND_PLAN, &key, &kansen__v1__round_plan__descriptor, arena, out);
}

int
round_place_get(struct txn *txn, uint64_t round, const char *code, struct arena *arena,
                Kansen__V1__RoundPlace **out)
{
    struct key key;

    if (strlen(code) > ROUND_CODE_MAX)
        return STORE_E_NOT_FOUND;
    key = key_round_place(round, code);
    return record_get(txn, TABLE_ROUND_PLACE, &key, &kansen__v1__round_place__descriptor, arena, out);
}

int
round_place_next(struct txn *txn, uint64_t round, const char *after, struct arena *arena,
                 Kansen__V1__RoundPlace **out)
{
    struct key from = key_round_place(round, after);
    MDB_val key, value;
    int rc;

    step_behind(&from);
    rc = table_seek(txn, TABLE_ROUND_PLACE, &from, &key, &value);
    if (rc != 0)
        return rc;
    if (key.mv_size <= sizeof round || memcmp(key.mv_data, from.bytes, sizeof round) != 0)
        return STORE_E_NOT_FOUND;
    return record_unpack(txn, &key, &value, &kansen__v1__round_place__descriptor, arena, out);
}

// 0, or STORE_E_NOT_FOUND while a stream is read into the store.
static int
check_whole(struct txn *txn)
{
    uint64_t loading = 0;
    int rc = meta_get(txn, META_LOADING, &loading);

    if (rc < 0)
        return rc;
    return loading == 0 ? 0 : STORE_E_NOT_FOUND;
}

int
round_busy_next(struct txn *txn, uint64_t after, uint64_t *id)
{
    struct key from = key_u64(after + 1);
    MDB_val key, value;
    int rc = check_whole(txn);

    if (rc != 0)
        return rc;
    rc = seek(txn, TABLE_ROUND_BUSY, &from, 0, sizeof *id, &key, &value);
    if (rc == 0)
        *id = u64_at(&key, 0);
    return rc;
}

static bool
is_old(const Kansen__V1__Round *round, int64_t before_us)
{
    return (1u << round->state & (BIT(CLOSED) | BIT(CANCELLED))) != 0 && !round->settling &&
           round->open_objections == 0 && round->updated_us < before_us;
}

// Whether a round can be forgotten: a round that follows it needs its lottery until it has ended.
static int
check_over(struct txn *txn, const Kansen__V1__Round *round, int64_t before_us, struct arena *arena,
           bool *over)
{
    Kansen__V1__Round *later = NULL;
    int rc;

    *over = false;
    if (!is_old(round, before_us))
        return 0;
    rc = round_row_unfinished(txn, round, arena, &later);
    *over = rc == STORE_E_NOT_FOUND;
    return *over ? 0 : rc;
}

int
round_over_next(struct txn *txn, int64_t before_us, struct arena *arena, Kansen__V1__Round **out)
{
    Kansen__V1__Round *round = NULL;
    bool over = false;
    int rc = check_whole(txn);

    while (rc == 0 && !over) {
        rc = round_next(txn, round == NULL ? 0 : round->id, arena, &round);
        if (rc == 0)
            rc = check_over(txn, round, before_us, arena, &over);
    }
    if (rc == 0)
        *out = round;
    return rc;
}

int
round_offer_get(struct txn *txn, uint64_t round, uint64_t offer, struct arena *arena,
                Kansen__V1__RoundOffer **out)
{
    struct key key = key_pair(round, offer);

    return record_get(txn, TABLE_ROUND_OFFER, &key, &kansen__v1__round_offer__descriptor, arena, out);
}

int
round_offer_next(struct txn *txn, uint64_t round, uint64_t after, struct arena *arena,
                 Kansen__V1__RoundOffer **out)
{
    return next_of(txn, TABLE_ROUND_OFFER, &kansen__v1__round_offer__descriptor, round, after, arena, out);
}

bool
round_has_offer(struct txn *txn, uint64_t round, uint64_t offer)
{
    struct key key = key_pair(round, offer);
    MDB_val value;

    return table_get(txn, TABLE_ROUND_OFFER, &key, &value) == 0;
}

int
round_of_offer(struct txn *txn, uint64_t offer, struct arena *arena, Kansen__V1__Round **out)
{
    struct key from = key_pair(offer, 0);
    Kansen__V1__Round *round = NULL;
    MDB_val key, value;
    int rc;

    while ((rc = seek(txn, TABLE_OFFER_ROUND, &from, sizeof offer, 2 * sizeof offer, &key, &value)) == 0) {
        from = key_pair(offer, u64_at(&key, 8));
        step_behind(&from);
        rc = round_get(txn, u64_at(&key, 8), arena, &round);
        if (rc != 0)
            return rc > 0 ? txn_fail(txn, STORE_FAULT_CORRUPT) : rc;
        if (!round_has_ended(round->state)) {
            *out = round;
            return 0;
        }
    }
    return rc;
}

int
round_locks(struct txn *txn, uint64_t offer, struct arena *arena, bool *locked)
{
    Kansen__V1__Round *round = NULL;
    int rc = round_of_offer(txn, offer, arena, &round);

    if (rc < 0)
        return rc;
    *locked = rc == 0 && round != NULL && round_is_locking(round->state);
    return 0;
}

int
round_student_get(struct txn *txn, uint64_t round, const uint8_t ref[ROUND_REF_BYTES], struct arena *arena,
                  Kansen__V1__RoundStudent **out)
{
    struct key key = key_round_student(round, ref);

    return record_get(txn, TABLE_ROUND_STUDENT, &key, &kansen__v1__round_student__descriptor, arena, out);
}

int
round_student_next(struct txn *txn, uint64_t round, const ProtobufCBinaryData *after, struct arena *arena,
                   Kansen__V1__RoundStudent **out)
{
    struct key from = key_u64(round);
    MDB_val key, value;
    int rc;

    if (after != NULL && after->len == ROUND_REF_BYTES) {
        from = key_round_student(round, after->data);
        step_behind(&from);
    }
    rc = seek(txn, TABLE_ROUND_STUDENT, &from, sizeof round, sizeof round + ROUND_REF_BYTES, &key, &value);
    return rc != 0 ? rc
                   : record_unpack(txn, &key, &value, &kansen__v1__round_student__descriptor, arena, out);
}

int
round_unfinished_get(struct txn *txn, uint64_t round, const uint8_t ref[ROUND_REF_BYTES], struct arena *arena,
                     Kansen__V1__RoundStudent **out)
{
    return round_student_get(txn, round | KEY_ROUND_UNFINISHED, ref, arena, out);
}

int
round_unfinished_first(struct txn *txn, uint64_t round, struct arena *arena, Kansen__V1__RoundStudent **out)
{
    return round_student_next(txn, round | KEY_ROUND_UNFINISHED, NULL, arena, out);
}

int
round_result_get(struct txn *txn, uint64_t round, const uint8_t ref[ROUND_REF_BYTES], struct arena *arena,
                 Kansen__V1__RoundResult **out)
{
    struct key key = key_round_student(round, ref);

    return record_get(txn, TABLE_ROUND_RESULT, &key, &kansen__v1__round_result__descriptor, arena, out);
}

int
round_objection_get(struct txn *txn, uint64_t round, uint64_t id, struct arena *arena,
                    Kansen__V1__RoundObjection **out)
{
    struct key key = key_pair(round, id);

    return record_get(txn, TABLE_ROUND_OBJECTION, &key, &kansen__v1__round_objection__descriptor, arena, out);
}

int
round_objection_next(struct txn *txn, uint64_t round, uint64_t after, struct arena *arena,
                     Kansen__V1__RoundObjection **out)
{
    return next_of(txn, TABLE_ROUND_OBJECTION, &kansen__v1__round_objection__descriptor, round, after, arena,
                   out);
}

int
round_pin_next(struct txn *txn, uint64_t round, uint64_t offer, struct round_pin *pin)
{
    struct key from = key_pair(round, offer);
    MDB_val key, value;
    int rc;

    if (pin->begun) {
        from = key_round_pin(round, offer, pin->ref);
        step_behind(&from);
    }
    rc =
        seek(txn, TABLE_ROUND_PIN, &from, 2 * sizeof round, 2 * sizeof round + ROUND_REF_BYTES, &key, &value);
    if (rc != 0)
        return rc;
    if (value.mv_size != sizeof pin->placement)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    pin->begun = true;
    memcpy(pin->ref, (const uint8_t *)key.mv_data + 2 * sizeof round, sizeof pin->ref);
    memcpy(&pin->placement, value.mv_data, sizeof pin->placement);
    return 0;
}
