// SPDX-License-Identifier: Apache-2.0
// One line is put together at a time; what has no bound (lists) is appended piece by piece.
#include "work/round_lines.h"
#include "cohort/cutoff.h"
#include "store/round.h"
#include "store/store.h"
#include "work/round_work.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PIECE_MAX  1400u // bytes of one piece: a label, or a line of the public draw
#define PLACES_MAX 65536u

static int add(struct buf *out, const char *format, ...) PRINTF_LIKE(2, 3);

static int
add(struct buf *out, const char *format, ...)
{
    uint8_t *to = buf_reserve(out, PIECE_MAX);
    va_list args;
    int len;

    if (to == NULL)
        return STORE_FAULT_MEMORY;
    va_start(args, format);
    len = vsnprintf((char *)to, PIECE_MAX, format, args);
    va_end(args);
    buf_commit(out, (size_t)len);
    return 0;
}

static int
add_text(struct buf *out, const char *text)
{
    return buf_append(out, text, strlen(text)) == 0 ? 0 : (int)STORE_FAULT_MEMORY;
}

// A name and bytes as hex.
static int
add_hex(struct buf *out, const char *name, const ProtobufCBinaryData *bytes)
{
    char hex[2 * 64 + 1] = "";

    if (bytes->len <= 64)
        sodium_bin2hex(hex, sizeof hex, bytes->data, bytes->len);
    return add(out, "%s %s\n", name, hex);
}

char *
round_lines_ref(const uint8_t *ref, char out[ROUND_LINES_REF])
{
    return sodium_bin2hex(out, ROUND_LINES_REF, ref, ROUND_REF_BYTES);
}

char *
round_lines_offer_ref(uint64_t offer, char out[ROUND_LINES_OFFER])
{
    snprintf(out, ROUND_LINES_OFFER, "%010" PRIu64, offer);
    return out;
}

// ---- What a round has

static int
load_places(struct txn *txn, struct round_lines *lines, struct arena *arena)
{
    Kansen__V1__RoundPlace **places = arena_array(arena, PLACES_MAX, sizeof(Kansen__V1__RoundPlace *));
    const char *after = "";
    int rc = 0;

    if (places == NULL)
        return STORE_FAULT_MEMORY;
    lines->places = (struct round_places){places, 0};
    while (lines->places.n < PLACES_MAX) {
        rc = round_place_next(txn, lines->round->id, after, arena, &places[lines->places.n]);
        if (rc != 0)
            break;
        after = places[lines->places.n++]->code;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
round_lines_open(struct txn *txn, const Kansen__V1__Round *round, struct arena *arena,
                 struct round_lines *lines)
{
    struct fault fault;
    int rc;

    *lines = (struct round_lines){.round = round};
    rc = round_plan_get(txn, round->id, arena, &lines->plan);
    if (rc == 0)
        rc = round_rule_parse(lines->plan->rule, arena, &lines->rule, &fault);
    if (rc > 0)
        return STORE_FAULT_CORRUPT; // it was read when the round was made
    return rc == 0 && round_rule_measures(lines->rule) ? load_places(txn, lines, arena) : rc;
}

uint32_t
round_lines_class(const struct round_lines *lines, const Kansen__V1__RoundStudent *student,
                  const Kansen__V1__RoundOffer *offer, const char **line)
{
    struct round_pair pair = {.referred = student->referred,
                              .reserved = offer->reserved != 0 && offer->seats != 0,
                              .student = {student->facts, student->n_facts},
                              .offer = {offer->facts, offer->n_facts},
                              .places = &lines->places};

    return round_class_of(lines->rule, &pair, line);
}

// ---- Input

static int
add_parties(const struct round_lines *lines, struct buf *out)
{
    int rc = add_hex(out, "commitment", &lines->plan->commitment);

    for (size_t i = 0; i < lines->plan->n_parties && rc == 0; i++) {
        const Kansen__V1__RoundParty *party = lines->plan->parties[i];
        char name[48];

        snprintf(name, sizeof name, "party %.32s", party->name);
        rc = add_hex(out, name, &party->commitment);
    }
    return rc;
}

static int
add_beacon(const Kansen__V1__RoundBeacon *beacon, struct buf *out)
{
    int rc = add(out, "beacon-source %s\n", beacon->source);

    if (rc == 0)
        rc = add(out, "beacon-date %s\n", beacon->date);
    if (rc == 0)
        rc = add(out, "beacon-encoding %s\n", beacon->encoding);
    return rc == 0 ? add(out, "beacon-fallback %s\n", beacon->fallback) : rc;
}

static int
add_earlier(const struct round_lines *lines, struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; i < lines->plan->n_earlier && rc == 0; i++) {
        const Kansen__V1__RoundEarlier *earlier = lines->plan->earlier[i];
        char seed[65], digest[65];

        rc = add(out, "earlier %zu %s %s %s\n", i + 1, earlier->name,
                 round_lines_ref(earlier->seed.data, seed),
                 round_lines_ref(earlier->record_digest.data, digest));
    }
    return rc;
}

static int
add_places(const struct round_lines *lines, struct buf *out)
{
    int rc = add(out, "places %zu\n", lines->places.n);

    for (size_t i = 0; i < lines->places.n && rc == 0; i++) {
        const Kansen__V1__RoundPlace *place = lines->places.at[i];

        rc =
            add(out, "place %s %" PRId32 " %" PRId32 "\n", place->code, place->at->lat_e6, place->at->lon_e6);
    }
    return rc;
}

int
round_lines_head(const struct round_lines *lines, struct buf *out)
{
    int rc = add(out, "kansen-input 1\nspec alloc-1\nrun %s\nrevision %" PRIu32 "\nrefs hex\n",
                 lines->round->name, lines->round->revision);

    if (rc == 0)
        rc = add_hex(out, "salt", &lines->plan->salt);
    if (rc == 0)
        rc = add_parties(lines, out);
    if (rc == 0)
        rc = add_beacon(lines->plan->beacon, out);
    if (rc == 0)
        rc = add_earlier(lines, out);
    if (rc == 0)
        rc = add_text(out, lines->plan->rule);
    if (rc == 0)
        rc = add_places(lines, out);
    return rc == 0 ? add(out, "offers %" PRIu64 "\n", lines->round->offers) : rc;
}

static int
add_facts(char *const *facts, size_t n, struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++)
        rc = add(out, " %s", facts[i]);
    return rc;
}

int
round_lines_offer(const Kansen__V1__RoundOffer *offer, struct buf *out)
{
    char ref[ROUND_LINES_OFFER];
    int rc = add(out, "offer %s %" PRIu32 " %" PRIu32 " %s", round_lines_offer_ref(offer->offer_id, ref),
                 offer->seats, offer->reserved, offer->own_lottery ? "mtb" : "stb");

    if (rc == 0)
        rc = add_facts(offer->facts, offer->n_facts, out);
    return rc == 0 ? add(out, "\n") : rc;
}

int
round_lines_students(const struct round_lines *lines, struct buf *out)
{
    return add(out, "students %" PRIu64 "\n", lines->round->students);
}

static int
add_student(const Kansen__V1__RoundStudent *student, struct buf *out)
{
    char text[ROUND_LINES_REF];
    int rc = add(out, "student %s %d %" PRIu32, round_lines_ref(student->ref.data, text),
                 student->referred ? 1 : 0, student->seed);

    if (rc == 0)
        rc = add_facts(student->facts, student->n_facts, out);
    return rc == 0 ? add(out, " ;") : rc;
}

int
round_lines_student(const struct round_lines *lines, const Kansen__V1__RoundStudent *student,
                    struct round_lines_part part, Kansen__V1__RoundOffer *const *offers, struct buf *out)
{
    int rc = part.from == 0 ? add_student(student, out) : 0;

    for (size_t i = part.from; i < part.from + part.n && rc == 0; i++) {
        char text[ROUND_LINES_OFFER];
        const char *line = "", *ref = round_lines_offer_ref(student->offers[i], text);
        uint32_t class = 0;

        if (round_lines_is_pinned(student, i)) {
            rc = add(out, " %s=p", ref);
            continue;
        }
        class = round_lines_class(lines, student, offers[i - part.from], &line);
        rc = class == ROUND_RULE_INELIGIBLE ? add(out, " %s=!%s", ref, line)
                                            : add(out, " %s=%" PRIu32, ref, class);
    }
    return rc == 0 && part.from + part.n == student->n_offers ? add(out, "\n") : rc;
}

// ---- Result and cutoffs

int
round_lines_result(const uint8_t *ref, uint64_t offer, uint32_t rank, struct buf *out)
{
    char text[ROUND_LINES_REF], place[ROUND_LINES_OFFER] = "-";

    if (rank != 0)
        round_lines_offer_ref(offer, place);
    return add(out, "%s %s %" PRIu32 "\n", round_lines_ref(ref, text), place, rank);
}

char *
round_lines_bound(uint64_t bound, char out[ROUND_LINES_BOUND])
{
    if (bound == CUTOFF_OPEN || bound == CUTOFF_CLOSED)
        snprintf(out, ROUND_LINES_BOUND, "%s", bound == CUTOFF_OPEN ? "OPEN" : "CLOSED");
    else
        snprintf(out, ROUND_LINES_BOUND, "%" PRIu32 ",%" PRIu32, (uint32_t)(cutoff_key(bound) >> 32),
                 (uint32_t)cutoff_key(bound));
    return out;
}

int
round_lines_cutoff(const Kansen__V1__RoundOffer *offer, struct buf *out)
{
    char ref[ROUND_LINES_OFFER], general[ROUND_LINES_BOUND], referred[ROUND_LINES_BOUND];

    return add(out, "%s %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %s %s\n",
               round_lines_offer_ref(offer->offer_id, ref), offer->seats, offer->reserved, offer->held,
               offer->held_referred, round_lines_bound(offer->general_cutoff, general),
               round_lines_bound(offer->referred_cutoff, referred));
}

// Which fields of an offer's line may be published.
struct told {
    bool held_referred, general, referred;
};

static bool
is_key(uint64_t bound)
{
    return bound != CUTOFF_OPEN && bound != CUTOFF_CLOSED;
}

// A key is that of the worst holder, and of fewer than ten would give one away. Both bounds together tell how
// many holders are referred, as which of them is the worst of whom depends on how these compare with the
// reserve.
static struct told
choose_told(const Kansen__V1__Round *round, const Kansen__V1__RoundOffer *offer)
{
    uint32_t pinned = offer->pinned - offer->pinned_left,
             pinned_referred = offer->pinned_referred - offer->pinned_left_referred,
             others = offer->held - offer->held_referred, m = offer->held_referred - pinned_referred,
             n = others - (pinned - pinned_referred), q = offer->seats - pinned,
             r = offer->reserved > pinned_referred ? offer->reserved - pinned_referred : 0;
    struct told told = {.held_referred = offer->held_referred >= EXPLAIN_K && others >= EXPLAIN_K,
                        .general = is_key(offer->general_cutoff)
                                       ? (m <= (r < q ? r : q) ? n : m + n) >= EXPLAIN_K
                                       : offer->general_cutoff == CUTOFF_OPEN || q == 0,
                        .referred = !is_key(offer->referred_cutoff) || m + n >= EXPLAIN_K};

    if (round->record_form >= ROUND_WORK_FORM && !told.held_referred && q != 0 && offer->reserved != 0 &&
        offer->held == offer->seats) {
        told.referred = false;
        // However many are referred, or not at all: n is at least q less the reserve.
        told.general = told.general && q >= offer->reserved + EXPLAIN_K;
    }
    return told;
}

int
round_lines_public_cutoff(const Kansen__V1__Round *round, const Kansen__V1__RoundOffer *offer,
                          struct buf *out)
{
    struct told told = choose_told(round, offer);
    char ref[ROUND_LINES_OFFER], held_referred[16], general[ROUND_LINES_BOUND], referred[ROUND_LINES_BOUND];

    if (offer->held < EXPLAIN_K)
        return 0;
    snprintf(held_referred, sizeof held_referred, "%" PRIu32, offer->held_referred);
    return add(out, "%s %" PRIu32 " %" PRIu32 " %" PRIu32 " %s %s %s\n",
               round_lines_offer_ref(offer->offer_id, ref), offer->seats, offer->reserved, offer->held,
               told.held_referred ? held_referred : "*",
               told.general ? round_lines_bound(offer->general_cutoff, general) : "*",
               told.referred ? round_lines_bound(offer->referred_cutoff, referred) : "*");
}

// ---- Explanations

const char *
round_lines_reason(const struct explain_student *explained, const struct explain_wish *wish)
{
    static const char *const reasons[][2] = {[EXPLAIN_INELIGIBLE] = {"ineligible", "ineligible"},
                                             [EXPLAIN_WORSE_CLASS] = {"class", "class+reserve"},
                                             [EXPLAIN_LATER_LOTTERY] = {"lottery", "lottery+reserve"},
                                             [EXPLAIN_CLOSED] = {"closed", "closed+reserve"},
                                             [EXPLAIN_OBTAINED] = {"open", "open"},
                                             [EXPLAIN_NOT_CONSIDERED] = {"", ""}};

    if (wish->reason == EXPLAIN_OBTAINED && explained->seat == EXPLAIN_PINNED_SEAT)
        return "pinned";
    if (wish->reason == EXPLAIN_OBTAINED && explained->seat == EXPLAIN_RESERVED_SEAT)
        return "reserve";
    return reasons[wish->reason][wish->worse_holds_reserved];
}

// What became of one wish: WHY of kansen-record(5).
static int
add_why(const struct explain_student *explained, const struct explain_wish *wish, const char *line,
        struct buf *out)
{
    const char *reason = round_lines_reason(explained, wish);
    char bound[ROUND_LINES_BOUND];

    if (wish->reason == EXPLAIN_INELIGIBLE)
        return add(out, "%s;%s", reason, line);
    if (wish->reason == EXPLAIN_OBTAINED && explained->seat == EXPLAIN_PINNED_SEAT)
        return add(out, "%s", reason);
    if (wish->reason == EXPLAIN_CLOSED)
        return add(out, "%s;%" PRIu32 ",%" PRIu32, reason, wish->class, wish->number);
    return add(out, "%s;%" PRIu32 ",%" PRIu32 ";%s", reason, wish->class, wish->number,
               round_lines_bound(wish->bound, bound));
}

int
round_lines_explanation(const struct round_lines *lines, const Kansen__V1__RoundStudent *student,
                        struct round_lines_part part, Kansen__V1__RoundOffer *const *offers,
                        const struct explain_student *explained, const struct explain_wish *wishes,
                        struct buf *out)
{
    size_t shown = explained->place.rank != 0 ? explained->place.rank : student->n_offers;
    size_t end = part.from + part.n;
    char ref[ROUND_LINES_REF];
    int rc = 0;

    if (part.from == 0)
        rc = add(out, "%s %" PRIu32 " %" PRIu32 " %" PRIu32 " %zu", round_lines_ref(student->ref.data, ref),
                 explained->number, explained->n_students, explained->place.rank, student->n_offers - shown);
    for (size_t i = part.from; i < end && i < shown && rc == 0; i++) {
        const char *line = "";

        if (wishes[i - part.from].reason == EXPLAIN_INELIGIBLE)
            (void)round_lines_class(lines, student, offers[i - part.from], &line);
        rc = add(out, " %s=", round_lines_offer_ref(student->offers[i], ref));
        if (rc == 0)
            rc = add_why(explained, &wishes[i - part.from], line, out);
    }
    return rc == 0 && end == student->n_offers ? add(out, "\n") : rc;
}
