// SPDX-License-Identifier: Apache-2.0
// Sorts the offers along a Morton curve, cuts them into blocks, and fills their columns and boxes.
#include "tests/bench/sliced.h"
#include "tests/bench/sliced_index.h"
#include "tests/bench/unit_vector.h"
#include "tests/bench/workload.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Boxes are wider by this (radians; 0.6 m), more than a float's rounding of a latitude or longitude in
// Europe.
#define BOX_SLACK   1e-7F
#define NOWHERE     9.0F // radians; the boxes past the last block
#define FLOAT_ERROR 6e-8 // half a unit in the last place of a float, relative

#define RADIANS(e6) ((float)((e6) / 1e6 * (M_PI / 180.0)))

struct placed {
    uint64_t key;
    uint32_t index;
};

static void *
take(struct sliced *sliced, size_t count, size_t size)
{
    size_t bytes = (count * size + 63) / 64 * 64 + 64;
    void *memory = aligned_alloc(64, bytes);

    if (memory == NULL)
        return NULL;
    memset(memory, 0, bytes);
    sliced->memory[sliced->n_memory++] = memory;
    sliced->bytes += bytes;
    return memory;
}

static uint64_t
spread(uint32_t bits)
{
    uint64_t x = bits;

    x = (x | x << 16) & UINT64_C(0x0000FFFF0000FFFF);
    x = (x | x << 8) & UINT64_C(0x00FF00FF00FF00FF);
    x = (x | x << 4) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    x = (x | x << 2) & UINT64_C(0x3333333333333333);
    return (x | x << 1) & UINT64_C(0x5555555555555555);
}

// Degrees of longitude count for 0.6, so that the cells of the curve are about square in the Netherlands.
static uint64_t
morton(const struct workload_offer *offer)
{
    uint32_t lat = (uint32_t)(offer->lat_e6 + GEO_LAT_MAX_E6);
    uint32_t lon = (uint32_t)((int64_t)(offer->lon_e6 + GEO_LON_MAX_E6) * 6 / 10);

    return spread(lat) << 1 | spread(lon);
}

static int
by_key(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static struct placed *
sort_offers(const struct workload *workload)
{
    uint32_t n = workload->options.offers;
    struct placed *placed = calloc(n + (size_t)1, sizeof *placed);

    for (uint32_t i = 0; i < n && placed != NULL; i++)
        placed[i] = (struct placed){morton(&workload->offers[i]), i};
    if (placed != NULL)
        qsort(placed, n, sizeof *placed, by_key);
    return placed;
}

static void
set(sliced_bits *column, uint32_t place)
{
    uint64_t *words = (uint64_t *)column;

    words[place / 64] |= UINT64_C(1) << place % 64;
}

struct builder {
    struct sliced *sliced;
    const struct workload *workload;
    const struct placed *placed;
    sliced_bits *columns; // free from here on
};

static const struct workload_offer *
offer_at(const struct builder *builder, uint32_t place)
{
    return &builder->workload->offers[builder->placed[place].index];
}

// Which interests the block has. Returns how many columns it needs.
static uint32_t
find_present(const struct builder *builder, uint32_t first, uint32_t n, struct sliced_head *head)
{
    uint32_t columns = SLICED_FIRST_INTEREST;

    for (uint32_t i = 0; i < n; i++) {
        const struct workload_offer *offer = offer_at(builder, first + i);

        for (uint32_t j = 0; j < offer->n_interests; j++)
            head->present[offer->interests[j] / 64] |= UINT64_C(1) << offer->interests[j] % 64;
    }
    for (uint32_t word = 0; word < SLICED_CODES / 64; word++) {
        head->first[word] = (uint16_t)columns;
        columns += (uint32_t)__builtin_popcountll(head->present[word]);
    }
    return columns;
}

static void
fill_columns(struct builder *builder, uint32_t first, uint32_t n, struct sliced_head *head)
{
    sliced_bits *columns = builder->columns;

    builder->columns += find_present(builder, first, n, head);
    head->columns = columns;
    for (uint32_t i = 0; i < n; i++) {
        const struct workload_offer *offer = offer_at(builder, first + i);

        set(&columns[offer->kind - 1], i);
        for (uint32_t level = 0; level < SLICED_LEVELS; level++)
            if (offer->levels == 0 || (offer->levels >> level & 1) != 0)
                set(&columns[SLICED_FIRST_LEVEL + level], i);
        for (uint32_t j = 0; j < offer->n_interests; j++) {
            uint32_t code = offer->interests[j], word = code / 64;
            uint64_t before = head->present[word] & ((UINT64_C(1) << code % 64) - 1);

            set(&columns[head->first[word] + (uint32_t)__builtin_popcountll(before)], i);
        }
    }
}

static void
fill_spots(const struct builder *builder, uint32_t first, uint32_t n, struct sliced_middle *middle)
{
    struct sliced *sliced = builder->sliced;
    double widest = 0;

    for (uint32_t i = first; i < first + n; i++) {
        const struct workload_offer *offer = offer_at(builder, i);
        struct unit_vector at = unit_vector_at(offer->lat_e6, offer->lon_e6);

        middle->x += at.x / n;
        middle->y += at.y / n;
        middle->z += at.z / n;
    }
    for (uint32_t i = first; i < first + n; i++) {
        const struct workload_offer *offer = offer_at(builder, i);
        struct unit_vector at = unit_vector_at(offer->lat_e6, offer->lon_e6);
        double x = at.x - middle->x, y = at.y - middle->y, z = at.z - middle->z;

        sliced->spots[i] = (struct sliced_spot){(float)x, (float)y, (float)z, offer->cost_cents};
        widest = fmax(widest, fmax(fabs(x), fmax(fabs(y), fabs(z))));
        sliced->offers[i] = builder->placed[i].index + 1;
        sliced->points[i] = (struct geo_point){offer->lat_e6, offer->lon_e6};
    }
    // Each of three coordinates is off by its rounding; a millimetre for all that is computed in double.
    middle->error_m = 3 * FLOAT_ERROR * widest * GEO_EARTH_RADIUS_M + 0.001;
}

static void
fill_box(struct builder *builder, uint32_t number, uint32_t first, uint32_t n)
{
    struct sliced_boxes *boxes = &builder->sliced->boxes;
    float *south = boxes->south + number, *north = boxes->north + number;
    float *west = boxes->west + number, *east = boxes->east + number;

    *south = *west = NOWHERE;
    *north = *east = -NOWHERE;
    for (uint32_t i = 0; i < n; i++) {
        const struct workload_offer *offer = offer_at(builder, first + i);
        float lat = RADIANS(offer->lat_e6), lon = RADIANS(offer->lon_e6);

        *south = fminf(*south, lat - BOX_SLACK);
        *north = fmaxf(*north, lat + BOX_SLACK);
        *west = fminf(*west, lon - BOX_SLACK);
        *east = fmaxf(*east, lon + BOX_SLACK);
    }
    boxes->cos_least[number] = fminf(cosf(*south), cosf(*north)) * (1 - 1e-6F);
}

static uint64_t
count_columns(const struct builder *builder)
{
    uint32_t n = builder->workload->options.offers;
    uint64_t columns = 0;

    for (uint32_t first = 0; first < n; first += SLICED_BLOCK) {
        struct sliced_head head = {.columns = NULL};

        columns += find_present(builder, first, n - first < SLICED_BLOCK ? n - first : SLICED_BLOCK, &head);
    }
    return columns;
}

static int
take_memory(struct builder *builder)
{
    struct sliced *sliced = builder->sliced;
    struct sliced_boxes *boxes = &sliced->boxes;
    uint32_t n = builder->workload->options.offers;
    void **arrays[] = {(void **)&boxes->south,  (void **)&boxes->north,     (void **)&boxes->west,
                       (void **)&boxes->east,   (void **)&boxes->cos_least, (void **)&sliced->found,
                       (void **)&sliced->near,  (void **)&sliced->far,      (void **)&sliced->found_m,
                       (void **)&sliced->near_m};

    sliced->n_blocks = (n + SLICED_BLOCK - 1) / SLICED_BLOCK;
    sliced->n_boxes = (sliced->n_blocks + SLICED_LANES - 1) / SLICED_LANES * SLICED_LANES;
    for (uint32_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        *arrays[i] = take(sliced, sliced->n_boxes, sizeof(float));
        if (*arrays[i] == NULL)
            return -ENOMEM;
    }
    for (uint32_t i = 0; i < sliced->n_boxes; i++)
        boxes->south[i] = NOWHERE; // until it is filled
    sliced->heads = take(sliced, sliced->n_blocks, sizeof *sliced->heads);
    sliced->middles = take(sliced, sliced->n_blocks, sizeof *sliced->middles);
    sliced->spots = take(sliced, n, sizeof *sliced->spots);
    sliced->offers = take(sliced, n, sizeof *sliced->offers);
    sliced->points = take(sliced, n, sizeof *sliced->points);
    builder->columns = take(sliced, count_columns(builder), sizeof *builder->columns);
    return sliced->heads == NULL || sliced->middles == NULL || sliced->spots == NULL ||
                   sliced->offers == NULL || sliced->points == NULL || builder->columns == NULL
               ? -ENOMEM
               : 0;
}

int
sliced_new(const struct workload *workload, struct sliced **out)
{
    struct builder builder = {.sliced = calloc(1, sizeof *builder.sliced), .workload = workload};
    uint32_t n = workload->options.offers;
    struct placed *placed = sort_offers(workload);
    int r = -ENOMEM;

    builder.placed = placed;
    if (builder.sliced != NULL && placed != NULL)
        r = take_memory(&builder);
    for (uint32_t number = 0; r == 0 && number < builder.sliced->n_blocks; number++) {
        uint32_t first = number * SLICED_BLOCK;
        uint32_t count = n - first < SLICED_BLOCK ? n - first : SLICED_BLOCK;

        fill_columns(&builder, first, count, &builder.sliced->heads[number]);
        fill_spots(&builder, first, count, &builder.sliced->middles[number]);
        fill_box(&builder, number, first, count);
    }
    free(placed);
    if (r != 0)
        sliced_free(builder.sliced);
    else
        *out = builder.sliced;
    return r;
}

void
sliced_free(struct sliced *sliced)
{
    if (sliced == NULL)
        return;
    for (uint32_t i = 0; i < sliced->n_memory; i++)
        free(sliced->memory[i]);
    free(sliced);
}

size_t
sliced_bytes(const struct sliced *sliced)
{
    return sliced->bytes;
}
