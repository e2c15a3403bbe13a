// SPDX-License-Identifier: Apache-2.0
// Invariant: response holds the page that was given out and the cursor of the next one.
#include "client/cli/pages.h"
#include "client/cli/message.h"
#include "proto/columns.h"
#include <assert.h>
#include <stdlib.h>

#define PAGE_RECORDS 1000u

struct pages {
    struct cli *cli;
    Kansen__V1__Request__BodyCase body_case;
    struct arena *arena;
    ProtobufCMessage *request;
    Kansen__V1__Response *response; // NULL before the first page
    bool ended;
};

// All members of the union are pointers to messages.
static const ProtobufCMessage *
body_of(const Kansen__V1__Response *response)
{
    return &response->list_partners->base;
}

// Asks for the next page.
static int
ask(struct pages *pages)
{
    Kansen__V1__Response *response;
    ProtobufCBinaryData cursor;
    int status = cli_ask(pages->cli, pages->body_case, pages->request, &response);

    if (status != CLI_OK)
        return status;
    if (pages->response != NULL)
        kansen__v1__response__free_unpacked(pages->response, NULL);
    pages->response = response;
    cursor = message_bytes(body_of(response), "next_cursor");
    message_set_bytes(pages->request, "cursor", cursor);
    pages->ended = cursor.len == 0;
    return CLI_OK;
}

int
pages_each(struct cli *cli, Kansen__V1__Request__BodyCase body_case, ProtobufCMessage *request,
           pages_take *take, void *arg)
{
    struct pages pages = {.cli = cli, .body_case = body_case, .request = request};
    int status = CLI_OK;

    message_set_u32(request, "limit", PAGE_RECORDS);
    while (status == CLI_OK && !pages.ended) {
        status = ask(&pages);
        if (status == CLI_OK)
            status = take(arg, pages.response);
    }
    if (pages.response != NULL)
        kansen__v1__response__free_unpacked(pages.response, NULL);
    return status;
}

ProtobufCMessage *const *
pages_records(const Kansen__V1__Response *page, size_t *count)
{
    const ProtobufCMessage *body = body_of(page);

    return message_list(body, body->descriptor->fields[0].name, count);
}

// ---- The records of a table

static const struct list {
    const struct rows_table *table;
    Kansen__V1__Request__BodyCase body_case;
    const ProtobufCMessageDescriptor *request;
} lists[] = {
    {&rows_partners, KANSEN__V1__REQUEST__BODY_LIST_PARTNERS, &kansen__v1__list_partners_request__descriptor},
    {&rows_offers, KANSEN__V1__REQUEST__BODY_LIST_OFFERS, &kansen__v1__list_offers_request__descriptor},
    {&rows_regions, KANSEN__V1__REQUEST__BODY_LIST_REGIONS, &kansen__v1__list_regions_request__descriptor},
    {&rows_interests, KANSEN__V1__REQUEST__BODY_LIST_INTERESTS,
     &kansen__v1__list_interests_request__descriptor},
    {&rows_postcodes, KANSEN__V1__REQUEST__BODY_LIST_POSTCODES,
     &kansen__v1__list_postcodes_request__descriptor},
    {NULL, KANSEN__V1__REQUEST__BODY_LIST_PLACEMENTS, &kansen__v1__list_placements_request__descriptor},
};

static const struct list *
list_of(const struct rows_table *table)
{
    size_t i = 0;

    while (lists[i].table != table) {
        i++;
        assert(i < sizeof lists / sizeof lists[0]);
    }
    return &lists[i];
}

int
pages_open(struct cli *cli, const struct rows_table *table, ProtobufCMessage *filters, struct pages **pages)
{
    const struct list *list = list_of(table);
    struct pages *new = calloc(1, sizeof *new);

    if (new == NULL)
        return cli_no_memory(cli);
    new->cli = cli;
    new->body_case = list->body_case;
    new->arena = arena_new(64u << 10);
    new->request = filters;
    if (new->arena != NULL && filters == NULL)
        new->request = message_new(list->request, new->arena);
    if (new->request == NULL || new->arena == NULL) {
        pages_close(new);
        return cli_no_memory(cli);
    }
    message_set_u32(new->request, "limit", PAGE_RECORDS);
    *pages = new;
    return CLI_OK;
}

void
pages_close(struct pages *pages)
{
    if (pages == NULL)
        return;
    if (pages->response != NULL)
        kansen__v1__response__free_unpacked(pages->response, NULL);
    arena_free(pages->arena);
    free(pages);
}

int
pages_next(struct pages *pages, ProtobufCMessage *const **records, size_t *count)
{
    *count = 0;
    while (!pages->ended && *count == 0) { // a page may be empty and yet not the last
        int status = ask(pages);

        if (status != CLI_OK)
            return status;
        *records = pages_records(pages->response, count);
    }
    return CLI_OK;
}
