// SPDX-License-Identifier: Apache-2.0
// Keys are built by appending; the longest is an external key: source, 0, external id.
#include "store/key.h"
#include <assert.h>
#include <endian.h>
#include <string.h>

// Only the bytes up to len are ever read, so the others are not cleared: a key is made for each access.
static struct key
empty_key(void)
{
    struct key key;

    key.len = 0;
    return key;
}

static void
append(struct key *key, const void *bytes, size_t len)
{
    assert(len <= sizeof key->bytes - key->len);
    memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
}

static void
append_u32(struct key *key, uint32_t number)
{
    uint32_t big = htobe32(number);

    append(key, &big, sizeof big);
}

static void
append_u64(struct key *key, uint64_t number)
{
    uint64_t big = htobe64(number);

    append(key, &big, sizeof big);
}

struct key
key_u16(uint16_t number)
{
    struct key key = empty_key();
    uint16_t big = htobe16(number);

    append(&key, &big, sizeof big);
    return key;
}

struct key
key_u64(uint64_t id)
{
    struct key key = empty_key();

    append_u64(&key, id);
    return key;
}

struct key
key_text(const char *text)
{
    struct key key = empty_key();

    append(&key, text, strlen(text));
    return key;
}

struct key
key_external(const char *source, const char *external_id)
{
    struct key key = empty_key();

    append(&key, source, strlen(source) + 1);
    append(&key, external_id, strlen(external_id));
    return key;
}

struct key
key_pair(uint64_t first, uint64_t second)
{
    struct key key = empty_key();

    append_u64(&key, first);
    append_u64(&key, second);
    return key;
}

struct key
key_accreditation(uint32_t crebo, uint64_t partner, uint32_t place)
{
    struct key key = empty_key();

    append_u32(&key, crebo);
    append_u64(&key, partner);
    append_u32(&key, place);
    return key;
}

struct key
key_number(uint64_t number)
{
    struct key key = empty_key();

    append(&key, &number, sizeof number);
    return key;
}

struct key
key_group(const struct key *block, uint8_t group)
{
    struct key key = *block;

    append(&key, &group, sizeof group);
    return key;
}

// Spreads the lower 32 bits, a zero between each two.
static uint64_t
spread(uint64_t bits)
{
    bits = (bits | bits << 16) & UINT64_C(0x0000FFFF0000FFFF);
    bits = (bits | bits << 8) & UINT64_C(0x00FF00FF00FF00FF);
    bits = (bits | bits << 4) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    bits = (bits | bits << 2) & UINT64_C(0x3333333333333333);
    return (bits | bits << 1) & UINT64_C(0x5555555555555555);
}

uint64_t
key_morton(struct geo_point point)
{
    // Unsigned, as the point may come from a damaged block.
    uint32_t north = (uint32_t)point.lat_e6 + GEO_LAT_MAX_E6, east = (uint32_t)point.lon_e6 + GEO_LON_MAX_E6;

    return spread(north) << 1 | spread(east);
}

struct key
key_block(enum key_block_size size, enum key_block_place place, struct geo_point point, uint64_t offer)
{
    uint8_t prefix[KEY_BLOCK_PREFIX] = {(uint8_t)size, (uint8_t)place};
    struct key key = {0};

    append(&key, prefix, sizeof prefix);
    append_u64(&key, place == KEY_BLOCK_REMOTE ? 0 : key_morton(point));
    append_u64(&key, offer);
    return key;
}

struct key
key_bytes(const void *bytes, size_t len)
{
    struct key key = empty_key();

    append(&key, bytes, len);
    return key;
}

struct key
key_triple(uint64_t first, uint64_t second, uint64_t third)
{
    struct key key = key_pair(first, second);

    append_u64(&key, third);
    return key;
}

struct key
key_student_seat(const uint8_t student[16], uint64_t offer)
{
    struct key key = key_bytes(student, 16);

    append_u64(&key, offer);
    return key;
}

struct key
key_hold(const char *client, uint64_t placement)
{
    struct key key = key_bytes(client, strlen(client) + 1);

    append_u64(&key, placement);
    return key;
}

struct key
key_due(int64_t time_us, uint8_t kind, uint64_t id)
{
    struct key key = key_u64((uint64_t)time_us);

    append(&key, &kind, sizeof kind);
    append_u64(&key, id);
    return key;
}

struct key
key_decline(uint64_t partner, uint32_t reason)
{
    struct key key = key_u64(partner);

    append_u32(&key, reason);
    return key;
}

struct key
key_answer_age(int64_t time_us, const struct key *answer)
{
    struct key key = key_u64((uint64_t)time_us);

    append(&key, answer->bytes, answer->len);
    return key;
}

struct key
key_round_student(uint64_t round, const uint8_t ref[32])
{
    struct key key = key_u64(round);

    append(&key, ref, 32);
    return key;
}

struct key
key_round_place(uint64_t round, const char *code)
{
    struct key key = key_u64(round);

    append(&key, code, strlen(code));
    return key;
}

struct key
key_round_pin(uint64_t round, uint64_t offer, const uint8_t ref[32])
{
    struct key key = key_pair(round, offer);

    append(&key, ref, 32);
    return key;
}

uint16_t
key_read_u16(const void *bytes)
{
    uint16_t big;

    memcpy(&big, bytes, sizeof big);
    return be16toh(big);
}

uint32_t
key_read_u32(const void *bytes)
{
    uint32_t big;

    memcpy(&big, bytes, sizeof big);
    return be32toh(big);
}

uint64_t
key_read_u64(const void *bytes)
{
    uint64_t big;

    memcpy(&big, bytes, sizeof big);
    return be64toh(big);
}
