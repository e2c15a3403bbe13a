// SPDX-License-Identifier: Apache-2.0
// What became of one student, and why, as many wishes at a time as fit a frame. Only the offers of these are
// read, so the whole of a long list is had in time of its length.
#include "rpc/answer_round.h"
#include "rpc/page.h"
#include "rpc/round_refs.h"
#include "rpc/rpc.h"
#include "store/records.h"
#include "store/round.h"
#include "store/store.h"
#include "work/round_text.h"
#include <inttypes.h>
#include <string.h>

#define WISHES_MAX 1000u // in one answer
#define ELEMENT    16u   // bytes in a frame around a wish and its offer, and around a line of text, at most

// An answer that is being filled.
struct filling {
    struct call *call;
    struct round_lines lines;
    struct round_view view;
    struct round_text text;
    Kansen__V1__GetRoundStudentResponse *answer;
    size_t bytes; // so far
};

// ---- Who

// The reference that is asked for.
static int
find_ref(struct call *call, uint8_t ref[ROUND_REF_BYTES])
{
    const Kansen__V1__GetRoundStudentRequest *given = call->request->get_round_student;
    const char *issuer;
    int rc;

    if (given->ref.len != 0) {
        if (!answer_round_is_operator(call) || given->ref.len != ROUND_REF_BYTES || given->student[0] != '\0')
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
    if (rc == STORE_E_NOT_FOUND || (rc == 0 && !answer_round_is_operator(call) &&
                                    strcmp(view->student->client, call->session->identity.client) != 0))
        return fault_set(&call->fault, CODE_NOT_FOUND, "student", "this student has no list in the round");
    return rc;
}

// ---- Wishes

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
    if (!round_lines_is_pinned(view->student, view->part.from + i))
        wish->class_ = round_lines_class(lines, view->student, view->offers[i], &line);
    if (wish->class_ == ROUND_RULE_INELIGIBLE) {
        wish->class_ = 0;
        wish->rule_line = (char *)line;
    } else {
        wish->class_label = (char *)round_rule_label(lines->rule, wish->class_);
    }
    if (view->result == NULL)
        return 0;
    wish->reason = (char *)round_lines_reason(&view->explained, &view->wishes[i]);
    if (view->wishes[i].reason != EXPLAIN_NOT_CONSIDERED && view->wishes[i].reason != EXPLAIN_INELIGIBLE) {
        wish->cutoff = arena_alloc(call->arena, ROUND_LINES_BOUND);
        if (wish->cutoff == NULL)
            return STORE_FAULT_MEMORY;
        round_lines_bound(view->wishes[i].bound, wish->cutoff);
    }
    return 0;
}

// What an offer is called, of which nothing may be left.
static int
name_offer(struct filling *filling, uint64_t id, const char **name)
{
    struct call *call = filling->call;
    Kansen__V1__Partner *partner = NULL;
    Kansen__V1__Offer *offer = NULL;
    int rc = offer_get(call->txn, id, call->arena, &offer);

    if (rc == 0)
        rc = partner_get(call->txn, offer->partner_id, call->arena, &partner);
    if (rc < 0)
        return rc;
    *name = round_text_name(filling->text.language, id, offer != NULL ? offer->title : NULL,
                            partner != NULL ? partner->name : NULL, call->arena);
    return *name == NULL ? STORE_FAULT_MEMORY : 0;
}

static int
add_sentences(struct filling *filling, size_t i)
{
    const struct round_view *view = &filling->view;
    const char *name;
    int rc = name_offer(filling, view->student->offers[view->part.from + i], &name);

    return rc == 0 ? round_text_wish(&filling->text, i, name) : rc;
}

static int
begin_text(struct filling *filling)
{
    const Kansen__V1__RoundResult *result = filling->view.result;
    const char *placed = NULL, *corrected = NULL;
    int rc = 0;

    if (result == NULL || filling->view.part.from != 0)
        return 0;
    if (result->rank != 0)
        rc = name_offer(filling, result->offer_id, &placed);
    if (rc == 0 && result->corrected_offer_id != 0)
        rc = name_offer(filling, result->corrected_offer_id, &corrected);
    return rc == 0 ? round_text_begin(&filling->text, placed, corrected) : rc;
}

static size_t
text_bytes(const struct round_text *text, size_t from)
{
    size_t bytes = 0;

    for (size_t i = from; i < text->n; i++)
        bytes += strlen(text->out[i]) + ELEMENT;
    return bytes;
}

// Adds wishes with their sentences, as many of the part as fit; one at least.
static int
add_wishes(struct filling *filling)
{
    Kansen__V1__GetRoundStudentResponse *answer = filling->answer;
    size_t most = page_room(filling->call);
    int rc = begin_text(filling);

    filling->bytes += text_bytes(&filling->text, 0);
    for (size_t i = 0; i < filling->view.part.n && rc == 0; i++) {
        size_t text = filling->text.n;

        rc = add_wish(filling->call, &filling->lines, &filling->view, i, &answer->wishes[i]);
        if (rc == 0 && filling->view.result != NULL)
            rc = add_sentences(filling, i);
        if (rc != 0)
            return rc;
        filling->bytes += kansen__v1__round_wish__get_packed_size(answer->wishes[i]) + ELEMENT +
                          text_bytes(&filling->text, text);
        if (filling->bytes > most && i > 0) {
            filling->text.n = text;
            break;
        }
        answer->n_wishes++;
    }
    return rc;
}

// ---- The answer

static int
start_text(struct filling *filling)
{
    const char *given = filling->call->request->get_round_student->language;

    if (given[0] != '\0' && strcmp(given, "nl") != 0 && strcmp(given, "en") != 0)
        return fault_set(&filling->call->fault, CODE_INVALID_ARGUMENT, "language",
                         "'%.10s' is not allowed; it is nl or en", given);
    filling->text = (struct round_text){
        .lines = &filling->lines,
        .view = &filling->view,
        .language = strcmp(given, "en") == 0 ? ROUND_TEXT_EN : ROUND_TEXT_NL,
        .arena = filling->call->arena,
        .out = arena_array(filling->call->arena, 3 * filling->view.part.n + ROUND_TEXT_LINES, sizeof(char *)),
    };
    return filling->text.out == NULL ? STORE_FAULT_MEMORY : 0;
}

// The part of the list that is asked for.
static int
find_part(struct call *call, struct round_view *view)
{
    const Kansen__V1__GetRoundStudentRequest *given = call->request->get_round_student;
    size_t all = view->student->n_offers, left, limit = given->limit == 0 ? WISHES_MAX : given->limit;

    if (given->limit > WISHES_MAX)
        return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "limit",
                         "%" PRIu32 " is not allowed; it takes 1..%u, or 0 for %u", given->limit, WISHES_MAX,
                         WISHES_MAX);
    if (given->first_wish > 0 && given->first_wish >= all)
        return fault_set(&call->fault, CODE_INVALID_ARGUMENT, "first_wish",
                         "%" PRIu32 " is not allowed; the list has %zu wishes, the first one is 0",
                         given->first_wish, all);
    left = all - given->first_wish;
    view->part = (struct round_lines_part){given->first_wish, left < limit ? left : limit};
    return 0;
}

static int
fill(struct filling *filling)
{
    Kansen__V1__GetRoundStudentResponse *answer = filling->answer;
    struct round_view *view = &filling->view;
    Kansen__V1__RoundStudent *student = arena_alloc(filling->call->arena, sizeof *student);
    size_t all = view->student->n_offers, end;
    int rc;

    answer->wishes = arena_array(filling->call->arena, view->part.n + 1, sizeof(Kansen__V1__RoundWish *));
    if (student == NULL || answer->wishes == NULL)
        return STORE_FAULT_MEMORY;
    *student = *view->student;
    student->n_offers = 0;
    answer->student = student;
    answer->result = view->result;
    filling->bytes = kansen__v1__get_round_student_response__get_packed_size(answer);
    rc = start_text(filling);
    if (rc == 0)
        rc = add_wishes(filling);
    end = view->part.from + answer->n_wishes;
    if (rc == 0 && view->result != NULL && end == all)
        rc = round_text_end(&filling->text);
    student->n_offers = answer->n_wishes;
    if (view->part.n > 0)
        student->offers = view->student->offers + view->part.from;
    answer->all_wishes = (uint32_t)all;
    answer->next_wish = end == all ? 0 : (uint32_t)end;
    answer->n_text = filling->text.n;
    answer->text = filling->text.out;
    return rc;
}

int
answer_round_student(struct call *call)
{
    struct filling filling = {.call = call, .answer = arena_alloc(call->arena, sizeof *filling.answer)};
    struct round_view *view = &filling.view;
    Kansen__V1__Round *round = NULL;
    int rc = filling.answer == NULL
                 ? STORE_FAULT_MEMORY
                 : answer_round_find(call, "round", call->request->get_round_student->round, &round);

    if (rc == 0)
        rc = find_student(call, round, view);
    if (rc == 0)
        rc = find_part(call, view);
    if (rc == 0)
        rc = effort_spend(call->effort, ANSWER_ROUND_EFFORT(view->student, view->part.n));
    if (rc == 0)
        rc = answer_round_open(call, round, &filling.lines);
    if (rc == 0)
        rc = round_view_make(call->txn, &filling.lines, call->arena, view);
    if (rc != 0)
        return rc;
    kansen__v1__get_round_student_response__init(filling.answer);
    rc = fill(&filling);
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_GET_ROUND_STUDENT;
    call->response.get_round_student = filling.answer;
    return rc;
}
