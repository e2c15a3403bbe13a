// SPDX-License-Identifier: Apache-2.0
// Numbers are places in a sort of tickets. A ticket holds the first eight bytes of h, which decide but for
// one in 2^64; then both h are made again and compared whole, and then the index, which is the order of
// references.
#include "cohort/lottery.h"
#include <endian.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define COMMIT_DOMAIN "alloc-commit-v1"
#define SEED_DOMAIN   "alloc-seed-v1"
#define NUMBER_DOMAIN "alloc-lot-v1"

#define STACK_BITS 16u // tickets are dealt to so many stacks: 2^16
#define STACKS     (1u << STACK_BITS)

struct ticket {
    uint64_t head; // of h, its first byte the highest
    uint32_t student, wish;
};

// What tickets are made of: with the offer's reference where it draws of its own.
struct draw {
    const struct cohort *cohort;
    const struct lottery_seeds *seeds;
    uint32_t offer; // or COHORT_NONE
};

// The parts that most hashes begin with: domain NUL text. NULL = no text.
static void
begin(crypto_generichash_state *state, const uint8_t *key, const char *domain, const char *text)
{
    crypto_generichash_init(state, key, key == NULL ? 0 : LOTTERY_BYTES, LOTTERY_BYTES);
    crypto_generichash_update(state, (const uint8_t *)domain, strlen(domain) + 1);
    if (text != NULL)
        crypto_generichash_update(state, (const uint8_t *)text, strlen(text) + 1);
}

static void
end(crypto_generichash_state *state, const void *last, size_t len, uint8_t out[LOTTERY_BYTES])
{
    crypto_generichash_update(state, last, len);
    crypto_generichash_final(state, out, LOTTERY_BYTES);
    sodium_memzero(state, sizeof *state);
}

void
lottery_combine(const uint8_t (*secrets)[LOTTERY_BYTES], size_t n, uint8_t secret[LOTTERY_BYTES])
{
    if (n == 1)
        memcpy(secret, secrets[0], LOTTERY_BYTES);
    else
        crypto_generichash(secret, LOTTERY_BYTES, secrets[0], n * LOTTERY_BYTES, NULL, 0);
}

void
lottery_commit(const char *run_id, const uint8_t secret[LOTTERY_BYTES], uint8_t commitment[LOTTERY_BYTES])
{
    crypto_generichash_state state;

    begin(&state, NULL, COMMIT_DOMAIN, run_id);
    end(&state, secret, LOTTERY_BYTES, commitment);
}

bool
lottery_matches(const char *run_id, const uint8_t secret[LOTTERY_BYTES],
                const uint8_t commitment[LOTTERY_BYTES])
{
    uint8_t own[LOTTERY_BYTES];

    lottery_commit(run_id, secret, own);
    return sodium_memcmp(own, commitment, LOTTERY_BYTES) == 0;
}

void
lottery_seed(const char *run_id, const uint8_t secret[LOTTERY_BYTES], const void *beacon, size_t beacon_len,
             uint8_t seed[LOTTERY_BYTES])
{
    crypto_generichash_state state;

    begin(&state, secret, SEED_DOMAIN, run_id);
    end(&state, beacon, beacon_len, seed);
}

void
lottery_reference(const uint8_t salt[LOTTERY_BYTES], const char *issuer, const char *reference,
                  char out[LOTTERY_REF_SIZE])
{
    crypto_generichash_state state;
    uint8_t hash[LOTTERY_BYTES];

    begin(&state, salt, issuer, NULL);
    end(&state, reference, strlen(reference), hash);
    sodium_bin2hex(out, LOTTERY_REF_SIZE, hash, sizeof hash);
}

// One call for the short message that it is: a state need not be set up for each student.
static void
hash_number(const uint8_t seed[LOTTERY_BYTES], const char *ref, size_t ref_len, const char *offer,
            size_t offer_len, uint8_t h[LOTTERY_BYTES])
{
    uint8_t text[sizeof NUMBER_DOMAIN + 2 * COHORT_MAX_REF + 1] = NUMBER_DOMAIN;
    size_t len = sizeof NUMBER_DOMAIN;

    memcpy(text + len, ref, ref_len);
    len += ref_len;
    if (offer != NULL) {
        text[len++] = '\0';
        memcpy(text + len, offer, offer_len);
        len += offer_len;
    }
    crypto_generichash(h, LOTTERY_BYTES, text, len, seed, LOTTERY_BYTES);
}

void
lottery_hash(const uint8_t seed[LOTTERY_BYTES], const char *ref, size_t ref_len, uint8_t h[LOTTERY_BYTES])
{
    hash_number(seed, ref, ref_len, NULL, 0, h);
}

void
lottery_hash_at(const uint8_t seed[LOTTERY_BYTES], const char *ref, size_t ref_len, const char *offer,
                size_t offer_len, uint8_t h[LOTTERY_BYTES])
{
    hash_number(seed, ref, ref_len, offer, offer_len, h);
}

static void
hash_of(const struct draw *draw, uint32_t student, uint8_t h[LOTTERY_BYTES])
{
    const struct cohort_refs *refs = &draw->cohort->student_refs, *offers = &draw->cohort->offer_refs;
    const uint8_t *seed = draw->seeds->seeds[draw->seeds->which == NULL ? 0 : draw->seeds->which[student]];
    const char *ref = refs->bytes + refs->start[student], *offer = NULL;
    size_t offer_len = 0;

    if (draw->offer != COHORT_NONE) {
        offer = offers->bytes + offers->start[draw->offer];
        offer_len = offers->start[draw->offer + 1] - offers->start[draw->offer];
    }
    hash_number(seed, ref, refs->start[student + 1] - refs->start[student], offer, offer_len, h);
}

static struct ticket
make_ticket(const struct draw *draw, uint32_t student, uint32_t wish)
{
    struct ticket ticket = {.student = student, .wish = wish};
    uint8_t h[LOTTERY_BYTES];

    hash_of(draw, student, h);
    memcpy(&ticket.head, h, sizeof ticket.head);
    ticket.head = be64toh(ticket.head);
    return ticket;
}

static int
compare(const void *a, const void *b, void *arg)
{
    const struct ticket *left = a, *right = b;
    uint8_t h_left[LOTTERY_BYTES], h_right[LOTTERY_BYTES];
    int order;

    if (left->head != right->head)
        return left->head < right->head ? -1 : 1;
    hash_of(arg, left->student, h_left);
    hash_of(arg, right->student, h_right);
    order = memcmp(h_left, h_right, LOTTERY_BYTES);
    return order != 0 ? order : (left->student > right->student) - (left->student < right->student);
}

// The order of n tickets, in dealt. from: STACKS + 1 numbers.
static void
sort_all(struct draw *draw, const struct ticket *tickets, uint32_t n, struct ticket *dealt, uint32_t *from)
{
    memset(from, 0, (STACKS + 1) * sizeof *from);
    for (uint32_t i = 0; i < n; i++)
        from[(tickets[i].head >> (64 - STACK_BITS)) + 1]++;
    for (uint32_t stack = 0; stack < STACKS; stack++)
        from[stack + 1] += from[stack];
    for (uint32_t i = 0; i < n; i++) // from moves on to where the next stack starts
        dealt[from[tickets[i].head >> (64 - STACK_BITS)]++] = tickets[i];
    for (uint32_t stack = 0, start = 0; stack < STACKS; start = from[stack++])
        qsort_r(dealt + start, from[stack] - start, sizeof *dealt, compare, draw);
}

size_t
lottery_draw_size(uint32_t n_students)
{
    return (size_t)2 * n_students * sizeof(struct ticket) + (STACKS + 1) * sizeof(uint32_t);
}

void
lottery_draw(const struct cohort *cohort, const struct lottery_seeds *seeds, void *memory, uint32_t *rank,
             uint32_t *student)
{
    struct draw draw = {cohort, seeds, COHORT_NONE};
    struct ticket *tickets = memory, *dealt = tickets + cohort->n_students;

    for (uint32_t i = 0; i < cohort->n_students; i++)
        tickets[i] = make_ticket(&draw, i, 0);
    sort_all(&draw, tickets, cohort->n_students, dealt, (uint32_t *)(dealt + cohort->n_students));
    for (uint32_t l = 0; l < cohort->n_students; l++) {
        student[l] = dealt[l].student;
        rank[student[l]] = l;
    }
}

// Where the tickets of each offer start, in order of offers.
static void
count_own(const struct cohort *cohort, const uint8_t *drawn_at, size_t *start)
{
    size_t sum = 0;

    memset(start, 0, cohort->n_offers * sizeof *start);
    for (uint32_t w = 0; w < cohort->list[cohort->n_students]; w++)
        start[cohort->wishes[w].offer] += drawn_at[cohort->wishes[w].offer] != 0;
    for (uint32_t j = 0; j < cohort->n_offers; j++) {
        size_t count = start[j];

        start[j] = sum;
        sum += count;
    }
}

size_t
lottery_draw_at_size(const struct cohort *cohort, const uint8_t *drawn_at)
{
    size_t pairs = 0;

    for (uint32_t w = 0; w < cohort->list[cohort->n_students]; w++)
        pairs += drawn_at[cohort->wishes[w].offer] != 0;
    return pairs * sizeof(struct ticket) + cohort->n_offers * sizeof(size_t);
}

void
lottery_draw_at(const struct cohort *cohort, const struct lottery_seeds *seeds, const uint8_t *drawn_at,
                const uint32_t *rank, void *memory, uint32_t *own)
{
    struct draw draw = {cohort, seeds, COHORT_NONE};
    size_t *end_of = memory, from = 0; // first where an offer's tickets start, then where they end
    struct ticket *tickets = (struct ticket *)(end_of + cohort->n_offers);

    count_own(cohort, drawn_at, end_of);
    for (uint32_t i = 0; i < cohort->n_students; i++) {
        for (uint32_t w = cohort->list[i]; w < cohort->list[i + 1]; w++) {
            draw.offer = cohort->wishes[w].offer;
            if (drawn_at[draw.offer] != 0)
                tickets[end_of[draw.offer]++] = make_ticket(&draw, i, w);
            else
                own[w] = rank[i];
        }
    }
    for (draw.offer = 0; draw.offer < cohort->n_offers; from = end_of[draw.offer++]) {
        qsort_r(tickets + from, end_of[draw.offer] - from, sizeof *tickets, compare, &draw);
        for (size_t t = from; t < end_of[draw.offer]; t++)
            own[tickets[t].wish] = (uint32_t)(t - from);
    }
}
