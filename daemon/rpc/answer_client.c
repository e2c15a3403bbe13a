// SPDX-License-Identifier: Apache-2.0
// Clients and tokens. Of a stored token only the part that may be shown is put on the page.
#include "rpc/answer_client.h"
#include "rpc/page.h"
#include "store/client.h"
#include "store/store.h"
#include <string.h>

#define LOOKS_MAX 20000u

static int
fill_clients(struct call *call, const char *after, struct page *page, ProtobufCBinaryData *cursor)
{
    Kansen__V1__Client *client;
    int rc;

    while ((rc = client_next(call->txn, after, call->arena, &client)) == 0) {
        if (!page_add(page, &client->base))
            return page_write_code(call, PAGE_CLIENTS, after, cursor);
        after = client->name;
    }
    return rc == STORE_E_NOT_FOUND ? 0 : rc;
}

int
answer_client_list_clients(struct call *call)
{
    const Kansen__V1__ListClientsRequest *list = call->request->list_clients;
    Kansen__V1__ListClientsResponse *answer = arena_alloc(call->arena, sizeof *answer);
    const char *after;
    struct page page;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__list_clients_response__init(answer);
    rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_code(call, PAGE_CLIENTS, &list->cursor, &after);
    if (rc == 0)
        rc = fill_clients(call, after, &page, &answer->next_cursor);
    if (rc != 0)
        return rc;
    answer->n_clients = page.n;
    answer->clients = (Kansen__V1__Client **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_CLIENTS;
    call->response.list_clients = answer;
    return 0;
}

static int
fill_tokens(struct call *call, uint64_t after, struct page *page, ProtobufCBinaryData *cursor)
{
    const char *wanted = call->request->list_tokens->client;
    uint64_t last = after;
    int rc = 0;

    for (unsigned looks = 0; looks < LOOKS_MAX; looks++) {
        Kansen__V1__StoredToken *stored;

        arena_reset(call->scratch);
        rc = effort_spend(call->effort, EFFORT_RECORD);
        if (rc == 0)
            rc = token_next(call->txn, after, call->scratch, &stored);
        if (rc == 0 && stored->token == NULL)
            rc = STORE_FAULT_CORRUPT;
        if (rc != 0)
            return rc == STORE_E_NOT_FOUND ? 0 : rc;
        after = stored->token->id;
        if (wanted[0] != '\0' && strcmp(wanted, stored->token->client) != 0)
            continue;
        rc = token_get(call->txn, after, call->arena, &stored);
        if (rc != 0)
            return rc;
        if (!page_add(page, &stored->token->base))
            return page_write_id(call, PAGE_TOKENS, last, cursor);
        last = after;
    }
    return page_write_id(call, PAGE_TOKENS, after, cursor);
}

int
answer_client_list_tokens(struct call *call)
{
    const Kansen__V1__ListTokensRequest *list = call->request->list_tokens;
    Kansen__V1__ListTokensResponse *answer = arena_alloc(call->arena, sizeof *answer);
    struct page page;
    uint64_t after;
    int rc;

    if (answer == NULL)
        return STORE_FAULT_MEMORY;
    kansen__v1__list_tokens_response__init(answer);
    rc = page_start(call, list->limit, &page);
    if (rc == 0)
        rc = page_read_id(call, PAGE_TOKENS, &list->cursor, &after);
    if (rc == 0)
        rc = fill_tokens(call, after, &page, &answer->next_cursor);
    if (rc != 0)
        return rc;
    answer->n_tokens = page.n;
    answer->tokens = (Kansen__V1__Token **)page.items;
    call->response.body_case = KANSEN__V1__RESPONSE__BODY_LIST_TOKENS;
    call->response.list_tokens = answer;
    return 0;
}
