// SPDX-License-Identifier: Apache-2.0
// client: add, list, suspend, resume, certificate.
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/listing.h"
#include "client/cli/verb_record.h"
#include "client/cli/verbs.h"
#include "proto/rows.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct options {
    const char *source, *partner, *key;
    int role;
    bool certificate;
};

const struct flag verb_client_add_flags[] = {
    {"role", "WORD", "what it may do: operator, portal, partner, registrar", flags_set_word, &names_role,
     offsetof(struct options, role)},
    {"partner", "PARTNER", "with --role partner: which one, an id or an external id", flags_set_given, NULL,
     offsetof(struct options, partner)},
    {"source", "NAME", "source of the external ids that it gives (its name)", flags_set_given, NULL,
     offsetof(struct options, source)},
    {"certificate", NULL, "let a certificate with its name call as it, without a token", flags_set_true, NULL,
     offsetof(struct options, certificate)},
    FLAGS_KEY(offsetof(struct options, key)),
    {0}};
const struct flag verb_client_status_flags[] = {FLAGS_KEY(offsetof(struct options, key)), {0}};

static int
tell(struct cli *cli, const char *name, const Kansen__V1__WriteResult *result)
{
    json_t *object;

    if (!cli->json)
        return printf("client %s %s\n", name, names_text(&names_outcome, (int)result->outcome)) >= 0
                   ? CLI_OK
                   : cli_finish_output(cli);
    object = json_object();
    json_put_text(object, "client", name);
    json_put_word(object, "outcome", &names_outcome, (int)result->outcome);
    json_put_number(object, "version", result->version);
    json_put_number(object, "sequence", result->sequence);
    return cli_printed(cli, json_print(object));
}

static int
write_and_tell(struct cli *cli, Kansen__V1__Write *write, const char *name, const char *key)
{
    Kansen__V1__Response *response;
    int status = cli_write(cli, write, key, &response);

    if (status != CLI_OK)
        return status;
    status = tell(cli, name, response->write);
    kansen__v1__response__free_unpacked(response, NULL);
    return status;
}

static int
read_name(struct cli *cli, int argc, char **argv, struct options *options)
{
    int count, status;

    *options = (struct options){.source = ""};
    status = flags_read(cli, argc, argv, options, NULL, &count);
    if (status != CLI_OK)
        return status;
    return count == 1 ? CLI_OK : cli_usage(cli, "needs the name of one client");
}

int
verb_client_add(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__Client client = KANSEN__V1__CLIENT__INIT;
    Kansen__V1__CreateClient create = KANSEN__V1__CREATE_CLIENT__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct options options;
    char allowed[100];
    int status = read_name(cli, argc, argv, &options);

    if (status == CLI_OK && options.role == 0)
        status = cli_usage_at(cli, "--role", "this flag is missing, allowed: %s",
                              names_list(&names_role, allowed, sizeof allowed));
    if (status == CLI_OK && options.partner != NULL) // its source is not that of the client
        status = verb_record_find(cli, &rows_partners, options.partner, "", &client.partner_id);
    if (status != CLI_OK)
        return status;
    client.name = argv[0];
    client.role = (Kansen__V1__Role)options.role;
    client.source = (char *)options.source;
    client.certificate_login = options.certificate;
    create.client = &client;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_CREATE_CLIENT;
    write.create_client = &create;
    return write_and_tell(cli, &write, client.name, options.key);
}

int
verb_client_status(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__SetClientStatus set = KANSEN__V1__SET_CLIENT_STATUS__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct options options;
    int status = read_name(cli, argc, argv, &options);

    if (status != CLI_OK)
        return status;
    set.name = argv[0];
    set.status = (Kansen__V1__ClientStatus)cli->verb->status;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_SET_CLIENT_STATUS;
    write.set_client_status = &set;
    return write_and_tell(cli, &write, set.name, options.key);
}

int
verb_client_certificate(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__SetClientCertificate set = KANSEN__V1__SET_CLIENT_CERTIFICATE__INIT;
    Kansen__V1__Write write = KANSEN__V1__WRITE__INIT;
    struct options options = {.source = ""};
    int count, status = flags_read(cli, argc, argv, &options, NULL, &count);

    if (status != CLI_OK)
        return status;
    if (count != 2 || (strcmp(argv[1], "on") != 0 && strcmp(argv[1], "off") != 0))
        return cli_usage(cli, "needs the name of one client, and on or off");
    set.name = argv[0];
    set.certificate_login = strcmp(argv[1], "on") == 0;
    write.operation_case = KANSEN__V1__WRITE__OPERATION_SET_CLIENT_CERTIFICATE;
    write.set_client_certificate = &set;
    return write_and_tell(cli, &write, set.name, options.key);
}

// ---- List

static int
print_json(const ProtobufCMessage *record)
{
    const Kansen__V1__Client *client = (const void *)record;
    json_t *object = json_object();

    json_put_text(object, "client", client->name);
    json_put_number(object, "id", client->id);
    json_put_word(object, "role", &names_role, (int)client->role);
    if (client->partner_id != 0)
        json_put_number(object, "partner", client->partner_id);
    json_put_text(object, "source", client->source);
    json_put_word(object, "status", &names_client_status, (int)client->status);
    json_put_flag(object, "certificate_login", client->certificate_login);
    json_put_number(object, "version", client->version);
    json_put_number(object, "created_us", client->created_us);
    json_put_number(object, "updated_us", client->updated_us);
    return json_print(object);
}

static void
add_row(struct table *table, const ProtobufCMessage *record)
{
    const Kansen__V1__Client *client = (const void *)record;
    const char *role = names_text(&names_role, (int)client->role);
    const char *status = names_text(&names_client_status, (int)client->status);

    table_row(table);
    table_cell(table, 0, client->name);
    table_cell(table, 1, role != NULL ? role : "?");
    if (client->partner_id != 0)
        table_cellf(table, 2, "%" PRIu64, client->partner_id);
    table_cell(table, 3, client->source);
    table_cell(table, 4, status != NULL ? status : "?");
    table_cell(table, 5, client->certificate_login ? "yes" : "");
}

static const struct table_column columns[] = {{"CLIENT", 0, 0}, {"ROLE", 0, 0},   {"PARTNER", TABLE_RIGHT, 0},
                                              {"SOURCE", 0, 0}, {"STATUS", 0, 0}, {"CERTIFICATE", 0, 0}};
static const struct listing listing = {columns, sizeof columns / sizeof columns[0], add_row, print_json};

int
verb_client_list(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__ListClientsRequest list = KANSEN__V1__LIST_CLIENTS_REQUEST__INIT;
    struct options options;
    int count, status = flags_read(cli, argc, argv, &options, NULL, &count);

    if (status == CLI_OK && count > 0)
        status = cli_usage(cli, "unexpected argument %s", argv[0]);
    return status == CLI_OK ? listing_print(cli, KANSEN__V1__REQUEST__BODY_LIST_CLIENTS, &list.base, &listing)
                            : status;
}
