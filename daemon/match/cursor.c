// SPDX-License-Identifier: Apache-2.0
// The digest is taken of a query in canonical form, packed as protobuf: a field that is new to the protocol
// belongs to it without a line here, unless it is a set.
#include "match/cursor.h"
#include "base/date.h"
#include "store/store.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define VERSION 1u

// ---- Bytes

static uint8_t *
put(uint8_t *to, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i > 0; i--)
        *to++ = (uint8_t)(value >> (8 * (i - 1)));
    return to;
}

static const uint8_t *
take(const uint8_t *from, size_t bytes, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < bytes; i++)
        *value = *value << 8 | *from++;
    return from;
}

static uint32_t
checksum(const uint8_t *bytes)
{
    return (uint32_t)XXH3_64bits(bytes, CURSOR_BYTES - sizeof(uint32_t));
}

void
cursor_encode(const struct cursor *cursor, uint8_t out[CURSOR_BYTES])
{
    uint8_t *to = put(out, VERSION, 1);

    to = put(to, (uint32_t)cursor->as_of, 4);
    to = put(to, cursor->score, 2);
    to = put(to, cursor->offer_id, 8);
    to = put(to, cursor->digest, 8);
    to = put(to, checksum(out), 4);
    assert(to == out + CURSOR_BYTES);
}

bool
cursor_decode(const uint8_t *bytes, size_t len, struct cursor *out)
{
    uint64_t version, as_of, score, check;

    if (len != CURSOR_BYTES)
        return false;
    bytes = take(bytes, 1, &version);
    bytes = take(bytes, 4, &as_of);
    bytes = take(bytes, 2, &score);
    bytes = take(bytes, 8, &out->offer_id);
    bytes = take(bytes, 8, &out->digest);
    bytes = take(bytes, 4, &check);
    out->as_of = (int32_t)(uint32_t)as_of;
    out->score = (uint32_t)score;
    return version == VERSION && check == checksum(bytes - CURSOR_BYTES);
}

// ---- Canonical form

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
compare_wanted(const void *a, const void *b)
{
    return strcmp((*(Kansen__V1__WantedInterest *const *)a)->code,
                  (*(Kansen__V1__WantedInterest *const *)b)->code);
}

// The values of a mask, lowest first. NULL when memory is short.
static void *
list_of_mask(struct arena *arena, uint32_t mask, size_t *count)
{
    int *list = arena_array(arena, 32, sizeof *list);

    *count = 0;
    for (int bit = 0; list != NULL && bit < 32; bit++)
        if ((mask >> bit & 1) != 0)
            list[(*count)++] = bit + 1;
    return list;
}

// The texts sorted, each once. NULL when memory is short.
static char **
set_of_texts(struct arena *arena, char *const *texts, size_t *count)
{
    char **set = arena_array(arena, *count, sizeof *set);
    size_t kept = 0;

    if (set == NULL || *count == 0)
        return set;
    memcpy(set, texts, *count * sizeof *set);
    qsort(set, *count, sizeof *set, compare_texts);
    for (size_t i = 0; i < *count; i++)
        if (kept == 0 || strcmp(set[kept - 1], set[i]) != 0)
            set[kept++] = set[i];
    *count = kept;
    return set;
}

// The wanted interests by code, with their weights filled in. NULL when memory is short.
static Kansen__V1__WantedInterest **
sorted_wanted(struct arena *arena, const struct query *query, const Kansen__V1__Query *wire)
{
    Kansen__V1__WantedInterest **sorted =
        arena_array(arena, wire->n_interests, sizeof(Kansen__V1__WantedInterest *));
    Kansen__V1__WantedInterest *copies = arena_array(arena, wire->n_interests, sizeof *copies);

    if (sorted == NULL || copies == NULL)
        return NULL;
    for (size_t i = 0; i < wire->n_interests; i++) {
        kansen__v1__wanted_interest__init(&copies[i]);
        copies[i].code = wire->interests[i]->code;
        copies[i].weight = query->wanted[i].weight;
        sorted[i] = &copies[i];
    }
    qsort(sorted, wire->n_interests, sizeof(Kansen__V1__WantedInterest *), compare_wanted);
    return sorted;
}

static bool
make_sets(const struct query *query, const Kansen__V1__Query *wire, struct arena *arena,
          Kansen__V1__Query *out)
{
    out->kinds = list_of_mask(arena, query->kinds, &out->n_kinds);
    out->partner_kinds = list_of_mask(arena, query->partner_kinds, &out->n_partner_kinds);
    out->levels = list_of_mask(arena, query->levels, &out->n_levels);
    out->weekdays = list_of_mask(arena, query->weekdays, &out->n_weekdays);
    out->needs = list_of_mask(arena, query->needs, &out->n_needs);
    out->funds = set_of_texts(arena, wire->funds, &out->n_funds);
    out->languages = set_of_texts(arena, wire->languages, &out->n_languages);
    out->interests = sorted_wanted(arena, query, wire);
    return out->kinds != NULL && out->partner_kinds != NULL && out->levels != NULL && out->weekdays != NULL &&
           out->needs != NULL && out->funds != NULL && out->languages != NULL && out->interests != NULL;
}

int
cursor_digest(const struct query *query, const Kansen__V1__Query *wire, struct arena *arena, uint64_t *out)
{
    Kansen__V1__Weights weights = KANSEN__V1__WEIGHTS__INIT;
    Kansen__V1__Point at = KANSEN__V1__POINT__INIT;
    Kansen__V1__Query canonical = *wire;
    uint8_t *packed;

    canonical.base.n_unknown_fields = 0;
    canonical.base.unknown_fields = NULL;
    canonical.cursor = (ProtobufCBinaryData){0};
    canonical.discover = 0;
    canonical.as_of = (char *)protobuf_c_empty_string;
    canonical.limit = query->limit;
    canonical.radius_case = KANSEN__V1__QUERY__RADIUS_RADIUS_M;
    canonical.radius_m = query->radius_m;
    weights.interest = query->weight_interest;
    weights.proximity = query->weight_proximity;
    weights.transition = query->weight_transition;
    canonical.weights = &weights;
    if (wire->origin_case == KANSEN__V1__QUERY__ORIGIN_AT) {
        at.lat_e6 = wire->at->lat_e6;
        at.lon_e6 = wire->at->lon_e6;
        canonical.at = &at;
    }
    if (!make_sets(query, wire, arena, &canonical))
        return STORE_FAULT_MEMORY;
    packed = arena_alloc(arena, kansen__v1__query__get_packed_size(&canonical));
    if (packed == NULL)
        return STORE_FAULT_MEMORY;
    *out = XXH3_64bits(packed, kansen__v1__query__pack(&canonical, packed));
    return 0;
}

// ---- A cursor that comes back

int
cursor_open(struct query *query, const Kansen__V1__Query *wire, uint64_t digest, struct cursor *out,
            struct fault *fault)
{
    char first[DATE_TEXT_MAX];

    if (!cursor_decode(wire->cursor.data, wire->cursor.len, out))
        return fault_set(fault, CODE_INVALID_ARGUMENT, "query.cursor",
                         "these %zu bytes are no cursor; give next_cursor of an earlier page as it came",
                         wire->cursor.len);
    if (out->digest != digest)
        return fault_set(
            fault, CODE_INVALID_ARGUMENT, "query.cursor",
            "the cursor belongs to another query; all fields but discover must be as they were for "
            "the page that gave it");
    if (wire->as_of[0] != '\0' && query->as_of != out->as_of)
        return fault_set(
            fault, CODE_INVALID_ARGUMENT, "query.cursor",
            "the cursor belongs to a query as of %s, and as_of is %s; leave as_of out or give it as "
            "it was",
            date_format(out->as_of, first), wire->as_of);
    query->as_of = out->as_of;
    return 0;
}
