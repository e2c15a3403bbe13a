// SPDX-License-Identifier: Apache-2.0
// Matches, explanations and look-ups on a real store: pages against the whole order, the pruned scan against
// all rows, discoveries, facets, accreditation, and memory that runs out anywhere.
#include "match/accredited.h"
#include "match/match.h"
#include "tests/unit/store_fixture.h"
#include <string.h>

#define TODAY  20000
#define OFFERS 300u

static char *const interests[] = {(char *)"sport.voetbal", (char *)"sport.tennis", (char *)"techniek",
                                  (char *)"techniek.robotica.drones"};

// ---- A store of offers around Schiedam and far from it, of two partners; the second may train for 25655.

static uint64_t
add_partner(struct fixture *fixture, const char *external_id, Kansen__V1__PartnerKind kind, uint32_t crebo)
{
    Kansen__V1__Accreditation accreditation = KANSEN__V1__ACCREDITATION__INIT, *list[] = {&accreditation};
    Kansen__V1__Partner partner = fixture_partner(external_id, "GM0606");
    Kansen__V1__WriteResult result;

    partner.kind = kind;
    accreditation.crebo = crebo;
    accreditation.last_day = (char *)"2030-01-01";
    partner.n_accreditations = crebo != 0;
    partner.accreditations = list;
    result = fixture_upsert_partner(fixture, partner);
    assert_null(result.status);
    return result.id;
}

static void
add_offer(struct fixture *fixture, uint64_t partner, unsigned number)
{
    Kansen__V1__UpsertOffer upsert = KANSEN__V1__UPSERT_OFFER__INIT;
    Kansen__V1__Point position = KANSEN__V1__POINT__INIT;
    Kansen__V1__Offer offer;
    char name[16];

    snprintf(name, sizeof name, "o%u", number);
    offer = fixture_offer(name, partner, (char **)&interests[number % 4]);
    offer.kind = number % 2 == 0 ? KANSEN__V1__OFFER_KIND__OFFER_KIND_INTERNSHIP
                                 : KANSEN__V1__OFFER_KIND__OFFER_KIND_SPORT;
    offer.remote = number % 17 == 0;
    position.lat_e6 = 51919170 + (rand() % 2000000 - 1000000) / (1 + (int)(number % 10));
    position.lon_e6 = 4388610 + (rand() % 2000000 - 1000000) / (1 + (int)(number % 10));
    offer.position = &position;
    upsert.offer = &offer;
    assert_null(fixture_apply(fixture, WRITE(UPSERT_OFFER, upsert_offer, &upsert)).status);
}

// Offers of several interests at the other end of the earth, out of the way of the others.
static void
add_far_offers(struct fixture *fixture, uint64_t partner)
{
    char *lists[][2] = {{(char *)"techniek.bouw", (char *)"sport"},
                        {(char *)"sport.voetbal", (char *)"sport.tennis"},
                        {(char *)"techniek.robotica", (char *)"sport"}};
    static const char *const names[] = {"far1", "far2", "far3"};
    Kansen__V1__Point position = KANSEN__V1__POINT__INIT;

    position.lat_e6 = -30000000;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        Kansen__V1__Offer offer = fixture_offer(names[i], partner, lists[i]);

        offer.n_interests = 2;
        offer.position = &position;
        assert_null(fixture_upsert_offer(fixture, offer).status);
    }
}

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    uint64_t partners[2];

    fixture_start(fixture);
    partners[0] = add_partner(fixture, "p1", KANSEN__V1__PARTNER_KIND__PARTNER_KIND_SPORT_CLUB, 0);
    partners[1] = add_partner(fixture, "p2", KANSEN__V1__PARTNER_KIND__PARTNER_KIND_COMPANY, 25655);
    assert_null(fixture_interest(fixture, "techniek.bouw").status);
    srand(3);
    assert_int_equal(txn_begin(fixture->write), 0);
    for (unsigned i = 0; i < OFFERS; i++)
        add_offer(fixture, partners[i % 3 == 0], i);
    assert_int_equal(txn_commit(fixture->write), 0);
    add_far_offers(fixture, partners[0]);
    arena_reset(fixture->arena);
    assert_int_equal(txn_begin(fixture->read), 0);
    *state = fixture;
    return 0;
}

static int
teardown(void **state)
{
    fixture_end(*state);
    free(*state);
    return 0;
}

static Kansen__V1__Query
near_schiedam(uint32_t radius_m)
{
    Kansen__V1__Query query = KANSEN__V1__QUERY__INIT;

    query.origin_case = KANSEN__V1__QUERY__ORIGIN_FROM_REGION;
    query.from_region = (char *)"GM0606";
    query.radius_case = KANSEN__V1__QUERY__RADIUS_RADIUS_M;
    query.radius_m = radius_m;
    query.limit = 100;
    return query;
}

static Kansen__V1__MatchResponse *
match(struct fixture *fixture, Kansen__V1__Query *query)
{
    Kansen__V1__MatchRequest request = KANSEN__V1__MATCH_REQUEST__INIT;
    Kansen__V1__MatchResponse *response;
    struct match_page *page;
    struct fault fault;
    uint8_t *packed;
    int r;

    request.query = query;
    r = match_run(fixture->read, &request, TODAY, fixture->arena, NULL, &page, &fault);
    if (r != 0)
        fail_msg("%d, %s: %s", r, r == FAULT ? fault.field : "", r == FAULT ? fault.message : "");
    packed = arena_alloc(fixture->arena, match_page_size(page));
    assert_non_null(packed);
    match_page_write(page, packed);
    response =
        kansen__v1__match_response__unpack(arena_allocator(fixture->arena), match_page_size(page), packed);
    assert_non_null(response);
    return response;
}

static Kansen__V1__ExplainResponse *
explain(struct fixture *fixture, Kansen__V1__Query *query, uint64_t offer)
{
    Kansen__V1__ExplainRequest request = KANSEN__V1__EXPLAIN_REQUEST__INIT;
    Kansen__V1__ExplainResponse *response;
    struct fault fault;

    request.query = query;
    request.offer_id = offer;
    assert_int_equal(explain_run(fixture->read, &request, TODAY, fixture->arena, &response, &fault), 0);
    return response;
}

// Asks for drones where the offers of several interests are.
static Kansen__V1__MatchResponse *
match_far_drones(struct fixture *fixture)
{
    Kansen__V1__WantedInterest wanted = KANSEN__V1__WANTED_INTEREST__INIT, *list[] = {&wanted};
    Kansen__V1__Query query = near_schiedam(1000);
    Kansen__V1__Point at = KANSEN__V1__POINT__INIT;

    at.lat_e6 = -30000000;
    query.origin_case = KANSEN__V1__QUERY__ORIGIN_AT;
    query.at = &at;
    wanted.code = (char *)"techniek.robotica.drones";
    query.n_interests = 1;
    query.interests = list;
    query.discover = 5;
    query.facets = true;
    return match(fixture, &query);
}

// ---- Tests

static void
test_scan_finds_all_in_reach(void **state)
{
    struct fixture *fixture = *state;
    static const uint32_t radii[] = {1, 500, 7000, 13900, 25000, 60000, 200000, 500000};

    for (size_t i = 0; i < sizeof radii / sizeof radii[0]; i++) {
        Kansen__V1__Query query = near_schiedam(radii[i]);
        uint64_t expected = 0;

        query.want_total = true;
        for (uint64_t offer = 1; offer <= OFFERS; offer++) {
            struct offer_row row;

            assert_int_equal(offer_row_get(fixture->read, offer, &row), 0);
            expected += (row.flags & OFFER_ROW_REMOTE) != 0 ||
                        geo_distance_m((struct geo_point){51919170, 4388610}, row.position) <= radii[i];
        }
        assert_true(match(fixture, &query)->total == expected);
    }
}

static void
test_pages_are_the_whole_order(void **state)
{
    struct fixture *fixture = *state;
    Kansen__V1__Query query = near_schiedam(500000);
    Kansen__V1__MatchResponse *whole = match(fixture, &query), *page;
    size_t at = 0;

    assert_int_equal(whole->n_matches, 100);
    query.limit = 7;
    do {
        page = match(fixture, &query);
        for (size_t i = 0; i < page->n_matches; i++, at++)
            if (at < whole->n_matches)
                assert_true(page->matches[i]->offer_id == whole->matches[at]->offer_id);
        query.cursor = page->next_cursor;
    } while (page->next_cursor.len > 0);
    assert_int_equal(at, OFFERS);
}

static void
test_cap_counts_afresh_in_each_page(void **state)
{
    struct fixture *fixture = *state;
    Kansen__V1__Query query = near_schiedam(500000);

    query.max_per_partner = 2;
    assert_int_equal(match(fixture, &query)->n_matches, 4);
    assert_int_equal(match(fixture, &query)->next_cursor.len, 0); // all were walked
    query.limit = 3;
    for (int i = 0; i < 2; i++) {
        Kansen__V1__MatchResponse *page = match(fixture, &query);

        assert_int_equal(page->n_matches, 3);
        assert_true(page->next_cursor.len > 0);
        query.cursor = page->next_cursor;
    }
}

static void
test_discoveries_are_of_other_roots(void **state)
{
    struct fixture *fixture = *state;
    Kansen__V1__Query query = near_schiedam(500000);
    Kansen__V1__WantedInterest wanted = KANSEN__V1__WANTED_INTEREST__INIT, *list[] = {&wanted};
    Kansen__V1__MatchResponse *response;

    query.discover = 5;
    assert_int_equal(match(fixture, &query)->n_discoveries, 0);
    wanted.code = (char *)"sport.voetbal";
    query.n_interests = 1;
    query.interests = list;
    query.want_total = true;
    response = match(fixture, &query);
    assert_true(response->total == OFFERS / 2); // football itself, and tennis as its sibling
    assert_int_equal(response->n_discoveries, 1);
    assert_int_equal(response->discoveries[0]->parts->interest, 0);
    assert_int_equal(response->discoveries[0]->parts->score, response->discoveries[0]->parts->proximity);
    assert_int_equal(response->matches[0]->parts->n_interest_matches, 1);
    assert_string_equal(response->matches[0]->parts->interest_matches[0]->offered, "sport.voetbal");
}

static void
test_one_common_root_is_no_discovery(void **state)
{
    Kansen__V1__MatchResponse *response = match_far_drones(*state);

    // techniek.bouw is nothing like drones, but has their root; football and tennis have another one. The
    // remote offers are here too: some of them are drones, and some of them sport.
    for (size_t i = 0; i < response->n_discoveries; i++)
        assert_true(response->discoveries[i]->offer_id != OFFERS + 1);
    assert_int_equal(response->n_discoveries, 1);
    assert_true(response->discoveries[0]->offer_id == OFFERS + 2);
}

static void
test_offer_counts_once_per_root(void **state)
{
    struct fixture *fixture = *state;
    Kansen__V1__Query query = near_schiedam(1000);
    Kansen__V1__Point at = KANSEN__V1__POINT__INIT;
    Kansen__V1__Facet *roots;
    uint64_t remote = (OFFERS - 1) / 17 + 1;

    at.lat_e6 = -30000000;
    query.origin_case = KANSEN__V1__QUERY__ORIGIN_AT;
    query.at = &at;
    query.facets = query.want_total = true;
    roots = match(fixture, &query)->facets[2];
    assert_int_equal(roots->n_counts, 2);
    assert_string_equal(roots->counts[0]->value, "sport");
    assert_true(roots->counts[0]->count + roots->counts[1]->count == remote + 1 + 2 + 2);
}

static void
test_memory_of_accreditations_does_not_mix_partners_up(void **state)
{
    struct fixture *fixture = *state;
    struct accredited *accredited = accredited_new(fixture->read, fixture->arena, 25655, TODAY);
    static const uint64_t partners[] = {2, 2 + 1024, 2, 1, 2};
    static const bool expected[] = {true, false, true, false, true};

    for (size_t i = 0; i < sizeof partners / sizeof partners[0]; i++) {
        bool answer;

        assert_int_equal(accredited_ask(accredited, partners[i], &answer), 0);
        assert_int_equal(answer, expected[i]);
    }
}

static uint64_t
sum(const Kansen__V1__Facet *facet)
{
    uint64_t total = 0;

    for (size_t i = 0; i < facet->n_counts; i++) {
        assert_true(facet->counts[i]->count > 0);
        if (i > 0)
            assert_true(strcmp(facet->counts[i - 1]->value, facet->counts[i]->value) < 0);
        total += facet->counts[i]->count;
    }
    return total;
}

static void
test_facets_count_the_eligible(void **state)
{
    static const char *const names[] = {"kind", "partner_kind", "interest", "municipality", "province"};
    Kansen__V1__Query query = near_schiedam(20000);
    Kansen__V1__MatchResponse *response;

    query.facets = query.want_total = true;
    response = match(*state, &query);
    assert_int_equal(response->n_facets, 5);
    assert_true(response->total > 0 && response->total < OFFERS);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(response->facets[i]->name, names[i]);
        assert_true(sum(response->facets[i]) == response->total);
    }
}

static void
test_accreditation_is_asked_of_internships(void **state)
{
    struct fixture *fixture = *state;
    Kansen__V1__Query query = near_schiedam(500000);
    Kansen__V1__ExplainResponse *explained;

    query.qualification = 25655;
    query.want_total = true;
    assert_true(match(fixture, &query)->total ==
                OFFERS / 2 + OFFERS / 6);    // the others, and those of its partner
    explained = explain(fixture, &query, 3); // number 2: an internship of the sport club
    assert_int_equal(explained->reason, KANSEN__V1__REASON__REASON_ACCREDITATION);
    assert_string_equal(explained->offered, "not accredited for it");
    query.as_of = (char *)"2030-01-02";
    assert_true(match(fixture, &query)->total == OFFERS / 2);
    explained = explain(fixture, &query, 1); // an internship of the accredited one
    assert_string_equal(explained->wanted, "a partner accredited for 25655 on 2030-01-02");
    assert_string_equal(explained->offered, "accredited until 2030-01-01");
}

static void
test_explanation_agrees_with_the_match(void **state)
{
    struct fixture *fixture = *state;
    Kansen__V1__Query query = near_schiedam(30000);
    Kansen__V1__OfferKind kinds[] = {KANSEN__V1__OFFER_KIND__OFFER_KIND_SPORT};
    Kansen__V1__MatchResponse *response;
    uint64_t eligible = 0;

    query.n_kinds = 1;
    query.kinds = kinds;
    query.want_total = true;
    response = match(fixture, &query);
    for (uint64_t offer = 1; offer <= OFFERS; offer++) {
        Kansen__V1__ExplainResponse *explained = explain(fixture, &query, offer);

        eligible += explained->eligible != 0;
        assert_true(explained->eligible == (explained->reason == 0));
        assert_true(explained->eligible == (explained->wanted[0] == '\0'));
        assert_true(explained->eligible == (explained->offered[0] == '\0'));
        for (size_t i = 0; i < response->n_matches; i++)
            if (response->matches[i]->offer_id == offer)
                assert_int_equal(response->matches[i]->parts->score, explained->match->parts->score);
    }
    assert_true(response->total == eligible);
}

static void
test_unknown_offer_can_not_be_explained(void **state)
{
    struct fixture *fixture = *state;
    Kansen__V1__ExplainRequest request = KANSEN__V1__EXPLAIN_REQUEST__INIT;
    Kansen__V1__Query query = near_schiedam(1);
    Kansen__V1__ExplainResponse *response;
    struct fault fault;

    request.query = &query;
    request.offer_id = 9999;
    assert_int_equal(explain_run(fixture->read, &request, TODAY, fixture->arena, &response, &fault), FAULT);
    assert_int_equal(fault.code, CODE_NOT_FOUND);
    assert_string_equal(fault.field, "offer_id");
}

static void
test_lookups(void **state)
{
    static const char *const typed[] = {"voetbal", "SPORT.VOETBAL", "voetbla", "voetb"};
    struct fixture *fixture = *state;
    Kansen__V1__FindInterestsRequest request = KANSEN__V1__FIND_INTERESTS_REQUEST__INIT;
    Kansen__V1__FindRegionsRequest region = KANSEN__V1__FIND_REGIONS_REQUEST__INIT;
    Kansen__V1__FindInterestsResponse *found;
    Kansen__V1__FindRegionsResponse *regions;
    struct fault fault;

    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        request.text = (char *)typed[i];
        assert_int_equal(lookup_interests(fixture->read, &request, fixture->arena, &found, &fault), 0);
        assert_int_equal(found->n_found, 1);
        assert_string_equal(found->found[0]->interest->code, "sport.voetbal");
    }
    region.text = (char *)"gm060";
    assert_int_equal(lookup_regions(fixture->read, &region, fixture->arena, &regions, &fault), 0);
    assert_string_equal(regions->found[0]->municipality, "GM0606");
    region.text = (char *)"3111 AB";
    assert_int_equal(lookup_regions(fixture->read, &region, fixture->arena, &regions, &fault), FAULT);
    assert_non_null(strstr(fault.message, "operator"));
    region.text = (char *)"31111";
    assert_int_equal(lookup_regions(fixture->read, &region, fixture->arena, &regions, &fault), 0);
    assert_int_equal(regions->n_found, 0);
}

// Lets the arena run out at every size until the answer fits: a fault each time, and nothing worse.
static void
test_memory_that_runs_out_is_said(void **state)
{
    struct fixture *fixture = *state;
    Kansen__V1__MatchRequest request = KANSEN__V1__MATCH_REQUEST__INIT;
    Kansen__V1__WantedInterest wanted = KANSEN__V1__WANTED_INTEREST__INIT, *list[] = {&wanted};
    Kansen__V1__Query query = near_schiedam(500000);
    struct match_page *page;
    struct fault fault;
    int r = -1, failures = 0;

    wanted.code = (char *)"sport";
    query.n_interests = 1;
    query.interests = list;
    query.qualification = 25655;
    query.facets = true;
    query.discover = 2;
    query.limit = 10;
    request.query = &query;
    for (size_t cap = 64; r != 0 && cap < 1 << 20; cap += 61, failures++) {
        struct arena *arena = arena_new(cap);

        r = match_run(fixture->read, &request, TODAY, arena, NULL, &page, &fault);
        assert_true(r == 0 || r == STORE_FAULT_MEMORY);
        arena_free(arena);
    }
    assert_int_equal(r, 0);
    assert_true(failures > 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan_finds_all_in_reach),
        cmocka_unit_test(test_pages_are_the_whole_order),
        cmocka_unit_test(test_cap_counts_afresh_in_each_page),
        cmocka_unit_test(test_discoveries_are_of_other_roots),
        cmocka_unit_test(test_one_common_root_is_no_discovery),
        cmocka_unit_test(test_offer_counts_once_per_root),
        cmocka_unit_test(test_memory_of_accreditations_does_not_mix_partners_up),
        cmocka_unit_test(test_facets_count_the_eligible),
        cmocka_unit_test(test_accreditation_is_asked_of_internships),
        cmocka_unit_test(test_explanation_agrees_with_the_match),
        cmocka_unit_test(test_unknown_offer_can_not_be_explained),
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_memory_that_runs_out_is_said),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
