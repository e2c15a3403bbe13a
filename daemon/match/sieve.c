// SPDX-License-Identifier: Apache-2.0
// The vector code. A vector has a bit for each slot of a group. Sums are kept in planes, plane b holding bit
// b of every slot's sum, and a constant is added to the slots of a mask by carrying from plane to plane, as
// on paper. (Bit-sliced arithmetic: Rinfret, O'Neil and O'Neil, Bit-Sliced Index Arithmetic, SIGMOD 2001.)
#include "match/sieve.h"
#include <string.h>

typedef uint64_t vector __attribute__((vector_size(SIEVE_WORDS * sizeof(uint64_t))));

#define INLINE static inline __attribute__((always_inline))

INLINE bool
is_empty(vector bits)
{
    uint64_t any = 0;

    for (unsigned i = 0; i < SIEVE_WORDS; i++)
        any |= bits[i];
    return any == 0;
}

INLINE vector
load(const uint8_t *column, size_t group, bool small)
{
    vector bits = {0};

    if (small)
        memcpy(&bits, column, sizeof(uint64_t));
    else
        memcpy(&bits, column + group * sizeof bits, sizeof bits);
    return bits;
}

INLINE vector
load_set(const struct sieve *sieve, struct sieve_set set, size_t group, bool small)
{
    vector bits = {0};

    for (unsigned i = 0; i < set.count; i++)
        bits |= load(sieve->columns[set.first + i], group, small);
    return bits;
}

// Adds, to the sum of each slot, the number of the first of the sets that it is in.
INLINE void
add_wanted(const struct sieve *sieve, const struct sieve_wanted *wanted, size_t group, bool small,
           vector planes[SIEVE_PLANES])
{
    vector in[SIEVE_STEPS], carry = {0};

    in[0] = load_set(sieve, wanted->sets[0], group, small);
    if (wanted->whole) {
#pragma GCC unroll 8
        for (unsigned plane = 0; plane < SIEVE_PLANES; plane++) {
            vector old = planes[plane], add = in[0] & wanted->adds[0][plane];

            planes[plane] = old ^ add ^ carry;
            carry = (old & add) | (carry & (old | add));
        }
        return;
    }
    in[1] = load_set(sieve, wanted->sets[1], group, small) & ~in[0];
    in[2] = load_set(sieve, wanted->sets[2], group, small) & ~in[0] & ~in[1];
#pragma GCC unroll 8
    for (unsigned plane = 0; plane < SIEVE_PLANES; plane++) {
        vector old = planes[plane], add = (in[0] & wanted->adds[0][plane]) |
                                          (in[1] & wanted->adds[1][plane]) | (in[2] & wanted->adds[2][plane]);

        planes[plane] = old ^ add ^ carry;
        carry = (old & add) | (carry & (old | add));
    }
}

// Whose sum is at least `need`: compares from the highest plane down.
INLINE vector
at_least(const vector planes[SIEVE_PLANES], uint32_t need)
{
    vector reaches = ~(vector){0};

    // From the lowest plane up: a slot reaches the bits so far if its bit is greater, or equal and it reached
    // those below.
#pragma GCC unroll 8
    for (unsigned plane = 0; plane < SIEVE_PLANES; plane++) {
        vector bit = (vector){0} - (need >> plane & 1); // all ones or 0

        reaches = (planes[plane] & (reaches | ~bit)) | (reaches & ~bit);
    }
    return reaches;
}

INLINE bool
add_group(const struct sieve *sieve, size_t group, uint32_t need, struct sieve_sums *out, bool small)
{
    vector any, good, planes[SIEVE_PLANES];

#pragma GCC unroll 8
    for (unsigned plane = 0; plane < SIEVE_PLANES; plane++)
        planes[plane] = (vector){0};
    for (size_t i = 0; i < sieve->n_wanted; i++)
        add_wanted(sieve, &sieve->wanted[i], group, small, planes);
    any = planes[0];
#pragma GCC unroll 8
    for (unsigned plane = 1; plane < SIEVE_PLANES; plane++)
        any |= planes[plane];
    good = need > SIEVE_SUM_MAX ? (vector){0} : any & at_least(planes, need);
    memcpy(out->any, &any, sizeof any);
    memcpy(out->good, &good, sizeof good);
    if (is_empty(good))
        return false;
    memcpy(out->planes, planes, sizeof planes);
    return true;
}

INLINE bool
add_any(const struct sieve *sieve, size_t group, uint32_t need, struct sieve_sums *out)
{
    return sieve->small ? add_group(sieve, group, need, out, true)
                        : add_group(sieve, group, need, out, false);
}

INLINE void
filter_any(const struct sieve *sieve, size_t group, const uint8_t *also, uint64_t bits[SIEVE_WORDS])
{
    vector fit;

    memcpy(&fit, bits, sizeof fit);
    fit &= sieve->small ? load(also, 0, true) : load(also, 0, false);
    for (size_t i = 0; i < sieve->n_filters && !is_empty(fit); i++)
        fit &= sieve->small ? load_set(sieve, sieve->filters[i], group, true)
                            : load_set(sieve, sieve->filters[i], group, false);
    memcpy(bits, &fit, sizeof fit);
}

INLINE uint32_t
take_highest(struct sieve_sums *sums, uint64_t band[SIEVE_WORDS])
{
    vector good, highest;
    uint32_t sum = 0;

    memcpy(&good, sums->good, sizeof good);
    highest = good;
    for (unsigned plane = SIEVE_PLANES; plane-- > 0;) {
        vector bits;

        memcpy(&bits, sums->planes[plane], sizeof bits);
        bits &= highest;
        if (is_empty(bits))
            continue;
        highest = bits;
        sum |= 1u << plane;
    }
    good &= ~highest;
    memcpy(band, &highest, sizeof highest);
    memcpy(sums->good, &good, sizeof good);
    return sum;
}

INLINE uint64_t
column_word(const uint8_t *column, size_t word)
{
    uint64_t bits = 0;

    if (column != NULL)
        memcpy(&bits, column + word * sizeof bits, sizeof bits);
    return bits;
}

INLINE uint32_t
count_any(const uint64_t *bits, const uint8_t *a, const uint8_t *b, size_t n)
{
    uint32_t count = 0;

    for (size_t word = 0; word < n; word++)
        count += (uint32_t)__builtin_popcountll((column_word(a, word) | column_word(b, word)) & bits[word]);
    return count;
}

INLINE void
bound_any(const int32_t *values, size_t n, int32_t least, int32_t most, uint64_t bits[SIEVE_WORDS])
{
    for (size_t word = 0; word * 64 < n; word++) {
        uint64_t in = 0;

        if (bits[word] == 0)
            continue;
        for (unsigned i = 0; i < 64; i++) { // the arrays are as long as the columns
            int32_t value = values[word * 64 + i];

            in |= (uint64_t)((value >= least) & (value <= most)) << i;
        }
        bits[word] &= in;
    }
}

// One variant: the same code, made for other instructions. An attribute stands in no parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define VARIANT(name, attribute)                                                                             \
    attribute static bool add_##name(const struct sieve *sieve, size_t group, uint32_t need,                 \
                                     struct sieve_sums *out)                                                 \
    {                                                                                                        \
        return add_any(sieve, group, need, out);                                                             \
    }                                                                                                        \
    attribute static void filter_##name(const struct sieve *sieve, size_t group, const uint8_t *also,        \
                                        uint64_t bits[SIEVE_WORDS])                                          \
    {                                                                                                        \
        filter_any(sieve, group, also, bits);                                                                \
    }                                                                                                        \
    attribute static uint32_t highest_##name(struct sieve_sums *sums, uint64_t band[SIEVE_WORDS])            \
    {                                                                                                        \
        return take_highest(sums, band);                                                                     \
    }                                                                                                        \
    attribute static uint32_t count_##name(const uint64_t *bits, const uint8_t *a, const uint8_t *b,         \
                                           size_t n)                                                         \
    {                                                                                                        \
        return count_any(bits, a, b, n);                                                                     \
    }                                                                                                        \
    attribute static void bound_##name(const int32_t *values, size_t n, int32_t least, int32_t most,         \
                                       uint64_t bits[SIEVE_WORDS])                                           \
    {                                                                                                        \
        bound_any(values, n, least, most, bits);                                                             \
    }                                                                                                        \
    static const struct sieve_variant variant_##name = {add_##name, filter_##name, highest_##name,           \
                                                        count_##name, bound_##name};

// NOLINTEND(bugprone-macro-parentheses)
VARIANT(plain, )

#if defined(__x86_64__)
VARIANT(avx2, __attribute__((target("avx2,popcnt"))))
VARIANT(avx512, __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,popcnt"))))

static bool
has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}

const struct sieve_variant *
sieve_variant(unsigned number)
{
    switch (number) {
    case 0:
        return &variant_plain;
    case 1:
        return __builtin_cpu_supports("avx2") ? &variant_avx2 : NULL;
    case 2:
        return has_avx512() ? &variant_avx512 : NULL;
    default:
        return NULL;
    }
}

static const struct sieve_variant *
best(void)
{
    if (has_avx512())
        return &variant_avx512;
    return __builtin_cpu_supports("avx2") ? &variant_avx2 : &variant_plain;
}
#else
const struct sieve_variant *
sieve_variant(unsigned number)
{
    return number == 0 ? &variant_plain : NULL;
}

static const struct sieve_variant *
best(void)
{
    return &variant_plain;
}
#endif

bool
sieve_add(const struct sieve *sieve, size_t group, uint32_t need, struct sieve_sums *out)
{
    return best()->add(sieve, group, need, out);
}

void
sieve_raise(const struct sieve *sieve, const uint8_t *except, size_t group, uint32_t need,
            struct sieve_sums *sums)
{
    vector good, spared = {0}, planes[SIEVE_PLANES];

    memcpy(&good, sums->good, sizeof good);
    memcpy(planes, sums->planes, sizeof planes);
    if (except != NULL)
        spared = load(except, group, sieve->small);
    if (need <= SIEVE_SUM_MAX)
        spared |= at_least(planes, need);
    good &= spared;
    memcpy(sums->good, &good, sizeof good);
}

void
sieve_filter(const struct sieve *sieve, size_t group, const uint8_t *also, uint64_t bits[SIEVE_WORDS])
{
    best()->filter(sieve, group, also, bits);
}

uint32_t
sieve_highest(struct sieve_sums *sums, uint64_t band[SIEVE_WORDS])
{
    return best()->highest(sums, band);
}

uint32_t
sieve_count(const uint64_t *bits, const uint8_t *a, const uint8_t *b, size_t n)
{
    return best()->count(bits, a, b, n);
}

void
sieve_bound(const int32_t *values, size_t n, int32_t least, int32_t most, uint64_t bits[SIEVE_WORDS])
{
    best()->bound(values, n, least, most, bits);
}

void
sieve_leave_out(const struct sieve *sieve, struct sieve_set set, size_t group, uint64_t bits[SIEVE_WORDS])
{
    for (unsigned i = 0; i < set.count; i++) {
        const uint8_t *column = sieve->columns[set.first + i];

        for (size_t word = 0; word < (sieve->small ? 1 : SIEVE_WORDS); word++) {
            uint64_t in;

            memcpy(&in, column + (group * SIEVE_WORDS + word) * sizeof in, sizeof in);
            bits[word] &= ~in;
        }
    }
}
