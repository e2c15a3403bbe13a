// SPDX-License-Identifier: Apache-2.0
// Lines of the sealed record. Those of a student whose list fits no frame come in pieces, each of them with
// as many places of the list as surely fit; a piece that is not the last one ends its page.
#include "rpc/answer_round.h"
#include "rpc/page.h"
#include "store/round.h"
#include "store/store.h"
#include "work/round_view.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_FRONT 512u // bytes of a student's lines that are neither facts nor places of the list, at most

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
    return rc == 0 ? take(call, buf, round_lines_public_cutoff(listing->lines.round, offer, buf),
                          &out->explanation)
                   : rc;
}

static int
student_lines(struct call *call, struct listing *listing, struct round_view *view,
              Kansen__V1__RoundLines *out)
{
    const struct round_lines *lines = &listing->lines;
    struct buf *buf = &listing->buf;
    int rc = effort_spend(call->effort, ANSWER_ROUND_EFFORT(view->student, view->part.n));

    if (rc == 0)
        rc = round_view_make(call->txn, lines, call->arena, view);
    if (rc == 0)
        rc = take(call, buf, round_lines_student(lines, view->student, view->part, view->offers, buf),
                  &out->input);
    if (rc != 0 || view->result == NULL)
        return rc;
    if (view->part.from == 0)
        rc =
            take(call, buf,
                 round_lines_result(view->student->ref.data, view->result->offer_id, view->result->rank, buf),
                 &out->result);
    if (rc == 0)
        rc = take(call, buf,
                  round_lines_explanation(lines, view->student, view->part, view->offers, &view->explained,
                                          view->wishes, buf),
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

// Where a page of students starts: behind a student, and so many places into the list of the next one.
struct start {
    uint8_t ref[ROUND_REF_BYTES];
    ProtobufCBinaryData after; // ref, or nothing
    size_t place;
};

// A cursor is the reference in hex, and with a place a dot and its number.
#define CURSOR_BYTES (ROUND_LINES_REF + 24u)

static int
read_start(struct call *call, const ProtobufCBinaryData *cursor, struct start *start)
{
    const char *code = "", *dot;
    char *end;
    int rc = page_read_code(call, PAGE_ROUND_STUDENTS, cursor, &code);

    *start = (struct start){.after = {0, start->ref}};
    if (rc != 0 || code[0] == '\0')
        return rc;
    dot = strchr(code, '.');
    if (dot != code && (sodium_hex2bin(start->ref, sizeof start->ref, code, strcspn(code, "."), NULL,
                                       &start->after.len, NULL) != 0 ||
                        start->after.len != sizeof start->ref))
        return page_refuse_cursor(call);
    if (dot == NULL)
        return 0;
    start->place = strtoul(dot + 1, &end, 10);
    return *end == '\0' && start->place > 0 ? 0 : page_refuse_cursor(call);
}

static int
write_start(struct call *call, const struct start *start, ProtobufCBinaryData *cursor)
{
    char code[CURSOR_BYTES] = "";
    size_t len = 0;

    if (start->after.len != 0)
        len = strlen(round_lines_ref(start->ref, code));
    if (start->place != 0)
        snprintf(code + len, sizeof code - len, ".%zu", start->place);
    return page_write_code(call, PAGE_ROUND_STUDENTS, code, cursor);
}

// The part of a student's list from a place on whose lines fit a page.
static struct round_lines_part
part_of(struct call *call, const Kansen__V1__RoundStudent *student, size_t from)
{
    size_t front = PIECE_FRONT, room = page_room(call), left = student->n_offers - from, most;

    for (size_t i = 0; i < student->n_facts; i++)
        front += strlen(student->facts[i]) + 1;
    most = room > front + ROUND_LINES_PLACE ? (room - front) / ROUND_LINES_PLACE : 1;
    return (struct round_lines_part){from, left < most ? left : most};
}

// Adds the lines of the next student, or a piece of them. *more is false when the page is at its end.
static int
add_student(struct call *call, struct listing *listing, struct start *start, bool *more)
{
    Kansen__V1__RoundLines *lines = arena_alloc(call->arena, sizeof *lines);
    struct round_view view = {0};
    int rc = lines == NULL ? STORE_FAULT_MEMORY
                           : round_student_next(call->txn, listing->lines.round->id, &start->after,
                                                call->arena, &view.student);

    if (rc == 0 && start->place > view.student->n_offers)
        rc = page_refuse_cursor(call);
    if (rc != 0)
        return rc;
    view.part = part_of(call, view.student, start->place);
    kansen__v1__round_lines__init(lines);
    rc = student_lines(call, listing, &view, lines);
    *more = rc == 0 && page_add(&listing->page, &lines->base);
    if (!*more)
        return rc;
    start->place += view.part.n;
    *more = start->place == view.student->n_offers;
    if (*more) {
        memcpy(start->ref, view.student->ref.data, sizeof start->ref);
        start->after.len = sizeof start->ref;
        start->place = 0;
    }
    return 0;
}

static int
fill_students(struct call *call, struct listing *listing, Kansen__V1__ListRoundLinesResponse *answer)
{
    bool more = true;
    struct start start;
    int rc = read_start(call, &listing->given->cursor, &start);

    if (rc == 0 && start.after.len == 0 && start.place == 0)
        rc = take(call, &listing->buf, round_lines_students(&listing->lines, &listing->buf), &answer->head);
    while (rc == 0 && more)
        rc = add_student(call, listing, &start, &more);
    if (rc == 0)
        return write_start(call, &start, &answer->next_cursor);
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
answer_round_lines(struct call *call)
{
    struct listing listing = {.given = call->request->list_round_lines};
    Kansen__V1__ListRoundLinesResponse *answer = arena_alloc(call->arena, sizeof *answer);
    Kansen__V1__Round *round = NULL;
    int rc =
        answer == NULL ? STORE_FAULT_MEMORY : answer_round_find(call, "round", listing.given->round, &round);

    if (rc == 0 && round->forgotten > 0)
        rc = fault_set(&call->fault, CODE_FAILED_PRECONDITION, "round", "the lists of round %s are deleted",
                       round->name);
    if (rc == 0 && round->input_digest.len == 0)
        rc = fault_set(&call->fault, CODE_FAILED_PRECONDITION, "round",
                       "round %s is not frozen, so it has no record", round->name);
    if (rc == 0)
        rc = page_start(call, listing.given->limit, &listing.page);
    if (rc == 0)
        rc = answer_round_open(call, round, &listing.lines);
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
