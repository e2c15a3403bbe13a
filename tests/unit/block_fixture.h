// SPDX-License-Identifier: Apache-2.0
// Blocks that are made of random offers, in pieces of any size.
#ifndef TESTS_UNIT_BLOCK_FIXTURE_H
#define TESTS_UNIT_BLOCK_FIXTURE_H

#include "store/block.h"
#include "store/index.h"
#include "tests/unit/offers_fixture.h"

#define ROWS BLOCK_SLOTS // that a state has

struct state {
    struct offers offers;
    const struct catalog *catalog;
    struct block_build *build;
    struct offer_row *rows; // ROWS of them, derived from random offers
};

static inline void
derive_rows(struct state *state)
{
    struct fixture *fixture = &state->offers.fixture;

    srandom(23);
    for (unsigned i = 0; i < ROWS; i++) {
        Kansen__V1__Offer offer = offers_random(&state->offers);
        Kansen__V1__Partner partner = fixture_partner("p", offers_municipalities[i % 3]);

        offer.id = i + 1;
        partner.id = offers_below(OFFERS_PARTNERS) + 1;
        index_derive(state->catalog, &offer, &partner, &state->rows[i]);
        arena_reset(fixture->arena);
    }
}

static inline int
setup(void **out)
{
    struct state *state = calloc(1, sizeof *state);

    offers_start(&state->offers);
    assert_int_equal(txn_begin(state->offers.fixture.read), 0);
    assert_int_equal(txn_catalog(state->offers.fixture.read, &state->catalog), 0);
    state->build = block_build_new();
    state->rows = calloc(ROWS, sizeof *state->rows);
    assert_non_null(state->build);
    assert_non_null(state->rows);
    derive_rows(state);
    *out = state;
    return 0;
}

static inline int
teardown(void **out)
{
    struct state *state = *out;

    fixture_end(&state->offers.fixture);
    block_build_free(state->build);
    free(state->rows);
    free(state);
    return 0;
}

// A copy of what a source makes, for the caller to free.
static inline void *
build_copy(struct state *state, const struct block_source *source)
{
    const void *bytes;
    void *copy;
    size_t size;

    assert_int_equal(block_build(state->build, state->catalog, source, &bytes, &size), 0);
    assert_true(block_fits(bytes, size));
    assert_int_equal(block_open(bytes).header->size, size);
    copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

// A small block of some rows, put in one by one.
static inline void *
make_small(struct state *state, const struct offer_row *rows, size_t n)
{
    struct block_pick picks[BLOCK_SMALL_SLOTS];
    void *made = NULL;

    for (size_t i = 0; i < n; i++) {
        struct block old = made == NULL ? (struct block){0} : block_open(made);
        struct block_source source = {.parts = {made == NULL ? NULL : &old},
                                      .picks = picks,
                                      .n_picks = i,
                                      .rows = &rows[i],
                                      .n_rows = 1,
                                      .small = true};
        void *next = build_copy(state, &source);

        free(made);
        made = next;
        picks[i] = (struct block_pick){0, (uint16_t)i};
    }
    return made;
}

// A full block of some rows, of which so many are put in together.
static inline void *
make_full(struct state *state, const struct offer_row *rows, size_t n, size_t piece)
{
    struct block_pick *picks = calloc(n, sizeof *picks);
    void *made = NULL;

    assert_non_null(picks);
    for (size_t at = 0; at < n; at += piece) {
        size_t more = n - at < piece ? n - at : piece;
        void *small = make_small(state, rows + at, more), *next;
        struct block parts[BLOCK_PARTS] = {made == NULL ? (struct block){0} : block_open(made),
                                           block_open(small)};

        for (size_t i = 0; i < at + more; i++)
            picks[i] =
                i < at ? (struct block_pick){0, (uint16_t)i} : (struct block_pick){1, (uint16_t)(i - at)};
        next = build_copy(state, &(struct block_source){.parts = {made == NULL ? NULL : &parts[0], &parts[1]},
                                                        .picks = picks,
                                                        .n_picks = at + more});
        free(small);
        free(made);
        made = next;
    }
    free(picks);
    return made;
}

static inline void *
make_block(struct state *state, size_t n, bool small)
{
    return small ? make_small(state, state->rows, n) : make_full(state, state->rows, n, BLOCK_SMALL_SLOTS);
}

static inline size_t
count_slots(const struct block *block)
{
    return block->header->words * (size_t)64;
}

#endif
