// SPDX-License-Identifier: Apache-2.0
// One command while it is applied, and the functions that apply each operation: check everything first, then
// put. Each returns 0 (done, outcome set), FAULT (refused, fault filled, nothing changed) or a store fault.
#ifndef WORK_CHANGE_H
#define WORK_CHANGE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "store/store.h"
#include "work/apply.h"
#include <kansen/v1/command.pb-c.h>
#include <stdbool.h>

#define CHANGE_LOCAL "local" // the source where none is given, and the client without a token

struct change {
    struct txn *txn;
    const struct command *command;
    const char *source; // of the external ids in the command
    struct arena *arena;
    struct fault *fault;
    Kansen__V1__Outcome outcome;
    uint64_t id, version;
    const Kansen__V1__Placement *placement;  // as it is now, for operations on one
    const uint8_t *student_id, *seed;        // for the journal; NULL where there is none
    const uint8_t *token_hash, *round_bytes; // the same
    uint64_t first_kept;        // of a tick that let entries of the journal go: the oldest one left
    size_t n_noted, room_noted; // records that changed
    Kansen__V1__Change **noted; // in arena
};

int change_create_partner(struct change *change) MUST_CHECK;
int change_replace_partner(struct change *change) MUST_CHECK;
int change_upsert_partner(struct change *change) MUST_CHECK;
int change_set_partner_status(struct change *change) MUST_CHECK;
int change_remove_partner(struct change *change) MUST_CHECK;

int change_create_offer(struct change *change) MUST_CHECK;
int change_replace_offer(struct change *change) MUST_CHECK;
int change_upsert_offer(struct change *change) MUST_CHECK;
int change_set_offer_status(struct change *change) MUST_CHECK;
int change_remove_offer(struct change *change) MUST_CHECK;

int change_reserve_placement(struct change *change) MUST_CHECK;
int change_move_placement(struct change *change) MUST_CHECK;
int change_forget_student(struct change *change) MUST_CHECK;
int change_tick(struct change *change) MUST_CHECK;

int change_create_client(struct change *change) MUST_CHECK;
int change_set_client_status(struct change *change) MUST_CHECK;
int change_set_client_certificate(struct change *change) MUST_CHECK;
int change_issue_token(struct change *change) MUST_CHECK;
int change_revoke_token(struct change *change) MUST_CHECK;

int change_load_stream(struct change *change) MUST_CHECK;
int change_create_round(struct change *change) MUST_CHECK;
int change_take_round_offers(struct change *change) MUST_CHECK;
int change_move_round(struct change *change) MUST_CHECK;
int change_draw_round(struct change *change) MUST_CHECK;
int change_submit_round_list(struct change *change) MUST_CHECK;
int change_withdraw_round_list(struct change *change) MUST_CHECK;
int change_record_round(struct change *change) MUST_CHECK;
int change_object_to_round(struct change *change) MUST_CHECK;
int change_review_objection(struct change *change) MUST_CHECK;
int change_agree_to_correction(struct change *change) MUST_CHECK;
int change_advance_round(struct change *change) MUST_CHECK;

int change_upsert_interest(struct change *change) MUST_CHECK;
int change_remove_interest(struct change *change) MUST_CHECK;
int change_upsert_region(struct change *change) MUST_CHECK;
int change_remove_region(struct change *change) MUST_CHECK;
int change_upsert_postcode(struct change *change) MUST_CHECK;
int change_remove_postcode(struct change *change) MUST_CHECK;

// ---- Shared by the operations (change.c)

// Refuses an operation whose record is not in the message.
int change_missing(struct change *change, const char *field) MUST_CHECK;

// Refuses unless `version` is that of the stored record, or 0 where any is allowed.
int change_version(struct change *change, const char *field, uint64_t version, uint64_t stored,
                   bool any_allowed) MUST_CHECK;

// Refuses an external id that another record of the source has; only an operator is told which. what names
// the kind, find looks it up; own_id is the record itself, 0 for a new one.
int change_external_id(struct change *change, const char *what,
                       int (*find)(struct txn *, const char *, const char *, uint64_t *), const char *source,
                       const char *external_id, uint64_t own_id) MUST_CHECK;

// Whether a seat of the offer needs no answer of the partner. Pure.
bool change_is_direct(const Kansen__V1__Offer *offer);

// Whether two messages of one type pack to the same bytes. 0 or a store fault (memory).
int change_same(struct change *change, const ProtobufCMessage *a, const ProtobufCMessage *b,
                bool *same) MUST_CHECK;

// Notes a record that changed.
int change_note(struct change *change, const Kansen__V1__Change *what) MUST_CHECK;
int change_note_offer(struct change *change, Kansen__V1__Outcome outcome,
                      const Kansen__V1__Offer *offer) MUST_CHECK;
int change_note_placement(struct change *change, const Kansen__V1__Placement *placement) MUST_CHECK;

// The same for the record that the write is about, whose outcome is that of the write.
int change_done(struct change *change, Kansen__V1__RecordKind kind, Kansen__V1__Outcome outcome, uint64_t id,
                uint64_t version) MUST_CHECK;
int change_done_offer(struct change *change, Kansen__V1__Outcome outcome,
                      const Kansen__V1__Offer *offer) MUST_CHECK;
int change_done_placement(struct change *change, const Kansen__V1__Placement *placement) MUST_CHECK;

#endif
