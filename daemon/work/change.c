// SPDX-License-Identifier: Apache-2.0
// What all operations need: versions, comparison, outcome.
#include "work/change.h"
#include "work/rights.h"
#include <stdio.h>
#include <string.h>

int
change_missing(struct change *change, const char *field)
{
    return fault_set(change->fault, CODE_INVALID_ARGUMENT, field, "%s is missing", field);
}

int
change_version(struct change *change, const char *field, uint64_t version, uint64_t stored, bool any_allowed)
{
    if (version == stored || (version == 0 && any_allowed))
        return 0;
    if (version == 0)
        return fault_set(change->fault, CODE_INVALID_ARGUMENT, field,
                         "version is missing; a replacement names the version that it is based on, now %llu",
                         (unsigned long long)stored);
    return fault_set(change->fault, CODE_ABORTED, field,
                     "the change is based on version %llu, but version %llu is stored; read it again",
                     (unsigned long long)version, (unsigned long long)stored);
}

int
change_external_id(struct change *change, const char *what,
                   int (*find)(struct txn *, const char *, const char *, uint64_t *), const char *source,
                   const char *external_id, uint64_t own_id)
{
    char field[FAULT_FIELD_MAX];
    uint64_t id;
    int rc;

    if (external_id[0] == '\0')
        return 0;
    rc = find(change->txn, source, external_id, &id);
    if (rc == STORE_E_NOT_FOUND || (rc == 0 && id == own_id))
        return 0;
    if (rc != 0)
        return rc;
    snprintf(field, sizeof field, "%s.external_id", what);
    if (!rights_are_full(change))
        return fault_set(change->fault, CODE_ALREADY_EXISTS, field, "'%s' is taken in source %s", external_id,
                         source);
    return fault_set(change->fault, CODE_ALREADY_EXISTS, field, "'%s' is %s %llu already (source %s)",
                     external_id, what, (unsigned long long)id, source);
}

bool
change_is_direct(const Kansen__V1__Offer *offer)
{
    if (offer->direct_placement_given_case == KANSEN__V1__OFFER__DIRECT_PLACEMENT_GIVEN_DIRECT_PLACEMENT)
        return offer->direct_placement;
    return offer->kind == KANSEN__V1__OFFER_KIND__OFFER_KIND_INTERNSHIP;
}

int
change_same(struct change *change, const ProtobufCMessage *a, const ProtobufCMessage *b, bool *same)
{
    size_t len = protobuf_c_message_get_packed_size(a);
    uint8_t *bytes;

    *same = false;
    if (len != protobuf_c_message_get_packed_size(b))
        return 0;
    bytes = arena_alloc(change->arena, 2 * len);
    if (bytes == NULL)
        return STORE_FAULT_MEMORY;
    protobuf_c_message_pack(a, bytes);
    protobuf_c_message_pack(b, bytes + len);
    *same = memcmp(bytes, bytes + len, len) == 0;
    return 0;
}

int
change_note(struct change *change, const Kansen__V1__Change *what)
{
    Kansen__V1__Change *copy = arena_alloc(change->arena, sizeof *copy);

    if (change->n_noted == change->room_noted) {
        size_t room = change->room_noted == 0 ? 4 : 2 * change->room_noted;
        Kansen__V1__Change **larger = arena_array(change->arena, room, sizeof(Kansen__V1__Change *));

        if (larger == NULL)
            return STORE_FAULT_MEMORY;
        if (change->n_noted > 0)
            memcpy(larger, change->noted, change->n_noted * sizeof(Kansen__V1__Change *));
        change->noted = larger;
        change->room_noted = room;
    }
    if (copy == NULL)
        return STORE_FAULT_MEMORY;
    *copy = *what;
    change->noted[change->n_noted++] = copy;
    return 0;
}

int
change_note_offer(struct change *change, Kansen__V1__Outcome outcome, const Kansen__V1__Offer *offer)
{
    Kansen__V1__Change what = KANSEN__V1__CHANGE__INIT;

    what.kind = KANSEN__V1__RECORD_KIND__RECORD_KIND_OFFER;
    what.outcome = outcome;
    what.id = offer->id;
    what.version = outcome == KANSEN__V1__OUTCOME__OUTCOME_REMOVED ? 0 : offer->version;
    what.partner_id = offer->partner_id;
    return change_note(change, &what);
}

int
change_note_placement(struct change *change, const Kansen__V1__Placement *placement)
{
    Kansen__V1__Change what = KANSEN__V1__CHANGE__INIT;

    what.kind = KANSEN__V1__RECORD_KIND__RECORD_KIND_PLACEMENT;
    what.outcome =
        placement->version == 1 ? KANSEN__V1__OUTCOME__OUTCOME_CREATED : KANSEN__V1__OUTCOME__OUTCOME_UPDATED;
    what.id = placement->id;
    what.version = placement->version;
    what.placement_state = placement->state;
    what.partner_id = placement->partner_id;
    what.offer_id = placement->offer_id;
    what.client = placement->client;
    return change_note(change, &what);
}

static void
set_outcome(struct change *change, Kansen__V1__Outcome outcome, uint64_t id, uint64_t version)
{
    change->outcome = outcome;
    change->id = id;
    change->version = version;
}

int
change_done(struct change *change, Kansen__V1__RecordKind kind, Kansen__V1__Outcome outcome, uint64_t id,
            uint64_t version)
{
    Kansen__V1__Change what = KANSEN__V1__CHANGE__INIT;

    set_outcome(change, outcome, id, version);
    if (outcome == KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED)
        return 0;
    what.kind = kind;
    what.outcome = outcome;
    what.id = id;
    what.version = version;
    return change_note(change, &what);
}

int
change_done_offer(struct change *change, Kansen__V1__Outcome outcome, const Kansen__V1__Offer *offer)
{
    set_outcome(change, outcome, offer->id,
                outcome == KANSEN__V1__OUTCOME__OUTCOME_REMOVED ? 0 : offer->version);
    return outcome == KANSEN__V1__OUTCOME__OUTCOME_UNCHANGED ? 0 : change_note_offer(change, outcome, offer);
}

int
change_done_placement(struct change *change, const Kansen__V1__Placement *placement)
{
    set_outcome(change,
                placement->version == 1 ? KANSEN__V1__OUTCOME__OUTCOME_CREATED
                                        : KANSEN__V1__OUTCOME__OUTCOME_UPDATED,
                placement->id, placement->version);
    change->placement = placement;
    return change_note_placement(change, placement);
}
