// SPDX-License-Identifier: Apache-2.0
// Operations on placements: reserve, move, forget. Seats are given by the command's own time, never by a
// caller's date.
#include "base/date.h"
#include "store/offer_row.h"
#include "store/placement.h"
#include "store/records.h"
#include "store/retention.h"
#include "store/write.h"
#include "work/change.h"
#include "work/round_lock.h"
#include "work/seats.h"
#include "work/valid.h"
#include <string.h>

#define STATE(name)    KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_##name
#define RETRY_HOLDS_MS 1000u

// ---- Reserve
// -------------------------------------------------------------------------------------------------------

// What a reservation is decided on.
struct reservation {
    const Kansen__V1__ReservePlacement *given;
    Kansen__V1__Offer *offer;
    struct offer_row row;
    int32_t day; // of the command
    bool new_student;
    uint8_t student[STUDENT_ID_BYTES];
};

// A refusal is kept with its idempotency key, so what it says of a student's request quotes nothing.
static int
check_day(struct change *change, const char *field, const char *text, int32_t *day)
{
    if (valid_date(change->fault, "", field, text, day) == 0)
        return 0;
    return fault_set(change->fault, CODE_INVALID_ARGUMENT, field,
                     "%s is no date; allowed is a day of the years 1900 to 2199 as YYYY-MM-DD, or nothing",
                     field);
}

static int
check_given(struct change *change, const Kansen__V1__ReservePlacement *given)
{
    struct fault *fault = change->fault;
    int32_t from, to;
    int rc = valid_number(fault, "", "lease_s", given->lease_s, 0, SEATS_LEASE_MAX_S);

    if (rc == 0)
        rc = check_day(change, "from_date", given->from_date, &from);
    if (rc == 0)
        rc = check_day(change, "to_date", given->to_date, &to);
    if (rc == 0 && from != DATE_NONE && to != DATE_NONE && to < from)
        rc = fault_set(fault, CODE_INVALID_ARGUMENT, "to_date", "to_date is before from_date");
    if (rc == 0 && !change->command->secrets->has_student)
        rc = fault_set(fault, CODE_INVALID_ARGUMENT, "student",
                       "student is missing; give the client's reference");
    return rc;
}

static int
refuse_offer(struct change *change, const char *why)
{
    return fault_set(change->fault, CODE_FAILED_PRECONDITION, "offer_id", "the offer %s", why);
}

static int
check_offer_open(struct change *change, struct reservation *reservation)
{
    const struct offer_row *row = &reservation->row;
    int rc = offer_get(change->txn, reservation->given->offer_id, change->arena, &reservation->offer);

    if (rc == 0)
        rc = offer_row_get(change->txn, reservation->given->offer_id, &reservation->row);
    if (rc == STORE_E_NOT_FOUND)
        return fault_set(change->fault, CODE_NOT_FOUND, "offer_id", "there is no offer %llu",
                         (unsigned long long)reservation->given->offer_id);
    if (rc != 0)
        return rc;
    if ((row->flags & OFFER_ROW_LIVE) == 0)
        return refuse_offer(change, "is not open");
    if (row->deadline != DATE_NONE && row->deadline < reservation->day)
        return refuse_offer(change, "takes no requests any more: its deadline has passed");
    if (row->end != DATE_NONE && row->end < reservation->day)
        return refuse_offer(change, "has ended");
    return round_lock_check(change, "offer_id", row->offer_id);
}

// Finds or makes the student's id; one student does not take two seats of one offer.
static int
check_student(struct change *change, struct reservation *reservation)
{
    const struct command_secrets *secrets = change->command->secrets;
    const Kansen__V1__ReservePlacement *given = reservation->given;
    uint64_t other;
    uint32_t live = 0;
    int rc = student_find(change->txn, secrets->student_hash, reservation->student);

    if (rc == STORE_E_NOT_FOUND) {
        reservation->new_student = true;
        memcpy(reservation->student, secrets->random, sizeof reservation->student);
        return 0;
    }
    if (rc == 0)
        rc = student_seat_find(change->txn, reservation->student, given->offer_id, &other);
    if (rc == 0)
        return fault_set(change->fault, CODE_ALREADY_EXISTS, "student",
                         "this student has placement %llu at the offer already", (unsigned long long)other);
    if (rc != STORE_E_NOT_FOUND)
        return rc;
    if (given->max_live == 0)
        return 0;
    rc = student_seat_count(change->txn, reservation->student, given->max_live, &live);
    if (rc == 0 && live >= given->max_live)
        rc = fault_set(change->fault, CODE_FAILED_PRECONDITION, "max_live",
                       "this student has %u live placements; at most %u are allowed", live, given->max_live);
    return rc;
}

static int
check_holds(struct change *change)
{
    const struct command *command = change->command;
    uint32_t holds = 0;
    int rc;

    if (command->max_holds == 0)
        return 0;
    rc = hold_count(change->txn, command->client, command->max_holds, &holds);
    if (rc != 0 || holds < command->max_holds)
        return rc;
    fault_fill(change->fault, CODE_RESOURCE_EXHAUSTED, "offer_id",
               "%s has %u open holds, which is the most; ask for seats or let holds go", command->client,
               holds);
    change->fault->retry_after_ms = RETRY_HOLDS_MS;
    return FAULT;
}

// Where the placement starts: in the draw, with a seat, or on the waiting list.
static int
first_state(struct change *change, const struct reservation *reservation, Kansen__V1__PlacementState *state)
{
    const Kansen__V1__ReservePlacement *given = reservation->given;
    int32_t collect_until;

    if (date_parse(reservation->offer->collect_until, &collect_until) == 0 &&
        reservation->day <= collect_until) {
        *state = STATE(ENTERED);
        return 0;
    }
    if (offer_row_free(&reservation->row, given->referred, reservation->day) > 0) {
        *state = !given->request                        ? STATE(HELD)
                 : change_is_direct(reservation->offer) ? STATE(ACCEPTED)
                                                        : STATE(REQUESTED);
        return given->request ? 0 : check_holds(change);
    }
    if (given->wait && reservation->offer->waiting_list) {
        *state = STATE(WAITING);
        return 0;
    }
    return refuse_offer(change,
                        given->wait ? "has no free seat and keeps no waiting list" : "has no free seat");
}

static int
put_new(struct change *change, struct reservation *reservation, Kansen__V1__PlacementState state)
{
    const Kansen__V1__ReservePlacement *given = reservation->given;
    Kansen__V1__Placement *placement = arena_alloc(change->arena, sizeof *placement);
    uint8_t *student = arena_alloc(change->arena, STUDENT_ID_BYTES);
    uint32_t lease_s = given->lease_s != 0 ? given->lease_s : SEATS_LEASE_S;
    int rc;

    if (placement == NULL || student == NULL)
        return STORE_FAULT_MEMORY;
    memcpy(student, reservation->student, STUDENT_ID_BYTES);
    kansen__v1__placement__init(placement);
    rc = store_next_id(change->txn, STORE_ID_PLACEMENT, &placement->id);
    if (rc != 0)
        return rc;
    placement->version = 1;
    placement->offer_id = reservation->offer->id;
    placement->partner_id = reservation->offer->partner_id;
    placement->student_id = (ProtobufCBinaryData){STUDENT_ID_BYTES, student};
    placement->client = (char *)change->command->client;
    placement->state = state;
    placement->referred = given->referred;
    placement->lease_s = given->lease_s;
    placement->from_date = given->from_date;
    placement->to_date = given->to_date;
    placement->turn = seats_turn(placement->id);
    placement->created_us = placement->updated_us = change->command->time_us;
    if (state == STATE(HELD))
        placement->expires_us = change->command->time_us + lease_s * INT64_C(1000000);
    change->student_id = student;
    rc = placement_put(change->txn, placement, NULL);
    if (rc == 0 && reservation->new_student)
        rc = student_put(change->txn, change->command->secrets->student_hash, student,
                         change->command->time_us);
    return rc == 0 ? change_done_placement(change, placement) : rc;
}

int
change_reserve_placement(struct change *change)
{
    struct reservation reservation = {.given = change->command->write->reserve_placement,
                                      .day = date_of_time(change->command->time_us)};
    Kansen__V1__PlacementState state = STATE(UNSPECIFIED);
    int rc;

    rc = check_given(change, reservation.given);
    if (rc == 0)
        rc = check_offer_open(change, &reservation);
    if (rc == 0)
        rc = check_student(change, &reservation);
    if (rc == 0)
        rc = first_state(change, &reservation, &state);
    return rc == 0 ? put_new(change, &reservation, state) : rc;
}

// ---- Move
// ----------------------------------------------------------------------------------------------------------

static const enum event events[] = {
    [KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_REQUEST] = EVENT_REQUEST,
    [KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_ACCEPT] = EVENT_ACCEPT,
    [KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_DECLINE] = EVENT_DECLINE,
    [KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_CONFIRM] = EVENT_CONFIRM,
    [KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_START] = EVENT_START,
    [KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_COMPLETE] = EVENT_COMPLETE,
    [KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_WITHDRAW] = EVENT_WITHDRAW,
    [KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_DROP_OUT] = EVENT_DROP_OUT,
    [KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_CANCEL] = EVENT_CANCEL,
};

// Which of the caller's hats fit this placement: a portal's only its own, a partner's only those at it.
static unsigned
movers_for(const struct command *command, const Kansen__V1__Placement *placement)
{
    unsigned movers = command->movers;

    if (strcmp(command->client, placement->client) != 0)
        movers &= ~(unsigned)MOVER_PORTAL;
    if (command->partner != placement->partner_id)
        movers &= ~(unsigned)MOVER_PARTNER;
    return movers;
}

// The placement, if the caller may know of it: else it is as if it were not there.
static int
get_known(struct change *change, uint64_t id, Kansen__V1__Placement **out)
{
    int rc = placement_get(change->txn, id, change->arena, out);

    if (rc == STORE_E_NOT_FOUND || (rc == 0 && movers_for(change->command, *out) == 0))
        return fault_set(change->fault, CODE_NOT_FOUND, "id", "there is no placement %llu",
                         (unsigned long long)id);
    return rc;
}

static int
check_move(struct change *change, const Kansen__V1__MovePlacement *given)
{
    const bool declines = given->move == KANSEN__V1__PLACEMENT_MOVE__PLACEMENT_MOVE_DECLINE;
    int rc = valid_enum(change->fault, "", "move", (int)given->move, &names_placement_move, false);

    if (rc == 0)
        rc = valid_enum(change->fault, "", "reason", (int)given->reason, &names_decline_reason, !declines);
    if (rc == 0 && !declines && given->reason != 0)
        rc = fault_set(change->fault, CODE_INVALID_ARGUMENT, "reason", "a reason goes with decline only");
    return rc;
}

static int
find_event(struct change *change, const Kansen__V1__MovePlacement *given,
           const Kansen__V1__Placement *placement, enum event *event)
{
    Kansen__V1__Offer *offer = NULL;
    int rc;

    *event = events[given->move];
    if (*event != EVENT_REQUEST)
        return 0;
    rc = offer_get(change->txn, placement->offer_id, change->arena, &offer);
    if (rc == 0 && change_is_direct(offer))
        *event = EVENT_REQUEST_DIRECT;
    return rc == STORE_E_NOT_FOUND ? 0
                                   : rc; // an offer that is gone has no live placement, and the state refuses
}

static int
next_state(struct change *change, const Kansen__V1__MovePlacement *given, const Kansen__V1__Placement *old,
           Kansen__V1__PlacementState *next)
{
    enum event event = EVENT_COUNT;
    int rc = find_event(change, given, old, &event);

    if (rc != 0)
        return rc;
    switch (lifecycle_move(old->state, event, movers_for(change->command, old), next)) {
    case 0:
        return 0;
    case LIFECYCLE_E_MOVER:
        return fault_set(change->fault, CODE_PERMISSION_DENIED, "move", "%s is not for this caller to do",
                         names_text(&names_placement_move, (int)given->move));
    default:
        return fault_set(change->fault, CODE_FAILED_PRECONDITION, "move", "a placement that is %s can not %s",
                         names_text(&names_placement_state, (int)old->state),
                         names_text(&names_placement_move, (int)given->move));
    }
}

int
change_move_placement(struct change *change)
{
    const Kansen__V1__MovePlacement *given = change->command->write->move_placement;
    Kansen__V1__Placement *old = NULL, *placement = NULL;
    struct seats_next next = {.reason = given->reason};
    int rc = check_move(change, given);

    if (rc == 0)
        rc = get_known(change, given->id, &old);
    if (rc == 0)
        rc = change_version(change, "version", given->version, old->version, true);
    if (rc == 0)
        rc = next_state(change, given, old, &next.state);
    if (rc != 0)
        return rc;
    rc = seats_set(change, old, &next, &placement);
    if (rc == 0 && given->reason != 0)
        rc = decline_add(change->txn, old->partner_id, given->reason);
    if (rc == 0)
        rc = change_done_placement(change, placement);
    if (rc == 0 && placement_takes_seat(old->state) && !placement_takes_seat(next.state))
        rc = seats_fill(change, old->offer_id);
    return rc;
}

// ---- Forget
// --------------------------------------------------------------------------------------------------------

int
change_forget_student(struct change *change)
{
    const struct command_secrets *secrets = change->command->secrets;
    uint8_t *id = arena_alloc(change->arena, STUDENT_ID_BYTES);
    bool goes = true;
    int rc;

    if (id == NULL)
        return STORE_FAULT_MEMORY;
    if (!secrets->has_student)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, "student",
                         "student is missing; give the client's reference");
    rc = student_find(change->txn, secrets->student_hash, id);
    if (rc == STORE_E_NOT_FOUND)
        return fault_set(change->fault, CODE_NOT_FOUND, "student", "this reference is not known");
    if (rc == 0 && (change->command->movers & MOVER_CLOCK) != 0)
        rc = retention_is_idle(change->txn, secrets->student_hash,
                               change->command->time_us - change->command->retain.students_us, &goes);
    if (rc != 0)
        return rc;
    if (!goes) { // it came back while the clock looked
        change->outcome = KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED;
        return 0;
    }
    change->outcome = KANSEN__V1__OUTCOME__OUTCOME_REMOVED;
    change->student_id = id;
    return student_delete(change->txn, secrets->student_hash);
}
