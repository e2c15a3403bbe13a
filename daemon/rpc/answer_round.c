// SPDX-License-Identifier: Apache-2.0
// Rounds. Everybody may know that there is one, how it stands and by what it will be decided; a list and what
// came of it are for who submitted it and for operators; the lines of the sealed record for operators.
#include "rpc/answer_round.h"
#include "rpc/page.h"
#include "rpc/round_refs.h"
#include "rpc/rpc.h"
#include "rpc/service.h"
#include "store/records.h"
#include "store/round.h"
#include "store/store.h"
#include "work/round_text.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define EFFORT_WISH 200u // reading the offer of a wish, and its class

// ---- A round

static bool
is_operator(const struct call *call)
{
    return call->session->identity.role == ROLE_OPERATOR;
}

// Whether a count would tell of fewer students than may be told of.
static bool
is_small(uint64_t count)
{
    return count > 0 && count < EXPLAIN_K;
}

// Whether all cells of a histogram, and those without a seat, may be told.
static bool
may_tell(uint64_t students, uint64_t assigned, const uint64_t *ranks, size_t n)
{
    bool small = is_small(students) || is_small(students - assigned);

    for (size_t i = 0; i < n && !small; i++)
        small = is_small(ranks[i]);
    return !small;
}

// The same for the referred and for the others, of whom either follows from the other.
static bool
may_tell_referral(const Kansen__V1__Round *round)
{
    uint64_t others = round->students - round->referred, placed = round->assigned - round->assigned_referred;

    if (!may_tell(round->referred, round->assigned_referred, round->ranks_referred,
                  round->n_ranks_referred) ||
        is_small(others) || is_small(others - placed))
        return false;
    for (size_t i = 0; i < round->n_ranks; i++) {
        if (is_small(round->ranks[i] - (i < round->n_ranks_referred ? round->ranks_referred[i] : 0)))
            return false;
    }
    return true;
}

// What nobody but an operator sees: the key of the receipts, how far a step is, and counts that tell of few;
// the public record tells more, in bins.
static void
cut(const struct call *call, Kansen__V1__Round *round)
{
    bool all, referral;

    if (is_operator(call))
        return;
    all = may_tell(round->students, round->assigned, round->ranks, round->n_ranks);
    referral = all && may_tell_referral(round);
    round->receipt_key = round->at_student = (ProtobufCBinaryData){0};
    round->cancel_by = (char *)"";
    if (!all) {
        round->n_ranks = 0;
        round->assigned = 0;
        round->students = is_small(round->students) ? 0 : round->students;
    }
    if (!referral) {
        round->n_ranks_referred = 0;
        round->referred = round->assigned_referred = 0;
    }
}

static int
find(struct call *call, const char *field, const char *name, Kansen__V1__Round **round)
{
    int rc = round_find(call->txn, name, call->arena, round);

    if (rc != STORE_E_NOT_FOUND)
        return rc;
    return fault_set(&call->fault, CODE_NOT_FOUND, field, "there is no round '%.64s'", name);
}

int
answer_round_get(struct call *call)
{
    Kansen__V1__GetRoundResponse *answer = arena_alloc(call->arena, sizeof *answer);
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__get_round_response__init(answer);
    rc = find(call, "name", call->request->get_round->name, &answer->round);
    if (rc == 0)
        rc = round_plan_get(call->txn, answer->round->id, call->arena, &answer->plan);
    if (rc != 0)
        return rc > FAULT ? STORE_FAULT_CORRUPT : rc;
    cut(call, answer->round);
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_GET_ROUND;
    call->response.get_round = answer;
    return 0;
}

int
answer_round_list(struct call *call)
{
    const Kansen__V1__ListRoundsRequest *list = call->request->list_rounds;
    Kansen__V1__ListRoundsResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__Round *round;
    struct page page;
    uint64_t after = 0;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__list_rounds_response__init(answer);
    rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_id(call, PAGE_ROUNDS, &list->cursor, &after);
    while (rc == 0 && (rc = effort_spend(call->effort, EFFORT_RECORD)) == 0 &&
           (rc = round_next(call->txn, after, call->arena, &round)) == 0) {
        cut(call, round);
        if (!page_add(&page, &round->base)) {
            rc = page_write_id(call, PAGE_ROUNDS, after, &answer->next_cursor);
            break;
        }
        after = round->id;
    }
    if (rc != 0 && rc != STORE_E_NOT_FOUND)
        return rc;
    answer->n_rounds = page.n;
    answer->rounds = (Kansen__V1__Round **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_ROUNDS;
    call->response.list_rounds = answer;
    return 0;
}

// What lines are made with. The places that a rule measures from are some thousands, so such a request is one
// for a reading thread.
static int
open_lines(struct call *call, const Kansen__V1__Round *round, struct round_lines *lines)
{
    int rc = round_lines_open(call->txn, round, call->arena, lines);

    return rc == 0 ? effort_spend(call->effort, EFFORT_RECORD * lines->places.n) : rc;
}

// ---- A student

// The reference that is asked for.
static int
find_ref(struct call *call, uint8_t ref[ROUND_REF_BYTES])
{
    const Kansen__V1__GetRoundStudentRequest *given = call->request->get_round_student;
    const char *issuer;
    int rc;

    if (given->ref.len != 0) {
        if (!is_operator(call) || given->ref.len != ROUND_REF_BYTES || given->student[0] != '\0')
            return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "ref",
                             "operators may give a reference of %u bytes in place of issuer and student",
                             ROUND_REF_BYTES);
        memcpy(ref, given->ref.data, ROUND_REF_BYTES);
        return 0;
    }
    rc = round_refs_issuer(call->session->identity.source, given->issuer, &issuer, &call->fault);
    if (rc != 0)
        return rc;
    if (given->student[0] == '\0' || issuer[0] == '\0')
        return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "student", "issuer or student is missing");
    return round_refs_make(call->service, call->txn, given->round, issuer, given->student, ref);
}

static int
find_student(struct call *call, const Kansen__V1__Round *round, struct round_view *view)
{
    uint8_t ref[ROUND_REF_BYTES];
    int rc = find_ref(call, ref);

    if (rc == 0)
        rc = round_student_get(call->txn, round->id, ref, call->arena, &view->student);
    if (rc == STORE_E_NOT_FOUND ||
        (rc == 0 && !is_operator(call) && strcmp(view->student->client, call->session->identity.client) != 0))
        return fault_set(&call->fault, CODE_NOT_FOUND, "student", "this student has no list in the round");
    return rc;
}

static const char *
words_of(const struct round_view *view, size_t i)
{
    static const char *const words[] = {[EXPLAIN_INELIGIBLE] = "ineligible", [EXPLAIN_WORSE_CLASS] = "class",
                                        [EXPLAIN_LATER_LOTTERY] = "lottery", [EXPLAIN_CLOSED] = "closed",
                                        [EXPLAIN_OBTAINED] = "open",         [EXPLAIN_NOT_CONSIDERED] = ""};
    static const char *const suffixed[] = {[EXPLAIN_INELIGIBLE] = "ineligible",
                                           [EXPLAIN_WORSE_CLASS] = "class+reserve",
                                           [EXPLAIN_LATER_LOTTERY] = "lottery+reserve",
                                           [EXPLAIN_CLOSED] = "closed+reserve",
                                           [EXPLAIN_OBTAINED] = "open",
                                           [EXPLAIN_NOT_CONSIDERED] = ""};
    const struct explain_wish *wish = &view->wishes[i];

    if (wish->reason == EXPLAIN_OBTAINED && view->explained.seat == EXPLAIN_PINNED_SEAT)
        return "pinned";
    if (wish->reason == EXPLAIN_OBTAINED && view->explained.seat == EXPLAIN_RESERVED_SEAT)
        return "reserve";
    return wish->worse_holds_reserved ? suffixed[wish->reason] : words[wish->reason];
}

static int
add_wish(struct call *call, const struct round_lines *lines, const struct round_view *view, size_t i,
         Kansen__V1__RoundWish **out)
{
    Kansen__V1__RoundWish *wish = arena_alloc(call->arena, sizeof *wish);
    const char *line = "";

    if (wish == NULL)
        return STORE_FAULT_MEMORY;
    round_view_wish(lines, view, i, wish);
    *out = wish;
    if (!round_lines_is_pinned(view->student, i))
        wish->class_ = round_lines_class(lines, view->student, view->offers[i], &line);
    if (wish->class_ == ROUND_RULE_INELIGIBLE) {
        wish->class_ = 0;
        wish->rule_line = (char *)line;
    } else {
        wish->class_label = (char *)round_rule_label(lines->rule, wish->class_);
    }
    if (view->result == NULL)
        return 0;
    wish->reason = (char *)words_of(view, i);
    if (view->wishes[i].reason != EXPLAIN_NOT_CONSIDERED && view->wishes[i].reason != EXPLAIN_INELIGIBLE) {
        wish->cutoff = arena_alloc(call->arena, ROUND_LINES_BOUND);
        if (wish->cutoff == NULL)
            return STORE_FAULT_MEMORY;
        round_lines_bound(view->wishes[i].bound, wish->cutoff);
    }
    return 0;
}

static int
add_text(struct call *call, const struct round_lines *lines, const struct round_view *view,
         Kansen__V1__GetRoundStudentResponse *answer)
{
    const char *given = call->request->get_round_student->language;
    size_t n = view->student->n_offers;
    const char **titles = arena_array(call->arena, n + 1, sizeof *titles);

    if (given[0] != '\0' && strcmp(given, "nl") != 0 && strcmp(given, "en") != 0)
        return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "language",
                         "'%.10s' is not allowed; it is nl or en", given);
    answer->text = arena_array(call->arena, 3 * n + ROUND_TEXT_LINES, sizeof answer->text[0]);
    if (titles == NULL || answer->text == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < n; i++) {
        Kansen__V1__Offer *offer = NULL;
        int rc = offer_get(call->txn, view->student->offers[i], call->arena, &offer);

        if (rc < 0)
            return rc;
        titles[i] = rc == 0 ? offer->title : "-"; // it has been removed since
    }
    return round_text_make(lines, view, titles, strcmp(given, "en") == 0 ? ROUND_TEXT_EN : ROUND_TEXT_NL,
                           call->arena, answer->text, &answer->n_text);
}

int
answer_round_student(struct call *call)
{
    Kansen__V1__GetRoundStudentResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__Round *round = NULL;
    struct round_view view = {0};
    struct round_lines lines;
    int rc = answer == NULL ? STORE_FAULT_MEMORY
                            : find(call, "round", call->request->get_round_student->round, &round);

    if (rc == 0)
        rc = find_student(call, round, &view);
    if (rc == 0)
        rc = effort_spend(call->effort, EFFORT_WISH * (view.student->n_offers + 1));
    if (rc == 0)
        rc = open_lines(call, round, &lines);
    if (rc == 0)
        rc = round_view_make(call->txn, &lines, call->arena, &view);
    if (rc != 0)
        return rc;
    kansen__v1__get_round_student_response__init(answer);
    answer->student = view.student;
    answer->result = view.result;
    answer->wishes = arena_array(call->arena, view.student->n_offers + 1, sizeof(Kansen__V1__RoundWish *));
    if (answer->wishes == NULL)
        return STORE_FAULT_MEMORY;
    for (size_t i = 0; i < view.student->n_offers && rc == 0; i++)
        rc = add_wish(call, &lines, &view, i, &answer->wishes[answer->n_wishes++]);
    if (rc == 0 && view.result != NULL)
        rc = add_text(call, &lines, &view, answer);
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_GET_ROUND_STUDENT;
    call->response.get_round_student = answer;
    return rc;
}

// ---- Lines of the sealed record

// What a page of lines is made with.
struct listing {
    const Kansen__V1__ListRoundLinesRequest *given;
    struct round_lines lines;
    struct page page;
    struct buf buf; // of one text
};

// Takes the text out of the buffer.
static int
take(struct call *call, struct buf *buf, int rc, char **out)
{
    if (rc != 0)
        return rc;
    *out = arena_strndup(call->arena, (const char *)buf_bytes(buf), buf_len(buf));
    buf_truncate(buf, 0);
    return *out == NULL ? STORE_FAULT_MEMORY : 0;
}

static int
offer_lines(struct call *call, struct listing *listing, const Kansen__V1__RoundOffer *offer,
            Kansen__V1__RoundLines *out)
{
    struct buf *buf = &listing->buf;
    int rc = take(call, buf, round_lines_offer(offer, buf), &out->input);

    if (rc != 0 || !round_view_has_result(listing->lines.round))
        return rc;
    rc = take(call, buf, round_lines_cutoff(offer, buf), &out->result);
    return rc == 0 ? take(call, buf, round_lines_public_cutoff(offer, buf), &out->explanation) : rc;
}

static int
student_lines(struct call *call, struct listing *listing, struct round_view *view,
              Kansen__V1__RoundLines *out)
{
    const struct round_lines *lines = &listing->lines;
    struct buf *buf = &listing->buf;
    int rc = effort_spend(call->effort, EFFORT_WISH * (view->student->n_offers + 1));

    if (rc == 0)
        rc = round_view_make(call->txn, lines, call->arena, view);
    if (rc == 0)
        rc = take(call, buf, round_lines_student(lines, view->student, view->offers, buf), &out->input);
    if (rc != 0 || view->result == NULL)
        return rc;
    rc = take(call, buf,
              round_lines_result(view->student->ref.data, view->result->offer_id, view->result->rank, buf),
              &out->result);
    if (rc == 0)
        rc = take(
            call, buf,
            round_lines_explanation(lines, view->student, view->offers, &view->explained, view->wishes, buf),
            &out->explanation);
    return rc;
}

static int
fill_offers(struct call *call, struct listing *listing, Kansen__V1__ListRoundLinesResponse *answer)
{
    Kansen__V1__RoundOffer *offer = NULL;
    uint64_t after = 0;
    int rc = page_read_id(call, PAGE_ROUND_OFFERS, &listing->given->cursor, &after);

    if (rc == 0 && after == 0)
        rc = take(call, &listing->buf, round_lines_head(&listing->lines, &listing->buf), &answer->head);
    listing->page.bytes += strlen(answer->head);
    while (rc == 0 && (rc = effort_spend(call->effort, EFFORT_RECORD)) == 0 &&
           (rc = round_offer_next(call->txn, listing->lines.round->id, after, call->arena, &offer)) == 0) {
        Kansen__V1__RoundLines *lines = arena_alloc(call->arena, sizeof *lines);

        if (lines == NULL)
            return STORE_FAULT_MEMORY;
        kansen__v1__round_lines__init(lines);
        rc = offer_lines(call, listing, offer, lines);
        if (rc == 0 && !page_add(&listing->page, &lines->base))
            return page_write_id(call, PAGE_ROUND_OFFERS, after, &answer->next_cursor);
        after = offer->offer_id;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

static int
fill_students(struct call *call, struct listing *listing, Kansen__V1__ListRoundLinesResponse *answer)
{
    uint8_t ref[ROUND_REF_BYTES];
    ProtobufCBinaryData after = {0, ref};
    struct round_view view = {0};
    const char *code = "";
    char hex[ROUND_LINES_REF] = "";
    int rc = page_read_code(call, PAGE_ROUND_STUDENTS, &listing->given->cursor, &code);

    if (rc == 0 && code[0] == '\0')
        rc = take(call, &listing->buf, round_lines_students(&listing->lines, &listing->buf), &answer->head);
    else if (rc == 0)
        (void)sodium_hex2bin(ref, sizeof ref, code, strlen(code), NULL, &after.len, NULL);
    while (rc == 0 && (rc = round_student_next(call->txn, listing->lines.round->id, &after, call->arena,
                                               &view.student)) == 0) {
        Kansen__V1__RoundLines *lines = arena_alloc(call->arena, sizeof *lines);

        if (lines == NULL)
            return STORE_FAULT_MEMORY;
        kansen__v1__round_lines__init(lines);
        rc = student_lines(call, listing, &view, lines);
        if (rc == 0 && !page_add(&listing->page, &lines->base))
            return page_write_code(call, PAGE_ROUND_STUDENTS, hex, &answer->next_cursor);
        memcpy(ref, view.student->ref.data, sizeof ref);
        after.len = sizeof ref;
        round_lines_ref(ref, hex);
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
answer_round_lines(struct call *call)
{
    struct listing listing = {.given = call->request->list_round_lines};
    Kansen__V1__ListRoundLinesResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__Round *round = NULL;
    int rc = answer == NULL ? STORE_FAULT_MEMORY : find(call, "round", listing.given->round, &round);

    if (rc == 0 && round->forgotten > 0)
        rc = fault_set(&call->fault, CODE_FAILED_PRECONDITION, "round", "the lists of round %s are deleted",
                       round->name);
    if (rc == 0 && round->input_digest.len == 0)
        rc = fault_set(&call->fault, CODE_FAILED_PRECONDITION, "round",
                       "round %s is not frozen, so it has no record", round->name);
    if (rc == 0)
        rc = page_start(call, listing.given->limit, &listing.page);
    if (rc == 0)
        rc = open_lines(call, round, &listing.lines);
    if (rc != 0)
        return rc;
    kansen__v1__list_round_lines_response__init(answer);
    if (listing.given->sort == KANSEN__V1__ROUND_LINE_SORT__ROUND_LINE_SORT_OFFERS)
        rc = fill_offers(call, &listing, answer);
    else if (listing.given->sort == KANSEN__V1__ROUND_LINE_SORT__ROUND_LINE_SORT_STUDENTS)
        rc = fill_students(call, &listing, answer);
    else
        rc = fault_set(&call->fault, CODE_INVALID_ARGUMENT, "sort", "give offers or students");
    buf_free(&listing.buf);
    answer->n_lines = listing.page.n;
    answer->lines = (Kansen__V1__RoundLines **)listing.page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_ROUND_LINES;
    call->response.list_round_lines = answer;
    return rc;
}

// ---- Objections

int
answer_round_objections(struct call *call)
{
    const Kansen__V1__ListRoundObjectionsRequest *list = call->request->list_round_objections;
    Kansen__V1__ListRoundObjectionsResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__RoundObjection *objection;
    Kansen__V1__Round *round = NULL;
    struct page page;
    uint64_t after = 0;
    int rc = answer == NULL ? STORE_FAULT_MEMORY : find(call, "round", list->round, &round);

    if (rc == 0)
        rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_id(call, PAGE_ROUND_OBJECTIONS, &list->cursor, &after);
    if (rc != 0)
        return rc;
    kansen__v1__list_round_objections_response__init(answer);
    while (rc == 0 && (rc = effort_spend(call->effort, EFFORT_RECORD)) == 0 &&
           (rc = round_objection_next(call->txn, round->id, after, call->arena, &objection)) == 0) {
        bool own = is_operator(call) || strcmp(objection->client, call->session->identity.client) == 0;

        if (own && !page_add(&page, &objection->base)) {
            rc = page_write_id(call, PAGE_ROUND_OBJECTIONS, after, &answer->next_cursor);
            break;
        }
        after = objection->id;
    }
    if (rc != 0 && rc != STORE_E_NOT_FOUND)
        return rc;
    answer->n_objections = page.n;
    answer->objections = (Kansen__V1__RoundObjection **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_ROUND_OBJECTIONS;
    call->response.list_round_objections = answer;
    return 0;
}
