// SPDX-License-Identifier: Apache-2.0
// Every key format of the store, in one place. Numbers are big-endian, so that byte order is number order;
// texts stand as they are. A golden-bytes test holds them (tests/unit/test_key.c): changing one is a new
// STORE_FORMAT. Pure.
//
//   table          key                                              value
//   meta           name                                             u64
//   partner        partner u64                                      checksum, kansen.v1.Partner
//   partner_ext    source, 0x00, external id                        partner u64
//   partner_offer  partner u64, offer u64                           nothing
//   accreditation  crebo u32, partner u64, place in the list u32    first day i32, last day i32
//   offer          offer u64                                        checksum, kansen.v1.Offer
//   offer_ext      source, 0x00, external id                        offer u64
//   offer_row      offer, u64 in host byte order                    struct offer_row
//   card           offer / 64, u64 in host byte order               cards of 64 offers (card.c)
//   block_head     size u8, placed or remote u8, Morton code u64,   box of each group of slots
//                  offer u64
//   block_body     as block_head                                    store/block.h
//   block_seats    as block_head, group u8                          store/seats.h
//   interest       code                                             checksum, kansen.v1.Interest
//   region         code                                             checksum, kansen.v1.Region
//   postcode       postcode u16                                     checksum, kansen.v1.Postcode
//   fund           code                                             number u16
//   journal        sequence u64                                     checksum, kansen.v1.JournalEntry
//   placement      placement u64                                    checksum, kansen.v1.Placement
//   seat           offer u64, placement u64                         state u8; live or completed ones
//   turn           offer u64, turn u64, placement u64               state u8; those that wait or are drawn
//   student        keyed hash of the reference, 32 bytes            random id, 16 bytes; since when i64
//   student_seat   student id 16 bytes, offer u64                   placement u64; live ones
//   student_end    student id 16 bytes                              when the last one ended i64
//   ended          time in microseconds u64, placement u64          nothing; those that have ended
//   hold           client, 0x00, placement u64                      nothing; held ones
//   due            time in microseconds u64, kind u8, id u64        nothing
//   decline        partner u64, reason u32                          count u64
//   answer         client, 0x00, hash of the idempotency key        checksum, kansen.v1.KeptAnswer
//   answer_age     time in microseconds u64, client, 0x00, key      nothing
//   client         name                                             checksum, kansen.v1.Client
//   token          token u64                                        checksum, kansen.v1.StoredToken
//   token_hash     keyed hash of the token, 32 bytes                token u64; of those that are not revoked
//   round          round u64                                        checksum, kansen.v1.Round
//   round_plan     round u64                                        checksum, kansen.v1.RoundPlan
//   round_place    round u64, code                                  checksum, kansen.v1.RoundPlace
//   round_name     name                                             round u64
//   round_busy     round u64                                        nothing; those that go on alone
//   round_offer    round u64, offer u64                             checksum, kansen.v1.RoundOffer
//   offer_round    offer u64, round u64                             nothing
//   round_student  round u64, reference in the round 32 bytes       checksum, kansen.v1.RoundStudent; a list
//                  whose last part has not come: the round's highest bit is set, so it lies behind all others
//   round_result   as round_student                                 checksum, kansen.v1.RoundResult
//   round_objection round u64, objection u64                        checksum, kansen.v1.RoundObjection
//   round_pin      round u64, offer u64, reference 32 bytes         placement u64
//
// Values that are bare numbers are in host byte order, as LMDB's own pages are.
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "base/geo.h"
#include "store/store.h"
#include <stddef.h>
#include <stdint.h>

struct key {
    size_t len;
    uint8_t bytes[STORE_KEY_MAX];
};

struct key key_u16(uint16_t number);
struct key key_u64(uint64_t id);
struct key key_text(const char *text); // text shorter than STORE_KEY_MAX
struct key key_external(const char *source, const char *external_id);
struct key key_pair(uint64_t first, uint64_t second);
struct key key_accreditation(uint32_t crebo, uint64_t partner, uint32_t place);
struct key key_number(uint64_t number);              // in host byte order, for a table of LMDB's integer keys
struct key key_bytes(const void *bytes, size_t len); // len at most STORE_KEY_MAX
struct key key_triple(uint64_t first, uint64_t second, uint64_t third);
struct key key_student_seat(const uint8_t student[16], uint64_t offer);
struct key key_hold(const char *client, uint64_t placement);
struct key key_due(int64_t time_us, uint8_t kind, uint64_t id);
struct key key_decline(uint64_t partner, uint32_t reason);
struct key key_answer_age(int64_t time_us, const struct key *answer);
#define KEY_ROUND_UNFINISHED (UINT64_C(1) << 63) // no round has an id with this bit
struct key key_round_student(uint64_t round, const uint8_t ref[32]);
struct key key_round_place(uint64_t round, const char *code);
struct key key_round_pin(uint64_t round, uint64_t offer, const uint8_t ref[32]);

// Keys of blocks: size and kind of place come first, so each pair is a stretch of its own.
enum key_block_size {
    KEY_BLOCK_SMALL,
    KEY_BLOCK_FULL,
};
enum key_block_place {
    KEY_BLOCK_PLACED,
    KEY_BLOCK_REMOTE, // point (0, 0)
};
#define KEY_BLOCK_PREFIX 2u // bytes of size and place
struct key key_block(enum key_block_size size, enum key_block_place place, struct geo_point point,
                     uint64_t offer);

struct key key_group(const struct key *block, uint8_t group);

// The bits of latitude and longitude interleaved, latitude's first: points that are near each other have
// codes that are near each other, for the most part.
uint64_t key_morton(struct geo_point point);

// Numbers in a key that was read, at a byte offset.
uint16_t key_read_u16(const void *bytes);
uint32_t key_read_u32(const void *bytes);
uint64_t key_read_u64(const void *bytes);

#endif
