// SPDX-License-Identifier: Apache-2.0
#include "work/round_text.h"
#include "cohort/cutoff.h"
#include "cohort/lottery.h"
#include "store/store.h"
#include <sodium.h>
#include <string.h>

static void
add(struct round_text *writing, char *text)
{
    if (text == NULL)
        writing->short_of_memory = true;
    else
        writing->out[writing->n++] = text;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" // the formats are those of the table above
#define SAY(writing, which, ...)                                                                             \
    add((writing), arena_printf((writing)->arena, round_sentences[(writing)->language][which], __VA_ARGS__))

// What people are told of a class. The rule that stands where none was given has words of its own.
static const char *
label_of(const struct round_text *writing, uint32_t class)
{
    if (strcmp(writing->lines->plan->rule, ROUND_RULE_DEFAULT) == 0)
        return round_sentences[writing->language][SAYS_ALIKE];
    return round_rule_label(writing->lines->rule, class);
}

static void
say_as_it_is(struct round_text *writing, enum sentence which)
{
    add(writing, arena_strdup(writing->arena, round_sentences[writing->language][which]));
}

// Which lottery it was, where the offer drew one of its own.
static void
add_lottery(struct round_text *writing, size_t i)
{
    const struct round_view *view = writing->view;
    char ref[ROUND_LINES_OFFER];

    if (view->offers[i]->own_lottery)
        SAY(writing, SAYS_OWN_LOTTERY, view->wishes[i].number, view->offers[i]->listed,
            round_lines_offer_ref(view->offers[i]->offer_id, ref));
}

static void
add_seat(struct round_text *writing, unsigned rank, const char *name, const char *label)
{
    switch (writing->view->explained.seat) {
    case EXPLAIN_PINNED_SEAT:
        SAY(writing, SAYS_PINNED_SEAT, rank, name);
        break;
    case EXPLAIN_RESERVED_SEAT:
        SAY(writing, SAYS_RESERVED_SEAT, rank, name, label);
        break;
    default:
        SAY(writing, SAYS_OPEN_SEAT, rank, name, label);
        break;
    }
}

// Own key and cutoff at the place that was obtained, for whom the lottery decided.
static void
add_bound(struct round_text *writing, const Kansen__V1__RoundOffer *offer, const struct explain_wish *wish)
{
    uint64_t key;

    if (wish->bound == CUTOFF_OPEN) {
        say_as_it_is(writing, offer->held < offer->seats ? SAYS_ENOUGH : SAYS_ENOUGH_REFERRED);
        return;
    }
    key = cutoff_key(wish->bound);
    if ((uint32_t)(key >> 32) != wish->class) {
        SAY(writing, SAYS_BOUND_GROUP, label_of(writing, (uint32_t)(key >> 32)),
            label_of(writing, wish->class));
        return;
    }
    SAY(writing, SAYS_BOUND, (uint32_t)key, label_of(writing, (uint32_t)(key >> 32)), wish->number);
}

// Why no student of this kind could get a seat: there was none, none was left, or none for it.
static enum sentence
why_closed(const Kansen__V1__RoundOffer *offer)
{
    if (offer->seats == 0)
        return SAYS_NO_SEATS;
    return offer->seats <= offer->pinned - offer->pinned_left ? SAYS_ALL_PINNED : SAYS_ALL_RESERVED;
}

// Code and number, and how the one follows from the other.
static void
add_number(struct round_text *writing)
{
    const struct round_view *view = writing->view;
    const struct round_lines *lines = writing->lines;
    const Kansen__V1__RoundEarlier *earlier =
        view->student->seed == 0 ? NULL : lines->plan->earlier[view->student->seed - 1];
    const ProtobufCBinaryData *seed = earlier == NULL ? &lines->round->seed : &earlier->seed;
    char ref[ROUND_LINES_REF], key[2 * LOTTERY_BYTES + 1] = "-", outcome[2 * LOTTERY_BYTES + 1] = "-";
    uint8_t h[LOTTERY_BYTES];

    round_lines_ref(view->student->ref.data, ref);
    if (seed->len == LOTTERY_BYTES) {
        lottery_hash(seed->data, ref, strlen(ref), h);
        sodium_bin2hex(key, sizeof key, seed->data, seed->len);
        sodium_bin2hex(outcome, sizeof outcome, h, sizeof h);
    }
    SAY(writing, SAYS_LOTTERY, view->explained.number, view->explained.n_students);
    SAY(writing, SAYS_CODE, ref);
    SAY(writing, SAYS_RECOMPUTE, earlier == NULL ? lines->round->name : earlier->name, key, outcome);
}

int
round_text_begin(struct round_text *writing, const char *placed, const char *corrected)
{
    const struct round_view *view = writing->view;
    uint32_t rank = view->explained.place.rank;

    add_number(writing);
    if (view->draws_own)
        say_as_it_is(writing, SAYS_RECOMPUTE_OWN);
    if (rank != 0)
        SAY(writing, SAYS_OBTAINED, rank, placed);
    else
        say_as_it_is(writing, view->student->n_offers == 0 ? SAYS_NO_LIST : SAYS_NOTHING);
    if (view->result->corrected && corrected != NULL)
        SAY(writing, SAYS_CORRECTED, corrected);
    else if (view->result->corrected)
        say_as_it_is(writing, SAYS_CORRECTED_NONE);
    return writing->short_of_memory ? STORE_FAULT_MEMORY : 0;
}

int
round_text_wish(struct round_text *writing, size_t i, const char *name)
{
    const struct round_view *view = writing->view;
    const struct explain_wish *wish = &view->wishes[i];
    const char *label = wish->class == COHORT_INELIGIBLE ? "" : label_of(writing, wish->class), *line = "";
    unsigned rank = (unsigned)(view->part.from + i) + 1;

    switch (wish->reason) {
    case EXPLAIN_INELIGIBLE:
        (void)round_lines_class(writing->lines, view->student, view->offers[i], &line);
        SAY(writing, SAYS_INELIGIBLE, rank, name, line);
        break;
    case EXPLAIN_WORSE_CLASS:
        SAY(writing, SAYS_WORSE_CLASS, rank, name, label,
            label_of(writing, (uint32_t)(cutoff_key(wish->bound) >> 32)));
        add_lottery(writing, i);
        break;
    case EXPLAIN_LATER_LOTTERY:
        SAY(writing, SAYS_LATER_LOTTERY, rank, name, label, (uint32_t)cutoff_key(wish->bound));
        add_lottery(writing, i);
        break;
    case EXPLAIN_CLOSED:
        SAY(writing, why_closed(view->offers[i]), rank, name);
        add_lottery(writing, i);
        break;
    case EXPLAIN_OBTAINED:
        add_seat(writing, rank, name, label);
        if (view->explained.seat == EXPLAIN_PINNED_SEAT)
            break;
        add_lottery(writing, i);
        add_bound(writing, view->offers[i], wish);
        break;
    default:
        SAY(writing, SAYS_NOT_CONSIDERED, rank, name);
        break;
    }
    if (wish->worse_holds_reserved)
        say_as_it_is(writing, SAYS_RESERVE);
    return writing->short_of_memory ? STORE_FAULT_MEMORY : 0;
}

int
round_text_end(struct round_text *writing)
{
    if (writing->view->student->n_offers > 1)
        say_as_it_is(writing, SAYS_ORDER);
    return writing->short_of_memory ? STORE_FAULT_MEMORY : 0;
}

char *
round_text_name(enum round_text_language language, uint64_t offer, const char *title, const char *partner,
                struct arena *arena)
{
    const char *const *words = round_sentences[language];

    if (title == NULL)
        return arena_printf(arena, words[SAYS_GONE], (unsigned long long)offer);
    return partner == NULL ? arena_strdup(arena, title)
                           : arena_printf(arena, words[SAYS_NAME], title, partner);
}
#pragma GCC diagnostic pop
