// SPDX-License-Identifier: Apache-2.0
// Sizes first, then bytes, as a protobuf message says its length before it starts. A card is a packed match
// without what depends on the query; that is written behind it, and a reader takes both as one message
// (encoding guide of Protocol Buffers: fields may come in any order).
#include "match/encode.h"
#include <assert.h>
#include <string.h>

enum wire {
    VARINT = 0,
    BYTES = 2,
};

// Field numbers of proto/kansen/v1/match.proto.
enum {
    RESPONSE_SEQUENCE = 1,
    RESPONSE_MATCHES = 2,
    RESPONSE_TOTAL = 3,
    RESPONSE_FACETS = 4,
    RESPONSE_DISCOVERIES = 5,
    RESPONSE_CURSOR = 6,
    MATCH_DISTANCE = 15,
    MATCH_PARTS = 16,
    MATCH_SEATS_FREE = 17,
    PARTS_SCORE = 1,
    PARTS_INTEREST = 2,
    PARTS_PROXIMITY = 3,
    PARTS_TRANSITION = 4,
    PARTS_MET = 5,
    MET_WANTED = 1,
    MET_OFFERED = 2,
    MET_SIMILARITY = 3,
};

// ---- Sizes

static size_t
varint_size(uint64_t value)
{
    return (size_t)(63 - __builtin_clzll(value | 1)) / 7 + 1;
}

static size_t
tag_size(unsigned field)
{
    return varint_size((uint64_t)field << 3);
}

// Of a number that is left out when it is 0, as proto3 does.
static size_t
number_size(unsigned field, uint64_t value)
{
    return value == 0 ? 0 : tag_size(field) + varint_size(value);
}

static size_t
bytes_size(unsigned field, size_t len)
{
    return tag_size(field) + varint_size(len) + len;
}

static size_t
met_size(const struct met *met)
{
    return bytes_size(MET_WANTED, met->wanted_len) + bytes_size(MET_OFFERED, met->offered_len) +
           number_size(MET_SIMILARITY, met->similarity);
}

void
encode_measure_hit(struct hit *hit)
{
    hit->parts_size = number_size(PARTS_SCORE, hit->score.total) +
                      number_size(PARTS_INTEREST, hit->score.interest) +
                      number_size(PARTS_PROXIMITY, hit->score.proximity) +
                      number_size(PARTS_TRANSITION, hit->score.transition);
    for (uint32_t i = 0; i < hit->n_met; i++)
        hit->parts_size += bytes_size(PARTS_MET, met_size(&hit->met[i]));
    hit->size = hit->card.match_len + bytes_size(MATCH_PARTS, hit->parts_size) +
                number_size(MATCH_SEATS_FREE, hit->seats_free);
    if (hit->has_distance)
        hit->size += tag_size(MATCH_DISTANCE) + varint_size(hit->distance_m);
}

// ---- Bytes

static uint8_t *
put_varint(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

static uint8_t *
put_number(uint8_t *to, unsigned field, uint64_t value)
{
    return value == 0 ? to : put_varint(put_varint(to, field << 3 | VARINT), value);
}

static uint8_t *
put_length(uint8_t *to, unsigned field, size_t len)
{
    return put_varint(put_varint(to, field << 3 | BYTES), len);
}

static uint8_t *
put_bytes(uint8_t *to, unsigned field, const void *bytes, size_t len)
{
    to = put_length(to, field, len);
    memcpy(to, bytes, len);
    return to + len;
}

static uint8_t *
put_parts(uint8_t *to, const struct hit *hit)
{
    to = put_length(to, MATCH_PARTS, hit->parts_size);
    to = put_number(to, PARTS_SCORE, hit->score.total);
    to = put_number(to, PARTS_INTEREST, hit->score.interest);
    to = put_number(to, PARTS_PROXIMITY, hit->score.proximity);
    to = put_number(to, PARTS_TRANSITION, hit->score.transition);
    for (uint32_t i = 0; i < hit->n_met; i++) {
        const struct met *met = &hit->met[i];

        to = put_length(to, PARTS_MET, met_size(met));
        to = put_bytes(to, MET_WANTED, met->wanted, met->wanted_len);
        to = put_bytes(to, MET_OFFERED, met->offered, met->offered_len);
        to = put_number(to, MET_SIMILARITY, met->similarity);
    }
    return to;
}

uint8_t *
encode_hit(uint8_t *to, const struct hit *hit)
{
    memcpy(to, hit->card.match, hit->card.match_len);
    to += hit->card.match_len;
    if (hit->has_distance) // set even when it is 0: it is a oneof
        to = put_varint(put_varint(to, MATCH_DISTANCE << 3 | VARINT), hit->distance_m);
    return put_number(put_parts(to, hit), MATCH_SEATS_FREE, hit->seats_free);
}

static uint8_t *
put_hits(uint8_t *to, unsigned field, const struct hit *hits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to = encode_hit(put_length(to, field, hits[i].size), &hits[i]);
    return to;
}

// ---- The page

static size_t
measure_hits(unsigned field, struct hit *hits, size_t n)
{
    size_t size = 0;

    for (size_t i = 0; i < n; i++) {
        encode_measure_hit(&hits[i]);
        size += bytes_size(field, hits[i].size);
    }
    return size;
}

void
encode_measure(struct match_page *page)
{
    page->size = number_size(RESPONSE_SEQUENCE, page->sequence) +
                 measure_hits(RESPONSE_MATCHES, page->matches, page->n_matches) +
                 measure_hits(RESPONSE_DISCOVERIES, page->discoveries, page->n_discoveries);
    if (page->want_total)
        page->size += tag_size(RESPONSE_TOTAL) + varint_size(page->total);
    for (size_t i = 0; i < page->n_facets; i++)
        page->size += bytes_size(RESPONSE_FACETS, kansen__v1__facet__get_packed_size(page->facets[i]));
    if (page->has_cursor)
        page->size += bytes_size(RESPONSE_CURSOR, CURSOR_BYTES);
}

void
encode_page(const struct match_page *page, uint8_t *to)
{
    const uint8_t *start = to;

    to = put_number(to, RESPONSE_SEQUENCE, page->sequence);
    to = put_hits(to, RESPONSE_MATCHES, page->matches, page->n_matches);
    if (page->want_total)
        to = put_varint(put_varint(to, RESPONSE_TOTAL << 3 | VARINT), page->total);
    for (size_t i = 0; i < page->n_facets; i++) {
        to = put_length(to, RESPONSE_FACETS, kansen__v1__facet__get_packed_size(page->facets[i]));
        to += kansen__v1__facet__pack(page->facets[i], to);
    }
    to = put_hits(to, RESPONSE_DISCOVERIES, page->discoveries, page->n_discoveries);
    if (page->has_cursor)
        to = put_bytes(to, RESPONSE_CURSOR, page->cursor, CURSOR_BYTES);
    assert((size_t)(to - start) == page->size);
    (void)start;
}
