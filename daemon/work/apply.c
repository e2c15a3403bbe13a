// SPDX-License-Identifier: Apache-2.0
// Applying a command: find its operation in the table, ask whether the caller may, let it check and put, add
// it to the journal.
#include "work/apply.h"
#include "store/client.h"
#include "store/placement.h"
#include "store/write.h"
#include "work/change.h"
#include "work/lifecycle.h"
#include "work/operations.h"
#include "work/valid.h"
#include <string.h>

#define OPERATION(name) KANSEN__V1__WRITE__OPERATION_##name

bool
apply_grows(const Kansen__V1__Write *write)
{
    const struct operation *operation = operations_find(write);

    if (write->operation_case == OPERATION(LOAD_STREAM) && write->load_stream->data.len == 0)
        return false; // it gives a stream up, which must go when the store is full
    return operation != NULL && operation->grows;
}

// Whether a write is about a student: no external id is in it, so its source plays no part.
static bool
is_about_student(const Kansen__V1__Write *write)
{
    return write->operation_case == OPERATION(RESERVE_PLACEMENT) ||
           write->operation_case == OPERATION(MOVE_PLACEMENT) ||
           write->operation_case == OPERATION(FORGET_STUDENT) ||
           write->operation_case == OPERATION(SUBMIT_ROUND_LIST) ||
           write->operation_case == OPERATION(WITHDRAW_ROUND_LIST) ||
           write->operation_case == OPERATION(OBJECT_TO_ROUND);
}

// The source of the external ids in the write: the caller's own, if it is bound to one.
static int
set_source(struct change *change)
{
    const char *given = change->command->write->source, *own = change->command->source;

    if (own == NULL || own[0] == '\0') {
        change->source = given[0] == '\0' ? CHANGE_LOCAL : given;
        if (valid_source(change->fault, "", "source", change->source) == 0)
            return 0;
        if (is_about_student(change->command->write)) // whose request is quoted nowhere
            fault_fill(change->fault, CODE_INVALID_ARGUMENT, "source", "this is no source; leave it empty");
        return FAULT;
    }
    change->source = own;
    if (given[0] == '\0' || strcmp(given, own) == 0)
        return 0;
    return fault_set(change->fault, CODE_PERMISSION_DENIED, "source",
                     "the source of this client is '%s'; it may give no other", own);
}

static int
run_operation(struct change *change)
{
    const struct operation *operation = operations_find(change->command->write);
    int rc;

    if (operation == NULL)
        return change_missing(change, "operation");
    if ((operation->callers & change->command->movers) == 0)
        return fault_set(change->fault, CODE_PERMISSION_DENIED, operation->name,
                         "%s is not for this caller to do", operation->name);
    rc = set_source(change);
    if (rc == 0 && change->command->secrets != NULL && change->command->secrets->fault != NULL) {
        *change->fault = *change->command->secrets->fault;
        return FAULT;
    }
    return rc == 0 ? operation->apply(change) : rc;
}

// The write as the journal keeps it: of a student's request without the reference, and without the source,
// which means nothing here and may hold anything.
// copies must live as long as *out.
struct copies {
    Kansen__V1__ReservePlacement reserve;
    Kansen__V1__ForgetStudent forget;
    Kansen__V1__SubmitRoundList submit;
    Kansen__V1__WithdrawRoundList withdraw;
    Kansen__V1__ObjectToRound object;
};

static void
without_student(const Kansen__V1__Write *write, struct copies *copies, Kansen__V1__Write *out)
{
    *out = *write;
    if (!is_about_student(write))
        return;
    out->source = (char *)protobuf_c_empty_string;
    if (write->operation_case == OPERATION(RESERVE_PLACEMENT)) {
        copies->reserve = *write->reserve_placement;
        copies->reserve.student = (char *)protobuf_c_empty_string;
        out->reserve_placement = &copies->reserve;
    } else if (write->operation_case == OPERATION(FORGET_STUDENT)) {
        copies->forget = *write->forget_student;
        copies->forget.student = (char *)protobuf_c_empty_string;
        out->forget_student = &copies->forget;
    } else if (write->operation_case == OPERATION(SUBMIT_ROUND_LIST)) {
        copies->submit = *write->submit_round_list;
        copies->submit.student = (char *)protobuf_c_empty_string;
        out->submit_round_list = &copies->submit;
    } else if (write->operation_case == OPERATION(OBJECT_TO_ROUND)) {
        copies->object = *write->object_to_round;
        copies->object.student = (char *)protobuf_c_empty_string;
        out->object_to_round = &copies->object;
    } else if (write->operation_case == OPERATION(WITHDRAW_ROUND_LIST)) {
        copies->withdraw = *write->withdraw_round_list;
        copies->withdraw.student = (char *)protobuf_c_empty_string;
        out->withdraw_round_list = &copies->withdraw;
    }
}

// All that the command carries and that can matter when it is done again; with the entry's write, time, seed,
// student and hash it is the command.
static void
fill_context(const struct command *command, Kansen__V1__CommandContext *out)
{
    kansen__v1__command_context__init(out);
    out->client = (char *)(command->client == NULL ? "" : command->client);
    out->movers = command->movers;
    out->partner_id = command->partner;
    out->source = (char *)(command->source == NULL ? "" : command->source);
    if ((command->movers & MOVER_CLOCK) == 0)
        return;
    out->retain_placements_us = command->retain.placements_us;
    out->retain_students_us = command->retain.students_us;
    out->retain_journal_us = command->retain.journal_us;
}

static int
add_to_journal(const struct change *change, uint64_t *sequence)
{
    Kansen__V1__JournalEntry entry = KANSEN__V1__JOURNAL_ENTRY__INIT;
    Kansen__V1__CommandContext context;
    struct copies copies;
    Kansen__V1__Write write;
    int rc;

    without_student(change->command->write, &copies, &write);
    entry.time_us = change->command->time_us;
    entry.actor = (char *)change->command->actor;
    entry.semantics = STORE_SEMANTICS;
    entry.write = &write;
    fill_context(change->command, &context);
    entry.context = &context;
    entry.outcome = change->outcome;
    entry.id = change->id;
    entry.version = change->version;
    entry.n_changes = change->n_noted;
    entry.changes = change->noted;
    entry.first_kept = change->first_kept;
    if (change->seed != NULL)
        entry.seed = (ProtobufCBinaryData){sizeof change->command->secrets->random, (uint8_t *)change->seed};
    if (change->round_bytes != NULL)
        entry.round_bytes =
            (ProtobufCBinaryData){sizeof change->command->secrets->ref, (uint8_t *)change->round_bytes};
    if (change->student_id != NULL)
        entry.student_id = (ProtobufCBinaryData){STUDENT_ID_BYTES, (uint8_t *)change->student_id};
    if (change->token_hash != NULL)
        entry.token_hash = (ProtobufCBinaryData){TOKEN_HASH_BYTES, (uint8_t *)change->token_hash};
    rc = journal_append(change->txn, &entry);
    if (rc == 0)
        *sequence = entry.sequence;
    return rc;
}

static int
refuse(const struct fault *fault, struct arena *arena, Kansen__V1__WriteResult *result)
{
    Kansen__V1__Status *status = arena_alloc(arena, sizeof *status);

    if (status == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__status__init(status);
    status->code = (int32_t)fault->code;
    status->retry_after_ms = fault->retry_after_ms;
    status->message = arena_strdup(arena, fault->message);
    status->field = arena_strdup(arena, fault->field);
    if (status->message == NULL || status->field == NULL)
        return STORE_FAULT_MEMORY;
    result->status = status;
    return 0;
}

int
apply(struct txn *txn, const struct command *command, struct arena *arena, Kansen__V1__WriteResult *result)
{
    struct fault fault = {0};
    struct change change = {.txn = txn, .command = command, .arena = arena, .fault = &fault};
    uint64_t sequence = 0;
    int rc = run_operation(&change);

    kansen__v1__write_result__init(result);
    if (rc == FAULT)
        return refuse(&fault, arena, result);
    if (rc == 0 && change.outcome != KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED)
        rc = add_to_journal(&change, &sequence);
    if (rc != 0)
        return rc;
    result->outcome = change.outcome;
    result->id = change.id;
    result->version = change.version;
    result->sequence = sequence;
    if (change.placement != NULL) {
        result->placement_state = change.placement->state;
        result->expires_us = change.placement->expires_us;
    }
    return 0;
}
