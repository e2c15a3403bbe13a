// SPDX-License-Identifier: Apache-2.0
// The engine against the definitions, taken word for word: in small cohorts all matchings are gone through,
// those that are stable are kept, and the one that is best for every student must be what the engine gives.
// For each matching the check by cutoffs must say what the definition says, and what
// students are told must be so. COHORT_INSTANCES: how many.
#include "cohort/allocate.h"
#include "cohort/cutoff.h"
#include "cohort/explain.h"
#include "tests/unit/cohort_fixture.h"
#include "tests/unit/unit.h"
#include <stdlib.h>

#define INSTANCES 20000u
#define BLOCK     4096u // bytes of scratch memory

struct applicant {
    uint32_t student;
    uint64_t key;
    bool referred, pinned, taken, reserved;
};

// One matching: the wish that each student has, as a rank in its list; 0 = none.
struct matching {
    uint32_t rank[SMALL_STUDENTS];
};

static _Alignas(64) uint8_t block[BLOCK];

static uint32_t
offer_of(const struct small *s, uint32_t student, uint32_t rank)
{
    return rank == 0 ? COHORT_NONE : s->wishes[s->list[student] + rank - 1].offer;
}

static bool
may_have(const struct small *s, uint32_t student, uint32_t rank)
{
    uint32_t w = s->list[student] + rank - 1;

    return s->wishes[w].class != COHORT_INELIGIBLE ||
           ((s->flags[student] & COHORT_PINNED) != 0 && w + 1 == s->list[student + 1]);
}

static struct applicant
apply(const struct small *s, uint32_t student, uint32_t rank)
{
    uint32_t w = s->list[student] + rank - 1;

    return (struct applicant){
        .student = student,
        .key = cohort_key(&s->cohort, &s->lottery, student, w),
        .referred = (s->flags[student] & COHORT_REFERRED) != 0,
        .pinned = (s->flags[student] & COHORT_PINNED) != 0 && w + 1 == s->list[student + 1],
    };
}

// Takes the best of those who are not taken yet, only_referred or all, up to n of them.
static void
take_best(struct applicant *a, uint32_t n_applicants, uint32_t n, bool only_referred)
{
    while (n-- > 0) {
        struct applicant *best = NULL;

        for (uint32_t i = 0; i < n_applicants; i++)
            if (!a[i].taken && (a[i].referred || !only_referred) && (best == NULL || a[i].key < best->key))
                best = &a[i];
        if (best == NULL)
            return;
        best->taken = true;
    }
}

// The choice of an offer: pinned first, then the reserve, then the rest.
static void
choose(const struct cohort_offer *offer, struct applicant *a, uint32_t n)
{
    uint32_t q = offer->capacity, r = offer->reserve < q ? offer->reserve : q, reserved;

    for (uint32_t i = 0; i < n; i++) {
        a[i].taken = a[i].pinned;
        q -= a[i].pinned;
        r -= a[i].pinned && a[i].referred && r > 0;
    }
    r = r < q ? r : q;
    take_best(a, n, r, true);
    reserved = 0;
    for (uint32_t i = 0; i < n; i++) {
        a[i].reserved = a[i].taken && !a[i].pinned;
        reserved += a[i].reserved;
    }
    take_best(a, n, q - reserved, false);
}

// Holders of an offer, and one more student who has it at this rank (COHORT_NONE = nobody more).
static uint32_t
gather(const struct small *s, const struct matching *m, uint32_t offer, uint32_t student, uint32_t rank,
       struct applicant *out)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->cohort.n_students; i++)
        if (i != student && offer_of(s, i, m->rank[i]) == offer)
            out[n++] = apply(s, i, m->rank[i]);
    if (student != COHORT_NONE)
        out[n++] = apply(s, student, rank);
    return n;
}

static uint32_t
count_taken(const struct applicant *a, uint32_t n)
{
    uint32_t taken = 0;

    for (uint32_t i = 0; i < n; i++)
        taken += a[i].taken;
    return taken;
}

static bool
would_take(const struct small *s, const struct matching *m, uint32_t student, uint32_t rank)
{
    struct applicant a[SMALL_STUDENTS];
    uint32_t offer = offer_of(s, student, rank), n = gather(s, m, offer, student, rank, a);

    if (!may_have(s, student, rank))
        return false;
    choose(&s->offers[offer], a, n);
    return a[n - 1].taken;
}

// Whether every offer would keep all that it has, and all of them may be there.
static bool
is_feasible(const struct small *s, const struct matching *m)
{
    for (uint32_t i = 0; i < s->cohort.n_students; i++)
        if (m->rank[i] != 0 && !may_have(s, i, m->rank[i]))
            return false;
    for (uint32_t j = 0; j < s->cohort.n_offers; j++) {
        struct applicant a[SMALL_STUDENTS];
        uint32_t n = gather(s, m, j, COHORT_NONE, 0, a);

        if (n > s->offers[j].capacity)
            return false;
        choose(&s->offers[j], a, n);
        if (count_taken(a, n) != n)
            return false;
    }
    return true;
}

static bool
is_stable(const struct small *s, const struct matching *m)
{
    if (!is_feasible(s, m))
        return false;
    for (uint32_t i = 0; i < s->cohort.n_students; i++) {
        uint32_t len = s->list[i + 1] - s->list[i], worse = m->rank[i] == 0 ? len + 1 : m->rank[i];

        for (uint32_t rank = 1; rank < worse; rank++)
            if (would_take(s, m, i, rank))
                return false;
    }
    return true;
}

static void
places_of(const struct small *s, const struct matching *m, struct cohort_place *places)
{
    for (uint32_t i = 0; i < s->cohort.n_students; i++)
        places[i] = (struct cohort_place){offer_of(s, i, m->rank[i]), m->rank[i]};
}

static bool
passes_check(const struct small *s, const struct matching *m)
{
    struct cohort_place places[SMALL_STUDENTS];
    struct cutoff cutoffs[SMALL_OFFERS];
    struct cutoff_finding finding;

    places_of(s, m, places);
    if (cutoff_feasible(&s->cohort, places, block, &finding) != CUTOFF_SOUND)
        return false;
    cutoff_compute(&s->cohort, &s->lottery, places, block, cutoffs);
    return cutoff_stable(&s->cohort, &s->lottery, places, cutoffs, &finding) == CUTOFF_SOUND;
}

// The next matching in counting order; false after the last.
static bool
step(const struct small *s, struct matching *m)
{
    for (uint32_t i = 0; i < s->cohort.n_students; i++) {
        if (m->rank[i] < s->list[i + 1] - s->list[i]) {
            m->rank[i]++;
            return true;
        }
        m->rank[i] = 0;
    }
    return false;
}

static uint32_t
as_order(uint32_t rank) // the lower the better
{
    return rank == 0 ? UINT32_MAX : rank;
}

// Goes through all matchings; returns the one that gives each student the best that it has in any stable one.
static struct matching
best_by_definition(const struct small *s, uint32_t *n_stable)
{
    struct matching m = {{0}}, best = {{0}};

    *n_stable = 0;
    do {
        bool stable = is_stable(s, &m);

        assert_int_equal(passes_check(s, &m), stable);
        if (!stable)
            continue;
        ++*n_stable;
        for (uint32_t i = 0; i < s->cohort.n_students; i++)
            if (as_order(m.rank[i]) < as_order(best.rank[i]))
                best.rank[i] = m.rank[i];
    } while (step(s, &m));
    assert_true(*n_stable > 0);
    assert_true(is_stable(s, &best)); // the best for each is one matching
    return best;
}

static void
check_cutoffs(const struct small *s, const struct matching *m, const struct cohort_place *places)
{
    struct cutoff cutoffs[SMALL_OFFERS];

    cutoff_compute(&s->cohort, &s->lottery, places, block, cutoffs);
    for (uint32_t i = 0; i < s->cohort.n_students; i++) {
        bool referred = (s->flags[i] & COHORT_REFERRED) != 0;

        for (uint32_t rank = 1; rank <= s->list[i + 1] - s->list[i]; rank++) {
            const struct cutoff *cutoff = &cutoffs[offer_of(s, i, rank)];
            struct applicant a = apply(s, i, rank);

            if (rank != m->rank[i] && !a.pinned)
                assert_int_equal(a.key < (referred ? cutoff->referred : cutoff->general),
                                 would_take(s, m, i, rank));
        }
    }
    for (uint32_t j = 0; j < s->cohort.n_offers; j++) {
        struct applicant a[SMALL_STUDENTS];

        assert_int_equal(cutoffs[j].held, gather(s, m, j, COHORT_NONE, 0, a));
    }
}

// What a student is told of one entry of its list that it did not get.
static void
check_refusal(const struct small *s, const struct matching *m, uint32_t student, uint32_t rank,
              const struct explain_wish *told)
{
    uint32_t offer = offer_of(s, student, rank), n, n_better = 0, n_same = 0;
    struct applicant a[SMALL_STUDENTS], own = apply(s, student, rank);
    bool worse = false;

    if (s->wishes[s->list[student] + rank - 1].class == COHORT_INELIGIBLE) {
        assert_int_equal(told->reason, EXPLAIN_INELIGIBLE);
        return;
    }
    n = gather(s, m, offer, COHORT_NONE, 0, a);
    choose(&s->offers[offer], a, n);
    for (uint32_t i = 0; i < n; i++) { // those who could be pushed out, by whom they are
        bool safe = a[i].pinned || (a[i].reserved && !own.referred);

        worse |= a[i].reserved && a[i].key > own.key && !own.referred;
        n_better += !safe && a[i].key < own.key;
        n_same += !safe && a[i].key < own.key && a[i].key >> 32 == own.key >> 32;
    }
    assert_int_equal(told->worse_holds_reserved, worse);
    if (told->reason == EXPLAIN_CLOSED)
        assert_int_equal(n_better, 0);
    else
        assert_int_equal(told->reason, n_same > 0 ? EXPLAIN_LATER_LOTTERY : EXPLAIN_WORSE_CLASS);
}

static void
check_explanations(const struct small *s, const struct matching *m, const struct cohort_place *places)
{
    struct explain_wish told[SMALL_OFFERS];
    struct cutoff cutoffs[SMALL_OFFERS];
    struct explain_student student;

    cutoff_compute(&s->cohort, &s->lottery, places, block, cutoffs);
    for (uint32_t i = 0; i < s->cohort.n_students; i++) {
        uint32_t len = s->list[i + 1] - s->list[i], rank = m->rank[i], n;
        struct applicant a[SMALL_STUDENTS];

        explain_student(&s->cohort, &s->lottery, places, cutoffs, i, &student, told);
        for (uint32_t r = 1; r <= len && r != rank; r++)
            check_refusal(s, m, i, r, &told[r - 1]);
        for (uint32_t r = rank; rank != 0 && r < len; r++)
            assert_int_equal(told[r].reason, EXPLAIN_NOT_CONSIDERED);
        if (rank == 0) {
            assert_int_equal(student.seat, EXPLAIN_NO_SEAT);
            continue;
        }
        assert_int_equal(told[rank - 1].reason, EXPLAIN_OBTAINED);
        n = gather(s, m, places[i].offer, COHORT_NONE, 0, a);
        choose(&s->offers[places[i].offer], a, n);
        for (uint32_t k = 0; k < n; k++)
            if (a[k].student == i)
                assert_int_equal(student.seat, a[k].pinned     ? EXPLAIN_PINNED_SEAT
                                               : a[k].reserved ? EXPLAIN_RESERVED_SEAT
                                                               : EXPLAIN_OPEN_SEAT);
    }
}

static void
check_instance(struct dice *dice, uint32_t *n_more)
{
    struct cohort_place wanted[SMALL_STUDENTS], got[SMALL_STUDENTS];
    uint32_t order[SMALL_STUDENTS], n_stable;
    struct matching best;
    struct small s;

    small_make(dice, &s, dice_percent(dice, 10) ? SMALL_STUDENTS : 5);
    assert_true(allocate_size(&s.cohort) <= BLOCK && cutoff_size(&s.cohort) <= BLOCK);
    best = best_by_definition(&s, &n_stable);
    *n_more += n_stable > 1;
    places_of(&s, &best, wanted);
    for (int run = 0; run < 4; run++) { // the order of proposals changes nothing
        small_shuffle(dice, order, s.cohort.n_students);
        memset(got, 0xFF, sizeof got);
        memset(block, 0xA5, sizeof block);
        allocate_run(&s.cohort, &s.lottery, run == 0 ? NULL : order, block, got);
        assert_memory_equal(got, wanted, s.cohort.n_students * sizeof got[0]);
    }
    check_cutoffs(&s, &best, got);
    check_explanations(&s, &best, got);
}

static void
test_engine_is_the_definition(void **state)
{
    const char *wanted = getenv("COHORT_INSTANCES");
    uint32_t n = wanted == NULL ? INSTANCES : (uint32_t)atoi(wanted), n_more = 0;
    struct dice dice = dice_new(7, 1);

    (void)state;
    assert_true(n > 0);
    for (uint32_t i = 0; i < n; i++)
        check_instance(&dice, &n_more);
    assert_true(n_more > n / 200); // that there was something to choose between
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_is_the_definition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
