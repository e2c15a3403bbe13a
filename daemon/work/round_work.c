// SPDX-License-Identifier: Apache-2.0
// The records are walked twice: once into the arrays of the engine, once more into the lines of the record,
// when it is known what came of them.
#include "work/round_work.h"
#include "base/buf.h"
#include "base/huge.h"
#include "cohort/allocate.h"
#include "cohort/cutoff.h"
#include "cohort/explain.h"
#include "cohort/lottery.h"
#include "cohort/merkle.h"
#include "store/round.h"
#include "store/store.h"
#include "work/round_lines.h"
#include "work/round_load.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define LEAF_SALT    "alloc-leaf-salt-v1" // with its NUL
#define PART_NUMBERS 262144u              // of own lotteries, in one part of results
#define PART_PLACES  (1u << 20) // on the lists of its students, but for the last one's: it reads them

void
round_work_free(struct round_work *work)
{
    if (work == NULL)
        return;
    arena_free(work->arena);
    free(work->wishes);
    free(work->own);
    free(work);
}

// ---- The digest of the input

static void
take(crypto_generichash_state *state, struct buf *buf)
{
    crypto_generichash_update(state, buf_bytes(buf), buf_len(buf));
    buf_truncate(buf, 0);
}

// Head, offers and the number of students.
static int
digest_head(const struct round_work *work, crypto_generichash_state *state, struct buf *buf)
{
    int rc = round_lines_head(&work->lines, buf);

    for (uint32_t i = 0; i < work->cohort.n_offers && rc == 0; i++) {
        take(state, buf);
        rc = round_lines_offer(work->offers[i], buf);
    }
    if (rc == 0)
        rc = round_lines_students(&work->lines, buf);
    if (rc == 0)
        take(state, buf);
    return rc;
}

int
round_work_digest(struct txn *txn, const Kansen__V1__Round *round, const struct round_work_leave *leave,
                  uint8_t digest[ROUND_WORK_DIGEST])
{
    struct round_walk walk = {.txn = txn, .round = round, .leave = leave};
    Kansen__V1__RoundStudent *student = NULL;
    crypto_generichash_state state;
    struct round_work *work = NULL;
    struct buf buf = {0};
    int rc = round_load_open(txn, round, &work);

    if (rc != 0)
        return rc;
    crypto_generichash_init(&state, NULL, 0, ROUND_WORK_DIGEST);
    rc = round_load_begin(&walk);
    if (rc == 0)
        rc = digest_head(work, &state, &buf);
    while (rc == 0 && (rc = round_load_next(&walk, &student)) == 0) {
        Kansen__V1__RoundOffer **list = round_load_offers(work, student, walk.arena);

        rc = list == NULL
                 ? STORE_FAULT_CORRUPT
                 : round_lines_student(&work->lines, student, round_lines_whole(student), list, &buf);
        if (rc == 0)
            take(&state, &buf);
    }
    crypto_generichash_final(&state, digest, ROUND_WORK_DIGEST);
    buf_free(&buf);
    arena_free(walk.arena);
    round_work_free(work);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// ---- The engine

// Numbers at the offers that draw of their own, if there are any.
static int
draw_own(struct round_work *work, const struct lottery_seeds *seeds)
{
    const struct cohort *cohort = &work->cohort;
    uint8_t *drawn_at = arena_array(work->arena, (size_t)cohort->n_offers + 1, 1);
    size_t n_wishes = cohort->list[cohort->n_students], n_own = 0;
    void *memory;

    for (uint32_t i = 0; drawn_at != NULL && i < cohort->n_offers; i++) {
        drawn_at[i] = work->offers[i]->own_lottery;
        n_own += drawn_at[i];
    }
    if (drawn_at == NULL || n_own == 0)
        return drawn_at == NULL ? STORE_FAULT_MEMORY : 0;
    work->listed = arena_array(work->arena, cohort->n_offers, sizeof work->listed[0]);
    work->own = huge_alloc((n_wishes + 1) * sizeof work->own[0]);
    memory = huge_alloc(lottery_draw_at_size(cohort, drawn_at));
    if (work->listed == NULL || work->own == NULL || memory == NULL) {
        free(memory);
        return STORE_FAULT_MEMORY;
    }
    lottery_draw_at(cohort, seeds, drawn_at, work->lottery.rank, memory, work->own);
    free(memory);
    memset(work->listed, 0, cohort->n_offers * sizeof work->listed[0]);
    for (size_t w = 0; w < n_wishes; w++)
        work->listed[cohort->wishes[w].offer] += drawn_at[cohort->wishes[w].offer];
    work->lottery.own = work->own;
    return 0;
}

static int
draw(struct round_work *work)
{
    const Kansen__V1__RoundPlan *plan = work->lines.plan;
    size_t n = work->cohort.n_students;
    uint8_t(*seeds)[LOTTERY_BYTES] = arena_array(work->arena, plan->n_earlier + 1, LOTTERY_BYTES);
    uint32_t *rank = arena_array(work->arena, n + 1, sizeof *rank);
    uint32_t *student = arena_array(work->arena, n + 1, sizeof *student);
    struct lottery_seeds lottery = {(const uint8_t(*)[LOTTERY_BYTES])seeds, work->seeds};
    void *memory = huge_alloc(lottery_draw_size((uint32_t)n));

    if (seeds == NULL || rank == NULL || student == NULL || memory == NULL) {
        free(memory);
        return STORE_FAULT_MEMORY;
    }
    memcpy(seeds[0], work->lines.round->seed.data, LOTTERY_BYTES);
    for (size_t i = 0; i < plan->n_earlier; i++)
        memcpy(seeds[i + 1], plan->earlier[i]->seed.data, LOTTERY_BYTES);
    lottery_draw(&work->cohort, &lottery, memory, rank, student);
    free(memory);
    work->lottery = (struct cohort_lottery){.rank = rank, .student = student};
    return draw_own(work, &lottery);
}

static int
allocate(struct round_work *work)
{
    size_t a = allocate_size(&work->cohort), b = cutoff_size(&work->cohort), size = a > b ? a : b;
    void *memory = huge_alloc(size);
    struct cutoff_finding finding;
    int rc = 0;

    work->places = arena_array(work->arena, (size_t)work->cohort.n_students + 1, sizeof work->places[0]);
    work->cutoffs = arena_array(work->arena, (size_t)work->cohort.n_offers + 1, sizeof work->cutoffs[0]);
    if (memory == NULL || work->places == NULL || work->cutoffs == NULL) {
        free(memory);
        return STORE_FAULT_MEMORY;
    }
    allocate_run(&work->cohort, &work->lottery, NULL, memory, work->places);
    // The engine is believed only after its own proof: a result that is not stable is never stored.
    if (cutoff_feasible(&work->cohort, work->places, memory, &finding) != CUTOFF_SOUND)
        rc = STORE_FAULT_CORRUPT;
    if (rc == 0)
        cutoff_compute(&work->cohort, &work->lottery, work->places, memory, work->cutoffs);
    if (rc == 0 &&
        cutoff_stable(&work->cohort, &work->lottery, work->places, work->cutoffs, &finding) != CUTOFF_SOUND)
        rc = STORE_FAULT_CORRUPT;
    free(memory);
    return rc;
}

// ---- Lines and their digests

struct digests {
    crypto_generichash_state input, result, explanation;
    struct merkle merkle;
    struct buf lines; // salt of the leaf and the three lines of a student
    struct explain_wish *wishes;
};

static void
add_part(crypto_generichash_state *state, const struct digests *digests, size_t from)
{
    crypto_generichash_update(state, buf_bytes(&digests->lines) + from, buf_len(&digests->lines) - from);
}

static int
add_leaf_salt(const struct round_work *work, uint32_t at, struct buf *out)
{
    const ProtobufCBinaryData *key = &work->lines.round->receipt_key;
    crypto_generichash_state state;
    uint8_t salt[ROUND_WORK_DIGEST];

    crypto_generichash_init(&state, key->data, key->len, sizeof salt);
    crypto_generichash_update(&state, (const uint8_t *)LEAF_SALT, sizeof LEAF_SALT);
    crypto_generichash_update(&state,
                              (const uint8_t *)work->cohort.student_refs.bytes + (size_t)at * ROUND_REF_TEXT,
                              ROUND_REF_TEXT);
    crypto_generichash_final(&state, salt, sizeof salt);
    return buf_append(out, salt, sizeof salt) == 0 ? 0 : (int)STORE_FAULT_MEMORY;
}

static int
add_lines(const struct round_work *work, uint32_t at, const Kansen__V1__RoundStudent *student,
          Kansen__V1__RoundOffer *const *list, struct digests *digests)
{
    const struct cohort_place *place = &work->places[at];
    struct explain_student explained;
    size_t from;
    int rc;

    buf_truncate(&digests->lines, 0);
    rc = add_leaf_salt(work, at, &digests->lines);
    from = buf_len(&digests->lines);
    if (rc == 0)
        rc = round_lines_student(&work->lines, student, round_lines_whole(student), list, &digests->lines);
    if (rc != 0)
        return rc;
    add_part(&digests->input, digests, from);
    from = buf_len(&digests->lines);
    rc = round_lines_result(student->ref.data, place->rank == 0 ? 0 : student->offers[place->rank - 1],
                            place->rank, &digests->lines);
    if (rc != 0)
        return rc;
    add_part(&digests->result, digests, from);
    from = buf_len(&digests->lines);
    explain_student(&work->cohort, &work->lottery, work->places, work->cutoffs, at, &explained,
                    digests->wishes);
    rc = round_lines_explanation(&work->lines, student, round_lines_whole(student), list, &explained,
                                 digests->wishes, &digests->lines);
    if (rc != 0)
        return rc;
    add_part(&digests->explanation, digests, from);
    merkle_add(&digests->merkle, buf_bytes(&digests->lines), buf_len(&digests->lines));
    return 0;
}

static int
digest_students(struct round_work *work, struct txn *txn, const struct round_work_leave *leave,
                struct digests *digests)
{
    struct round_walk walk = {.txn = txn, .round = work->lines.round, .leave = leave};
    Kansen__V1__RoundStudent *student = NULL;
    uint32_t at = 0;
    int rc = round_load_begin(&walk);

    while (rc == 0 && (rc = round_load_next(&walk, &student)) == 0) {
        Kansen__V1__RoundOffer **list = round_load_offers(work, student, walk.arena);

        rc = list == NULL ? STORE_FAULT_CORRUPT : add_lines(work, at++, student, list, digests);
    }
    arena_free(walk.arena);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// Keyed, as there is no secret in these lines: who has the digest could try out the few that are left out in
// public.
static int
digest_cutoffs(struct round_work *work, struct buf *buf)
{
    const ProtobufCBinaryData *key = &work->lines.round->receipt_key;
    crypto_generichash_state state;
    int rc = 0;

    crypto_generichash_init(&state, key->data, key->len, ROUND_WORK_DIGEST);
    for (uint32_t i = 0; i < work->cohort.n_offers && rc == 0; i++) {
        Kansen__V1__RoundOffer offer = *work->offers[i];

        round_work_cutoff(work, i, &offer);
        rc = round_lines_cutoff(&offer, buf);
        take(&state, buf);
    }
    crypto_generichash_final(&state, work->cutoff, ROUND_WORK_DIGEST);
    return rc;
}

static int
digest_all(struct round_work *work, struct txn *txn, const struct round_work_leave *leave)
{
    struct digests digests = {0}; // no arena gives memory at multiples of 64, as its states want it
    int rc;

    digests.wishes = arena_array(work->arena, work->longest + 1, sizeof digests.wishes[0]);
    if (digests.wishes == NULL)
        return STORE_FAULT_MEMORY;
    crypto_generichash_init(&digests.input, NULL, 0, ROUND_WORK_DIGEST);
    crypto_generichash_init(&digests.result, NULL, 0, ROUND_WORK_DIGEST);
    crypto_generichash_init(&digests.explanation, NULL, 0, ROUND_WORK_DIGEST);
    rc = digest_head(work, &digests.input, &digests.lines);
    if (rc == 0)
        rc = digest_students(work, txn, leave, &digests);
    buf_truncate(&digests.lines, 0);
    if (rc == 0)
        rc = digest_cutoffs(work, &digests.lines);
    crypto_generichash_final(&digests.input, work->input, ROUND_WORK_DIGEST);
    crypto_generichash_final(&digests.result, work->result, ROUND_WORK_DIGEST);
    crypto_generichash_final(&digests.explanation, work->explanation, ROUND_WORK_DIGEST);
    merkle_root(&digests.merkle, work->merkle);
    buf_free(&digests.lines);
    return rc;
}

// Numbers of offers that do not draw of their own stand with the student, and are not stored again.
static void
forget_common(struct round_work *work)
{
    size_t n_wishes = work->cohort.list[work->cohort.n_students];

    work->lottery.own = NULL;
    for (size_t w = 0; work->own != NULL && w < n_wishes; w++)
        if (!work->offers[work->wishes[w].offer]->own_lottery)
            work->own[w] = 0;
}

int
round_work_compute(struct txn *txn, const Kansen__V1__Round *round, const struct round_work_leave *leave,
                   struct round_work **out)
{
    struct round_work *work = NULL;
    int rc = round_load_open(txn, round, &work);

    if (rc != 0)
        return rc;
    rc = round_load_students(work, txn, leave);
    if (rc == 0)
        rc = round_load_seats(work);
    if (rc == 0)
        rc = draw(work);
    if (rc == 0 && !leave->goes_on(leave->arg))
        rc = ROUND_WORK_E_ENDED; // before what is not broken off
    if (rc == 0)
        rc = allocate(work);
    if (rc == 0)
        rc = digest_all(work, txn, leave);
    if (rc != 0) {
        round_work_free(work);
        return rc;
    }
    forget_common(work);
    *out = work;
    return 0;
}

// ---- What came of it

size_t
round_work_students(const struct round_work *work)
{
    return work->cohort.n_students;
}

size_t
round_work_offers(const struct round_work *work)
{
    return work->cohort.n_offers;
}

size_t
round_work_find_student(const struct round_work *work, const ProtobufCBinaryData *behind)
{
    size_t low = 0, high = work->cohort.n_students;

    if (behind->len != ROUND_REF_BYTES)
        return 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(work->refs[middle], behind->data, ROUND_REF_BYTES) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t
round_work_find_offer(const struct round_work *work, uint64_t behind)
{
    return round_load_find(work, behind + 1);
}

// Numbers that are stored with a student's result.
static size_t
count_own(const struct round_work *work, size_t i)
{
    uint32_t from = work->cohort.list[i], end = work->cohort.list[i + 1];

    while (work->own != NULL && end > from && !work->offers[work->wishes[end - 1].offer]->own_lottery)
        end--;
    return work->own == NULL ? 0 : end - from;
}

size_t
round_work_part(const struct round_work *work, size_t from, size_t most)
{
    size_t n = 0, numbers = 0;

    while (n < most && from + n < work->cohort.n_students) {
        numbers += count_own(work, from + n);
        if (n > 0 &&
            (numbers > PART_NUMBERS || work->cohort.list[from + n] - work->cohort.list[from] >= PART_PLACES))
            break;
        n++;
    }
    return n;
}

void
round_work_result(const struct round_work *work, size_t i, Kansen__V1__RoundResult *out)
{
    const struct cohort_place *place = &work->places[i];

    kansen__v1__round_result__init(out);
    out->rank = place->rank;
    out->offer_id = place->rank == 0 ? 0 : work->offers[place->offer]->offer_id;
    out->lottery_rank = work->lottery.rank[i];
    out->n_own_ranks = count_own(work, i);
    out->own_ranks = out->n_own_ranks == 0 ? NULL : work->own + work->cohort.list[i];
}

void
round_work_cutoff(const struct round_work *work, size_t i, Kansen__V1__RoundOffer *out)
{
    const struct cutoff *cutoff = &work->cutoffs[i];

    out->offer_id = work->offers[i]->offer_id;
    out->held = cutoff->held;
    out->held_referred = cutoff->held_referred;
    out->general_cutoff = cutoff->general;
    out->referred_cutoff = cutoff->referred;
    out->within_reserve = cutoff->reserved;
    out->listed = work->listed == NULL ? 0 : work->listed[i];
    out->pinned_left = work->offers[i]->pinned - cutoff->pinned;
    out->pinned_left_referred = work->offers[i]->pinned_referred - cutoff->pinned_referred;
}

void
round_work_totals(const struct round_work *work, Kansen__V1__RoundTotals *out)
{
    kansen__v1__round_totals__init(out);
    out->input_digest = (ProtobufCBinaryData){ROUND_WORK_DIGEST, (uint8_t *)work->input};
    out->result_digest = (ProtobufCBinaryData){ROUND_WORK_DIGEST, (uint8_t *)work->result};
    out->cutoff_digest = (ProtobufCBinaryData){ROUND_WORK_DIGEST, (uint8_t *)work->cutoff};
    out->explanation_digest = (ProtobufCBinaryData){ROUND_WORK_DIGEST, (uint8_t *)work->explanation};
    out->merkle_root = (ProtobufCBinaryData){ROUND_WORK_DIGEST, (uint8_t *)work->merkle};
    out->record_form = ROUND_WORK_FORM;
}
