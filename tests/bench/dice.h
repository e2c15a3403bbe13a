// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same everywhere: xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64.
// Whole numbers only. One owner at a time.
#ifndef TESTS_BENCH_DICE_H
#define TESTS_BENCH_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state[4];
};

// Dice for one stream of throws; streams of one seed have nothing in common.
static inline struct dice
dice_new(uint64_t seed, uint64_t stream)
{
    struct dice dice;
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) + stream * UINT64_C(0xD1B54A32D192ED03);

    for (int i = 0; i < 4; i++) {
        uint64_t z = x += UINT64_C(0x9E3779B97F4A7C15);

        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        dice.state[i] = z ^ (z >> 31);
    }
    return dice;
}

static inline uint64_t
dice_rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static inline uint64_t
dice_next(struct dice *dice)
{
    uint64_t *s = dice->state, thrown = dice_rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = dice_rotate(s[3], 45);
    return thrown;
}

// 0..n-1; n is 1..2^32-1.
static inline uint32_t
dice_below(struct dice *dice, uint32_t n)
{
    return (uint32_t)((dice_next(dice) >> 32) * n >> 32);
}

static inline bool
dice_percent(struct dice *dice, uint32_t percent)
{
    return dice_below(dice, 100) < percent;
}

// About normal around 0: the sum of four even throws of 16 bits, whose own deviation is 37,837.
static inline int32_t
dice_normal(struct dice *dice, int32_t deviation)
{
    uint64_t thrown = dice_next(dice);
    int64_t sum =
        (int64_t)((thrown & 0xFFFF) + (thrown >> 16 & 0xFFFF) + (thrown >> 32 & 0xFFFF) + (thrown >> 48));

    return (int32_t)((sum - 131070) * deviation / 37837);
}

#define DICE_PICK(dice, array) ((array)[dice_below((dice), (uint32_t)(sizeof(array) / sizeof(array)[0]))])

#endif
