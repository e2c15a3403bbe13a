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

struct change {
    struct txn *txn;
    const struct command *command;
    const char *source; // of the external ids in the command
    struct arena *arena;
    struct fault *fault;
    Kansen__V1__Outcome outcome;
    uint64_t id, version;
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

// Whether two messages of one type pack to the same bytes. 0 or a store fault (memory).
int change_same(struct change *change, const ProtobufCMessage *a, const ProtobufCMessage *b,
                bool *same) MUST_CHECK;

// Notes what was done.
void change_done(struct change *change, Kansen__V1__Outcome outcome, uint64_t id, uint64_t version);

#endif
