// SPDX-License-Identifier: Apache-2.0
// Parts and score of an offer, by hand-made queries and rows: floors, limits, and what has no weight.
#include "match/score.h"
#include "tests/unit/store_fixture.h"

// The state of a test is the catalog of a small store, and ids in it. Football and robotics are wanted.
struct taxonomy {
    struct fixture fixture;
    const struct catalog *catalog;
    struct query_wanted football, robotics, drones;
    uint16_t tennis, techniek; // a sibling of football; the root above robotics
};

static struct query_wanted
wanted(const struct catalog *catalog, const char *code, uint16_t weight)
{
    const struct interest *interest = catalog_interest_named(catalog, code);

    return (struct query_wanted){.id = interest->id, .weight = weight, .root = interest->root};
}

static int
setup(void **state)
{
    struct taxonomy *taxonomy = calloc(1, sizeof *taxonomy);

    fixture_start(&taxonomy->fixture);
    assert_int_equal(txn_begin(taxonomy->fixture.read), 0);
    assert_int_equal(txn_catalog(taxonomy->fixture.read, &taxonomy->catalog), 0);
    taxonomy->football = wanted(taxonomy->catalog, "sport.voetbal", 10);
    taxonomy->robotics = wanted(taxonomy->catalog, "techniek.robotica", 3);
    taxonomy->drones = wanted(taxonomy->catalog, "techniek.robotica.drones", 10);
    taxonomy->tennis = catalog_interest_named(taxonomy->catalog, "sport.tennis")->id;
    taxonomy->techniek = taxonomy->robotics.root;
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

static struct query
a_query(const struct taxonomy *taxonomy)
{
    return (struct query){
        .catalog = taxonomy->catalog,
        .origin = geo_from_point((struct geo_point){51919170, 4388610}),
        .radius_m = 25000,
        .n_wanted = 2,
        .wanted = {taxonomy->football, taxonomy->robotics},
        .wanted_weight = 13,
        .weight_interest = 60,
        .weight_proximity = 30,
        .weight_transition = 10,
    };
}

static struct candidate
an_offer(struct geo_point position)
{
    struct candidate candidate = {
        .row = {.position = position, .flags = OFFER_ROW_LIVE | OFFER_ROW_POSITIONED}};

    score_renew(&candidate);
    return candidate;
}

static void
test_interest_takes_the_best_of_each_and_floors(void **state)
{
    const struct taxonomy *taxonomy = *state;
    struct query query = a_query(taxonomy);
    struct candidate candidate = an_offer(query.origin.point);

    candidate.row.interests[0] = taxonomy->tennis;
    candidate.row.interests[1] = taxonomy->techniek;
    // 100 * (10 * 30 + 3 * 60) / 13 = 3692.3
    assert_int_equal(score_interest(&query, &candidate), 3692);
    candidate.row.interests[2] = taxonomy->football.id;
    score_renew(&candidate);
    assert_int_equal(score_interest(&query, &candidate), 100 * (10 * 100 + 3 * 60) / 13);
    candidate.row.interests[0] = 0;
    score_renew(&candidate);
    assert_int_equal(score_interest(&query, &candidate), 0);
    query.n_wanted = 0;
    assert_int_equal(score_interest(&query, &candidate), 0);
}

static void
test_first_of_equal_interests_is_named(void **state)
{
    const struct taxonomy *taxonomy = *state;
    struct query query = {.catalog = taxonomy->catalog, .n_wanted = 1, .wanted = {taxonomy->drones}};
    struct offer_row row = {.interests = {99, taxonomy->robotics.id, taxonomy->techniek}}; // 99 is none
    unsigned similarity;

    assert_int_equal(score_best_interest(&query, row.interests, 0, &similarity), 1);
    assert_int_equal(similarity, 60);
}

static void
test_proximity_falls_to_nothing_at_the_radius(void **state)
{
    const struct taxonomy *taxonomy = *state;
    struct query query = a_query(taxonomy);
    struct candidate near = an_offer(query.origin.point),
                     far = an_offer((struct geo_point){52919170, 4388610});
    uint32_t distance = geo_distance_m(query.origin.point, far.row.position);

    assert_int_equal(score_of(&query, &near, true).proximity, 10000);
    assert_int_equal(score_of(&query, &far, true).proximity, 0);
    query.radius_m = distance;
    assert_int_equal(score_of(&query, &far, true).proximity, 0);
    query.radius_m = 500000;
    assert_int_equal(score_of(&query, &far, true).proximity, 10000 * (500000 - (uint64_t)distance) / 500000);
}

static void
test_no_limit_scores_as_fifty_kilometres(void **state)
{
    const struct taxonomy *taxonomy = *state;
    struct query query = a_query(taxonomy);
    struct candidate candidate = an_offer((struct geo_point){52006670, 4355560});
    uint32_t distance = geo_distance_m(query.origin.point, candidate.row.position);

    query.radius_m = 0;
    assert_int_equal(score_of(&query, &candidate, true).proximity,
                     10000 * (50000 - (uint64_t)distance) / 50000);
}

static void
test_remote_offer_has_half_proximity_and_no_distance(void **state)
{
    const struct taxonomy *taxonomy = *state;
    struct query query = a_query(taxonomy);
    struct candidate candidate = an_offer((struct geo_point){0, 0});

    candidate.row.flags |= OFFER_ROW_REMOTE;
    assert_false(score_has_distance(&candidate.row));
    assert_int_equal(score_of(&query, &candidate, true).proximity, 5000);
    assert_true(candidate.distance_m == SCORE_UNKNOWN);
}

static void
test_transition_is_full_half_or_nothing(void **state)
{
    const struct taxonomy *taxonomy = *state;
    struct query query = a_query(taxonomy);
    struct candidate candidate = an_offer(query.origin.point);

    assert_int_equal(score_of(&query, &candidate, true).transition, 0);
    query.transition = 12;
    assert_int_equal(score_of(&query, &candidate, true).transition, 5000);
    candidate.row.transitions = 1u << 11;
    assert_int_equal(score_of(&query, &candidate, true).transition, 10000);
    candidate.row.transitions = 1u << 10;
    assert_int_equal(score_of(&query, &candidate, true).transition, 0);
}

static void
test_score_leaves_out_what_was_not_asked(void **state)
{
    const struct taxonomy *taxonomy = *state;
    struct query query = a_query(taxonomy);
    struct candidate candidate = an_offer(query.origin.point);

    candidate.row.interests[0] = taxonomy->tennis; // I = 100 * 300 / 13 = 2307
    assert_int_equal(score_of(&query, &candidate, true).total, (60 * 2307 + 30 * 10000) / 90);
    query.transition = 1;
    assert_int_equal(score_of(&query, &candidate, true).total, (60 * 2307 + 30 * 10000 + 10 * 5000) / 100);
    assert_int_equal(score_of(&query, &candidate, false).total, (30 * 10000 + 10 * 5000) / 40);
    query.weight_proximity = query.weight_transition = 0;
    assert_int_equal(score_of(&query, &candidate, false).total, 0);
    query.n_wanted = 0;
    assert_int_equal(score_of(&query, &candidate, true).total, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interest_takes_the_best_of_each_and_floors),
        cmocka_unit_test(test_first_of_equal_interests_is_named),
        cmocka_unit_test(test_proximity_falls_to_nothing_at_the_radius),
        cmocka_unit_test(test_no_limit_scores_as_fifty_kilometres),
        cmocka_unit_test(test_remote_offer_has_half_proximity_and_no_distance),
        cmocka_unit_test(test_transition_is_full_half_or_nothing),
        cmocka_unit_test(test_score_leaves_out_what_was_not_asked),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
