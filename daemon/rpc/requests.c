// SPDX-License-Identifier: Apache-2.0
// One row for each request; a test walks every role by every row.
#include "rpc/requests.h"
#include "auth/role.h"
#include "rpc/answer_backup.h"
#include "rpc/answer_client.h"
#include "rpc/answer_dump.h"
#include "rpc/answer_match.h"
#include "rpc/answer_placement.h"
#include "rpc/answer_registry.h"
#include "rpc/answer_round.h"
#include "rpc/answer_session.h"
#include "rpc/answer_taxonomy.h"
#include "rpc/watch.h"

#define BODY(name) KANSEN__V1__REQUEST__BODY_##name

#define STAFF    (ROLE_OPERATOR | ROLE_PORTAL)
#define INVOLVED (STAFF | ROLE_PARTNER)

// By the number of the field in Request. What a caller sees of it is for rpc/sight.h, what it may write for
// the table of operations (work/operations.h).
static const struct request_row rows[] = {
    [BODY(HELLO)] = {"Hello", ROLE_ANY, REQUEST_ALWAYS | REQUEST_READS, answer_session_hello},
    [BODY(PING)] = {"Ping", ROLE_ANY, REQUEST_ALWAYS | REQUEST_FREE, answer_session_ping},
    [BODY(HEALTH)] = {"Health", ROLE_ANY, REQUEST_ALWAYS | REQUEST_FREE, answer_session_health},
    [BODY(STATUS)] = {"Status", ROLE_OPERATOR, REQUEST_READS, answer_session_status},
    [BODY(WRITE)] = {"Write", ROLE_ANY, REQUEST_WRITES, NULL},
    [BODY(BATCH)] = {"Batch", ROLE_ANY, REQUEST_WRITES, NULL},
    [BODY(GET_PARTNER)] = {"GetPartner", ROLE_ANY, REQUEST_READS, answer_registry_get_partner},
    [BODY(LIST_PARTNERS)] = {"ListPartners", ROLE_ANY, REQUEST_READS, answer_registry_list_partners},
    [BODY(GET_OFFER)] = {"GetOffer", ROLE_ANY, REQUEST_READS, answer_registry_get_offer},
    [BODY(LIST_OFFERS)] = {"ListOffers", ROLE_ANY, REQUEST_READS, answer_registry_list_offers},
    [BODY(LIST_INTERESTS)] = {"ListInterests", ROLE_ANY, REQUEST_READS, answer_taxonomy_list_interests},
    [BODY(LIST_REGIONS)] = {"ListRegions", ROLE_ANY, REQUEST_READS, answer_taxonomy_list_regions},
    [BODY(LIST_POSTCODES)] = {"ListPostcodes", ROLE_ANY, REQUEST_READS, answer_taxonomy_list_postcodes},
    [BODY(FIND_INTERESTS)] = {"FindInterests", ROLE_ANY, REQUEST_READS, answer_taxonomy_find_interests},
    [BODY(FIND_REGIONS)] = {"FindRegions", ROLE_ANY, REQUEST_READS, answer_taxonomy_find_regions},
    [BODY(MATCH)] = {"Match", STAFF, REQUEST_READS, answer_match_match},
    [BODY(EXPLAIN)] = {"Explain", STAFF, REQUEST_READS, answer_match_explain},
    [BODY(GET_PLACEMENT)] = {"GetPlacement", INVOLVED, REQUEST_READS, answer_placement_get},
    [BODY(LIST_PLACEMENTS)] = {"ListPlacements", INVOLVED, REQUEST_READS, answer_placement_list},
    [BODY(COUNT_DECLINES)] = {"CountDeclines", ROLE_OPERATOR | ROLE_PARTNER, REQUEST_READS,
                              answer_placement_count_declines},
    [BODY(WATCH)] = {"Watch", INVOLVED, REQUEST_READS, watch_begin},
    [BODY(LIST_CLIENTS)] = {"ListClients", ROLE_OPERATOR, REQUEST_READS, answer_client_list_clients},
    [BODY(BACKUP)] = {"Backup", ROLE_OPERATOR, REQUEST_TASK, answer_backup_backup},
    [BODY(DUMP)] = {"Dump", ROLE_OPERATOR, 0, answer_dump_dump},
    [BODY(GET_ROUND)] = {"GetRound", ROLE_ANY, REQUEST_READS, answer_round_get},
    [BODY(LIST_ROUNDS)] = {"ListRounds", ROLE_ANY, REQUEST_READS, answer_round_list},
    [BODY(GET_ROUND_STUDENT)] = {"GetRoundStudent", STAFF, REQUEST_READS, answer_round_student},
    [BODY(LIST_ROUND_OBJECTIONS)] = {"ListRoundObjections", STAFF, REQUEST_READS, answer_round_objections},
    [BODY(LIST_ROUND_LINES)] = {"ListRoundLines", ROLE_OPERATOR, REQUEST_READS, answer_round_lines},
    [BODY(LIST_TOKENS)] = {"ListTokens", ROLE_OPERATOR, REQUEST_READS, answer_client_list_tokens},
};

uint32_t
requests_end(void)
{
    return sizeof rows / sizeof rows[0];
}

const struct request_row *
requests_find(uint32_t body)
{
    return body < sizeof rows / sizeof rows[0] && rows[body].name != NULL ? &rows[body] : NULL;
}
