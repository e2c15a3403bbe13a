// SPDX-License-Identifier: Apache-2.0
// The worked examples of tests/verify/vectors.json: matchings and cutoffs that the engine must give,
// matchings that the check must reject, and the values of the lottery.
#include "cohort/allocate.h"
#include "cohort/cutoff.h"
#include "cohort/lottery.h"
#include "tests/unit/unit.h"
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS "tests/verify/vectors.json"
#define MOST    16u // students or offers of an example
#define BLOCK   (1u << 19)

// An example as arrays. Students and offers are in the order of the file: their index does not matter here.
struct example {
    struct cohort cohort;
    struct cohort_lottery lottery;
    const char *students[MOST], *offer_names[MOST];
    uint8_t flags[MOST];
    uint32_t list[MOST + 1], rank[MOST], by_rank[MOST];
    struct cohort_wish wishes[MOST * MOST];
    struct cohort_offer offers[MOST];
};

static _Alignas(64) uint8_t block[BLOCK];

static uint32_t
find(const char *const *names, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return COHORT_NONE;
}

// The class of a student: as it is given, or its place in a strict order, in which nobody is beside another.
static uint32_t
class_of(json_t *offer, const char *student)
{
    json_t *class = json_object_get(json_object_get(offer, "class"), student), *other;
    size_t place;

    if (class != NULL)
        return (uint32_t)json_integer_value(class);
    json_array_foreach(json_object_get(offer, "priority"), place, other)
    {
        if (strcmp(json_string_value(other), student) == 0)
            return (uint32_t)place;
    }
    return COHORT_INELIGIBLE;
}

static void
read_offers(json_t *vector, struct example *e)
{
    const char *name;
    json_t *offer;

    json_object_foreach(json_object_get(vector, "offers"), name, offer)
    {
        uint32_t j = e->cohort.n_offers++;

        assert_true(j < MOST);
        e->offer_names[j] = name;
        e->offers[j].capacity = (uint16_t)json_integer_value(json_object_get(offer, "capacity"));
        e->offers[j].reserve = (uint16_t)json_integer_value(json_object_get(offer, "reserve"));
    }
}

static void
read_student(json_t *vector, struct example *e, const char *name, json_t *student)
{
    json_t *prefs = json_is_array(student) ? student : json_object_get(student, "prefs"), *wish;
    json_t *offers = json_object_get(vector, "offers");
    json_t *number = json_object_get(json_object_get(vector, "lottery_rank"), name);
    uint32_t i = e->cohort.n_students++, w = e->list[i];
    size_t place;

    assert_true(i < MOST);
    e->students[i] = name;
    e->flags[i] = json_is_true(json_object_get(student, "referred")) ? COHORT_REFERRED : 0;
    e->rank[i] = number == NULL ? i : (uint32_t)json_integer_value(number);
    e->by_rank[e->rank[i]] = i;
    json_array_foreach(prefs, place, wish)
    {
        const char *offer = json_string_value(wish);
        uint32_t j = find(e->offer_names, e->cohort.n_offers, offer);

        if (j != COHORT_NONE) // an unknown offer is a matter of the reader
            e->wishes[w++] = (struct cohort_wish){j, class_of(json_object_get(offers, offer), name)};
    }
    e->list[i + 1] = w;
}

static void
read_example(json_t *vector, struct example *e)
{
    const char *name;
    json_t *student;

    memset(e, 0, sizeof *e);
    read_offers(vector, e);
    json_object_foreach(json_object_get(vector, "students"), name, student)
        read_student(vector, e, name, student);
    e->cohort.flags = e->flags;
    e->cohort.list = e->list;
    e->cohort.wishes = e->wishes;
    e->cohort.offers = e->offers;
    e->lottery.rank = e->rank;
    e->lottery.student = e->by_rank;
    assert_true(allocate_size(&e->cohort) <= BLOCK && cutoff_size(&e->cohort) <= BLOCK);
}

static struct cohort_place
place_of(const struct example *e, uint32_t student, json_t *matching)
{
    json_t *offer = json_object_get(matching, e->students[student]);

    assert_non_null(offer);
    for (uint32_t w = e->list[student]; !json_is_null(offer) && w < e->list[student + 1]; w++)
        if (strcmp(e->offer_names[e->wishes[w].offer], json_string_value(offer)) == 0)
            return (struct cohort_place){e->wishes[w].offer, w - e->list[student] + 1};
    assert_true(json_is_null(offer)); // a matching of the file keeps to the lists
    return (struct cohort_place){COHORT_NONE, 0};
}

// A bound as the file has it: "open", "closed", or who is the last one in.
static void
check_bound(const struct example *e, uint32_t offer, uint64_t bound, const char *wanted)
{
    uint32_t student = find(e->students, e->cohort.n_students, wanted);

    if (strcmp(wanted, "open") == 0) {
        assert_true(bound == CUTOFF_OPEN);
    } else if (strcmp(wanted, "closed") == 0) {
        assert_true(bound == CUTOFF_CLOSED);
    } else {
        assert_int_not_equal(student, COHORT_NONE);
        for (uint32_t w = e->list[student]; w < e->list[student + 1]; w++)
            if (e->wishes[w].offer == offer)
                assert_true(cutoff_key(bound) == cohort_key(&e->cohort, &e->lottery, student, w));
    }
}

static enum cutoff_flaw
check(const struct example *e, const struct cohort_place *places, struct cutoff *cutoffs)
{
    struct cutoff_finding finding;
    enum cutoff_flaw flaw = cutoff_feasible(&e->cohort, places, block, &finding);

    if (flaw != CUTOFF_SOUND)
        return flaw;
    cutoff_compute(&e->cohort, &e->lottery, places, block, cutoffs);
    return cutoff_stable(&e->cohort, &e->lottery, places, cutoffs, &finding);
}

static void
check_vector(json_t *vector)
{
    json_t *expected = json_object_get(vector, "expected"), *cutoff;
    struct cohort_place places[MOST];
    struct cutoff cutoffs[MOST];
    struct example e;
    const char *offer;

    read_example(vector, &e);
    allocate_run(&e.cohort, &e.lottery, e.by_rank, block, places);
    for (uint32_t i = 0; i < e.cohort.n_students; i++) {
        struct cohort_place wanted = place_of(&e, i, expected);

        assert_memory_equal(&places[i], &wanted, sizeof wanted);
    }
    assert_int_equal(check(&e, places, cutoffs), CUTOFF_SOUND);
    json_object_foreach(json_object_get(vector, "expected_cutoffs"), offer, cutoff)
    {
        uint32_t j = find(e.offer_names, e.cohort.n_offers, offer);

        check_bound(&e, j, cutoffs[j].general, json_string_value(json_object_get(cutoff, "general")));
        check_bound(&e, j, cutoffs[j].referred, json_string_value(json_object_get(cutoff, "referred")));
    }
}

static void
test_engine_gives_what_is_expected(void **state)
{
    json_t *vectors = json_object_get(*state, "vectors"), *vector;
    size_t i;

    assert_int_equal(json_array_size(vectors), 19);
    json_array_foreach(vectors, i, vector) check_vector(vector);
}

static json_t *
vector_named(json_t *file, const char *id)
{
    json_t *vector;
    size_t i;

    json_array_foreach(json_object_get(file, "vectors"), i, vector)
    {
        if (strcmp(json_string_value(json_object_get(vector, "id")), id) == 0)
            return vector;
    }
    fail_msg("no vector %s", id);
    return NULL;
}

// All are unstable, but for one that is stable and not the best for students: that one is not the engine's.
static void
test_matchings_to_reject(void **state)
{
    json_t *entries = json_object_get(*state, "must_reject"), *entry;
    unsigned stable = 0;
    size_t n;

    assert_int_equal(json_array_size(entries), 52);
    json_array_foreach(entries, n, entry)
    {
        json_t *vector = vector_named(*state, json_string_value(json_object_get(entry, "id")));
        bool is_stable = strstr(json_string_value(json_object_get(entry, "why")), "but not") != NULL;
        struct cohort_place places[MOST];
        struct cutoff cutoffs[MOST];
        struct example e;

        read_example(vector, &e);
        for (uint32_t i = 0; i < e.cohort.n_students; i++)
            places[i] = place_of(&e, i, json_object_get(entry, "matching"));
        assert_int_equal(check(&e, places, cutoffs) == CUTOFF_SOUND, is_stable);
        assert_false(json_equal(json_object_get(entry, "matching"), json_object_get(vector, "expected")));
        stable += is_stable;
    }
    assert_int_equal(stable, 1);
}

static void
from_hex(json_t *text, uint8_t *out, size_t size, size_t *len)
{
    const char *hex = json_string_value(text);

    assert_non_null(hex);
    assert_int_equal(sodium_hex2bin(out, size, hex, strlen(hex), NULL, len, NULL), 0);
}

static void
assert_hex(const uint8_t *bytes, json_t *wanted)
{
    char hex[2 * LOTTERY_BYTES + 1];

    sodium_bin2hex(hex, sizeof hex, bytes, LOTTERY_BYTES);
    assert_string_equal(hex, json_string_value(wanted));
}

static void
test_lottery_numbers(void **state)
{
    json_t *lottery = json_object_get(*state, "lottery"), *cases = json_object_get(lottery, "cases"), *one;
    uint32_t start[MOST + 1] = {0}, rank[MOST], student[MOST];
    uint8_t seed[1][LOTTERY_BYTES], h[LOTTERY_BYTES];
    struct cohort cohort = {.n_students = (uint32_t)json_array_size(cases)};
    struct lottery_seeds seeds = {seed, NULL};
    char bytes[512] = "";
    size_t i, len;

    from_hex(json_object_get(lottery, "seed_hex"), seed[0], LOTTERY_BYTES, &len);
    json_array_foreach(cases, i, one)
    {
        const char *ref = json_string_value(json_object_get(one, "ref"));

        strcat(bytes, ref);
        start[i + 1] = start[i] + (uint32_t)strlen(ref);
        lottery_hash(seed[0], ref, strlen(ref), h);
        assert_hex(h, json_object_get(one, "hash_hex"));
    }
    cohort.student_refs = (struct cohort_refs){bytes, start};
    assert_true(lottery_draw_size(cohort.n_students) <= BLOCK);
    lottery_draw(&cohort, &seeds, block, rank, student);
    json_array_foreach(cases, i, one)
    {
        assert_int_equal(rank[i], json_integer_value(json_object_get(one, "rank")));
        assert_int_equal(student[rank[i]], i);
    }
}

static void
test_seed_and_commitment(void **state)
{
    json_t *given = json_object_get(json_object_get(*state, "lottery"), "seed_derivation");
    uint8_t secret[LOTTERY_BYTES], beacon[16], commitment[LOTTERY_BYTES], seed[LOTTERY_BYTES];
    const char *run = json_string_value(json_object_get(given, "run_id"));
    size_t len;

    from_hex(json_object_get(given, "secret_hex"), secret, sizeof secret, &len);
    lottery_commit(run, secret, commitment);
    assert_hex(commitment, json_object_get(given, "commitment_hex"));
    assert_true(lottery_matches(run, secret, commitment));
    commitment[31] ^= 1;
    assert_false(lottery_matches(run, secret, commitment));
    from_hex(json_object_get(given, "beacon_hex"), beacon, sizeof beacon, &len);
    lottery_seed(run, secret, beacon, len, seed);
    assert_hex(seed, json_object_get(given, "derived_seed_hex"));
}

static int
load(void **state)
{
    json_error_t error;

    *state = json_load_file(VECTORS, 0, &error);
    if (*state == NULL)
        print_error("%s: line %d: %s\n", VECTORS, error.line, error.text);
    return *state == NULL || sodium_init() < 0 ? -1 : 0;
}

static int
unload(void **state)
{
    json_decref(*state);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_gives_what_is_expected),
        cmocka_unit_test(test_matchings_to_reject),
        cmocka_unit_test(test_lottery_numbers),
        cmocka_unit_test(test_seed_and_commitment),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
