// SPDX-License-Identifier: Apache-2.0
// A match is made as bytes and read back, so that an explanation can not say otherwise than a page.
#include "match/answer.h"
#include "match/eligible.h"
#include "match/encode.h"
#include "match/page.h"
#include "store/records.h"
#include "store/store.h"

int
answer_read(struct txn *txn, uint64_t offer_id, struct arena *arena, struct answer_offer *out)
{
    int r = offer_row_get(txn, offer_id, &out->candidate.row);

    if (r != 0)
        return r;
    score_renew(&out->candidate);
    r = card_get(txn, offer_id, &out->card);
    if (r == 0)
        r = offer_get(txn, offer_id, arena, &out->offer);
    if (r == 0)
        r = partner_get(txn, out->candidate.row.partner_id, arena, &out->partner);
    return r == STORE_E_NOT_FOUND ? STORE_FAULT_CORRUPT : r; // a row without its card or records
}

int
answer_match(const struct query *query, struct answer_offer *offer, struct arena *arena,
             Kansen__V1__Match **out)
{
    struct candidate *candidate = &offer->candidate;
    struct hit hit = {
        .card = offer->card,
        .score = score_of(query, candidate, true),
        .has_distance = score_has_distance(&candidate->row),
        .distance_m = score_has_distance(&candidate->row) ? score_distance(query, candidate) : 0,
        .seats_free = eligible_seats_free(query, &candidate->row),
    };
    Kansen__V1__Match *match;
    uint8_t *packed;
    int r = page_meet(query, arena, &hit);

    if (r != 0)
        return r;
    encode_measure_hit(&hit);
    packed = arena_take(arena, hit.size);
    if (packed == NULL)
        return STORE_FAULT_MEMORY;
    encode_hit(packed, &hit);
    match = kansen__v1__match__unpack(arena_allocator(arena), hit.size, packed);
    if (match == NULL)
        return STORE_FAULT_MEMORY; // the bytes are good
    *out = match;
    return 0;
}
