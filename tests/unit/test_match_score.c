// SPDX-License-Identifier: Apache-2.0
// Parts and score of an offer, by hand-made queries and rows: floors, limits, and what has no weight.
#include "match/score.h"
#include "tests/unit/unit.h"

// Interests 1 to 3: 1 is wanted itself, 2 lies above the second wanted one, 3 is a sibling of the first.
static const struct query_interest table[] = {
    [1] = {.root = 1, .root_wanted = true, .similarity = {100, 0}},
    [2] = {.root = 2, .root_wanted = true, .similarity = {0, 60}},
    [3] = {.root = 1, .root_wanted = true, .similarity = {30, 0}},
};

static struct query
a_query(void)
{
    return (struct query){
        .origin = {51919170, 4388610},
        .radius_m = 25000,
        .n_wanted = 2,
        .wanted = {{1, 10}, {9, 3}},
        .wanted_weight = 13,
        .interests = table,
        .n_interests = sizeof table / sizeof table[0],
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
    struct query query = a_query();
    struct candidate candidate = an_offer(query.origin);

    (void)state;
    candidate.row.interests[0] = 3;
    candidate.row.interests[1] = 2;
    // 100 * (10 * 30 + 3 * 60) / 13 = 3692.3
    assert_int_equal(score_interest(&query, &candidate), 3692);
    candidate.row.interests[2] = 1;
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
    static const struct query_interest equals[] = {[1] = {.similarity = {60}}, [2] = {.similarity = {60}}};
    struct query query = {.n_wanted = 1, .interests = equals, .n_interests = 3};
    struct offer_row row = {.interests = {7, 2, 1}}; // 7 is none of the taxonomy
    unsigned similarity;

    (void)state;
    assert_int_equal(score_best_interest(&query, &row, 0, &similarity), 1);
    assert_int_equal(similarity, 60);
}

static void
test_proximity_falls_to_nothing_at_the_radius(void **state)
{
    struct query query = a_query();
    struct candidate near = an_offer(query.origin), far = an_offer((struct geo_point){52919170, 4388610});
    uint32_t distance = geo_distance_m(query.origin, far.row.position);

    (void)state;
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
    struct query query = a_query();
    struct candidate candidate = an_offer((struct geo_point){52006670, 4355560});
    uint32_t distance = geo_distance_m(query.origin, candidate.row.position);

    (void)state;
    query.radius_m = 0;
    assert_int_equal(score_of(&query, &candidate, true).proximity,
                     10000 * (50000 - (uint64_t)distance) / 50000);
}

static void
test_remote_offer_has_half_proximity_and_no_distance(void **state)
{
    struct query query = a_query();
    struct candidate candidate = an_offer((struct geo_point){0, 0});

    (void)state;
    candidate.row.flags |= OFFER_ROW_REMOTE;
    assert_false(score_has_distance(&candidate.row));
    assert_int_equal(score_of(&query, &candidate, true).proximity, 5000);
    assert_true(candidate.distance_m == SCORE_UNKNOWN);
}

static void
test_transition_is_full_half_or_nothing(void **state)
{
    struct query query = a_query();
    struct candidate candidate = an_offer(query.origin);

    (void)state;
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
    struct query query = a_query();
    struct candidate candidate = an_offer(query.origin);

    (void)state;
    candidate.row.interests[0] = 3; // I = 100 * 300 / 13 = 2307
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

    return cmocka_run_group_tests(tests, NULL, NULL);
}
