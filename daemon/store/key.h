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
//   offer_cell     offer u64                                        cell u32
//   offer_row      cell u32, offer u64                              struct offer_row
//   interest       code                                             checksum, kansen.v1.Interest
//   region         code                                             checksum, kansen.v1.Region
//   postcode       postcode u16                                     checksum, kansen.v1.Postcode
//   fund           code                                             number u16
//   journal        sequence u64                                     checksum, kansen.v1.JournalEntry
//
// Values that are bare numbers are in host byte order, as LMDB's own pages are.
#ifndef STORE_KEY_H
#define STORE_KEY_H

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
struct key key_cell(uint32_t cell, uint64_t offer);

// Numbers in a key that was read, at a byte offset.
uint16_t key_read_u16(const void *bytes);
uint32_t key_read_u32(const void *bytes);
uint64_t key_read_u64(const void *bytes);

#endif
