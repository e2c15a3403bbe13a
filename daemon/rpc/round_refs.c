// SPDX-License-Identifier: Apache-2.0
// The salt follows from the key of the data directory and the row of rounds, so the writer and the store
// never see it, nor a reference.
#include "rpc/round_refs.h"
#include "auth/secret.h"
#include "base/clock.h"
#include "base/effort.h"
#include "cohort/lottery.h"
#include "match/match.h"
#include "rpc/service.h"
#include "store/round.h"
#include "store/store.h"
#include "work/job.h"
#include "work/round_plan.h"
#include <sodium.h>
#include <string.h>

#define OPERATION(name) KANSEN__V1__WRITE__OPERATION_##name

#define TOP_MAX   100u
#define PAGE_MAX  100u // matches of one look
#define PAGES_MAX 50u  // looks for one list
#define MEMORY    ((size_t)64 << 20)

_Static_assert(SECRET_HASH_BYTES == ROUND_REF_BYTES, "a reference is a hash");

bool
round_refs_want(const Kansen__V1__Write *write)
{
    switch (write->operation_case) {
    case OPERATION(CREATE_ROUND):
    case OPERATION(DRAW_ROUND):
    case OPERATION(SUBMIT_ROUND_LIST):
    case OPERATION(WITHDRAW_ROUND_LIST):
    case OPERATION(OBJECT_TO_ROUND):
        return true;
    default:
        return false;
    }
}

int
round_refs_issuer(const char *source, const char *given, const char **issuer, struct fault *fault)
{
    *issuer = given[0] == '\0' ? source : given;
    if (source[0] == '\0' || strcmp(*issuer, source) == 0)
        return 0;
    return fault_set(fault, CODE_PERMISSION_DENIED, "issuer",
                     "the source of this client is '%s'; it may give references of no other issuer", source);
}

int
round_refs_make(const struct service *service, struct txn *txn, const char *round, const char *issuer,
                const char *student, uint8_t ref[32])
{
    struct arena *arena = arena_new(MEMORY);
    Kansen__V1__RoundPlan *plan = NULL;
    Kansen__V1__Round *record = NULL;
    char text[LOTTERY_REF_SIZE];
    uint8_t salt[LOTTERY_BYTES];
    int rc = arena == NULL ? STORE_FAULT_MEMORY : round_find(txn, round, arena, &record);

    if (rc == 0)
        rc = round_plan_get(txn, record->id, arena, &plan);
    if (rc == 0) {
        secret_round_salt(service->secret, plan->series, salt);
        lottery_reference(salt, issuer, student, text);
        sodium_memzero(salt, sizeof salt);
        if (sodium_hex2bin(ref, ROUND_REF_BYTES, text, strlen(text), NULL, NULL, NULL) != 0)
            rc = STORE_FAULT_SYSTEM;
    }
    arena_free(arena);
    return rc;
}

static int
add_ref(const struct service *service, struct txn *txn, struct job *job, size_t i, const char *round,
        const char *given, const char *student, struct fault *fault)
{
    struct command_secrets *secrets = &job->secrets[i];
    const char *issuer;
    int rc = round_refs_issuer(job->source, given, &issuer, fault);

    if (rc != 0 || student[0] == '\0' || issuer[0] == '\0') // what is missing is told by the command
        return rc;
    rc = round_refs_make(service, txn, round, issuer, student, secrets->ref);
    secrets->has_ref = rc == 0;
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

// ---- A list out of a query

// Takes the offers of a page that take part, up to `top`.
static void
take_page(struct txn *txn, uint64_t round, const struct match_page *page, uint32_t top,
          Kansen__V1__SubmitRoundList *list)
{
    for (size_t i = 0; i < match_page_count(page) && list->n_offers < top; i++) {
        uint64_t offer = match_page_offer(page, i);

        if (round_has_offer(txn, round, offer))
            list->offers[list->n_offers++] = offer;
    }
}

static int
match_list(struct txn *txn, struct job *job, uint64_t round, Kansen__V1__SubmitRoundList *list,
           struct effort *effort, struct fault *fault)
{
    Kansen__V1__Query query = *list->query;
    Kansen__V1__MatchRequest request = KANSEN__V1__MATCH_REQUEST__INIT;
    struct match_page *page = NULL;
    uint32_t top = list->top;
    int rc = 0;

    query.limit = PAGE_MAX;
    query.discover = 0;
    query.want_total = query.facets = false;
    query.cursor = (ProtobufCBinaryData){0};
    request.query = &query;
    for (unsigned pages = 0; pages < PAGES_MAX && list->n_offers < top && rc == 0; pages++) {
        size_t len = 0;

        rc = match_run(txn, &request, clock_today(), job->arena, effort, &page, fault);
        if (rc != 0)
            break;
        take_page(txn, round, page, top, list);
        query.cursor.data = (uint8_t *)match_page_cursor(page, &len);
        query.cursor.len = len;
        if (query.cursor.data == NULL)
            break;
    }
    if (rc == EFFORT_E_SPENT)
        return fault_set(fault, CODE_RESOURCE_EXHAUSTED, "query",
                         "the queries take too long here; send fewer at once, or ask Match and submit what "
                         "it gives as offers");
    return rc;
}

static int
make_list(struct txn *txn, struct job *job, Kansen__V1__SubmitRoundList *list, struct effort *effort,
          struct fault *fault)
{
    Kansen__V1__Round *round = NULL;
    int rc;

    if (list->query == NULL)
        return list->top == 0 ? 0
                              : fault_set(fault, CODE_INVALID_ARGUMENT, "top", "top goes with a query only");
    if (list->n_offers > 0)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "offers", "give either offers or a query");
    if (list->more || list->behind != 0)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "query",
                         "a list that comes in parts is one of offers");
    if (list->top < 1 || list->top > TOP_MAX)
        return fault_set(fault, CODE_INVALID_ARGUMENT, "top", "%u is not allowed; it takes 1..%u", list->top,
                         TOP_MAX);
    rc = round_find(txn, list->round, job->arena, &round);
    if (rc != 0)
        return rc == STORE_E_NOT_FOUND ? 0 : rc; // the command tells it
    list->offers = arena_array(job->arena, list->top, sizeof list->offers[0]);
    if (list->offers == NULL)
        return STORE_FAULT_MEMORY;
    rc = match_list(txn, job, round->id, list, effort, fault);
    list->query = NULL;
    list->top = 0;
    return rc;
}

static int
add(const struct service *service, struct txn *txn, struct job *job, size_t i, struct effort *effort,
    struct fault *fault)
{
    const Kansen__V1__Write *write = job->writes[i];
    struct command_secrets *secrets = &job->secrets[i];
    uint8_t salt[LOTTERY_BYTES];
    int rc;

    switch (write->operation_case) {
    case OPERATION(CREATE_ROUND):
        secret_round_salt(service->secret, write->create_round->name, salt);
        round_plan_commit_salt(salt, secrets->salt);
        sodium_memzero(salt, sizeof salt);
        return 0;
    case OPERATION(DRAW_ROUND):
        secret_random(secrets->random, sizeof secrets->random);
        return 0;
    case OPERATION(SUBMIT_ROUND_LIST):
        rc = add_ref(service, txn, job, i, write->submit_round_list->round, write->submit_round_list->issuer,
                     write->submit_round_list->student, fault);
        return rc == 0 ? make_list(txn, job, write->submit_round_list, effort, fault) : rc;
    case OPERATION(OBJECT_TO_ROUND):
        return add_ref(service, txn, job, i, write->object_to_round->round, write->object_to_round->issuer,
                       write->object_to_round->student, fault);
    default:
        return add_ref(service, txn, job, i, write->withdraw_round_list->round,
                       write->withdraw_round_list->issuer, write->withdraw_round_list->student, fault);
    }
}

// What is refused here is told by the command, in its turn: one write of a batch does not stop the others.
int
round_refs_add(const struct service *service, struct txn *txn, struct job *job, size_t i,
               struct effort *effort)
{
    struct fault *fault = arena_alloc(job->arena, sizeof *fault);
    int rc = fault == NULL ? STORE_FAULT_MEMORY : add(service, txn, job, i, effort, fault);

    if (rc != FAULT)
        return rc;
    job->secrets[i].fault = fault;
    return 0;
}
