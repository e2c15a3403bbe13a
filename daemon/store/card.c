// SPDX-License-Identifier: Apache-2.0
// The cards of CHUNK offers with consecutive ids lie in one value: the tree above them stays so small that it
// is in the cache, and offers that are registered one after the other share what is written.
//
//   chunk: where each card ends, u32 for each | card, card...
//   card: ids of the interests, u16 each | packed match
#include "store/card.h"
#include "store/internal.h"
#include <string.h>

#define CHUNK      CARD_CHUNK
#define CACHE_LINE 64u

int
card_find(struct txn *txn, uint64_t offer_id, struct card_place *out)
{
    struct card_chunk chunk;
    int rc = directory_chunk(txn, offer_id / CHUNK, &chunk);

    if (rc != 0)
        return rc;
    if (chunk.size < CHUNK * sizeof(uint32_t))
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    *out = (struct card_place){.chunk = chunk.bytes, .size = chunk.size, .number = offer_id % CHUNK};
    CALL_FOR(out->chunk + out->number * sizeof(uint32_t));
    return 0;
}

int
card_approach(struct txn *txn, struct card_place *place)
{
    uint32_t start = CHUNK * sizeof(uint32_t), end = 0;

    if (place->number > 0)
        memcpy(&start, place->chunk + (place->number - 1) * sizeof start, sizeof start);
    memcpy(&end, place->chunk + place->number * sizeof end, sizeof end);
    if (start < CHUNK * sizeof(uint32_t) || end < start || end > place->size)
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    if (end == start)
        return STORE_E_NOT_FOUND;
    if (end - start < OFFER_INTERESTS_MAX * sizeof(uint16_t))
        return txn_fail(txn, STORE_FAULT_CORRUPT);
    place->at = start;
    place->len = end - start;
    for (uint32_t line = 0; line < place->len; line += CACHE_LINE)
        CALL_FOR(place->chunk + place->at + line);
    return 0;
}

struct card
card_read(const struct card_place *place)
{
    struct card card = {.match = place->chunk + place->at + sizeof card.interests,
                        .match_len = place->len - sizeof card.interests};

    memcpy(card.interests, place->chunk + place->at, sizeof card.interests);
    return card;
}

int
card_get(struct txn *txn, uint64_t offer_id, struct card *out)
{
    struct card_place place;
    int rc = card_find(txn, offer_id, &place);

    if (rc == 0)
        rc = card_approach(txn, &place);
    if (rc == 0)
        *out = card_read(&place);
    return rc;
}
