// SPDX-License-Identifier: Apache-2.0
// How long a whole cohort takes, from arrays in memory, on one core: the lottery, deferred acceptance, and
// the check that the result is stable. The cohort is random and the same for the same numbers: half of a list
// lies near the student's home, the rest anywhere, well-known offers more often; a fifth of the students is
// referred, half of the offers reserve a seat, and the rule has four classes. Usage:
//   allocate STUDENTS OFFERS LIST SEATS SEED
// SEATS: all seats together, in hundredths of the students. Prints one JSON object: milliseconds of CPU,
// counts, and the most memory that the process ever had (arrays of the input among it).
#include "cohort/allocate.h"
#include "base/huge.h"
#include "cohort/cutoff.h"
#include "cohort/lottery.h"
#include "tests/bench/dice.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define REF_CHARACTERS   64u
#define REFERRED_PERCENT 20u
#define CLASSES          4u
#define NEAR             1000u // offers that are near to a home, of both sides
#define NANO             1e-6  // milliseconds

struct input {
    struct cohort cohort;
    char *refs;
    uint32_t *start, *list;
    uint8_t *flags;
    struct cohort_wish *wishes;
    struct cohort_offer *offers;
};

// What this process, which has one thread, has worked: on a core of its own it takes as long.
static double
cpu_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * NANO;
}

static void *
take(size_t count, size_t size)
{
    void *memory = huge_alloc(count * size);

    if (memory == NULL) {
        fprintf(stderr, "allocate: memory is short\n");
        exit(1);
    }
    return memory;
}

// References that rise with the index: the first half of each counts, the second is random.
static void
make_refs(struct input *input, struct dice *dice)
{
    uint32_t n = input->cohort.n_students;

    input->refs = take(n, REF_CHARACTERS);
    input->start = take(n + (size_t)1, sizeof *input->start);
    for (uint32_t i = 0; i < n; i++) {
        char text[REF_CHARACTERS + 1];

        snprintf(text, sizeof text, "%016llx%016llx%016llx%016llx",
                 (unsigned long long)(UINT64_MAX / n * i + dice_below(dice, (uint32_t)(UINT32_MAX / n) + 1)),
                 (unsigned long long)dice_next(dice), (unsigned long long)dice_next(dice),
                 (unsigned long long)dice_next(dice));
        memcpy(input->refs + (size_t)i * REF_CHARACTERS, text, REF_CHARACTERS);
        input->start[i] = i * REF_CHARACTERS;
    }
    input->start[n] = n * REF_CHARACTERS;
}

static bool
has(const struct cohort_wish *list, uint32_t n, uint32_t offer)
{
    for (uint32_t w = 0; w < n; w++)
        if (list[w].offer == offer)
            return true;
    return false;
}

static void
make_list(struct input *input, struct dice *dice, uint32_t student, uint32_t len)
{
    uint32_t n = input->cohort.n_offers, home = dice_below(dice, n);
    struct cohort_wish *list = &input->wishes[input->list[student]];

    for (uint32_t w = 0; w < len;) {
        uint32_t known = dice_below(dice, n);
        uint32_t anywhere = (uint32_t)((uint64_t)known * dice_below(dice, n) / n * UINT64_C(2654435761) % n);
        uint32_t near = (home + n + dice_below(dice, 2 * NEAR) - NEAR % n) % n;
        uint32_t offer = dice_percent(dice, 50) ? near : anywhere;

        if (!has(list, w, offer))
            list[w++] = (struct cohort_wish){offer, dice_below(dice, CLASSES)};
    }
}

static void
make_input(struct input *input, uint32_t n_students, uint32_t n_offers, uint32_t len, uint32_t seats,
           uint64_t seed)
{
    struct dice dice = dice_new(seed, 1);
    uint64_t left = (uint64_t)n_students * seats / 100;

    input->cohort = (struct cohort){.n_students = n_students, .n_offers = n_offers};
    make_refs(input, &dice);
    input->flags = take(n_students, 1);
    input->list = take(n_students + (size_t)1, sizeof *input->list);
    input->wishes = take((size_t)n_students * len, sizeof *input->wishes);
    input->offers = take(n_offers, sizeof *input->offers);
    for (uint32_t i = 0; i < n_students; i++) {
        input->flags[i] = dice_percent(&dice, REFERRED_PERCENT) ? COHORT_REFERRED : 0;
        input->list[i] = i * len;
        make_list(input, &dice, i, len);
    }
    input->list[n_students] = n_students * len;
    memset(input->offers, 0, n_offers * sizeof *input->offers);
    for (; left > 0; left--) {
        struct cohort_offer *offer = &input->offers[dice_below(&dice, n_offers)];

        offer->capacity += offer->capacity < COHORT_MAX_SEATS;
        offer->reserve = dice_percent(&dice, 50);
    }
    input->cohort.student_refs = (struct cohort_refs){input->refs, input->start};
    input->cohort.flags = input->flags;
    input->cohort.list = input->list;
    input->cohort.wishes = input->wishes;
    input->cohort.offers = input->offers;
}

struct times {
    double lottery, allocate, check;
};

static struct times
work(const struct cohort *cohort, struct cohort_place *places)
{
    static const uint8_t seed[1][LOTTERY_BYTES] = {{1}};
    const struct lottery_seeds seeds = {seed, NULL};
    uint32_t n = cohort->n_students, *rank = take(n, sizeof *rank), *student = take(n, sizeof *student);
    struct cohort_lottery lottery = {rank, student, NULL};
    struct cutoff_finding finding;
    struct cutoff *cutoffs;
    double began = cpu_ms();
    struct times times;
    void *memory = take(lottery_draw_size(n), 1);

    lottery_draw(cohort, &seeds, memory, rank, student);
    free(memory);
    times.lottery = cpu_ms() - began;
    memory = take(allocate_size(cohort), 1);
    allocate_run(cohort, &lottery, NULL, memory, places);
    free(memory);
    times.allocate = cpu_ms() - began - times.lottery;
    memory = take(cutoff_size(cohort), 1);
    cutoffs = take(cohort->n_offers, sizeof *cutoffs);
    if (cutoff_feasible(cohort, places, memory, &finding) == CUTOFF_SOUND) {
        cutoff_compute(cohort, &lottery, places, memory, cutoffs);
        if (cutoff_stable(cohort, &lottery, places, cutoffs, &finding) == CUTOFF_SOUND)
            finding.flaw = CUTOFF_SOUND;
    }
    times.check = cpu_ms() - began - times.lottery - times.allocate;
    if (finding.flaw != CUTOFF_SOUND) {
        fprintf(stderr, "allocate: the result is not stable: flaw %d, student %u, offer %u\n",
                (int)finding.flaw, finding.student, finding.offer);
        exit(1);
    }
    free(cutoffs);
    free(memory);
    free(rank);
    free(student);
    return times;
}

int
main(int argc, char **argv)
{
    struct input input;
    struct cohort_place *places;
    struct times times;
    struct rusage usage;
    uint64_t proposals = 0;
    uint32_t assigned = 0, first = 0;

    if (argc != 6 || sodium_init() < 0) {
        fprintf(stderr, "usage: allocate STUDENTS OFFERS LIST SEATS SEED\n");
        return 2;
    }
    make_input(&input, (uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]),
               (uint32_t)atoi(argv[4]), (uint64_t)atoll(argv[5]));
    places = take(input.cohort.n_students, sizeof *places);
    times = work(&input.cohort, places);
    for (uint32_t i = 0; i < input.cohort.n_students; i++) {
        assigned += places[i].rank != 0;
        first += places[i].rank == 1;
        proposals += places[i].rank != 0 ? places[i].rank : input.list[i + 1] - input.list[i];
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"lottery_ms\": %.1f, \"allocate_ms\": %.1f, \"check_ms\": %.1f, \"total_ms\": %.1f, "
           "\"proposals\": %llu, \"assigned\": %u, \"first\": %u, \"memory_mb\": %.1f}\n",
           times.lottery, times.allocate, times.check, times.lottery + times.allocate + times.check,
           (unsigned long long)proposals, assigned, first, (double)usage.ru_maxrss * 1024 / 1e6);
    return 0;
}
