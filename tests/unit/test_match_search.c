// SPDX-License-Identifier: Apache-2.0
// The search against a look at every row, on random stores with full, cut, shared and half-empty blocks, and
// random queries over all fields: pages, what follows, totals, facets and discoveries are the same. The look
// at every row knows nothing of blocks: it is made of the row's own rules (eligible.c, score.c, rank.c).
#include "match/page.h"
#include "match/search.h"
#include "proto/names.h"
#include "store/directory.h"
#include "store/index.h"
#include "store/seats.h"
#include "tests/unit/whole_fixture.h"

#define PAGES      3  // of a query that are looked at
#define ALLOCATION 16 // bytes: an arena gives no less

struct world {
    struct offers offers;
    struct rows rows;
    const struct catalog *catalog;
    struct arena *arena; // of a search
    // How often the interesting happened, over all queries.
    unsigned full_pages, ends, discoveries, nothing;
};

// ---- Comparing

// The seats that a query sees free, as the place that was found for them says and as the row says.
static void
same_seats(const struct world *world, const struct query *query, const struct ranked *found)
{
    const struct rows *rows = &world->rows;
    size_t at = 0;

    for (size_t step = rows->n; step > 0; step /= 2) // rows are in the order of their ids
        while (at + step < rows->n && rows->rows[at + step].offer_id <= found->offer_id)
            at += step;
    assert_int_equal(rows->rows[at].offer_id, found->offer_id);
    assert_int_equal(seats_free(found->seats, seats_width(found->small), found->all_seats, found->slot),
                     offer_row_free(&rows->rows[at], query->referred, query->as_of));
}

static void
same_offers(const struct world *world, const struct query *query, const struct rank *found,
            const struct ranked *const *expected, size_t n)
{
    assert_int_equal(found->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(found->best[i].offer_id, expected[i]->offer_id);
        assert_int_equal(found->best[i].score, expected[i]->score);
        assert_int_equal(found->best[i].interest, expected[i]->interest);
        assert_int_equal(found->best[i].distance_m, expected[i]->distance_m);
        assert_int_equal(found->best[i].proximity, expected[i]->proximity);
        assert_int_equal(found->best[i].transition, expected[i]->transition);
        assert_int_equal(found->best[i].remote, expected[i]->remote);
        if (found->cap != 0) // else nothing counts it
            assert_int_equal(found->best[i].group, expected[i]->group);
        same_seats(world, query, &found->best[i]);
        assert_true(found->best[i].mix == expected[i]->mix);
    }
}

static const char *
name_of(const struct catalog *catalog, size_t facet, size_t number)
{
    switch (facet) {
    case 0:
        return names_text(&names_offer_kind, (int)number);
    case 1:
        return names_text(&names_partner_kind, (int)number);
    case 2:
        return catalog_interest(catalog, (uint16_t)number)->code;
    default:
        return catalog_region(catalog, (uint32_t)number)->code;
    }
}

static void
same_facet(const struct world *world, const Kansen__V1__Facet *facet, size_t place, const uint64_t *counts,
           size_t n)
{
    size_t values = 0;

    for (size_t number = 0; number < n; number++) {
        uint64_t count = 0;

        if (counts[number] == 0)
            continue;
        values++;
        for (size_t i = 0; i < facet->n_counts; i++)
            if (strcmp(facet->counts[i]->value, name_of(world->catalog, place, number)) == 0)
                count = facet->counts[i]->count;
        assert_int_equal(count, counts[number]);
    }
    assert_int_equal(facet->n_counts, values);
}

static void
same_facets(const struct world *world, const struct facets *facets, const struct counts *counts)
{
    Kansen__V1__Facet **list;
    size_t n;

    assert_int_equal(facets_answer(facets, world->arena, &n, &list), 0);
    assert_int_equal(n, 5);
    same_facet(world, list[0], 0, counts->kind, WHOLE_KINDS);
    same_facet(world, list[1], 1, counts->partner_kind, WHOLE_KINDS);
    same_facet(world, list[2], 2, counts->root, WHOLE_ROOTS);
    same_facet(world, list[3], 3, counts->municipality, WHOLE_REGIONS);
    same_facet(world, list[4], 4, counts->province, WHOLE_REGIONS);
}

// Searches one page, which starts at *at in the whole order, and compares; *at is moved to where the next
// starts.
static struct search
check_page(struct world *world, const struct query *query, const struct whole *whole, struct search search,
           size_t *at)
{
    const struct ranked *page[QUERY_LIMIT_MAX], *found[QUERY_DISCOVER_MAX];
    size_t n = whole_walk(whole->matches, whole->n_matches, query->limit, query->max_per_partner, at, page),
           from = 0;

    assert_int_equal(search_run(&search), 0);
    same_offers(world, query, &search.matches, page, n);
    assert_int_equal(search.follows, n == query->limit && *at < whole->n_matches);
    if (query->want_total || query->facets)
        assert_int_equal(search.total, whole->n_matches);
    assert_int_equal(search.facets != NULL, query->facets);
    if (query->facets)
        same_facets(world, search.facets, &whole->counts);
    n = whole_walk(whole->strange, whole->n_strange, query->discover, 1, &from, found);
    same_offers(world, query, &search.discoveries, found, n);
    world->full_pages += search.follows;
    world->ends += search.matches.n != 0 && !search.follows;
    world->nothing += search.matches.n == 0;
    world->discoveries += (unsigned)n;
    return search;
}

// A page that just holds all, and one that leaves out the last.
static void
check_ends(struct world *world, struct query query, const struct whole *whole)
{
    struct search search = {.txn = world->offers.fixture.read, .arena = world->arena, .query = &query};

    query.max_per_partner = 0;
    for (size_t limit = whole->n_matches; limit + 1 >= whole->n_matches; limit--) {
        size_t at = 0;

        if (limit == 0 || limit > QUERY_LIMIT_MAX)
            return;
        query.limit = (uint32_t)limit;
        check_page(world, &query, whole, search, &at);
    }
}

static void
check_query(struct world *world, const Kansen__V1__Query *wire)
{
    struct search search = {.txn = world->offers.fixture.read, .arena = world->arena};
    struct fault fault;
    struct query query;
    struct whole whole;
    size_t at = 0;

    if (query_resolve(search.txn, world->catalog, wire, OFFERS_TODAY, world->arena, &query, &fault) != 0)
        fail_msg("%s: %s", fault.field, fault.message);
    whole = whole_look(world->offers.fixture.read, &world->rows, &query, world->arena);
    check_ends(world, query, &whole);
    search.query = &query;
    for (int i = 0; i < PAGES; i++) {
        search = check_page(world, &query, &whole, search, &at);
        if (!search.follows)
            break;
        search = (struct search){.txn = search.txn,
                                 .arena = world->arena,
                                 .query = &query,
                                 .continues = true,
                                 .after = search.matches.best[search.matches.n - 1]};
        query.discover = 0; // with the first page only
    }
    whole_free(&whole);
}

// ---- Stores

static struct world *
start(void)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    offers_start(&world->offers);
    world->arena = arena_new(64 << 20);
    assert_non_null(world->arena);
    return world;
}

static void
look(struct world *world)
{
    struct txn *txn = world->offers.fixture.read;

    assert_int_equal(txn_begin(txn), 0);
    assert_int_equal(txn_catalog(txn, &world->catalog), 0);
    world->rows = rows_read(txn);
}

static void
look_away(struct world *world)
{
    txn_end(world->offers.fixture.read);
    free(world->rows.rows);
}

static void
finish(struct world *world)
{
    fixture_end(&world->offers.fixture);
    arena_free(world->arena);
    free(world);
}

static void
ask(struct world *world, unsigned queries)
{
    look(world);
    for (unsigned i = 0; i < queries; i++) {
        Kansen__V1__Query wire = queries_random(&world->offers, &world->rows);

        check_query(world, &wire);
        arena_reset(world->arena);
        arena_reset(world->offers.fixture.arena);
    }
    look_away(world);
}

// Takes seats, replaces offers and removes some, so that blocks have slots that stand for nobody.
static void
stir(struct offers *offers, unsigned count)
{
    unsigned named = offers->named;

    assert_int_equal(txn_begin(offers->fixture.write), 0);
    for (unsigned i = 0; i < count; i++) {
        uint64_t id = 1 + offers_below(named);
        struct offer_row row;

        if (offer_row_get(offers->fixture.write, id, &row) != 0)
            continue; // removed
        if (row.seats_taken < row.seats && !offers_one_in(3)) {
            bool referred = row.taken_referred < row.reserved && offers_one_in(2);

            assert_int_equal(index_take_seats(offers->fixture.write, id, 1, referred), 0);
        } else if (row.seats_taken == 0 && offers_one_in(2)) {
            Kansen__V1__RemoveOffer removal = KANSEN__V1__REMOVE_OFFER__INIT;

            removal.id = id;
            assert_null(fixture_apply(&offers->fixture, WRITE(REMOVE_OFFER, remove_offer, &removal)).status);
        } else if (row.seats_taken == 0) {
            offers->named = (unsigned)id - 1;
            offers_put(offers, offers_random(offers));
        }
        arena_reset(offers->fixture.arena);
    }
    assert_int_equal(txn_commit(offers->fixture.write), 0);
    offers->named = named;
}

// ---- Tests

static void
test_few_offers(void **state)
{
    struct world *world = start();

    (void)state;
    srandom(51);
    ask(world, 30); // on none
    for (int i = 0; i < 12; i++) {
        offers_fill(&world->offers, i < 4 ? 1 : 20);
        ask(world, 40);
    }
    finish(world);
}

static void
test_offers_everywhere(void **state)
{
    struct world *world = start();

    (void)state;
    srandom(52);
    offers_fill(&world->offers, BLOCK_SLOTS * 3);
    ask(world, 1500);
    // The queries are of use: all of it happens often.
    assert_in_range(world->full_pages, 1000, 4500);
    assert_in_range(world->ends, 200, 1500);
    assert_in_range(world->nothing, 5, 500);
    assert_in_range(world->discoveries, 300, 5000);
    finish(world);
}

static void
test_crowded_offers(void **state)
{
    struct world *world = start();

    (void)state;
    srandom(53);
    offers_fill_crowd(&world->offers, BLOCK_SLOTS * 5 / 2);
    ask(world, 1000);
    finish(world);
}

static void
test_ends_of_the_earth(void **state)
{
    struct world *world = start();

    (void)state;
    srandom(56);
    offers_fill_ends_of_the_earth(&world->offers, 4000);
    ask(world, 600);
    finish(world);
}

static void
test_offers_that_came_and_went(void **state)
{
    struct world *world = start();

    (void)state;
    srandom(54);
    offers_fill(&world->offers, BLOCK_SLOTS * 3 / 2);
    offers_fill_crowd(&world->offers, 3000);
    for (int i = 0; i < 3; i++) {
        stir(&world->offers, 3000);
        ask(world, 400);
    }
    finish(world);
}

static void
put_plain(struct offers *offers, int32_t north_e6, Kansen__V1__OfferKind kind)
{
    struct geo_point place = {offers_center.lat_e6 + north_e6, offers_center.lon_e6};
    char *name = arena_printf(offers->fixture.arena, "plain%u", ++offers->named);
    Kansen__V1__Offer offer;

    assert_non_null(name);
    offer = fixture_offer(name, offers->partners[0], (char **)&offers_interests[0]);
    offer.kind = kind;
    offer.position = offers_point(offers, place);
    offers_put(offers, offer);
}

// In one block: a group that fills the page just so, and one further away, whose only offer is too bad for
// it. Nothing but that one says that there is more.
static void
test_what_follows_is_out_of_reach(void **state)
{
    struct world *world = start();
    Kansen__V1__OfferKind kinds[] = {KANSEN__V1__OFFER_KIND__OFFER_KIND_INTERNSHIP};
    Kansen__V1__WantedInterest wanted = KANSEN__V1__WANTED_INTEREST__INIT, *list[] = {&wanted};
    Kansen__V1__Query query = KANSEN__V1__QUERY__INIT;
    const struct directory *directory;

    (void)state;
    assert_int_equal(txn_begin(world->offers.fixture.write), 0);
    for (unsigned i = 0; i < 640; i++)
        put_plain(&world->offers, i < BLOCK_GROUP ? 0 : 180000,
                  i % 128 == 0 ? kinds[0] : KANSEN__V1__OFFER_KIND__OFFER_KIND_SPORT);
    assert_int_equal(txn_commit(world->offers.fixture.write), 0);
    look(world);
    assert_int_equal(txn_directory(world->offers.fixture.read, &directory), 0);
    assert_int_equal(directory->blocks[1].groups, 2); // the full block; beside it the last offers
    wanted.code = offers_interests[0];
    query.origin_case = KANSEN__V1__QUERY__ORIGIN_AT;
    query.at = offers_point(&world->offers, offers_center);
    query.interests = list;
    query.n_interests = 1;
    query.kinds = kinds;
    query.n_kinds = 1;
    for (query.limit = 1; query.limit <= 6; query.limit++)
        check_query(world, &query);
    look_away(world);
    finish(world);
}

// Lets the arena run out at every request until search and page fit: a fault each time, and the right answer
// then.
static void
run_out(struct world *world, const struct query *query, const struct whole *whole)
{
    const struct cursor cursor = {.as_of = query->as_of};
    const struct ranked *found[QUERY_LIMIT_MAX];
    int r = STORE_FAULT_MEMORY, failures = 0;
    size_t at = 0;

    for (size_t cap = ALLOCATION; r != 0; cap += ALLOCATION, failures++) {
        struct arena *arena = arena_new(cap);
        struct search search = {.txn = world->offers.fixture.read, .arena = arena, .query = query};
        struct match_page *page;

        assert_non_null(arena);
        r = search_run(&search);
        if (r == 0)
            r = page_make(&search, search.follows ? &cursor : NULL, &page);
        assert_true(r == 0 || r == STORE_FAULT_MEMORY);
        if (r == 0) {
            same_offers(world, query, &search.matches, found,
                        whole_walk(whole->matches, whole->n_matches, query->limit, query->max_per_partner,
                                   &at, found));
            assert_int_equal(page->n_matches, search.matches.n);
            assert_int_equal(page->n_discoveries, search.discoveries.n);
        }
        arena_free(arena);
    }
    assert_in_range(failures, 500, 20000);
}

static void
test_memory_that_runs_out_is_said(void **state)
{
    struct world *world = start();

    (void)state;
    srandom(55);
    offers_fill(&world->offers, 400);
    look(world);
    for (int i = 0; i < 8; i++) {
        Kansen__V1__Query wire = queries_random(&world->offers, &world->rows);
        struct fault fault;
        struct query query;
        struct whole whole;

        wire.facets = true;
        wire.discover = 3;
        wire.limit = 12;
        wire.qualification = OFFERS_CREBO;
        assert_int_equal(query_resolve(world->offers.fixture.read, world->catalog, &wire, OFFERS_TODAY,
                                       world->arena, &query, &fault),
                         0);
        whole = whole_look(world->offers.fixture.read, &world->rows, &query, world->arena);
        run_out(world, &query, &whole);
        whole_free(&whole);
        arena_reset(world->arena);
        arena_reset(world->offers.fixture.arena);
    }
    look_away(world);
    finish(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_offers),
        cmocka_unit_test(test_offers_everywhere),
        cmocka_unit_test(test_crowded_offers),
        cmocka_unit_test(test_ends_of_the_earth),
        cmocka_unit_test(test_offers_that_came_and_went),
        cmocka_unit_test(test_what_follows_is_out_of_reach),
        cmocka_unit_test(test_memory_that_runs_out_is_said),
    };

    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
