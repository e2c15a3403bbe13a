// SPDX-License-Identifier: Apache-2.0
// token: issue, list, revoke. A token's text goes to standard output, alone on its line, so that it can be
// sent to a file; what a person wants to know beside it goes to standard error.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/listing.h"
#include "client/cli/time_text.h"
#include "client/cli/verb_record.h"
#include "client/cli/verbs.h"
#include "client/cli/when.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)

struct options {
    const char *client, *label, *key;
    int64_t expires_us;
};

static int64_t
now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

static int
set_when(void *target, const struct flag *flag, const char *text, struct column_message *bad)
{
    int64_t *time_us = (int64_t *)((char *)target + flag->offset);

    if (when_read(text, now_us(), time_us))
        return 0;
    snprintf(bad->text, sizeof bad->text, "\"%.100s\" is no time, allowed: %s", text, WHEN_FORMS);
    return COLUMN_E_BAD;
}

#define CLIENT(help)                                                                                         \
    {                                                                                                        \
        "client", "NAME", help, flags_set_given, NULL, offsetof(struct options, client)                      \
    }

const struct flag verb_token_issue_flags[] = {
    CLIENT("whose token it is"),
    {"label", "TEXT", "what it is for", flags_set_given, NULL, offsetof(struct options, label)},
    {"expires", "WHEN", "it works until then: " WHEN_FORMS, set_when, NULL,
     offsetof(struct options, expires_us)},
    FLAGS_KEY(offsetof(struct options, key)),
    {0}};
const struct flag verb_token_list_flags[] = {CLIENT("only of this client"), {0}};
const struct flag verb_token_revoke_flags[] = {FLAGS_KEY(offsetof(struct options, key)), {0}};

static int
read_options(struct cli *cli, int argc, char **argv, int wanted, const char *needs, struct options *options)
{
    *options = (struct options){.label = ""};
    return flags_read_with(cli, argc, argv, options, wanted, needs);
}

// ---- Issue

static int
tell_issued(struct cli *cli, const char *client, const Kansen__V1__WriteResult *result)
{
    json_t *object;

    if (result->token[0] == '\0')
        return cli_fail(cli, "ALREADY_EXISTS", "",
                        "token %" PRIu64
                        " was issued under this key before, and its text was told then only; "
                        "revoke it and issue another",
                        result->id);
    if (cli->json) {
        object = json_object();
        json_put_number(object, "token", result->id);
        json_put_text(object, "client", client);
        json_put_text(object, "text", result->token);
        json_put_number(object, "sequence", result->sequence);
        return cli_printed(cli, json_print(object));
    }
    if (puts(result->token) == EOF)
        return cli_finish_output(cli);
    fprintf(stderr, "token %" PRIu64 " of client %s; it is shown this once\n", result->id, client);
    return CLI_OK;
}

int
verb_token_issue(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__IssueToken issue = KANSEN__V1__ISSUE_TOKEN__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__Response *response;
    struct options options;
    int status = read_options(cli, argc, argv, 0, "", &options);

    if (status == CLI_OK && options.client == NULL)
        status = cli_usage_at(cli, "--client", "this flag is missing");
    if (status != CLI_OK)
        return status;
    issue.client = (char *)options.client;
    issue.label = (char *)options.label;
    issue.expires_us = options.expires_us;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_ISSUE_TOKEN;
    write.issue_token = &issue;
    status = cli_write(cli, &write, options.key, &response);
    if (status != CLI_OK)
        return status;
    status = tell_issued(cli, options.client, response->write);
    explicit_bzero(response->write->token, strlen(response->write->token));
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}

// ---- Revoke

int
verb_token_revoke(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__RevokeToken revoke = KANSEN__V1__REVOKE_TOKEN__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    Kansen__V1__Response *response;
    const char *outcome;
    struct options options;
    int status = read_options(cli, argc, argv, 1, "the id of a token", &options), result = 0;

    if (status == CLI_OK && !verb_record_is_id(argv[0], &revoke.id))
        status = cli_usage(cli, "\"%s\" is no id of a token", argv[0]);
    if (status != CLI_OK)
        return status;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_REVOKE_TOKEN;
    write.revoke_token = &revoke;
    status = cli_write(cli, &write, options.key, &response);
    if (status != CLI_OK)
        return status;
    outcome = response->write->outcome == KANSEN__V1__OUTCOME__OUTCOME_REMOVED ? "revoked" : "unchanged";
    if (cli->json) {
        json_t *object = json_object();

        json_put_number(object, "token", response->write->id);
        json_put_text(object, "outcome", outcome);
        json_put_number(object, "sequence", response->write->sequence);
        result = json_print(object);
    } else {
        result = printf("token %" PRIu64 " %s\n", response->write->id, outcome) < 0 ? -1 : 0;
    }
    kansen__v1__response__free_unpacked(response, NULL);
    return cli_printed(cli, result);
}

// ---- List

// Whether it still works, apart from its client's status.
static const char *
state_of(const Kansen__V1__Token *token)
{
    if (token->revoked_us != 0)
        return "revoked";
    return token->expires_us != 0 && token->expires_us <= now_us() ? "expired" : "valid";
}

static void
put_time(json_t *object, const char *key, int64_t time_us)
{
    if (time_us != 0)
        json_put_number(object, key, time_us);
}

static int
print_json(const ProtobufCMessage *record)
{
    const Kansen__V1__Token *token = (const void *)record;
    json_t *object = json_object();

    json_put_number(object, "token", token->id);
    json_put_text(object, "client", token->client);
    json_put_text(object, "label", token->label);
    json_put_text(object, "state", state_of(token));
    json_put_number(object, "created_us", token->created_us);
    put_time(object, "expires_us", token->expires_us);
    put_time(object, "revoked_us", token->revoked_us);
    return json_print(object);
}

static void
add_row(struct table *table, const ProtobufCMessage *record)
{
    const Kansen__V1__Token *token = (const void *)record;
    char text[TIME_TEXT_MAX];

    table_row(table);
    table_cellf(table, 0, "%" PRIu64, token->id);
    table_cell(table, 1, token->client);
    table_cell(table, 2, token->label);
    table_cell(table, 3, state_of(token));
    table_cell(table, 4, time_text_seconds(token->created_us, text));
    if (token->expires_us != 0)
        table_cell(table, 5, time_text_seconds(token->expires_us, text));
}

static const struct table_column columns[] = {
    {"TOKEN", TABLE_RIGHT, 0}, {"CLIENT", 0, 0}, {"LABEL", TABLE_TRUNC, 0.3},
    {"STATE", 0, 0},           {"ISSUED", 0, 0}, {"EXPIRES", 0, 0}};
static const struct listing listing = {columns, sizeof columns / sizeof columns[0], add_row, print_json};

int
verb_token_list(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ListTokensRequest list = KANSEN__V1__LIST_TOKENS_REQUEST__INIT;
    struct options options;
    int status = read_options(cli, argc, argv, 0, "", &options);

    list.client = (char *)(options.client != NULL ? options.client : "");
    return status == CLI_OK ? listing_print(cli, KANSEN__V1__REQUEST__BODY_LIST_TOKENS, &list.base, &listing)
                            : status;
}
