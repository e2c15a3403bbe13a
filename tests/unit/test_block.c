// SPDX-License-Identifier: Apache-2.0
// A block's bytes: golden ones, as they are the store's format; that it holds what was put in and nothing
// else, however it was put together; and that damaged bytes are not looked at.
#include "tests/unit/block_fixture.h"
#include <xxhash.h>

// ---- Golden bytes

static struct offer_row
a_row(uint64_t number)
{
    return (struct offer_row){
        .offer_id = 100 + number,
        .partner_id = 7,
        .position = {51919170 + (int32_t)number, 4388610 - (int32_t)number},
        .municipality = 3 + (uint32_t)number % 2,
        .cost_cents = 250,
        .start = number % 3 == 0 ? DATE_NONE : 20000,
        .end = DATE_NONE,
        .deadline = 20010 + (int32_t)number,
        .reserved_until = 20020,
        .seats = 5,
        .levels = number % 2 == 0 ? 0 : 0x8001,
        .transitions = 0x0804,
        .interests = {(uint16_t)(2 + number % 6), 9},
        .funds = {1, 2},
        .languages = {0x6e6c, 0x656e},
        .kind = 2,
        .partner_kind = 6,
        .weekdays = 0x41,
        .needs = 0x11,
        .min_age = 12,
        .max_age = 255,
        .flags = OFFER_ROW_LIVE | OFFER_ROW_POSITIONED,
    };
}

static void
test_golden_header(void **out)
{
    (void)out;
    assert_int_equal(offsetof(struct block_header, words), 2);
    assert_int_equal(offsetof(struct block_header, first), 4);
    assert_int_equal(offsetof(struct block_header, least), 32);
    assert_int_equal(offsetof(struct block_header, most), 60);
    assert_int_equal(offsetof(struct block_header, at_ids), 88);
    assert_int_equal(offsetof(struct block_header, at_partners), 108);
    assert_int_equal(offsetof(struct block_header, at_fields), 112);
    assert_int_equal(offsetof(struct block_header, size), 140);
    assert_int_equal(offsetof(struct block_header, at_ranks), 144);
    assert_int_equal(offsetof(struct block_header, n_ranks), 150);
    assert_int_equal(sizeof(struct block_ranks), 16);
    assert_int_equal(sizeof(struct block_slot), 16);
    assert_int_equal(sizeof(struct block_box), 16);
    assert_int_equal(BLOCK_CLASSES, 12);
    assert_int_equal(BLOCK_FIELDS, 7);
}

static void
test_golden_layout(void **out)
{
    struct state *state = *out;
    struct offer_row rows[2] = {a_row(0), a_row(1)};
    const struct block_header *header;
    void *made = make_small(state, rows, 2);
    struct block block = block_open(made);
    size_t n_columns, n_ranks = 0;

    header = block.header;
    n_columns = header->first[BLOCK_CLASSES];
    for (int class = 0; class < BLOCK_RANKED; class ++)
        n_ranks += header->n_ranks[class];
    assert_int_equal(header->used, 2);
    assert_int_equal(header->words, 1);
    assert_int_equal(header->size, 4096 - BLOCK_ALIGN);
    assert_int_equal(header->at_ids, 160 + 16 * n_ranks);
    assert_int_equal(header->at_places, header->at_ids + 4 * n_columns);
    assert_in_range(header->at_boxes, header->at_places + 2 * n_columns,
                    header->at_places + 2 * n_columns + 2);
    assert_int_equal((header->at_columns + BLOCK_ALIGN) % 64, 0);
    assert_true(header->at_columns >= header->at_boxes + 16);
    assert_int_equal(header->at_slots, header->at_columns + 8 * n_columns);
    assert_int_equal(header->at_fields[BLOCK_START], header->at_slots + 64 * 16); // differs
    assert_int_equal(header->at_fields[BLOCK_DEADLINE], header->at_slots + 64 * 20);
    assert_int_equal(header->at_partners, header->at_slots + 64 * 24);
    for (int field = 0; field < BLOCK_FIELDS; field++)
        if (field != BLOCK_START && field != BLOCK_DEADLINE)
            assert_int_equal(header->at_fields[field], 0);
    free(made);
}

// A change here is a new format of the store. The bytes are those of a machine that is little-endian.
static void
test_golden_bytes(void **out)
{
    struct state *state = *out;
    struct offer_row rows[600];
    void *made;

    for (size_t i = 0; i < 600; i++)
        rows[i] = a_row(i);
    made = make_small(state, rows, 5);
    assert_int_equal(block_open(made).header->size, 4080);
    assert_true(XXH3_64bits(made, 4080) == UINT64_C(0x6A483C85174E086B));
    free(made);
    made = make_full(state, rows, 600, 60);
    assert_int_equal(block_open(made).header->size, 40944);
    assert_true(XXH3_64bits(made, 40944) == UINT64_C(0x6384BFB096F27E16));
    free(made);
}

// ---- What it holds

static void
check_rows(const struct state *state, const struct block *block, size_t n)
{
    assert_int_equal(block->header->used, n);
    for (size_t slot = 0; slot < n; slot++) {
        struct offer_row other = state->rows[slot];

        assert_true(block_holds(block, state->catalog, slot, &state->rows[slot]));
        other.needs ^= 1u;
        assert_false(block_holds(block, state->catalog, slot, &other));
        other = state->rows[slot];
        other.position.lon_e6++;
        assert_false(block_holds(block, state->catalog, slot, &other));
    }
}

static void
check_unused(const struct block *block)
{
    for (size_t i = 0; i < block->header->first[BLOCK_CLASSES]; i++)
        for (size_t slot = block->header->used; slot < count_slots(block); slot++)
            assert_false(block_bit(block_column_at(block, i), slot));
}

static void
test_holds_its_rows(void **out)
{
    static const size_t counts[] = {1, 63, 64, 65, 511, 512, 513, 1024, 1025, ROWS - 1, ROWS};
    struct state *state = *out;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        bool small = counts[i] <= BLOCK_SMALL_SLOTS;
        void *copy = make_block(state, counts[i], small);
        struct block block = block_open(copy);

        assert_int_equal(count_slots(&block), small ? 64 : (counts[i] + 511) / 512 * 512);
        check_rows(state, &block, counts[i]);
        check_unused(&block);
        free(copy);
    }
}

// A slot is in the column of a value exactly if its row has the value: by a look at the row.
static bool
has_value(const struct offer_row *row, enum block_class class, uint32_t id)
{
    const uint16_t *numbers = class == BLOCK_FUND ? row->funds : row->languages;
    uint32_t mask;

    switch (class) {
    case BLOCK_KIND:
        return row->kind == id;
    case BLOCK_PARTNER_KIND:
        return row->partner_kind == id;
    case BLOCK_MUNICIPALITY:
        return row->municipality == id;
    case BLOCK_FUND:
    case BLOCK_LANGUAGE:
        for (size_t i = 0; i < OFFER_FUNDS_MAX && numbers[i] != 0; i++)
            if (numbers[i] == id)
                return true;
        return false;
    default:
        mask = class == BLOCK_LEVEL        ? row->levels
               : class == BLOCK_TRANSITION ? row->transitions
               : class == BLOCK_WEEKDAY    ? row->weekdays
                                           : row->needs;
        if (id == 0)
            return mask == 0 && class != BLOCK_NEED;
        return (mask >> (id - 1) & 1) != 0;
    }
}

// How an interest lies to those of a row: itself, above one, right above one.
static bool
has_interest(const struct catalog *catalog, const struct offer_row *row, enum block_class class, uint32_t id)
{
    for (size_t i = 0; i < OFFER_INTERESTS_MAX && row->interests[i] != 0; i++) {
        uint16_t at = row->interests[i], above = catalog_interest(catalog, at)->parent;

        if ((class == BLOCK_INTEREST && at == id) || (class == BLOCK_CHILD && above == id && id != 0))
            return true;
        for (; class == BLOCK_BELOW && above != 0; above = catalog_interest(catalog, above)->parent)
            if (above == id)
                return true;
    }
    return false;
}

static void
check_column(const struct state *state, const struct block *block, enum block_class class, uint32_t id)
{
    const uint8_t *column = block_column(block, class, id);

    for (size_t slot = 0; slot < ROWS; slot++) {
        bool has = class <= BLOCK_CHILD ? has_interest(state->catalog, &state->rows[slot], class, id)
                                        : has_value(&state->rows[slot], class, id);

        assert_int_equal(column != NULL && block_bit(column, slot), has);
    }
}

static void
test_columns_are_those_of_the_values(void **out)
{
    struct state *state = *out;
    void *copy = make_block(state, ROWS, false);
    struct block block = block_open(copy);

    for (int class = 0; class < BLOCK_CLASSES; class ++)
        for (uint32_t id = 0; id <= 32; id++)
            check_column(state, &block, class, id);
    for (uint32_t language = 0x6100; language < 0x7B00; language++)
        check_column(state, &block, BLOCK_LANGUAGE, language);
    free(copy);
}

static void
test_fields_are_those_of_the_rows(void **out)
{
    struct state *state = *out;
    void *copy = make_block(state, ROWS, false);
    struct block block = block_open(copy);

    for (size_t slot = 0; slot < ROWS; slot++) {
        const struct offer_row *row = &state->rows[slot];

        assert_int_equal(block_field(&block, BLOCK_COST, slot), row->cost_cents);
        assert_int_equal(block_field(&block, BLOCK_MIN_AGE, slot), row->min_age);
        assert_int_equal(block_field(&block, BLOCK_MAX_AGE, slot), row->max_age);
        assert_int_equal(block_field(&block, BLOCK_START, slot), row->start); // none is the earliest there is
        assert_int_equal(block_field(&block, BLOCK_END, slot), row->end == DATE_NONE ? INT32_MAX : row->end);
        assert_int_equal(block_field(&block, BLOCK_DEADLINE, slot),
                         row->deadline == DATE_NONE ? INT32_MAX : row->deadline);
        assert_int_equal(block_field(&block, BLOCK_RESERVED_UNTIL, slot),
                         row->reserved_until == DATE_NONE ? INT32_MAX : row->reserved_until);
    }
    free(copy);
}

// Whatever pieces a block is put together of, the bytes are the same.
static void
test_growing_is_building(void **out)
{
    static const size_t counts[] = {1, 65, 512, 513, 1200}, pieces[] = {1, 7, 40};
    struct state *state = *out;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        void *whole = make_full(state, state->rows, counts[i], BLOCK_SMALL_SLOTS);

        for (size_t j = counts[i] > 600; j < sizeof pieces / sizeof pieces[0]; j++) {
            void *grown = make_full(state, state->rows, counts[i], pieces[j]);

            assert_int_equal(block_open(grown).header->size, block_open(whole).header->size);
            assert_memory_equal(grown, whole, block_open(whole).header->size);
            free(grown);
        }
        free(whole);
    }
}

// Some slots of two blocks, in any order, and up to two rows: each is there as it was, and nobody else.
static void
test_picks(void **out)
{
    struct state *state = *out;
    size_t half = ROWS / 2;
    void *halves[BLOCK_PARTS] = {make_full(state, state->rows, half, 64),
                                 make_full(state, state->rows + half, half, 64)};
    struct block parts[BLOCK_PARTS] = {block_open(halves[0]), block_open(halves[1])};
    struct block_pick *picks = calloc(ROWS, sizeof *picks);

    srandom(24);
    assert_non_null(picks);
    for (unsigned round = 0; round < 40; round++) {
        bool small = round % 4 == 0;
        size_t n = 0, most = 1 + offers_below(small ? BLOCK_SMALL_SLOTS - 2 : ROWS - 2);
        struct block_source source = {.parts = {&parts[0], &parts[1]}, .picks = picks, .small = small};
        struct block block;
        void *made;

        for (unsigned i = offers_below(ROWS), step = 1 + 2 * offers_below(ROWS / 2); n < most; n++) {
            i = (i + step) % ROWS; // comes to each once
            picks[n] = (struct block_pick){(uint16_t)(i / half), (uint16_t)(i % half)};
        }
        source.n_picks = n;
        source.rows = &state->rows[round];
        source.n_rows = round % 3;
        made = build_copy(state, &source);
        block = block_open(made);
        assert_int_equal(block.header->used, n + source.n_rows);
        for (size_t i = 0; i < n; i++)
            assert_true(
                block_holds(&block, state->catalog, i, &state->rows[picks[i].part * half + picks[i].slot]));
        for (size_t i = 0; i < source.n_rows; i++)
            assert_true(block_holds(&block, state->catalog, n + i, &source.rows[i]));
        check_unused(&block);
        free(made);
    }
    free(halves[0]);
    free(halves[1]);
    free(picks);
}

// Columns that many slots are in come first.
static void
test_columns_lie_in_order_of_use(void **out)
{
    struct state *state = *out;
    void *made = make_block(state, ROWS, false);
    struct block block = block_open(made);
    size_t before = SIZE_MAX;

    for (size_t i = 0; i < block.header->first[BLOCK_CLASSES]; i++) {
        const uint8_t *column = block.columns + i * block_column_bytes(&block);
        size_t count = 0;

        for (size_t slot = 0; slot < ROWS; slot++)
            count += block_bit(column, slot);
        assert_true(count != 0 && count <= before);
        before = count;
    }
    free(made);
}

static void
test_boxes_hold_their_slots(void **out)
{
    struct state *state = *out;
    void *copy = make_block(state, 1100, false);
    struct block block = block_open(copy);

    for (size_t group = 0; group < 3; group++) {
        struct block_box box = block_group_box(&block, group),
                         least = {INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN};

        for (size_t slot = group * 512; slot < (group + 1) * 512 && slot < 1100; slot++) {
            struct geo_point at = state->rows[slot].position;

            least.lat_min_e6 = at.lat_e6 < least.lat_min_e6 ? at.lat_e6 : least.lat_min_e6;
            least.lat_max_e6 = at.lat_e6 > least.lat_max_e6 ? at.lat_e6 : least.lat_max_e6;
            least.lon_min_e6 = at.lon_e6 < least.lon_min_e6 ? at.lon_e6 : least.lon_min_e6;
            least.lon_max_e6 = at.lon_e6 > least.lon_max_e6 ? at.lon_e6 : least.lon_max_e6;
        }
        assert_memory_equal(&box, &least, sizeof box);
    }
    assert_true(block_group_box(&block, 3).lat_min_e6 > block_group_box(&block, 3).lat_max_e6);
    free(copy);
}

// ---- Damage

// Looks at all that a block points to, and makes another one of it.
static void
look_at_all(struct state *state, const void *bytes)
{
    struct block block = block_open(bytes);
    struct block_pick picks[BLOCK_SLOTS];
    struct block_source source = {.parts = {&block}, .picks = picks, .n_picks = block.header->used};

    for (uint16_t slot = 0; slot < block.header->used; slot++)
        picks[slot] = (struct block_pick){0, slot};
    for (uint32_t class = 0; class < BLOCK_CLASSES; class ++)
        for (size_t i = block.header->first[class]; i < block.header->first[class + 1]; i++)
            block_column(&block, class, block.ids[i]);
    for (uint32_t id = 0; id < UINT16_MAX; id += 61)
        block_ranked(&block, BLOCK_CHILD, id);
    block_holds(&block, state->catalog, block.header->used - 1u, &state->rows[0]);
    block_group_box(&block, (block.header->used - 1u) / BLOCK_GROUP);
    free(build_copy(state, &source));
}

// Bytes that pass are looked at whole: nothing may lie outside of them (the sanitizers say).
static void
test_damaged_bytes_are_refused_or_harmless(void **out)
{
    struct state *state = *out;
    unsigned refused = 0, rounds = 6000;

    srandom(29);
    for (size_t n = 50; n <= 700; n += 650) {
        uint8_t *good = make_block(state, n, n < 64);
        size_t size = block_open(good).header->size, counts = block_open(good).header->at_boxes;

        assert_false(block_fits(good, size - 1));
        assert_false(block_fits(good, size + 4096));
        assert_false(block_fits(good, 0));
        for (unsigned round = 0; round < rounds; round++) {
            size_t at = offers_below(round % 2 == 0 ? sizeof(struct block_header) : (unsigned)counts);
            uint8_t before = good[at];

            good[at] = (uint8_t)offers_below(256);
            if (!block_fits(good, size))
                refused++;
            else
                look_at_all(state, good);
            good[at] = before;
        }
        free(good);
    }
    assert_in_range(refused, rounds, 2 * rounds);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_header),
        cmocka_unit_test(test_golden_layout),
        cmocka_unit_test(test_golden_bytes),
        cmocka_unit_test(test_holds_its_rows),
        cmocka_unit_test(test_columns_are_those_of_the_values),
        cmocka_unit_test(test_fields_are_those_of_the_rows),
        cmocka_unit_test(test_growing_is_building),
        cmocka_unit_test(test_picks),
        cmocka_unit_test(test_columns_lie_in_order_of_use),
        cmocka_unit_test(test_boxes_hold_their_slots),
        cmocka_unit_test(test_damaged_bytes_are_refused_or_harmless),
    };

    return cmocka_run_group_tests_name("block", tests, setup, teardown);
}
