// SPDX-License-Identifier: Apache-2.0
// A placement that a partner cancelled, or that was withdrawn, is cut: its record does not say whether it had
// been accepted before, and what is in doubt stays hidden.
#include "rpc/sight.h"
#include <stdbool.h>
#include <string.h>

#define STATE(name) KANSEN__V1__PLACEMENT_STATE__PLACEMENT_STATE_##name
#define KIND(name)  KANSEN__V1__RECORD_KIND__RECORD_KIND_##name

static bool
was_accepted(Kansen__V1__PlacementState state)
{
    switch (state) {
    case STATE(ACCEPTED):
    case STATE(CONFIRMED):
    case STATE(STARTED):
    case STATE(COMPLETED):
    case STATE(DROPPED_OUT):
        return true;
    default:
        return false;
    }
}

enum sight
sight_of_placement(const struct identity *caller, const char *client, uint64_t partner,
                   Kansen__V1__PlacementState state)
{
    switch (caller->role) {
    case ROLE_OPERATOR:
        return SIGHT_WHOLE;
    case ROLE_PORTAL:
        return strcmp(caller->client, client) == 0 ? SIGHT_WHOLE : SIGHT_NONE;
    case ROLE_PARTNER:
        if (caller->partner == 0 || caller->partner != partner)
            return SIGHT_NONE;
        return was_accepted(state) ? SIGHT_WHOLE : SIGHT_CUT;
    default:
        return SIGHT_NONE;
    }
}

bool
sight_of_partner(const struct identity *caller, uint64_t partner, const char *source)
{
    switch (caller->role) {
    case ROLE_OPERATOR:
    case ROLE_PORTAL:
        return true;
    case ROLE_PARTNER:
        return caller->partner != 0 && caller->partner == partner;
    case ROLE_REGISTRAR:
        return caller->source[0] != '\0' && strcmp(caller->source, source) == 0;
    default:
        return false;
    }
}

static enum sight
partner_sight(const struct identity *caller, const Kansen__V1__Change *change)
{
    uint64_t owner = change->kind == KIND(PARTNER) ? change->id : change->partner_id;

    if (change->kind != KIND(PARTNER) && change->kind != KIND(OFFER))
        return SIGHT_WHOLE; // the taxonomy is everybody's
    return caller->partner != 0 && caller->partner == owner ? SIGHT_WHOLE : SIGHT_NONE;
}

enum sight
sight_of_change(const struct identity *caller, const Kansen__V1__Change *change)
{
    if (change->kind == KIND(PLACEMENT))
        return sight_of_placement(caller, change->client, change->partner_id, change->placement_state);
    if ((change->kind == KIND(ROUND_LIST) || change->kind == KIND(ROUND_OBJECTION)) &&
        caller->role != ROLE_OPERATOR)
        return caller->role == ROLE_PORTAL && strcmp(caller->client, change->client) == 0 ? SIGHT_WHOLE
                                                                                          : SIGHT_NONE;
    if (change->kind == KIND(CLIENT) || change->kind == KIND(TOKEN))
        return caller->role == ROLE_OPERATOR ? SIGHT_WHOLE : SIGHT_NONE;
    switch (caller->role) {
    case ROLE_OPERATOR:
    case ROLE_PORTAL:
        return SIGHT_WHOLE;
    case ROLE_PARTNER:
        return partner_sight(caller, change);
    default:
        return SIGHT_NONE;
    }
}

void
sight_cut_placement(Kansen__V1__Placement *placement)
{
    Kansen__V1__Placement cut = KANSEN__V1__PLACEMENT__INIT;

    cut.id = placement->id;
    cut.version = placement->version;
    cut.offer_id = placement->offer_id;
    cut.partner_id = placement->partner_id;
    cut.state = placement->state;
    cut.from_date = placement->from_date;
    cut.to_date = placement->to_date;
    cut.expires_us = placement->expires_us;
    cut.created_us = placement->created_us;
    cut.updated_us = placement->updated_us;
    *placement = cut;
}

void
sight_cut_change(Kansen__V1__Change *change)
{
    change->client = (char *)protobuf_c_empty_string;
}
