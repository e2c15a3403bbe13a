// SPDX-License-Identifier: Apache-2.0
// status and ping: figures about the daemon, and a sign of life.
#include "base/clock.h"
#include "client/cli/flags.h"
#include "client/cli/json.h"
#include "client/cli/message.h"
#include "client/cli/table.h"
#include "client/cli/verbs.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MIB (1024.0 * 1024.0)

static int
no_arguments(struct cli *cli, int argc, char **argv)
{
    int count, status = flags_read(cli, argc, argv, NULL, NULL, &count);

    if (status != CLI_OK)
        return status;
    return count == 0 ? CLI_OK : cli_usage(cli, "unexpected argument %s", argv[0]);
}

// The value of a whole-number field or an enum.
static uint64_t
number_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *at = (const char *)message + field->offset;
    uint64_t large = 0;
    uint32_t small = 0;

    if (field->type == PROTOBUF_C_TYPE_UINT64)
        memcpy(&large, at, sizeof large);
    else
        memcpy(&small, at, sizeof small);
    return large + small;
}

// The word for an enum of the answer: there is one, the state of a part of the sandbox.
static const char *
word_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *word = names_text(&names_sandbox_state, (int)number_of(message, field));

    return word == NULL ? "unknown" : word;
}

// Lists have a way of their own, and details are for kansenctl top.
static bool
is_figure(const ProtobufCFieldDescriptor *field)
{
    return field->label != PROTOBUF_C_LABEL_REPEATED && field->type != PROTOBUF_C_TYPE_MESSAGE;
}

static json_t *
counters_json(const Kansen__V1__StatusResponse *status)
{
    json_t *object = json_object();

    for (size_t i = 0; i < status->n_counters; i++)
        json_put_number(object, status->counters[i]->name, status->counters[i]->count);
    return object;
}

// Every figure of the answer is shown under its name in the protocol, so none can be forgotten.
static json_t *
status_json(const Kansen__V1__StatusResponse *status)
{
    const ProtobufCMessageDescriptor *descriptor = status->base.descriptor;
    json_t *object = json_object();

    json_put_text(object, "server_version", status->server_version);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (field->type == PROTOBUF_C_TYPE_ENUM)
            json_put_text(object, field->name, word_of(&status->base, field));
        else if (field->type != PROTOBUF_C_TYPE_STRING && is_figure(field))
            json_put_number(object, field->name, number_of(&status->base, field));
    }
    json_object_set_new(object, "counters", counters_json(status));
    return object;
}

static void
put_figure(struct table *table, const Kansen__V1__StatusResponse *status,
           const ProtobufCFieldDescriptor *field)
{
    size_t len = strlen(field->name);

    table_row(table);
    table_cell(table, 0, field->name);
    if (field->type == PROTOBUF_C_TYPE_STRING)
        table_cell(table, 1, status->server_version);
    else if (field->type == PROTOBUF_C_TYPE_ENUM)
        table_cell(table, 1, word_of(&status->base, field));
    else if (len > 6 && strcmp(field->name + len - 6, "_bytes") == 0)
        table_cellf(table, 1, "%" PRIu64 " (%.1f MiB)", number_of(&status->base, field),
                    (double)number_of(&status->base, field) / MIB);
    else
        table_cellf(table, 1, "%" PRIu64, number_of(&status->base, field));
}

static int
print_status(const Kansen__V1__StatusResponse *status)
{
    static const struct table_column heads[] = {{"", 0, 0}, {"", 0, 0}};
    const ProtobufCMessageDescriptor *descriptor = status->base.descriptor;
    struct table *table = table_new(heads, 2, false);
    int result;

    if (table == NULL)
        return -1;
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (is_figure(&descriptor->fields[i]))
            put_figure(table, status, &descriptor->fields[i]);
    for (size_t i = 0; i < status->n_counters; i++) {
        table_row(table);
        table_cellf(table, 0, "counters.%s", status->counters[i]->name);
        table_cellf(table, 1, "%" PRIu64, status->counters[i]->count);
    }
    result = table_print(table);
    table_free(table);
    return result;
}

int
verb_status_run(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__StatusRequest request = KANSEN__V1__STATUS_REQUEST__INIT;
    Kansen__V1__Response *response;
    int status = no_arguments(cli, argc, argv), result;

    if (status == CLI_OK)
        status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_STATUS, &request, &response);
    if (status != CLI_OK)
        return status;
    result = cli->json ? json_print(status_json(response->server)) : print_status(response->server);
    kansen__v1__response__free_unpacked(response, NULL);
    return cli_printed(cli, result);
}

int
verb_status_ping(struct cli *cli, int argc, char **argv)
{
    Kansen__V1__PingRequest request = KANSEN__V1__PING_REQUEST__INIT;
    const Kansen__V1__HelloResponse *hello;
    Kansen__V1__Response *response;
    int64_t start_us, round_us;
    int status = no_arguments(cli, argc, argv);

    if (status == CLI_OK)
        status = cli_connect(cli);
    if (status != CLI_OK)
        return status;
    start_us = clock_steady_us();
    status = cli_ask(cli, KANSEN__V1__REQUEST__BODY_PING, &request, &response);
    if (status != CLI_OK)
        return status;
    round_us = clock_steady_us() - start_us;
    kansen__v1__response__free_unpacked(response, NULL);
    hello = kansen_hello(cli->kansen);
    if (cli->json) {
        json_t *object = json_object();

        json_put_text(object, "server_version", hello->server_version);
        json_put_text(object, "role", hello->role);
        json_put_number(object, "round_trip_us", (uint64_t)round_us);
        return cli_printed(cli, json_print(object));
    }
    printf("kansend %s answers in %" PRId64 ".%03" PRId64 " ms; role: %s\n", hello->server_version,
           round_us / 1000, round_us % 1000, hello->role);
    return CLI_OK;
}
