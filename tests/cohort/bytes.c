// SPDX-License-Identifier: Apache-2.0
// Digests of all that the engine gives for some random rounds of a thousand students: numbers, places,
// cutoffs, explanations. compilers.sh builds it in several ways; what it prints must be the same. Each round
// is run with students proposing in several orders, which must not matter either; exit 1 where it does.
#include "cohort/allocate.h"
#include "cohort/cutoff.h"
#include "cohort/explain.h"
#include "cohort/lottery.h"
#include "tests/bench/dice.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUDENTS 1000u
#define OFFERS   120u
#define LONGEST  12u
#define REF      10u // characters
#define ROUNDS   12u

// A round in arrays of fixed size.
struct round {
    struct cohort cohort;
    char refs[STUDENTS * REF + 1], offer_refs[OFFERS * REF + 1];
    uint32_t start[STUDENTS + 1], offer_start[OFFERS + 1], list[STUDENTS + 1];
    uint8_t flags[STUDENTS], draws_own[OFFERS];
    struct cohort_wish wishes[STUDENTS * LONGEST];
    struct cohort_offer offers[OFFERS];
    uint32_t rank[STUDENTS], student[STUDENTS], own[STUDENTS * LONGEST];
    struct cohort_place places[STUDENTS], again[STUDENTS];
    struct cutoff cutoffs[OFFERS];
};

static _Alignas(64) uint8_t block[1 << 20];

static void
name_all(char *text, uint32_t *start, uint32_t n, char kind)
{
    for (uint32_t i = 0; i <= n; i++) {
        if (i < n)
            snprintf(text + (size_t)i * REF, REF + 1, "%c%09u", kind, i * 7919);
        start[i] = i * REF;
    }
}

static void
make_list(struct round *r, struct dice *dice, uint32_t student)
{
    uint32_t from = r->list[student], len = dice_below(dice, LONGEST + 1);

    for (uint32_t w = 0; w < len;) {
        uint32_t offer = dice_below(dice, OFFERS), other = 0;

        while (other < w && r->wishes[from + other].offer != offer)
            other++;
        if (other == w)
            r->wishes[from + w++] =
                (struct cohort_wish){offer, dice_percent(dice, 5) ? COHORT_INELIGIBLE : dice_below(dice, 3)};
    }
    r->list[student + 1] = from + len;
}

static void
make_round(struct round *r, struct dice *dice)
{
    uint32_t pinned[OFFERS] = {0};

    memset(r, 0, sizeof *r);
    r->cohort = (struct cohort){.n_students = STUDENTS, .n_offers = OFFERS};
    name_all(r->refs, r->start, STUDENTS, 's');
    name_all(r->offer_refs, r->offer_start, OFFERS, 'o');
    r->cohort.student_refs = (struct cohort_refs){r->refs, r->start};
    r->cohort.offer_refs = (struct cohort_refs){r->offer_refs, r->offer_start};
    for (uint32_t j = 0; j < OFFERS; j++) {
        r->offers[j] = (struct cohort_offer){(uint16_t)dice_below(dice, 16), (uint16_t)dice_below(dice, 6)};
        r->draws_own[j] = dice_percent(dice, 30);
    }
    for (uint32_t i = 0; i < STUDENTS; i++) {
        make_list(r, dice, i);
        r->flags[i] = dice_percent(dice, 30) ? COHORT_REFERRED : 0;
        if (r->list[i + 1] > r->list[i] && dice_percent(dice, 10)) {
            uint32_t offer = r->wishes[r->list[i + 1] - 1].offer;

            if (pinned[offer] < r->offers[offer].capacity) {
                pinned[offer]++;
                r->flags[i] |= COHORT_PINNED;
            }
        }
    }
    r->cohort.flags = r->flags;
    r->cohort.list = r->list;
    r->cohort.wishes = r->wishes;
    r->cohort.offers = r->offers;
}

static void
add_numbers(crypto_generichash_state *state, const uint64_t *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char text[24];

        crypto_generichash_update(
            state, (const uint8_t *)text,
            (size_t)snprintf(text, sizeof text, "%llx ", (unsigned long long)numbers[i]));
    }
}

// All that came out, as text, so that the padding of structs is left out.
static void
digest_round(const struct round *r, const struct cohort_lottery *lottery, crypto_generichash_state *state)
{
    for (uint32_t i = 0; i < STUDENTS; i++) {
        struct explain_student student;
        struct explain_wish wishes[LONGEST];

        add_numbers(state, (uint64_t[]){r->rank[i], r->places[i].offer, r->places[i].rank}, 3);
        explain_student(&r->cohort, lottery, r->places, r->cutoffs, i, &student, wishes);
        add_numbers(state, (uint64_t[]){student.number, student.seat}, 2);
        for (uint32_t w = 0; w < r->list[i + 1] - r->list[i]; w++)
            add_numbers(state,
                        (uint64_t[]){wishes[w].reason, wishes[w].class, wishes[w].number, wishes[w].bound,
                                     wishes[w].worse_holds_reserved},
                        5);
    }
    for (uint32_t j = 0; j < OFFERS; j++) {
        const struct cutoff *cutoff = &r->cutoffs[j];

        add_numbers(state,
                    (uint64_t[]){cutoff->general, cutoff->referred, cutoff->reserved, cutoff->held,
                                 cutoff->held_referred, cutoff->pinned, cutoff->pinned_referred},
                    7);
    }
}

static bool
other_orders_agree(struct round *r, const struct cohort_lottery *lottery, struct dice *dice)
{
    uint32_t order[STUDENTS] = {0};

    for (int run = 0; run < 5; run++) {
        for (uint32_t i = 0; i < STUDENTS; i++) {
            uint32_t j = dice_below(dice, i + 1);

            order[i] = order[j];
            order[j] = i;
        }
        allocate_run(&r->cohort, lottery, run == 0 ? NULL : order, block, r->again);
        if (memcmp(r->again, r->places, sizeof r->places) != 0)
            return false;
    }
    return true;
}

// False if the result is not stable or depends on the order of proposals.
static bool
run_round(struct round *r, struct dice *dice, bool own, crypto_generichash_state *state)
{
    uint8_t seed[1][LOTTERY_BYTES];
    struct lottery_seeds seeds = {seed, NULL};
    struct cohort_lottery lottery = {r->rank, r->student, own ? r->own : NULL};
    struct cutoff_finding finding;

    for (uint32_t i = 0; i < LOTTERY_BYTES; i++)
        seed[0][i] = (uint8_t)dice_below(dice, 256);
    if (lottery_draw_at_size(&r->cohort, r->draws_own) > sizeof block ||
        allocate_size(&r->cohort) > sizeof block || cutoff_size(&r->cohort) > sizeof block)
        return false;
    lottery_draw(&r->cohort, &seeds, block, r->rank, r->student);
    lottery_draw_at(&r->cohort, &seeds, r->draws_own, r->rank, block, r->own);
    allocate_run(&r->cohort, &lottery, r->student, block, r->places);
    if (cutoff_feasible(&r->cohort, r->places, block, &finding) != CUTOFF_SOUND)
        return false;
    cutoff_compute(&r->cohort, &lottery, r->places, block, r->cutoffs);
    if (cutoff_stable(&r->cohort, &lottery, r->places, r->cutoffs, &finding) != CUTOFF_SOUND)
        return false;
    digest_round(r, &lottery, state);
    return other_orders_agree(r, &lottery, dice);
}

int
main(void)
{
    static struct round round;
    struct dice dice = dice_new(11, 1);

    if (sodium_init() < 0)
        return 1;
    for (uint32_t n = 0; n < ROUNDS; n++) {
        uint8_t digest[LOTTERY_BYTES];
        char hex[2 * LOTTERY_BYTES + 1];
        crypto_generichash_state state;

        crypto_generichash_init(&state, NULL, 0, sizeof digest);
        make_round(&round, &dice);
        if (!run_round(&round, &dice, n % 2 == 1, &state)) {
            fprintf(stderr, "bytes: round %u: unstable, or it depends on who proposes first\n", n);
            return 1;
        }
        crypto_generichash_final(&state, digest, sizeof digest);
        printf("%s\n", sodium_bin2hex(hex, sizeof hex, digest, sizeof digest));
    }
    return 0;
}
