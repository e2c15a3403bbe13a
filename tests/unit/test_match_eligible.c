// SPDX-License-Identifier: Apache-2.0
// The reasons, on hand-made rows: each one fails where it must, and the first in the order is the one that is
// given. (Accreditation asks the store: test_match_run.c.)
#include "base/date.h"
#include "match/eligible.h"
#include "tests/unit/store_fixture.h"

#define REASON(name) KANSEN__V1__REASON__REASON_##name
#define TODAY        20000

static const bool covered[] = {[5] = true};

// The state of a test is the catalog of a small store.
struct taxonomy {
    struct fixture fixture;
    const struct catalog *catalog;
    uint16_t sport; // id of the interest that is wanted and offered
};

static int
setup(void **state)
{
    struct taxonomy *taxonomy = calloc(1, sizeof *taxonomy);

    fixture_start(&taxonomy->fixture);
    assert_int_equal(txn_begin(taxonomy->fixture.read), 0);
    assert_int_equal(txn_catalog(taxonomy->fixture.read, &taxonomy->catalog), 0);
    taxonomy->sport = catalog_interest_named(taxonomy->catalog, "sport")->id;
    *state = taxonomy;
    return 0;
}

static int
teardown(void **state)
{
    struct taxonomy *taxonomy = *state;

    fixture_end(&taxonomy->fixture);
    free(taxonomy);
    return 0;
}

// A query that uses every filter, and a row that passes all of them, just.
static struct query
a_query(void **state)
{
    const struct taxonomy *taxonomy = *state;

    return (struct query){
        .catalog = taxonomy->catalog,
        .origin = geo_from_point((struct geo_point){51919170, 4388610}),
        .radius_m = 1000,
        .covered = covered,
        .n_regions = sizeof covered,
        .kinds = 1u << 1,
        .partner_kinds = 1u << 1,
        .levels = 1u << 15 | 1u << 2,
        .weekdays = 1u << 6,
        .needs = 1u << 4,
        .age = 16,
        .from = TODAY + 10,
        .to = TODAY + 20,
        .has_max_cost = true,
        .max_cost_cents = 500,
        .n_funds = 1,
        .funds = {3},
        .n_languages = 2,
        .languages = {7, 8},
        .n_wanted = 1,
        .wanted = {{.id = taxonomy->sport, .weight = 10, .root = taxonomy->sport}},
        .wanted_weight = 10,
        .as_of = TODAY,
    };
}

static struct offer_row
a_row(void **state)
{
    const struct taxonomy *taxonomy = *state;

    return (struct offer_row){
        .offer_id = 1,
        .partner_id = 1,
        .position = {51919170, 4388610},
        .municipality = 5,
        .cost_cents = 501,
        .start = TODAY + 20,
        .end = TODAY + 30,
        .deadline = TODAY,
        .reserved_until = DATE_NONE,
        .seats = 3,
        .seats_taken = 1,
        .reserved = 1,
        .levels = 1u << 15,
        .interests = {taxonomy->sport},
        .funds = {2, 3},
        .languages = {9, 8},
        .kind = 2,
        .partner_kind = 2,
        .weekdays = 1u << 6 | 1,
        .needs = 1u << 4,
        .min_age = 16,
        .max_age = 16,
        .flags = OFFER_ROW_LIVE | OFFER_ROW_POSITIONED,
    };
}

static Kansen__V1__Reason
reason_of(const struct query *query, const struct offer_row *row)
{
    struct eligible eligible = {.query = query};
    struct candidate candidate = {.row = *row};
    Kansen__V1__Reason reason;

    score_renew(&candidate);
    assert_int_equal(eligible_check(&eligible, &candidate, &reason), 0);
    return reason;
}

static void
test_row_that_fits_all_passes(void **state)
{
    struct query query = a_query(state);
    struct offer_row row = a_row(state);

    assert_int_equal(reason_of(&query, &row), REASON(UNSPECIFIED));
}

// Spoils the row from the last reason to the first: each time the new one must win.
static void
test_first_reason_that_fails_is_given(void **state)
{
    struct query query = a_query(state);
    struct offer_row row = a_row(state);

    row.interests[0] = 0;
    assert_int_equal(reason_of(&query, &row), REASON(INTEREST));
    row.position.lat_e6 += 20000;
    assert_int_equal(reason_of(&query, &row), REASON(DISTANCE));
    row.municipality = 4;
    assert_int_equal(reason_of(&query, &row), REASON(REGION));
    row.languages[1] = 0;
    assert_int_equal(reason_of(&query, &row), REASON(LANGUAGE));
    row.needs = 0x0F;
    assert_int_equal(reason_of(&query, &row), REASON(NEEDS));
    row.funds[1] = 0;
    assert_int_equal(reason_of(&query, &row), REASON(COST));
    row.weekdays = 1;
    assert_int_equal(reason_of(&query, &row), REASON(WEEKDAYS));
    row.start = TODAY + 21;
    assert_int_equal(reason_of(&query, &row), REASON(PERIOD));
    row.max_age = 15;
    assert_int_equal(reason_of(&query, &row), REASON(AGE));
    row.levels = 1;
    assert_int_equal(reason_of(&query, &row), REASON(LEVEL));
    row.partner_kind = 1;
    assert_int_equal(reason_of(&query, &row), REASON(PARTNER_KIND));
    row.kind = 1;
    assert_int_equal(reason_of(&query, &row), REASON(KIND));
    row.seats_taken = 2;
    assert_int_equal(reason_of(&query, &row), REASON(NO_SEAT));
    row.end = TODAY - 1;
    assert_int_equal(reason_of(&query, &row), REASON(ENDED));
    row.deadline = TODAY - 1;
    assert_int_equal(reason_of(&query, &row), REASON(DEADLINE_PASSED));
    row.flags = OFFER_ROW_POSITIONED;
    assert_int_equal(reason_of(&query, &row), REASON(OFFER_NOT_OPEN));
}

static void
test_empty_sides_fit_all(void **state)
{
    struct query open = {.age = QUERY_AGE_NONE, .from = INT32_MIN, .to = INT32_MAX, .as_of = TODAY};
    struct query query = a_query(state);
    struct offer_row row = a_row(state);

    assert_int_equal(reason_of(&open, &row), REASON(UNSPECIFIED));
    row.levels = 0;
    row.weekdays = 0;
    row.min_age = 0;
    row.max_age = 255;
    row.start = row.end = row.deadline = DATE_NONE;
    assert_int_equal(reason_of(&query, &row), REASON(UNSPECIFIED));
}

static void
test_remote_offer_is_never_too_far(void **state)
{
    struct query query = a_query(state);
    struct offer_row row = a_row(state);

    row.position = (struct geo_point){0, 0};
    row.flags |= OFFER_ROW_REMOTE;
    assert_int_equal(reason_of(&query, &row), REASON(UNSPECIFIED));
    row.municipality = 0; // nowhere: outside every region
    assert_int_equal(reason_of(&query, &row), REASON(REGION));
    row.municipality = 99; // beyond the regions that are known
    assert_int_equal(reason_of(&query, &row), REASON(REGION));
}

static void
test_distance_of_the_radius_still_fits(void **state)
{
    struct query query = a_query(state);
    struct offer_row row = a_row(state);

    row.position.lat_e6 += 8000;
    query.radius_m = geo_distance_m(query.origin.point, row.position);
    assert_int_equal(reason_of(&query, &row), REASON(UNSPECIFIED));
    query.radius_m--;
    assert_int_equal(reason_of(&query, &row), REASON(DISTANCE));
}

static void
test_reserve_opens_for_the_referred_and_by_date(void **state)
{
    struct query query = {.as_of = TODAY};
    struct offer_row row = {.seats = 10, .seats_taken = 4, .reserved = 5, .taken_referred = 2};

    (void)state;
    row.reserved_until = TODAY;
    assert_int_equal(eligible_seats_free(&query, &row), 3); // 10 - 4 - (5 - 2)
    query.referred = true;
    assert_int_equal(eligible_seats_free(&query, &row), 6);
    query.referred = false;
    row.reserved_until = TODAY - 1;
    assert_int_equal(eligible_seats_free(&query, &row), 6);
    row.reserved_until = DATE_NONE; // never opens
    assert_int_equal(eligible_seats_free(&query, &row), 3);
    row.taken_referred = 6; // more than were held
    assert_int_equal(eligible_seats_free(&query, &row), 6);
    row.taken_referred = 0;
    row.seats_taken = 7;
    assert_int_equal(eligible_seats_free(&query, &row), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_that_fits_all_passes),
        cmocka_unit_test(test_first_reason_that_fails_is_given),
        cmocka_unit_test(test_empty_sides_fit_all),
        cmocka_unit_test(test_remote_offer_is_never_too_far),
        cmocka_unit_test(test_distance_of_the_radius_still_fits),
        cmocka_unit_test(test_reserve_opens_for_the_referred_and_by_date),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
