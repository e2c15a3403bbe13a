// SPDX-License-Identifier: Apache-2.0
#include "client/verify/lottery.h"
#include <stdlib.h>

#define PIECE(text) ((struct slice){text, sizeof(text)}) // with the zero byte at its end

struct ticket {
    uint8_t h[DIGEST_BYTES];
    uint32_t student; // so numbered that the order is that of references
    uint32_t offer;   // the offer whose lottery it is; 0 in the common one
    size_t entry;
};

static struct slice
bytes_of(const uint8_t digest[DIGEST_BYTES])
{
    return (struct slice){(const char *)digest, DIGEST_BYTES};
}

static void
expect(const uint8_t derived[DIGEST_BYTES], const uint8_t given[DIGEST_BYTES], struct report *report,
       const char *rule, const char *what, struct slice who)
{
    char text[DIGEST_TEXT];

    if (memcmp(derived, given, DIGEST_BYTES) != 0)
        report_fault(report, "record", 0, rule, "%s%.*s gives %s, which is not what was published", what,
                     SLICE_ARGS(who), digest_text(derived, text));
}

// H of the parties' secrets in order; of one party the secret itself.
static void
join_secrets(const struct terms *terms, uint8_t secret[DIGEST_BYTES])
{
    struct slice pieces[TERMS_PARTIES_MAX];

    for (unsigned i = 0; i < terms->n_parties; i++)
        pieces[i] = bytes_of(terms->parties[i].secret);
    if (terms->n_parties == 1)
        memcpy(secret, terms->parties[0].secret, DIGEST_BYTES);
    else
        digest_make(NULL, pieces, terms->n_parties, secret);
}

void
lottery_seed(const struct terms *terms, struct slice beacon, struct report *report,
             uint8_t seed[DIGEST_BYTES])
{
    const struct slice nul = {"", 1}, none = {"", 0};
    uint8_t secret[DIGEST_BYTES], derived[DIGEST_BYTES];

    for (unsigned i = 0; i < terms->n_parties; i++) {
        const struct terms_party *party = &terms->parties[i];
        struct slice pieces[] = {PIECE("alloc-party-v1"), terms->run, nul, party->name, nul,
                                 bytes_of(party->secret)};

        digest_make(NULL, pieces, sizeof pieces / sizeof pieces[0], derived);
        expect(derived, party->commitment, report, "party", "the secret of ", party->name);
    }
    join_secrets(terms, secret);
    digest_make(NULL, (struct slice[]){PIECE("alloc-commit-v1"), terms->run, nul, bytes_of(secret)}, 4,
                derived);
    expect(derived, terms->commitment, report, "commitment", "the secret", none);
    digest_make(secret, (struct slice[]){PIECE("alloc-seed-v1"), terms->run, nul, beacon}, 4, seed);
}

static int
by_offer_and_h(const void *a, const void *b)
{
    const struct ticket *one = a, *two = b;
    int order;

    if (one->offer != two->offer)
        return one->offer < two->offer ? -1 : 1;
    order = memcmp(one->h, two->h, DIGEST_BYTES);
    return order != 0 ? order : (one->student > two->student) - (one->student < two->student);
}

static const uint8_t *
seed_of(const struct input *input, const uint8_t *seed, uint32_t student)
{
    uint8_t earlier = input->students[student].seed;

    return earlier == 0 ? seed : input->terms.earlier[earlier - 1].seed;
}

static int
draw_common(const struct input *input, const uint8_t *seed, struct report *report, struct lottery *lottery)
{
    struct ticket *tickets = calloc((size_t)input->n_students + 1, sizeof *tickets);

    lottery->rank = calloc((size_t)input->n_students + 1, sizeof *lottery->rank);
    if (tickets == NULL || lottery->rank == NULL) {
        free(tickets);
        return report_no_memory(report);
    }
    for (uint32_t i = 0; i < input->n_students; i++) {
        digest_make(seed_of(input, seed, i), (struct slice[]){PIECE("alloc-lot-v1"), input->students[i].ref},
                    2, tickets[i].h);
        tickets[i].student = i;
    }
    qsort(tickets, input->n_students, sizeof *tickets, by_offer_and_h);
    for (uint32_t place = 0; place < input->n_students; place++)
        lottery->rank[tickets[place].student] = place;
    free(tickets);
    return 0;
}

// Tickets of all who list an offer with a lottery of its own.
static size_t
own_tickets(const struct input *input, const uint8_t *seed, struct ticket *tickets)
{
    size_t n = 0;

    for (uint32_t i = 0; i < input->n_students; i++)
        for (size_t entry = input->students[i].first; entry < input->students[i].last; entry++) {
            uint32_t offer = input->entries[entry].offer;

            if (!input->offers[offer].own_lottery)
                continue;
            if (tickets != NULL) {
                tickets[n] = (struct ticket){.student = i, .offer = offer, .entry = entry};
                digest_make(
                    seed_of(input, seed, i),
                    (struct slice[]){
                        PIECE("alloc-lot-v1"), input->students[i].ref, {"", 1}, input->offers[offer].ref},
                    4, tickets[n].h);
            }
            n++;
        }
    return n;
}

static int
draw_own(const struct input *input, const uint8_t *seed, struct report *report, struct lottery *lottery)
{
    size_t n = own_tickets(input, seed, NULL);
    struct ticket *tickets;
    uint32_t place = 0;

    if (n == 0)
        return 0;
    tickets = calloc(n, sizeof *tickets);
    lottery->own = calloc(input->n_entries, sizeof *lottery->own);
    if (tickets == NULL || lottery->own == NULL) {
        free(tickets);
        return report_no_memory(report);
    }
    own_tickets(input, seed, tickets);
    qsort(tickets, n, sizeof *tickets, by_offer_and_h);
    for (size_t i = 0; i < n; i++) {
        place = i > 0 && tickets[i].offer == tickets[i - 1].offer ? place + 1 : 0;
        lottery->own[tickets[i].entry] = place;
    }
    free(tickets);
    return 0;
}

int
lottery_draw(const struct input *input, const uint8_t seed[DIGEST_BYTES], struct report *report,
             struct lottery *lottery)
{
    if (draw_common(input, seed, report, lottery) != 0)
        return -1;
    return draw_own(input, seed, report, lottery);
}

void
lottery_free(struct lottery *lottery)
{
    free(lottery->rank);
    free(lottery->own);
}
