// SPDX-License-Identifier: Apache-2.0
// match and explain: one query from flags, or a file of them (batch.h).
#include "client/cli/answer_json.h"
#include "client/cli/answer_print.h"
#include "client/cli/batch.h"
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/query.h"
#include "client/cli/verb_record.h"
#include "client/cli/verbs.h"
#include "proto/rows.h"
#include <stdio.h>

// The query comes first: the flags of a query work on a struct query.
struct options {
    struct query query;
    const char *batch, *source;
};

const struct flag verb_match_flags[] = {{"batch", "FILE",
                                         "one JSON query a line, one answer a line; - is standard input",
                                         flags_set_text, NULL, offsetof(struct options, batch)},
                                        {0}};
const struct flag verb_match_explain_flags[] = {
    {"source", "NAME", "source of the offer's external id (that of the client); makes a number one",
     flags_set_given, NULL, offsetof(struct options, source)},
    {0}};

static int
match(struct cli *cli, struct query *query)
{
    Kansen__V1__MatchRequest request = KANSEN__V1__MATCH_REQUEST__INIT;
    Kansen__V1__Response *response;
    int status, result;

    request.query = &query->message;
    status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_MATCH, &request, &response);
    if (status != CLI_OK)
        return status;
    result = cli->json ? json_print(answer_json_match(&query->message, response->match))
                       : answer_print_match(&query->message, response->match);
    kansen__v1__response__free_unpacked(response, NULL);
    return cli_printed(cli, result);
}

int
verb_match_run(struct cli *cli, int argc, char **argv)
{
    struct options options = {.batch = NULL};
    int count, status;

    if (query_init(&options.query) != 0)
        return cli_no_memory(cli);
    status = flags_read(cli, argc, argv, &options, NULL, &count);
    if (status == CLI_OK && count > 0)
        status = cli_usage(cli, "unexpected argument %s", argv[0]);
    else if (status == CLI_OK && options.batch != NULL)
        status = kansen__v1__query__get_packed_size(&options.query.message) == 0
                     ? batch_run(cli, options.batch)
                     : cli_usage(cli, "--batch goes without other flags of a query: they stand in the file");
    else if (status == CLI_OK)
        status = match(cli, &options.query);
    query_free(&options.query);
    return status;
}

static int
explain(struct cli *cli, struct query *query, uint64_t offer_id)
{
    Kansen__V1__ExplainRequest request = KANSEN__V1__EXPLAIN_REQUEST__INIT;
    Kansen__V1__Response *response;
    int status, result;

    request.query = &query->message;
    request.offer_id = offer_id;
    status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_EXPLAIN, &request, &response);
    if (status != CLI_OK)
        return status;
    result = cli->json ? json_print(answer_json_explain(offer_id, response->explain))
                       : answer_print_explain(offer_id, &query->message, response->explain);
    kansen__v1__response__free_unpacked(response, NULL);
    return cli_printed(cli, result);
}

int
verb_match_explain(struct cli *cli, int argc, char **argv)
{
    struct options options = {.source = ""};
    uint64_t offer_id;
    int count, status;

    if (query_init(&options.query) != 0)
        return cli_no_memory(cli);
    status = flags_read(cli, argc, argv, &options, NULL, &count);
    if (status == CLI_OK && count != 1)
        status = cli_usage(cli, "needs one offer: an id, or an external id");
    if (status == CLI_OK)
        status = verb_record_find(cli, &rows_offers, argv[0], options.source, &offer_id);
    if (status == CLI_OK)
        status = explain(cli, &options.query, offer_id);
    query_free(&options.query);
    return status;
}
