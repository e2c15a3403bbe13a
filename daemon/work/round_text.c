// SPDX-License-Identifier: Apache-2.0
// One table of sentences for each language.
#include "work/round_text.h"
#include "cohort/cutoff.h"
#include "store/store.h"
#include <stdarg.h>

enum sentence {
    SAYS_LOTTERY,
    SAYS_RECOMPUTE,
    SAYS_RECOMPUTE_OWN,
    SAYS_OBTAINED,
    SAYS_NOTHING,
    SAYS_NO_LIST,
    SAYS_INELIGIBLE,
    SAYS_WORSE_CLASS,
    SAYS_LATER_LOTTERY,
    SAYS_CLOSED,
    SAYS_OWN_LOTTERY,
    SAYS_RESERVE,
    SAYS_OPEN_SEAT,
    SAYS_RESERVED_SEAT,
    SAYS_PINNED_SEAT,
    SAYS_BOUND,
    SAYS_NO_BOUND,
    SAYS_NOT_CONSIDERED,
    SAYS_ORDER,
    SENTENCES,
};

static const char *const sentences[][SENTENCES] = {
    [ROUND_TEXT_NL] =
        {
            [SAYS_LOTTERY] =
                "Het lotnummer is %u (0 komt het eerst aan de beurt); er deden %u leerlingen mee.",
            [SAYS_RECOMPUTE] = ("Het nummer volgt uit de bekendgemaakte seed van ronde %s en de code van de "
                                "leerling: BLAKE2b-256 "
                                "met de seed als sleutel over \"alloc-lot-v1\", een nulbyte en de code; alle "
                                "uitkomsten op volgorde."),
            [SAYS_RECOMPUTE_OWN] =
                ("Waar hieronder staat dat apart geloot is, komt achter de code nog een nulbyte en "
                 "het nummer van het aanbod in tien cijfers; op volgorde staan dan alleen de "
                 "leerlingen met dat aanbod op hun lijst."),
            [SAYS_OBTAINED] = "Geplaatst bij keuze %u: %s.",
            [SAYS_NOTHING] = "Geen van de keuzes had een plaats voor deze leerling.",
            [SAYS_NO_LIST] = "De lijst was leeg, dus er is geen plaats toegewezen.",
            [SAYS_INELIGIBLE] = "%u. %s: voldoet niet aan de regels (regel %s).",
            [SAYS_WORSE_CLASS] = ("%u. %s: vol; wie geplaatst is heeft voorrang (eigen groep: %s; "
                                  "groep van de laatst geplaatste: %s)."),
            [SAYS_LATER_LOTTERY] =
                "%u. %s: vol; dezelfde voorrangsgroep (%s), maar de laatst geplaatste had lotnummer %u.",
            [SAYS_CLOSED] = "%u. %s: er was geen plaats die deze leerling kon krijgen (eigen groep: %s).",
            [SAYS_OWN_LOTTERY] =
                ("   Hier is apart geloot: het lotnummer is hier %u (0 komt het eerst aan de "
                 "beurt), van %u leerlingen met dit aanbod op hun lijst."),
            [SAYS_RESERVE] =
                ("   Daar zit een leerling die de school heeft aangedragen, met minder voorrang of een hoger "
                 "lotnummer, op een plaats die daarvoor is gereserveerd."),
            [SAYS_OPEN_SEAT] = "%u. %s: geplaatst op een gewone plaats (groep: %s).",
            [SAYS_RESERVED_SEAT] = ("%u. %s: geplaatst op een plaats die is gereserveerd voor leerlingen die "
                                    "de school aandraagt (groep: %s)."),
            [SAYS_PINNED_SEAT] = "%u. %s: de plaats uit een eerdere ronde blijft.",
            [SAYS_BOUND] = "   De grens lag daar bij groep %s, lotnummer %u; het eigen lotnummer is %u.",
            [SAYS_NO_BOUND] = "   Daar was plaats voor elke leerling zoals deze die aan de regels voldoet.",
            [SAYS_NOT_CONSIDERED] = "%u. %s: niet bekeken, want een hogere keuze is gelukt.",
            [SAYS_ORDER] = "Een andere volgorde van de lijst had geen betere plaats kunnen geven.",
        },
    [ROUND_TEXT_EN] =
        {
            [SAYS_LOTTERY] = "The lottery number is %u (0 comes first); %u students took part.",
            [SAYS_RECOMPUTE] =
                ("The number follows from the published seed of round %s and the student's code: BLAKE2b-256 "
                 "keyed with "
                 "the seed over \"alloc-lot-v1\", a zero byte and the code; all outcomes in order."),
            [SAYS_RECOMPUTE_OWN] =
                ("Where it says below that an offer drew a lottery of its own, a zero byte and the "
                 "number of the offer in ten digits follow the code; in order are then only the "
                 "students who have that offer on their lists."),
            [SAYS_OBTAINED] = "Placed at choice %u: %s.",
            [SAYS_NOTHING] = "None of the choices had a seat for this student.",
            [SAYS_NO_LIST] = "The list was empty, so no seat was given.",
            [SAYS_INELIGIBLE] = "%u. %s: the rules do not allow it (rule %s).",
            [SAYS_WORSE_CLASS] = ("%u. %s: full; those who were placed have priority (own group: %s; group "
                                  "of the last one placed: %s)."),
            [SAYS_LATER_LOTTERY] =
                "%u. %s: full; the same priority group (%s), but the last one placed had lottery number %u.",
            [SAYS_CLOSED] = "%u. %s: there was no seat that this student could get (own group: %s).",
            [SAYS_OWN_LOTTERY] =
                ("   This offer drew a lottery of its own: the lottery number here is %u (0 comes "
                 "first), of %u students who have it on their lists."),
            [SAYS_RESERVE] =
                ("   A student whom the school refers, with less priority or a higher lottery number, has a "
                 "seat there that is reserved for that."),
            [SAYS_OPEN_SEAT] = "%u. %s: placed on an open seat (group: %s).",
            [SAYS_RESERVED_SEAT] =
                "%u. %s: placed on a seat that is reserved for students whom the school refers (group: %s).",
            [SAYS_PINNED_SEAT] = "%u. %s: the place from an earlier round is kept.",
            [SAYS_BOUND] = "   The bound there was group %s, lottery number %u; the own number is %u.",
            [SAYS_NO_BOUND] = "   There was a seat for each student like this one whom the rules allow.",
            [SAYS_NOT_CONSIDERED] = "%u. %s: not considered, as a higher choice was obtained.",
            [SAYS_ORDER] = "No other order of the list could have given a better place.",
        },
};

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
    add((writing), arena_printf((writing)->arena, sentences[(writing)->language][which], __VA_ARGS__))

// Which lottery it was, where the offer drew one of its own.
static void
add_lottery(struct round_text *writing, size_t i)
{
    const struct round_view *view = writing->view;

    if (view->offers[i]->own_lottery)
        SAY(writing, SAYS_OWN_LOTTERY, view->wishes[i].number, view->offers[i]->listed);
}

static void
say_as_it_is(struct round_text *writing, enum sentence which)
{
    add(writing, arena_strdup(writing->arena, sentences[writing->language][which]));
}

static void
add_seat(struct round_text *writing, unsigned rank, const char *title, const char *label)
{
    switch (writing->view->explained.seat) {
    case EXPLAIN_PINNED_SEAT:
        SAY(writing, SAYS_PINNED_SEAT, rank, title);
        break;
    case EXPLAIN_RESERVED_SEAT:
        SAY(writing, SAYS_RESERVED_SEAT, rank, title, label);
        break;
    default:
        SAY(writing, SAYS_OPEN_SEAT, rank, title, label);
        break;
    }
}

// Own key and cutoff at the place that was obtained, for whom the lottery decided.
static void
add_bound(struct round_text *writing, const struct explain_wish *wish)
{
    uint64_t key;

    if (wish->bound == CUTOFF_OPEN) {
        say_as_it_is(writing, SAYS_NO_BOUND);
        return;
    }
    key = cutoff_key(wish->bound);
    SAY(writing, SAYS_BOUND, round_rule_label(writing->lines->rule, (uint32_t)(key >> 32)), (uint32_t)key,
        wish->number);
}

int
round_text_begin(struct round_text *writing, const char *placed)
{
    const struct round_view *view = writing->view;
    uint32_t seed = view->student->seed, rank = view->explained.place.rank;

    SAY(writing, SAYS_LOTTERY, view->explained.number, view->explained.n_students);
    SAY(writing, SAYS_RECOMPUTE,
        seed == 0 ? writing->lines->round->name : writing->lines->plan->earlier[seed - 1]->name);
    if (view->draws_own)
        say_as_it_is(writing, SAYS_RECOMPUTE_OWN);
    if (rank != 0)
        SAY(writing, SAYS_OBTAINED, rank, placed);
    else
        say_as_it_is(writing, view->student->n_offers == 0 ? SAYS_NO_LIST : SAYS_NOTHING);
    return writing->short_of_memory ? STORE_FAULT_MEMORY : 0;
}

int
round_text_wish(struct round_text *writing, size_t i, const char *title)
{
    const struct round_view *view = writing->view;
    const struct explain_wish *wish = &view->wishes[i];
    const char *label = round_rule_label(writing->lines->rule, wish->class), *line = "";
    unsigned rank = (unsigned)(view->part.from + i) + 1;

    switch (wish->reason) {
    case EXPLAIN_INELIGIBLE:
        (void)round_lines_class(writing->lines, view->student, view->offers[i], &line);
        SAY(writing, SAYS_INELIGIBLE, rank, title, line);
        break;
    case EXPLAIN_WORSE_CLASS:
        SAY(writing, SAYS_WORSE_CLASS, rank, title, label,
            round_rule_label(writing->lines->rule, (uint32_t)(cutoff_key(wish->bound) >> 32)));
        add_lottery(writing, i);
        break;
    case EXPLAIN_LATER_LOTTERY:
        SAY(writing, SAYS_LATER_LOTTERY, rank, title, label, (uint32_t)cutoff_key(wish->bound));
        add_lottery(writing, i);
        break;
    case EXPLAIN_CLOSED:
        SAY(writing, SAYS_CLOSED, rank, title, label);
        add_lottery(writing, i);
        break;
    case EXPLAIN_OBTAINED:
        add_seat(writing, rank, title, label);
        if (view->explained.seat == EXPLAIN_PINNED_SEAT)
            break;
        add_lottery(writing, i);
        add_bound(writing, wish);
        break;
    default:
        SAY(writing, SAYS_NOT_CONSIDERED, rank, title);
        break;
    }
    if (wish->worse_holds_reserved)
        say_as_it_is(writing, SAYS_RESERVE);
    return writing->short_of_memory ? STORE_FAULT_MEMORY : 0;
}

int
round_text_end(struct round_text *writing)
{
    say_as_it_is(writing, SAYS_ORDER);
    return writing->short_of_memory ? STORE_FAULT_MEMORY : 0;
}
#pragma GCC diagnostic pop
