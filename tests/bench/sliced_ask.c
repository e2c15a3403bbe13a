// SPDX-License-Identifier: Apache-2.0
// A query, from near blocks to far ones. What an offer scores for interests depends only on which of the
// wanted ones it has: at most 31 sets, tried from the best to the worst. A set tells, with the least score
// that still counts, how far an offer may be; once that is nearer than the block, the worse sets need no look
// either. So the far blocks cost a few instructions each, and most of their columns are never read.
#include "tests/bench/sliced.h"
#include "tests/bench/sliced_index.h"
#include "tests/bench/unit_vector.h"
#include <string.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

#define SETS_MAX 31u
#define AHEAD    4u // blocks looked up before their turn

// The lower bound of a distance from a box takes a sine for its angle: off by less than this share up to 300
// km.
#define BOX_SHARE 0.9995F

struct set {
    uint32_t members;  // bit i: has wanted interest i
    uint32_t interest; // basis points
    int64_t reach_m;   // farthest that an offer with this set may be and still count; -1 = none
    double reach2;     // a squared chord beyond which none is as near as that
};

struct plan {
    const struct workload_query *query;
    struct unit_vector origin;
    uint32_t n_sets, n_live; // the first n_live sets reach as far as anything can
    uint32_t least;          // score that the reaches were computed from
    bool reaches_known;
    struct set sets[SETS_MAX];
};

// Which of the eight words are not all zero, one bit each.
static inline uint32_t
words_set(sliced_bits bits)
{
#ifdef __AVX512F__
    return (uint32_t)_mm512_test_epi64_mask((__m512i)bits, (__m512i)bits);
#else
    uint32_t words = 0;

    for (uint32_t i = 0; i < SLICED_WORDS; i++)
        words |= (uint32_t)(bits[i] != 0) << i;
    return words;
#endif
}

static void
make_sets(const struct workload_query *query, struct plan *plan)
{
    uint32_t total = 0;

    for (uint32_t i = 0; i < query->n_interests; i++)
        total += query->interest_weights[i];
    for (uint32_t members = 1; members < 1u << query->n_interests; members++) {
        uint32_t met = 0, place = plan->n_sets++;

        for (uint32_t i = 0; i < query->n_interests; i++)
            met += (members >> i & 1) != 0 ? query->interest_weights[i] : 0;
        met = top_interest(met, total);
        // Of equals the greater set first, so that who has it is not taken for one of its parts.
        for (; place > 0 && plan->sets[place - 1].interest <= met; place--)
            plan->sets[place] = plan->sets[place - 1];
        plan->sets[place] = (struct set){.members = members, .interest = met};
    }
}

// How far each set reaches while `least` is the score to come up to.
static void
renew_reaches(struct plan *plan, uint32_t least)
{
    const struct workload_query *query = plan->query;
    int64_t wi = query->weight_interest, wp = query->weight_proximity, radius = query->radius_m;

    if (plan->reaches_known && least == plan->least)
        return;
    plan->least = least;
    plan->reaches_known = true;
    for (plan->n_live = 0; plan->n_live < plan->n_sets; plan->n_live++) {
        struct set *set = &plan->sets[plan->n_live];
        int64_t lacking = (wi + wp) * least - wi * set->interest;
        int64_t proximity = lacking <= 0 ? 0 : (lacking + wp - 1) / wp;
        double chord;

        if (proximity > 10000)
            return;
        set->reach_m = radius * (10000 - proximity) / 10000;
        chord = ((double)set->reach_m + 1) / GEO_EARTH_RADIUS_M; // an arc is longer than its chord
        set->reach2 = chord * chord;
    }
}

static inline float
larger(float a, float b)
{
    return a > b ? a : b;
}

// A lower bound of the distance of each block's box, squared, to far.
static void
measure_boxes(const struct sliced_boxes *boxes, uint32_t n, const struct workload_query *query,
              float *restrict far)
{
    const float *south = boxes->south, *north = boxes->north, *west = boxes->west, *east = boxes->east;
    const float *cos_least = boxes->cos_least;
    float lat = (float)(query->lat_e6 / 1e6 * (M_PI / 180.0)),
          lon = (float)(query->lon_e6 / 1e6 * (M_PI / 180.0));
    float cosine = cosf(lat) * (1 - 1e-6F);
    float metres = (float)GEO_EARTH_RADIUS_M * BOX_SHARE;

    for (uint32_t i = 0; i < n; i++) {
        float up = larger(larger(south[i] - lat, lat - north[i]), 0);
        float along = larger(larger(west[i] - lon, lon - east[i]), 0);

        far[i] = (up * up + cosine * cos_least[i] * along * along) * metres * metres;
    }
}

// Numbers of the blocks that may hold something within the radius, with that bound.
static uint32_t
find_blocks(struct sliced *sliced, const struct workload_query *query)
{
    float most = (float)query->radius_m + 1;
    uint32_t n = 0;

    measure_boxes(&sliced->boxes, sliced->n_boxes, query, sliced->far);
    for (uint32_t i = 0; i < sliced->n_boxes; i += SLICED_LANES) {
#ifdef __AVX512F__
        __m512 far = _mm512_loadu_ps(sliced->far + i);
        __mmask16 in = _mm512_cmp_ps_mask(far, _mm512_set1_ps(most * most), _CMP_LE_OQ);
        __m512i numbers =
            _mm512_add_epi32(_mm512_set1_epi32((int)i),
                             _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));

        if (in == 0)
            continue;
        _mm512_mask_compressstoreu_epi32(sliced->found + n, in, numbers);
        n += (uint32_t)__builtin_popcount(in);
#else
        for (uint32_t lane = i; lane < i + SLICED_LANES; lane++) {
            sliced->found[n] = lane;
            n += sliced->far[lane] <= most * most;
        }
#endif
    }
    for (uint32_t i = 0; i < n; i++)
        sliced->found_m[i] = sqrtf(sliced->far[sliced->found[i]]);
    return n;
}

// Sorts the n blocks found into rings of equal width, near ones first.
static void
sort_blocks(struct sliced *sliced, uint32_t n, const struct workload_query *query)
{
    uint32_t starts[SLICED_NEAR_MAX + 1] = {0};
    float rings = (SLICED_NEAR_MAX - 1) / ((float)query->radius_m + 1);

    for (uint32_t i = 0; i < n; i++)
        starts[(uint32_t)(sliced->found_m[i] * rings) + 1]++;
    for (uint32_t ring = 0; ring < SLICED_NEAR_MAX; ring++)
        starts[ring + 1] += starts[ring];
    for (uint32_t i = 0; i < n; i++) {
        uint32_t place = starts[(uint32_t)(sliced->found_m[i] * rings)]++;

        sliced->near[place] = sliced->found[i];
        sliced->near_m[place] = sliced->found_m[i];
    }
}

// A block with the columns that the query needs of it, looked up, and called for from memory, some blocks
// before they are read.
struct look {
    const sliced_bits *columns[WORKLOAD_QUERY_INTERESTS]; // of the wanted interests it has
    const sliced_bits *body;
    uint32_t number, has; // bit i: has wanted interest i
    float least_m;        // no offer is nearer
};

static struct look
look_at(const struct sliced *sliced, const struct workload_query *query, uint32_t number, float least_m)
{
    const struct sliced_head *head = &sliced->heads[number];
    struct look look = {.body = head->columns, .number = number, .least_m = least_m};

    for (uint32_t i = 0; i < query->n_interests; i++) {
        uint32_t code = query->interests[i], word = code / 64;
        uint64_t bit = UINT64_C(1) << code % 64;
        uint64_t before = head->present[word] & (bit - 1);

        look.columns[i] = head->columns + head->first[word] + __builtin_popcountll(before);
        look.has |= (uint32_t)((head->present[word] & bit) != 0) << i;
        __builtin_prefetch(look.columns[i]);
    }
    for (uint32_t kinds = query->kinds; kinds != 0; kinds &= kinds - 1)
        __builtin_prefetch(look.body + __builtin_ctz(kinds));
    for (uint32_t levels = query->levels; levels != 0; levels &= levels - 1)
        __builtin_prefetch(look.body + SLICED_FIRST_LEVEL + __builtin_ctz(levels));
    return look;
}

// The offers of the block that all but interests and distance let through.
static sliced_bits
filter(const sliced_bits *body, const struct workload_query *query)
{
    sliced_bits bits = {0}, fits = {0};

    if (query->kinds == 0)
        bits = ~bits;
    for (uint32_t kinds = query->kinds; kinds != 0; kinds &= kinds - 1)
        bits |= body[__builtin_ctz(kinds)];
    if (query->levels == 0)
        return bits;
    for (uint32_t levels = query->levels; levels != 0; levels &= levels - 1)
        fits |= body[SLICED_FIRST_LEVEL + __builtin_ctz(levels)];
    return bits & fits;
}

// The places of the offers in bits. Their spots are called for from memory.
static uint32_t
list_places(sliced_bits bits, const struct sliced_spot *spots, uint16_t places[SLICED_BLOCK])
{
    uint32_t n = 0;

    for (uint32_t words = words_set(bits); words != 0; words &= words - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(words);

        for (uint64_t word = bits[number]; word != 0; word &= word - 1) {
            uint32_t place = number * 64 + (uint32_t)__builtin_ctzll(word);

            __builtin_prefetch(&spots[place]);
            places[n++] = (uint16_t)place;
        }
    }
    return n;
}

// Adds the offers of a block at these places, all of which have the interests of the set.
static void
add_places(const struct sliced *sliced, const struct plan *plan, uint32_t block, const struct set *set,
           const uint16_t *places, uint32_t n, struct top *top)
{
    const struct workload_query *query = plan->query;
    const struct sliced_middle *middle = &sliced->middles[block];
    double x = plan->origin.x - middle->x, y = plan->origin.y - middle->y, z = plan->origin.z - middle->z;
    uint32_t most = query->has_max_cost ? query->max_cost_cents : UINT32_MAX;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t place = block * SLICED_BLOCK + places[i], metres;
        const struct sliced_spot *spot = &sliced->spots[place];
        double dx = spot->x - x, dy = spot->y - y, dz = spot->z - z, chord2 = dx * dx + dy * dy + dz * dz;

        if (chord2 > set->reach2 || spot->cost_cents > most)
            continue;
        if (!unit_vector_round(unit_vector_metres(chord2), middle->error_m, &metres))
            metres = geo_distance_m((struct geo_point){query->lat_e6, query->lon_e6}, sliced->points[place]);
        if (metres <= query->radius_m)
            top_add(top, sliced->offers[place], top_score(query, set->interest, metres), metres);
    }
}

static void
ask_block(const struct sliced *sliced, struct plan *plan, const struct look *look, struct top *top)
{
    uint16_t places[SLICED_BLOCK];
    sliced_bits rest = {0};
    bool filtered = false;

    for (uint32_t i = 0; i < plan->n_live && (float)plan->sets[i].reach_m + 1 >= look->least_m; i++) {
        const struct set *set = &plan->sets[i];
        sliced_bits those;
        uint32_t n;

        if ((set->members & ~look->has) != 0)
            continue;
        if (!filtered)
            rest = filter(look->body, plan->query);
        filtered = true;
        those = rest;
        for (uint32_t members = set->members; members != 0; members &= members - 1)
            those &= *look->columns[__builtin_ctz(members)];
        n = list_places(those, sliced->spots + (size_t)look->number * SLICED_BLOCK, places);
        if (n == 0)
            continue;
        add_places(sliced, plan, look->number, set, places, n, top);
        rest &= ~those; // what is left has no greater set than those that follow
        renew_reaches(plan, top_least(top));
    }
}

void
sliced_ask(struct sliced *sliced, const struct workload_query *query, struct top *top)
{
    struct plan plan = {.query = query, .origin = unit_vector_at(query->lat_e6, query->lon_e6)};
    struct look looks[AHEAD];
    uint32_t n = find_blocks(sliced, query), seen = 0;

    top_start(top, query->tie_seed);
    make_sets(query, &plan);
    sort_blocks(sliced, n, query);
    renew_reaches(&plan, 0);
    for (uint32_t i = 0; i < n; i++) {
        for (; seen < n && seen < i + AHEAD; seen++)
            looks[seen % AHEAD] = look_at(sliced, query, sliced->near[seen], sliced->near_m[seen]);
        if (plan.n_live == 0 || sliced->near_m[i] > (float)plan.sets[0].reach_m + 1 +
                                                        (float)query->radius_m / (SLICED_NEAR_MAX - 1))
            break; // what follows is at most one ring nearer
        ask_block(sliced, &plan, &looks[i % AHEAD], top);
    }
}
