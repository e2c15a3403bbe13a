// SPDX-License-Identifier: Apache-2.0
// Every field of a query: what is refused, under which name, and what the defaults are. On a real store, as
// codes are looked up in it.
#include "base/date.h"
#include "match/query.h"
#include "tests/unit/store_fixture.h"
#include <string.h>

#define TODAY 20000

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    Kansen__V1__Postcode postcode = KANSEN__V1__POSTCODE__INIT;
    Kansen__V1__UpsertPostcode upsert = KANSEN__V1__UPSERT_POSTCODE__INIT;
    Kansen__V1__Point point = KANSEN__V1__POINT__INIT;

    fixture_start(fixture);
    point.lat_e6 = 51917000;
    point.lon_e6 = 4398000;
    postcode.postcode = 3111;
    postcode.centroid = &point;
    postcode.municipality = (char *)"GM0606";
    upsert.postcode = &postcode;
    assert_null(fixture_do(fixture, WRITE(UPSERT_POSTCODE, upsert_postcode, &upsert)).status);
    fixture_region(fixture, "PL0606-oost", REGION(PLACE), "GM0606", (struct geo_point){51920000, 4400000},
                   "");
    fixture_region(fixture, "GM0001", REGION(MUNICIPALITY), "PV28", (struct geo_point){1, 1}, "GM0606");
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

static int
resolve(struct fixture *fixture, const Kansen__V1__Query *wire, struct query *query, struct fault *fault)
{
    const struct catalog *catalog;
    int r;

    arena_reset(fixture->arena);
    assert_int_equal(txn_begin(fixture->read), 0);
    assert_int_equal(txn_catalog(fixture->read, &catalog), 0);
    *fault = (struct fault){0};
    r = query_resolve(fixture->read, catalog, wire, TODAY, fixture->arena, query, fault);
    txn_end(fixture->read);
    return r;
}

static void
refuse(void **state, const Kansen__V1__Query *wire, const char *field, const char *given)
{
    struct fault fault;
    struct query query;

    assert_int_equal(resolve(*state, wire, &query, &fault), FAULT);
    assert_int_equal(fault.code, CODE_INVALID_ARGUMENT);
    assert_string_equal(fault.field, field);
    if (strstr(fault.message, given) == NULL)
        fail_msg("%s: \"%s\" does not show %s", field, fault.message, given);
}

static struct query
take(void **state, const Kansen__V1__Query *wire)
{
    struct fault fault;
    struct query query;

    if (resolve(*state, wire, &query, &fault) != 0)
        fail_msg("%s: %s", fault.field, fault.message);
    return query;
}

// A query that is valid with nothing but a region.
static Kansen__V1__Query
a_query(void)
{
    Kansen__V1__Query wire = KANSEN__V1__QUERY__INIT;

    wire.region = (char *)"PV28";
    return wire;
}

static Kansen__V1__Point
a_point(int32_t lat_e6, int32_t lon_e6)
{
    Kansen__V1__Point point = KANSEN__V1__POINT__INIT;

    point.lat_e6 = lat_e6;
    point.lon_e6 = lon_e6;
    return point;
}

static void
test_place(void **state)
{
    Kansen__V1__Query wire = KANSEN__V1__QUERY__INIT;
    Kansen__V1__Point point = a_point(91000000, 0);

    refuse(state, NULL, "query", "no query");
    refuse(state, &wire, "query.origin", "region");
    wire.region = (char *)"GM9999";
    refuse(state, &wire, "query.region", "GM9999");
    wire.region = (char *)"";
    wire.origin_case = KANSEN__V1__QUERY__ORIGIN_AT;
    wire.at = &point;
    refuse(state, &wire, "query.at.lat_e6", "91.0");
    point = a_point(-90000001, 0);
    refuse(state, &wire, "query.at.lat_e6", "-90.000001");
    point = a_point(0, 180000001);
    refuse(state, &wire, "query.at.lon_e6", "180.000001");
    wire.origin_case = KANSEN__V1__QUERY__ORIGIN_FROM_REGION;
    wire.from_region = (char *)"";
    refuse(state, &wire, "query.from_region", "\"\"");
    wire.origin_case = KANSEN__V1__QUERY__ORIGIN_POSTCODE;
    for (size_t i = 0; i < 6; i++) {
        wire.postcode = (char *)((const char *[]){"", "311", "31111", "0311", "3111AB", "31 1"}[i]);
        refuse(state, &wire, "query.postcode", wire.postcode);
    }
    wire.postcode = (char *)"3112";
    refuse(state, &wire, "query.postcode", "operator imports");
    wire.postcode = (char *)"3111";
    wire.radius_case = KANSEN__V1__QUERY__RADIUS_RADIUS_M;
    refuse(state, &wire, "query.radius_m", "only with a region");
    wire.radius_m = 500001;
    refuse(state, &wire, "query.radius_m", "500001");
}

static void
test_defaults_of_place(void **state)
{
    Kansen__V1__Query wire = a_query();
    struct query query = take(state, &wire);

    assert_int_equal(query.radius_m, 0);
    assert_int_equal(query.origin.point.lat_e6, 52000000);
    wire.radius_case = KANSEN__V1__QUERY__RADIUS_RADIUS_M;
    wire.radius_m = 500000;
    assert_int_equal(take(state, &wire).radius_m, 500000);
    wire.radius_case = KANSEN__V1__QUERY__RADIUS__NOT_SET;
    wire.origin_case = KANSEN__V1__QUERY__ORIGIN_POSTCODE;
    wire.postcode = (char *)"3111";
    query = take(state, &wire);
    assert_int_equal(query.radius_m, 25000);
    assert_int_equal(query.origin.point.lat_e6, 51917000);
    wire.region = (char *)"";
    assert_null(take(state, &wire).covered);
    wire.origin_case = KANSEN__V1__QUERY__ORIGIN_FROM_REGION;
    wire.from_region = (char *)"GM0001"; // an alias has the centroid of what it stands for
    assert_int_equal(take(state, &wire).origin.point.lat_e6, 51919170);
}

static void
test_region_means_its_municipalities(void **state)
{
    static const char *const codes[] = {"NL", "PV28", "GM0606", "GM0001", "PL0606-oost", "GM0503"};
    static const bool has_schiedam[] = {true, true, true, true, true, false};
    static const bool has_delft[] = {true, true, false, false, false, true};
    Kansen__V1__Query wire = a_query();
    const struct catalog *catalog;
    uint32_t schiedam, delft;

    assert_int_equal(txn_begin(((struct fixture *)*state)->read), 0);
    assert_int_equal(txn_catalog(((struct fixture *)*state)->read, &catalog), 0);
    schiedam = catalog_region_named(catalog, "GM0606")->id;
    delft = catalog_region_named(catalog, "GM0503")->id;
    txn_end(((struct fixture *)*state)->read);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct query query;

        wire.region = (char *)codes[i];
        query = take(state, &wire);
        assert_int_equal(query.covered[schiedam], has_schiedam[i]);
        assert_int_equal(query.covered[delft], has_delft[i]);
    }
    wire.region = (char *)"PL0606-oost"; // but a place has a centroid of its own
    assert_int_equal(take(state, &wire).origin.point.lat_e6, 51920000);
}

static void
test_sets(void **state)
{
    Kansen__V1__OfferKind kinds[] = {1, 5, 1, 9};
    Kansen__V1__PartnerKind partner_kinds[] = {7};
    Kansen__V1__Level levels[] = {16, 1, 17, 2, 3};
    Kansen__V1__Weekday weekdays[] = {0};
    Kansen__V1__Need needs[] = {6};
    Kansen__V1__Query wire = a_query();

    wire.kinds = kinds;
    wire.n_kinds = 3;
    assert_int_equal(take(state, &wire).kinds, 0x11);
    wire.n_kinds = 4;
    refuse(state, &wire, "query.kinds[3]", "9 is no kind");
    kinds[3] = (Kansen__V1__OfferKind)-1;
    refuse(state, &wire, "query.kinds[3]", "-1");
    wire = a_query();
    wire.partner_kinds = partner_kinds;
    wire.n_partner_kinds = 1;
    refuse(state, &wire, "query.partner_kinds[0]", "civil_society");
    wire = a_query();
    wire.levels = levels;
    wire.n_levels = 2;
    assert_int_equal(take(state, &wire).levels, 0x8001);
    wire.n_levels = 3;
    refuse(state, &wire, "query.levels[2]", "17");
    wire.n_levels = 5;
    refuse(state, &wire, "query.levels", "5 levels");
    wire = a_query();
    wire.weekdays = weekdays;
    wire.n_weekdays = 1;
    refuse(state, &wire, "query.weekdays[0]", "mo, tu");
    wire = a_query();
    wire.needs = needs;
    wire.n_needs = 1;
    refuse(state, &wire, "query.needs[0]", "wheelchair");
}

static void
test_interests(void **state)
{
    Kansen__V1__WantedInterest interests[17], *list[17];
    Kansen__V1__Query wire = a_query();
    struct query query;

    for (size_t i = 0; i < 17; i++) {
        kansen__v1__wanted_interest__init(&interests[i]);
        interests[i].code = (char *)"sport";
        list[i] = &interests[i];
    }
    wire.interests = list;
    wire.n_interests = 17;
    refuse(state, &wire, "query.interests", "17");
    wire.n_interests = 2;
    refuse(state, &wire, "query.interests[1].code", "twice");
    interests[1].code = (char *)"techniek.onbekend";
    refuse(state, &wire, "query.interests[1].code", "techniek.onbekend");
    interests[1].code = (char *)"techniek.robotica";
    interests[1].weight = 101;
    refuse(state, &wire, "query.interests[1].weight", "101");
    interests[1].weight = 100;
    query = take(state, &wire);
    assert_int_equal(query.wanted_weight, 110);
    assert_int_equal(query_similarity(&query, 0, query.wanted[0].id), 100);
    assert_int_equal(query_similarity(&query, 0, query.wanted[1].id), 0);
    assert_int_equal(query_similarity(&query, 1, query.wanted[1].root), 60);
    assert_int_equal(query_similarity(&query, 0, UINT16_MAX), 0);
    assert_int_equal(query.wanted[0].root, query.wanted[0].id);
    assert_int_equal(query.wanted[0].n_above, 0);
    assert_int_equal(query.wanted[1].n_above, 1);
    assert_int_equal(query.wanted[1].above[0], query.wanted[1].root);
}

static void
test_student(void **state)
{
    char *funds[] = {(char *)"jeugdfonds", (char *)"Fonds", (char *)"a", (char *)"a", (char *)"a",
                     (char *)"a",          (char *)"a",     (char *)"a", (char *)"a"};
    char *languages[] = {(char *)"nl", (char *)"NL"};
    Kansen__V1__Query wire = a_query();

    wire.transition = (Kansen__V1__Transition)13;
    refuse(state, &wire, "query.transition", "13");
    wire = a_query();
    wire.age_given_case = KANSEN__V1__QUERY__AGE_GIVEN_AGE;
    assert_int_equal(take(state, &wire).age, 0);
    wire.age = 121;
    refuse(state, &wire, "query.age", "121");
    wire = a_query();
    assert_true(take(state, &wire).age == QUERY_AGE_NONE);
    wire.qualification = 9999;
    refuse(state, &wire, "query.qualification", "9999");
    wire.qualification = 100000;
    refuse(state, &wire, "query.qualification", "100000");
    wire = a_query();
    wire.max_cost_case = KANSEN__V1__QUERY__MAX_COST_MAX_COST_CENTS;
    wire.max_cost_cents = 100000001;
    refuse(state, &wire, "query.max_cost_cents", "100000001");
    wire = a_query();
    wire.funds = funds;
    wire.n_funds = 1;
    assert_int_equal(take(state, &wire).n_funds, 0); // well-formed, and named by no offer
    wire.n_funds = 2;
    refuse(state, &wire, "query.funds[1]", "\"Fonds\"");
    wire.n_funds = 9;
    refuse(state, &wire, "query.funds", "9 funds");
    wire = a_query();
    wire.languages = languages;
    wire.n_languages = 2;
    refuse(state, &wire, "query.languages[1]", "\"NL\"");
}

static void
test_dates(void **state)
{
    static const char *const bad[] = {"2026-02-30", "2026-1-1", "morgen", "2026-02-01T00:00:00",
                                      "1899-12-31"};
    Kansen__V1__Query wire = a_query();
    struct query query = take(state, &wire);

    assert_int_equal(query.as_of, TODAY);
    assert_true(query.from == INT32_MIN && query.to == INT32_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wire = a_query();
        wire.from_date = (char *)bad[i];
        refuse(state, &wire, "query.from_date", bad[i]);
        wire = a_query();
        wire.to_date = (char *)bad[i];
        refuse(state, &wire, "query.to_date", bad[i]);
        wire = a_query();
        wire.as_of = (char *)bad[i];
        refuse(state, &wire, "query.as_of", bad[i]);
    }
    wire = a_query();
    wire.from_date = (char *)"2026-02-02";
    wire.to_date = (char *)"2026-02-01";
    refuse(state, &wire, "query.to_date", "2026-02-01");
    wire.to_date = (char *)"2026-02-02";
    query = take(state, &wire);
    assert_int_equal(query.from, query.to);
}

static void
test_page_and_weights(void **state)
{
    Kansen__V1__Weights weights = KANSEN__V1__WEIGHTS__INIT;
    Kansen__V1__Query wire = a_query();
    struct query query = take(state, &wire);

    assert_int_equal(query.limit, 20);
    assert_int_equal(query.weight_interest + query.weight_proximity + query.weight_transition, 100);
    wire.limit = 101;
    refuse(state, &wire, "query.limit", "101");
    wire = a_query();
    wire.discover = 6;
    refuse(state, &wire, "query.discover", "6");
    wire.discover = 1;
    wire.cursor = (ProtobufCBinaryData){1, (uint8_t *)(char[]){"x"}};
    refuse(state, &wire, "query.discover", "cursor");
    wire = a_query();
    wire.weights = &weights;
    refuse(state, &wire, "query.weights", "all weights are 0");
    weights.transition = 101;
    refuse(state, &wire, "query.weights.transition", "101");
}

static void
test_message_shows_long_and_odd_text_in_short(void **state)
{
    char text[4096];
    Kansen__V1__Query wire = a_query();

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    memcpy(text, "GM\x01\xC2\x80", 5);
    wire.region = text;
    refuse(state, &wire, "query.region", "\"GM??xxx");
    refuse(state, &wire, "query.region", "x...\" is no code");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_defaults_of_place),
        cmocka_unit_test(test_region_means_its_municipalities),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_interests),
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_page_and_weights),
        cmocka_unit_test(test_message_shows_long_and_odd_text_in_short),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
