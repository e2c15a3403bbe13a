// SPDX-License-Identifier: Apache-2.0
// One row for each operation of Write; a test walks every role by every row.
#include "work/operations.h"
#include "work/change.h"
#include "work/lifecycle.h"
#include <stddef.h>

#define OPERATOR  ((unsigned)MOVER_OPERATOR)
#define PORTAL    ((unsigned)MOVER_OPERATOR | MOVER_PORTAL)
#define REGISTRAR ((unsigned)MOVER_OPERATOR | MOVER_REGISTRAR)
#define OWNERS    (REGISTRAR | MOVER_PARTNER)
#define MOVERS    (PORTAL | MOVER_PARTNER)

#define OPERATION(name) KANSEN__V1__WRITE__OPERATION_##name

static const struct operation operations[] = {
    [OPERATION(CREATE_PARTNER)] = {"create_partner", REGISTRAR, true, change_create_partner},
    [OPERATION(REPLACE_PARTNER)] = {"replace_partner", OWNERS, true, change_replace_partner},
    [OPERATION(UPSERT_PARTNER)] = {"upsert_partner", REGISTRAR, true, change_upsert_partner},
    [OPERATION(SET_PARTNER_STATUS)] = {"set_partner_status", OPERATOR, false, change_set_partner_status},
    [OPERATION(REMOVE_PARTNER)] = {"remove_partner", REGISTRAR, false, change_remove_partner},
    [OPERATION(CREATE_OFFER)] = {"create_offer", OWNERS, true, change_create_offer},
    [OPERATION(REPLACE_OFFER)] = {"replace_offer", OWNERS, true, change_replace_offer},
    [OPERATION(UPSERT_OFFER)] = {"upsert_offer", OWNERS, true, change_upsert_offer},
    [OPERATION(SET_OFFER_STATUS)] = {"set_offer_status", OWNERS, false, change_set_offer_status},
    [OPERATION(REMOVE_OFFER)] = {"remove_offer", OWNERS, false, change_remove_offer},
    [OPERATION(RESERVE_PLACEMENT)] = {"reserve_placement", PORTAL, true, change_reserve_placement},
    [OPERATION(MOVE_PLACEMENT)] = {"move_placement", MOVERS, false, change_move_placement},
    [OPERATION(FORGET_STUDENT)] = {"forget_student", PORTAL | MOVER_CLOCK, false, change_forget_student},
    [OPERATION(TICK)] = {"tick", MOVER_CLOCK, false, change_tick},
    [OPERATION(UPSERT_INTEREST)] = {"upsert_interest", OPERATOR, true, change_upsert_interest},
    [OPERATION(REMOVE_INTEREST)] = {"remove_interest", OPERATOR, false, change_remove_interest},
    [OPERATION(UPSERT_REGION)] = {"upsert_region", OPERATOR, true, change_upsert_region},
    [OPERATION(REMOVE_REGION)] = {"remove_region", OPERATOR, false, change_remove_region},
    [OPERATION(UPSERT_POSTCODE)] = {"upsert_postcode", OPERATOR, true, change_upsert_postcode},
    [OPERATION(REMOVE_POSTCODE)] = {"remove_postcode", OPERATOR, false, change_remove_postcode},
    [OPERATION(CREATE_CLIENT)] = {"create_client", OPERATOR, true, change_create_client},
    [OPERATION(SET_CLIENT_STATUS)] = {"set_client_status", OPERATOR, false, change_set_client_status},
    [OPERATION(ISSUE_TOKEN)] = {"issue_token", OPERATOR, true, change_issue_token},
    [OPERATION(LOAD_STREAM)] = {"load_stream", OPERATOR, true, change_load_stream},
    [OPERATION(REVOKE_TOKEN)] = {"revoke_token", OPERATOR, false, change_revoke_token},
    [OPERATION(SET_CLIENT_CERTIFICATE)] = {"set_client_certificate", OPERATOR, false,
                                           change_set_client_certificate},
    [OPERATION(CREATE_ROUND)] = {"create_round", OPERATOR, true, change_create_round},
    [OPERATION(TAKE_ROUND_OFFERS)] = {"take_round_offers", OPERATOR, true, change_take_round_offers},
    [OPERATION(MOVE_ROUND)] = {"move_round", OPERATOR | MOVER_CLOCK, false, change_move_round},
    [OPERATION(DRAW_ROUND)] = {"draw_round", OPERATOR, false, change_draw_round},
    [OPERATION(SUBMIT_ROUND_LIST)] = {"submit_round_list", PORTAL, true, change_submit_round_list},
    [OPERATION(WITHDRAW_ROUND_LIST)] = {"withdraw_round_list", PORTAL, false, change_withdraw_round_list},
    [OPERATION(RECORD_ROUND)] = {"record_round", OPERATOR, false, change_record_round},
    [OPERATION(OBJECT_TO_ROUND)] = {"object_to_round", PORTAL, true, change_object_to_round},
    [OPERATION(REVIEW_OBJECTION)] = {"review_objection", OPERATOR, false, change_review_objection},
    [OPERATION(AGREE_TO_CORRECTION)] = {"agree_to_correction", OPERATOR, false, change_agree_to_correction},
    [OPERATION(ADVANCE_ROUND)] = {"advance_round", MOVER_CLOCK, true, change_advance_round},
};

const struct operation *
operations_find(const Kansen__V1__Write *write)
{
    size_t operation = (size_t)write->operation_case;

    if (operation >= sizeof operations / sizeof operations[0] || operations[operation].name == NULL)
        return NULL;
    return &operations[operation];
}
